"""With a web ACL message-board answers nobody who goes past the template's CloudFront."""

import pytest

from cloud import cloud, message_board
from events import request
from stack import SCENARIOS, Stack, source

ACL = {"WebAclArn": SCENARIOS["with everything"]["WebAclArn"]}


@pytest.mark.parametrize(("given", "past"), [(ACL, 403), ({}, 200)], ids=["with a web ACL", "without"])
def test_whoever_goes_past_cloudfront_is_refused_where_there_is_a_web_acl(given, past):
    with cloud(Stack(source(), given)) as account, message_board(account) as (function, _):
        secret = account.environment("MessageBoard")["ORIGIN_SECRET"]
        for headers, status in (({"x-origin-verify": secret}, 200), ({"x-origin-verify": "another"}, past), ({}, past)):
            function.expect(status, request("GET", "/api/board", **headers))
            function.expect(status, request("GET", "/api/health/ready", **headers))
            function.expect(200, request("GET", "/api/health", **headers))
