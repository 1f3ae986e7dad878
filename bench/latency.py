"""message-board on services as far away as those of AWS: what a request takes when every answer of the database waits
8 ms and every one of S3 25 ms, how many requests to them it takes, and how many of those follow one another. Then the
same at 200 posts a second.

The program `latency` of this package is the function, on the S3 and the Data API of `corkboard`.

`BEFORE` may name a binary of corkboard of an earlier version, which then is measured in turn with this one, by the
`latency` that stands beside it.
"""

import json
import os
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import boards
from boards import bench_binary
from process import PATIENCE_SECONDS, addresses, started
from table import Row, keep, spread
from workspace import environment

DATABASE_MILLISECONDS, S3_MILLISECONDS = 8, 25
TURNS, ROUNDS = 3, 7
ENVIRONMENTS, RATE, SECONDS = 50, 200, 10
# The environments that are asked for the first page, which no cache answers: how many, and how often each a second.
READERS, READS = 5, 5
OURS, BEFORE = "now", "before"
# How many requests to the services follow one another at most, in each case.
SEQUENCES = {
    "post with a picture": 5,
    "text post": 4,
    "text post, a sender's first of the day": 5,
    "delete with a picture": 4,
    "delete of a text": 3,
    "first page, new environment": 2,
    "first page, a second after the last": 2,
    "older page, new environment": 2,
    "older page": 2,
    "one message, new environment": 2,
    "one message": 2,
}


def run(corkboard: Path, *command: str | Path) -> dict | list:
    """What `latency` finds on an empty board. Both processes are gone afterwards."""
    far = ["--database", str(DATABASE_MILLISECONDS), "--s3", str(S3_MILLISECONDS)]
    ports = [word for flag in ("", "s3-", "data-api-") for word in (f"--{flag}listen", "127.0.0.1:0")]
    with TemporaryDirectory(prefix="corkboard-latency-") as name:
        folder = Path(name)
        log = folder / "log"
        with started([corkboard, *ports, "--data-dir", folder / "data"], log, lambda: len(addresses(log)) >= 3, env=environment()):
            _, s3, data_api = addresses(log)[:3]
            arn = "arn:aws:{}:us-east-1:000000000000:{}:corkboard"
            settings = environment(
                AWS_ENDPOINT_URL_S3=s3, AWS_ENDPOINT_URL_RDS_DATA=data_api, AWS_REGION="us-east-1",
                AWS_ACCESS_KEY_ID="local", AWS_SECRET_ACCESS_KEY="corkboard-local",
                BOARD_SECRET="bench " * 8, MEDIA_BUCKET="corkboard-media", PUBLIC_BASE_URL="",
                POSTS_PER_MINUTE="1000",
                DATABASE_CLUSTER_ARN=arn.format("rds", "cluster"), DATABASE_SECRET_ARN=arn.format("secretsmanager", "secret"),
                DATABASE_NAME="corkboard")
            done = subprocess.run([corkboard.with_name("latency"), *far, *command], env=settings, capture_output=True, text=True,
                                  timeout=3 * PATIENCE_SECONDS)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)


def one_by_one(binaries: dict[str, Path], folder: Path) -> list[Row]:
    picture = folder / "photo.jpg"
    picture.write_bytes(boards.photo())
    found: dict[str, dict[str, dict[str, list]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for _ in range(TURNS):
        for side, corkboard in binaries.items():
            for case in run(corkboard, "alone", "--rounds", str(ROUNDS), "--picture", picture):
                for figure in ("ms", "database", "s3", "sequence"):
                    found[case["name"]][side][figure] += case[figure]
    rows = []
    for name, sides in found.items():
        ours, most = statistics.median(sides[OURS]["sequence"]), SEQUENCES[name]
        rows += [beside(f"{name}, database {DATABASE_MILLISECONDS} ms and S3 {S3_MILLISECONDS} ms away", {side: them["ms"] for side, them in sides.items()}),
                 Row(f"{name}: requests to the database + S3, those in sequence", asked(sides[OURS]),
                     asked(sides[BEFORE]) if BEFORE in sides else "", f"{ours:g} in sequence", f"≤ {most}", ours <= most)]
    return rows


def asked(figures: dict[str, list]) -> str:
    database, s3, sequence = (statistics.median(figures[figure]) for figure in ("database", "s3", "sequence"))
    return f"{database:g} + {s3:g}, {sequence:g}"


def beside(what: str, found: dict[str, Sequence[float]]) -> Row:
    """A row of milliseconds: those of this code, beside those of the code before."""
    ours = statistics.median(found[OURS])
    if BEFORE not in found:
        return Row(what, spread(found[OURS], "ms"), "", f"{ours:.3g} ms", "", None)
    return Row(what, spread(found[OURS], "ms"), spread(found[BEFORE], "ms"), f"{ours / statistics.median(found[BEFORE]):.3g}×", "", None)


def at_a_rate(binaries: dict[str, Path]) -> list[Row]:
    command = ["together", "--environments", str(ENVIRONMENTS), "--rate", str(RATE), "--seconds", str(SECONDS),
               "--readers", str(READERS), "--reads", str(READS)]
    sides = {side: run(corkboard, *command) for side, corkboard in binaries.items()}
    at = f"{RATE} posts/s by {ENVIRONMENTS} environments"

    def row(what: str, of, goal: str = "", most: float | None = None) -> Row:
        figures = {side: of(found) for side, found in sides.items()}
        ours, theirs = (f"{figures[side]:.3g}" if side in figures else "" for side in (OURS, BEFORE))
        return Row(f"{at}: {what}", ours, theirs, ours, goal, None if most is None else figures[OURS] <= most)

    return [
        row("acknowledged and not listed", lambda found: found["lost"], "0", 0),
        row("posts that failed", lambda found: len(found["posts"]["failed"]), "0", 0),
        row("p50 of a post, ms", lambda found: percentile(found["posts"]["ms"], 50)),
        row("p99 of a post, ms", lambda found: percentile(found["posts"]["ms"], 99)),
        row("requests to the database for a post", lambda found: each(found["posts"], "database")),
        row("the same, a post alone: database", lambda found: each(found["alone"], "database")),
        row("requests to S3 for a post", lambda found: each(found["posts"], "s3")),
        row("the same, a post alone: S3", lambda found: each(found["alone"], "s3")),
        row("p50 of an answer of the database, ms", lambda found: percentile(found["posts"]["database"], 50)),
        row("p50 of an answer of S3, ms", lambda found: percentile(found["posts"]["s3"], 50)),
        row("p50 of the first page, ms", lambda found: percentile(found["reads"]["ms"], 50)),
        row("p99 of the first page, ms", lambda found: percentile(found["reads"]["ms"], 99)),
        row("reads that failed", lambda found: len(found["reads"]["failed"]), "0", 0),
    ]


def each(load: dict, service: str) -> float:
    return len(load[service]) / (len(load["ms"]) + len(load["failed"]))


def percentile(values: Sequence[float], which: int) -> float:
    return statistics.quantiles(values, n=100)[which - 1]


def main() -> None:
    binaries = {OURS: bench_binary("corkboard")}
    if before := os.environ.get("BEFORE"):
        binaries[BEFORE] = Path(before)
    with TemporaryDirectory(prefix="corkboard-latency-") as name:
        keep("latency", [*one_by_one(binaries, Path(name)), *at_a_rate(binaries)])


if __name__ == "__main__":
    main()
