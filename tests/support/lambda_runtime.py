"""Lambda around a function's real bootstrap: its runtime API, with the environment and the role's credentials
that the template gives.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import re
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

from corkboard import PATIENCE_SECONDS, binary


class FunctionError(Exception):
    """What the function answered was an error."""


class Lambda:
    """A running function. `invoke` hands it an event and gives its answer back."""

    process: subprocess.Popen

    def __init__(self):
        self.events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[tuple[bool, bytes]] = queue.Queue()

    def peak_mebibytes(self) -> float:
        """The most memory that its process ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def invoke(self, event: object):
        self.events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        succeeded, answer = self.answers.get(timeout=PATIENCE_SECONDS)
        if not succeeded:
            raise FunctionError(json.loads(answer).get("errorMessage"))
        return json.loads(answer) if answer else None


def handler(function: Lambda):
    class RuntimeApi(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request, event = function.events.get()
            self.answer(200, event, {
                "Lambda-Runtime-Aws-Request-Id": request,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + PATIENCE_SECONDS) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:corkboard",
                "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            })

        def do_POST(self) -> None:
            body = self.body()
            self.answer(202, b"")
            function.answers.put((self.path.endswith("/response"), body))

        def body(self) -> bytes:
            if self.headers.get("transfer-encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("content-length", 0)))
            chunks = []
            while length := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(length))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            try:
                self.send_response(status)
                for name, value in ({"content-length": str(len(body)), "content-type": "application/json"} | (headers or {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # the function has ended

        def log_message(self, *_: object) -> None:
            pass

    return RuntimeApi


@contextmanager
def running(program: str, environment: dict[str, str], log: IO | None = None):
    """A bootstrap of the workspace, told what Lambda tells it and `environment`; what it prints goes to `log`."""
    function = Lambda()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(function))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lambdas = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}", "AWS_LAMBDA_FUNCTION_NAME": program,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_REGION": "eu-central-1",
    }
    process = subprocess.Popen([binary(program)], env={"PATH": os.environ["PATH"]} | lambdas | environment, stdout=log)
    function.process = process
    try:
        yield function
        assert process.poll() is None, f"{program} ended by itself"
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()
