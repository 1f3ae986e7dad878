"""Boards under load: ours and its peers on one MariaDB and one S3 server, with the same 10,000 messages in each."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random

import boto3
from PIL import Image

from mariadb import MariaDb, mariadb
from process import PATIENCE_SECONDS, addresses, started
from s3 import MOTO, S3Server, s3_server
from workspace import ROOT, TARGET, environment

MESSAGES = 10_000
# How many older pages, of 20 messages each, are asked for in turn.
OLDER_PAGES = 200
# How many connections to the database each board has that keeps connections.
CONNECTIONS = 10
PICTURE_BYTES = 100_000
OHA, PEERS = ROOT / ".tools/oha/bin/oha", ROOT / ".tools/bench/bin"

# A row for each n from 0 on, the same for all: every other one with a picture.
NUMBERS = f"""
SET max_recursive_iterations = {MESSAGES + 1};
CREATE TEMPORARY TABLE number (n INT PRIMARY KEY);
INSERT INTO number WITH RECURSIVE counted AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {MESSAGES}) SELECT n FROM counted;
"""
AUTHOR, TEXT = "CONCAT('Ada ', n MOD 50)", "REPEAT('A message of middling length. ', 1 + n MOD 8)"
PICTURED, ALT = "n MOD 2 = 0", "IF(n MOD 2 = 0, 'a red bridge over a river', NULL)"


@dataclass
class Board:
    """A running board, of one process."""

    name: str
    site: str
    log: Path
    process: subprocess.Popen
    # The ids before which its older pages begin.
    older: list[str]


def processes(process: subprocess.Popen) -> list[int]:
    """The ids of a process and of those that it started and that still run."""
    found = [process.pid]
    for id in found:
        for children in Path(f"/proc/{id}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def cpu_seconds(process: subprocess.Popen) -> float:
    """What all threads of it and of those that it started have used so far, also threads that ended: the clocks of the
    processes, by the numbers that Linux makes of their ids.
    https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html"""
    return sum(time.clock_gettime(~id << 3 | 2) for id in processes(process))


class Ground:
    """What all boards stand on. Each has a database and a bucket of its own name in it."""

    def __init__(self, database: MariaDb, s3: S3Server):
        self.folder, self.database, self.s3_process, self.s3 = s3.log.parent, database, s3.process, s3.address
        self.client = boto3.client("s3", **self.credentials())
        self.photo = photo()

    def credentials(self) -> dict[str, str]:
        return {"endpoint_url": self.s3, "region_name": "us-east-1", "aws_access_key_id": "bench", "aws_secret_access_key": "bench"}

    def environment(self, name: str) -> dict[str, str]:
        """The settings of a board; what a developer may have set is none of them."""
        return environment(
            AWS_ENDPOINT_URL_S3=self.s3, AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1",
            AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench", AWS_EC2_METADATA_DISABLED="true",
            DATABASE_URL=self.database.url(name), MEDIA_BUCKET=f"bench-{name}", RUST_BACKTRACE="0")

    def sql(self, name: str, statements: str) -> str:
        done = self.database.run(f"USE {name}; {statements}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def statements(self) -> int:
        """How many statements the database ran until now."""
        return int(self.sql("mysql", "SHOW GLOBAL STATUS LIKE 'Questions'").split()[-1])

    def s3_requests(self) -> int:
        """How many requests moto, which logs each, answered until now."""
        return (self.folder / "s3.log").read_text(errors="replace").count(" HTTP/1.1\"")

    @contextmanager
    def _running(self, name: str, command: list, settings: dict[str, str]) -> Iterator[Board]:
        log = self.folder / f"{name}.log"
        with started(command, log, lambda: addresses(log), env=settings) as process:
            yield Board(name, addresses(log)[0], log, process, [])

    @contextmanager
    def ours(self, name: str = "ours", **settings: str) -> Iterator[Board]:
        """message-board in release over plain HTTP: one process of one thread."""
        self.client.create_bucket(Bucket=f"bench-{name}")
        settings = self.environment(name) | {
            "BOARD_SECRET": "bench " * 8, "PUBLIC_BASE_URL": "", "POSTS_PER_MINUTE": "0"} | settings
        with self._running(name, [bench_binary("serve"), "--connections", str(CONNECTIONS)], settings) as board:
            # An id's first six digits are a time before now, the four that end its time count up.
            prefix = crockford(int(time.time() * 1000) - 2 * 24 * 3_600_000)[:6]
            id = f"CONCAT('{prefix}', LPAD(HEX(n), 4, '0'), LEFT(UPPER(MD5(n)), 16))"
            self.sql(name, NUMBERS + f"""
                INSERT INTO message (id, status, author, text, picture_format, picture_width, picture_height, picture_alt)
                SELECT {id}, 'posted', {AUTHOR}, {TEXT}, IF({PICTURED}, 'jpg', NULL), IF({PICTURED}, 1600, NULL), IF({PICTURED}, 1200, NULL), {ALT} FROM number;
                ANALYZE TABLE message""")
            board.older = self._older(name)
            yield board

    @contextmanager
    def peer(self, name: str, module: str, *options: str, **settings: str) -> Iterator[Board]:
        """A board of bench/peers under uvicorn: one worker, with uvloop and httptools, which uvicorn takes where they
        are installed."""
        self.client.create_bucket(Bucket=f"bench-{name}")
        self.sql(name, NUMBERS + f"""
            CREATE TABLE message (id BIGINT AUTO_INCREMENT PRIMARY KEY, author VARCHAR(40), text VARCHAR(2000) NOT NULL,
                create_time DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
                image VARCHAR(255), image_type VARCHAR(32), width INT, height INT, alt VARCHAR(500));
            INSERT INTO message (id, author, text, create_time, image, image_type, width, height, alt)
            SELECT n + 1, {AUTHOR}, {TEXT}, NOW(3) - INTERVAL 2 DAY + INTERVAL n SECOND, IF({PICTURED}, CONCAT('images/', UUID(), '.jpg'), NULL),
                IF({PICTURED}, 'image/jpeg', NULL), IF({PICTURED}, 1600, NULL), IF({PICTURED}, 1200, NULL), {ALT} FROM number;
            ANALYZE TABLE message""")
        command = [PEERS / "uvicorn", "--app-dir", ROOT / "bench/peers", "--host", "127.0.0.1", "--port", "0", *options, f"{module}:app"]
        with self._running(name, command, self.environment(name) | {"CONNECTIONS": str(CONNECTIONS)} | settings) as board:
            board.older = self._older(name)
            yield board

    def _older(self, name: str) -> list[str]:
        apart = MESSAGES // OLDER_PAGES
        return self.sql(name, f"SELECT id FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM message) AS placed "
                              f"WHERE place > 21 AND place MOD {apart} = 0").split()


@contextmanager
def ground(*boards: str, s3: str = "moto") -> Iterator[Ground]:
    """MariaDB and an S3 server in processes of their own; all is gone with the block. The server is moto's, which does
    all as S3 does, or `bucket` of this package, which costs next to nothing."""
    command = MOTO if s3 == "moto" else [bench_binary("bucket")]
    with mariadb(*boards) as database, s3_server(command) as server:
        yield Ground(database, server)


def bench_binary(name: str) -> Path:
    """A program of this package, as `cargo build --release -p bench --bins` made it."""
    path = Path(os.environ.get("BENCH_BINARIES", TARGET / "release")) / name
    assert path.exists(), f"{path} is missing: cargo build --release -p bench --bins"
    return path


def crockford(number: int) -> str:
    """A time in milliseconds as a ULID begins with it."""
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(45, -1, -5))


def photo() -> bytes:
    """A JPEG of about 100 KB."""
    noise = Image.frombytes("RGB", (480, 360), Random(1).randbytes(480 * 360 * 3))
    for quality in range(95, 5, -1):
        file = BytesIO()
        noise.save(file, "JPEG", quality=quality)
        if file.tell() <= PICTURE_BYTES:
            return file.getvalue()
    raise AssertionError("noise that does not compress")


@dataclass(frozen=True)
class Load:
    """What came of a load."""

    answered: int
    # How many requests had no answer, or another status than was wanted.
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    # The board's processor time for each request.
    cpu_ms: float

    @property
    def rate(self) -> float:
        return self.answered / self.seconds


def load(ground: Ground, board: Board, paths: Sequence[str], *options: str, seconds: float, site: str = "", wanted: str = "200") -> Load:
    """Asks for these paths at random, from a process of its own: with `-c N` as fast as N connections are answered, with
    `-q N` N times a second, whether or not they are; what waits for its turn then counts as slow."""
    urls = ground.folder / "urls"
    urls.write_text("".join(f"{site or board.site}{path}\n" for path in paths))
    command = [OHA, "--no-tui", "--output-format", "json", "--worker-threads", "1", "--disable-compression", "--redirect", "0",
               "-z", f"{seconds}s", "--wait-ongoing-requests-after-deadline", "-t", "10s", *options, "--urls-from-file", urls]
    before = cpu_seconds(board.process)
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + PATIENCE_SECONDS)
    spent = cpu_seconds(board.process) - before
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    answered = said["statusCodeDistribution"].get(wanted, 0)
    failed = sum(said["statusCodeDistribution"].values()) + sum(said["errorDistribution"].values()) - answered
    assert answered, f"{board.name}: {done.stdout}"
    took = said["latencyPercentiles"]
    return Load(answered, failed, said["summary"]["total"], took["p50"] * 1000, took["p99"] * 1000, spent * 1000 / answered)


FIRST_PAGE = ["/api/messages"]


def older_pages(board: Board) -> list[str]:
    return [f"/api/messages?before={id}" for id in board.older]


def post(ground: Ground) -> tuple[str, ...]:
    """Options for a post with a picture of 100 KB, a new one each time."""
    boundary, body = "bench-boundary", ground.folder / "post"
    if not body.exists():
        parts = [b'name="text"\r\n\r\nA photo of the bridge', b'name="author"\r\n\r\nAda', b'name="alt"\r\n\r\na red bridge over a river',
                 b'name="picture"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + ground.photo]
        body.write_bytes(b"".join(b"--%s\r\nContent-Disposition: form-data; %s\r\n" % (boundary.encode(), part) for part in parts)
                         + b"--%s--\r\n" % boundary.encode())
    return "-m", "POST", "-T", f"multipart/form-data; boundary={boundary}", "-D", str(body)
