"""What the linters say: nothing, but for what is refused here with a reason."""

import json
import os
import subprocess
from pathlib import Path

import botocore
import pytest
from cfnlint.api import lint_file
from cfnlint.conditions.conditions import Conditions
from cfnlint.config import ManualArgs
from cfnlint.helpers import REGIONS as KNOWN
from cloudsplaining.scan.policy_document import PolicyDocument
from parliament import analyze_policy_string

from mutation import add, put
from stack import REGION, SCENARIOS, Stack, source, translate
from workspace import ROOT, TOOLS

# Where README says that a board can be: all of AWS's commercial regions that are open.
PARTITIONS = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text())["partitions"]
REGIONS = sorted({region for partition in PARTITIONS if partition["id"] == "aws" for region in partition["regions"]} & set(KNOWN))

AT_REST = "encrypted by the service's own key; a key of one's own costs a dollar a month and guards against nobody here"
WITH_ADDRESSES = "such logs have visitors' addresses, which the board never keeps"
# Failed checks of checkov that are as they should be: check and resource, and why. A check that is listed and
# does not fail is an error as well.
ACCEPTED = {
    ("CKV_AWS_86", "Distribution"): WITH_ADDRESSES,
    ("CKV_AWS_174", "Distribution"): "with a domain of one's own it is TLS 1.2; CloudFront's own certificate knows no such setting",
    ("CKV_AWS_116", "MessageBoard"): "whoever asked gets the error; nothing is invoked asynchronously",
    ("CKV_AWS_116", "SmallPictures"): "whoever asked gets the error; nothing is invoked asynchronously",
    ("CKV_AWS_116", "MigrateDatabase"): "CloudFormation waits for its answer and shows the failure",
    ("CKV_AWS_115", "SyncS3Bucket"): "the event source bounds it; reserving concurrency fails on new accounts",
    ("CKV_AWS_117", "SyncS3Bucket"): "it speaks to S3 alone, and a network of one's own would only be one more way out",
    ("CKV_AWS_117", "SmallPictures"): "it speaks to S3 alone, as well",
    ("CKV_AWS_116", "Notify"): "the queue in front of it has the dead letters",
    ("CKV_AWS_115", "Notify"): "the event source bounds it, as well",
    ("CKV_AWS_117", "Notify"): "it speaks to AWS and one public host",
    **{("CKV_AWS_173", name): AT_REST for name in ("MessageBoard", "SyncS3Bucket", "SmallPictures", "Notify", "MigrateDatabase")},
    ("CKV_AWS_18", "MediaBucket"): WITH_ADDRESSES,
    ("CKV_AWS_18", "SiteBucket"): "CloudFront alone reads it",
    ("CKV_AWS_21", "MediaBucket"): "a picture that was deleted must be gone",
    ("CKV_AWS_21", "SiteBucket"): "the repository has the versions",
    **{("CKV_AWS_27", name): "encrypted by SQS itself, which checkov does not know; S3 cannot write under AWS's key"
       for name in ("PictureEvents", "NoticeEvents", "DeadLetters")},
    ("CKV_AWS_162", "Database"): "nobody connects to it: the Data API is called under IAM as it is",
    ("CKV_AWS_118", "DatabaseInstance"): "CloudWatch's own figures suffice, and a collector would have to be paid",
    **{("CKV_AWS_149", name): AT_REST for name in ("BoardSecret", "OriginSecret", "DatabaseUserSecret")},
    **{("CKV_AWS_158", f"{name}Logs"): AT_REST for name in ("Api", "MessageBoard", "SyncS3Bucket", "SmallPictures", "Notify", "MigrateDatabase")},
    ("CKV_AWS_26", "NoticeTopic"): "a count of messages is no secret",
    ("CKV_AWS_26", "AlarmTopic"): "alarms cannot write under AWS's key, and an alarm's text is no secret",
}


def run(*command: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=900, **options)


satisfiable = Conditions.satisfiable


def remembered(self: Conditions, conditions: dict, values: dict) -> bool:
    """Whether conditions can be true together, which cfn-lint asks for every region and reference anew: most of its time."""
    answers, question = vars(self).setdefault("answers", {}), repr((conditions, values))
    if question not in answers:
        answers[question] = satisfiable(self, conditions, values)
    return answers[question]


Conditions.satisfiable = remembered


def cfn_lint(file: Path, regions: list[str], *ignored: str) -> list[str]:
    """What it has to say, but for these checks."""
    return [str(match) for match in lint_file(file, ManualArgs(regions=regions, ignore_checks=list(ignored)))]


def written(template: dict, folder: Path) -> Path:
    file = folder / "translated.json"
    file.write_text(json.dumps(translate(template)))
    return file


def test_cfn_lint_has_nothing_to_say_of_the_template():
    assert cfn_lint(ROOT / "template.yaml", [REGION]) == []


def test_cfn_lint_has_nothing_to_say_of_the_translated_template_in_any_region(tmp_path):
    assert len(REGIONS) > 30 and {"us-east-1", "eu-north-1"} <= set(REGIONS)
    assert cfn_lint(written(source(), tmp_path), REGIONS) == []


def test_what_a_region_does_not_have_is_noticed(tmp_path):
    more = source()
    put("Resources.Budget", {"Type": "AWS::Budgets::Budget", "Properties": {"Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY"}}})(more)
    said, = cfn_lint(written(more, tmp_path), ["eu-north-1"])
    assert "AWS::Budgets::Budget" in said


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_cfn_lint_has_nothing_to_say_of_what_is_made(scenario, tmp_path):
    """Without a parameter left, so that every value is looked at."""
    stack = Stack(source(), SCENARIOS[scenario])
    deployed = tmp_path / "deployed.json"
    deployed.write_text(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": stack.resources}))
    # W3010: the zones were chosen by the template.
    assert cfn_lint(deployed, [stack.region], "W3010") == []


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


def policies(stack: Stack) -> dict[str, dict]:
    """All that a stack grants, by role and name or by the resource."""
    roles = {f"{role}: {policy['PolicyName']}": policy["PolicyDocument"]
             for role, it in stack.of_type("AWS::IAM::Role").items() for policy in it["Policies"]}
    of_resources = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy")
    return roles | {name: it["PolicyDocument"] for kind in of_resources for name, it in stack.of_type(kind).items()}


# What cloudsplaining looks for.
RISKS = ("allows_privilege_escalation", "permissions_management_without_constraints", "write_actions_without_constraints",
         "tagging_actions_without_constraints", "allows_data_exfiltration_actions", "credentials_exposure", "infrastructure_modification",
         "service_wildcard", "contains_statement_using_not_action")


def findings(stack: Stack) -> set[tuple[str, str]]:
    """Of parliament and cloudsplaining, by policy."""
    found = set()
    for name, document in policies(stack).items():
        found |= {(name, finding.issue) for finding in analyze_policy_string(json.dumps(document), include_community_auditors=True).findings}
        if ": " in name:  # a resource's policy names who, which cloudsplaining does not look at
            found |= {(name, risk) for risk in RISKS if getattr(PolicyDocument(document), risk)}
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_parliament_and_cloudsplaining_find_nothing(scenario):
    stack = Stack(source(), SCENARIOS[scenario])
    assert len(policies(stack)) >= 8
    assert findings(stack) == set()


@pytest.mark.parametrize(("mutation", "expected"), [
    (add("Resources.SyncS3BucketRole.Properties.Policies.0.PolicyDocument.Statement.3.Action", "sqs:ReadMessage"), "UNKNOWN_ACTION"),
    (put("Resources.MessageBoardRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource", "*"), "write_actions_without_constraints"),
    (put("Resources.RolloutRole.Properties.Policies.0.PolicyDocument.Statement.0.Resource", {"Fn::GetAtt": ["MediaBucket", "Arn"]}), "RESOURCE_MISMATCH"),
    (put("Resources.SiteBucketPolicy.Properties.PolicyDocument.Statement.1.Action", "s3:GetObjects"), "UNKNOWN_ACTION"),
], ids=lambda value: str(getattr(value, "__name__", value))[-60:])
def test_they_would_find_something(mutation, expected):
    broken = source()
    mutation(broken)
    assert expected in {finding for _, finding in findings(Stack(broken))}


def shell_scripts() -> list[Path]:
    files = run("git", "ls-files", "--cached", "--others", "--exclude-standard").stdout.splitlines()
    paths = [ROOT / file for file in files if (ROOT / file).is_file()]
    return [path for path in paths if path.read_bytes()[:64].startswith((b"#!/usr/bin/env bash", b"#!/bin/sh"))]


@pytest.mark.parametrize("script", shell_scripts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_shellcheck_has_nothing_to_say(script):
    done = run(TOOLS / "shellcheck", "--external-sources", "--source-path=SCRIPTDIR", script)
    assert done.returncode == 0, done.stdout
