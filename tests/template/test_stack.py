"""make deploy and make undeploy, whatever state a failure left the stack in."""

import pytest

from account import OUTPUTS, STACK

MEDIA, SECRET, CLUSTER = OUTPUTS["MediaBucketName"], OUTPUTS["BoardSecretArn"], OUTPUTS["DatabaseClusterIdentifier"]
SITE = OUTPUTS["SiteBucketName"]
# What a creation leaves whose cluster could not be removed: the network that it is in.
LEFT = dict.fromkeys(("Database", "DatabaseSubnets", "SubnetA", "SubnetB", "Network", "DatabaseSecurityGroup"), "DELETE_FAILED")
FAILED = {
    "ROLLBACK_FAILED": ("DELETE_COMPLETE", LEFT),
    "CREATE_FAILED": ("CREATE_COMPLETE", {"Distribution": "CREATE_FAILED", "Database": "CREATE_COMPLETE"}),
    "DELETE_FAILED": ("DELETE_COMPLETE", {"SiteBucket": "DELETE_FAILED"}),
}


@pytest.mark.parametrize("status", FAILED)
def test_deploy_says_of_a_stack_with_something_left_in_it_how_it_is_removed(status, account):
    account.failed(status, FAILED[status][0], **FAILED[status][1])
    done = account.run("deploy")
    assert done.returncode != 0 and account.changes() == []
    assert f"the stack corkboard is in the state {status}: make undeploy removes" in done.stderr
    for name, left in FAILED[status][1].items():
        assert ("_FAILED" not in left) or f"  {name} (" in done.stderr, "what is left, by name"


@pytest.mark.parametrize("status", FAILED)
def test_undeploy_removes_a_stack_without_outputs_and_deploy_then_makes_it_anew(status, account):
    account.failed(status, FAILED[status][0], **FAILED[status][1])
    # Of an older template.
    account.state["cluster_protected"] = True if "Database" in FAILED[status][1] else None
    account.state["stack"]["protected"] = True
    done = account.run("undeploy", YES="corkboard")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cloudformation delete-stack" in account.steps()
    assert account.state["stack"]["status"] == "DELETE_COMPLETE"
    account.state["ends"] = "CREATE_COMPLETE"
    account.state["cluster_protected"] = False
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr


def test_deploy_removes_a_creation_that_was_put_back_and_goes_on(account):
    # The bucket and the secret as a template of before retained them.
    account.failed("ROLLBACK_COMPLETE", MediaBucket="DELETE_SKIPPED", BoardSecret="DELETE_SKIPPED")
    account.answers["aws rds describe-db-cluster-snapshots"] = "corkboard-snapshot-database-1a2b\t2026-11-22T10:00:00Z"
    account.state |= {"ends": "CREATE_COMPLETE", "cluster_protected": False}
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert account.steps()[:3] == ["cloudformation delete-stack", "sam build", "sam deploy"]
    for kept in (MEDIA, SECRET, "corkboard-snapshot-database-1a2b"):
        assert kept in done.stderr
    assert f"The board is at {OUTPUTS['Url']}" in done.stdout


def test_deploy_takes_a_failed_rollback_up_and_goes_on(account):
    account.failed("UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE", MessageBoard="UPDATE_FAILED")
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert account.steps()[:3] == ["cloudformation continue-update-rollback", "sam build", "sam deploy"]


def test_a_rollback_that_fails_again_ends_with_what_fails(account):
    account.failed("UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE", MessageBoard="UPDATE_FAILED")
    account.state["stuck"] = {"MessageBoard": "was removed"}
    done = account.run("deploy")
    assert done.returncode != 0 and "cannot go back because of these:" in done.stderr and "  MessageBoard (AWS::Lambda::Function)" in done.stderr
    assert account.steps() == ["cloudformation continue-update-rollback"]


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_stack_that_aws_is_at_work_on_is_left_alone(status, account):
    account.state["stack"]["status"] = status
    for script in ("deploy", "undeploy"):
        done = account.run(script, YES="corkboard")
        assert done.returncode != 0 and f"AWS is at work on the stack corkboard ({status})" in done.stderr
        assert account.changes() == []


def test_a_change_set_that_was_never_executed_is_no_stack_yet(account):
    account.failed("REVIEW_IN_PROGRESS")
    account.state["stack"]["resources"] = []
    account.state |= {"ends": "CREATE_COMPLETE", "cluster_protected": False}
    assert account.run("undeploy", YES="corkboard").returncode == 0
    account.state["stack"]["status"] = "REVIEW_IN_PROGRESS"
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_first_deployment_succeeds_with_either_version_of_the_aws_cli(version, account):
    account.new()
    done = account.run("deploy", AWS_CLI=version)
    assert done.returncode == 0, done.stderr


def test_a_creation_that_fails_can_be_tried_again_after_that(account):
    account.new()
    account.state["ends"] = "ROLLBACK_COMPLETE"
    done = account.run("deploy")
    assert done.returncode != 0 and "make deploy again: it goes on from whatever state" in done.stderr
    account.failed("ROLLBACK_COMPLETE")
    account.state |= {"ends": "CREATE_COMPLETE", "cluster_protected": False}
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert account.state["stack"]["protected"] and account.state["cluster_protected"] is True


def test_undeploy_changes_nothing_without_a_yes(account):
    done = account.run("undeploy")
    assert done.returncode != 0 and "Nothing was changed." in done.stderr
    assert account.changes() == []


def test_undeploy_says_what_it_keeps_and_removes_the_rest(account):
    account.answers["aws rds describe-db-cluster-snapshots"] = "corkboard-snapshot-database-1a2b\t2026-11-22T10:00:00Z"
    done = account.run("undeploy", YES="corkboard")
    assert done.returncode == 0, done.stderr
    before, after = done.stdout.split("The stack is gone. Kept:")
    for kept in (f"s3://{MEDIA}", SECRET, CLUSTER):
        assert kept in before
    for kept in (MEDIA, SECRET, "corkboard-snapshot-database-1a2b"):
        assert kept in after
    assert account.steps() == ["cloudformation update-termination-protection", "rds modify-db-cluster", "s3 rm", "cloudformation delete-stack"]
    assert MEDIA not in " ".join(" ".join(call.line) for call in account.changes())


def test_undeploy_leaves_an_existing_bucket_unmentioned_among_what_the_stack_made(account):
    account.state["stack"]["resources"] = [each for each in account.state["stack"]["resources"] if each["LogicalResourceId"] != "MediaBucket"]
    done = account.run("undeploy", YES="corkboard")
    assert done.returncode == 0 and "s3://" not in done.stdout


def test_what_cannot_be_removed_is_said_by_name_and_the_next_undeploy_goes_on(account):
    account.state["stuck"] = {"Database": "Cannot create a snapshot because the database cluster is not in the available state."}
    done = account.run("undeploy", YES="corkboard")
    assert done.returncode != 0
    assert f"  Database (AWS::RDS::DBCluster) {CLUSTER}: Cannot create a snapshot" in done.stdout
    assert f"aws rds delete-db-cluster --db-cluster-identifier {CLUSTER} --skip-final-snapshot" in done.stdout
    assert "make undeploy goes on" in done.stderr
    account.state["stuck"] = {}
    done = account.run("undeploy", YES="corkboard")
    assert done.returncode == 0, done.stderr


def test_a_site_that_is_gone_already_is_not_emptied(account):
    account.failed("DELETE_FAILED", "DELETE_COMPLETE", Network="DELETE_FAILED")
    assert account.run("undeploy", YES="corkboard").returncode == 0
    assert not [call for call in account.calls if f"s3://{SITE}" in call]


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_stack_that_is_not_there_is_one_line(version, account):
    account.state["stack"] = None
    done = account.run("undeploy", YES="corkboard", AWS_CLI=version)
    assert done.returncode != 0 and "There is no stack corkboard in eu-central-1, in account 123456789012.\n" in done.stderr
    assert account.changes() == []


def test_an_answer_that_is_no_state_is_passed_on(account):
    refused = ["AccessDenied", "User is not authorized to perform: cloudformation:DescribeStacks"]
    for script in ("deploy", "undeploy"):
        done = account.run(script, answers={"aws cloudformation describe-stacks": refused})
        assert done.returncode != 0 and "not authorized to perform: cloudformation:DescribeStacks" in done.stderr
        assert account.changes() == []


def test_the_stub_refuses_what_cloudformation_refuses(account):
    """So that the tests above show something."""
    for state in ({"cluster_protected": True}, {"stack": account.state["stack"] | {"protected": True}}):
        account.state |= {"cluster_protected": False, **state}
        done = account.run("undeploy", YES="corkboard", answers={"aws rds modify-db-cluster": 0, "aws cloudformation update-termination-protection": 0})
        assert done.returncode != 0
    assert {"Database", "MediaBucket"} <= set(STACK.resources)
