"""The real function, killed at random moments among a hundred posts and deletes: whoever reads without a database sees
what was acknowledged, and nothing of what was acknowledged as deleted."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from corkboard import Corkboard, corkboard
from events import posted, request
from lambda_runtime import FunctionError, Lambda, running

SANDBOXES = 8
CHANGES = 100
# Nobody listens there.
NO_DATABASE = "http://127.0.0.1:9"


def settings(board: Corkboard, **more: str) -> dict[str, str]:
    return board.settings(RUST_LOG="error", **more)


def delete(message: dict) -> dict:
    return request("DELETE", f"/api/messages/{message['id']}", authorization=f"Bearer {message['deleteToken']}")


class Killed(Exception):
    """The sandbox is no more."""


def kill(function: Lambda) -> None:
    function.process.kill()
    function.answers.put((False, b'{"errorMessage": "killed"}'))


def invoke(function: Lambda, change: dict, after: float | None) -> dict | None:
    """Invokes the function, and kills it after so many seconds, whether or not it has answered. Gives its answer."""
    answer = None
    if after is not None:
        killer = threading.Timer(after, kill, (function,))
        killer.start()
    try:
        answer = function.invoke(change)
        assert answer["statusCode"] in (201, 204), answer
    except FunctionError:
        assert after is not None
    if after is not None:
        killer.join()
        function.process.wait()
    return answer


def change(board: Corkboard, requests: list[dict], moments: random.Random, longest: float) -> list[tuple[dict, dict | None]]:
    """One sandbox after the other makes these requests. Gives each with its answer, None where the sandbox was killed, which
    happens within the `longest` time, in seconds, that a change takes alone."""
    waiting, done = list(requests), []
    while waiting:
        with suppress(Killed), running("message-board", settings(board)) as function:
            function.invoke(request("GET", "/api/health"))
            while waiting:
                made, after = waiting.pop(), moments.uniform(0, longest) if moments.random() < 0.4 else None
                done.append((made, invoke(function, made, after)))
                if after is not None:
                    raise Killed
    return done


def pages(function: Lambda, limit: int) -> list[str]:
    """The ids of all messages, read page by page."""
    ids, query = [], f"limit={limit}"
    while True:
        page = function.expect(200, request("GET", "/api/messages", query))
        ids += [message["id"] for message in page["messages"]]
        if page["next"] is None:
            return ids
        query = f"limit={limit}&before={page['next']}"


def test_after_a_hundred_changes_and_many_kills_readers_see_what_was_acknowledged_without_a_database():
    seed = time.time_ns()
    print(f"seed {seed}")
    moments = random.Random(seed)
    with corkboard(POSTS_PER_MINUTE="0") as board:
        with running("message-board", settings(board)) as function:
            first, longest = [], 0.0
            for n in range(CHANGES // 2):
                begun = time.monotonic()
                first.append(function.expect(201, posted(f"first {n}")))
                longest = max(longest, time.monotonic() - begun)
        requests = [delete(message) for message in first] + [posted(f"second {n}") for n in range(CHANGES // 2)]
        moments.shuffle(requests)
        shares = [(requests[n::SANDBOXES], random.Random(moments.random())) for n in range(SANDBOXES)]
        with ThreadPoolExecutor(SANDBOXES) as pool:
            done = [each for share in pool.map(lambda share: change(board, *share, longest), shares) for each in share]
        killed = sum(answer is None for _, answer in done)
        print(f"{killed} were not answered")
        assert killed >= 10, killed
        answers = [answer for _, answer in done if answer]
        there = {json.loads(answer["body"])["id"] for answer in answers if answer["statusCode"] == 201}
        gone = {made["rawPath"].rpartition("/")[2] for made, answer in done if answer and answer["statusCode"] == 204}

        with running("message-board", settings(board, AWS_ENDPOINT_URL_RDS_DATA=NO_DATABASE)) as function:
            shown = pages(function, 7)
            assert shown == sorted(shown, reverse=True) and len(shown) == len(set(shown))
            assert there <= set(shown) and not gone & set(shown)
            assert pages(function, 50) == shown
            for status, ids in ((200, shown[:3]), (404, sorted(gone)[:3])):
                for id in ids:
                    function.expect(status, request("GET", f"/api/messages/{id}"))
            refused = function.expect(503, posted("without a database"))
            assert refused["type"] == "urn:corkboard:problem:database-unavailable"
