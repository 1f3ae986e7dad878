"""Many viewers before a cache: nginx in place of CloudFront, going by what our answers say in `Cache-Control`, and
message-board behind it. How much of a load reaches the board, and how soon a post is seen through the cache.
"""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import boards
from boards import Board, Ground, load
from process import eventually, free_port, started
from table import Row, keep, spread
from workspace import server

RATE, SECONDS = 2_000, 15
POSTS = 6
PICTURES = 200
MOST_A_SECOND, SEEN_SECONDS = 2, 2
URLS = ["/api/messages", "/api/carrousel.json"]

# CloudFront lets one request through for those that come together, and asks with `If-None-Match` for what it has.
# For an object that nginx has, it does the first only with `updating`.
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    proxy_cache_path {folder}/cache keys_zone=edge:1m;
    upstream board {{ server {board}; keepalive 16; }}
    server {{
        listen 127.0.0.1:{port};
        location /api/ {{
            proxy_pass http://board;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache edge;
            proxy_cache_lock on;
            proxy_cache_revalidate on;
            proxy_cache_use_stale updating;
        }}
    }}
}}
"""


@contextmanager
def edge(ground: Ground, board: Board) -> Iterator[str]:
    """Runs nginx with a configuration and a folder of its own, and gives its address."""
    folder = ground.folder / "nginx"
    folder.mkdir()
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, board=board.site.removeprefix("http://"), port=port))
    site = f"http://127.0.0.1:{port}"
    with started([server("nginx"), "-p", folder, "-e", "stderr", "-c", configuration], ground.folder / "nginx.log", lambda: is_up(site)):
        yield site


def is_up(site: str) -> bool:
    try:
        return bool(get(f"{site}/api/health"))
    except OSError:
        return False


def get(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def post(board: Board, text: str) -> str:
    request = urllib.request.Request(f"{board.site}/api/messages", json.dumps({"text": text}).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["id"]


def seen_after(board: Board, site: str, text: str) -> float:
    """How long after a post is answered it is on the first page as a viewer gets it."""
    id, posted = post(board, text), time.monotonic()

    def is_seen() -> None:
        assert id in (message["id"] for message in get(f"{site}/api/messages")["messages"]), "a post is not seen"

    eventually(is_seen, every=0.01)
    return time.monotonic() - posted


def answered(board: Board) -> Counter:
    """How often the board answered, by route: it logs each request."""
    lines = (json.loads(line) for line in board.log.read_text().splitlines() if line.startswith("{"))
    return Counter(f"{line['method']} {line['route']}" for line in lines if line["message"] == "answered")


def main() -> None:
    with boards.ground("ours") as ground, ground.ours("ours") as board, edge(ground, board) as site:
        pictures = [{"url": f"/images/{n:026}.jpg"} for n in range(PICTURES)]
        ground.client.put_object(Bucket="bench-ours", Key="carrousel/carrousel.json", Body=json.dumps(pictures), ContentType="application/json")
        for url in URLS:
            get(site + url)

        seen: list[float] = []
        before = answered(board)

        def posting() -> None:
            for n in range(POSTS):
                # Each round posts at another moment of the second for which the cache keeps the page.
                time.sleep(n * 0.3)
                seen.append(seen_after(board, site, f"post {n}"))

        thread = Thread(target=posting)
        thread.start()
        viewers = load(ground, board, URLS, "-c", "256", "-q", str(RATE), "--latency-correction", seconds=SECONDS, site=site)
        thread.join()
        reached = answered(board) - before

    what = f"{RATE} requests/s for {SECONDS} s through a cache"
    total = viewers.answered + viewers.failed
    rows = [Row(f"errors of {what}", f"{viewers.failed} of {total}", "", str(viewers.failed), "0", viewers.failed == 0),
            Row(f"p99 of {what}", f"{viewers.p99_ms:.3g} ms", "", "", "", None)]
    for url in URLS:
        rate = reached[f"GET {url}"] / viewers.seconds
        rows.append(Row(f"requests for {url} that reach the board", f"{rate:.3g}/s", f"{total / viewers.seconds / len(URLS):.0f}/s asked",
                        f"{rate:.3g}/s", f"≤ {MOST_A_SECOND}/s", rate <= MOST_A_SECOND))
    rows.append(Row("a post is seen through the cache", spread(seen, "s"), "", f"{max(seen):.3g} s at most", f"≤ {SEEN_SECONDS} s", max(seen) <= SEEN_SECONDS))
    keep("edge", rows)


if __name__ == "__main__":
    main()
