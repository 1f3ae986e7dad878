"""Photos to measure with: those of `PHOTOS`, a folder of a public corpus, and else clouds of noise, which have as much
detail in each size as photos have on the average."""

import io
import os
from pathlib import Path

import numpy
from PIL import Image

# As static-site/shrink.js sends a photo, and as Chromium writes it.
LONG_SIDE, QUALITY = 2048, 86
SUFFIXES = {".jpg", ".jpeg", ".png"}


def clouds(seed: int, width: int, height: int) -> Image.Image:
    """Noise whose amplitudes fall with their frequency."""
    random = numpy.random.default_rng(seed)
    rows, columns = numpy.fft.fftfreq(height)[:, None], numpy.fft.rfftfreq(width)
    frequency = numpy.hypot(rows * height, columns * width) + 1
    planes = []
    for strength in (60, 20, 20):
        plane = numpy.fft.irfft2(numpy.fft.rfft2(random.standard_normal((height, width))) / frequency**1.2, (height, width))
        planes.append(128 + strength * plane / plane.std())
    return Image.fromarray(numpy.stack(planes, axis=-1).clip(0, 255).astype(numpy.uint8), "YCbCr").convert("RGB")


def corpus() -> list[Path]:
    folder = os.environ.get("PHOTOS")
    files = sorted(Path(folder).rglob("*")) if folder else []
    return [file for file in files if file.suffix.lower() in SUFFIXES]


def where_from() -> str:
    return f"photos of {Path(os.environ['PHOTOS']).name}" if "PHOTOS" in os.environ else "clouds of noise"


def photos(count: int) -> list[Image.Image]:
    """The first ones of the corpus, each at most as large as the page sends it."""
    files = corpus()[:count]
    made = [Image.open(file).convert("RGB") for file in files] if files else [clouds(n, *((2048, 1366), (1366, 2048))[n % 3 == 2]) for n in range(count)]
    assert len(made) == count, f"{len(made)} photos"
    for photo in made:
        photo.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    return made


def jpeg(photo: Image.Image, quality: int = QUALITY, **options) -> bytes:
    written = io.BytesIO()
    photo.save(written, "JPEG", quality=quality, subsampling="4:2:0", **options)
    return written.getvalue()
