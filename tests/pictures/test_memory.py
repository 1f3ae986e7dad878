"""message-board stays under 128 MiB with the worst that it can be sent: its real bootstrap, with Lambda's largest events, and
the most memory that the kernel says it ever had (`VmHWM`)."""

import random
import struct
import zlib

import pytest

import hostile
from events import form, request
from lambda_runtime import running
from metadata import chunk, segment

MIB = 1 << 20
LIMIT_MIB = 128
NOISE = random.Random(1).randbytes(4 * MIB)


def bmp(bits: int, width: int, height: int, pixels: bytes) -> bytes:
    palette = bytes(4 << bits) if bits <= 8 else b""
    offset = 54 + len(palette)
    return struct.pack("<2sIHHIIiiHHIIiiII", b"BM", offset + len(pixels), 0, 0, offset, 40, width, height, 1, bits, 0, 0, 0, 0, 0, 0) + palette + pixels


def large_jpeg() -> bytes:
    """Nearly all of it is kept, but it begins with what is not, so that it is copied."""
    whole = hostile.read("small.jpg")
    scan = NOISE.replace(b"\xff", b"\0")[: 4 * MIB - 10_000]
    return whole[:2] + segment(0xFE, b"gone") + whole[2:-2] + scan + whole[-2:]


def png(width: int, height: int, depth: int, colour: int, stream: bytes, *chunks: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def large_png(*chunks: bytes) -> bytes:
    """Nearly 4 MiB of pixels that cannot be compressed."""
    rows = b"".join(b"\0" + NOISE[n * 3_000 : (n + 1) * 3_000] for n in range(1_390))
    return png(1_000, 1_390, 8, 2, zlib.compress(rows, 0), *chunks)


def png_of_zeros() -> bytes:
    """As many bytes of pixels as there can be, 400 MB, in as few as they can be."""
    return png(7_071, 7_071, 16, 6, hostile.deflated_zeros(382 << 20))


def longer_png_of_zeros() -> bytes:
    """The same and some rows more, which go."""
    return png(7_071, 7_071, 16, 6, hostile.deflated_zeros(386 << 20))


def animation_of_zeros(behind: bytes) -> bytes:
    """More than is inflated: twelve frames of 47 MiB. The last one has this behind its pixels."""
    width, height, frames = 16_383, 3_008, 12
    zeros = hostile.deflated_zeros(47 * MIB)

    def control(number: int) -> bytes:
        return chunk(b"fcTL", struct.pack(">5IHHBB", number, width, height, 0, 0, 1, 10, 0, 0))

    def image(number: int, data: bytes) -> bytes:
        return chunk(b"fdAT", struct.pack(">I", number) + data)

    start = chunk(b"acTL", struct.pack(">II", frames, 0)), control(0)
    more = b"".join(control(2 * n - 1) + image(2 * n, zeros + behind * (n == frames - 1)) for n in range(1, frames))
    return png(width, height, 8, 0, zeros, *start)[:-12] + more + chunk(b"IEND", b"")


PICTURES = {
    "a JPEG that is copied": (large_jpeg, 201),
    "a PNG that is copied": (lambda: large_png(chunk(b"tEXt", b"a\0b")), 201),
    "a PNG of zeros": (png_of_zeros, 201),
    "a PNG of zeros with more rows": (longer_png_of_zeros, 201),
    "an animation of zeros": (lambda: animation_of_zeros(b""), 201),
    "an animation with bytes behind": (lambda: animation_of_zeros(NOISE[:100]), 422),
    "a PNG with a bomb": (lambda: hostile.png_with(chunk(b"iCCP", b"a\0\0" + hostile.deflated_zeros(256 * MIB))), 201),
    "a BMP of 4 megapixels": (lambda: bmp(8, 2_000, 2_000, NOISE[:4_000_000]), 201),
    "a BMP of one bit": (lambda: bmp(1, 2_000, 2_000, b"\x55" * 252 * 2_000), 201),
    "a BMP of 16 bits": (lambda: bmp(16, 1_448, 1_448, bytes(range(256)) * 16_381), 201),
    "a BMP that grows too large": (lambda: bmp(16, 1_448, 1_448, NOISE[: 2 * 1_448 * 1_448]), 413),
    "a BMP of 32 bits": (lambda: bmp(32, 1_024, 1_023, NOISE[: 4 * 1_024 * 1_023]), 201),
    "a picture too large": (lambda: NOISE + b"x", 413),
}
BODIES = {
    "brackets": ("application/json", b"[" * 6_000_000, 400),
    "empty arrays": ("application/json", b'{"text":[' + b"[]," * 2_000_000 + b"1]}", 422),
    "members": ("application/json", b"{" + b'"a":1,' * 700_000 + b'"b":1}', 422),
    "a text": ("application/json", b'{"text":"' + b"x" * 6_000_000 + b'"}', 422),
    "a part": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 4_400_000 + b"\r\n--b--\r\n", 422),
    "heads": ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="text"\r\n' + b"a: b\r\n" * 700_000, 400),
}


@pytest.fixture(scope="module")
def function(board):
    with running("message-board", board.settings()) as function:
        yield function


def posted(content_type: str, body: bytes) -> dict:
    in_base64 = content_type.startswith("multipart/")
    return request("POST", "/api/messages", body=body if in_base64 else body.decode(), content_type=content_type, content_length=str(len(body)))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_costs_little_memory(name, function):
    make, status = PICTURES[name]
    picture = make()
    headers, body = form(picture)
    answer = function.invoke(posted(headers["content-type"], body))
    assert answer["statusCode"] == status, answer.get("body")
    peak = function.peak_mebibytes()
    print(f"{name}: {peak:.1f} MiB at most")
    assert peak < LIMIT_MIB


@pytest.mark.parametrize("name", BODIES)
def test_a_body_costs_little_memory(name, function):
    content_type, body, status = BODIES[name]
    answer = function.invoke(posted(content_type, body))
    assert answer["statusCode"] == status, answer.get("body")
    peak = function.peak_mebibytes()
    print(f"{name}: {peak:.1f} MiB at most")
    assert peak < LIMIT_MIB
