"""The file kinds that Pillow does not write: interlaced PNG, and BMP other than the plain one.

Written from the formats' own descriptions (PNG, https://www.w3.org/TR/png-3/; BITMAPINFOHEADER,
https://learn.microsoft.com/windows/win32/api/wingdi/ns-wingdi-bitmapinfoheader).
"""

import struct
import zlib

from PIL import Image

# Adam7: first column, first row, column step, row step of each pass.
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def interlaced_png(picture: Image.Image) -> bytes:
    """An RGB picture as an 8-bit Adam7 PNG, every row unfiltered."""
    width, height = picture.size
    pixels = picture.tobytes()
    rows = bytearray()
    for left, top, across, down in ADAM7:
        for y in range(top, height, down):
            row = b"".join(pixels[3 * (y * width + x) : 3 * (y * width + x) + 3] for x in range(left, width, across))
            # A pass without columns has no rows either, not even their filter bytes.
            rows += b"\0" + row if row else b""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")


def bmp(picture: Image.Image, bits: int, *, top_down: bool = False) -> bytes:
    """An RGB picture as an uncompressed BMP of 1, 4, 8 (with a palette), 24 or 32 bits a pixel."""
    width, height = picture.size
    palette = b""
    if bits <= 8:
        picture = picture.quantize(2**bits)
        palette = _palette(picture, 2**bits)
        pixels = picture.tobytes()
        lines = [_packed(pixels[y * width : (y + 1) * width], bits) for y in range(height)]
    else:
        raw = picture.tobytes("raw", "BGR" if bits == 24 else "BGRX")
        stride = width * bits // 8
        lines = [raw[y * stride : (y + 1) * stride] for y in range(height)]
    padded = [line + bytes(-len(line) % 4) for line in lines]
    body = b"".join(padded if top_down else reversed(padded))
    return _headers(width, -height if top_down else height, bits, 0, palette, body) + palette + body


def rle8_bmp(picture: Image.Image) -> bytes:
    """An RGB picture as a BMP with BI_RLE8 compression, in runs of at most 255."""
    width, height = picture.size
    indexed = picture.quantize(256)
    palette, pixels, body = _palette(indexed, 256), indexed.tobytes(), bytearray()
    for y in reversed(range(height)):
        line, x = pixels[y * width : (y + 1) * width], 0
        while x < width:
            run = 1
            while x + run < width and run < 255 and line[x + run] == line[x]:
                run += 1
            body += bytes((run, line[x]))
            x += run
        body += b"\0\0"
    body += b"\0\1"
    return _headers(width, height, 8, 1, palette, bytes(body)) + palette + bytes(body)


def _headers(width: int, height: int, bits: int, compression: int, palette: bytes, body: bytes) -> bytes:
    offset = 14 + 40 + len(palette)
    return struct.pack("<2sIHHI", b"BM", offset + len(body), 0, 0, offset) + struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(body), 2835, 2835, len(palette) // 4, 0
    )


def _palette(picture: Image.Image, colours: int) -> bytes:
    rgb = (picture.getpalette() or [])[: 3 * colours]
    rgb += [0] * (3 * colours - len(rgb))
    return b"".join(bytes((rgb[i + 2], rgb[i + 1], rgb[i], 0)) for i in range(0, len(rgb), 3))


def _packed(line: bytes, bits: int) -> bytes:
    """Several pixels to a byte, the leftmost in the high bits."""
    per_byte = 8 // bits
    packed = bytearray()
    for start in range(0, len(line), per_byte):
        value = 0
        for x in range(start, start + per_byte):
            value = value << bits | (line[x] if x < len(line) else 0)
        packed.append(value)
    return bytes(packed)
