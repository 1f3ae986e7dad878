"""make restore-drill, against an `aws` that writes down what it is asked, and in part forgets what it made."""

import signal
import subprocess
import time
from itertools import pairwise

import pytest

from account import OUTPUTS, STACK

NEWEST = "01M8312X2GQEXQEVEC5D3NWYGS"  # of 2026-11-23
RESTORED, THERE = "corkboard-drill-", "arn:aws:rds:eu-central-1:123456789012:cluster:drill"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!drill"
NAMING = ("--db-cluster-identifier", "--db-instance-identifier", "--resource-arn")
COUNTS = "aws rds-data execute-statement --resource-arn "
QUESTION = "aws rds describe-db-clusters --db-cluster-identifier corkboard-drill"


def cluster(secret_status: str) -> dict:
    """The restored cluster, whose secret is in this status."""
    return {"DBClusters": [{"DBClusterArn": THERE, "MasterUserSecret": {"SecretStatus": secret_status, "SecretArn": SECRET}}]}


@pytest.fixture
def drilled(account):
    account.answers |= {
        QUESTION: cluster("active"),
        COUNTS + THERE: f"41\t{NEWEST}", COUNTS + OUTPUTS["DatabaseClusterArn"]: f"1042\t{NEWEST}",
    }
    return account


def run(account, **answers):
    return account.run("restore-drill", answers=answers)


def operations(account) -> list[str]:
    return [" ".join(call.line[2:4] if call.line[2] == "wait" else call.line[2:3]) for call in account.calls if call.line[1] == "rds"]


REMOVED = ["delete-db-instance", "wait db-instance-deleted", "delete-db-cluster", "wait db-cluster-deleted"]


def test_the_database_is_restored_counted_and_removed(drilled):
    done = run(drilled)
    assert done.returncode == 0, done.stderr
    assert "board         1,042 messages, the newest of 2026-11-23 01:42:16 UTC\nrestored         41 messages" in done.stdout
    assert operations(drilled) == [
        "restore-db-cluster-to-point-in-time", "wait db-cluster-available", "create-db-instance", "wait db-instance-available",
        "describe-db-clusters", "enable-http-endpoint", "modify-db-cluster", "describe-db-clusters", *REMOVED]
    restore, instance = (next(call for call in drilled.calls if operation in call) for operation in ("restore-db-cluster", "create-db-instance"))
    assert f"--source-db-cluster-identifier {OUTPUTS['DatabaseClusterIdentifier']} " in restore and "--use-latest-restorable-time" in restore
    for name, option in (("DatabaseSubnets", "--db-subnet-group-name"), ("DatabaseSecurityGroup", "--vpc-security-group-ids")):
        assert f"{option} {STACK.resolve({'Ref': name})} " in restore
    assert "--db-instance-class db.serverless --no-publicly-accessible" in instance
    counted = [call for call in drilled.calls if "rds-data" in call]
    assert f"--secret-arn {SECRET} " in counted[0] and f"--secret-arn {OUTPUTS['DatabaseUserSecretArn']} " in counted[1]


def test_nothing_of_the_boards_own_is_changed(drilled):
    assert run(drilled).returncode == 0
    for call in drilled.changes():
        name = next(value for option, value in pairwise(call.line) if option in NAMING)
        assert name.startswith(RESTORED) or name == THERE, call.line


def test_another_time_can_be_restored(drilled):
    drilled.answers |= {}
    done = drilled.run("restore-drill", TO="2026-11-22T10:00:00Z")
    assert any("--restore-to-time 2026-11-22T10:00:00Z" in call and "--use-latest" not in call for call in drilled.calls), done.stderr


@pytest.mark.parametrize("command", ["aws rds restore-db-cluster", "aws rds wait db-cluster-available", "aws rds create-db-instance",
                                     "aws rds enable-http-endpoint", "aws rds modify-db-cluster", COUNTS])
def test_it_is_removed_whatever_fails(command, drilled):
    drilled.answers = {key: answer for key, answer in drilled.answers.items() if not key.startswith(command)}
    done = run(drilled, **{command: ["InvalidDBClusterStateFault", "no"]})
    assert done.returncode != 0 and "restore-drill failed while" in done.stderr
    assert operations(drilled)[-4:] == REMOVED


def test_what_is_not_there_need_not_be_removed(drilled):
    done = run(drilled, **{"aws rds restore-db-cluster": ["AccessDenied", "no"], "aws rds delete-db-instance": ["DBInstanceNotFound", "no such"],
                           "aws rds delete-db-cluster": ["DBClusterNotFoundFault", "no such"]})
    assert done.returncode != 0 and "is left, and costs money" not in done.stderr


def test_what_cannot_be_removed_is_said_with_the_commands(drilled):
    done = run(drilled, **{"aws rds delete-db-cluster": ["InvalidDBClusterStateFault", "no"]})
    assert done.returncode != 0 and "is left, and costs money" in done.stderr
    assert operations(drilled).count("delete-db-cluster") == 3
    assert "aws rds delete-db-cluster --region eu-central-1 --db-cluster-identifier corkboard-drill-" in done.stderr


def test_it_is_removed_when_it_is_interrupted(drilled):
    (drilled.clone / ".tools/venv/bin/sleep").write_text('#!/bin/sh\ntouch "$FAKE/asleep"\nexec /bin/sleep 1\n')
    drilled.answers[QUESTION] = cluster("creating")
    started, popen = [], subprocess.Popen

    def interrupt(*arguments, **options):
        process = popen(*arguments, **options)
        started.append(process)
        while not (drilled.folder / "asleep").exists() and process.poll() is None:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        return process

    subprocess.Popen = interrupt
    try:
        done = run(drilled)
    finally:
        subprocess.Popen = popen
    assert done.returncode == 143 and operations(drilled)[-4:] == REMOVED


def test_an_empty_restoration_of_a_board_with_messages_is_a_failure(drilled):
    drilled.answers[COUNTS + THERE] = "0\t"
    done = run(drilled)
    assert done.returncode != 0 and "Nothing was restored." in done.stderr and operations(drilled)[-4:] == REMOVED


def test_a_database_of_ones_own_is_not_ours_to_restore(drilled):
    drilled.state["stack"]["resources"] = [each for each in drilled.state["stack"]["resources"] if each["LogicalResourceId"] != "Database"]
    done = run(drilled)
    assert done.returncode != 0 and "whoever keeps it restores it" in done.stderr and drilled.changes() == []
