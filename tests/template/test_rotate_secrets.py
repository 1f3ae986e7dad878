"""make rotate-secrets and make moderator-token, against an `aws` that writes down what it is asked."""

import base64
import hmac
import json
import re
import subprocess

import pytest

from account import OUTPUTS, Account, Call
from account import PARAMETERS as DEPLOYED
from workspace import ROOT, binary

PARAMETERS = "aws cloudformation describe-stacks --stack-name corkboard --query Stacks[0].Parameters"
ROLLOUT = ("Release", "Rollout")
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
    account.answers[PARAMETERS] = "\n".join(f"{name}\t{value if name in ROLLOUT else ''}" for name, value in DEPLOYED.items())
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
    release = given(functions)["Release"]
    for call, versions, rollout in (
        (functions, {"BoardSecretVersion": "boardsecret", "BelievedOriginSecretVersion": "originsecret", "DatabaseUserSecretVersion": "databaseusersecret"},
         {"Rollout": "all-at-once", "Release": release}),
        (cloudfront, {"OriginSecretVersion": "originsecret"}, {"Rollout": "canary"}),
    ):
        assert call.line[2] == "update-stack"
        told = {name: f"new-corkboard-{secret}" for name, secret in versions.items()}
        assert given(call) == dict.fromkeys(DEPLOYED, "UsePreviousValue=true") | told | rollout
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
        self.parameters = dict.fromkeys(DEPLOYED, "") | {name: DEPLOYED[name] for name in ROLLOUT}
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
    with_secrets.answers[PARAMETERS] = "OriginSecretVersion\t\nRelease\t"
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


def test_the_moderator_token_is_the_one_that_corkboard_derives(with_secrets):
    secret = "old-board-secret, of 你好 and more"
    with_secrets.answers[f"aws secretsmanager get-secret-value --secret-id {OUTPUTS['BoardSecretArn']} "] = json.dumps({"current": secret, "previous": ""})
    done = with_secrets.run("moderator-token")
    derived = subprocess.run([binary("corkboard"), "moderator-token"], env={"BOARD_SECRET": secret}, capture_output=True, text=True, check=True)
    assert done.stdout == derived.stdout and len(derived.stdout) == 44
    done = with_secrets.run("moderator-token", NAME="Ada-2")
    derived = subprocess.run([binary("corkboard"), "moderator-token", "--name", "Ada-2"], env={"BOARD_SECRET": secret}, capture_output=True, text=True,
                             check=True)
    assert done.stdout == derived.stdout and done.stdout.startswith("Ada-2.")
    for name in ("-", "Ada B", "a" * 25):
        done = with_secrets.run("moderator-token", NAME=name)
        assert done.returncode != 0 and "NAME has 1 to 24 letters" in done.stderr


@pytest.mark.parametrize("name, who", [("", "-"), ("Ada", "Ada")])
def test_a_link_is_the_boards_address_and_a_code_that_ends_in_ten_minutes(name, who, with_secrets):
    """That message-board takes such a code is told by corkboard's, which is made of the same: `shared/domain/src/moderator.rs`."""
    with_secrets.answers[f"aws secretsmanager get-secret-value --secret-id {OUTPUTS['BoardSecretArn']} "] = json.dumps({"current": "a" * 40, "previous": ""})
    done = with_secrets.run("moderator-token", LINK="1", NAME=name)
    address, code = done.stdout.strip().split("/#moderate=")
    assert address == OUTPUTS["Url"]
    signed, _, mac = code.rpartition(".")
    assert re.fullmatch(rf"{who}\.[0-9]{{10}}", signed)
    extracted = hmac.digest(bytes(32), b"a" * 40, "sha256")
    key = hmac.digest(extracted, b"corkboard moderator sign-in code\1", "sha256")
    assert mac == base64.urlsafe_b64encode(hmac.digest(key, signed.encode(), "sha256")).decode().rstrip("=")


@pytest.mark.parametrize("command", ["aws secretsmanager put-secret-value", "aws cloudformation update-stack", "aws cloudformation wait"])
def test_a_rotation_that_fails_makes_nothing_current(command, with_secrets):
    with_secrets.answers = {key: answer for key, answer in with_secrets.answers.items() if not key.startswith(command)}
    done = with_secrets.run("rotate-secrets", answers={command: 1})
    assert done.returncode != 0 and "make rotate-secrets again" in done.stderr
    assert not [call for call in with_secrets.calls if "update-secret-version-stage" in call]


def test_a_rotation_is_another_release_of_the_same_code_and_the_next_deployment_knows_it(with_secrets):
    """That which make deploy would make of the same code and the parameters as they then are: it publishes none anew."""
    done = with_secrets.run("rotate-secrets")
    assert done.returncode == 0, done.stderr
    update = next(call for call in with_secrets.calls if "update-stack" in call)
    release = given(update)["Release"]
    assert release[:10] != DEPLOYED["Release"][:10] and release[16:] == DEPLOYED["Release"][16:]
    after = dict.fromkeys(DEPLOYED, "") | {"Release": release, "Rollout": "canary", "BoardSecretVersion": "new-corkboard-boardsecret",
                                           "BelievedOriginSecretVersion": "new-corkboard-originsecret", "OriginSecretVersion": "new-corkboard-originsecret",
                                           "DatabaseUserSecretVersion": "new-corkboard-databaseusersecret"}
    lines = "".join(f"{name}\t{value}\n" for name, value in after.items())
    again = subprocess.run(["python3", ROOT / "deploy/parameters.py", "release", release], input=lines, capture_output=True, text=True, check=True)
    assert again.stdout.strip() == release
