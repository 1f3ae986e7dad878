"""message-board beside boards of the same function in Python (bench/peers), on one MariaDB and one S3 server, with
10,000 messages each: what a request costs the board's process, how many are answered at 16 and at 64 connections, and how
long the first page takes at a given rate.

All boards run all the time and are asked in turn, in several rounds, so that whatever else the machine does falls on all
alike. Ours logs each request, as it does in production; of theirs, the seeds' way does, the best does not.
"""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack

import boards
from boards import Board, Ground, Load, cpu_seconds, load
from table import Row, at_most, keep, spread

COST_ROUNDS, COST_SECONDS = 5, 1.2
RATE_ROUNDS, RATE_SECONDS = 3, 2
OPEN_SECONDS = 15
FIRST, OLDER, POST = "first page", "older page", "post with a picture"
# Ours is to cost at most so many times as much.
SEEDS, BEST = 1 / 10, 1 / 4
SECOND = "the best, the page kept a second"


def main() -> None:
    with ExitStack() as stack:
        ground = stack.enter_context(boards.ground("ours", "seeds", "best", "remembering"))
        ours = stack.enter_context(ground.ours("ours"))
        seeds = stack.enter_context(ground.peer("seeds", "seeds"))
        best = stack.enter_context(ground.peer("best", "best", "--no-access-log"))
        remembering = stack.enter_context(ground.peer("remembering", "best", "--no-access-log", REMEMBER="1"))
        peers = {"the seeds' way": seeds, "the best": best}
        with_memory = peers | {SECOND: remembering}
        for board in (ours, *with_memory.values()):
            for what in (FIRST, OLDER):
                ask(ground, board, what, "-c", "1", seconds=0.3)
        # Posts come last: they change what there is to read.
        keep("peers", [
            *costs(ground, FIRST, ours, with_memory),
            *costs(ground, OLDER, ours, peers),
            *rates(ground, FIRST, ours, with_memory),
            *rates(ground, OLDER, ours, peers),
            *open_loop(ground, ours, best),
            *costs(ground, POST, ours, peers),
            *needs(ground, ours, peers),
            *rates(ground, POST, ours, peers),
        ])


def ask(ground: Ground, board: Board, what: str, *options: str, seconds: float) -> Load:
    match what:
        case "first page":
            return load(ground, board, boards.FIRST_PAGE, *options, seconds=seconds)
        case "older page":
            return load(ground, board, boards.older_pages(board), *options, seconds=seconds)
        case _:
            return load(ground, board, boards.FIRST_PAGE, *boards.post(ground), *options, seconds=seconds, wanted="201")


def costs(ground: Ground, what: str, ours: Board, peers: dict[str, Board]) -> list[Row]:
    """Processor time of the board's process for each request, by one connection: Lambda gives a process one request at
    a time."""
    found = defaultdict(list)
    for _ in range(COST_ROUNDS):
        for board in (ours, *peers.values()):
            done = ask(ground, board, what, "-c", "1", seconds=COST_SECONDS)
            assert not done.failed, f"{board.name}: {done}"
            found[board.name].append(done.cpu_ms)
    return [at_most(f"processor time of a {what}, beside {name}", found[ours.name], found[board.name], "ms", SEEDS if board.name == "seeds" else BEST)
            for name, board in peers.items()]


def rates(ground: Ground, what: str, ours: Board, peers: dict[str, Board]) -> list[Row]:
    """Requests per second and the time within which 99 of 100 are answered, when a number of connections ask as fast as
    they are answered."""
    rows = []
    for connections in (16, 64):
        found: dict[str, list[Load]] = defaultdict(list)
        for _ in range(RATE_ROUNDS):
            for board in (ours, *peers.values()):
                found[board.name].append(ask(ground, board, what, "-c", str(connections), seconds=RATE_SECONDS))
        own = found[ours.name]
        for name, board in peers.items():
            theirs = found[board.name]
            faster = statistics.median(load.rate for load in own) / statistics.median(load.rate for load in theirs)
            sooner = statistics.median(load.p99_ms for load in own) / statistics.median(load.p99_ms for load in theirs)
            at = f"{what} at {connections} connections, beside {name}"
            rows.append(Row(f"rate of {at}", spread([load.rate for load in own], "/s"), spread([load.rate for load in theirs], "/s"), f"{faster:.3g}×", "> 1×", faster > 1))
            rows.append(Row(f"p99 of {at}", spread([load.p99_ms for load in own], "ms"), spread([load.p99_ms for load in theirs], "ms"), f"{sooner:.3g}×", "< 1×", sooner < 1))
            failed = sum(load.failed for load in own), sum(load.failed for load in theirs)
            if any(failed):
                rows.append(Row(f"errors of {at}", *map(str, failed), "", "0", not failed[0]))
    return rows


def open_loop(ground: Ground, ours: Board, best: Board) -> list[Row]:
    rows = []
    for rate, limit_ms in ((500, 20), (2_000, None)):
        own, theirs = (ask(ground, board, FIRST, "-c", "256", "-q", str(rate), "--latency-correction", seconds=OPEN_SECONDS) for board in (ours, best))
        what = f"first page at {rate} requests/s for {OPEN_SECONDS} s"
        rows.append(Row(f"errors of {what}, beside the best", f"{own.failed} of {own.answered + own.failed}", f"{theirs.failed} of {theirs.answered + theirs.failed}", str(own.failed), "0", own.failed == 0))
        rows.append(Row(f"p99 of {what}, beside the best", f"{own.p99_ms:.3g} ms", f"{theirs.p99_ms:.3g} ms", f"{own.p99_ms:.3g} ms",
                        f"≤ {limit_ms} ms" if limit_ms else "", own.p99_ms <= limit_ms if limit_ms else None))
    return rows


def needs(ground: Ground, ours: Board, peers: dict[str, Board]) -> list[Row]:
    """What a post asks of others, while there is no other post."""
    def counted(board: Board) -> tuple[float, float, float]:
        s3, sql, busy = ground.s3_requests(), ground.statements(), cpu_seconds(ground.moto)
        posts = ask(ground, board, POST, "-c", "1", seconds=COST_SECONDS).answered
        # Our own look at the counter is one.
        return (ground.s3_requests() - s3) / posts, (ground.statements() - sql - 1) / posts, (cpu_seconds(ground.moto) - busy) * 1000 / posts

    own = counted(ours)
    rows = []
    for name, board in peers.items():
        theirs = counted(board)
        for what, unit, (mine, other) in zip(("requests to S3", "statements", "processor time of the S3 server"), ("", "", " ms"), zip(own, theirs)):
            rows.append(Row(f"{what} for a {POST}, beside {name}", f"{mine:.3g}{unit}", f"{other:.3g}{unit}", f"{mine / other:.3g}×", "", None))
    return rows


if __name__ == "__main__":
    main()
