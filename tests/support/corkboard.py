"""A running `corkboard`: the board that CI deploys."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60
# The functions' settings and the SDK's, which a developer may have set.
SETTINGS = ("ALLOWED_ORIGINS", "AWS_", "BOARD_", "CONTACT_URL", "CORKBOARD_", "DATABASE_", "MEDIA_", "ORIGIN_", "POST", "PUBLIC_BASE_")


@dataclass(frozen=True)
class Corkboard:
    """Its addresses, without trailing slashes."""

    site: str
    s3: str
    data_api: str


def binary(name: str) -> Path:
    """A program of the workspace, as `cargo build --workspace` made it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    path = Path(os.environ.get("CORKBOARD_BINARIES", target / "debug")) / name
    assert path.exists(), f"{path} is missing: cargo build --workspace"
    return path


def eventually(check: Callable[[], None]) -> None:
    """Repeats a check until what it asserts holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


@contextmanager
def corkboard(*arguments: str, images: Iterable[str] = (), **settings: str):
    """Runs on free ports with a data directory of its own, in which are these images, and ends with the block."""
    data = tempfile.mkdtemp(prefix="corkboard-test-")
    folder = Path(data, "board/s3/corkboard-media/images")
    folder.mkdir(parents=True)
    for image in images:
        (folder / image).touch()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(SETTINGS)} | settings
    ports = ("--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0", "--data-api-listen", "127.0.0.1:0")
    log = Path(data) / "log"
    with log.open("w") as output:
        process = subprocess.Popen([binary("corkboard"), *ports, "--data-dir", f"{data}/board", *arguments],
                                   env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(addresses := re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())) < 3:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Corkboard(*addresses[:3])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)
        shutil.rmtree(data)
