"""make settings, and which board a configuration means."""

import re

import pytest

CONFIGURED = '[default.deploy.parameters.parameter_overrides]\nBoardName = "Ada\'s board"\nPostsPerMinute = 5\nGone = "x"\n'


def rows(output: str) -> dict[str, list[str]]:
    return {line.split()[0]: re.split(r"  +", line)[1:] for line in output.splitlines() if line[:1].isalpha() and "  " in line}


def test_what_is_in_force_stands_beside_the_configuration_and_the_defaults(account):
    account.state["stack"]["parameters"] |= {"BoardName": "Corkboard", "PostsPerMinute": "5", "ContactUrl": ""}
    account.config += CONFIGURED
    done = account.run("settings")
    assert done.returncode == 0, done.stderr
    table = rows(done.stdout)
    assert table["BoardName"] == ["Corkboard", "Ada's board", "Corkboard"]
    assert table["PostsPerMinute"] == ["5", "5", "10"]
    assert table["ContactUrl"] == ["(empty)", "–", "(empty)"]
    assert table["Gone"] == ["–", "x", "(no such parameter)"]
    assert account.changes() == []


def test_what_sam_keeps_is_said_with_how_to_set_it_back(account):
    account.state["stack"]["parameters"] |= {"Posting": "closed", "PostsPerMinute": "5", "BoardSecretVersion": "version-2",
                                             "DatabaseEngineVersion": "8.0.mysql_aurora.3.10.9"}
    account.config += CONFIGURED
    told = account.run("settings").stdout
    assert 'SAM keeps what a stack was told once' in told and 'Posting = "open", and make deploy' in told
    assert told.count("stays as it is") == 1, "what is configured, and what the scripts set, is not"


def test_what_is_a_secret_is_shown_by_nobody(account):
    account.state["stack"]["parameters"] |= {"NoticeWebhookUrl": "****", "NoticeWebhookSecret": "****"}
    account.config += CONFIGURED + 'NoticeWebhookUrl = "https://hook.example/secret"\n'
    done = account.run("settings")
    table = rows(done.stdout)
    assert table["NoticeWebhookUrl"] == ["****", "(hidden)", "(empty)"]
    assert table["NoticeWebhookSecret"] == ["****", "–", "(empty)"]
    assert "hook.example" not in done.stdout + done.stderr and "stays as it is" not in done.stdout
    deployed = account.run("deploy")
    assert deployed.returncode == 0 and "hook.example" not in deployed.stdout + deployed.stderr
    assert account.given()["NoticeWebhookUrl"] == "https://hook.example/secret"


@pytest.mark.parametrize("script", ["deploy", "undeploy", "settings", "rotate-secrets", "moderator-token", "logs", "restore-drill", "url"])
def test_another_configuration_means_another_board(script, account):
    account.config = account.config.replace("corkboard", "corkboard-staging").replace("eu-central-1", "eu-west-1")
    account.run(script, CONFIG="staging.toml", YES="corkboard-staging", FOLLOW="")
    named = [call for call in account.calls if "--stack-name" in call.line and "arn:" not in call]
    assert named and all(call.line[call.line.index("--stack-name") + 1] == "corkboard-staging" for call in named)
    assert all(call.environment["AWS_REGION"] == "eu-west-1" for call in named)
    files = {call.line[call.line.index("--config-file") + 1] for call in account.calls if "--config-file" in call.line}
    assert files <= {str(account.clone / "staging.toml")}
    assert not (account.clone / "samconfig.toml").exists()


def test_a_new_configuration_is_written_where_it_is_meant(account):
    account.new()
    done = account.run("deploy", config=False, CONFIG="staging.toml", STACK="corkboard-staging")
    assert done.returncode == 0, done.stderr
    assert 'stack_name = "corkboard-staging"' in (account.clone / "staging.toml").read_text()
    assert f"make smoke CONFIG={account.clone / 'staging.toml'}" in done.stdout
