"""`make smoke` against `corkboard`, and against boards with one fault each, which it must find."""

import http.client
import re
import subprocess
from collections.abc import Callable

import pytest

from cdn import Fault, with_fault
from corkboard import corkboard
from workspace import ROOT


def smoke(url: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([ROOT / "deploy/smoke", *arguments, url], capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def board():
    with corkboard(POSTS_PER_MINUTE="0") as board:
        yield board


def test_a_board_as_it_should_be_passes_and_is_left_as_it_was(board):
    done = smoke(board.site)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok  ") == 10
    assert "ok       past-the-cdn (not tried: no --api)\n" in done.stdout
    connection = http.client.HTTPConnection(board.site.removeprefix("http://"))
    connection.request("GET", "/api/messages")
    assert b'"messages":[]' in connection.getresponse().read()


def test_the_posting_limit_is_tried_where_there_is_one():
    with corkboard(POSTS_PER_MINUTE="5") as board:
        done = smoke(board.site)
        assert "ok       posting-limit\n" in done.stdout, done.stdout
        assert done.returncode == 0


def test_a_board_that_takes_every_post_is_found_out(board):
    def fault(method, path, status, headers, body):
        return status, headers, body.replace(b'"postsPerMinute":0', b'"postsPerMinute":3')

    with with_fault(board, fault) as url:
        assert "WRONG    posting-limit: 7 messages" in smoke(url).stdout


def test_a_closed_board_is_only_read():
    with corkboard(POSTING="closed") as board:
        done = smoke(board.site)
        assert done.returncode == 0, done.stdout
        assert "skipped  message" in done.stdout and "ok       missing" in done.stdout


def test_a_monitor_asks_for_nothing_that_wakes_the_database(board):
    asked = set()

    def fault(method, path, status, headers, body):
        asked.add((method, path))
        return status, headers, body

    with with_fault(board, fault) as url:
        done = smoke(url, "--asleep")
    assert done.returncode == 0 and done.stdout.count("ok  ") == 4, done.stdout
    # Reading is S3's alone, and PUT is answered 405.
    assert {method for method, _ in asked} == {"GET", "PUT"}
    assert ("GET", "/api/messages?limit=1") in asked and ("GET", "/api/health/ready") not in asked


def test_no_board_at_all_is_one_line():
    done = smoke("http://127.0.0.1:9")
    assert done.returncode == 1 and done.stdout.startswith("WRONG") and not done.stderr


def without(name: str) -> Fault:
    return lambda method, path, status, headers, body: (status, {key: value for key, value in headers.items() if key != name}, body)


def when(condition: Callable[[str, str, int], bool], status: int, **more: str) -> Fault:
    def fault(method, path, was, headers, body):
        return (status, headers | more, b"") if condition(method, path, was) else (was, headers, body)
    return fault


def unnamed(method: str, path: str, status: int, headers: dict[str, str], body: bytes):
    return status, headers, body.replace(b'"viewers":"named"', b'"viewers":"unnamed"')


def three_bytes_at_most(method: str, path: str, status: int, headers: dict[str, str], body: bytes):
    """What a database that is not utf8mb4 leaves."""
    return status, headers, body.replace("🌉".encode(), b"?") if method == "GET" else body


def the_same_for_every_before(method: str, path: str, status: int, headers: dict[str, str], body: bytes):
    """What a cache answers whose key lacks the parameter."""
    return (status, headers, b'{"messages":[{"id":"another"}],"next":null}') if "before=" in path else (status, headers, body)


FAULTS = {
    "message: pages are one to the cache": ("message", the_same_for_every_before),
    "message: an emoji that is lost": ("message", three_bytes_at_most),
    "viewers: a CDN that does not name them": ("viewers", unnamed),
    "page: no HSTS": ("page", without("strict-transport-security")),
    "page: no CSP": ("page", without("content-security-policy")),
    "listing: no ETag": ("listing", without("etag")),
    "health: down": ("health", when(lambda _, path, __: path == "/api/health", 502)),
    "missing: forbidden instead of missing": ("missing", when(lambda _, path, status: status == 404 and "nothing" in path, 403)),
    "missing: a small picture that nobody makes": ("missing", when(lambda _, path, status: status == 404 and path.startswith("/small/"), 403)),
    "missing: the page instead of an error": ("missing", when(lambda _, path, status: status == 404 and path.startswith("/nothing"), 200)),
    "missing: an error page instead of the API's": (
        "missing", when(lambda _, path, status: status == 404 and "/api/messages" in path, 404, **{"content-type": "text/html"})),
    "message: DELETE does not reach the API": ("message", when(lambda method, _, __: method == "DELETE", 403)),
    "picture: POST is refused": ("picture", when(lambda method, _, __: method == "POST", 403)),
    "picture: not served": ("picture", when(lambda _, path, __: path.startswith("/images/0"), 403)),
    "picture: no sandbox": ("picture", without("content-security-policy")),
    "picture: no small version": ("picture", when(lambda _, path, status: path.startswith("/small/640/0") and status == 200, 404)),
    "picture: a small version by a right that CloudFront lacks": ("picture", when(lambda _, path, __: path.startswith("/small/640/0"), 403)),
    "picture: a small version that leads elsewhere": (
        "picture", when(lambda _, path, status: path.startswith("/small/640/0") and status == 200, 307, location="/")),
    "picture: any width": ("picture", when(lambda _, path, __: path.startswith("/small/641/0"), 200)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault, board):
    check, how = FAULTS[fault]
    with with_fault(board, how) as url:
        done = smoke(url)
    assert done.returncode == 1
    assert f"WRONG    {check}: " in done.stdout, done.stdout


@pytest.mark.parametrize(("status", "wrong"), [(403, None), (200, "200"), (404, "404")], ids=["as it should be", "open", "missing"])
def test_the_api_past_the_cdn_is_asked_where_it_is_known(status, wrong, board):
    def api(method, path, was, headers, body):
        assert method == "GET" and path.startswith("/small/")
        return status, headers, b""

    leave_out = [argument for name in ("message", "picture", "posting-limit") for argument in ("--without", name)]
    with with_fault(board, api) as url:
        done = smoke(board.site, *leave_out, "--api", url)
    told = re.findall("(?:WRONG|ok) +past-the-cdn.*", done.stdout)
    assert told == ["ok       past-the-cdn"] if wrong is None else told[0].startswith("WRONG    past-the-cdn: ") and f": {wrong} and not 403" in told[0]
    assert done.returncode == (0 if wrong is None else 1)


def test_a_cdn_whose_word_the_board_does_not_believe_is_found():
    """The board expects a header that nobody sends."""
    with corkboard(POSTS_PER_MINUTE="0", ORIGIN_SECRET="what only the CDN knows") as board:
        done = smoke(board.site, "--without", "picture")
        assert done.returncode == 1
        told = "viewers are unnamed: what they post has no sender, and the posting limit counts the CDN"
        assert re.findall("WRONG.*", done.stdout) == [f"WRONG    viewers: {told}"]


def test_the_authorization_header_that_a_cdn_drops_is_missed(board):
    """Every delete is then one without a token."""
    def fault(method, path, status, headers, body):
        return (401, headers, b"") if method == "DELETE" else (status, headers, body)

    with with_fault(board, fault) as url:
        assert "WRONG    message: a delete with a wrong token: 401 and not 403" in smoke(url).stdout
