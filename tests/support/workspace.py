"""Where things are in this workspace, and what is built in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Where the programs of the Python tools are: in the environment that runs this.
TOOLS = Path(sys.executable).parent
# How the settings of the functions, of corkboard and of the AWS SDK begin, which a developer may have set.
SETTINGS = ("ALLOWED_ORIGINS", "AWS_", "BOARD_", "CARGO_LAMBDA_", "CONTACT_URL", "CORKBOARD_", "DATABASE_", "MEDIA_", "MODERATORS_", "ORIGIN_", "POST",
            "PUBLIC_BASE_", "SERVICE_WORKER")


def binary(name: str) -> Path:
    """A program of the workspace, as `cargo build --workspace` made it."""
    path = Path(os.environ.get("CORKBOARD_BINARIES", TARGET / "debug")) / name
    assert path.exists(), f"{path} is missing: cargo build --workspace"
    return path


def server(name: str) -> str:
    """A program of a server, installed, or unpacked from its package by tests/tools/install."""
    folders = [None, *(str(ROOT / ".tools/servers/usr" / folder) for folder in ("bin", "sbin")), "/usr/sbin"]
    found = next((found for folder in folders if (found := shutil.which(name, path=folder))), None)
    assert found, f"{name} is missing: tests/tools/install"
    return found


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with these settings and none else."""
    return {key: value for key, value in os.environ.items() if not key.startswith(SETTINGS)} | settings


def has_target(name: str) -> bool:
    """Whether Rust can build for this target here."""
    folder = subprocess.run(["rustc", "--print", "target-libdir", "--target", name], cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(folder.stdout.strip()).is_dir()
