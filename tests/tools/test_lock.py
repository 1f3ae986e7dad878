"""The locks of the Python and npm packages are made from their lists, with a hash for every package and no registry's address."""

import json
import re
from pathlib import Path

import pytest

from workspace import ROOT

LOCKS = [ROOT / folder / "requirements.txt" for folder in ("tests/tools", "bench/peers")]
NPM_LOCKS = [ROOT / folder / "package-lock.json" for folder in ("tests/browser", "bench/peers/waline")]


def pinned(file: Path) -> dict[str, str]:
    """The packages with their versions, by their normalized names."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", file.read_text(), re.M)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_has_what_its_list_names_and_a_hash_of_every_package(lock):
    wanted, locked = pinned(lock.with_suffix(".in")), pinned(lock)
    assert len(wanted) >= 8 and wanted.items() <= locked.items(), "run tests/tools/lock"
    packages = re.split(r"\n(?=\w)", lock.read_text())[1:]
    assert len(packages) >= len(locked) and all("--hash=sha256:" in package for package in packages)
    assert not re.search("://|index-url", lock.read_text()), "a registry's address"


@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_of_npm_has_what_its_list_names_and_a_hash_of_every_package(lock):
    wanted, locked = json.loads(lock.with_name("package.json").read_text()), json.loads(lock.read_text())["packages"]
    root = locked.pop("")
    for kind in ("dependencies", "devDependencies"):
        assert root.get(kind, {}) == wanted.get(kind, {}), "run npm install there"
        assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in root.get(kind, {}).items())
    assert all(package["integrity"].startswith("sha512-") and "resolved" not in package for package in locked.values()), "a registry's address"
