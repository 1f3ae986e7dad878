"""The API is what `/api/openapi.json` says: schemathesis asks the running board what the document allows and
what it does not, and compares every answer with it."""

import http.client
import json
import re
import subprocess
import urllib.request
from pathlib import Path

import pytest

from corkboard import Corkboard, corkboard, moderator_token
from workspace import ROOT, TOOLS

SECRET = "a board's secret for schemathesis"


def schemathesis(board: Corkboard, folder: Path, examples: int) -> subprocess.CompletedProcess:
    """A run with the moderators' token, always with the same data."""
    return subprocess.run(
        [TOOLS / "schemathesis", "--config-file", ROOT / "tests/api/schemathesis.toml", "run", f"{board.site}/api/openapi.json",
         "--max-examples", str(examples), "--generation-deterministic", "--header", f"Authorization: Bearer {moderator_token(SECRET)}",
         "--no-color"],
        cwd=folder, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def board():
    with corkboard(BOARD_SECRET=SECRET, POSTS_PER_MINUTE="0") as board:
        yield board


@pytest.fixture(scope="module")
def description(board) -> dict:
    with urllib.request.urlopen(f"{board.site}/api/openapi.json") as answer:
        assert answer.headers["content-type"] == "application/json"
        return json.load(answer)


def test_every_answer_is_one_that_the_document_has(board, tmp_path):
    done = schemathesis(board, tmp_path, 50)
    assert done.returncode == 0, done.stdout + done.stderr
    generated = int(re.search(r"(\d+) generated", done.stdout)[1])
    print(f"\nschemathesis: {generated} test cases")
    assert generated > 500


def test_so_it_is_over_the_posting_limit(tmp_path):
    with corkboard(BOARD_SECRET=SECRET, POSTS_PER_MINUTE="2") as board:
        done = schemathesis(board, tmp_path, 5)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_document_that_leaves_something_out_is_found_out(description, board, tmp_path):
    """Of the protection itself: 404 is taken out of one operation."""
    broken = json.loads(json.dumps(description))
    del broken["paths"]["/api/messages/{id}"]["get"]["responses"]["404"]
    (tmp_path / "openapi.json").write_text(json.dumps(broken))
    done = subprocess.run(
        [TOOLS / "schemathesis", "run", tmp_path / "openapi.json", "--url", board.site, "--max-examples", "5", "--generation-deterministic",
         "--include-operation-id", "getMessage", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1 and "Undocumented status code" in done.stdout, done.stdout


def test_every_path_takes_the_methods_that_are_described_and_no_other(description, board):
    for path, operations in description["paths"].items():
        connection = http.client.HTTPConnection(board.site.removeprefix("http://"))
        connection.request("PATCH", path.replace("{id}", "01JDB0Q3W3M3YQ6W0ZK4T9H5XG"))
        answer = connection.getresponse()
        assert answer.status == 405, path
        allowed = set(answer.headers["allow"].split(","))
        described = {method.upper() for method in operations}
        assert allowed == described | ({"HEAD"} if "GET" in described else set()), path


def test_every_route_is_described(description):
    sources = (ROOT / "functions/message-board/src").glob("*.rs")
    routes = {route for source in sources for route in re.findall(r'\.route\(\s*"([^"]+)"', source.read_text())}
    assert routes == set(description["paths"])


def test_every_code_is_listed(description):
    """Those of problems where they occur, those of fields beside them."""
    source = (ROOT / "functions/message-board/src/problem.rs").read_text()
    codes = set(re.findall(r'"(urn:corkboard:problem:[a-z-]+)"', source))
    assert len(codes) > 20
    assert set(description["components"]["schemas"]["Code"]["enum"]) == codes
    answered = set()
    for operations in description["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                problem = response.get("content", {}).get("application/problem+json")
                if problem:
                    answered |= set(problem["schema"]["allOf"][1]["properties"]["type"]["enum"])
    # Of no operation: what is asked for is none. An id with a question mark in it is cut off there, so that a path is none.
    assert codes - answered == {"urn:corkboard:problem:method-not-allowed"}
    assert len(description["components"]["schemas"]["FieldCode"]["enum"]) > 10
