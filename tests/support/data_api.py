"""`corkboard`'s Data API with something before it that may answer in its place."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from corkboard import ACCESS_KEY, REGION, SECRET_KEY, Corkboard
from server import HttpHandler, serving

# An answer in place of the Data API's: its status, its body, and AWS's name of the error.
Refusal = tuple[int, bytes, str]


@contextmanager
def before(board: Corkboard, refusal: Callable[[str, bytes], Refusal | None]) -> Iterator[str]:
    """Asks `refusal(path, body)` of every call, and passes on what it has nothing against. Yields the address."""

    class Handler(HttpHandler):
        def do_POST(self) -> None:
            body = self.body()
            if refused := refusal(self.path, body):
                return self.say(*refused)
            onward = AWSRequest("POST", board.data_api + self.path, {"content-type": "application/json"}, body)
            SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "rds-data", REGION).add_auth(onward)
            try:
                with urllib.request.urlopen(urllib.request.Request(onward.url, body, dict(onward.headers))) as answer:
                    self.say(answer.status, answer.read())
            except urllib.error.HTTPError as error:
                self.say(error.code, error.read(), error.headers.get("x-amzn-errortype", ""))

        def say(self, status: int, body: bytes, error: str | None = None) -> None:
            self.answer(status, body, {"content-type": "application/json"} | ({} if error is None else {"x-amzn-errortype": error}))

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}"
