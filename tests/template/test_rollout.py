"""A new version comes of a new release, and of nothing else; and whoever leads the alias may do no more than that."""

import json

import pytest
from moto.iam.access_control import IAMPolicy, PermissionResult

from checks_functions import made_of
from checks_rollout import BEHIND_AN_ALIAS, versions
from stack import RELEASE, Stack, source

NEXT = RELEASE[::-1]
# Every parameter, changed as an operator would change it, with what `make deploy` then computes.
CHANGED = {"Posting": "closed", "OriginSecretVersion": "version-2", "MemorySize": "1024", "DatabaseUserSecretVersion": "version-2", "Architecture": "x86_64"}


def of(**given: str) -> dict[str, str]:
    return versions(Stack(source(), given))


def test_an_unchanged_deployment_makes_no_version():
    assert of(Release=RELEASE) == of(Release=RELEASE)
    assert of() == of()


@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_parameter_makes_a_version_with_its_release_and_none_without(name):
    before = of(Release=RELEASE)
    after = of(Release=NEXT, **{name: CHANGED[name]})
    assert set(after) == set(made_of(Stack(source()), BEHIND_AN_ALIAS))
    assert not set(before.values()) & set(after.values())
    # SAM does not look where references lead (#3820): that is what the release is for.
    assert of(Release=RELEASE, **{name: CHANGED[name]}) == before


def test_without_a_release_the_code_makes_the_version():
    """As with a deployment that is not ours."""
    other = source()
    other["Resources"]["MessageBoard"]["Properties"]["Environment"]["Variables"]["MORE"] = "1"
    before, after = of(), versions(Stack(other))
    assert before["MessageBoard"] != after["MessageBoard"] and before["SyncS3Bucket"] == after["SyncS3Bucket"]


def test_a_release_that_is_no_digest_is_refused():
    # Its first ten characters become part of a logical id.
    for wrong in ("1.0", "v2026-11-26", RELEASE[:9], RELEASE.upper()):
        with pytest.raises(AssertionError, match="Release"):
            Stack(source(), {"Release": wrong})


@pytest.mark.parametrize(("action", "resource", "permitted"), [
    ("lambda:UpdateAlias", "BOARD", True),
    ("lambda:GetAlias", "BOARD:live", True),
    ("lambda:UpdateAlias", "BOARD:live", True),
    ("cloudwatch:DescribeAlarms", "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:*", True),
    ("lambda:UpdateAlias", "SYNC:live", False),
    ("lambda:UpdateAlias", "SMALL:live", False),
    ("lambda:UpdateAlias", "arn:aws:lambda:eu-central-1:123456789012:function:another-message-board:live", False),
    ("lambda:UpdateFunctionCode", "BOARD", False),
    ("lambda:UpdateFunctionConfiguration", "BOARD", False),
    ("lambda:InvokeFunction", "BOARD:live", False),
    ("lambda:GetFunction", "BOARD", False),
    ("cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:corkboard", False),
    ("s3:GetObject", "arn:aws:s3:::corkboard-media/board/messages/ZYN70WAJHC564V77GG8SPFTGN4.json", False),
])
def test_code_deploy_may_lead_the_alias_and_look_at_alarms(action, resource, permitted):
    stack = Stack(source())
    for name, function in {"BOARD": "MessageBoard", "SYNC": "SyncS3Bucket", "SMALL": "SmallPictures"}.items():
        resource = resource.replace(name, stack.arn(function))
    results = [IAMPolicy(json.dumps(policy["PolicyDocument"])).is_action_permitted(action, resource)
               for policy in stack.properties("RolloutRole")["Policies"]]
    assert (PermissionResult.PERMITTED in results) == permitted
