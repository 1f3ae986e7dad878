"""What an event costs syncS3Bucket with a thousand pictures, beside the Python function that it replaces: processor
time, warm, both on one S3 (moto, in a process of its own that is not counted), each with a bucket of its own.

Before each event a picture comes or goes, so that both write. Ours also speaks with the runtime API, which
the other one is spared."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, contextmanager

import boto3

from boards import cpu_seconds
from bootstraps import bootstraps
from lambda_runtime import running
from process import started
from s3 import s3_server
from table import RESULTS, Row, compared, keep
from workspace import ROOT

NAME = "sync-s3-bucket"
OURS, THEIRS = "corkboard-media", "carrousel-for-todoapp"
# The pictures, with the one that comes and goes: the function in Python sees no more than S3 lists at once.
PICTURES = 1_000
ROUNDS = 5
EVENTS = 20
KEYS = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


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
        yield function.process, function.invoke


@contextmanager
def theirs(endpoint: str):
    settings = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL_S3": endpoint} | KEYS
    command = [sys.executable, ROOT / "bench/peers/sync_s3_bucket.py"]
    with started(command, stop=signal.SIGKILL, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        def invoke(event: dict) -> None:
            process.stdin.write(json.dumps(event) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        yield process, invoke


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
        """Removes or puts the picture that the event tells of, and gives how many pictures there are then."""
        self.event["Records"][0]["s3"]["object"]["key"] = f"images/{PICTURES - 1:026}.jpg"
        if number % 2:
            self.put(PICTURES - 1)
            return PICTURES
        self.client.delete_object(Bucket=self.name, Key=f"images/{PICTURES - 1:026}.jpg")
        return PICTURES - 1

    def listed(self) -> list[dict]:
        return json.loads(self.client.get_object(Bucket=self.name, Key="carrousel/carrousel.json")["Body"].read())


def each(bucket: Bucket, process: subprocess.Popen, invoke: Callable[[dict], object]) -> float:
    """Processor time of an event, in milliseconds."""
    before = cpu_seconds(process)
    for number in range(EVENTS):
        pictures = bucket.change(number)
        invoke(bucket.event)
        assert len(bucket.listed()) == pictures
    return (cpu_seconds(process) - before) * 1000 / EVENTS


def rows() -> list[Row]:
    with ExitStack() as stack:
        endpoint = stack.enter_context(s3_server()).address
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
        sides = [(Bucket(client, OURS), *stack.enter_context(ours(endpoint))), (Bucket(client, THEIRS), *stack.enter_context(theirs(endpoint)))]
        for side in sides:
            each(*side)  # warms it
        times = [[], []]
        for _ in range(ROUNDS):
            for side, used in zip(sides, times, strict=True):
                used.append(each(*side))
        assert [each["url"] for each in sides[0][0].listed()] == [each["url"] for each in sides[1][0].listed()]
    return [compared(f"syncS3Bucket, processor time of an event, {PICTURES:,} pictures", *times, "ms", 0.1)]


if __name__ == "__main__":
    keep("carrousel", rows())
