# shellcheck shell=bash
# What the scripts here share: where they are, how they show what they do, and what they say when it fails.
# Sourced by each of them.
#
# DRY_RUN=1 shows every command and runs none; what a command would have answered then stands in <brackets>.

set -euo pipefail
# A relative CONFIG is meant from where the caller stands.
[[ -z ${CONFIG:-} || $CONFIG == /* ]] || CONFIG=$PWD/$CONFIG
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/.tools/venv/bin:$PATH" SAM_CLI_TELEMETRY=0 AWS_PAGER=''

DRY_RUN=${DRY_RUN:-}
CONFIG=${CONFIG:-$PWD/samconfig.toml}
STEP=starting
HINT=

# Says what is done now, and notes what to do if it fails.
step() {
    STEP=$1 HINT=$2
    printf '\n== %s\n' "$STEP" >&2
}

failed() {
    local status=$?
    [ "$status" -eq 0 ] || printf '\n%s failed while %s.\n%s\n' "${0##*/}" "$STEP" "$HINT" >&2
}
trap failed EXIT

die() {
    printf '%s\n' "$1" >&2
    exit 1
}

shown() {
    local word
    printf '+'
    for word in "$@"; do
        case $word in
        *[!a-zA-Z0-9_./:=@,+%-]* | '') printf " '%s'" "${word//\'/\'\\\'\'}" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
}

# Runs a command that changes something.
run() {
    shown "$@" >&2
    [ -n "$DRY_RUN" ] || "$@"
}

# Runs a command that only asks something: prints its answer, or in a dry run $1.
answer() {
    local instead=$1
    shift
    shown "$@" >&2
    if [ -n "$DRY_RUN" ]; then printf '%s\n' "$instead"; else "$@"; fi
}

# Runs a command that only asks something and may fail. Sets REPLY to its answer, or to why it gave none; in a dry run
# to $1.
attempt() {
    REPLY=$1
    shift
    shown "$@" >&2
    [ -z "$DRY_RUN" ] || return 0
    local errors status=0
    errors=$(mktemp)
    REPLY=$("$@" 2>"$errors") || status=$?
    # The error is one line, behind which help on the command may stand.
    [ "$status" -eq 0 ] || REPLY=$(grep -m 1 -i error "$errors" || grep . "$errors" || echo "exit code $status")
    rm -f "$errors"
    return "$status"
}

# Whether this is what deploy/from-release unpacked and no clone: its functions are built, and no tool is installed.
is_release() {
    [ -f RELEASE ]
}

# Sets PYTHON to one that can read template and configuration.
find_python() {
    PYTHON=python3
    is_release || {
        step "installing SAM, cargo-lambda and zig into .tools" "Python 3 with venv is needed: see the message above."
        run tests/tools/install python
        PYTHON=.tools/venv/bin/python
    }
}

# Puts a question with a default to whoever runs this; without a terminal, answers the default.
ask() {
    local reply=''
    if [ -t 0 ] && [ -z "$DRY_RUN" ]; then read -r -p "$1 [$2] " reply; fi
    printf '%s\n' "${reply:-$2}"
}

setting() {
    [ -f "$CONFIG" ] || return 0
    sed -n "s/^$1 *= *\"\(.*\)\"$/\1/p" "$CONFIG" | head -n 1
}

# The stack that the configuration names: sets STACK and REGION.
find_stack() {
    STACK=${STACK:-$(setting stack_name)}
    REGION=${REGION:-$(setting region)}
    if [ -n "$DRY_RUN" ]; then
        STACK=${STACK:-corkboard} REGION=${REGION:-eu-central-1}
    fi
    [ -n "$STACK" ] && [ -n "$REGION" ] || die "There is no $CONFIG: run make deploy, or give STACK=… and REGION=…"
    export AWS_REGION=$REGION
}

# Sets ACCOUNT.
check_credentials() {
    step "looking for AWS credentials" "Sign in first: aws configure, or aws sso login. The AWS CLI is described at https://aws.amazon.com/cli/"
    command -v aws >/dev/null || [ -n "$DRY_RUN" ] || die "The AWS CLI is not installed."
    ACCOUNT=$(answer '<account>' aws sts get-caller-identity --query Account --output text)
}

# Reads the stack's outputs, for `output`.
read_outputs() {
    OUTPUTS=$(answer '' aws cloudformation describe-stacks --stack-name "$STACK" \
        --query 'Stacks[0].Outputs[].[OutputKey,OutputValue]' --output text)
}

# One of the stack's outputs; empty where it has no such.
output() {
    if [ -n "$DRY_RUN" ]; then
        printf '<%s>\n' "$1"
    else
        awk -F '\t' -v key="$1" '$1 == key { print $2 }' <<<"$OUTPUTS"
    fi
}
