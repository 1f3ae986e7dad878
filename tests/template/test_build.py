"""`sam build`, as `make deploy` calls it: the functions as Lambda gets them. For Arm, which is deployed; where
Rust's target for it cannot be had, for x86_64."""

import json
import os
import platform
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest

from lambda_runtime import running
from workspace import ROOT, TOOLS, has_target

FUNCTIONS = {"MessageBoard": "message-board", "SyncS3Bucket": "sync-s3-bucket", "SmallPictures": "small-pictures", "Notify": "notify",
             "MigrateDatabase": "migrate-database"}
# Bytes of a zip: what of it Lambda fetches when it starts an execution environment. `bench/run sizes` has the goal.
MOST_OF_SMALL_PICTURES = 2_850_000
# ELF's e_machine.
MACHINES = {"arm64": 183, "x86_64": 62}


@pytest.fixture(scope="module")
def built(tmp_path_factory, request) -> tuple[str, Path]:
    """The architecture, and the folder with what was built."""
    architecture = "arm64" if has_target("aarch64-unknown-linux-gnu") else "x86_64"
    if architecture != "arm64":
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print("\n*** The target aarch64-unknown-linux-gnu cannot be had here: the functions are built for x86_64 alone. ***", flush=True)
    folder = tmp_path_factory.mktemp("build")
    environment = os.environ | {"PATH": f"{TOOLS}:{os.environ['PATH']}", "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run([TOOLS / "sam", "build", "--build-dir", folder, "--parameter-overrides", f"Architecture={architecture}"],
                          cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return architecture, folder


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_one_program_for_the_architecture(function, built):
    architecture, folder = built
    assert [path.name for path in (folder / function).iterdir()] == ["bootstrap"]
    program = folder / function / "bootstrap"
    assert os.access(program, os.X_OK)
    header = program.read_bytes()[:20]
    assert header[:4] == b"\x7fELF" and struct.unpack_from("<H", header, 18)[0] == MACHINES[architecture]


def test_the_zip_of_small_pictures_is_small(built, tmp_path):
    _, folder = built
    archive = tmp_path / "function.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(folder / "SmallPictures/bootstrap", "bootstrap")
    assert archive.stat().st_size <= MOST_OF_SMALL_PICTURES


def test_the_built_template_leads_to_what_was_built(built):
    _, folder = built
    template = (folder / "template.yaml").read_text()
    for function in FUNCTIONS:
        assert f"CodeUri: {function}\n" in template


@pytest.mark.skipif(platform.machine() != "x86_64", reason="it is built for this machine's processor only where that is Lambda's")
def test_message_board_as_it_was_built_answers(built, monkeypatch):
    architecture, folder = built
    if architecture != "x86_64":
        pytest.skip("it runs on Arm")
    monkeypatch.setenv("CORKBOARD_BINARIES", str(folder / "MessageBoard"))
    (folder / "MessageBoard/message-board").symlink_to("bootstrap")
    settings = {"BOARD_SECRET": "s" * 32, "MEDIA_BUCKET": "media", "PUBLIC_BASE_URL": "", "DATABASE_URL": "mysql://board:password@127.0.0.1:1/board",
                "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    event = json.loads((ROOT / "events/api-get-messages.json").read_text())
    event |= {"rawPath": "/api/health", "rawQueryString": ""}
    event["requestContext"]["http"]["path"] = "/api/health"
    try:
        with running("message-board", settings) as function:
            answer = function.invoke(event)
    finally:
        (folder / "MessageBoard/message-board").unlink()
    assert answer["statusCode"] == 200 and json.loads(answer["body"])["status"] == "ok"
