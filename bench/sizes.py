"""What is sent to Lambda: the size of each function's zip."""

import zipfile
from pathlib import Path

from bootstraps import FUNCTIONS, TARGETS, functions
from table import RESULTS, Row, keep
from workspace import has_target

MEGABYTE = 1e6
MOST = {"message-board": 3.0, "sync-s3-bucket": 2.0, "small-pictures": 2.5, "notify": 2.5, "migrate-database": 2.0}


def zipped(bootstrap: Path) -> int:
    """How many bytes a bootstrap has as a zip, as AWS's tools make one."""
    archive = RESULTS / "function.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(bootstrap, "bootstrap")
    size = archive.stat().st_size
    archive.unlink()
    return size


def row(name: str, architecture: str, bootstrap: Path) -> Row:
    size = zipped(bootstrap) / MEGABYTE
    unpacked = bootstrap.stat().st_size / MEGABYTE
    return Row(f"zip of {name}, {architecture}", f"{unpacked:.2f} MB unpacked", "", f"{size:.2f} MB", f"≤ {MOST[name]:.1f} MB",
               size <= MOST[name])


def main() -> None:
    rows = []
    for architecture, target in TARGETS.items():
        if has_target(target):
            built = functions(architecture)
            rows += [row(name, architecture, built / name / "bootstrap") for name in FUNCTIONS]
        else:
            print(f"Rust's target for {architecture} is not installed: its zips are not measured")
    keep("sizes", rows)


main()
