"""What Rust can build here."""

import subprocess
from pathlib import Path

from corkboard import ROOT


def has_target(name: str) -> bool:
    """Whether this target's standard library is there."""
    folder = subprocess.run(["rustc", "--print", "target-libdir", "--target", name], cwd=ROOT, capture_output=True, text=True, check=True)
    return Path(folder.stdout.strip()).is_dir()
