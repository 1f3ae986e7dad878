"""Pictures that mean harm, made when they are needed: bombs, polyglots, and what only calls itself a picture."""

import io
import struct
import zipfile
import zlib
from functools import cache
from pathlib import Path

from metadata import PLANTED, chunk, segment

SMALL = Path(__file__).parent


def read(name: str) -> bytes:
    return (SMALL / name).read_bytes()


@cache
def deflated_zeros(length: int) -> bytes:
    """A zlib stream of so many zeros, made without having them at once."""
    compressor, block, stream = zlib.compressobj(9), bytes(1 << 20), b""
    for _ in range(length >> 20):
        stream += compressor.compress(block)
    return stream + compressor.flush()


def png_of(width: int, height: int) -> bytes:
    whole = read("drawing.png")
    return whole[:8] + chunk(b"IHDR", struct.pack(">II", width, height) + whole[24:29]) + whole[33:]


def png_with(*chunks: bytes) -> bytes:
    whole = read("drawing.png")
    return whole[:33] + b"".join(chunks) + whole[33:]


def png_bomb() -> bytes:
    """50,000 x 50,000 black pixels in a few hundred KB, all of them there."""
    rows = deflated_zeros(50_000 * (1 + 50_000 // 8))
    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif_of_frames(count: int) -> bytes:
    frame = b"\x21\xf9\x04\0\1\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * count + b"\x3b"


def jpeg_of_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: little to send, all pixels to go through."""
    whole = read("progressive.jpg")
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * count + whole[-2:]


def jpeg_zip() -> bytes:
    """A photo that is also an archive."""
    archive = io.BytesIO(read("small.jpg"))
    archive.seek(0, io.SEEK_END)
    with zipfile.ZipFile(archive, "a") as files:
        files.writestr("planted.txt", PLANTED)
    return archive.getvalue()


def gif_script() -> bytes:
    """A GIF that is also JavaScript: its width is `/*`, and a comment ends that."""
    whole = b"GIF89a/*\1\0\x80\0\0\0\0\0\xff\xff\xff\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    script = b"*/=1;alert('" + PLANTED + b"')//"
    return whole + b"\x21\xfe" + bytes((len(script),)) + script + b"\0\x3b" + script


def png_page() -> bytes:
    page = b"<!doctype html><script>alert('" + PLANTED + b"')</script>"
    return png_with(chunk(b"tEXt", b"Comment\0" + page)) + page


def motion_photo() -> bytes:
    """A photo as phones take it, with its few seconds of film behind it."""
    photo = read("everything.jpg")
    film = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + struct.pack(">I", 8 + len(PLANTED)) + b"mdat" + PLANTED
    return photo + film


def multi_picture() -> bytes:
    """A photo with a second one, a gain map or a depth map, behind it."""
    return read("everything.jpg") + read("everything.jpg")


def split_profile(profile: bytes, pieces: int) -> bytes:
    whole = read("small.jpg")
    length = -(-len(profile) // pieces)
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes((i + 1, pieces)) + profile[i * length : (i + 1) * length]) for i in range(pieces)]
    return whole[:2] + b"".join(parts) + whole[2:]


# What each is answered: taken as this format, or refused for this reason.
TAKEN = {
    "a compressed bomb in zTXt": (lambda: png_with(chunk(b"zTXt", b"Comment\0\0" + deflated_zeros(256 << 20))), "image/png"),
    "a compressed bomb in iTXt": (lambda: png_with(chunk(b"iTXt", b"a\0\1\0\0\0" + deflated_zeros(256 << 20))), "image/png"),
    "a compressed bomb in iCCP": (lambda: png_with(chunk(b"iCCP", b"a\0\0" + deflated_zeros(256 << 20))), "image/png"),
    "a thousand bombs in iCCP": (lambda: png_with(*[chunk(b"iCCP", b"a\0\0" + deflated_zeros(4 << 20))] * 900), "image/png"),
    "JPEG and ZIP": (jpeg_zip, "image/jpeg"),
    "GIF and JavaScript": (gif_script, "image/gif"),
    "PNG and HTML": (png_page, "image/png"),
    "a motion photo": (motion_photo, "image/jpeg"),
    "a multi-picture photo": (multi_picture, "image/jpeg"),
    "frames up to the limit": (lambda: gif_of_frames(2_000), "image/gif"),
    "scans up to the limit": (lambda: jpeg_of_scans(90), "image/jpeg"),
}
REFUSED = {
    "a PNG of 50,000 x 50,000": (png_bomb, 422, "invalid-fields/picture: too-many-pixels"),
    "a PNG that says so only": (lambda: png_of(50_000, 50_000), 422, "invalid-fields/picture: too-many-pixels"),
    "a GIF of 100,000 frames": (lambda: gif_of_frames(100_000), 422, "invalid-fields/picture: too-many-parts"),
    "a JPEG of 10,000 scans": (lambda: jpeg_of_scans(10_000), 422, "invalid-fields/picture: too-many-parts"),
    "a PNG of 100,000 chunks": (lambda: png_with(chunk(b"prVt", b"") * 100_000), 422, "invalid-fields/picture: too-many-parts"),
    "a BMP in runs": (lambda: read("rle.bmp"), 415, "unsupported-picture"),
    "PDF and JPEG": (lambda: b"%PDF-1.7\n" + read("small.jpg"), 415, "unsupported-picture"),
    "HTML before a PNG": (lambda: b"<!--" + read("drawing.png") + b"--><script>alert(1)</script>", 415, "unsupported-picture"),
    "SVG": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", 415, "unsupported-picture"),
    "HTML": (lambda: b"<!doctype html><script>alert(1)</script>", 415, "unsupported-picture"),
    "one zero": (lambda: b"\0", 415, "unsupported-picture"),
    "4 MiB of zeros": (lambda: bytes(4 << 20), 415, "unsupported-picture"),
    "a JPEG of zeros": (lambda: b"\xff\xd8\xff" + bytes(1 << 20), 422, "invalid-fields/picture: malformed"),
    "nothing": (lambda: b"", 422, "invalid-fields/picture: malformed"),
}
