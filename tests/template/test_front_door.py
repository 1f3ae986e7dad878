"""What CloudFront adds to answers is what `corkboard` adds, header by header."""

import urllib.error
import urllib.request

import pytest

from checks_front_door import behaviours, logical
from corkboard import corkboard
from mutation import drop, put
from stack import Stack, source

SAMPLES = {"*": "/", "/api/*": "/api/health", "/images/*": "/images/none.png", "/carrousel/*": "/carrousel/carrousel.json",
           "/small/*": "/small/640/none.png.webp", "/m/*": "/m/none", "/feed.atom": "/feed.atom"}
# Of which message-board says all headers itself, which CloudFront passes on.
OF_MESSAGE_BOARD = ("/api/*", "/m/*", "/feed.atom")
# All that a response headers policy can add.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
ADDED = {
    "content-security-policy", "permissions-policy", "referrer-policy", "strict-transport-security", "x-content-type-options",
    "x-frame-options", "x-xss-protection", "cross-origin-opener-policy", "cross-origin-resource-policy",
    "cross-origin-embedder-policy", "access-control-allow-origin", "server-timing",
}


def policy_headers(stack: Stack, behaviour: dict) -> dict[str, str]:
    """The headers that a behaviour's policy adds, as CloudFront writes them."""
    if "ResponseHeadersPolicyId" not in behaviour:
        return {}
    policy = stack.properties(logical(stack, behaviour["ResponseHeadersPolicyId"]))["ResponseHeadersPolicyConfig"]
    assert set(policy) <= {"Name", "SecurityHeadersConfig", "CustomHeadersConfig"}
    headers = {}
    for name, config in policy["SecurityHeadersConfig"].items():
        assert config["Override"] is True, name
        match name:
            case "ContentSecurityPolicy":
                headers["content-security-policy"] = config["ContentSecurityPolicy"]
            case "ContentTypeOptions":
                headers["x-content-type-options"] = "nosniff"
            case "FrameOptions":
                headers["x-frame-options"] = config["FrameOption"]
            case "ReferrerPolicy":
                headers["referrer-policy"] = config["ReferrerPolicy"]
            case "StrictTransportSecurity":
                directives = [f"max-age={config['AccessControlMaxAgeSec']}"]
                directives += ["includeSubDomains"] if config.get("IncludeSubdomains") else []
                headers["strict-transport-security"] = "; ".join(directives + (["preload"] if config.get("Preload") else []))
            case _:
                raise AssertionError(f"unknown header {name}")
    for item in policy.get("CustomHeadersConfig", {}).get("Items", []):
        assert item["Override"] is True
        headers[item["Header"].lower()] = item["Value"]
    return headers


@pytest.fixture(scope="module")
def answered() -> dict[str, dict[str, str]]:
    """What `corkboard` adds, by path pattern."""
    def added(url: str) -> dict[str, str]:
        try:
            answer = urllib.request.urlopen(url, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return {name.lower(): value for name, value in answer.headers.items() if name.lower() in ADDED}

    with corkboard() as board:
        answered = {pattern: added(board.site + path) for pattern, path in SAMPLES.items()}
    for pattern in OF_MESSAGE_BOARD:
        own = {"content-security-policy", "strict-transport-security", "referrer-policy", "x-content-type-options"}
        assert set(answered[pattern]) == own, pattern
    return answered | dict.fromkeys(OF_MESSAGE_BOARD, {})


def difference(stack: Stack, answered: dict) -> bool:
    return {pattern: policy_headers(stack, each) for pattern, each in behaviours(stack).items()} != answered


def test_cloudfront_adds_the_headers_that_corkboard_adds(answered):
    assert len(answered["*"]) == 6 and len(answered["/images/*"]) == 2
    stack = Stack(source())
    assert {pattern: policy_headers(stack, each) for pattern, each in behaviours(stack).items()} == answered


SITE = "Resources.SiteHeaders.Properties.ResponseHeadersPolicyConfig"
BEHAVIOURS = "Resources.Distribution.Properties.DistributionConfig.CacheBehaviors"
MUTATIONS = [
    put(f"{SITE}.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy", "default-src 'self'"),
    drop(f"{SITE}.SecurityHeadersConfig.StrictTransportSecurity"),
    put(f"{SITE}.SecurityHeadersConfig.StrictTransportSecurity.IncludeSubdomains", True),
    drop(f"{SITE}.SecurityHeadersConfig.FrameOptions"),
    drop(f"{SITE}.CustomHeadersConfig"),
    drop("Resources.MediaHeaders.Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentTypeOptions"),
    drop(f"{BEHAVIOURS}.1.ResponseHeadersPolicyId"),
    put(f"{BEHAVIOURS}.2.ResponseHeadersPolicyId", {"Ref": "SiteHeaders"}),
    drop(f"{BEHAVIOURS}.3.ResponseHeadersPolicyId"),
    put(f"{BEHAVIOURS}.0.ResponseHeadersPolicyId", {"Ref": "SiteHeaders"}),
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__[:90])
def test_a_header_that_differs_is_noticed(mutation, answered):
    broken = source()
    mutation(broken)
    assert difference(Stack(broken), answered)
