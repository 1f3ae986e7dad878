"""The commands that the deployment scripts show in their dry mode: there are such, in versions 1 and 2 of the AWS CLI."""

import os
import shlex
import subprocess
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from workspace import ROOT, TOOLS

SCRIPTS = ("deploy", "undeploy", "rotate-secrets", "moderator-token", "settings", "logs", "restore-drill", "url")


def shown(script: str, folder: Path) -> list[list[str]]:
    """The commands that a script shows in its dry mode."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run([ROOT / "deploy" / script], env=environment | {"DRY_RUN": "1", "CONFIG": str(folder / "samconfig.toml")},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not (folder / "samconfig.toml").exists()
    return [shlex.split(line[2:]) for line in done.stderr.splitlines() if line.startswith("+ ")]


# Commands of the AWS CLI that are no operations of a service, or that it makes easier, and their options in both versions.
OF_THE_CLI = {
    ("s3", "cp"): {"--content-type", "--cache-control", "--only-show-errors"},
    ("s3", "rm"): {"--recursive", "--only-show-errors"},
    ("cloudfront", "create-invalidation"): {"--distribution-id", "--paths"},
    # awscli/customizations/cloudformation, package.py and deploy.py, of both versions.
    ("cloudformation", "package"): {"--template-file", "--s3-bucket", "--s3-prefix", "--force-upload", "--use-json", "--output-template-file"},
    ("cloudformation", "deploy"): {"--template-file", "--stack-name", "--s3-bucket", "--s3-prefix", "--capabilities",
                                   "--no-fail-on-empty-changeset", "--parameter-overrides", "--tags"},
}
GLOBAL = {"--query", "--output", "--region", "--no-paginate"}


def members(session: botocore.session.Session, service: str, operation: str) -> dict:
    """The options of an operation as the AWS CLI names them."""
    model = session.get_service_model(service.removesuffix("api"))
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    shapes = {f"--{xform_name(member, '-')}": shape for member, shape in
              model.operation_model(by_name[operation]).input_shape.members.items()}
    return shapes | {f"--no-{name[2:]}": shape for name, shape in shapes.items() if shape.type_name == "boolean"}


def check(session: botocore.session.Session, program: str, *arguments: str) -> None:
    """Fails where there is no such command, or where it has no such option."""
    options = {argument for argument in arguments if argument.startswith("--") and argument != "--"}
    if program == "sam":
        known = subprocess.run([TOOLS / "sam", arguments[0], "--help"], capture_output=True, text=True, check=True).stdout
        assert all(option in known for option in options), arguments
    elif program == "aws" and arguments[:2] != ("configure", "get"):
        service, operation = arguments[:2]
        if operation == "wait":
            waiters = {xform_name(name, "-"): name for name in session.get_waiter_model(service).waiter_names}
            operation = xform_name(session.get_waiter_model(service).get_waiter(waiters[arguments[2]]).operation, "-")
        known = OF_THE_CLI.get((service, operation)) or set(members(session, service, operation))
        assert options <= known | GLOBAL, (arguments, sorted(known))
    else:
        assert program in ("tests/tools/install", "aws", "cargo", "env", "rustup", ".tools/venv/bin/python", "python3"), program


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_command_that_the_dry_mode_shows_is_one(script, tmp_path):
    commands = shown(script, tmp_path)
    assert commands
    for command in commands:
        check(botocore.session.get_session(), *command)


def test_so_is_every_command_that_is_given_where_more_is_to_be_done(account):
    commands = []

    def run(script: str, **environment: str) -> None:
        account.run(script, **environment)
        commands.extend(call.line for call in account.calls)

    for stack in ("stack", "made"):
        account.state[stack]["parameters"] |= {"MonthlyBudget": "20", "AlarmEmail": "ada@board.example", "ExistingMediaBucket": "pictures-of-before"}
    (account.clone / "static-site/words-zh-hant.js").unlink()
    account.state["cluster_protected"] = False
    run("deploy")
    for stack in ("stack", "made"):
        account.state[stack]["parameters"]["MonthlyBudget"] = "30"
    run("deploy")
    run("undeploy", YES="corkboard")
    account.failed("UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE")
    run("deploy")
    account.failed("ROLLBACK_COMPLETE")
    run("deploy")
    done = {tuple(command[1:3]) for command in commands}
    assert done >= {("budgets", "update-budget"), ("rds", "modify-db-cluster"), ("cloudformation", "continue-update-rollback"),
                    ("s3api", "put-bucket-notification-configuration"), ("cloudfront", "create-invalidation"), ("s3", "rm")}
    session = botocore.session.get_session()
    for command in {tuple(command) for command in commands if command[0] == "aws"}:
        check(session, *command)


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_dry_mode_calls_nothing(script, account):
    done = account.run(script, DRY_RUN="1")
    assert done.returncode == 0, done.stderr
    assert account.calls == []


def test_no_script_calls_what_one_version_alone_has():
    """`logs tail` and this option are version 2's. A comment may name them."""
    for script in (ROOT / "deploy").iterdir():
        if script.is_file():
            code = "\n".join(line for line in script.read_text().splitlines() if not line.lstrip().startswith("#"))
            assert "cli-binary-format" not in code and "logs tail" not in code, script.name
