"""`corkboard`'s Data API with something before it that may answer in its place."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from corkboard import Corkboard

LOCAL = Credentials("local", "corkboard-local")
# An answer in its place: status, body, and AWS's name of the error.
Refusal = tuple[int, bytes, str]


@contextmanager
def before(board: Corkboard, refusal: Callable[[str, bytes], Refusal | None]) -> Iterator[str]:
    """Asks `refusal(path, body)` of every call, and passes on what it has nothing against. Yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if refused := refusal(self.path, body):
                return self.answer(*refused)
            onward = AWSRequest("POST", board.data_api + self.path, {"content-type": "application/json"}, body)
            SigV4Auth(LOCAL, "rds-data", "us-east-1").add_auth(onward)
            try:
                with urllib.request.urlopen(urllib.request.Request(onward.url, body, dict(onward.headers))) as answer:
                    self.answer(answer.status, answer.read())
            except urllib.error.HTTPError as error:
                self.answer(error.code, error.read(), error.headers.get("x-amzn-errortype", ""))

        def answer(self, status: int, body: bytes, error: str | None = None) -> None:
            self.send_response(status)
            headers = {"content-length": str(len(body)), "content-type": "application/json"}
            for name, value in (headers | ({} if error is None else {"x-amzn-errortype": error})).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
