"""Whether small versions look like their originals: of all pictures in folders, each beside a version that somebody else
made (`likeness`).

`CORPORA=FOLDER:FOLDER bench/run corpora`. Those that the board takes count, of which there is a small version; of the
narrower ones a version of two thirds is looked at as well, since most odd pictures of test suites are small. A picture looks
like its original where it is nearly as like the other version as that one is when it is encoded with the same quality. What
does not, and what cannot be decoded, is listed, and put into `target/bench/corpora` to be looked at."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

from likeness import displayed_width, distance, on, small, ssim, webp
from table import RESULTS, Row, keep
from workspace import ROOT, TARGET

WIDTH = 640
SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".webp", ".bmp"}
SEEN = RESULTS / "corpora"
PROGRAM = TARGET / "release/small"
LEAST_SSIM, MOST_DISTANCE = 0.03, 2.0
GOAL = 0.995
SECONDS = 60


@dataclass
class Result:
    file: str
    #: Of the version.
    width: int
    #: `narrow`, `refused …`, `like`, `unlike`, `failed …`, or `unjudged …` where nobody else can decode it.
    said: str
    ssim: float = 0
    reference_ssim: float = 0
    distance: float = 0
    reference_distance: float = 0


def judged(file: str) -> Result:
    result = of_width(file, WIDTH)
    if result.said != "narrow":
        return result
    try:
        narrower = displayed_width(Path(file)) * 2 // 3
    # Pillow says by a SyntaxError that EXIF is malformed.
    except (OSError, SyntaxError):
        return Result(file, WIDTH, "unjudged: Pillow cannot open it")
    return of_width(file, max(1, narrower))


def of_width(file: str, width: int) -> Result:
    folder = SEEN / hashlib.sha256(file.encode()).hexdigest()[:12]
    try:
        done = subprocess.run([PROGRAM, "--widths", str(width), folder, file], capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Result(file, width, f"failed: not within {SECONDS} s")
    said = done.stdout.strip() or f"failed: ended with {done.returncode}: {done.stderr.strip()[:300]}"
    if said != "made":
        return Result(file, width, said)
    ours = folder / str(width) / (Path(file).name + ".webp")
    try:
        made = Image.open(ours)
        made.load()
        theirs = small(Path(file), *made.size)
        encoded = Image.open(io.BytesIO(webp(theirs)))
        pictures = [[on(each, colour) for each in (made, theirs, encoded)] for colour in ("white", "black")[: 1 + (theirs.mode == "RGBA")]]
        result = Result(file, width, "", min(ssim(a, b) for a, b, _ in pictures), min(ssim(c, b) for _, b, c in pictures),
                        max(distance(a, b) for a, b, _ in pictures), max(distance(c, b) for _, b, c in pictures))
    except Exception as error:
        return Result(file, width, f"unjudged: {type(error).__name__}: {error}")
    is_like = result.ssim >= result.reference_ssim - LEAST_SSIM and result.distance <= result.reference_distance + MOST_DISTANCE
    result.said = "like" if is_like else "unlike"
    if is_like:
        ours.unlink()
    else:
        theirs.save(folder / "theirs.png")
        made.save(folder / "ours.png")
    return result


def pictures(folders: list[str]) -> list[str]:
    """The pictures of the corpora, each once by its content, whatever its name is."""
    by_digest: dict[bytes, str] = {}
    for folder in folders:
        for file in sorted(Path(folder).rglob("*")):
            if file.suffix.lower() in SUFFIXES and file.is_file():
                by_digest.setdefault(hashlib.sha256(file.read_bytes()).digest(), str(file))
    return list(by_digest.values())


def main() -> None:
    folders = os.environ.get("CORPORA", "").split(":")
    if folders == [""]:
        sys.exit("CORPORA is to name the folders of the pictures")
    subprocess.run(["cargo", "build", "--release", "--package", "small"], cwd=ROOT, check=True)
    files = pictures(folders)
    SEEN.mkdir(parents=True, exist_ok=True)
    results = []
    with ProcessPoolExecutor() as pool, (RESULTS / "corpora.jsonl").open("w") as log:
        for result in pool.map(judged, files, chunksize=4):
            results.append(result)
            log.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
            log.flush()
            if result.said.startswith(("unlike", "failed", "unjudged")):
                print(result, flush=True)
    rows = []
    for is_wide, what in ((True, "small versions"), (False, "versions of two thirds")):
        kinds = Counter(result.said.split(":")[0] for result in results if (result.width == WIDTH) == is_wide)
        print(what, dict(kinds))
        counted = kinds["like"] + kinds["unlike"] + kinds["failed"]
        share = kinds["like"] / max(counted, 1)
        what = f"{what} that look like their original, of {counted:,} that the board takes among {len(files):,} pictures"
        goal, is_met = (f"≥ {100 * GOAL:g} %", share >= GOAL) if is_wide else ("", None)
        rows.append(Row(what, f"{kinds['like']:,}", "", f"{100 * share:.2f} %", goal, is_met))
    keep("corpora", rows)


if __name__ == "__main__":
    main()
