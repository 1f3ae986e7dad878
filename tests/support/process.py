"""Programs that run beside a test, and waiting for them."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# The time is generous: a machine with all cores busy is slow, not broken.
PATIENCE_SECONDS = 60


def eventually(check: Callable[[], None], every: float = 0.05) -> None:
    """Repeats a check, with pauses of `every` seconds, until what it asserts holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(every)


@contextmanager
def started(command: Sequence[str | Path], log: Path | None = None, ready: Callable[[], object] = lambda: True,
            stop: signal.Signals = signal.SIGTERM, **options) -> Iterator[subprocess.Popen]:
    """Runs a program from the moment that it is ready until the block ends, when it and what it started are stopped by this
    signal. What it prints goes to the log."""
    if log:
        with log.open("w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options)
    else:
        process = subprocess.Popen(command, start_new_session=True, **options)

    def printed() -> str:
        return f"{command[0]}:\n{log.read_text(errors='replace') if log else ''}"

    try:
        told, deadline = 0, time.monotonic() + PATIENCE_SECONDS
        while not ready():
            assert process.poll() is None, f"did not start: {printed()}"
            # A program that logs something has as much time again.
            if log and log.stat().st_size > told:
                told, deadline = log.stat().st_size, time.monotonic() + PATIENCE_SECONDS
            assert time.monotonic() < deadline, f"is not ready after {PATIENCE_SECONDS} s: {printed()}"
            time.sleep(0.02)
        yield process
        assert process.poll() is None, f"ended by itself: {printed()}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, stop)
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise


def addresses(log: Path) -> list[str]:
    """Where a program says that it listens."""
    return re.findall(r"http://127\.0\.0\.1:\d+", log.read_text())


def free_port() -> int:
    """A free port, for a program that cannot choose one itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
