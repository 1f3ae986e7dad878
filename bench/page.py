"""What the page costs a viewer who scrolls to its end, carrousel included: 60 messages, 35 of them with a photo as the page
sends it, all small versions made. Chromium counts the bytes as they come."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from functools import partial

from corkboard import Corkboard, corkboard
from photos import jpeg, photos, where_from
from process import eventually
from table import Row, keep
from workspace import ROOT

MESSAGES, PHOTOS = 60, 35
#: Width, height, DPR, and the most megabytes.
VIEWS = [(390, 844, 3, 2.6), (1440, 900, 1, 1.6)]
BOUNDARY = "a-boundary-of-bench"


def post(board: Corkboard, text: str, picture: bytes | None) -> dict:
    parts = [f'Content-Disposition: form-data; name="text"\r\n\r\n{text}'.encode()]
    if picture:
        parts.append(b'Content-Disposition: form-data; name="picture"; filename="p.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + picture)
    body = b"".join(f"--{BOUNDARY}\r\n".encode() + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
    request = urllib.request.Request(f"{board.site}/api/messages", body, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def fill(board: Corkboard, messages: int, pictures: list[bytes]) -> None:
    """Posts the messages, with the photos evenly among them, and waits until their small versions are made."""
    for number in range(messages):
        before, after = (at * len(pictures) // messages for at in (number, number + 1))
        text = f"Message {number}: the tide was out, and the boats lay on their sides in the sun."
        answer = post(board, text, pictures[before] if after > before else None)
        for small in (answer.get("picture") or {}).get("small", []):
            eventually(partial(is_made, board.site + small["url"]))


def is_made(url: str) -> None:
    """Asserts that a small version is made: on a busy machine the board may answer that it had no time for it."""
    try:
        with urllib.request.urlopen(url, timeout=60) as made:
            assert made.headers["content-type"] == "image/webp", made.geturl()
    except urllib.error.HTTPError as error:
        raise AssertionError(error) from error


def seen(board: Corkboard, width: int, height: int, ratio: int) -> dict:
    done = subprocess.run(["node", ROOT / "bench/page.mjs", board.site, str(width), str(height), str(ratio)], stdout=subprocess.PIPE, check=True, timeout=300)
    return json.loads(done.stdout)


def main() -> None:
    pictures = [jpeg(photo) for photo in photos(PHOTOS)]
    size = sum(map(len, pictures)) / 1e6
    rows = []
    with corkboard(POSTS_PER_MINUTE="0") as board:
        fill(board, MESSAGES, pictures)
        for width, height, ratio, most in VIEWS:
            view = seen(board, width, height, ratio)
            assert (view["messages"], view["pictures"], view["broken"]) == (MESSAGES, PHOTOS, 0), view
            print(view["widths"], f"first view {view['firstView'] / 1e6:.2f} MB", file=sys.stderr)
            megabytes = view["bytes"] / 1e6
            what = f"page of {MESSAGES} messages, {PHOTOS} {where_from()}, {width} px, DPR {ratio}"
            rows.append(Row(what, f"{megabytes:.2f} MB", f"{size:.1f} MB: the photos as sent", f"{megabytes:.2f} MB", f"≤ {most:g} MB", megabytes <= most))
    keep("page", rows)


if __name__ == "__main__":
    main()
