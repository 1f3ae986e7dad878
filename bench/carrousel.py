"""What an event costs syncS3Bucket with a thousand pictures, beside the Python function that it replaces: processor
time, warm, both on one S3 (moto, in a process of its own that is not counted), each with a bucket of its own.

Before each event a picture comes or goes, so that both list and write. Ours also speaks with the runtime API, which
the other one is spared."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3

from bootstraps import bootstraps
from corkboard import PATIENCE_SECONDS
from lambda_runtime import running
from table import RESULTS, ROOT, Row, at_most, keep

NAME = "sync-s3-bucket"
OURS, THEIRS = "corkboard-media", "carrousel-for-todoapp"
# With the one that comes and goes; theirs looks at no more than S3 lists at once.
PICTURES = 1_000
ROUNDS = 5
EVENTS = 20
KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


def processor_milliseconds(process: int) -> float:
    """What a process has used so far, with threads that ended: its clock, by the number that Linux makes of its id.
    https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html"""
    return time.clock_gettime(~process << 3 | 2) * 1e3


@contextmanager
def s3():
    """A moto of its own, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "moto does not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@contextmanager
def ours(endpoint: str):
    """The bootstrap: its process, and what hands it an event."""
    programs = RESULTS / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    (programs / NAME).unlink(missing_ok=True)
    (programs / NAME).symlink_to(bootstraps(ROOT / "functions" / NAME) / NAME / "bootstrap")
    os.environ["CORKBOARD_BINARIES"] = str(programs)
    settings = {"AWS_ENDPOINT_URL_S3": endpoint, "MEDIA_BUCKET": OURS, "PUBLIC_BASE_URL": f"https://{THEIRS}.s3.amazonaws.com", "RUST_LOG": "warn"}
    with running(NAME, KEYS | settings) as function:
        yield function.process.pid, function.invoke


@contextmanager
def theirs(endpoint: str):
    environment = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_S3": endpoint} | KEYS
    process = subprocess.Popen([sys.executable, ROOT / "bench/peers/sync_s3_bucket.py"], env=environment, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)

    def invoke(event: dict) -> None:
        process.stdin.write(json.dumps(event) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"

    try:
        yield process.pid, invoke
    finally:
        process.kill()
        process.wait()


class Bucket:
    def __init__(self, client, name: str):
        self.client, self.name = client, name
        self.event = json.loads((ROOT / "events/s3-object-created-put.json").read_text())
        self.event["Records"][0]["s3"]["bucket"]["name"] = name
        client.create_bucket(Bucket=name)
        for number in range(PICTURES):
            self.put(number)

    def put(self, number: int) -> None:
        self.client.put_object(Bucket=self.name, Key=f"images/{number:026}.jpg", Body=b"pixels")

    def change(self, number: int) -> int:
        """A picture goes or comes; how many there are then."""
        if number % 2:
            self.put(PICTURES - 1)
            return PICTURES
        self.client.delete_object(Bucket=self.name, Key=f"images/{PICTURES - 1:026}.jpg")
        return PICTURES - 1

    def listed(self) -> list[dict]:
        return json.loads(self.client.get_object(Bucket=self.name, Key="carrousel/carrousel.json")["Body"].read())


def each(bucket: Bucket, process: int, invoke: Callable[[dict], object]) -> float:
    """Processor time of an event, in milliseconds."""
    before = processor_milliseconds(process)
    for number in range(EVENTS):
        pictures = bucket.change(number)
        invoke(bucket.event)
        assert len(bucket.listed()) == pictures
    return (processor_milliseconds(process) - before) / EVENTS


def rows() -> list[Row]:
    with ExitStack() as stack:
        endpoint = stack.enter_context(s3())
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
        sides = [(Bucket(client, OURS), *stack.enter_context(ours(endpoint))), (Bucket(client, THEIRS), *stack.enter_context(theirs(endpoint)))]
        for side in sides:
            each(*side)  # warms it
        times = [[], []]
        for _ in range(ROUNDS):
            for side, used in zip(sides, times):
                used.append(each(*side))
        assert [each["url"] for each in sides[0][0].listed()] == [each["url"] for each in sides[1][0].listed()]
    return [at_most(f"syncS3Bucket, processor time of an event, {PICTURES:,} pictures", *times, "ms", 0.1)]


if __name__ == "__main__":
    keep("carrousel", rows())
