"""Smaller versions, made by the running board and compared with what Pillow and Little CMS make of the same bytes."""

import io
import itertools
import operator
import struct

import pytest
from PIL import Image, ImageFilter

from board_client import post, small_version
from make import drawing, frames, phone_exif, scene, srgb_profile, stored
from profiles import WHITE, by_stages, by_table, element, gray, header, joined
from small import difference, expected, likeness, on_white

SIZE = (1_400, 900)
# Without the grain of `scene`, of which no two encoders leave the same.
PHOTO = scene(SIZE, 1).filter(ImageFilter.GaussianBlur(2))
ART = drawing(SIZE)


def saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def jpeg(picture: Image.Image = PHOTO, **options) -> bytes:
    return saved(picture, "JPEG", **{"quality": 92} | options)


def animated(kind: str, **options) -> bytes:
    first, *more = frames(SIZE)
    return saved(first, kind, save_all=True, append_images=more[:2], duration=120, loop=0, **options)


PICTURES = {
    "baseline": lambda: jpeg(),
    "without subsampling": lambda: jpeg(subsampling=0),
    "4:2:2": lambda: jpeg(subsampling=1),
    "progressive": lambda: jpeg(progressive=True),
    "restart markers": lambda: jpeg(restart_marker_blocks=5),
    "progressive with restart markers": lambda: jpeg(progressive=True, restart_marker_blocks=3),
    "RGB as it is": lambda: jpeg(keep_rgb=True),
    "gray": lambda: jpeg(PHOTO.convert("L")),
    "CMYK": lambda: jpeg(PHOTO.convert("CMYK")),
    "progressive CMYK": lambda: jpeg(PHOTO.convert("CMYK"), progressive=True),
    "sRGB by profile": lambda: jpeg(icc_profile=srgb_profile()),
    "PNG": lambda: saved(PHOTO, "PNG"),
    "gray PNG": lambda: saved(PHOTO.convert("L"), "PNG"),
    "black and white PNG": lambda: saved(PHOTO.convert("1", dither=Image.Dither.NONE), "PNG"),
    "transparent PNG": lambda: saved(ART, "PNG"),
    "gray transparent PNG": lambda: saved(ART.convert("LA"), "PNG"),
    "palette": lambda: saved(PHOTO.quantize(200), "PNG"),
    "transparent palette": lambda: saved(ART.quantize(16), "PNG", transparency=0),
    "GIF": lambda: saved(PHOTO.quantize(200), "GIF"),
    "transparent GIF": lambda: saved(ART, "GIF"),
    "BMP": lambda: saved(PHOTO, "BMP"),
    "WebP": lambda: saved(PHOTO, "WEBP", quality=90),
    "lossless WebP": lambda: saved(PHOTO, "WEBP", lossless=True),
    "transparent WebP": lambda: saved(ART, "WEBP", quality=90),
    "animated GIF": lambda: animated("GIF"),
    "animated PNG": lambda: animated("PNG"),
    "animated WebP": lambda: animated("WEBP", quality=90),
    **{f"{way} by EXIF": (lambda way=way: jpeg(stored(PHOTO, way), exif=phone_exif(way))) for way in range(2, 9)},
    "WebP that EXIF would turn": lambda: saved(PHOTO, "WEBP", quality=90, exif=phone_exif(6)),
    "sides that do not divide": lambda: jpeg(PHOTO.resize((1_283, 777))),
}


@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_like_its_original(name, board):
    data = PICTURES[name]()
    answer = post(board, data, name)
    picture = answer.picture
    versions = picture["small"]
    assert [version["width"] for version in versions] == [640, 960, 1280]
    assert picture["animated"] is name.startswith("animated")
    for version in versions:
        served = small_version(board.site + version["url"])
        assert (served.status, served.headers["content-type"]) == (200, "image/webp"), served.data
        with Image.open(io.BytesIO(served.data)) as opened:
            ours = opened.convert("RGBA") if "A" in opened.getbands() else opened.convert("RGB")
            assert opened.info.keys() <= {"loop", "background", "duration", "timestamp"}
        size = (version["width"], version["height"])
        assert ours.size == size == (size[0], max(1, round(picture["height"] * size[0] / picture["width"])))
        right = expected(data, size)
        assert likeness(ours, right) > 0.97, name
        assert difference(ours, right) < 2.5, name
        if right.mode == "RGBA":
            assert likeness(ours.convert("RGBA").getchannel("A"), right.getchannel("A")) > 0.99, name


@pytest.mark.parametrize("name", ["baseline", "6 by EXIF", "transparent PNG", "animated WebP", "CMYK"])
def test_a_link_is_previewed_by_a_jpeg_on_white(name, board):
    data = PICTURES[name]()
    picture = post(board, data, name).picture
    address = picture["small"][-1]["url"].removesuffix(".webp") + ".jpg"
    served = small_version(board.site + address)
    assert (served.status, served.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(served.data)) as ours:
        assert (ours.format, ours.mode, ours.width) == ("JPEG", "RGB", 1280)
        assert not ours.getexif() and "icc_profile" not in ours.info
        right = on_white(expected(data, ours.size))
        assert likeness(ours, right) > 0.97
        assert difference(ours, right) < 2.5


def display_p3() -> bytes:
    """As phones' cameras have it, but for the curve: the primaries, adapted to D50."""
    def place(*numbers: int) -> bytes:
        return element(b"XYZ ", struct.pack(">3i", *numbers))

    curve = element(b"curv", struct.pack(">IH", 1, int(2.2 * 0x100)))
    colours = [("rXYZ", place(0x83DF, 0x3DBF, -0x45)), ("gXYZ", place(0x4ABF, 0xB137, 0x0AB9)), ("bXYZ", place(0x2838, 0x110B, 0xC8B9))]
    curves = [(name, curve) for name in ("rTRC", "gTRC", "bTRC")]
    return joined(header(2, b"mntr", b"RGB ", b"XYZ "), [("desc", b""), ("cprt", b""), WHITE, *colours, *curves])


def ink(grid: int = 9) -> bytes:
    """Four inks and the Lab (ICC.1, 10.10) of each mixture: light that goes through them, and black that is not quite."""
    def lab(c: float, m: float, y: float, k: float) -> bytes:
        through = [((1 - colour) * (1 - 0.95 * k)) ** 2.2 for colour in (c, m, y)]
        matrix = [(0.4361, 0.3851, 0.1431), (0.2225, 0.7169, 0.0606), (0.0139, 0.0971, 0.7141)]
        sums = [sum(map(operator.mul, row, through)) for row in matrix]
        xyz = map(operator.truediv, sums, (0.9642, 1, 0.8249))
        fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in xyz)
        numbers = ((116 * fy - 16) / 100 * 0xFF00, (500 * (fx - fy) + 128) * 0x100, (200 * (fy - fz) + 128) * 0x100)
        return struct.pack(">3H", *(max(0, min(0xFFFF, round(number))) for number in numbers))

    steps = [n / (grid - 1) for n in range(grid)]
    table = b"".join(lab(*each) for each in itertools.product(steps, repeat=4))
    line, identity = struct.pack(">HH", 0, 0xFFFF), struct.pack(">9i", *(0x10000 if n % 4 == 0 else 0 for n in range(9)))
    lut = bytes((4, 3, grid, 0)) + identity + struct.pack(">HH", 2, 2) + line * 4 + table + line * 3
    return joined(header(2, b"prtr", b"CMYK", b"Lab "), [("desc", b""), ("cprt", b""), WHITE, ("A2B0", element(b"mft2", lut))])


PROFILES = {"Display P3": display_p3, "a table": by_table, "stages": by_stages, "gray": gray, "ink": ink}


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_are_gone_by(name, board):
    profile = PROFILES[name]()
    mode = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}[profile[16:20]]
    data = jpeg(PHOTO.convert(mode), icc_profile=profile)
    version = post(board, data, name).picture["small"][0]
    served = small_version(board.site + version["url"])
    assert served.status == 200
    with Image.open(io.BytesIO(served.data)) as ours:
        right = expected(data, ours.size)
        # The profile does something at all.
        assert difference(right, expected(jpeg(PHOTO.convert(mode)), ours.size)) > 1.5
        assert likeness(ours, right) > 0.97
        assert difference(ours, right) < 4
