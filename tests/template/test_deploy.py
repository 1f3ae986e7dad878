"""make deploy, against an `aws` that writes down what it is asked."""

import json
import tomllib
import urllib.request
from urllib.robotparser import RobotFileParser

import pytest

from account import OUTPUTS, SITE
from corkboard import corkboard
from stack import Stack, source
from workspace import ROOT


def test_the_first_time_writes_a_configuration_that_sam_understands(account):
    account.new()
    done = account.run("deploy", config=False, BOARD_NAME="Ada's board", ALARM_EMAIL="ada@board.example")
    assert done.returncode == 0, done.stderr
    from samcli.cli.types import CfnParameterOverridesType, CfnTags
    written = (account.clone / "samconfig.toml").read_text()
    config = tomllib.loads(written)["default"]
    assert '\n# account = "123456789012"\n' in written, "whose it is"
    assert config["global"]["parameters"] == {"stack_name": "corkboard", "region": "us-west-2"}
    deploy = config["deploy"]["parameters"]
    overrides = CfnParameterOverridesType().convert(deploy["parameter_overrides"], None, None)
    assert overrides == {"Architecture": "arm64", "BoardName": "Ada's board", "AlarmEmail": "ada@board.example"}
    assert CfnTags().convert(deploy["tags"], None, None) == {"application": "corkboard", "stack": "corkboard"}
    Stack(source(), overrides)
    assert CfnParameterOverridesType().convert(config["build"]["parameters"]["parameter_overrides"], None, None) == {"Architecture": "arm64"}


@pytest.mark.parametrize("name", ["Corkboard", "cork_board", "1board", "b" * 41])
def test_a_name_that_buckets_cannot_have_is_refused(name, account):
    done = account.run("deploy", config=False, STACK=name)
    assert done.returncode != 0 and "lower-case" in done.stderr
    assert account.changes() == [] and not (account.clone / "samconfig.toml").exists()


def test_a_deployment_goes_in_order_and_prints_the_url(account):
    account.answers["aws s3api list-objects-v2"] = "None"
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert f"The board is at {OUTPUTS['Url']}" in done.stdout
    assert account.steps() == ["sam build", "sam deploy", "cloudformation update-termination-protection", "s3 cp", "lambda invoke"]
    uploaded = [call.line[3] for call in account.changes() if "s3 cp" in call]
    assert sorted(uploaded) == sorted(f".aws-sam/site/{name}" for name in SITE)
    assert uploaded[-2:] == [".aws-sam/site/index.html", ".aws-sam/site/sw.js"], "the page finds its modules, and the worker all"
    assert all(call.environment["AWS_REGION"] == "eu-central-1" for call in account.changes() if call.line[0] == "aws")


def test_the_site_is_uploaded_with_the_types_and_cache_headers_that_corkboard_gives(account):
    account.answers["aws s3api list-objects-v2"] = "None"
    assert account.run("deploy").returncode == 0
    uploads = {call.line[3]: call.line for call in account.calls if "s3 cp" in call}
    with corkboard() as board:
        for name in SITE:
            line = uploads[f".aws-sam/site/{name}"]
            with urllib.request.urlopen(f"{board.site}/{name}") as answer:
                assert line[line.index("--content-type") + 1] == answer.headers["content-type"], name
                assert line[line.index("--cache-control") + 1] == answer.headers["cache-control"], name


def test_what_is_there_already_is_not_uploaded_nor_invalidated(account):
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert not [call for call in account.calls if "s3 cp" in call or "s3 rm" in call or "create-invalidation" in call]


def test_what_changed_is_uploaded_and_invalidated_and_what_went_is_removed(account):
    page = account.clone / "static-site/index.html"
    page.write_text(page.read_text().replace("<body>", "<body><!-- changed -->"))
    (account.clone / "static-site/words-en.js").write_text("export default {};")
    (account.clone / "static-site/words-zh-hant.js").unlink()
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert [call.line[3] for call in account.calls if "s3 cp" in call] == [
        f".aws-sam/site/{name}" for name in ("words-en.js", "index.html", "sw.js")]
    assert [call.line[3] for call in account.calls if "s3 rm" in call] == [f"s3://{OUTPUTS['SiteBucketName']}/words-zh-hant.js"]
    invalidation, = [call.line for call in account.calls if "create-invalidation" in call]
    paths = invalidation[invalidation.index("--paths") + 1:invalidation.index("--query")]
    assert sorted(paths) == ["/", "/index.html", "/sw.js", "/words-en.js", "/words-zh-hant.js"]


def test_the_site_has_the_boards_name_and_addresses(account):
    for stack in ("stack", "made"):
        account.state[stack]["parameters"] |= {
            "BoardName": "Ada's <board>", "BoardDescription": "For us.\\nBe kind.", "BoardHead": "images/hill.jpg", "ServiceWorker": "off"}
    assert account.run("deploy").returncode == 0
    page = (account.clone / ".aws-sam/site/index.html").read_text()
    assert "<title>Ada&#39;s &lt;board&gt;</title>" in page and 'name="description" content="For us."' in page
    assert f'property="og:image" content="{OUTPUTS["Url"]}small/1280/hill.jpg.jpg"' in page
    assert "version: ''" in (account.clone / ".aws-sam/site/sw.js").read_text(), "it takes itself back"


def test_a_site_that_cannot_be_built_ends_the_deployment_and_says_why(account):
    for stack in ("stack", "made"):
        account.state[stack]["parameters"]["BoardDescription"] = "\\n".join(map(str, range(21)))
    done = account.run("deploy")
    assert done.returncode != 0 and "BOARD_DESCRIPTION is malformed: expected at most 1000 characters in 20 lines" in done.stderr
    assert "deploy failed while building the site." in done.stderr
    assert not [call for call in account.calls if "s3 cp" in call]


def test_crawlers_are_kept_from_the_api_and_from_nothing_else():
    rules = RobotFileParser()
    rules.parse((ROOT / "static-site/robots.txt").read_text().splitlines())
    for path, may in {"/api/messages": False, "/api/messages?before=01M8312X2GQEXQEVEC5D3NWYGS": False, "/": True,
                      "/images/01M8312X2GQEXQEVEC5D3NWYGS.jpg": True, "/m/01M8312X2GQEXQEVEC5D3NWYGS": True}.items():
        assert rules.can_fetch("a crawler", f"https://board.example{path}") is may, path


def test_a_file_of_an_unknown_type_is_named(account):
    (account.clone / "static-site/clip.ogv").write_text("")
    done = account.run("deploy")
    assert done.returncode != 0 and "clip.ogv" in done.stderr


@pytest.mark.parametrize("given", [{}, {"NoticeEmail": "ada@board.example"}], ids=["as it comes", "with notices"])
def test_an_existing_bucket_is_told_what_the_template_tells_its_own(given, account):
    stack = Stack(source(), given)
    account.state["made"]["outputs"] = {name: str(value) for name, value in stack.outputs.items()}
    account.state["stack"]["outputs"] = account.state["made"]["outputs"]
    account.config += '[default.deploy.parameters.parameter_overrides]\nExistingMediaBucket = "pictures-of-before"\n'
    assert account.run("deploy").returncode == 0
    call, = [call.line for call in account.calls if "put-bucket-notification-configuration" in call]
    assert call[call.index("--bucket") + 1] == "pictures-of-before"
    told = json.loads(call[call.index("--notification-configuration") + 1])["QueueConfigurations"]
    expected = stack.properties("MediaBucket")["NotificationConfiguration"]["QueueConfigurations"]
    assert [
        {"Event": each["Events"], "Queue": each["QueueArn"], "Rules": each["Filter"]["Key"]["FilterRules"]} for each in told
    ] == [{"Event": [each["Event"]], "Queue": each["Queue"], "Rules": each["Filter"]["S3Key"]["Rules"]} for each in expected]


@pytest.mark.parametrize(("command", "step"), [
    ("aws sts", "looking for AWS credentials"),
    ("sam build", "building the functions"),
    ("sam deploy", "deploying the stack corkboard in eu-central-1"),
    ("aws s3api list-objects-v2", "uploading the site"),
    ("aws lambda invoke", "bringing the edge and the carrousel up to date"),
])
def test_a_failure_names_the_step_and_what_to_do_and_ends_there(command, step, account):
    account.answers = {key: answer for key, answer in account.answers.items() if not key.startswith(command)}
    done = account.run("deploy", answers={command: 7})
    assert done.returncode == 7
    assert f"deploy failed while {step}.\n" in done.stderr
    assert len(done.stderr.rpartition(f"{step}.\n")[2].strip()) > 20, "and what to do"
    assert account.calls[-1].line[:2] == command.split()[:2] and "The board is at" not in done.stdout


def test_a_carrousel_that_cannot_be_written_is_a_failure(account):
    account.answers["aws lambda invoke"] = "Unhandled"
    done = account.run("deploy")
    assert done.returncode != 0 and "syncS3Bucket failed" in done.stderr


def test_a_deployment_switches_the_protections_on_and_again_changes_nothing(account):
    account.new()
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert account.state["stack"]["protected"] and account.state["cluster_protected"] is True
    assert account.run("deploy").returncode == 0
    assert not [call for call in account.calls if "modify-db-cluster" in call], "the database is not woken for nothing"


def test_a_stack_that_was_deployed_before_is_protected_as_well(account):
    account.state["stack"]["protected"] = account.state["made"]["protected"] = False
    account.state["cluster_protected"] = False
    assert account.run("deploy").returncode == 0
    assert account.state["stack"]["protected"] and account.state["cluster_protected"] is True


CONFIGURED = '''
[default.deploy.parameters.parameter_overrides]
BoardName = "Ada's board: \\"the\\" one, 你好"
PostsPerMinute = 5
'''


def test_sam_is_given_all_that_is_configured_and_the_release(account):
    account.config += CONFIGURED
    assert account.run("deploy").returncode == 0
    told = account.given()
    assert told.pop("Release") and told == {"BoardName": 'Ada\'s board: "the" one, 你好', "PostsPerMinute": "5", "Rollout": "canary"}


def test_parameters_in_another_spelling_that_sam_knows_are_given_as_well(account):
    account.config += '[default.deploy.parameters]\nparameter_overrides = "PostsPerMinute=5 BoardName=Ada"\n'
    assert account.run("deploy").returncode == 0
    assert account.given().items() >= {"PostsPerMinute": "5", "BoardName": "Ada"}.items()


def test_a_rollout_all_at_once_is_undone_by_the_next_deployment(account):
    account.state["stack"]["parameters"]["Rollout"] = "all-at-once"
    assert account.run("deploy").returncode == 0
    assert account.given()["Rollout"] == "canary"
    account.config += '[default.deploy.parameters.parameter_overrides]\nRollout = "all-at-once"\n'
    assert account.run("deploy").returncode == 0
    assert account.given()["Rollout"] == "all-at-once"


@pytest.mark.parametrize(("deployed", "rollout"), [("7", "canary"), ("12", "canary"), ("6", "all-at-once"), (None, "all-at-once")])
def test_what_cannot_run_beside_this_code_is_replaced_all_at_once(deployed, rollout, account):
    outputs = {name: value for name, value in OUTPUTS.items() if name != "SchemaVersion"}
    account.state["stack"]["outputs"] = outputs if deployed is None else outputs | {"SchemaVersion": deployed}
    account.config += '[default.deploy.parameters.parameter_overrides]\nRollout = "canary"\n'
    done = account.run("deploy")
    assert done.returncode == 0, done.stderr
    assert account.given()["Rollout"] == rollout
    assert ("cannot run beside this one" in done.stderr) == (rollout == "all-at-once")
    # What is deployed then can.
    assert account.run("deploy").returncode == 0
    assert account.given()["Rollout"] == "canary"


def test_another_release_is_one_with_other_code_another_template_or_another_parameter(account):
    def deployed() -> str:
        done = account.run("deploy")
        assert done.returncode == 0, done.stderr
        return account.given()["Release"]

    function = account.clone / ".aws-sam/build/MessageBoard"
    function.mkdir(parents=True)
    (function / "bootstrap").write_bytes(b"one")
    releases = [deployed()]
    assert deployed() == releases[0], "nothing changed"
    (function / "bootstrap").write_bytes(b"two")
    releases.append(deployed())
    account.config += '[default.deploy.parameters.parameter_overrides]\nPosting = "closed"\n'
    releases.append(deployed())
    with (account.clone / "template.yaml").open("a") as template:
        template.write("# changed\n")
    releases.append(deployed())
    # What a rotation told the stack.
    account.state["stack"]["parameters"]["BoardSecretVersion"] = account.state["made"]["parameters"]["BoardSecretVersion"] = "version-2"
    releases.append(deployed())
    assert len(set(releases)) == 5
    # SAM looks at the first ten digits alone.
    assert len({release[:10] for release in releases}) == 5
    assert all(set(release) <= set("0123456789abcdef") and len(release) == 32 for release in releases)
