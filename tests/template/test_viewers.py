"""Behind the template's CloudFront message-board knows its viewers; past it, it says that it does not, and a metric
of the template's board counts the posts."""

import json
import subprocess

import lambda_runtime
import pytest

from cloud import cloud
from stack import Stack, source
from test_least_privilege import event, expect, message_board, moderator, request

VIEWER = "198.51.100.7:46532"


@pytest.fixture
def logged(monkeypatch, tmp_path):
    """What the function writes to its log."""
    file = tmp_path / "log"
    start = subprocess.Popen
    with file.open("w") as log:
        monkeypatch.setattr(lambda_runtime.subprocess, "Popen", lambda *given, **named: start(
            *given, **({"stdout": log, "stderr": log} if "AWS_LAMBDA_RUNTIME_API" in named.get("env", {}) else {}), **named))
        yield lambda: [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def through(secret: str, what: dict) -> dict:
    """An event as it comes through a CloudFront that sends this."""
    what["headers"] |= {"x-origin-verify": secret, "cloudfront-viewer-address": VIEWER}
    return what


def counted(stack: Stack, lines: list[dict]) -> int:
    """How many posts without a sender the board's metric has."""
    return sum(line["PostsWithoutSender"] for line in lines
               if "PostsWithoutSender" in line and line["Board"] == stack.resolve({"Ref": "AWS::StackName"}))


def test_viewers_are_named_by_the_templates_cloudfront_and_others_are_counted(logged):
    stack = Stack(source())
    with cloud(stack) as account, message_board(account) as (function, _):
        secret = account.environment("MessageBoard")["ORIGIN_SECRET"]
        assert expect(function, 200, through(secret, request("GET", "/api/health/ready")))["viewers"] == "named"
        assert expect(function, 200, request("GET", "/api/health/ready"))["viewers"] == "unnamed"

        posts = [expect(function, 201, through(secret, event("api-post-json"))) for _ in range(2)]
        assert counted(stack, logged()) == 0
        unnamed = [expect(function, 201, event("api-post-json")), expect(function, 201, through("another", event("api-post-json")))]
        assert counted(stack, logged()) == len(unnamed)

        def told(message: dict) -> tuple[bool, int]:
            asked = request("GET", "/api/moderation/sender", **moderator(account)) | {"rawQueryString": f"messageId={message['id']}"}
            sender = expect(function, 200, asked)
            return sender["known"], sender["messages"]

        assert [told(message) for message in posts + unnamed] == [(True, 2), (True, 2), (False, 1), (False, 1)]
