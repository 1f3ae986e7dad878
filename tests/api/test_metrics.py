"""What the real functions count, in lines of their log that CloudWatch reads metrics from.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from corkboard import BUCKET, Corkboard, corkboard, moderator_token
from data_api import Refusal, before
from events import event, form, posted, request
from lambda_runtime import FunctionError, Lambda, running
from process import eventually
from workspace import ROOT, binary

BOARD = "corkboard-of-a-test"
SECRET = "what only CloudFront sends"
# What no metric may have, beside ids and tokens: a text, a secret, and addresses.
PRIVATE = ("planted text", SECRET, "198.51.100.", "192.0.2.")
SCHEDULE = event("scheduled-rule")
PNG = (ROOT / "tests/pictures/16-bit.png").read_bytes()


class Counted:
    """A function, and the metrics among the lines that it prints."""

    def __init__(self, function: Lambda, log: Path):
        self.function, self.log = function, log

    def lines(self) -> list[dict]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [line for line in lines if "_aws" in line]

    def sums(self) -> dict[str, int]:
        """By name, and by name and kind."""
        sums: dict[str, int] = {}
        for line in self.lines():
            name, value = counted(line)
            for key in {name, " ".join(filter(None, (name, line.get("Kind"))))}:
                sums[key] = sums.get(key, 0) + value
        return sums

    def answers(self, status: int, request: dict) -> dict:
        return self.function.expect(status, request)


def counted(line: dict) -> tuple[str, int]:
    """The name and the value of a line that is as the specification wants it, and as ours are."""
    assert set(line["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
    timestamp = line["_aws"]["Timestamp"]
    assert type(timestamp) is int and abs(timestamp - time.time() * 1000) < 600_000, "milliseconds since 1970"
    directive, = line["_aws"]["CloudWatchMetrics"]
    assert set(directive) == {"Namespace", "Dimensions", "Metrics"} and directive["Namespace"] == "Corkboard"
    assert 1 <= len(directive["Metrics"]) <= 100
    metric, = directive["Metrics"]
    assert set(metric) == {"Name", "Unit"} and metric["Unit"] == "Count"
    assert directive["Dimensions"] == [["Board"], *([["Board", "Kind"]] if metric["Name"] == "Refusals" else [])]
    for name in {name for names in directive["Dimensions"] for name in names}:
        assert type(line[name]) is str and re.fullmatch(r"[!-9;-~][!-~]{0,1023}", line[name]), name
    assert line["Board"] == BOARD
    assert type(line[metric["Name"]]) is int
    assert len(json.dumps(line)) < 256 * 1024
    return metric["Name"], line[metric["Name"]]


def through(viewer: str) -> dict[str, str]:
    """The headers of a request that comes through CloudFront."""
    return {"x-origin-verify": SECRET, "cloudfront-viewer-address": f"{viewer}:46532"}


@contextmanager
def counting(program: str, board: Corkboard, folder: Path, **settings: str) -> Iterator[Counted]:
    log = folder / "log"
    # Not even errors are filtered away together with what is counted.
    settings = {"METRICS_BOARD": BOARD, "RUST_LOG": "off"} | settings
    with running(program, board.settings(**settings), log) as function:
        yield Counted(function, log)
    assert not [word for word in PRIVATE if word in log.read_text()]


@pytest.fixture(scope="module")
def board():
    with corkboard() as board:
        yield board


def text(key: str | None = None, words: str = "planted text", **headers: str) -> dict:
    made = posted(words, **({} if key is None else {"idempotency-key": key}), **headers)
    made["requestContext"]["http"]["sourceIp"] = "192.0.2.1"
    return made


def picture(content: bytes) -> dict:
    headers, body = form(content)
    return request("POST", "/api/messages", body=body, **headers)


def delete(message: dict) -> dict:
    return request("DELETE", f"/api/messages/{message['id']}", authorization=f"Bearer {message['deleteToken']}")


def test_each_repeat_that_is_answered_counts_once(board, tmp_path):
    key, other = "the-key-of-a-repeat", "the-key-of-another"
    with counting("message-board", board, tmp_path) as counted:
        first = counted.answers(201, text(key))
        counted.answers(201, text(other))
        assert counted.sums() == {}
        for repeats in (1, 2, 3):
            assert counted.answers(201, text(key)) == first
            assert counted.sums() == {"Repeats": repeats}
        # What is answered by something else is no repeat.
        counted.answers(422, text(key, "another text"))
        counted.answers(204, delete(first))
        counted.answers(410, text(key))
        assert counted.sums() == {"Repeats": 3}


def test_each_refusal_counts_once_and_again_when_it_is_tried_again(board, tmp_path):
    with counting("message-board", board, tmp_path) as counted:
        cross = text(**{"origin": "https://evil.example"})
        damaged = picture(PNG[:-20])
        large = picture(b"\xff\xd8\xff" + bytes(4 * 1024 * 1024))
        expected: dict[str, int] = {}
        for kind, status, what in [("cross-site", 403, cross), ("picture", 415, picture(b"no picture")), ("picture", 422, damaged),
                                   ("too-large", 413, large), ("cross-site", 403, cross), ("picture", 422, damaged)]:
            counted.answers(status, what)
            for name in ("Refusals", f"Refusals {kind}"):
                expected[name] = expected.get(name, 0) + 1
            assert counted.sums() == expected
        # Mistakes are no refusals of these kinds.
        counted.answers(422, text(words="  "))
        counted.answers(400, request("GET", "/api/messages", "limit=0"))
        counted.answers(404, request("GET", "/api/nothing"))
        assert counted.sums() == expected


def test_senders_over_the_limit_or_refused_are_counted(board, tmp_path):
    token = moderator_token(board.settings()["BOARD_SECRET"])
    with counting("message-board", board, tmp_path, POSTS_PER_MINUTE="1", ORIGIN_SECRET=SECRET) as counted:
        viewer = through("198.51.100.7")
        first = counted.answers(201, text("a-key-that-is-repeated", **viewer))
        for refusals in (1, 2):
            counted.answers(429, text(**viewer))
            assert counted.sums() == {"Refusals": refusals, "Refusals posting-limit": refusals}
        counted.answers(201, text("a-key-that-is-repeated", **viewer))
        assert counted.sums() == {"Refusals": 2, "Refusals posting-limit": 2, "Repeats": 1}
        remove = request("POST", "/api/moderation/remove-sender", body=json.dumps({"messageId": first["id"]}),
                       **{"content-type": "application/json", "authorization": f"Bearer {token}"})
        assert counted.answers(200, remove) == {"removed": 1}
        counted.answers(403, text(**viewer))
        assert counted.sums() == {"Refusals": 3, "Refusals posting-limit": 2, "Refusals sender-refused": 1, "Repeats": 1}


def test_a_message_without_a_sender_counts_once(board, tmp_path):
    with counting("message-board", board, tmp_path, ORIGIN_SECRET=SECRET) as counted:
        counted.answers(201, text(**through("198.51.100.8")))
        assert counted.sums() == {}
        counted.answers(201, text("a-key-without-a-sender"))
        assert counted.sums() == {"PostsWithoutSender": 1}
        counted.answers(201, text("a-key-without-a-sender"))
        assert counted.sums() == {"PostsWithoutSender": 1, "Repeats": 1}


@contextmanager
def asleep(board: Corkboard):
    """The Data API of a database that is resuming as often as it is told to be, in `naps`."""
    naps: list[None] = []

    def refusal(*_: object) -> Refusal | None:
        if not naps:
            return None
        naps.pop()
        return 400, b'{"message":"resuming"}', "DatabaseResumingException"

    with before(board, refusal) as address:
        yield address, naps


def test_each_request_that_meets_a_resuming_database_counts_once(board, tmp_path):
    message = request("GET", "/api/messages/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    with asleep(board) as (address, naps), counting("message-board", board, tmp_path, AWS_ENDPOINT_URL_RDS_DATA=address) as counted:
        for number, (status, what, resuming) in enumerate([
            (201, text(), 2), (201, text(), 1), (503, request("GET", "/api/health/ready"), 100),
            # Several statements, some of them at the same time.
            (201, text(), 4),
        ], 1):
            naps[:] = [None] * resuming
            counted.answers(status, what)
            naps.clear()
            assert counted.sums() == {"DatabaseWakeUps": number}
            counted.answers(404, message)
            assert counted.sums() == {"DatabaseWakeUps": number}


def test_the_carrousels_listings_are_counted_with_its_writes(tmp_path):
    with corkboard(images=["bridge.png"]) as board, counting("sync-s3-bucket", board, tmp_path) as counted:
        s3 = board.s3_client()

        def is_listed() -> None:
            assert b"bridge.png" in urllib.request.urlopen(f"{board.site}/api/carrousel.json").read()

        # corkboard brings the carrousel up to date when it starts, and not again.
        eventually(is_listed)
        s3.put_object(Bucket=BUCKET, Key="carrousel/carrousel.json", Body=b"[]")
        for _ in range(2):
            counted.function.invoke(SCHEDULE)
        assert [(line["CarrouselPasses"], line["Writes"]) for line in counted.lines()] == [(2, 1), (1, 0)]
        assert counted.sums() == {"CarrouselPasses": 3}


def test_a_run_that_fails_counts_no_pass(board, tmp_path):
    with counting("sync-s3-bucket", board, tmp_path, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1") as counted:
        with pytest.raises(FunctionError):
            counted.function.invoke(SCHEDULE)
        assert counted.lines() == []


def test_without_a_name_nothing_is_counted(board, tmp_path):
    with counting("message-board", board, tmp_path, METRICS_BOARD="", ORIGIN_SECRET=SECRET) as counted:
        counted.answers(201, text())
        counted.answers(403, text(origin="https://evil.example"))
        assert counted.lines() == []


def test_a_name_that_is_none_stops_the_function_with_one_line(board):
    for program in ("message-board", "sync-s3-bucket"):
        done = subprocess.run([binary(program)], env=board.settings(METRICS_BOARD="a board"), capture_output=True, text=True)
        expected = "METRICS_BOARD is malformed: expected a stack's name: at most 128 letters, digits and hyphens\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


def test_the_first_line_of_the_log_names_the_release(board, tmp_path):
    for program in ("message-board", "sync-s3-bucket"):
        with counting(program, board, tmp_path, RUST_LOG="info", RELEASE="4f6f1c1e") as counted:
            answer = counted.function.invoke(SCHEDULE if program == "sync-s3-bucket" else request("GET", "/api/health"))
            first = json.loads(counted.log.read_text().splitlines()[0])
            assert (first["message"], first["release"], first["level"]) == ("starting", "4f6f1c1e", "INFO")
            assert "4f6f1c1e" not in json.dumps(answer)
