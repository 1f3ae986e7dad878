"""A running `corkboard`: the board that CI deploys."""

import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3

from process import addresses, started
from workspace import binary, environment

ACCESS_KEY, SECRET_KEY, REGION = "local", "corkboard-local", "us-east-1"
BUCKET = "corkboard-media"


@dataclass(frozen=True)
class Corkboard:
    """A running board: its addresses, without trailing slashes."""

    site: str
    s3: str
    data_api: str

    def s3_client(self):
        return boto3.client("s3", endpoint_url=self.s3, region_name=REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)

    def settings(self, **more: str) -> dict[str, str]:
        """What a function must be told to work on this board's bucket and database."""
        return {
            "AWS_ENDPOINT_URL_S3": self.s3, "AWS_ENDPOINT_URL_RDS_DATA": self.data_api, "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "MEDIA_BUCKET": BUCKET, "PUBLIC_BASE_URL": "",
            "BOARD_SECRET": "the secret of a function that a test runs", "POSTS_PER_MINUTE": "0", "DATABASE_NAME": "corkboard",
            "DATABASE_CLUSTER_ARN": f"arn:aws:rds:{REGION}:000000000000:cluster:corkboard",
            "DATABASE_SECRET_ARN": f"arn:aws:secretsmanager:{REGION}:000000000000:secret:corkboard",
        } | more


@contextmanager
def corkboard(*arguments: str, images: Iterable[str] = (), **settings: str) -> Iterator[Corkboard]:
    """Runs on free ports with a data directory of its own, in which are these images, and ends with the block."""
    with tempfile.TemporaryDirectory(prefix="corkboard-test-") as folder:
        data, log = Path(folder, "board"), Path(folder, "log")
        (data / "s3/corkboard-media/images").mkdir(parents=True)
        for image in images:
            # The file has bytes, since an object without any is no picture.
            (data / "s3/corkboard-media/images" / image).write_bytes(b"picture")
        ports = [word for name in ("", "s3-", "data-api-") for word in (f"--{name}listen", "127.0.0.1:0")]
        command = [binary("corkboard"), *ports, "--data-dir", data, *arguments]
        with started(command, log, lambda: len(addresses(log)) >= 3, signal.SIGINT, env=environment(**settings)):
            yield Corkboard(*addresses(log)[:3])


def moderator_token(secret: str) -> str:
    """What moderators of a board with this secret sign in with."""
    done = subprocess.run([binary("corkboard"), "moderator-token"], env=environment(BOARD_SECRET=secret), capture_output=True, text=True, check=True)
    return done.stdout.strip()
