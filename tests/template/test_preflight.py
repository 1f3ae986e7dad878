"""What make deploy looks at before it builds."""

import re

import pytest

from account import ENGINES

DENIED = ["AccessDeniedException", "User: arn:aws:iam::123456789012:user/ada is not authorized"]
MYSQL = '[default.deploy.parameters.parameter_overrides]\nDatabaseUrlSecretArn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:mysql"\n'


@pytest.fixture
def new(account):
    account.new()
    return account


def without(account, *commands: str) -> dict:
    """The account's answers but those to these commands, which a test gives itself."""
    return {key: answer for key, answer in account.answers.items() if not key.startswith(commands)}


STOPS = {
    "the free plan": ("aws freetier", "FREE", "upgrade it"),
    "CloudFront before AWS verified the account": (
        "aws cloudfront list-distributions",
        ["AccessDenied", "Your account must be verified before you can add new CloudFront resources."], "open a case"),
    "a region without Aurora": ("aws rds describe-orderable", "", "choose another region"),
    "a region without the release": (
        "aws rds describe-orderable", "8.0.mysql_aurora.3.04.1\tTrue\n8.0.mysql_aurora.3.11.0\tTrue", "one of these: 8.0.mysql_aurora.3.11.0\n"),
    "a region without the Data API": ("aws rds describe-orderable", ENGINES.replace("True", "False"), "one of these: none"),
    "one zone": ("aws ec2 describe-availability-zones", "1", "choose another region"),
}


@pytest.mark.parametrize("reason", STOPS)
def test_what_a_new_board_cannot_do_without_stops_before_anything_is_built(reason, new):
    command, answer, cure = STOPS[reason]
    new.answers = without(new, command)
    done = new.run("deploy", answers={command: answer})
    assert done.returncode != 0 and new.changes() == []
    told = done.stderr.partition("\n- ")[2].partition("\n\n")[0]
    assert cure in told + "\n" and "\n" not in told.strip(), told


def test_everything_is_said_at_once(new):
    stops = {command: answer for command, answer, _ in STOPS.values()}
    new.answers = without(new, *stops)
    done = new.run("deploy", answers=stops)
    assert done.stderr.count("\n- ") == 4 and new.changes() == []


@pytest.mark.parametrize("command", ["aws freetier", "aws cloudfront list-distributions", "aws rds describe-orderable",
                                     "aws ec2 describe-availability-zones", "aws lambda get-account-settings"])
@pytest.mark.parametrize("answer", [DENIED, 252], ids=["not allowed", "unknown to an old AWS CLI"])
def test_what_may_not_be_looked_at_is_a_note(command, answer, new):
    new.answers = without(new, command)
    done = new.run("deploy", answers={command: answer, "sam build": 9})
    assert done.returncode == 9, done.stderr
    note, = re.findall("Note: .*", done.stderr)
    assert re.search("could not be looked at: (aws: .*not authorized|exit code 252)$", note), note


def test_an_account_older_than_the_plans_is_taken_as_it_is(new):
    new.answers = without(new, "aws freetier")
    done = new.run("deploy", answers={"aws freetier": ["ResourceNotFoundException", "No account plan"], "sam build": 9})
    assert done.returncode == 9 and "Note: " not in done.stderr


def test_a_deployed_board_is_not_asked_for_what_only_a_new_one_needs(account):
    stops = {command: answer for command, answer, _ in STOPS.values()}
    account.answers = without(account, *stops)
    done = account.run("deploy", answers=stops | {"sam build": 9})
    assert done.returncode == 9, done.stderr


def test_a_small_quota_is_a_warning_that_says_what_happens(new):
    new.answers |= {"aws lambda get-account-settings": "10"}
    done = new.run("deploy", answers={"sam build": 9})
    assert done.returncode == 9 and "at most 10 functions at once" in done.stderr and "request-service-quota-increase" in done.stderr


def test_with_a_mysql_of_ones_own_the_plan_the_engine_and_the_zones_do_not_matter(new):
    stops = {command: answer for command, answer, _ in STOPS.values() if "cloudfront" not in command}
    new.answers = without(new, *stops)
    new.config += MYSQL
    done = new.run("deploy", answers=stops | {"sam build": 9})
    assert done.returncode == 9, done.stderr


def test_nothing_of_a_small_quota_can_be_reserved(new):
    new.config += MYSQL
    new.answers |= {"aws lambda get-account-settings": "10"}
    done = new.run("deploy")
    assert done.returncode != 0 and 'DatabaseConnections = "0"' in done.stderr
    new.config += 'DatabaseConnections = "0"\n'
    assert new.run("deploy", answers={"sam build": 9}).returncode == 9


def test_nor_for_small_pictures(new):
    new.config += '[default.deploy.parameters.parameter_overrides]\nSmallPicturesConcurrency = "5"\n'
    new.answers |= {"aws lambda get-account-settings": "10"}
    done = new.run("deploy")
    assert done.returncode != 0 and 'SmallPicturesConcurrency = "0"' in done.stderr
    new.answers |= {"aws lambda get-account-settings": "1000"}
    assert new.run("deploy", answers={"sam build": 9}).returncode == 9


def test_the_configuration_of_another_account_is_not_deployed(account):
    account.config = '# account = "999999999999"\n' + account.config
    done = account.run("deploy")
    assert done.returncode != 0 and "account 999999999999's" in done.stderr and account.changes() == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
def test_nothing_is_settled_in_another_account(status, account):
    account.failed(status)
    account.config = '# account = "999999999999"\n' + account.config
    done = account.run("deploy")
    assert done.returncode != 0 and account.changes() == []


def test_the_account_is_written_once_into_a_configuration_without_it(account):
    assert account.run("deploy").returncode == 0
    written = (account.clone / "samconfig.toml").read_text()
    assert written.count('# account = "123456789012"\n') == 1
    account.config = written
    assert account.run("deploy").returncode == 0
    assert (account.clone / "samconfig.toml").read_text() == written


def engine(account) -> str | None:
    return account.given().get("DatabaseEngineVersion")


def test_a_new_database_is_the_newest_patch_that_the_region_has(new):
    assert new.run("deploy").returncode == 0
    # 3.10.5 has no Data API there, and 3.11 is another release.
    assert engine(new) == "8.0.mysql_aurora.3.10.4"


def test_a_version_that_is_configured_is_looked_for_and_taken(new):
    new.config += '[default.deploy.parameters.parameter_overrides]\nDatabaseEngineVersion = "8.0.mysql_aurora.3.10.3"\n'
    assert new.run("deploy").returncode == 0
    assert engine(new) == "8.0.mysql_aurora.3.10.3"
    new.new()
    new.config = new.config.replace("3.10.3", "3.09.9")
    done = new.run("deploy")
    assert done.returncode != 0 and "has no Aurora MySQL 8.0.mysql_aurora.3.09.9" in done.stderr


def test_a_database_that_is_there_keeps_its_version(account):
    assert account.run("deploy").returncode == 0
    assert engine(account) is None
