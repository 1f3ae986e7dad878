"""CloudFormation's end of a custom resource."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from server import HttpHandler, serving


@contextmanager
def cloudformation() -> Iterator[tuple[str, list[dict]]]:
    """Takes the PUT to the ResponseURL. Yields that, without a trailing slash, and what was answered."""
    answers = []

    class Handler(HttpHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.body()))
            self.answer(200)

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}", answers
