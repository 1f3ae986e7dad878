"""The real function, killed at random moments among a hundred posts and deletes: at rest the front page's file
is the first page of the database."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from corkboard import BUCKET, Corkboard, corkboard
from events import posted, request
from lambda_runtime import FunctionError, Lambda, running
from process import eventually

SANDBOXES = 8
CHANGES = 100
CHANGE = "board/changes/"
# A mark of 2016.
OLD_MARK = f"{CHANGE}01ARZ3NDEKTSV4RRFFQ69G5FAV"


def settings(board: Corkboard) -> dict[str, str]:
    return board.settings(RUST_LOG="error")


def delete(message: dict) -> dict:
    return request("DELETE", f"/api/messages/{message['id']}", authorization=f"Bearer {message['deleteToken']}")


def page(function: Lambda, query: str) -> dict:
    return function.expect(200, request("GET", "/api/messages", query))


class Killed(Exception):
    """The sandbox is no more."""


def kill(function: Lambda) -> None:
    function.process.kill()
    function.answers.put((False, b'{"errorMessage": "killed"}'))


def invoke(function: Lambda, change: dict, after: float | None) -> None:
    """Invokes the function, and kills it after so many seconds, whether or not it has answered."""
    if after is not None:
        killer = threading.Timer(after, kill, (function,))
        killer.start()
    try:
        status = function.invoke(change)["statusCode"]
        assert status in (201, 204, 404), status
    except FunctionError:
        assert after is not None
    if after is not None:
        killer.join()
        function.process.wait()
        raise Killed


def change(board: Corkboard, requests: list[dict], moments: random.Random) -> int:
    """One sandbox after the other does what is left of `requests`, and says how many were killed."""
    killed = 0
    while requests:
        try:
            with running("message-board", settings(board)) as function:
                function.invoke(request("GET", "/api/health"))
                while requests:
                    invoke(function, requests.pop(), moments.uniform(0, 0.2) if moments.random() < 0.4 else None)
        except Killed:
            killed += 1
    return killed


def test_after_a_hundred_changes_and_many_kills_the_file_is_right_at_rest():
    seed = time.time_ns()
    print(f"seed {seed}")
    moments = random.Random(seed)
    with corkboard(POSTS_PER_MINUTE="0") as board:
        with running("message-board", settings(board)) as function:
            messages = [json.loads(function.invoke(posted(f"first {n}"))["body"]) for n in range(CHANGES // 2)]
        requests = [delete(message) for message in messages] + [posted(f"second {n}") for n in range(CHANGES // 2)]
        moments.shuffle(requests)
        shares = [requests[n::SANDBOXES] for n in range(SANDBOXES)]
        with ThreadPoolExecutor(SANDBOXES) as pool:
            killed = sum(pool.map(lambda share: change(board, share, random.Random(moments.random())), shares))
        assert killed >= 10, killed

        s3 = board.s3_client()
        print(f"{killed} killed, {s3.list_objects_v2(Bucket=BUCKET, Prefix=CHANGE)['KeyCount']} marks left")
        # What a killed sandbox had sent may still be done, but not any more when minutes have gone by.
        eventually(lambda: assert_right_after_minutes(board, s3))


def assert_right_after_minutes(board: Corkboard, s3) -> None:
    for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=CHANGE).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    s3.put_object(Bucket=BUCKET, Key=OLD_MARK, Body=b"")
    with running("message-board", settings(board)) as function:
        shown, there = page(function, "")["messages"], page(function, "limit=50")["messages"]
    assert shown == there[:20]
    file = json.loads(s3.get_object(Bucket=BUCKET, Key="board/front-page.json")["Body"].read())
    assert [each["id"] for each in file["messages"]] == [each["id"] for each in there[:20]]
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=CHANGE)["KeyCount"] == 0
