# shellcheck shell=bash
# What an account and a region must have, looked at before anything is built: each thing that is missing in one line,
# with what to do about it. What may not be looked at is a note. Sourced after stack.sh.

PROBLEMS=()

problem() {
    PROBLEMS+=("$1")
}

note() {
    printf 'Note: %s\n' "$1" >&2
}

unseen() {
    note "$1 could not be looked at: $REPLY"
}

preflight() {
    step "looking at the account and the region" "Nothing was built or changed."
    the_account_is_the_configurations
    read_status
    the_stack_can_be_deployed_to
    lambda_has_room
    if is_new || [ -n "$DRY_RUN" ]; then
        cloudfront_is_open
        [ -n "$(setting DatabaseUrlSecretArn)" ] || { the_plan_has_aurora; the_region_has_aurora; the_region_has_zones; }
    fi
    [ ${#PROBLEMS[@]} -eq 0 ] || {
        printf '\n' >&2
        printf -- '- %s\n' "${PROBLEMS[@]}" >&2
        exit 1
    }
}

# Whether there is no stack yet: none, one whose change set was never executed, or one that was put back entirely.
is_new() {
    [[ $STATUS =~ ^(NONE|REVIEW_IN_PROGRESS|ROLLBACK_COMPLETE)$ ]]
}

the_account_is_the_configurations() {
    local written
    written=$(sed -n 's/^# account = "\(.*\)"$/\1/p' "$CONFIG" 2>/dev/null || true)
    [ -z "$written" ] || [ -n "$DRY_RUN" ] || [ "$written" = "$ACCOUNT" ] ||
        problem "$CONFIG is account $written's, and you are signed in to $ACCOUNT: sign in to the other (AWS_PROFILE=…), or deploy by a file of its own, make deploy CONFIG=other.toml."
}

the_stack_can_be_deployed_to() {
    case $STATUS in
    REVIEW_IN_PROGRESS) ;;
    *_IN_PROGRESS) problem "AWS is at work on the stack $STACK ($STATUS): make deploy when that is over." ;;
    ROLLBACK_FAILED | CREATE_FAILED | DELETE_FAILED)
        read_resources
        problem "the stack $STACK is in the state $STATUS: make undeploy removes what is left of it (pictures and messages, where there are any, are kept), then make deploy again."
        resources_that '^(CREATE|UPDATE|DELETE)_FAILED$' >&2
        ;;
    esac
}

# Makes a stack that a failure left behind one that can be deployed to, where that loses nothing. The first changes that
# are made: nothing else is in the way.
settle() {
    local kept cluster
    case $STATUS in
    ROLLBACK_COMPLETE)
        step "removing what a failed creation left of $STACK" "make undeploy says what could not be removed, and goes on."
        read_resources
        cluster=$(awk -F '\t' '$1 == "Database" && $3 != "None" { print $3 }' <<<"$RESOURCES")
        delete_stack
        read_resources
        kept=$(resources_that '^DELETE_SKIPPED$')
        [ -z "$kept" ] || note $'these of it are kept, and nothing uses them:\n'"$kept"
        [ -z "$cluster" ] || note "snapshots of its database, if any, are kept: $(snapshots_of "$cluster")"
        ;;
    UPDATE_ROLLBACK_FAILED)
        step "having AWS go on with putting $STACK back" "Mend what AWS says of them (a function or a database that was removed by hand, a permission), and make deploy again."
        run aws cloudformation continue-update-rollback --stack-name "$STACK"
        run aws cloudformation wait stack-rollback-complete --stack-name "$STACK" || {
            read_resources
            printf 'The stack cannot go back because of these:\n%s\n' "$(resources_that '_FAILED$')" >&2
            exit 1
        }
        ;;
    esac
}

lambda_has_room() {
    if ! attempt '' aws lambda get-account-settings --query AccountLimit.ConcurrentExecutions --output text; then
        unseen "Lambda's quota"
    elif [ -n "$REPLY" ] && [ "$REPLY" -lt 50 ]; then
        local reserved
        note "Lambda runs at most $REPLY functions at once in this account: more requests at a time are refused (503). Ask for more, it is free: aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region $REGION"
        if [ -n "$(setting DatabaseUrlSecretArn)" ] && [ "$(setting DatabaseConnections)" != 0 ]; then
            problem "none of these $REPLY can be reserved to bound the connections to your MySQL: DatabaseConnections = \"0\" in $CONFIG until the quota was raised."
        fi
        reserved=$(setting SmallPicturesConcurrency)
        [ "${reserved:-0}" = 0 ] ||
            problem "none of these $REPLY can be reserved for small-pictures: SmallPicturesConcurrency = \"0\" in $CONFIG until the quota was raised."
    fi
}

cloudfront_is_open() {
    attempt '' aws cloudfront list-distributions --query 'DistributionList.Items[].Id' --output text && return
    if [[ $REPLY == *verified* ]]; then
        problem "CloudFront is closed to this account until AWS has verified it: open a case there (account and billing, free) with this sentence in it, https://console.aws.amazon.com/support/home#/case/create: $REPLY"
    else
        unseen "CloudFront"
    fi
}

the_plan_has_aurora() {
    if attempt '' aws freetier get-account-plan-state --region us-east-1 --query accountPlanType --output text; then
        [ "$REPLY" != FREE ] || problem "this account is on AWS's free plan, which has no Aurora MySQL: upgrade it (console, Billing and Cost Management, \"Upgrade plan\"; credits stay), or bring a MySQL of your own (docs/operation.md)."
    # Accounts from before July 2025 have no plan.
    elif [[ $REPLY != *ResourceNotFoundException* ]]; then
        unseen "The account's plan"
    fi
}

# Sets ENGINE to the newest patch of 3.10, unless the configuration names a version.
the_region_has_aurora() {
    local wanted versions
    wanted=$(setting DatabaseEngineVersion)
    if ! attempt '' aws rds describe-orderable-db-instance-options --engine aurora-mysql --db-instance-class db.serverless \
        --query 'OrderableDBInstanceOptions[].[EngineVersion,SupportsHttpEndpoint]' --output text; then
        unseen "Aurora in $REGION"
        return
    fi
    [ -z "$DRY_RUN" ] || return 0
    # An AWS CLI that does not know of SupportsHttpEndpoint says None.
    versions=$(awk '$2 != "False" { print $1 }' <<<"$REPLY" | sort -uV)
    if [ -n "$wanted" ]; then
        grep -qxF "$wanted" <<<"$versions" || problem "$REGION has no Aurora MySQL $wanted with the Data API: take DatabaseEngineVersion out of $CONFIG, or give one of these: $(orderable)"
    else
        ENGINE=$(grep '^8\.0\.mysql_aurora\.3\.10\.' <<<"$versions" | tail -n 1 || true)
        [ -n "$ENGINE" ] || problem "$REGION has no Aurora MySQL 3.10 with the Data API: choose another region, or give DatabaseEngineVersion one of these: $(orderable)"
    fi
}

# Versions that can sleep: from 3.08 on.
orderable() {
    grep -E '^8\.0\.mysql_aurora\.3\.(0[89]|[1-9][0-9])\.' <<<"${versions:-}" | paste -sd' ' - | grep . || echo none
}

the_region_has_zones() {
    if ! attempt '' aws ec2 describe-availability-zones --filters Name=zone-type,Values=availability-zone Name=state,Values=available \
        --query 'length(AvailabilityZones)' --output text; then
        unseen "The zones of $REGION"
    elif [ -n "$REPLY" ] && [ "$REPLY" -lt 2 ]; then
        problem "$REGION shows this account $REPLY availability zones, and the database needs two: choose another region."
    fi
}
