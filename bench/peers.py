"""message-board beside boards of the same function in Python (bench/peers), on one MariaDB and one S3 server, with
10,000 messages each: what a request costs the board's process, how many are answered at 16 and at 64 connections, and how
long the first page takes at a given rate.

All boards run all the time and are asked in turn, in several rounds, so that whatever else the machine does falls on all
alike. Ours logs each request, as it does in production; of theirs, the seeds' way does, the best does not.

moto takes milliseconds of the machine for a request, on the processors that the boards want, too, and ours asks S3 more
often. So beside moto, how fast posts are is how seldom a board asks S3: those figures are shown without a goal. The goals
for posts are beside `bucket`, an S3 server that costs next to nothing.
"""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack

import boards
from boards import Board, Ground, Load, cpu_seconds, load
from table import Row, compared, keep, spread

COST_ROUNDS, COST_SECONDS = 5, 1.2
RATE_ROUNDS, RATE_SECONDS = 3, 2
OPEN_SECONDS = 15
FIRST, OLDER, POST = "first page", "older page", "post with a picture"
SEEDS, BEST, REMEMBERING = "the seeds' way", "the best", "the best with a memory"
# The goals: how many times as much as the peer's ours may cost at most.
GOALS = {SEEDS: 1 / 10, BEST: 1 / 4, REMEMBERING: 1 / 4}

Peers = dict[str, Board]


def main() -> None:
    with ExitStack() as stack:
        ground = stack.enter_context(boards.ground("ours", "seeds", "best", "remembering"))
        ours, peers = started(stack, ground)
        remembering = stack.enter_context(ground.peer("remembering", "best", "--no-access-log", REMEMBER="1"))
        warm(ground, remembering)
        with_memory = peers | {REMEMBERING: remembering}
        rows = [
            *costs(ground, FIRST, ours, with_memory),
            *costs(ground, OLDER, ours, peers),
            *rates(ground, FIRST, ours, with_memory),
            *rates(ground, OLDER, ours, peers),
            *open_loop(ground, ours, peers),
            # Posts come last, since they change what there is to read.
            *costs(ground, POST, ours, peers, beside="moto"),
            *needs(ground, ours, peers),
            *rates(ground, POST, ours, peers, beside="moto"),
        ]
    with ExitStack() as stack:
        ground = stack.enter_context(boards.ground("ours", "seeds", "best", s3="bucket"))
        ours, peers = started(stack, ground)
        rows += costs(ground, POST, ours, peers)
        rows += rates(ground, POST, ours, peers)
    keep("peers", rows)


def started(stack: ExitStack, ground: Ground) -> tuple[Board, Peers]:
    ours = stack.enter_context(ground.ours("ours"))
    peers = {SEEDS: stack.enter_context(ground.peer("seeds", "seeds")),
             BEST: stack.enter_context(ground.peer("best", "best", "--no-access-log"))}
    for board in (ours, *peers.values()):
        warm(ground, board)
    return ours, peers


def warm(ground: Ground, board: Board) -> None:
    for what in (FIRST, OLDER):
        ask(ground, board, what, "-c", "1", seconds=0.3)


def ask(ground: Ground, board: Board, what: str, *options: str, seconds: float) -> Load:
    if what == POST:
        return load(ground, board, boards.FIRST_PAGE, *boards.post(ground), *options, seconds=seconds, wanted="201")
    paths = boards.older_pages(board) if what == OLDER else boards.FIRST_PAGE
    return load(ground, board, paths, *options, seconds=seconds)


def costs(ground: Ground, what: str, ours: Board, peers: Peers, beside: str = "") -> list[Row]:
    """Processor time of the board's process for each request, by one connection: Lambda gives a process one request at
    a time. `beside` this S3 server there is no goal."""
    found = defaultdict(list)
    for _ in range(COST_ROUNDS):
        for name, board in {"ours": ours, **peers}.items():
            done = ask(ground, board, what, "-c", "1", seconds=COST_SECONDS)
            assert not done.failed, f"{name}: {done}"
            found[name].append(done.cpu_ms)
    return [compared(f"processor time: {what}{beside and f', {beside}'} / {name}", found["ours"], found[name], "ms", None if beside else GOALS[name])
            for name in peers]


def rates(ground: Ground, what: str, ours: Board, peers: Peers, beside: str = "") -> list[Row]:
    """Requests per second, and the time within which 99 of 100 are answered, when a number of connections ask as fast as
    they are answered. `beside` this S3 server there is no goal."""
    rows = []
    for connections in (16, 64):
        found: dict[str, list[Load]] = defaultdict(list)
        for _ in range(RATE_ROUNDS):
            for name, board in {"ours": ours, **peers}.items():
                found[name].append(ask(ground, board, what, "-c", str(connections), seconds=RATE_SECONDS))
        for name in peers:
            at = f"{what}, {connections} connections{beside and f', {beside}'} / {name}"
            rate, p99 = ([[getattr(load, figure) for load in found[side]] for side in ("ours", name)] for figure in ("rate", "p99_ms"))
            rows.append(ahead(f"rate: {at}", *rate, "/s", more=True, is_goal=not beside))
            rows.append(ahead(f"p99: {at}", *p99, "ms", more=False, is_goal=not beside))
            failed = [sum(load.failed for load in found[side]) for side in ("ours", name)]
            if any(failed):
                rows.append(Row(f"errors: {at}", *map(str, failed), str(failed[0]), "0", failed[0] == 0))
    return rows


def ahead(what: str, ours: Sequence[float], theirs: Sequence[float], unit: str, *, more: bool, is_goal: bool) -> Row:
    ratio = statistics.median(ours) / statistics.median(theirs)
    goal, met = ("> 1×", ratio > 1) if more else ("< 1×", ratio < 1)
    return Row(what, spread(ours, unit), spread(theirs, unit), f"{ratio:.3g}×", goal if is_goal else "", met if is_goal else None)


def open_loop(ground: Ground, ours: Board, peers: Peers) -> list[Row]:
    """The first page asked for at a rate, whether or not it is answered; what waits for its turn counts as slow."""
    rows = []
    for rate, most in ((500, 20), (2_000, None)):
        own, theirs = (ask(ground, board, FIRST, "-c", "256", "-q", str(rate), "--latency-correction", seconds=OPEN_SECONDS)
                       for board in (ours, peers[BEST]))
        at = f"{FIRST}, {rate}/s for {OPEN_SECONDS} s / {BEST}"
        rows.append(Row(f"errors: {at}", f"{own.failed} of {own.answered + own.failed}", f"{theirs.failed} of {theirs.answered + theirs.failed}",
                        str(own.failed), "0", own.failed == 0))
        rows.append(Row(f"p99: {at}", f"{own.p99_ms:.3g} ms", f"{theirs.p99_ms:.3g} ms", f"{own.p99_ms:.3g} ms",
                        f"≤ {most} ms" if most else "", own.p99_ms <= most if most else None))
    return rows


def needs(ground: Ground, ours: Board, peers: Peers) -> list[Row]:
    """What a post asks of others, while there is no other post."""
    def counted(board: Board) -> tuple[float, float, float]:
        requests, statements, busy = ground.s3_requests(), ground.statements(), cpu_seconds(ground.s3_process)
        posts = ask(ground, board, POST, "-c", "1", seconds=COST_SECONDS).answered
        # Counting the statements adds two of them: one to choose the database, and one to ask.
        return ((ground.s3_requests() - requests) / posts, (ground.statements() - statements - 2) / posts,
                (cpu_seconds(ground.s3_process) - busy) * 1000 / posts)

    own, found = counted(ours), {name: counted(board) for name, board in peers.items()}
    return [Row(f"{what}: {POST} / {name}", f"{mine:.3g}{unit}", f"{other:.3g}{unit}", f"{mine / other:.3g}×", "", None)
            for name, theirs in found.items()
            for what, unit, mine, other in zip(("requests to S3", "statements", "moto's processor time"), ("", "", " ms"), own, theirs,
                                               strict=True)]


if __name__ == "__main__":
    main()
