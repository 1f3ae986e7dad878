"""What a small version costs: a photo as the page sends it to 640 px, beside `vipsthumbnail` (libvips, on which sharp and
imgproxy stand) and Pillow, each decoding, shrinking with Lanczos and writing WebP of quality 75; how like their original
the versions are at equal bytes; and what large photos cost, the memory of them in small-pictures' real bootstrap.

A picture's part of a call is what a call with 21 pictures takes beyond a call with one, over 20. Pillow and vipsthumbnail
decode a JPEG at half its size where that is enough."""

import io
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

from PIL import Image

import photos
from bootstraps import bootstraps
from corkboard import BUCKET, corkboard
from events import request
from lambda_runtime import running
from likeness import small, ssim
from photos import clouds, jpeg
from table import RESULTS, Row, compared, keep, spread
from workspace import ROOT, TARGET

WIDTH = 640
MORE = 20
ROUNDS = 7
ALIKE = 8
# The quality at which 12 megapixels of clouds are as large as a phone's photo: 3.7 MB.
LARGE_QUALITY = 78
SECRET = "for a benchmark only: never deploy this"

PILLOW = """
import sys
from pathlib import Path
from PIL import Image
for file in sys.argv[2:]:
    picture = Image.open(file)
    picture.thumbnail((640, 100_000), Image.Resampling.LANCZOS)
    picture.save(Path(sys.argv[1], Path(file).name + ".webp"), quality=75)
"""

Command = Callable[[Path, Sequence[Path]], list]


def ours(folder: Path, files: Sequence[Path], widths: str = str(WIDTH)) -> list:
    return [TARGET / "release/small", "--widths", widths, folder, *files]


def vips(folder: Path, files: Sequence[Path], quality: int = 75) -> list:
    return ["vipsthumbnail", "--size", f"{WIDTH}x", "--eprofile", "srgb", "-o", f"{folder}/%s.webp[Q={quality},strip]", *files]


def pillow(folder: Path, files: Sequence[Path]) -> list:
    return [sys.executable, "-c", PILLOW, folder, *files]


def processor_ms(command: list) -> float:
    """The processor time of a process, all its threads together."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return (used.ru_utime + used.ru_stime) * 1000


def of_one(command: Command, folder: Path, files: Sequence[Path]) -> float:
    more = len(files) - 1
    return (processor_ms(command(folder, files)) - processor_ms(command(folder, files[:1]))) / more


def written(folder: Path, name: str, photo: bytes, count: int) -> list[Path]:
    files = [folder / f"{name}-{number}.jpg" for number in range(count)]
    for file in files:
        file.write_bytes(photo)
    return files


def speed(folder: Path) -> list[Row]:
    photo = photos.photos(1)[0]
    files = written(folder, "photo", jpeg(photo), 1 + MORE)
    times: dict[Command, list[float]] = {ours: [], vips: [], pillow: []}
    for _ in range(ROUNDS):
        for command, used in times.items():
            used.append(of_one(command, folder, files))
    what = f"{photo.width} × {photo.height} JPEG to {WIDTH} px WebP, processor time"
    return [compared(f"{what}, beside vipsthumbnail", times[ours], times[vips], "ms", 1.2),
            compared(f"{what}, beside Pillow", times[ours], times[pillow], "ms", 1.0)]


def likeness(folder: Path) -> Row:
    """The likeness of vipsthumbnail's version at our number of bytes, on the line between the two qualities around it."""
    ours_are, theirs_are = [], []
    for number, photo in enumerate(photos.photos(ALIKE)):
        [file] = written(folder, f"alike-{number}", jpeg(photo), 1)
        subprocess.run(ours(folder, [file]), stdout=subprocess.DEVNULL, check=True)
        made = folder / str(WIDTH) / f"{file.name}.webp"
        picture = Image.open(made)
        original = small(file, *picture.size)
        points = []
        for quality in range(68, 84, 2):
            subprocess.run(vips(folder, [file], quality), check=True)
            data = (folder / f"{file.stem}.webp").read_bytes()
            points.append((len(data), ssim(Image.open(io.BytesIO(data)), original)))
        size = made.stat().st_size
        (less, low), (more, high) = next(pair for pair in pairwise(points) if size <= pair[1][0] or pair[1] is points[-1])
        ours_are.append(ssim(picture, original))
        theirs_are.append(low + (high - low) * (size - less) / (more - less))
    difference = statistics.mean(ours_are) - statistics.mean(theirs_are)
    return Row(f"SSIM at equal bytes, {ALIKE} {photos.where_from()}", f"{statistics.mean(ours_are):.4f}",
               f"{statistics.mean(theirs_are):.4f}: vipsthumbnail", f"{difference:+.4f}", "≥ -0.001", difference >= -0.001)


def large(folder: Path) -> list[Row]:
    photo = clouds(12, 4000, 3000)
    files = written(folder, "large", jpeg(photo, LARGE_QUALITY), 6)
    whole = partial(ours, widths="640,960,1280")
    times = [of_one(whole, folder, files) for _ in range(ROUNDS)]
    median = statistics.median(times)
    rows = [Row("4000 × 3000 JPEG to all widths, processor time", spread(times, "ms"), "", f"{median:.3g} ms", "≤ 250 ms", median <= 250)]
    # One picture of noise six times: noise of fifty megapixels at once would take gigabytes to make.
    largest = Image.new("RGB", (8660, 5772))
    for x in (0, 4000, 8000):
        for y in (0, 3000):
            largest.paste(photo, (x, y))
    for what, picture, most in (("4000 × 3000 JPEG", files[0].read_bytes(), 100),
                                ("8660 × 5772 progressive JPEG", jpeg(largest, LARGE_QUALITY, progressive=True), 600)):
        peak = peak_mebibytes(picture)
        what = f"small-pictures, peak memory: {what} of {len(picture) / 1e6:.1f} MB"
        rows.append(Row(what, f"{peak:.0f} MiB", "", f"{peak:.0f} MiB", f"≤ {most} MiB", peak <= most))
    return rows


def peak_mebibytes(picture: bytes) -> float:
    """The most memory of the bootstrap that makes the versions of one picture, as the kernel counts it."""
    programs = RESULTS / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    (programs / "small-pictures").unlink(missing_ok=True)
    (programs / "small-pictures").symlink_to(bootstraps(ROOT / "functions/small-pictures") / "small-pictures/bootstrap")
    with corkboard() as board:
        board.s3_client().put_object(Bucket=BUCKET, Key="images/large.jpg", Body=picture)
        settings = board.settings(ORIGIN_SECRET=SECRET)
        os.environ["CORKBOARD_BINARIES"] = str(programs)
        try:
            with running("small-pictures", settings) as function:
                answer = function.invoke(request("GET", f"/small/{WIDTH}/large.jpg.webp", x_origin_verify=SECRET))
                assert answer["statusCode"] == 200, answer
                return function.peak_mebibytes()
        finally:
            del os.environ["CORKBOARD_BINARIES"]


def main() -> None:
    subprocess.run(["cargo", "build", "--release", "--package", "small"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        keep("small", [*speed(folder), likeness(folder), *large(folder)])


if __name__ == "__main__":
    main()
