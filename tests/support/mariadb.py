"""A MariaDB of its own, for what only a server with users can show."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass

from corkboard import PATIENCE_SECONDS


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
def mariadb(*databases: str):
    """Runs on a free port with a data directory of its own and these databases, and ends with the block."""
    data = tempfile.mkdtemp(prefix="corkboard-mariadb-")
    subprocess.run(["mariadb-install-db", "--no-defaults", f"--datadir={data}/data", "--auth-root-authentication-method=normal", "--user=root"],
                   check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(["mariadbd", "--no-defaults", f"--datadir={data}/data", f"--socket={data}/socket", f"--pid-file={data}/pid",
                                f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--user=root"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = MariaDb(port)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while server.run("SELECT 1").returncode:
            assert process.poll() is None and time.monotonic() < deadline, "MariaDB does not start"
            time.sleep(0.05)
        for database in databases:
            assert server.run(f"CREATE DATABASE {database} CHARACTER SET utf8mb4").returncode == 0
        yield server
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(data)
