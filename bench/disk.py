"""`corkboard` with its embedded database and its objects on a drive: how many pictures are posted a second by 1, 16 and 64
connections, how long a start takes with many objects, what a listing of many keys takes, and what memory an idle board has.

`BEFORE` may name a binary of an earlier version, which then is measured in turn with this one.
"""

import os
import sqlite3
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import urllib3

import boards
from boards import Board, bench_binary, load
from process import addresses, started
from table import Row, keep, spread
from workspace import environment

ROUNDS, SECONDS = 5, 2
STARTS, OBJECTS, MOST_MILLISECONDS = 9, 100_000, 200
LISTINGS, KEYS, MOST_OF_A_LISTING = 200, 1_000_000, 5
MOST_MEBIBYTES = 40
OURS, BEFORE = "now", "before"


@contextmanager
def running(binary: Path, data: Path, name: str) -> Iterator[tuple[Board, float]]:
    """A board on this folder, and how many milliseconds passed from its start until it was ready."""
    log = data.parent / f"{name}.log"
    ports = [word for flag in ("", "s3-", "data-api-") for word in (f"--{flag}listen", "127.0.0.1:0")]
    since = time.monotonic()
    with started([binary, *ports, "--data-dir", data], log, lambda: len(addresses(log)) >= 3, env=environment(POSTS_PER_MINUTE="0")) as process:
        took = (time.monotonic() - since) * 1000
        yield Board(name, addresses(log)[0], log, process, []), took


class Ground:
    """What `boards.load` and `boards.post` want to know of the ground that a board stands on."""

    def __init__(self, folder: Path):
        self.folder, self.photo = folder, boards.photo()


def posts(binaries: dict[str, Path], folder: Path) -> list[Row]:
    ground, rows = Ground(folder), []
    options = boards.post(ground)
    for connections in (1, 16, 64):
        found = defaultdict(list)
        for number in range(ROUNDS):
            for name, binary in binaries.items():
                data = folder / f"posts-{name}-{connections}-{number}"
                with running(binary, data, name) as (board, _):
                    done = load(ground, board, boards.FIRST_PAGE, *options, "-c", str(connections), seconds=SECONDS, wanted="201")
                    assert not done.failed, done
                    found[name].append(done.rate)
        rows.append(beside(f"posts with a picture of 100 KB, {connections} connections", found, "/s"))
    return rows


def beside(what: str, found: dict[str, Sequence[float]], unit: str) -> Row:
    ours = found[OURS]
    if BEFORE not in found:
        return Row(what, spread(ours, unit), "", f"{statistics.median(ours):.3g} {unit}", "", None)
    ratio = statistics.median(ours) / statistics.median(found[BEFORE])
    return Row(what, spread(ours, unit), spread(found[BEFORE], unit), f"{ratio:.3g}×", "≥ 1×", ratio >= 1)


def fill(data: Path, objects: int, in_files: bool) -> None:
    """Adds objects to the index of a board that was started once, each with a body of a byte or in a file of its own."""
    index = sqlite3.connect(data / "s3/index.sqlite")
    keys = [f"images/{number:08}.jpg".encode() for number in range(objects)]
    # The names are like those of the board's files: identifiers of 26 characters.
    names = [f"01ARZ3NDEK{number:016}" if in_files else None for number in range(objects)]
    with index:
        index.executemany("INSERT INTO object (key, size, e_tag, modified, attributes, file) VALUES (?, 1, ?, 1767225600, '{}', ?)",
                          ((key, "9dd4e461268c8034f5c8564e155c67a6", name) for key, name in zip(keys, names, strict=True)))
        if not in_files:
            index.executemany("INSERT INTO small_body (key, bytes) VALUES (?, x'78')", ((key,) for key in keys))
    index.close()
    if in_files:
        for name in names:
            (data / "s3/bodies" / name).write_bytes(b"x")


def starts(binary: Path, folder: Path) -> list[Row]:
    took = {"empty": [], "full": []}
    for name in took:
        with running(binary, folder / name, name):
            pass
    fill(folder / "full", OBJECTS, in_files=True)
    for _ in range(STARTS):
        for name, times in took.items():
            with running(binary, folder / name, name) as (_, milliseconds):
                times.append(milliseconds)
    median = statistics.median(took["full"])
    return [Row(f"start with {OBJECTS:,} objects, beside one with none", spread(took["full"], "ms"), spread(took["empty"], "ms"), f"{median:.3g} ms",
                f"≤ {MOST_MILLISECONDS} ms", median <= MOST_MILLISECONDS)]


def listings(binary: Path, folder: Path) -> list[Row]:
    data = folder / "keys"
    with running(binary, data, "keys"):
        pass
    fill(data, KEYS, in_files=False)
    random, times = Random(1), []
    with running(binary, data, "keys") as (board, _):
        s3 = addresses(board.log)[1]
        http = urllib3.PoolManager(retries=False)
        signer = botocore.auth.S3SigV4Auth(botocore.credentials.Credentials("local", "corkboard-local"), "s3", "us-east-1")
        for _ in range(LISTINGS):
            after = f"images/{random.randrange(KEYS - 1_001):08}.jpg"
            url = f"{s3}/corkboard-media?list-type=2&max-keys=1000&prefix=images%2F&start-after={after.replace('/', '%2F')}"
            request = botocore.awsrequest.AWSRequest("GET", url)
            signer.add_auth(request)
            since = time.monotonic()
            answer = http.request("GET", url, headers=dict(request.headers))
            times.append((time.monotonic() - since) * 1000)
            assert answer.status == 200 and answer.data.count(b"<Key>") == 1_000, answer.data[:500]
    median = statistics.median(times)
    return [Row(f"a listing of 1,000 of {KEYS:,} keys", spread(times, "ms"), "", f"{median:.3g} ms", f"≤ {MOST_OF_A_LISTING} ms",
                median <= MOST_OF_A_LISTING)]


def memory(binaries: dict[str, Path], folder: Path) -> list[Row]:
    found = defaultdict(list)
    for name, binary in binaries.items():
        with running(binary, folder / f"idle-{name}", name) as (board, _):
            status = Path(f"/proc/{board.process.pid}/status").read_text()
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
            found[name].append(int(peak.split()[1]) / 1024)
    ours = found[OURS][0]
    theirs = f"{found[BEFORE][0]:.3g} MiB" if BEFORE in found else ""
    return [Row("peak memory of an idle board", f"{ours:.3g} MiB", theirs, f"{ours:.3g} MiB", f"≤ {MOST_MEBIBYTES} MiB", ours <= MOST_MEBIBYTES)]


def main() -> None:
    binaries = {OURS: bench_binary("corkboard")}
    if before := os.environ.get("BEFORE"):
        binaries[BEFORE] = Path(before)
    with TemporaryDirectory(prefix="corkboard-disk-", dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        keep("disk", [*memory(binaries, folder), *posts(binaries, folder), *starts(binaries[OURS], folder), *listings(binaries[OURS], folder)])


if __name__ == "__main__":
    main()
