"""What the linters say: nothing, but for what is refused here with a reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack import REGION, ROOT, SCENARIOS, Stack, source, translate

TOOLS = Path(sys.executable).parent

AT_REST = "encrypted by the service's own key; a key of one's own costs a dollar a month and guards against nobody here"
WITH_ADDRESSES = "such logs have visitors' addresses, which the board never keeps"
# Failed checks of checkov that are as they should be: check and resource, and why. A check that is listed and
# does not fail is an error as well.
ACCEPTED = {
    ("CKV_AWS_86", "Distribution"): WITH_ADDRESSES,
    ("CKV_AWS_174", "Distribution"): "with a domain of one's own it is TLS 1.2; CloudFront's own certificate knows no such setting",
    ("CKV_AWS_116", "MessageBoard"): "whoever asked gets the error; nothing is invoked asynchronously",
    ("CKV_AWS_116", "MigrateDatabase"): "CloudFormation waits for its answer and shows the failure",
    ("CKV_AWS_115", "SyncS3Bucket"): "the event source bounds it; reserving concurrency fails on new accounts",
    ("CKV_AWS_117", "SyncS3Bucket"): "it speaks to S3 alone, and a network of one's own would only be one more way out",
    **{("CKV_AWS_173", name): AT_REST for name in ("MessageBoard", "SyncS3Bucket", "MigrateDatabase")},
    ("CKV_AWS_18", "MediaBucket"): WITH_ADDRESSES,
    ("CKV_AWS_18", "SiteBucket"): "CloudFront alone reads it",
    ("CKV_AWS_21", "MediaBucket"): "a picture that was deleted must be gone",
    ("CKV_AWS_21", "SiteBucket"): "the repository has the versions",
    **{("CKV_AWS_27", name): "encrypted by SQS itself, which checkov does not know; S3 cannot write under AWS's key"
       for name in ("PictureEvents", "DeadLetters")},
    ("CKV_AWS_162", "Database"): "nobody connects to it: the Data API is called under IAM as it is",
    ("CKV_AWS_118", "DatabaseInstance"): "CloudWatch's own figures suffice, and a collector would have to be paid",
    **{("CKV_AWS_149", name): AT_REST for name in ("BoardSecret", "OriginSecret", "DatabaseUserSecret")},
    **{("CKV_AWS_158", f"{name}Logs"): AT_REST for name in ("Api", "MessageBoard", "SyncS3Bucket", "MigrateDatabase")},
    ("CKV_AWS_26", "AlarmTopic"): "alarms cannot write under AWS's key, and an alarm's text is no secret",
}


def run(*command: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=300, **options)


def test_cfn_lint_has_nothing_to_say_of_the_template():
    done = run(TOOLS / "cfn-lint", "--regions", REGION, "--", "template.yaml")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_cfn_lint_has_nothing_to_say_of_the_translated_template(tmp_path):
    translated = tmp_path / "translated.json"
    translated.write_text(json.dumps(translate(source())))
    done = run(TOOLS / "cfn-lint", "--regions", REGION, "--", translated)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_cfn_lint_has_nothing_to_say_of_what_is_made(scenario, tmp_path):
    """Without a parameter left, so that every value is looked at."""
    stack = Stack(source(), SCENARIOS[scenario])
    deployed = tmp_path / "deployed.json"
    deployed.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": stack.resources}))
    # W3010: the zones were chosen by the template.
    done = run(TOOLS / "cfn-lint", "--regions", REGION, "--ignore-checks", "W3010", "--", deployed)
    assert done.stdout == "", done.stdout


def test_sam_takes_the_template(tmp_path):
    environment = os.environ | {"HOME": str(tmp_path)}
    done = run(TOOLS / "sam", "validate", "--lint", "--region", REGION, "--template", "template.yaml", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout, done.stdout


def test_checkov_finds_nothing_but_what_is_accepted_with_a_reason():
    done = run(TOOLS / "checkov", "--file", "template.yaml", "--framework", "cloudformation", "--output", "json",
               "--quiet", "--compact", "--skip-download")
    report = json.loads(done.stdout)
    assert report["summary"]["passed"] > 50 and report["summary"]["parsing_errors"] == 0
    found = {(each["check_id"], each["resource"].rpartition(".")[2]) for each in report["results"]["failed_checks"]}
    assert found == set(ACCEPTED)


def shell_scripts() -> list[Path]:
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    paths = [ROOT / file for file in files if (ROOT / file).is_file()]
    return [path for path in paths if path.read_bytes()[:64].startswith((b"#!/usr/bin/env bash", b"#!/bin/sh"))]


@pytest.mark.parametrize("script", shell_scripts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_shellcheck_has_nothing_to_say(script):
    done = run(TOOLS / "shellcheck", "--external-sources", "--source-path=SCRIPTDIR", script)
    assert done.returncode == 0, done.stdout
