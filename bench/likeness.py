"""Whether a picture looks like another one, and pictures made small by somebody else: Pillow, LittleCMS, and Lanczos with
three lobes on colours that are multiplied by how opaque they are."""

import io
import struct
import zlib
from pathlib import Path

import numpy
from PIL import ExifTags, Image, ImageChops, ImageCms, ImageFile

# A file that is cut short is judged as well: what is missing of it is gray, as in browsers.
ImageFile.LOAD_TRUNCATED_IMAGES = True
Image.MAX_IMAGE_PIXELS = None

SRGB = ImageCms.createProfile("sRGB")
# The matrix from linear sRGB to XYZ: https://www.w3.org/TR/css-color-4/#color-conversion-code
XYZ_OF_SRGB = numpy.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = numpy.array([0.9505, 1.0, 1.089])
# The window of structural similarity, square here: Wang et al., "Image quality assessment: from error visibility to
# structural similarity".
WINDOW = 8
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90,
}


def small(file: Path, width: int, height: int) -> Image.Image:
    """The picture as a browser shows it at first, with these sides: its first frame, upright, in sRGB."""
    picture = Image.open(file)
    kind, profile, has_adobe = picture.format, picture.info.get("icc_profile"), "adobe" in picture.info
    power = None if profile or kind != "PNG" else power_of(file)
    picture.seek(0)
    picture.load()
    orientation = orientation_of(picture)
    # Browsers do not go by EXIF in a WebP or a GIF, nor by a profile in a GIF.
    turn = None if kind in ("WEBP", "GIF") else TURNS.get(orientation)
    if picture.mode.startswith("I"):
        picture = Image.fromarray((numpy.asarray(picture).astype(numpy.uint32) >> 8).astype(numpy.uint8))
    if picture.mode == "CMYK" and not has_adobe:
        # Browsers take the ink of every JPEG for inverted, Pillow that of Adobe's alone.
        picture = ImageChops.invert(picture)
    if picture.mode in ("LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode not in ("L", "RGB", "RGBA", "CMYK"):
        picture = picture.convert("L" if picture.mode == "1" else "RGB")
    sides = (height, width) if orientation >= 5 and turn is not None else (width, height)
    # Pillow multiplies by alpha itself where there is any.
    picture = picture.resize(sides, Image.Resampling.LANCZOS)
    if turn is not None:
        picture = picture.transpose(turn)
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    if alpha:
        picture = picture.convert("RGB")
    if profile and kind != "GIF":
        picture = in_srgb(picture, profile)
    if power:
        picture = of_power(picture.convert("RGB"), *power)
    picture = picture.convert("RGB")
    if alpha:
        picture.putalpha(alpha)
    return picture


def displayed_width(file: Path) -> int:
    with Image.open(file) as picture:
        is_turned = picture.format in ("JPEG", "PNG", "MPO") and orientation_of(picture) >= 5
        return picture.height if is_turned else picture.width


def orientation_of(picture: Image.Image) -> int:
    """The orientation that EXIF says; Pillow itself would go by XMP as well, which browsers do not."""
    exif = Image.Exif()
    exif.load(picture.info.get("exif"))
    return exif.get(ExifTags.Base.Orientation, 1)


def in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space.strip()
        wanted = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}.get(space)
        if wanted != picture.mode and (wanted != "RGB" or picture.mode != "L"):
            return picture
        return ImageCms.profileToProfile(picture.convert(wanted), opened, SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture


def power_of(file: Path) -> tuple[float, list[float]] | None:
    """The power that gAMA and cHRM of a PNG say, where neither sRGB nor cICP is there."""
    data, at, found = file.read_bytes(), 8, {}
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        if name == b"IDAT":
            break
        chunk = data[at + 8 : at + 8 + length]
        if struct.pack(">I", zlib.crc32(name + chunk)) == data[at + 8 + length : at + 12 + length]:
            found.setdefault(name, chunk)
        at += 12 + length
    if {b"sRGB", b"cICP"} & found.keys() or not {b"gAMA", b"cHRM"} <= found.keys():
        return None
    power = struct.unpack(">I", found[b"gAMA"])[0] / 1e5
    return (power, [number / 1e5 for number in struct.unpack(">8I", found[b"cHRM"])]) if power else None


def of_power(picture: Image.Image, power: float, places: list[float]) -> Image.Image:
    def xyz(x: float, y: float) -> list[float]:
        return [x / y, 1, (1 - x - y) / y]

    white, *primaries = [xyz(*places[n : n + 2]) for n in range(0, 8, 2)]
    columns = numpy.array(primaries).T
    columns = columns * numpy.linalg.solve(columns, numpy.array(white))
    bradford = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapted = numpy.linalg.inv(bradford) @ numpy.diag((bradford @ WHITE) / (bradford @ numpy.array(white))) @ bradford
    matrix = numpy.linalg.inv(XYZ_OF_SRGB) @ adapted @ columns
    linear = ((numpy.asarray(picture) / 255) ** (1 / power) @ matrix.T).clip(0, 1)
    encoded = numpy.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return Image.fromarray((encoded * 255 + 0.5).astype(numpy.uint8))


def webp(picture: Image.Image, quality: float = 75) -> bytes:
    written = io.BytesIO()
    picture.save(written, "WEBP", quality=quality)
    return written.getvalue()


def on(picture: Image.Image, colour: str) -> Image.Image:
    """The picture on a background where it is transparent."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", picture.size, colour), picture).convert("RGB")


def mean(plane: numpy.ndarray) -> numpy.ndarray:
    """The mean of each window."""
    rows, columns = (min(WINDOW, side) for side in plane.shape)
    sums = numpy.pad(plane, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return (sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns] + sums[:-rows, :-columns]) / (rows * columns)


def ssim(one: Image.Image, other: Image.Image) -> float:
    """Structural similarity of brightness, 1 where both are the same."""
    x, y = (numpy.asarray(picture.convert("L")).astype(numpy.float64) for picture in (one, other))
    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y, both = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2, mean(x * y) - mean_x * mean_y
    return float(((2 * mean_x * mean_y + C1) * (2 * both + C2) / ((mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2))).mean())


def lab(picture: Image.Image) -> numpy.ndarray:
    encoded = numpy.asarray(picture) / 255
    linear = numpy.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    part = linear @ XYZ_OF_SRGB.T / WHITE
    root = numpy.where(part > 216 / 24389, numpy.cbrt(part), (24389 / 27 * part + 16) / 116)
    return numpy.stack([116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], axis=-1)


def distance(one: Image.Image, other: Image.Image) -> float:
    """How far the colours are apart on the average (CIE 1976), of areas rather than of pixels: 2 is just seen."""
    areas = [lab(picture.reduce(WINDOW)) for picture in (one, other)]
    return float(numpy.sqrt(((areas[0] - areas[1]) ** 2).sum(axis=-1)).mean())
