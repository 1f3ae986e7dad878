"""deploy/github-oidc-role.yaml: who gets the role, that it suffices for the template, and that it cannot give more than the
boundary has."""

import json
import subprocess
import sys
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import cfnlint
import pytest
from parliament import analyze_policy_string
from samtranslator.yaml_helper import yaml_parse

from checks_permissions import as_list, statements
from stack import ACCOUNT, PSEUDO, REGION, SCENARIOS, Stack, source
from workspace import ROOT

FILE = ROOT / "deploy/github-oidc-role.yaml"
AWS_LAMBDA_ENI_MANAGEMENT_ACCESS = {
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"}
# Of what CloudFormation's handlers may call, what belongs to properties that the template does not have: keys, tables and
# file systems of one's own, a network or a cluster from elsewhere, a log that is delivered.
UNUSED = ("kms:*Grant", "kms:*crypt", "kms:Generate*", "s3tables:*", "s3files:*", "elasticfilesystem:*", "vpc-lattice:*", "vpce:*", "firehose:*",
          "cloudfront:*ConnectionGroup", "cloudfront:GetVpcOrigin", "ec2:AllocateIpamPoolCidr", "ec2:*VpcEncryptionControl*", "ec2:ModifyVpcTenancy",
          "rds:*GlobalCluster*", "iam:ListRoles", "iam:DeleteRolePermissionsBoundary", "lambda:PassCapacityProvider",
          "lambda:GetCodeSigningConfig", "codedeploy:RegisterOnPremisesInstance",
          "secretsmanager:*Replica*")


def role_template(**given: str) -> dict:
    """The template's resources for these parameters, resolved as tests do with the board's own."""
    template = yaml_parse(FILE.read_text())
    stack = Stack.__new__(Stack)
    stack.template, stack.region = template, REGION
    stack.parameters = {name: given.get(name, each.get("Default")) for name, each in template["Parameters"].items()}
    return {name: stack.resolve(each["Properties"]) for name, each in template["Resources"].items()
            if "Condition" not in each or stack._condition(each["Condition"])}


RESOURCES = role_template(Repository="ada/board")
ALLOWED = statements(RESOURCES["Role"])
BOUNDARY = RESOURCES["Boundary"]["PolicyDocument"]["Statement"]


def allows(statements: list[dict], action: str, resource: str | None = None) -> bool:
    return any(any(fnmatchcase(action.lower(), pattern.lower()) for pattern in as_list(each["Action"]))
               and (resource is None or any(fnmatchcase(resource, pattern) for pattern in as_list(each["Resource"]))) for each in statements)


@cache
def handlers() -> dict[str, set[str]]:
    """What CloudFormation calls to make, look at, change and remove a resource, by type."""
    permissions = {}
    for file in (Path(cfnlint.__file__).parent / "data/schemas").rglob("*.json"):
        schema = json.loads(file.read_text())
        if isinstance(schema, dict) and "handlers" in schema:
            permissions[schema["typeName"]] = {each for verb in ("create", "read", "update", "delete")
                                               for each in schema["handlers"].get(verb, {}).get("permissions", [])}
    return permissions


def test_cfn_lint_has_nothing_to_say():
    done = subprocess.run([Path(sys.executable).parent / "cfn-lint", "--regions", REGION, "us-east-1", "--", FILE], capture_output=True, text=True)
    assert done.stdout == "" and done.returncode == 0


def test_only_the_repositorys_environment_gets_the_role():
    statement, = RESOURCES["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {"StringEquals": {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:ada/board:environment:production"}}
    workflow = yaml_parse((ROOT / ".github/workflows/deploy.yml").read_text())
    assert workflow["jobs"]["deploy"]["environment"] == yaml_parse(FILE.read_text())["Parameters"]["Environment"]["Default"]


def test_an_identity_provider_that_is_there_is_taken():
    arn = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    made = role_template(Repository="ada/board", OidcProviderArn=arn)
    assert "Provider" not in made and made["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Federated": arn}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_role_suffices_for_the_template(scenario):
    missing = {}
    for name, resource in Stack(source(), SCENARIOS[scenario]).resources.items():
        if not resource["Type"].startswith("Custom::"):
            wanted = {each for each in handlers()[resource["Type"]] if not any(fnmatchcase(each, pattern) for pattern in UNUSED)}
            missing[name] = {each for each in wanted if not allows(ALLOWED, each)}
    assert not {name: actions for name, actions in missing.items() if actions}


@pytest.mark.parametrize(("action", "resource"), [
    ("cloudformation:CreateChangeSet", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/corkboard/1"),
    ("cloudformation:CreateChangeSet", f"arn:aws:cloudformation:{REGION}:aws:transform/Serverless-2016-10-31"),
    ("cloudformation:UpdateTerminationProtection", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/corkboard/1"),
    ("s3:PutLifecycleConfiguration", f"arn:aws:s3:::corkboard-artefacts-{ACCOUNT}-{REGION}"),
    ("s3:PutObjectTagging", f"arn:aws:s3:::corkboard-artefacts-{ACCOUNT}-{REGION}/corkboard/1a2b"),
    ("s3:PutObject", "arn:aws:s3:::corkboard-sitebucket/index.html"),
    ("cloudfront:CreateInvalidation", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"),
    ("cloudfront:ListDistributions", "*"), ("freetier:GetAccountPlanState", "*"), ("lambda:GetAccountSettings", "*"),
    ("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:corkboard-syncS3Bucket:live"),
    ("rds:DescribeOrderableDBInstanceOptions", "*"), ("ec2:DescribeAvailabilityZones", "*"),
    ("rds:ModifyDBCluster", f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:corkboard-database-1a2b"),
    ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:corkboard-mysql-1a2b3c"),
    ("rds:CreateDBCluster", f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster-pg:default.aurora-mysql8.0"),
    ("rds:CreateDBInstance", f"arn:aws:rds:{REGION}:{ACCOUNT}:og:default:aurora-mysql-8-0"),
    ("rds:RestoreDBClusterFromSnapshot", f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster-snapshot:corkboard-before"),
    ("budgets:ModifyBudget", f"arn:aws:budgets::{ACCOUNT}:budget/corkboard-{REGION}"),
])
def test_the_role_suffices_for_the_script(action, resource):
    assert allows(ALLOWED, action, resource)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_boundary_has_all_that_a_function_is_given(scenario):
    given = SCENARIOS[scenario]
    boundary = role_template(Repository="ada/board", ExistingMediaBucket=given.get("ExistingMediaBucket", ""))["Boundary"]["PolicyDocument"]["Statement"]
    stack = Stack(source(), given)
    for name, role in stack.of_type("AWS::IAM::Role").items():
        for statement in statements(role):
            for action in as_list(statement["Action"]):
                assert allows(boundary, action), (name, action)
                if action.split(":")[0] in ("s3", "sqs", "rds-data") and stack.region == REGION:
                    assert all(allows(boundary, action, resource) for resource in as_list(statement["Resource"])), (name, statement)
    assert all(allows(boundary, action) for action in AWS_LAMBDA_ENI_MANAGEMENT_ACCESS)


@pytest.mark.parametrize("action", [
    "iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary"])
def test_no_role_is_made_or_changed_without_the_boundary(action):
    granting = [each for each in ALLOWED if allows([each], action)]
    assert len(granting) == 1 and granting[0]["Condition"] == {"StringEquals": {"iam:PermissionsBoundary": "corkboard-boundary"}}
    assert as_list(granting[0]["Resource"]) == [f"arn:aws:iam::{ACCOUNT}:role/corkboard-*"]


@pytest.mark.parametrize("action", [
    "iam:DeleteRolePermissionsBoundary", "iam:CreatePolicyVersion", "iam:CreatePolicy", "iam:CreateUser", "iam:CreateAccessKey", "iam:PutUserPolicy",
    "iam:UpdateOpenIDConnectProviderThumbprint", "sts:AssumeRole", "ec2:RunInstances", "organizations:LeaveOrganization"])
def test_what_would_undo_the_boundary_is_not_allowed(action):
    assert not allows(ALLOWED, action)


def test_the_role_cannot_change_itself_or_the_boundary():
    for name in ("Role", "Boundary"):
        given = RESOURCES[name].get("RoleName") or RESOURCES[name]["ManagedPolicyName"]
        assert not given.startswith("corkboard-")
    for each in ALLOWED:
        if any(action.startswith("iam:") for action in as_list(each["Action"])):
            assert all(":role/corkboard-" in resource or ":role/aws-service-role/" in resource for resource in as_list(each["Resource"]))


def test_parliament_knows_every_action():
    for document in ({"Version": "2012-10-17", "Statement": ALLOWED}, RESOURCES["Boundary"]["PolicyDocument"]):
        findings = analyze_policy_string(json.dumps(document)).findings
        found = {(finding.issue, finding.detail) for finding in findings if finding.issue.startswith(("UNKNOWN", "MALFORMED"))}
        # Younger than parliament's list.
        assert found <= {("UNKNOWN_ACTION", "Unknown action freetier:GetAccountPlanState")}


def test_the_policies_are_small_enough_for_iam():
    size = len(json.dumps([policy["PolicyDocument"] for policy in RESOURCES["Role"]["Policies"]], separators=(",", ":")))
    assert size < 10_240 and len(json.dumps(RESOURCES["Boundary"]["PolicyDocument"], separators=(",", ":"))) < 6_144
    assert PSEUDO["AWS::AccountId"] == ACCOUNT
