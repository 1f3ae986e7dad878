"""deploy/from-release: a deployment from a release as the release workflow packs it, served on this machine, against an
`aws` that writes down what it is asked."""

import ast
import functools
import hashlib
import http.server
import json
import re
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import botocore.session
import pytest

from account import OUTPUTS, SITE
from stack import source
from test_commands import check
from workspace import ROOT, binary

BUCKET = "corkboard-artefacts-123456789012-eu-central-1"
MISSING = ["404", "Not Found"]
FUNCTIONS = ("MessageBoard", "SyncS3Bucket", "SmallPictures", "Notify", "MigrateDatabase")


class Release:
    """A release on a server, and somebody in CloudShell."""

    def __init__(self, account, url: str, folder: Path):
        self.account, self.url, self.folder = account, url, folder
        self.home = account.folder / "home"
        self.home.mkdir()
        self.tree = self.home / "corkboard"
        # What CloudShell does not have.
        for name in ("sam", "cargo", "rustup", "rustc", "python"):
            (account.clone / ".tools/venv/bin" / name).unlink()

    def pack(self, version: str = "v0.2.0", architecture: str = "arm64", code: bytes = b"one") -> None:
        build = self.account.clone / ".aws-sam/build"
        for name in FUNCTIONS:
            (build / name).mkdir(parents=True, exist_ok=True)
            (build / name / "bootstrap").write_bytes(code + name.encode())
        template = source()
        for name in FUNCTIONS:
            template["Resources"][name]["Properties"]["CodeUri"] = name
        (build / "template.yaml").write_text(json.dumps(template))
        for name in ("LICENSE-APACHE", "LICENSE-MIT", "Makefile", "README.md"):
            shutil.copy(ROOT / name, self.account.clone)
        shutil.copytree(ROOT / "docs", self.account.clone / "docs", dirs_exist_ok=True)
        subprocess.run([self.account.clone / "deploy/pack-release", version, architecture, self.folder], check=True, capture_output=True)
        program = self.account.folder / "corkboard"
        program.write_text(f'#!/bin/sh\nexec {binary("corkboard")} "$@"\n')
        program.chmod(0o755)
        for platform in ("linux-x86_64", "linux-arm64", "macos-arm64"):
            with tarfile.open(self.folder / f"corkboard-{platform}.tar.gz", "w:gz") as tar:
                tar.add(program, "corkboard")
        self.sums()

    def sums(self) -> None:
        lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(self.folder.glob("*.tar.gz"))]
        (self.folder / "SHA256SUMS").write_text("".join(lines))

    def run(self, answers: dict | None = None, **environment: str):
        path = f"{self.account.clone}/.tools/venv/bin:/usr/bin:/bin"
        return self.account.run("from-release", config=False, answers=answers, **{
            "HOME": str(self.home), "PATH": path, "RELEASES": self.url, "AWS_REGION": "eu-central-1"} | environment)

    def told(self) -> dict[str, str]:
        """The parameters that the stack was given."""
        return dict(each.split("=", 1) for each in json.loads((self.tree / ".aws-sam/parameters.yaml").read_text()))


@pytest.fixture
def release(account, tmp_path):
    files = tmp_path / "releases/latest/download"
    files.mkdir(parents=True)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "releases")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = Release(account, f"http://127.0.0.1:{server.server_port}", files)
        made.pack()
        yield made
        server.shutdown()


def test_a_new_board_is_deployed_from_a_release_with_nothing_but_the_aws_cli(release):
    release.account.new()
    listing = {f"aws s3api list-objects-v2 --bucket {OUTPUTS['SiteBucketName']}": "None", f"aws s3api list-objects-v2 --bucket {BUCKET}": "None"}
    done = release.run({"aws s3api head-bucket": MISSING} | listing, BOARD_NAME="Ada's \"board\"", ALARM_EMAIL="ada@board.example")
    assert done.returncode == 0, done.stderr
    assert f"The board is at {OUTPUTS['Url']}" in done.stdout and f"In the folder {release.tree} make smoke" in done.stdout
    assert "make moderator-token" in done.stdout
    assert {call.line[0] for call in release.account.calls} == {"aws"}
    assert release.account.steps() == [
        "s3api create-bucket", "s3api put-public-access-block", "s3api put-bucket-encryption", "s3api put-bucket-lifecycle-configuration",
        "cloudformation package", "cloudformation deploy", "cloudformation update-termination-protection", "rds modify-db-cluster", "s3 cp", "lambda invoke"]
    uploaded = [call.line[3] for call in release.account.changes() if "s3 cp" in call]
    assert sorted(uploaded) == sorted(f".aws-sam/site/{name}" for name in SITE)
    told = release.told()
    assert told.pop("Release") and told == {
        "Architecture": "arm64", "BoardName": "Ada's board", "AlarmEmail": "ada@board.example", "Rollout": "canary",
        "DatabaseEngineVersion": "8.0.mysql_aurora.3.10.4"}


def test_the_site_is_built_by_the_releases_own_program(release):
    assert release.run().returncode == 0
    page = (release.tree / ".aws-sam/site/index.html").read_text()
    assert f'<meta property="og:url" content="{OUTPUTS["Url"]}">' in page


@pytest.mark.parametrize(("machine", "program"), [
    ("Linux-aarch64", "corkboard-linux-arm64.tar.gz"), ("Darwin-arm64", "corkboard-macos-arm64.tar.gz"), ("Linux-riscv64", None)])
def test_that_program_is_the_one_for_the_machine(machine, program, release):
    system, processor = machine.split("-")
    release.account.install("uname", f'#!/bin/sh\ncase $1 in -s) echo {system} ;; -m) echo {processor} ;; *) echo {system} {processor} ;; esac\n')
    (release.folder / (program or "SHA256SUMS")).unlink()
    done = release.run()
    assert done.returncode != 0 and not release.tree.exists()
    assert f"{program} cannot be downloaded" in done.stderr if program else "no corkboard for this machine (Linux riscv64)" in done.stderr


def test_the_artefact_bucket_is_the_accounts_own_private_and_encrypted(release):
    assert release.run({"aws s3api head-bucket": MISSING}).returncode == 0
    calls = {call.line[2]: call.line for call in release.account.calls if "s3api" in call and BUCKET in call}
    assert "LocationConstraint=eu-central-1" in calls["create-bucket"]
    for name in ("head-bucket", "put-public-access-block", "put-bucket-encryption", "put-bucket-lifecycle-configuration"):
        assert calls[name][calls[name].index("--expected-bucket-owner") + 1] == "123456789012", name
    assert calls["put-public-access-block"][-1] == "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    assert "AES256" in calls["put-bucket-encryption"][-1]
    expiring, unfinished = json.loads(calls["put-bucket-lifecycle-configuration"][-1])["Rules"]
    assert expiring["Filter"] == {"Tag": {"Key": "superseded", "Value": "yes"}}, "what is deployed never expires"
    assert unfinished["AbortIncompleteMultipartUpload"]


def test_in_us_east_1_the_bucket_has_no_place(release):
    assert release.run({"aws s3api head-bucket": MISSING}, AWS_REGION="us-east-1").returncode == 0
    create, = [call.line for call in release.account.calls if "create-bucket" in call]
    assert "--create-bucket-configuration" not in create


def test_a_bucket_of_that_name_in_another_account_is_not_used(release):
    done = release.run({"aws s3api head-bucket": ["403", "Forbidden"]})
    assert done.returncode != 0 and f"The bucket {BUCKET} is not this account's" in done.stderr
    assert release.account.changes() == []


def test_a_second_run_updates_the_board_and_lets_the_old_artefacts_expire(release):
    release.account.state["stack"]["parameters"]["PostsPerMinute"] = "3"
    assert release.run().returncode == 0
    with (release.tree / "samconfig.toml").open("a") as config:
        config.write("PostsPerMinute = 5 # fewer\nContactUrl = \"mailto:ada@board.example\"\n")
    first = release.told()["Release"]
    old = re.findall(rf'"s3://{BUCKET}/(corkboard/\w+)"', (release.tree / ".aws-sam/packaged.json").read_text())
    assert len(old) == len(FUNCTIONS)
    release.pack("v0.3.0", code=b"two")
    new = [f"corkboard/{hashlib.md5(b'two' + name.encode()).hexdigest()}" for name in FUNCTIONS]
    release.account.answers = {f"aws s3api list-objects-v2 --bucket {BUCKET}": "\n".join([*old, *new, "corkboard/1a2b.template"])} | release.account.answers
    # In another region's CloudShell, and with another stack's name as it would be asked for: the configuration is what counts.
    done = release.run(AWS_REGION="us-west-2")
    assert done.returncode == 0, done.stderr
    assert "Deploying v0.3.0 arm64\n" in done.stderr
    told = release.told()
    assert told["PostsPerMinute"] == "5" and told["ContactUrl"] == "mailto:ada@board.example" and told["Release"] != first
    assert all(call.environment["AWS_REGION"] == "eu-central-1" for call in release.account.changes())
    assert not [call for call in release.account.calls if "create-bucket" in call]
    tagged = [call.line[call.line.index("--key") + 1] for call in release.account.calls if "put-object-tagging" in call]
    assert sorted(tagged) == sorted([*old, "corkboard/1a2b.template"])
    assert [path.name for path in release.home.iterdir()] == ["corkboard"], "nothing is left beside it"


def test_a_board_that_was_deployed_from_elsewhere_keeps_what_it_was_told(release):
    """As where CloudShell's home was cleared away."""
    release.account.state["stack"]["parameters"] |= {"BoardName": "Ada's board", "AlarmEmail": "ada@board.example"}
    assert release.run().returncode == 0
    assert release.told().items() >= {"BoardName": "Ada's board", "AlarmEmail": "ada@board.example"}.items()


def test_the_release_is_told_as_make_deploy_would_tell_it(release, monkeypatch):
    """So that whoever changes from one to the other gets no new versions for nothing."""
    assert release.run().returncode == 0
    import parameters as of_the_tree  # of deploy/, by conftest
    monkeypatch.chdir(release.account.clone)
    code = of_the_tree.code()
    assert release.told()["Release"].endswith(code)


def test_a_wrong_checksum_is_refused_before_anything_is_touched(release):
    with (release.folder / "corkboard-aws-arm64.tar.gz").open("ab") as archive:
        archive.write(b"\0")
    done = release.run()
    assert done.returncode != 0 and "corkboard-aws-arm64.tar.gz is not what SHA256SUMS says: nothing was changed." in done.stderr
    assert release.account.calls == [] and not release.tree.exists()


@pytest.mark.parametrize("sums", ["", f"{'0' * 64}  another.tar.gz\n", f"{'0' * 64}  corkboard-aws-arm64.tar.gz.sig\n", "corkboard-aws-arm64.tar.gz\n"])
def test_a_missing_checksum_is_refused_before_anything_is_touched(sums, release):
    (release.folder / "SHA256SUMS").write_text(sums)
    done = release.run()
    assert done.returncode != 0 and "SHA256SUMS has no line for corkboard-aws-arm64.tar.gz" in done.stderr
    assert release.account.calls == [] and not release.tree.exists()


def test_a_version_that_is_not_there_is_one_line(release):
    done = release.run(VERSION="v9")
    assert done.returncode != 0 and "/download/v9/SHA256SUMS cannot be downloaded: is the version right" in done.stderr
    assert release.account.calls == []


def test_a_version_can_be_chosen_and_an_architecture_is_kept(release):
    other = release.folder.parents[1] / "download/v0.1.9"
    other.mkdir(parents=True)
    release.folder = other
    release.pack("v0.1.9", "x86_64")
    assert release.run(VERSION="v0.1.9", ARCHITECTURE="x86_64").returncode == 0
    assert release.told()["Architecture"] == "x86_64"
    assert "/corkboard-aws-x86_64.tar.gz\n" in release.run(VERSION="v0.1.9").stderr


def test_the_dry_mode_shows_every_command_and_calls_none(release):
    done = release.run(DRY_RUN="1")
    assert done.returncode == 0, done.stderr
    assert release.account.calls == [] and not release.tree.exists()
    for command in ("create-bucket", "cloudformation package", "cloudformation deploy", "lambda invoke"):
        assert command in done.stderr


def test_every_command_is_one_of_the_aws_clis(release):
    assert release.run({"aws s3api head-bucket": MISSING}).returncode == 0
    for call in release.account.calls:
        check(botocore.session.get_session(), *call.line)


@pytest.mark.parametrize(("command", "step"), [
    ("aws s3api put-public-access-block", "uploading the functions"),
    ("aws cloudformation package", "uploading the functions"),
    ("aws cloudformation deploy", "deploying the stack corkboard in eu-central-1"),
    ("aws s3api list-objects-v2 --bucket " + BUCKET, "letting the artefacts of releases before expire"),
])
def test_a_failure_names_the_step_and_ends_there_and_the_next_run_goes_on(command, step, release):
    done = release.run({command: 7, "aws cloudformation describe-stack-events": "Database\tno such zone"})
    assert done.returncode == 7 and f"deploy failed while {step}.\n" in done.stderr
    assert "The board is at" not in done.stdout
    assert ("Database\tno such zone" in done.stderr) is (command == "aws cloudformation deploy"), "and why"
    assert release.run().returncode == 0


def test_a_setting_that_cannot_be_read_is_named(release):
    assert release.run().returncode == 0
    with (release.tree / "samconfig.toml").open("a") as config:
        config.write("Posting = closed\n")
    done = release.run()
    assert done.returncode != 0 and 'cannot read "Posting = closed": write it as Posting = "…"' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_is_something_else_is_left_alone(release):
    release.tree.mkdir()
    (release.tree / "diary").write_text("dear")
    done = release.run()
    assert done.returncode != 0 and "move it away" in done.stderr
    assert (release.tree / "diary").exists() and release.account.calls == []


def test_settings_are_shown_there(release):
    assert release.run().returncode == 0
    done = subprocess.run([release.tree / "deploy/settings"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, env={
        "FAKE": str(release.account.folder), "PATH": f"{release.account.clone}/.tools/venv/bin:/usr/bin:/bin"})
    assert done.returncode == 0 and "\nPostsPerMinute " in done.stdout, done.stderr


def test_the_archive_has_what_it_needs_and_nothing_of_the_machine_that_made_it(release):
    archive = release.folder / "corkboard-aws-arm64.tar.gz"
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar}
    assert {"RELEASE", "template.yaml", "Makefile", "deploy/deploy", "static-site/icon.png", "events/scheduled-rule.json"} <= set(members)
    assert {f".aws-sam/build/{name}/bootstrap" for name in FUNCTIONS} <= set(members)
    assert not [name for name in members if "__pycache__" in name or name.endswith(".toml")]
    # A zip has no date before 1980, and the AWS CLI makes one of each function.
    assert {member.mtime for member in members.values()} == {347155200} and not {member.uid for member in members.values()} - {0}
    before = archive.read_bytes()
    release.pack()
    assert archive.read_bytes() == before, "the same from the same"


@pytest.mark.parametrize("script", ["board.py", "parameters.py", "smoke"])
def test_what_runs_in_cloudshell_is_written_for_its_python(script):
    text = (ROOT / "deploy" / script).read_text()
    ast.parse(text, feature_version=(3, 9))
    assert "\nfrom __future__ import annotations" in text, "X | None is no annotation to it otherwise"


def test_the_template_is_too_large_for_a_call_and_goes_by_the_bucket():
    assert len(json.dumps(source())) > 51_200
