"""syncS3Bucket's real bootstrap over a bucket of 100,000 pictures."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.request import urlopen

import pytest

from corkboard import corkboard
from lambda_runtime import running

PICTURES = 100_000


@contextmanager
def nothing():
    """Functions that do nothing, in place of the board's own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "4")
            self.end_headers()
            self.wfile.write(b"null")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is asked of Linux")
def test_a_hundred_thousand_pictures_fit_into_64_mebibytes():
    names = [f"{n:026}.jpg" for n in range(PICTURES)]
    with nothing() as functions, corkboard("--lambda", functions, images=names) as board:
        environment = {
            "AWS_ENDPOINT_URL_S3": board.s3, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "corkboard-local",
            "MEDIA_BUCKET": "corkboard-media", "PUBLIC_BASE_URL": "https://board.example",
        }
        with running("sync-s3-bucket", environment) as function:
            # Once to write the file, once to read it.
            for _ in range(2):
                assert function.invoke({"detail-type": "Scheduled Event"}) is None
            peak = function.peak_mebibytes()
            assert 20 < peak < 64, f"{peak} MiB"
        with urlopen(f"{board.site}/carrousel/carrousel.json") as file:
            assert [each["url"].rpartition("/")[2] for each in json.load(file)] == names
