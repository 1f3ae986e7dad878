"""Behind the template's CloudFront message-board knows its viewers; past it, it says that it does not, and a metric
of the template's board counts the posts."""

import json
from pathlib import Path

from cloud import cloud, message_board, moderator
from events import event, request
from stack import Stack, source

VIEWER = "198.51.100.7:46532"


def through(secret: str, what: dict) -> dict:
    """An event as it comes through a CloudFront that sends this."""
    what["headers"] |= {"x-origin-verify": secret, "cloudfront-viewer-address": VIEWER}
    return what


def counted(stack: Stack, log: Path) -> int:
    """How many posts without a sender the board's metric has."""
    lines = map(json.loads, log.read_text().splitlines())
    return sum(line["PostsWithoutSender"] for line in lines
               if "PostsWithoutSender" in line and line["Board"] == stack.resolve({"Ref": "AWS::StackName"}))


def test_viewers_are_named_by_the_templates_cloudfront_and_others_are_counted(tmp_path):
    stack, log = Stack(source()), tmp_path / "log"
    with cloud(stack) as account, message_board(account, log) as (function, _):
        secret = account.environment("MessageBoard")["ORIGIN_SECRET"]
        assert function.expect(200, through(secret, request("GET", "/api/health/ready")))["viewers"] == "named"
        assert function.expect(200, request("GET", "/api/health/ready"))["viewers"] == "unnamed"

        posts = [function.expect(201, through(secret, event("api-post-json"))) for _ in range(2)]
        assert counted(stack, log) == 0
        unnamed = [function.expect(201, event("api-post-json")), function.expect(201, through("another", event("api-post-json")))]
        assert counted(stack, log) == len(unnamed)

        def told(message: dict) -> tuple[bool, int]:
            asked = request("GET", "/api/moderation/sender", f"messageId={message['id']}", **moderator(account))
            sender = function.expect(200, asked)
            return sender["known"], sender["messages"]

        assert [told(message) for message in posts + unnamed] == [(True, 2), (True, 2), (False, 1), (False, 1)]
