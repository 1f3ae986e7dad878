"""A MariaDB of its own, for what only a server with users can show."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from process import PATIENCE_SECONDS, free_port, started


@dataclass(frozen=True)
class MariaDb:
    port: int
    user: str = "root"

    def url(self, database: str) -> str:
        return f"mysql://{self.user}@127.0.0.1:{self.port}/{database}"

    def run(self, statements: str, user: str = "root", password: str = "") -> subprocess.CompletedProcess:
        """What the command-line client makes of statements."""
        command = ["mariadb", "--no-defaults", "--protocol=tcp", "--host=127.0.0.1", f"--port={self.port}", f"--user={user}", "--batch"]
        return subprocess.run([*command, "--skip-column-names", "--execute", statements], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "MYSQL_PWD": password}, timeout=PATIENCE_SECONDS)


@contextmanager
def mariadb(*databases: str) -> Iterator[MariaDb]:
    """Runs on a free port with a data directory of its own and these databases, and ends with the block."""
    with tempfile.TemporaryDirectory(prefix="corkboard-mariadb-") as folder:
        data = f"--datadir={folder}/data"
        subprocess.run(["mariadb-install-db", "--no-defaults", data, "--auth-root-authentication-method=normal", "--user=root"],
                       check=True, capture_output=True)
        server = MariaDb(free_port())
        command = ["mariadbd", "--no-defaults", data, f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--port={server.port}",
                   "--bind-address=127.0.0.1", "--skip-name-resolve", "--user=root"]
        # Killed at the end, because nobody wants its data.
        with started(command, Path(folder, "log"), lambda: server.run("SELECT 1").returncode == 0, signal.SIGKILL):
            for database in databases:
                created = server.run(f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
                assert created.returncode == 0, created.stderr
            yield server
