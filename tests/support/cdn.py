"""A CDN before a board that does something wrong."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from corkboard import Corkboard
from server import HttpHandler, serving

# A fault gets a request's method and path and its answer's status, headers and body, and makes another answer of them.
Fault = Callable[[str, str, int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@contextmanager
def with_fault(board: Corkboard, fault: Fault) -> Iterator[str]:
    """The board behind a CDN that does something wrong."""
    class Handler(HttpHandler):
        def forward(self) -> None:
            connection = http.client.HTTPConnection(board.site.removeprefix("http://"))
            connection.request(self.command, self.path, self.body(), dict(self.headers))
            answer = connection.getresponse()
            ours = ("content-length", "transfer-encoding", "connection", "date", "server")
            headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in ours}
            status, headers, content = fault(self.command, self.path, answer.status, headers, answer.read())
            connection.close()
            self.answer(status, content, headers)

        do_GET = do_POST = do_PUT = do_DELETE = forward

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}"
