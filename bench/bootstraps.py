"""The functions as Lambda gets them: each built by itself, as `sam build` has cargo-lambda do it, and kept for all
parts of `make bench`."""

import os
import subprocess
from pathlib import Path

from table import RESULTS
from workspace import ROOT, TARGET, TOOLS

FUNCTIONS = ("message-board", "sync-s3-bucket", "small-pictures", "notify", "migrate-database")
TARGETS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}
FLAGS = {"x86_64": (), "arm64": ("--arm64",)}


def bootstraps(*folders: Path, architecture: str = "x86_64") -> Path:
    """Builds the packages in these folders, and gives the folder that has `<package>/bootstrap`."""
    built = RESULTS / "lambda" / architecture
    environment = os.environ | {"PATH": f"{TOOLS}:{os.environ['PATH']}", "CARGO_TARGET_DIR": str(TARGET)}
    for folder in folders:
        subprocess.run([TOOLS / "cargo-lambda", "lambda", "build", "--release", *FLAGS[architecture], "--lambda-dir", built],
                       cwd=folder, env=environment, check=True)
    return built


def functions(architecture: str = "x86_64") -> Path:
    return bootstraps(*(ROOT / "functions" / name for name in FUNCTIONS), architecture=architecture)
