"""What any board looks at before it takes a message: lengths, and that a picture is one, by content."""

from io import BytesIO
from typing import NamedTuple

from PIL import Image

TEXT, AUTHOR, ALT = 2_000, 40, 500
PICTURE_BYTES = 4 * 1024 * 1024
PICTURE_PIXELS = 50_000_000
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")


class Refused(Exception):
    """A message was refused, with what is wrong with it."""


class Picture(NamedTuple):
    type: str
    extension: str
    width: int
    height: int


def text_of(value: str, most: int) -> str:
    value = value.strip()
    if len(value) > most:
        raise Refused(f"must have at most {most} characters")
    return value


def picture_of(data: bytes) -> Picture:
    """The picture that these bytes are: its head is read, its pixels are not decoded."""
    if len(data) > PICTURE_BYTES:
        raise Refused("the picture is too large")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            kind, (width, height) = image.format.lower(), image.size
    except (OSError, Image.DecompressionBombError) as error:
        raise Refused("the picture is none that the board takes") from error
    if width * height > PICTURE_PIXELS:
        raise Refused("the picture has too many pixels")
    return Picture(f"image/{kind}", "jpg" if kind == "jpeg" else kind, width, height)
