#!/usr/bin/env python3
"""Makes the pictures that the tests post.

    make.py FOLDER          every kind at 1200 x 800, and two photos as a camera makes them
    make.py --small FOLDER  every kind at 48 x 32, a few KB each: the set committed beside this script

Each run makes the same bytes (with the Pillow pinned in tests/tools/requirements.txt). FOLDER/expected.json
says what a reader of each file must find: the type by content and the size as displayed, or the status
that refuses it.
"""

import argparse
import io
import json
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

import metadata
from formats import bmp, interlaced_png, rle8_bmp


def scene(size: tuple[int, int], seed: int) -> Image.Image:
    """Sky, hills, a sun at the top right, so that a wrong orientation shows; grain like a sensor's."""
    width, height = size
    sky = Image.linear_gradient("L").resize(size)
    picture = Image.merge("RGB", (sky.point(lambda v: v // 2 + 60), sky.point(lambda v: v // 2 + 110), sky.point(lambda v: 255 - v // 3)))
    draw = ImageDraw.Draw(picture)
    rng = random.Random(seed)
    for layer in range(3):
        base = height * (5 + layer) // 8
        ridge = [(x * width // 12, base + rng.randrange(-height // 10, height // 10 + 1)) for x in range(13)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=(30, 120 - 30 * layer, 60 - 10 * layer))
    draw.ellipse((width * 3 // 4, height // 10, width * 3 // 4 + height // 5, height * 3 // 10), fill=(255, 230, 120))
    grain = Image.frombytes("L", size, rng.randbytes(width * height)).point(lambda v: v // 10)
    return ImageChops.subtract(picture, Image.merge("RGB", (grain,) * 3))


def drawing(size: tuple[int, int]) -> Image.Image:
    """Flat colours and a transparent ground, as a drawing program saves it."""
    width, height = size
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((width // 10, height // 10, width // 2, height * 9 // 10), fill=(200, 40, 60, 255))
    draw.polygon([(width * 9 // 10, height // 10), (width // 3, height // 2), (width * 9 // 10, height * 9 // 10)], fill=(40, 90, 200, 160))
    return picture


def frames(size: tuple[int, int]) -> list[Image.Image]:
    """A ball that crosses the picture in six steps."""
    width, height = size
    balls = []
    for step in range(6):
        frame = Image.new("RGB", size, (250, 240, 220))
        left = step * (width - height // 2) // 5
        ImageDraw.Draw(frame).ellipse((left, height // 4, left + height // 2, height * 3 // 4), fill=(180, 30, 90))
        balls.append(frame)
    return balls


# What each EXIF Orientation asks of the viewer is undone here, so that all eight display alike.
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def stored(upright: Image.Image, orientation: int) -> Image.Image:
    return upright.transpose(STORED_AS[orientation]) if orientation in STORED_AS else upright


def phone_exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Example", "Phone 12"
    exif[Base.Orientation] = orientation
    exif[Base.DateTime] = "2026:07:14 18:03:22"
    exif.get_ifd(IFD.GPSInfo).update({
        GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (48.0, 51.0, 30.12),
        GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (2.0, 17.0, 40.2),
    })
    return exif


def srgb_profile() -> bytes:
    """Little CMS dates the profile it makes; bytes 24 to 36 are that date."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]


def camera(path: Path, quality: int, seed: int) -> None:
    """12 megapixels held upright: stored lying down, Orientation 6, with place, profile and XMP."""
    stored(scene((3000, 4000), seed), 6).save(
        path, quality=quality, subsampling="4:2:0", exif=phone_exif(6), icc_profile=srgb_profile(), xmp=metadata.XMP, comment=b"Holiday"
    )


def make_every_kind(folder: Path, size: tuple[int, int]) -> None:
    photo, art, balls = scene(size, 1), drawing(size), frames(size)
    animation = {"save_all": True, "append_images": balls[1:], "duration": 120, "loop": 0}

    photo.save(folder / "small.jpg", quality=70)
    photo.save(folder / "progressive.jpg", quality=70, progressive=True)
    photo.convert("CMYK").save(folder / "cmyk.jpg", quality=70)
    photo.convert("L").save(folder / "gray.jpg", quality=70)
    for orientation in range(1, 9):
        stored(photo, orientation).save(folder / f"orientation-{orientation}.jpg", quality=70, exif=phone_exif(orientation))

    art.save(folder / "drawing.png")
    art.quantize(16).save(folder / "palette.png", transparency=0)
    photo.convert("I;16").save(folder / "16-bit.png")
    (folder / "interlaced.png").write_bytes(interlaced_png(photo.quantize(16).convert("RGB")))
    balls[0].save(folder / "animation.png", **animation)

    art.convert("RGB").quantize(16).save(folder / "still.gif")
    balls[0].save(folder / "animation.gif", **animation)

    photo.save(folder / "photo.webp", quality=70, exif=phone_exif(1))
    art.save(folder / "lossless.webp", lossless=True)
    art.save(folder / "transparent.webp", quality=70)
    balls[0].save(folder / "animation.webp", quality=70, **animation)

    art.convert("RGB").save(folder / "drawing.bmp")
    for bits in (1, 4, 8, 32):
        (folder / f"{bits}-bit.bmp").write_bytes(bmp(art.convert("RGB"), bits))
    (folder / "top-down.bmp").write_bytes(bmp(art.convert("RGB"), 24, top_down=True))
    (folder / "rle.bmp").write_bytes(rle8_bmp(art.convert("RGB")))


# What a reader of each must find: the first orientation counts.
EVERYTHING = {
    "everything.jpg": {"type": "image/jpeg", "turned": True},
    "everything.png": {"type": "image/png", "turned": True},
    "everything.gif": {"type": "image/gif", "turned": False},
    "everything.webp": {"type": "image/webp", "turned": False},
    "everything-animated.webp": {"type": "image/webp", "turned": False},
}


def make_everything(folder: Path, size: tuple[int, int]) -> None:
    """All that a format can carry besides the picture, and must not keep."""
    photo, balls, profile = scene(size, 1), frames(size), srgb_profile()
    animation = {"save_all": True, "append_images": balls[1:3], "duration": 120, "loop": 3}

    def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
        written = io.BytesIO()
        picture.save(written, kind, **options)
        return written.getvalue()

    turned = stored(photo, 6)
    made = {
        "everything.jpg": metadata.jpeg(saved(turned, "JPEG", quality=70, restart_marker_rows=1), 6, profile),
        "everything.png": metadata.png(saved(stored(balls[0], 6), "PNG", save_all=True, append_images=[stored(balls[1], 6)], duration=120), 6, profile),
        "everything.gif": metadata.gif(saved(balls[0], "GIF", **animation)),
        # A profile makes it an extended one.
        "everything.webp": metadata.webp(saved(turned.convert("RGBA"), "WEBP", quality=70, exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0"), 6, profile),
        "everything-animated.webp": metadata.webp(saved(balls[0], "WEBP", quality=70, **animation), 1, profile),
    }
    for name, picture in made.items():
        (folder / name).write_bytes(picture)


def expected(folder: Path) -> dict[str, dict[str, object]]:
    """Read back with Pillow, but for what only the board's own rules decide."""
    found = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix in {".jpg", ".png", ".gif", ".webp", ".bmp"}):
        with Image.open(path) as picture:
            width, height = picture.size
            # No browser turns a WebP.
            if picture.format != "WEBP" and picture.getexif().get(Base.Orientation, 1) >= 5:
                width, height = height, width
            found[path.name] = {"type": Image.MIME[picture.format], "width": width, "height": height}
    # Pillow takes the last of several orientations.
    for name, everything in EVERYTHING.items():
        with Image.open(folder / name) as picture:
            width, height = picture.size
        size = (height, width) if everything["turned"] else (width, height)
        found[name] = {"type": everything["type"], "width": size[0], "height": size[1]}
    # Only uncompressed BMP is taken.
    found["rle.bmp"] = {"refused": 415}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    make_every_kind(options.folder, (48, 32) if options.small else (1200, 800))
    make_everything(options.folder, (48, 32) if options.small else (1200, 800))
    result = expected(options.folder)
    if not options.small:
        camera(options.folder / "camera.jpg", quality=90, seed=2)
        camera(options.folder / "camera-6mb.jpg", quality=96, seed=3)
        result["camera.jpg"] = {"type": "image/jpeg", "width": 3000, "height": 4000}
        result["camera-6mb.jpg"] = {"refused": 413}
    (options.folder / "expected.json").write_text(json.dumps(result, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
