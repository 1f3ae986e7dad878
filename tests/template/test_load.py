"""`make load` against `corkboard`: with oha where it is installed, and otherwise with a stand-in that asks as often and
counts as oha does."""

import http.client
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cdn import with_fault
from corkboard import corkboard
from workspace import ROOT

STAND_IN = r'''
import json, re, sys, time, urllib.error, urllib.request
options = sys.argv[1:]
value = lambda name: options[options.index(name) + 1]
url = options[-1]
if "--rand-regex-url" in options:
    # oha escapes dots itself: one that is escaped already would become a backslash and anything.
    url = re.sub(r"\(.*?\)", "7", url.replace(".", r"\.").replace(r"\\.", "nowhere").replace("\\", ""))
times, statuses, errors = [], {}, {}
for _ in range(int(float(value("-q")) * float(value("-z").rstrip("s")))):
    began = time.monotonic()
    try:
        status = urllib.request.urlopen(url).status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError as error:
        errors[str(error)] = errors.get(str(error), 0) + 1
        continue
    times.append(time.monotonic() - began)
    statuses[str(status)] = statuses.get(str(status), 0) + 1
times.sort()
at = lambda part: times[int(part * (len(times) - 1))] if times else None
print(json.dumps({"latencyPercentiles": {"p50": at(0.5), "p99": at(0.99)}, "statusCodeDistribution": statuses, "errorDistribution": errors}))
'''
INSTALLED = ROOT / ".tools/bin/oha"


@pytest.fixture
def oha(tmp_path) -> Path:
    if INSTALLED.exists():
        return INSTALLED
    program = tmp_path / "oha"
    program.write_text(f"#!{sys.executable}\n{STAND_IN}")
    program.chmod(0o755)
    return program


def load(url: str, oha: Path, **environment: str) -> subprocess.CompletedProcess:
    environment = {"OHA": str(oha), "YES": "127.0.0.1", "RATE": "20", "SECONDS": "1", "POSTS": "5"} | environment
    return subprocess.run([ROOT / "deploy/load", url], env=os.environ | environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def messages(url: str) -> list:
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    connection.request("GET", "/api/messages")
    return json.loads(connection.getresponse().read())["messages"]


TOLD = r"{} +{} +p50 +[\d,]+ ms   p99 +[\d,]+ ms   errors 0\n"


def test_the_first_page_older_pages_and_posts_are_measured_and_nothing_stays(oha):
    with corkboard(POSTS_PER_MINUTE="0") as board:
        done = load(board.site, oha)
        assert done.returncode == 0, done.stdout + done.stderr
        reads = r"\d+ requests, 20 a second"
        assert re.fullmatch(TOLD.format("first page", reads) + TOLD.format("older page", reads) + TOLD.format("post", "5 messages"), done.stdout), done.stdout
        assert messages(board.site) == []


def test_no_more_is_posted_than_the_board_takes(oha):
    with corkboard(POSTS_PER_MINUTE="3") as board:
        done = load(board.site, oha)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "The board takes 3 messages a minute" in done.stderr and "post        3 messages" in done.stdout


def test_a_closed_board_is_only_read(oha):
    with corkboard(POSTING="closed") as board:
        done = load(board.site, oha)
        assert done.returncode == 0 and "post " not in done.stdout


def test_what_the_board_refuses_is_counted(oha):
    def fault(method, path, status, headers, body):
        return (503, headers, b"") if path == "/api/messages" and method in ("GET", "POST") else (status, headers, body)

    with corkboard(POSTS_PER_MINUTE="0") as board, with_fault(board, fault) as url:
        done = load(url, oha)
        assert done.returncode == 1
        first, older, posts = done.stdout.splitlines()
        assert re.search(r"errors \d+ × 503$", first) and older.endswith("errors 0") and posts.endswith("errors 5 × 503")


def test_it_says_what_it_does_and_costs_and_asks(oha):
    with corkboard(POSTS_PER_MINUTE="0") as board:
        done = load(board.site, oha, YES="")
        assert done.returncode != 0 and done.stderr.endswith("Nothing was asked of it.\n") and not done.stdout
        assert "50 requests, 20 a second, in 2 seconds" in done.stderr and "dollars" in done.stderr and "posting limit" in done.stderr


@pytest.mark.parametrize("given", [{"RATE": "501"}, {"SECONDS": "121"}, {"POSTS": "61"}, {"RATE": "0"}, {"RATE": "-5"}, {"SECONDS": "1m"}])
def test_more_than_a_ceiling_is_refused(given, oha):
    (name, value), = given.items()
    done = load("http://127.0.0.1:9", oha, **given)
    assert done.returncode != 0 and done.stderr.startswith(f"{name}={value}: a whole number")


def test_no_board_at_all_is_one_line(oha):
    done = load("http://127.0.0.1:9", oha)
    assert done.returncode != 0 and "Connection refused" in done.stderr.splitlines()[-1]


def test_the_dry_mode_shows_what_would_be_installed_and_asked(tmp_path):
    done = subprocess.run([ROOT / "deploy/load", "https://board.example"], env=os.environ | {"DRY_RUN": "1", "OHA": "oha"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr.count("\n+ oha --no-tui") == 2
