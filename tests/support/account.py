"""A clone to deploy from, and an AWS account with one stack, for which fake_aws.py answers."""

import copy
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import fake_aws
from fake_aws import Call, Ended
from stack import STACK_ID, Stack, source
from workspace import ROOT, binary, environment

STACK = Stack(source())
OUTPUTS = {name: str(value) for name, value in STACK.outputs.items()}
SITE = {path.name: path for path in (ROOT / "static-site").iterdir()}
PARAMETERS = {name: ",".join(value) if isinstance(value, list) else value for name, value in STACK.parameters.items()} | {
    "Release": "0123456789abcdef" * 2}
ENGINES = "\n".join(f"8.0.mysql_aurora.3.{version}\t{data_api}" for version, data_api in (
    ("08.2", "True"), ("10.3", "True"), ("10.4", "True"), ("10.4", "True"), ("10.5", "False"), ("11.1", "True")))


@functools.cache
def site_listing() -> str:
    """The site of the board that is deployed, as S3 lists it."""
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "site")
        settings = environment(PUBLIC_BASE_URL=OUTPUTS["Url"].rstrip("/"), BOARD_NAME=PARAMETERS["BoardName"])
        subprocess.run([binary("corkboard"), "site", "--out", built], env=settings, check=True)
        return "\n".join(f'{path.name}\t"{hashlib.md5(path.read_bytes()).hexdigest()}"' for path in built.iterdir())


# The commands that only ask AWS something, and change nothing.
ASKING = re.compile(r"aws (configure get|sts get|cloudformation (describe|list|wait)|s3api (list|head)|rds (describe|wait)|secretsmanager (get|list)"
                    r"|freetier get|cloudfront list|ec2 describe|lambda get|budgets describe|rds-data|logs filter)")


def resources(status: str) -> list[dict]:
    return [{
        "LogicalResourceId": name, "PhysicalResourceId": STACK.resolve({"Ref": name}), "ResourceType": it["Type"], "ResourceStatus": status,
        "ResourceStatusReason": None, "Retained": it.get("DeletionPolicy", "").startswith("Retain"),
    } for name, it in STACK.resources.items()]


class Account:
    def __init__(self, folder: Path):
        self.folder, self.clone = folder, folder / "clone"
        for part in ("deploy", "static-site", "tests/tools"):
            shutil.copytree(ROOT / part, self.clone / part, ignore=shutil.ignore_patterns("__pycache__"))
        (self.clone / "events").mkdir()
        for part in ("template.yaml", "events/scheduled-rule.json"):
            shutil.copy(ROOT / part, self.clone / part)
        tools = self.clone / ".tools/venv"
        (tools / "bin").mkdir(parents=True)
        shutil.copy(ROOT / "tests/tools/requirements.txt", tools)
        python = f'exec {sys.executable} "$@"'
        # `cargo run --quiet -- …`, of which nothing is to be built here.
        cargo = f'shift 3; exec {binary("corkboard")} "$@"'
        for name, program in {"rustc": "echo /", "python": python, "python3": python, "sleep": "", "cargo": cargo}.items():
            self.install(name, f"#!/bin/sh\n{program}\n")
        self.calls: list[Call] = []
        # The answers for one run alone, which are looked for before `answers`.
        self.once: dict = {}
        self.answers = {
            "aws configure get region": "us-west-2",
            "aws sts get-caller-identity": "123456789012",
            "aws lambda get-account-settings": "1000",
            "aws lambda invoke": "None",
            "aws s3api list-objects-v2": site_listing(),
            "aws freetier get-account-plan-state": "PAID",
            "aws cloudfront list-distributions": "None",
            "aws rds describe-orderable-db-instance-options": ENGINES,
            "aws ec2 describe-availability-zones": "3",
        }
        made = {"status": "CREATE_COMPLETE", "id": STACK_ID, "protected": True, "parameters": dict(PARAMETERS), "outputs": OUTPUTS,
                "resources": resources("CREATE_COMPLETE")}
        # Its one stack; the same as a deployment makes it; how that ends; which resources cannot be removed, and why.
        self.state = {"stack": copy.deepcopy(made), "made": made, "ends": "UPDATE_COMPLETE", "stuck": {}, "cluster_protected": True, "budget": None}
        self.config = 'stack_name = "corkboard"\nregion = "eu-central-1"\n'

    def install(self, name: str, program: str) -> None:
        """Puts a fake program where the scripts look first."""
        file = self.clone / ".tools/venv/bin" / name
        file.write_text(program)
        file.chmod(0o755)

    def answer(self, call: Call, version: str, folder: Path) -> Ended:
        self.calls.append(call)
        return fake_aws.answer(call, version, self.once | self.answers, self.state, folder)

    def new(self) -> None:
        """An account in which nothing is deployed yet."""
        self.state |= {"stack": None, "cluster_protected": False, "ends": "CREATE_COMPLETE"}
        self.state["made"]["protected"] = False

    def failed(self, status: str, resource_status: str = "DELETE_COMPLETE", **left: str) -> None:
        """An account whose stack has this status, and some of whose resources have others."""
        self.state["stack"] |= {"status": status, "protected": False}
        for each in self.state["stack"]["resources"]:
            each["ResourceStatus"] = left.get(each["LogicalResourceId"], resource_status)
        self.state["cluster_protected"] = False if "Database" in left else None

    def run(self, script: str, *arguments: str, config: bool = True, answers: dict | None = None, **environment: str):
        if config:
            (self.clone / environment.get("CONFIG", "samconfig.toml")).write_text(self.config)
        self.calls = []
        self.once = answers or {}
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        return subprocess.run([self.clone / "deploy" / script, *arguments], env=kept | {"FAKE": str(self.folder)} | environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, cwd=self.clone)

    def changes(self) -> list[Call]:
        """The calls that change something."""
        return [call for call in self.calls if not ASKING.match(" ".join(call.line))]

    def given(self) -> dict[str, str]:
        """The parameters that `sam deploy` was given, as SAM reads them."""
        from samcli.cli.types import CfnParameterOverridesType
        call, = [call.line for call in self.calls if "sam deploy" in call]
        file = call[call.index("--parameter-overrides") + 1]
        assert file.startswith("file://")
        return CfnParameterOverridesType().convert(f"file://{self.clone / file[7:]}", None, None)

    def steps(self) -> list[str]:
        """The changes in short: service and operation of each, once where it comes several times in a row."""
        lines = [" ".join(call.line[:3] if call.line[0] == "aws" else call.line[:2]).removeprefix("aws ") for call in self.changes()]
        return [line for position, line in enumerate(lines) if position == 0 or lines[position - 1] != line]


@contextmanager
def account(folder: Path):
    made = Account(folder)
    with fake_aws.programs(made.answer) as program:
        for name in ("aws", "sam", "rustup"):
            made.install(name, program)
        yield made
