"""The real function, killed at random moments among a hundred posts and deletes: at rest the front page's file
is the first page of the database."""

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3

from corkboard import ROOT, Corkboard, corkboard, eventually
from lambda_runtime import FunctionError, Lambda, running

SANDBOXES = 8
CHANGES = 100
BUCKET, CHANGE = "corkboard-media", "board/changes/"
# A mark of 2016.
OLD_MARK = f"{CHANGE}01ARZ3NDEKTSV4RRFFQ69G5FAV"


def environment(board: Corkboard) -> dict[str, str]:
    return {
        "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "corkboard-local",
        "AWS_ENDPOINT_URL_S3": board.s3, "AWS_ENDPOINT_URL_RDS_DATA": board.data_api, "MEDIA_BUCKET": BUCKET,
        "DATABASE_CLUSTER_ARN": "arn:aws:rds:us-east-1:000000000000:cluster:corkboard",
        "DATABASE_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:000000000000:secret:corkboard", "DATABASE_NAME": "corkboard",
        "PUBLIC_BASE_URL": "", "BOARD_SECRET": "the secret of a board that is killed", "POSTS_PER_MINUTE": "0", "RUST_LOG": "error",
    }


def event(method: str, path: str, query: str = "", body: str | None = None, **headers: str) -> dict:
    made = json.loads((ROOT / "events/api-get-messages.json").read_text())
    made |= {"rawPath": path, "rawQueryString": query}
    made.pop("queryStringParameters")
    made["headers"] |= headers
    made["requestContext"]["http"] |= {"method": method, "path": path}
    return made if body is None else made | {"body": body, "isBase64Encoded": False}


def post(text: str) -> dict:
    return event("POST", "/api/messages", body=json.dumps({"text": text}), **{"content-type": "application/json"})


def delete(message: dict) -> dict:
    return event("DELETE", f"/api/messages/{message['id']}", authorization=f"Bearer {message['deleteToken']}")


def page(function: Lambda, query: str) -> dict:
    answer = function.invoke(event("GET", "/api/messages", query))
    assert answer["statusCode"] == 200, answer
    return json.loads(answer["body"])


class Killed(Exception):
    """The sandbox is no more."""


def kill(function: Lambda) -> None:
    function.process.kill()
    function.answers.put((False, b'{"errorMessage": "killed"}'))


def invoke(function: Lambda, request: dict, after: float | None) -> None:
    """Invokes the function, and kills it after so many seconds, whether or not it has answered."""
    if after is not None:
        killer = threading.Timer(after, kill, (function,))
        killer.start()
    try:
        status = function.invoke(request)["statusCode"]
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
            with running("message-board", environment(board)) as function:
                function.invoke(event("GET", "/api/health"))
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
        with running("message-board", environment(board)) as function:
            messages = [json.loads(function.invoke(post(f"first {n}"))["body"]) for n in range(CHANGES // 2)]
        requests = [delete(message) for message in messages] + [post(f"second {n}") for n in range(CHANGES // 2)]
        moments.shuffle(requests)
        shares = [requests[n::SANDBOXES] for n in range(SANDBOXES)]
        with ThreadPoolExecutor(SANDBOXES) as pool:
            killed = sum(pool.map(lambda share: change(board, share, random.Random(moments.random())), shares))
        assert killed >= 10, killed

        s3 = boto3.client("s3", endpoint_url=board.s3, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="corkboard-local")
        print(f"{killed} killed, {s3.list_objects_v2(Bucket=BUCKET, Prefix=CHANGE)['KeyCount']} marks left")
        # What a killed sandbox had sent may still be done, but not any more when minutes have gone by.
        eventually(lambda: assert_right_after_minutes(board, s3))


def assert_right_after_minutes(board: Corkboard, s3) -> None:
    for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=CHANGE).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    s3.put_object(Bucket=BUCKET, Key=OLD_MARK, Body=b"")
    with running("message-board", environment(board)) as function:
        shown, there = page(function, "")["messages"], page(function, "limit=50")["messages"]
    assert shown == there[:20]
    file = json.loads(s3.get_object(Bucket=BUCKET, Key="board/front-page.json")["Body"].read())
    assert [each["id"] for each in file["messages"]] == [each["id"] for each in there[:20]]
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=CHANGE)["KeyCount"] == 0
