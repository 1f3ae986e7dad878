"""An S3 server in a process of its own, so that what it costs can be told from what others cost."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from process import addresses, started
from workspace import TOOLS

MOTO = (TOOLS / "moto_server", "--host", "127.0.0.1", "--port", "0")


@dataclass(frozen=True)
class S3Server:
    address: str
    process: subprocess.Popen
    log: Path


@contextmanager
def s3_server(command: Sequence[str | Path] = MOTO) -> Iterator[S3Server]:
    """Runs moto's server, or another one that chooses a port and says which; its folder is gone with the block."""
    with tempfile.TemporaryDirectory(prefix="corkboard-s3-") as folder:
        log = Path(folder) / "s3.log"
        with started(command, log, lambda: addresses(log), signal.SIGKILL) as process:
            yield S3Server(addresses(log)[0], process, log)
