"""`corkboard` beside comment systems that people run for themselves: Isso (Python) and Waline (Node.js), each with its
SQLite, and with 1,000 messages that were posted by its own API.

For the newest messages and for a post of a text: the processor time of a request, how many are answered at 16
connections, and within what time 99 of 100; then memory and start. Each runs as its documentation has it, but without
limits to posting. All run in a network that nothing leads out of, and are asked in turn.

Waline asks a service of its makers' at every request who may sign in; here a stub answers at once.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import boards
from boards import Board, Load, bench_binary, load
from peers import ahead
from process import addresses, free_port, started
from table import Row, compared, keep
from workspace import ROOT, environment

APART = "CORKBOARD_BENCH_APART"
MESSAGES = 1_000
COST_ROUNDS, RATE_ROUNDS, STARTS = 5, 3, 5
COST_SECONDS, RATE_SECONDS = 1.5, 2
CONNECTIONS = 16
# How many bodies a load chooses from at random: Waline refuses a comment that it has already.
BODIES = 50_000
# The least share of posts that must have been new, therefore.
TAKEN = 0.95
NEWEST, POST = "newest messages", "text post"
OURS, ISSO, WALINE = "corkboard", "Isso", "Waline"
# The goals: how many times as much as the other side's ours may cost at most.
GOALS = {(POST, ISSO): 1 / 3}
WALINE_PROGRAM = ROOT / "bench/peers/waline/node_modules/@waline/vercel/vanilla.js"

ISSO_CONFIGURATION = """
[general]
dbpath = {folder}/comments.db
host = http://127.0.0.1:{port}/
latest-enabled = true
[server]
listen = http://127.0.0.1:{port}
[moderation]
enabled = false
[guard]
enabled = false
"""

# Waline makes no tables by itself: its documentation names a file with these.
WALINE_TABLES = """
CREATE TABLE wl_Comment (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, comment TEXT, insertedAt DATETIME DEFAULT (datetime('now', 'localtime')),
    ip TEXT, link TEXT, mail TEXT, nick TEXT, rid INTEGER, pid INTEGER, sticky NUMERIC, status TEXT NOT NULL, like INTEGER, ua TEXT, url TEXT,
    createdAt DATETIME DEFAULT (datetime('now', 'localtime')), updatedAt DATETIME DEFAULT (datetime('now', 'localtime')));
CREATE TABLE wl_Users (id INTEGER PRIMARY KEY AUTOINCREMENT, display_name TEXT NOT NULL, email TEXT NOT NULL, password TEXT NOT NULL, type TEXT NOT NULL,
    label TEXT, url TEXT, avatar TEXT, createdAt DATETIME DEFAULT (datetime('now', 'localtime')), updatedAt DATETIME DEFAULT (datetime('now', 'localtime')));
"""


@dataclass(frozen=True)
class System:
    """How one of the systems is started, asked and posted to."""

    command: list[str | Path]
    settings: dict[str, str]
    newest: str
    post: str
    # The body of a post with this text.
    body: Callable[[str], dict]
    # What a post is answered.
    posted: str
    # The address on which it listens; empty if the system chooses a port itself, and says which.
    site: str = ""


def systems(folder: Path, stub: str) -> dict[str, System]:
    """The systems, each with a folder of its own."""
    for name in (OURS, ISSO, WALINE):
        (folder / name).mkdir()
    isso, waline, (isso_port, waline_port) = folder / ISSO, folder / WALINE, (free_port(), free_port())
    (isso / "isso.cfg").write_text(ISSO_CONFIGURATION.format(folder=isso, port=isso_port))
    with sqlite3.connect(waline / "waline.sqlite") as database:
        database.executescript(WALINE_TABLES)
    database.close()
    ports = [word for flag in ("", "s3-", "data-api-") for word in (f"--{flag}listen", "127.0.0.1:0")]
    node = shutil.which("node")
    assert node and WALINE_PROGRAM.exists(), "Waline is missing: bench/install"
    return {
        OURS: System([bench_binary("corkboard"), *ports, "--data-dir", folder / OURS / "data"], environment(POSTS_PER_MINUTE="0"),
                     "/api/messages", "/api/messages", lambda text: {"text": text, "author": "Ada"}, "201"),
        ISSO: System([boards.PEERS / "isso", "-c", isso / "isso.cfg", "run"], environment(), "/latest?limit=20", "/new?uri=%2Fboard%2F",
                     lambda text: {"text": text, "author": "Ada", "title": "Board"}, "201", f"http://127.0.0.1:{isso_port}"),
        # With 0, Waline still refuses a post where it has one of the second after.
        WALINE: System([node, WALINE_PROGRAM, str(waline_port)],
                       environment(SQLITE_PATH=str(waline), JWT_TOKEN="bench", IPQPS="-60", AKISMET_KEY="false", OAUTH_URL=stub),
                       "/api/comment?type=recent&count=20", "/api/comment",
                       lambda text: {"comment": text, "nick": "Ada", "url": "/board/", "ua": ""}, "200", f"http://127.0.0.1:{waline_port}"),
    }


class Stub(BaseHTTPRequestHandler):
    """The service by which Waline would sign people in: it offers nothing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"services":[]}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


class Ground:
    """What `boards.load` wants to know, bodies that no two posts share, and how many posts each answered as it should."""

    def __init__(self, folder: Path):
        self.folder, self.numbers, self.posted = folder, count(), Counter()

    def bodies(self, system: System) -> Path:
        file, number = self.folder / "bodies", next(self.numbers)
        texts = (f"{number}-{n}: a message of middling length. " * 3 for n in range(BODIES))
        file.write_text("".join(json.dumps(system.body(text)) + "\n" for text in texts))
        return file


@contextmanager
def running(name: str, system: System, folder: Path) -> Iterator[tuple[Board, float]]:
    """A running system, and how many milliseconds passed from its start until the newest messages were answered."""
    log, begun = folder / f"{name}.log", time.monotonic()

    def site() -> str:
        return system.site or next(iter(addresses(log)), "")

    def is_up() -> bool:
        try:
            return bool(site() and newest(site(), system))
        except OSError:
            return False

    with started(system.command, log, is_up, env=system.settings) as process:
        took = (time.monotonic() - begun) * 1000
        yield Board(name, site(), log, process, []), took


def newest(site: str, system: System) -> bytes:
    with urllib.request.urlopen(site + system.newest, timeout=10) as answer:
        return answer.read()


def ask(ground: Ground, board: Board, system: System, what: str, *options: str, seconds: float) -> Load:
    if what == NEWEST:
        return load(ground, board, [system.newest], *options, seconds=seconds)
    body = ["-m", "POST", "-T", "application/json", "-Z", str(ground.bodies(system))]
    done = load(ground, board, [system.post], *body, *options, seconds=seconds, wanted=system.posted)
    ground.posted[board.name] += done.answered
    return done


def fill(ground: Ground, board: Board, system: System) -> None:
    """Posts the messages that are there from the beginning."""
    (ground.folder / "urls").write_text(f"{board.site}{system.post}\n")
    command = [boards.OHA, "--no-tui", "--output-format", "json", "-n", str(MESSAGES), "-c", "4", "-m", "POST", "-T", "application/json",
               "-Z", ground.bodies(system), "--urls-from-file", ground.folder / "urls"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["statusCodeDistribution"] == {system.posted: MESSAGES}, done.stdout
    ground.posted[board.name] += MESSAGES


def measured(ground: Ground, running: dict[str, tuple[Board, System]], what: str) -> list[Row]:
    costs, loads = defaultdict(list), defaultdict(list)
    for _ in range(COST_ROUNDS):
        for name, (board, system) in running.items():
            done = ask(ground, board, system, what, "-c", "1", seconds=COST_SECONDS)
            assert not done.failed, f"{name}: {done}"
            costs[name].append(done.cpu_ms)
    for _ in range(RATE_ROUNDS):
        for name, (board, system) in running.items():
            loads[name].append(ask(ground, board, system, what, "-c", str(CONNECTIONS), seconds=RATE_SECONDS))
    rows = []
    for name in (ISSO, WALINE):
        rate, p99, failed = ([[getattr(load, figure) for load in loads[side]] for side in (OURS, name)] for figure in ("rate", "p99_ms", "failed"))
        at = f"{what}, {CONNECTIONS} connections / {name}"
        rows += [compared(f"processor time: {what} / {name}", costs[OURS], costs[name], "ms", GOALS.get((what, name))),
                 ahead(f"rate: {at}", *rate, "/s", more=True, is_goal=True), ahead(f"p99: {at}", *p99, "ms", more=False, is_goal=True)]
        if any(map(any, failed)):
            rows.append(Row(f"errors: {at}", *(str(sum(side)) for side in failed), str(sum(failed[0])), "0", not sum(failed[0])))
    return rows


def memory(board: Board) -> float:
    """The most memory that a process had, with the processes that it started."""
    return sum(int(line.split()[1]) / 1024 for process in boards.processes(board.process)
               for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM:"))


def starts(found: dict[str, System], folder: Path) -> list[Row]:
    took = defaultdict(list)
    for _ in range(STARTS):
        for name, system in found.items():
            with running(name, system, folder) as (_, milliseconds):
                took[name].append(milliseconds)
    return [compared(f"start until the newest messages are answered / {name}", took[OURS], took[name], "ms") for name in (ISSO, WALINE)]


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="corkboard-comments-")))
        stub = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
        stack.callback(stub.shutdown)
        Thread(target=stub.serve_forever, daemon=True).start()
        ground, found = Ground(folder), systems(folder, f"http://127.0.0.1:{stub.server_port}/")
        with ExitStack() as boards_running:
            up = {name: (boards_running.enter_context(running(name, system, folder))[0], system) for name, system in found.items()}
            for board, system in up.values():
                fill(ground, board, system)
            rows = [row for what in (NEWEST, POST) for row in measured(ground, up, what)]
            with sqlite3.connect(folder / WALINE / "waline.sqlite") as database:
                kept, = database.execute("SELECT COUNT(*) FROM wl_Comment").fetchone()
            # Waline answers 200 where it refuses a post, too, so the posts are counted.
            assert kept >= TAKEN * ground.posted[WALINE], f"{kept} of {ground.posted[WALINE]}"
            most = {name: memory(board) for name, (board, _) in up.items()}
        rows += [compared(f"peak memory / {name}", [most[OURS]], [most[name]], "MiB") for name in (ISSO, WALINE)]
        keep("comments", [*rows, *starts(found, folder)])


def apart() -> None:
    """Runs this script again in a network namespace, where only it and what it starts are."""
    unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
    setup = ["sh", "-euc", 'ip link set lo up; exec "$@"', "sh"]
    os.execvpe(unshare[0], [*unshare, *setup, sys.executable, __file__], os.environ | {APART: "1"})


if __name__ == "__main__":
    main() if APART in os.environ else apart()
