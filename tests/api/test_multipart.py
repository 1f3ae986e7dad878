"""Forms as programs really write them: a file is a picture and a text a text, whatever they are called."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import aiohttp
import pytest
import requests

from corkboard import Corkboard
from workspace import ROOT

PICTURE = ROOT / "tests/pictures/small.jpg"
# What a file may be called; the first ones would be another field's to a parser that looks for `name=`.
NAMES = ("x; name=text.jpg", 'a"; name="text".jpg', " name=author.jpg", "橋 🌉.jpg", 'a "quoted" name.jpg', "back\\slash\\", "100%22.jpg", "plain.jpg")
TEXT = "hello 橋\nand more"


def with_curl(board: Corkboard, file: Path) -> tuple[int, bytes]:
    return curl(board, f'picture=@"{escaped(file)}"')


def with_curl_that_escapes_by_backslash(board: Corkboard, file: Path) -> tuple[int, bytes]:
    return curl(board, f'picture=@"{escaped(file)}"', "--form-escape")


def escaped(file: Path) -> str:
    return str(file).replace("\\", "\\\\").replace('"', '\\"')


def curl(board: Corkboard, picture: str, *options: str) -> tuple[int, bytes]:
    done = subprocess.run(["curl", "--silent", "--write-out", "\n%{http_code}", *options, "--form", picture, "--form-string", f"text={TEXT}",
                           f"{board.site}/api/messages"], capture_output=True, check=True)
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body


def with_requests(board: Corkboard, file: Path) -> tuple[int, bytes]:
    answer = requests.post(f"{board.site}/api/messages", data={"text": TEXT}, files={"picture": (file.name, file.read_bytes())}, timeout=60)
    return answer.status_code, answer.content


def with_aiohttp(board: Corkboard, file: Path) -> tuple[int, bytes]:
    async def post() -> tuple[int, bytes]:
        form = aiohttp.FormData()
        form.add_field("text", TEXT, content_type="text/plain; charset=utf-8")
        form.add_field("picture", file.read_bytes(), filename=file.name)
        async with aiohttp.ClientSession() as session, session.post(f"{board.site}/api/messages", data=form) as answer:
            return answer.status, await answer.read()

    return asyncio.run(post())


def with_node(board: Corkboard, file: Path) -> tuple[int, bytes]:
    """FormData as the standard has it, of browsers, too."""
    script = """
        const { readFileSync } = require('node:fs');
        const [url, file, name, text] = process.argv.slice(1);
        const form = new FormData();
        form.append('picture', new File([readFileSync(file)], name));
        form.append('text', text);
        fetch(url, { method: 'POST', body: form }).then(async (answer) => console.log(answer.status + '\\n' + await answer.text()));"""
    done = subprocess.run(["node", "--eval", script, f"{board.site}/api/messages", file, file.name, TEXT], capture_output=True, check=True)
    status, _, body = done.stdout.partition(b"\n")
    return int(status), body


CLIENTS = (with_curl, with_curl_that_escapes_by_backslash, with_requests, with_aiohttp, with_node)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_posted_whatever_its_file_is_called(client, name, board, tmp_path):
    file = tmp_path / name
    shutil.copy(PICTURE, file)
    status, body = client(board, file)
    assert status == 201, body
    message = json.loads(body)
    assert (message["text"], message["author"], message["picture"]["type"]) == (TEXT, None, "image/jpeg")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_without_a_byte_is_a_damaged_picture(client, board, tmp_path):
    file = tmp_path / "empty.jpg"
    file.touch()
    status, body = client(board, file)
    assert status == 422, body
    assert [(error["field"], error["code"]) for error in json.loads(body)["errors"]] == [("picture", "malformed")]
