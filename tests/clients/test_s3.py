"""The S3 endpoint as programs use it that know nothing of the board: boto3, s3cmd and rclone put pictures, in one
piece and in parts, list, read, copy and delete them, and the carrousel follows."""

import json
import subprocess
import urllib.request
from pathlib import Path

import boto3
import pytest
from boto3.s3.transfer import TransferConfig

from corkboard import ACCESS_KEY, BUCKET, REGION, SECRET_KEY, Corkboard, corkboard
from process import PATIENCE_SECONDS, eventually
from workspace import ROOT, environment

MIB = 1024 * 1024
# One key that has to be encoded everywhere, and one that is put in parts.
SMALL, LARGE = "images/a b+c é.jpg", "images/large.jpg"
COPY = "images/copy.jpg"


class Boto3:
    def __init__(self, board: Corkboard, _folder: Path) -> None:
        session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
        self.bucket = session.resource("s3", endpoint_url=board.s3).Bucket(BUCKET)

    def put(self, file: Path, key: str) -> None:
        parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
        self.bucket.upload_file(str(file), key, {"StorageClass": "STANDARD", "ACL": "private"}, Config=parts)

    def keys(self) -> list[str]:
        return [entry.key for entry in self.bucket.objects.filter(Prefix="images/")]

    def get(self, key: str, file: Path) -> None:
        self.bucket.download_file(key, str(file))

    def copy(self, key: str, to: str) -> None:
        self.bucket.copy({"Bucket": BUCKET, "Key": key}, to)

    def delete(self, *keys: str) -> None:
        answer = self.bucket.delete_objects(Delete={"Objects": [{"Key": key} for key in keys]})
        assert "Errors" not in answer, answer


class Program:
    """A client that is run for each thing that it does."""

    command: list[str]

    def run(self, *arguments: str) -> str:
        done = subprocess.run([*self.command, *arguments], env=environment(), capture_output=True, text=True,
                              timeout=PATIENCE_SECONDS, check=False)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout


class S3cmd(Program):
    def __init__(self, board: Corkboard, folder: Path) -> None:
        address = board.s3.removeprefix("http://")
        config = folder / "s3cfg"
        config.write_text(f"[default]\naccess_key = local\nsecret_key = corkboard-local\nuse_https = False\n"
                          f"host_base = {address}\nhost_bucket = {address}\nmultipart_chunk_size_mb = 5\nmax_retries = 1\n")
        self.command = ["s3cmd", "--config", str(config), "--no-progress"]

    def put(self, file: Path, key: str) -> None:
        self.run("put", "--storage-class=STANDARD", "--acl-private", str(file), f"s3://{BUCKET}/{key}")

    def keys(self) -> list[str]:
        lines = self.run("ls", "--recursive", f"s3://{BUCKET}/images/").splitlines()
        return [line.split(f"s3://{BUCKET}/")[1] for line in lines]

    def get(self, key: str, file: Path) -> None:
        self.run("get", f"s3://{BUCKET}/{key}", str(file))

    def copy(self, key: str, to: str) -> None:
        self.run("cp", f"s3://{BUCKET}/{key}", f"s3://{BUCKET}/{to}")

    def delete(self, *keys: str) -> None:
        self.run("del", *(f"s3://{BUCKET}/{key}" for key in keys))


class Rclone(Program):
    def __init__(self, board: Corkboard, folder: Path) -> None:
        config = folder / "rclone.conf"
        config.write_text(f"[board]\ntype = s3\nprovider = Other\naccess_key_id = local\nsecret_access_key = corkboard-local\n"
                          f"region = us-east-1\nendpoint = {board.s3}\nacl = private\nstorage_class = STANDARD\n"
                          f"chunk_size = 5M\nupload_cutoff = 5M\n")
        self.command = ["rclone", "--config", str(config), "--retries", "1", "--low-level-retries", "1"]

    def put(self, file: Path, key: str) -> None:
        self.run("copyto", str(file), f"board:{BUCKET}/{key}")

    def keys(self) -> list[str]:
        return [f"images/{name}" for name in self.run("lsf", f"board:{BUCKET}/images").splitlines()]

    def get(self, key: str, file: Path) -> None:
        self.run("copyto", f"board:{BUCKET}/{key}", str(file))

    def copy(self, key: str, to: str) -> None:
        self.run("copyto", f"board:{BUCKET}/{key}", f"board:{BUCKET}/{to}")

    def delete(self, *keys: str) -> None:
        for key in keys:
            self.run("deletefile", f"board:{BUCKET}/{key}")


@pytest.fixture(scope="module")
def board():
    with corkboard() as running:
        yield running


def shown(board: Corkboard, expected: list[str]) -> None:
    """Waits until the carrousel shows these."""
    def is_shown() -> None:
        with urllib.request.urlopen(f"{board.site}/api/carrousel.json") as answer:
            assert [entry["url"] for entry in json.load(answer)] == expected

    eventually(is_shown)


@pytest.mark.parametrize("client", [Boto3, S3cmd, Rclone])
def test_a_client_puts_lists_reads_copies_and_deletes(client, board, tmp_path):
    it = client(board, tmp_path)
    small = ROOT / "tests/pictures/small.jpg"
    large = tmp_path / "large.jpg"
    large.write_bytes(small.read_bytes() + bytes(range(256)) * (11 * MIB // 256))
    it.put(small, SMALL)
    it.put(large, LARGE)
    it.copy(SMALL, COPY)
    assert it.keys() == [SMALL, COPY, LARGE]
    for key, original in ((SMALL, small), (COPY, small), (LARGE, large)):
        read = tmp_path / "read"
        it.get(key, read)
        assert read.read_bytes() == original.read_bytes(), key
        read.unlink()
    shown(board, ["/images/a%20b%2Bc%20%C3%A9.jpg", f"/{COPY}", f"/{LARGE}"])
    it.delete(SMALL, COPY, LARGE)
    assert it.keys() == []
    shown(board, [])
