"""Lambda around a function's real bootstrap: its runtime API, with the environment and the role's credentials
that the template gives.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import os
import queue
import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from process import PATIENCE_SECONDS, started
from server import HttpHandler, serving
from workspace import binary


class FunctionError(Exception):
    """What the function answered was an error."""


class Lambda:
    """A running function. `invoke` hands it an event and gives its answer back."""

    process: subprocess.Popen

    def __init__(self):
        self.events: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.answers: queue.Queue[tuple[bool, bytes]] = queue.Queue()

    def peak_mebibytes(self) -> float:
        """The most memory that the function's process ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def invoke(self, event: object):
        self.events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        succeeded, answer = self.answers.get(timeout=PATIENCE_SECONDS)
        if not succeeded:
            raise FunctionError(json.loads(answer).get("errorMessage"))
        return json.loads(answer) if answer else None

    def expect(self, status: int, request: dict) -> dict:
        """Hands the function a request, which must be answered by this status, and gives what the answer says."""
        answer = self.invoke(request)
        assert answer["statusCode"] == status, answer
        return json.loads(answer["body"]) if answer.get("body") else {}


def handler(function: Lambda) -> type[HttpHandler]:
    class RuntimeApi(HttpHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            request, event = function.events.get()
            self.answer(200, event, {
                "content-type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": request,
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + PATIENCE_SECONDS) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:corkboard",
                "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            })

        def do_POST(self) -> None:
            body = self.body()
            self.answer(202)
            function.answers.put((self.path.endswith("/response"), body))

    return RuntimeApi


@contextmanager
def running(program: str, environment: dict[str, str], log: Path | None = None) -> Iterator[Lambda]:
    """A bootstrap of the workspace, told what Lambda tells it and `environment`; what it prints goes to `log`."""
    function = Lambda()
    with serving(handler(function)) as port:
        lambdas = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "AWS_LAMBDA_FUNCTION_NAME": program,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_REGION": "eu-central-1",
        }
        settings = {"PATH": os.environ["PATH"]} | lambdas | environment
        with started([binary(program)], log, stop=signal.SIGKILL, env=settings) as function.process:
            yield function
