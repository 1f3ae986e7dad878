"""The deployment scripts: in their dry mode, and against an `aws` that writes down what it is asked."""

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from corkboard import corkboard
from stack import ROOT, Stack, source

SCRIPTS = ("deploy", "undeploy", "rotate-secrets", "moderator-token", "logs")
BINARIES = Path(sys.executable).parent
STACK = Stack(source())
OUTPUTS = {name: str(value) for name, value in STACK.outputs.items()}
SITE = {path.name: path for path in (ROOT / "static-site").iterdir()}
SITE_LISTING = "\n".join(f'{name}\t"{hashlib.md5(path.read_bytes()).hexdigest()}"' for name, path in SITE.items())


@dataclass
class Call:
    line: list[str]
    stdin: str
    environment: dict[str, str]

    def __contains__(self, text: str) -> bool:
        return text in " ".join(self.line)


class Account:
    """A clone to deploy from, and an AWS account made of answers."""

    def __init__(self, folder: Path):
        self.folder, self.clone = folder, folder / "clone"
        for part in ("deploy", "static-site", "tests/tools"):
            shutil.copytree(ROOT / part, self.clone / part)
        tools = self.clone / ".tools/venv"
        (tools / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "tests/tools/requirements.txt", tools)
        for name in ("aws", "sam", "cargo", "rustup"):
            (tools / "bin" / name).write_text(f"#!{sys.executable} -IS\n" + (ROOT / "tests/template/fake_aws.py").read_text())
            (tools / "bin" / name).chmod(0o755)
        rustc = tools / "bin/rustc"
        rustc.write_text("#!/bin/sh\necho /\n")
        rustc.chmod(0o755)
        self.answers = {
            "aws configure get region": "us-west-2",
            "aws sts get-caller-identity": "123456789012",
            "aws cloudformation describe-stacks --stack-name corkboard --query Stacks[0].Outputs":
                "\n".join(f"{name}\t{value}" for name, value in OUTPUTS.items()),
            "aws lambda invoke": "None",
            "aws s3api list-objects-v2": SITE_LISTING,
        }

    def run(self, script: str, *, config: bool = True, answers: dict | None = None, **environment: str):
        if config:
            (self.clone / "samconfig.toml").write_text('stack_name = "corkboard"\nregion = "eu-central-1"\n')
        (self.folder / "calls").unlink(missing_ok=True)
        (self.folder / "answers.json").write_text(json.dumps((answers or {}) | self.answers))
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return subprocess.run([self.clone / "deploy" / script], env=kept | {"FAKE": str(self.folder)} | environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    @property
    def calls(self) -> list[Call]:
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [Call(call["call"], call["stdin"], call["environment"]) for call in map(json.loads, lines)]

    def changes(self) -> list[Call]:
        """The calls that change something."""
        asking = re.compile(r"aws (configure get|sts get|cloudformation (describe|wait)|s3api list|rds describe|secretsmanager (get|list))")
        return [call for call in self.calls if not asking.match(" ".join(call.line))]


@pytest.fixture
def account(tmp_path) -> Account:
    return Account(tmp_path)


def shown(script: str, folder: Path) -> list[list[str]]:
    """The commands that a script shows in its dry mode."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run([ROOT / "deploy" / script], env=environment | {"DRY_RUN": "1", "CONFIG": str(folder / "samconfig.toml")},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not (folder / "samconfig.toml").exists()
    return [shlex.split(line[2:]) for line in done.stderr.splitlines() if line.startswith("+ ")]


# Commands of the AWS CLI that are no operations of a service, and their options.
OF_THE_CLI = {
    ("s3", "cp"): {"--content-type", "--cache-control", "--only-show-errors"},
    ("s3", "rm"): {"--recursive", "--only-show-errors"},
    ("logs", "tail"): {"--since", "--format", "--follow"},
    ("cloudformation", "wait"): {"--stack-name"},
    ("cloudfront", "create-invalidation"): {"--distribution-id", "--paths"},
}
GLOBAL = {"--query", "--output", "--cli-binary-format"}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_command_that_the_dry_mode_shows_is_one(script, tmp_path):
    session = botocore.session.get_session()
    commands = shown(script, tmp_path)
    assert commands
    for program, *arguments in commands:
        options = {argument for argument in arguments if argument.startswith("--")}
        if program == "sam":
            known = subprocess.run([BINARIES / "sam", arguments[0], "--help"], capture_output=True, text=True, check=True).stdout
            assert all(option in known for option in options), arguments
        elif program == "aws":
            service, operation = arguments[:2]
            if (service, operation) in OF_THE_CLI:
                assert options <= OF_THE_CLI[service, operation] | GLOBAL, arguments
                continue
            model = session.get_service_model(service.removesuffix("api"))
            by_name = {xform_name(name, "-"): name for name in model.operation_names}
            members = {f"--{xform_name(member, '-')}": shape for member, shape in
                       model.operation_model(by_name[operation]).input_shape.members.items()}
            members |= {f"--no-{name[2:]}": shape for name, shape in members.items() if shape.type_name == "boolean"}
            assert options <= set(members) | GLOBAL, (arguments, sorted(members))
        else:
            assert program in ("tests/tools/install", "cargo"), program


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_dry_mode_calls_nothing(script, account):
    done = account.run(script, DRY_RUN="1")
    assert done.returncode == 0, done.stderr
    assert account.calls == []


def test_the_first_time_writes_a_configuration_that_sam_understands(account):
    done = account.run("deploy", config=False, BOARD_NAME="Ada's board", ALARM_EMAIL="ada@board.example")
    assert done.returncode == 0, done.stderr
    from samcli.cli.types import CfnParameterOverridesType, CfnTags
    config = tomllib.loads((account.clone / "samconfig.toml").read_text())["default"]
    assert config["global"]["parameters"] == {"stack_name": "corkboard", "region": "us-west-2"}
    deploy = config["deploy"]["parameters"]
    overrides = CfnParameterOverridesType().convert(deploy["parameter_overrides"], None, None)
    assert overrides == {"Architecture": "arm64", "BoardName": "Ada's board", "AlarmEmail": "ada@board.example"}
    assert CfnTags().convert(deploy["tags"], None, None) == {"application": "corkboard", "stack": "corkboard"}
    Stack(source(), overrides)
    assert CfnParameterOverridesType().convert(config["build"]["parameters"]["parameter_overrides"], None, None) == {"Architecture": "arm64"}


@pytest.mark.parametrize("name", ["Corkboard", "cork_board", "1board", "b" * 41])
def test_a_name_that_buckets_cannot_have_is_refused(name, account):
    done = account.run("deploy", config=False, STACK=name)
    assert done.returncode != 0 and "lower-case" in done.stderr
    assert account.changes() == [] and not (account.clone / "samconfig.toml").exists()


def test_a_deployment_goes_in_order_and_prints_the_url(account):
    account.answers["aws s3api list-objects-v2"] = "None"
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert f"The board is at {OUTPUTS['Url']}" in done.stdout
    order = [call.line[:3] for call in account.changes()]
    kinds = [line for position, line in enumerate(order) if position == 0 or order[position - 1] != line]
    assert [line[:2] for line in kinds] == [["sam", "build"], ["sam", "deploy"], ["aws", "s3"], ["aws", "lambda"]], kinds
    uploaded = [call.line[3] for call in account.changes() if "s3 cp" in call]
    assert sorted(uploaded) == sorted(f"static-site/{name}" for name in SITE)
    assert uploaded[-1] == "static-site/index.html", "the page comes last"
    assert all(call.environment["AWS_REGION"] == "eu-central-1" for call in account.changes() if call.line[0] == "aws")


def test_the_site_is_uploaded_with_the_types_and_cache_headers_that_corkboard_gives(account):
    account.answers["aws s3api list-objects-v2"] = "None"
    assert account.run("deploy").returncode == 0
    uploads = {call.line[3]: call.line for call in account.calls if "s3 cp" in call}
    with corkboard() as board:
        for name in SITE:
            line = uploads[f"static-site/{name}"]
            with urllib.request.urlopen(f"{board.site}/{name}") as answer:
                assert line[line.index("--content-type") + 1] == answer.headers["content-type"], name
                assert line[line.index("--cache-control") + 1] == answer.headers["cache-control"], name


def test_what_is_there_already_is_not_uploaded_nor_invalidated(account):
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert not [call for call in account.calls if "s3 cp" in call or "s3 rm" in call or "create-invalidation" in call]


def test_what_changed_is_uploaded_and_invalidated_and_what_went_is_removed(account):
    (account.clone / "static-site/app.js").write_text("// changed")
    (account.clone / "static-site/index.html").write_text("changed")
    (account.clone / "static-site/feed.js").unlink()
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert [call.line[3] for call in account.calls if "s3 cp" in call] == ["static-site/app.js", "static-site/index.html"]
    assert [call.line[3] for call in account.calls if "s3 rm" in call] == [f"s3://{OUTPUTS['SiteBucketName']}/feed.js"]
    invalidation, = [call.line for call in account.calls if "create-invalidation" in call]
    paths = invalidation[invalidation.index("--paths") + 1:invalidation.index("--query")]
    assert sorted(paths) == ["/", "/app.js", "/feed.js", "/index.html"]


def test_a_file_of_an_unknown_type_is_named(account):
    (account.clone / "static-site/clip.ogv").write_text("")
    done = account.run("deploy")
    assert done.returncode != 0 and "clip.ogv" in done.stderr


def test_an_existing_bucket_is_told_what_the_template_tells_its_own(account):
    account.answers["aws cloudformation describe-stacks --stack-name corkboard --query Stacks[0].Parameters"] = "pictures-of-before"
    assert account.run("deploy").returncode == 0
    call, = [call.line for call in account.calls if "put-bucket-notification-configuration" in call]
    assert call[call.index("--bucket") + 1] == "pictures-of-before"
    told = json.loads(call[call.index("--notification-configuration") + 1])["QueueConfigurations"]
    expected = STACK.properties("MediaBucket")["NotificationConfiguration"]["QueueConfigurations"]
    assert [
        {"Event": each["Events"], "Queue": each["QueueArn"], "Rules": each["Filter"]["Key"]["FilterRules"]} for each in told
    ] == [{"Event": [each["Event"]], "Queue": each["Queue"], "Rules": each["Filter"]["S3Key"]["Rules"]} for each in expected]


@pytest.mark.parametrize(("command", "step"), [
    ("aws sts", "looking for AWS credentials"),
    ("sam build", "building the functions"),
    ("sam deploy", "deploying the stack corkboard in eu-central-1"),
    ("aws s3api list-objects-v2", "uploading the site"),
    ("aws lambda invoke", "bringing the edge and the carrousel up to date"),
])
def test_a_failure_names_the_step_and_what_to_do_and_ends_there(command, step, account):
    account.answers = {key: answer for key, answer in account.answers.items() if not key.startswith(command)}
    done = account.run("deploy", answers={command: 7})
    assert done.returncode == 7
    assert f"deploy failed while {step}.\n" in done.stderr
    assert len(done.stderr.rpartition(f"{step}.\n")[2].strip()) > 20, "and what to do"
    assert account.calls[-1].line[:2] == command.split()[:2] and "The board is at" not in done.stdout


def test_a_carrousel_that_cannot_be_written_is_a_failure(account):
    account.answers["aws lambda invoke"] = "Unhandled"
    done = account.run("deploy")
    assert done.returncode != 0 and "syncS3Bucket failed" in done.stderr


def test_undeploy_changes_nothing_without_a_yes(account):
    done = account.run("undeploy")
    assert done.returncode != 0 and "Nothing was changed." in done.stderr
    assert account.changes() == []


def test_undeploy_says_what_it_keeps_and_removes_the_rest(account):
    done = account.run("undeploy", YES="corkboard")
    assert done.returncode == 0, done.stderr
    for kept in (f"s3://{OUTPUTS['MediaBucketName']}", OUTPUTS["BoardSecretArn"], OUTPUTS["DatabaseClusterIdentifier"]):
        assert kept in done.stdout
    assert [call.line[1:3] for call in account.changes()] == [["rds", "modify-db-cluster"], ["s3", "rm"], ["cloudformation", "delete-stack"]]
    assert OUTPUTS["MediaBucketName"] not in " ".join(" ".join(call.line) for call in account.changes())


PARAMETERS = "aws cloudformation describe-stacks --stack-name corkboard --query Stacks[0].Parameters"
SECRETS = {
    OUTPUTS["BoardSecretArn"]: {"current": "old-board-secret", "previous": ""},
    OUTPUTS["OriginSecretArn"]: {"secret": "old-origin-secret"},
    OUTPUTS["DatabaseUserSecretArn"]: {"username": "board_a", "password": "old-password"},
}


@pytest.fixture
def with_secrets(account) -> Account:
    for arn, value in SECRETS.items():
        name = arn.rpartition(":")[2]
        account.answers[f"aws secretsmanager get-secret-value --secret-id {arn} "] = json.dumps(value)
        account.answers[f"aws secretsmanager put-secret-value --secret-id {arn} "] = f"new-{name}"
        account.answers[f"aws secretsmanager list-secret-version-ids --secret-id {arn} "] = f"old-{name}"
    account.answers["aws secretsmanager get-random-password --password-length 64"] = "n" * 64
    account.answers["aws secretsmanager get-random-password --password-length 41"] = "n" * 41
    account.answers[PARAMETERS] = "\n".join(f"{name}\t" for name in STACK.parameters)
    return account


def given(call: Call) -> dict[str, str]:
    """The parameters that an update of the stack is given."""
    parameters = dict(parameter.split(",", 1) for parameter in call.line if parameter.startswith("ParameterKey="))
    return {name.removeprefix("ParameterKey="): value.removeprefix("ParameterValue=") for name, value in parameters.items()}


def test_a_rotation_stages_tells_the_stack_and_then_makes_current(with_secrets):
    done = with_secrets.run("rotate-secrets")
    assert done.returncode == 0, done.stderr
    changes = with_secrets.changes()
    staging, functions, current, cloudfront, last = changes[:3], changes[3], changes[4:6], changes[6], changes[7:]
    assert [call.line[2] for call in staging] == ["put-secret-value"] * 3
    staged = {call.line[call.line.index("--secret-id") + 1]: json.loads(call.stdin) for call in staging}
    assert staged == {
        OUTPUTS["BoardSecretArn"]: {"current": "n" * 64, "previous": "old-board-secret"},
        OUTPUTS["OriginSecretArn"]: {"secret": "n" * 64, "previous": "old-origin-secret"},
        OUTPUTS["DatabaseUserSecretArn"]: {"username": "board_b", "password": "n" * 41},
    }
    assert all("--version-stages AWSPENDING" in call for call in staging)
    for call, versions in (
        (functions, {"BoardSecretVersion": "boardsecret", "BelievedOriginSecretVersion": "originsecret", "DatabaseUserSecretVersion": "databaseusersecret"}),
        (cloudfront, {"OriginSecretVersion": "originsecret"}),
    ):
        assert call.line[2] == "update-stack"
        told = {name: f"new-corkboard-{secret}" for name, secret in versions.items()}
        assert given(call) == dict.fromkeys(STACK.parameters, "UsePreviousValue=true") | told
        following = with_secrets.calls[with_secrets.calls.index(call) + 1]
        assert following.line[1:4] == ["cloudformation", "wait", "stack-update-complete"]
    made = [OUTPUTS["BoardSecretArn"], OUTPUTS["DatabaseUserSecretArn"], OUTPUTS["OriginSecretArn"]]
    for call, arn in zip(current + last, made, strict=True):
        name = arn.rpartition(":")[2]
        assert call.line[2:] == ["update-secret-version-stage", "--secret-id", arn, "--version-stage", "AWSCURRENT",
                                 "--move-to-version-id", f"new-{name}", "--remove-from-version-id", f"old-{name}"]


class Rotations:
    """What CloudFront sends and message-board believes, told by what the script asked of AWS, run after run."""

    def __init__(self, account: Account):
        self.account, self.runs = account, 0
        self.versions = {"": {"secret": "old-origin-secret"}}
        self.parameters = dict.fromkeys(STACK.parameters, "")
        self.seen = [(self.sent(), self.believed())]

    def tell(self, parameters: dict[str, str]) -> None:
        """Until message-board is told, CloudFront may send what it was told already; and it sends what it sent
        before for a while."""
        sent, believed = self.sent(), self.believed()
        self.parameters |= parameters
        self.seen += [(self.sent(), believed), (sent, self.believed()), (self.sent(), self.believed())]

    def sent(self) -> str:
        return self.versions[self.parameters["OriginSecretVersion"]]["secret"]

    def believed(self) -> set[str]:
        version = self.parameters["BelievedOriginSecretVersion"]
        secret = self.versions[version or self.parameters["OriginSecretVersion"]]
        return {secret["secret"], secret["previous"]} if version else {secret["secret"]}

    def run(self, **answers: int) -> int:
        """A run, in which some commands fail, and the stack as it is then."""
        self.runs += 1
        arn, account, version = OUTPUTS["OriginSecretArn"], self.account, f"version-{self.runs}"
        asked = "aws secretsmanager get-secret-value --secret-id"
        account.answers = {line: answer for line, answer in account.answers.items() if not line.startswith(f"{asked} {arn} ")}
        for known, value in self.versions.items():
            account.answers[f"{asked} {arn} " + (f"--version-id {known} " if known else "--query")] = json.dumps(value)
        account.answers[f"aws secretsmanager put-secret-value --secret-id {arn} "] = version
        account.answers["aws secretsmanager get-random-password --password-length 64"] = f"secret-{self.runs}"
        account.answers[PARAMETERS] = "\n".join(f"{name}\t{value}" for name, value in self.parameters.items())
        done = account.run("rotate-secrets", answers=answers)
        for call in account.calls:
            if f"put-secret-value --secret-id {arn}" in call:
                self.versions[version] = json.loads(call.stdin)
            elif "update-stack" in call and not any(" ".join(call.line).startswith(line) for line in answers):
                self.tell({name: value for name, value in given(call).items() if value != "UsePreviousValue=true"})
        return done.returncode


def test_at_no_moment_of_a_rotation_is_sent_what_is_not_believed(with_secrets):
    rotations = Rotations(with_secrets)
    assert [rotations.run() for _ in range(3)] == [0, 0, 0]
    assert rotations.sent() == "secret-3" and rotations.believed() == {"secret-2", "secret-3"}
    assert len({sent for sent, _ in rotations.seen}) == 4
    for sent, believed in rotations.seen:
        assert sent in believed


def test_so_it_is_after_a_rotation_that_failed_half_way(with_secrets):
    rotations = Rotations(with_secrets)
    assert rotations.run() == 0
    promoted = f"aws secretsmanager update-secret-version-stage --secret-id {OUTPUTS['BoardSecretArn']}"
    assert rotations.run(**{promoted: 1}) != 0
    assert rotations.sent() == "secret-1" and rotations.believed() == {"secret-1", "secret-2"}
    assert rotations.run() == 0
    last = f"aws secretsmanager update-secret-version-stage --secret-id {OUTPUTS['OriginSecretArn']}"
    assert rotations.run(**{last: 1}) != 0
    assert rotations.run() == 0
    assert rotations.believed() == {"secret-4", "secret-5"}
    for sent, believed in rotations.seen:
        assert sent in believed


def test_a_stack_of_an_older_template_is_deployed_first(with_secrets):
    with_secrets.answers[PARAMETERS] = "OriginSecretVersion\t"
    done = with_secrets.run("rotate-secrets")
    assert done.returncode != 0 and "make deploy first" in done.stderr
    assert with_secrets.changes() == []


def test_a_second_rotation_takes_the_other_database_user(with_secrets):
    arn = OUTPUTS["DatabaseUserSecretArn"]
    with_secrets.answers[f"aws secretsmanager get-secret-value --secret-id {arn} "] = '{"username":"board_b","password":"x"}'
    assert with_secrets.run("rotate-secrets").returncode == 0
    assert any('"username":"board_a"' in call.stdin for call in with_secrets.calls)


def test_no_secret_is_an_argument_or_shown(with_secrets):
    for script in ("rotate-secrets", "moderator-token"):
        done = with_secrets.run(script)
        assert done.returncode == 0, done.stderr
        everything = " ".join(" ".join(call.line) for call in with_secrets.calls) + done.stdout + done.stderr
        for secret in ("old-board-secret", "old-origin-secret", "old-password", "n" * 41):
            assert secret not in everything, secret
    assert with_secrets.calls[-1].line == ["cargo", "run", "--quiet", "--", "moderator-token"]
    assert with_secrets.calls[-1].environment["BOARD_SECRET"] == "old-board-secret"


@pytest.mark.parametrize("command", ["aws secretsmanager put-secret-value", "aws cloudformation update-stack", "aws cloudformation wait"])
def test_a_rotation_that_fails_makes_nothing_current(command, with_secrets):
    with_secrets.answers = {key: answer for key, answer in with_secrets.answers.items() if not key.startswith(command)}
    done = with_secrets.run("rotate-secrets", answers={command: 1})
    assert done.returncode != 0 and "make rotate-secrets again" in done.stderr
    assert not [call for call in with_secrets.calls if "update-secret-version-stage" in call]


def test_logs_reads_every_group_of_the_template(account):
    assert account.run("logs", FOLLOW="").returncode == 0
    read = {call.line[3] for call in account.calls if "logs tail" in call}
    groups = STACK.of_type("AWS::Logs::LogGroup")
    assert read == {STACK.resolve({"Ref": name}) for name in groups} and len(read) == 4
