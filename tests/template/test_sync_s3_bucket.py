"""syncS3Bucket's real bootstrap over a bucket of 100,000 pictures."""

import json
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from corkboard import corkboard
from lambda_runtime import running
from server import HttpHandler, serving

PICTURES = 100_000


@contextmanager
def nothing():
    """Functions that do nothing, in place of the board's own."""

    class Handler(HttpHandler):
        def do_POST(self) -> None:
            self.body()
            self.answer(200, b"null")

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is asked of Linux")
def test_a_hundred_thousand_pictures_fit_into_64_mebibytes():
    names = [f"{n:026}.jpg" for n in range(PICTURES)]
    with nothing() as functions, corkboard("--lambda", functions, images=names) as board:
        with running("sync-s3-bucket", board.settings(PUBLIC_BASE_URL="https://board.example")) as function:
            # Once to write the file, once to read it.
            for _ in range(2):
                assert function.invoke({"detail-type": "Scheduled Event"}) is None
            peak = function.peak_mebibytes()
            assert 20 < peak < 64, f"{peak} MiB"
        with urlopen(f"{board.site}/carrousel/carrousel.json") as file:
            assert [each["url"].rpartition("/")[2] for each in json.load(file)] == names
