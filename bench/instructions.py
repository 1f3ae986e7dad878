"""What a warm request costs message-board: instructions, counted by callgrind, which counts nearly the same however
busy the machine is (to 1 %). Compared with `bench/instructions.json`: `bench/run instructions` says what became dearer,
`WRITE=1 bench/run instructions` makes today's the ones to compare with.

`bench/instructions` hands the function events as Lambda's runtime does; S3 and the database are `corkboard`'s, in a
process of their own that is not counted, reached without TLS. So many requests and three times as many: the difference
is theirs alone. Callgrind shows programs an older processor, without instructions for SHA-256: hashes count for more
than they cost."""

import io
import json
import os
import random
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from corkboard import Corkboard, corkboard
from events import form, request
from table import Row, keep
from workspace import ROOT, TARGET

PROGRAM = TARGET / "release/examples/instructions"
BASELINE = Path(__file__).with_suffix(".json")
PATIENCE_SECONDS = 300
REQUESTS = 10
MOST = 1.05
# There are more messages than a page has, so that a page follows.
MESSAGES = 25
PICTURE_BYTES = 100_000

ids = iter(range(1, 1 << 24))


def jpeg() -> bytes:
    """A photo of that size, lying on its side and with what a camera writes into it."""
    noise = random.Random(1)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Camera", 6
    low = Image.frombytes("RGB", (40, 30), noise.randbytes(40 * 30 * 3))
    photo = low.resize((1280, 960), Image.Resampling.BICUBIC)
    pictures = []
    for quality in range(10, 96):
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=quality, exif=exif)
        pictures.append(file.getvalue())
    return min(pictures, key=lambda picture: abs(len(picture) - PICTURE_BYTES))


def from_elsewhere(made: dict) -> dict:
    """The request from an address that no other request has."""
    number = next(ids)
    made["requestContext"]["http"]["sourceIp"] = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    return made


def post(picture: bytes) -> dict:
    headers, body = form(picture, text="hello " * 20, author="Ada", alt="a red bridge")
    return from_elsewhere(request("POST", "/api/messages", body=body, content_length=str(len(body)), sec_fetch_site="same-origin",
                                  idempotency_key=f"benchmark-{next(ids):012}", **headers))


class Function:
    """message-board on a board's services."""

    def __init__(self, board: Corkboard, folder: Path):
        self.folder = folder
        self.environment = board.settings(PATH=os.environ["PATH"], RUST_BACKTRACE="0", RUST_LOG="info", PUBLIC_BASE_URL="https://board.example")
        # The posting limit is the default, as it is deployed.
        del self.environment["POSTS_PER_MINUTE"]

    def answers(self, events: list[dict], seconds: int, *under: str | Path) -> None:
        for number, each in enumerate(events):
            (self.folder / f"{number}.json").write_text(json.dumps(each))
        command = [*under, PROGRAM, self.folder, str(len(events)), str(seconds)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        assert done.returncode == 0, done.stderr

    def instructions(self, events: list[dict], seconds: int) -> int:
        counted = self.folder / "callgrind"
        self.answers(events, seconds, "valgrind", "--tool=callgrind", f"--callgrind-out-file={counted}")
        return next(int(line.split()[1]) for line in counted.read_text().splitlines() if line.startswith(("summary:", "totals:")))

    def each(self, events: list[dict], seconds: int) -> float:
        few, many = events[:REQUESTS], events[REQUESTS:]
        return (self.instructions(many, seconds) - self.instructions(few, seconds)) / (len(many) - len(few))


@contextmanager
def functions():
    with corkboard() as board, tempfile.TemporaryDirectory() as folder:
        yield Function(board, Path(folder))


def compiler() -> str:
    return subprocess.run(["rustc", "--version"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def measured() -> dict[str, float]:
    picture = jpeg()
    assert abs(len(picture) - PICTURE_BYTES) < PICTURE_BYTES / 20, len(picture)

    def posts(count: int) -> list[dict]:
        return [post(picture) for _ in range(count)]

    def reads(query: str = "") -> list[dict]:
        return [from_elsewhere(request("GET", "/api/messages", query)) for _ in range(4 * REQUESTS)]

    with functions() as function:
        function.answers(posts(MESSAGES), 0)
        return {
            "GET /api/messages, listed anew": function.each(reads(), 1),
            "GET /api/messages, remembered": function.each(reads(), 0),
            "GET /api/messages?limit=21, a page that is not kept": function.each(reads("limit=21"), 0),
            f"POST /api/messages, a JPEG of {len(picture) / 1000:.0f} KB": function.each(posts(4 * REQUESTS), 0),
        }


def row(what: str, now: float, before: float | None) -> Row:
    """The row of a request: what it costs, beside what it cost when the baseline was kept."""
    ours = f"{now / 1000:.1f} thousand"
    if before is None:
        return Row(f"instructions: {what}", ours, "", "not known before", "", None)
    ratio = now / before
    return Row(f"instructions: {what}", ours, f"{before / 1000:.1f} thousand", f"{ratio:.3f}×", f"≤ {MOST}×", ratio <= MOST)


def main() -> None:
    assert shutil.which("valgrind"), "valgrind is missing: apt-get install valgrind"
    subprocess.run(["cargo", "build", "--workspace"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--release", "--package", "instructions", "--example", "instructions"], cwd=ROOT, check=True)
    now = {what: round(count) for what, count in measured().items()}
    if os.environ.get("WRITE"):
        BASELINE.write_text(json.dumps({"compiler": compiler(), "instructions": now}, indent=1) + "\n")
    before = json.loads(BASELINE.read_text())
    if before["compiler"] != compiler():
        print(f"what is compared with was built by {before['compiler']}")
    keep("instructions", [row(what, count, before["instructions"].get(what)) for what, count in now.items()])


main()
