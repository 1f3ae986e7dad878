"""The real function, killed at random statements among a hundred posts and deletes: whoever reads without a database sees
what was acknowledged, and nothing of what was acknowledged as deleted."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import data_api
from corkboard import Corkboard, corkboard
from events import posted, request
from lambda_runtime import FunctionError, Lambda, running

SANDBOXES = 8
CHANGES, KILLS = 100, 40
# Nobody listens there.
NO_DATABASE = "http://127.0.0.1:9"


def settings(board: Corkboard, **more: str) -> dict[str, str]:
    return board.settings(RUST_LOG="error", **more)


def delete(message: dict) -> dict:
    return request("DELETE", f"/api/messages/{message['id']}", authorization=f"Bearer {message['deleteToken']}")


class Killed(Exception):
    """The sandbox is no more."""


class Sandbox:
    """A function that is killed by a statement to the ledger which it makes: before the ledger gets it, or at once after."""

    function: Lambda

    def __init__(self):
        # How many statements are still answered, and whether the ledger gets the one after them; nothing where it lives on.
        self.end: tuple[int, bool] | None = None

    def before(self, _path: str, _statement: bytes) -> data_api.Refusal | None:
        if self.end is None:
            return None
        answered, arrives = self.end
        self.end = (answered - 1, arrives)
        if answered:
            return None
        self.function.process.kill()
        self.function.process.wait()
        self.function.answers.put((False, b'{"errorMessage": "killed"}'))
        return None if arrives else (503, b"{}", "ServiceUnavailableException")


def change(board: Corkboard, requests: list[tuple[dict, tuple[int, bool] | None]]) -> list[tuple[dict, dict | None]]:
    """One sandbox after the other makes these requests, each of which may end it. Gives each with its answer, None where it
    was killed."""
    waiting, done = list(requests), []
    while waiting:
        sandbox = Sandbox()
        with (
            suppress(Killed), data_api.before(board, sandbox.before) as ledger,
            running("message-board", settings(board, AWS_ENDPOINT_URL_RDS_DATA=ledger)) as sandbox.function,
        ):
            sandbox.function.invoke(request("GET", "/api/health"))
            while waiting:
                made, sandbox.end = waiting.pop()
                try:
                    answer = sandbox.function.invoke(made)
                except FunctionError:
                    assert sandbox.function.process.poll() is not None
                    done.append((made, None))
                    raise Killed from None
                assert answer["statusCode"] in (201, 204), answer
                done.append((made, answer))
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
    chance = random.Random(seed)
    with corkboard(POSTS_PER_MINUTE="0") as board:
        with running("message-board", settings(board)) as function:
            first = [function.expect(201, posted(f"first {n}")) for n in range(CHANGES // 2)]
        requests = [delete(message) for message in first] + [posted(f"second {n}") for n in range(CHANGES // 2)]
        ends = [(n % 2, n % 4 < 2) if n < KILLS else None for n in range(CHANGES)]
        chance.shuffle(requests)
        chance.shuffle(ends)
        changes = list(zip(requests, ends, strict=True))
        with ThreadPoolExecutor(SANDBOXES) as pool:
            done = [each for share in pool.map(lambda n: change(board, changes[n::SANDBOXES]), range(SANDBOXES)) for each in share]
        assert sum(answer is None for _, answer in done) == KILLS
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
