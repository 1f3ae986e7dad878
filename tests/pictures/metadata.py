"""Puts into a picture everything that its format can carry besides the picture. Every text says PLANTED, so that
what is left of it can be searched for.

Written from the formats' own descriptions: EXIF 2.32, XMP part 3, CIPA DC-007 (MPF), IPTC IIM, ICC.1 annex B,
GIF89a, PNG and RFC 9649.
"""

import struct
import zlib

PLANTED = b"planted-by-a-test"
XMP = (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
       b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51.502N" exif:UserComment="' + PLANTED + b'"/></rdf:RDF></x:xmpmeta>')


def exif(orientation: int, order: str = ">") -> bytes:
    """A TIFF structure in big-endian (`>`) or little-endian (`<`) order, as a phone writes it: maker, orientation,
    place, and a thumbnail in a second directory."""
    ascii_, short, long, rational = 2, 3, 4, 5
    thumbnail = b"\xff\xd8\xff\xfe" + struct.pack(">H", 2 + len(PLANTED)) + PLANTED + b"\xff\xd9"
    text, place = PLANTED + b"\0", struct.pack(order + "6I", 48, 1, 51, 1, 3012, 100)

    def directory(entries: list[tuple[int, int, int, bytes]], following: int) -> bytes:
        packed = b"".join(struct.pack(order + "HHI", tag, kind, count) + value.ljust(4, b"\0") for tag, kind, count, value in entries)
        return struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "I", following)

    def at(offset: int) -> bytes:
        return struct.pack(order + "I", offset)

    first, gps = 8, 8 + 2 + 3 * 12 + 4
    second = gps + 2 + 2 * 12 + 4
    data = second + 2 + 3 * 12 + 4
    return (b"MM\0*" if order == ">" else b"II*\0") + at(first) + directory([
        (0x010F, ascii_, len(text), at(data)),
        (0x0112, short, 1, struct.pack(order + "H", orientation)),
        (0x8825, long, 1, at(gps)),
    ], second) + directory([
        (1, ascii_, 2, b"N\0"),
        (2, rational, 3, at(data + len(text))),
    ], 0) + directory([
        (0x0103, short, 1, struct.pack(order + "H", 6)),
        (0x0201, long, 1, at(data + len(text) + len(place))),
        (0x0202, long, 1, at(len(thumbnail))),
    ], 0) + text + place + thumbnail


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


def profile_segments(profile: bytes, order: list[int]) -> bytes:
    """An ICC profile in as many segments as `order` has numbers, which stand in that order."""
    length = -(-len(profile) // len(order))
    return b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes((number, len(order))) + profile[(number - 1) * length : number * length]) for number in order)


def jpeg(picture: bytes, orientation: int, profile: bytes) -> bytes:
    """A JFIF file, without metadata so far, with all of it."""
    assert picture[:4] == b"\xff\xd8\xff\xe0" and picture.endswith(b"\xff\xd9")
    iptc = struct.pack(">BBBH", 0x1C, 2, 120, len(PLANTED)) + PLANTED
    before = [
        segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\2\2" + PLANTED[:12]),  # with a thumbnail of 2 x 2
        segment(0xE0, b"JFXX\0\x13\1\1" + PLANTED[:3]),
        segment(0xFE, PLANTED),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP),
        b"\xff\xff" + segment(0xE1, b"Exif\0\0" + exif(orientation)),  # after fill bytes
        segment(0xE1, b"Exif\0\0" + exif(3, "<")),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + XMP),
        profile_segments(profile, [2, 1, 3]),
        segment(0xE2, b"MPF\0" + exif(1)),
        segment(0xEB, b"JP\0\1\0\0\0\1" + struct.pack(">I", 8 + len(PLANTED)) + b"jumb" + PLANTED),
        segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0" + struct.pack(">I", len(iptc)) + iptc + bytes(len(iptc) % 2)),
        segment(0xEE, b"Adobe\0d\0\0\0\0\1" + PLANTED),
        segment(0xE5, PLANTED),
    ]
    after = [segment(0xFE, PLANTED), segment(0xE1, b"Exif\0\0" + exif(8)), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)]
    jfif_end = 4 + struct.unpack(">H", picture[4:6])[0]
    return picture[:2] + b"".join(before) + picture[jfif_end:-2] + b"".join(after) + b"\xff\xd9"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(picture: bytes, orientation: int, profile: bytes) -> bytes:
    """A PNG, without metadata so far, with all of it."""
    header_end = 8 + 25
    text = b"Comment\0" + PLANTED
    before = [
        chunk(b"iCCP", b"a profile\0\0" + zlib.compress(profile)),
        chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        chunk(b"sBIT", PLANTED),  # too long
        chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
        chunk(b"tEXt", text),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(PLANTED)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
        chunk(b"eXIf", exif(orientation)),
        chunk(b"eXIf", exif(3, "<")),
        chunk(b"tIME", struct.pack(">HBBBBB", 2026, 7, 14, 18, 3, 22)),
        chunk(b"caBX", PLANTED),
        chunk(b"prVt", PLANTED),
        chunk(b"iCCP", b"another\0\0" + zlib.compress(PLANTED)),
    ]
    after = [chunk(b"tEXt", text), chunk(b"eXIf", exif(8)), chunk(b"tIME", bytes(7)), chunk(b"gAMA", PLANTED[:4])]
    return picture[:header_end] + b"".join(before) + picture[header_end:-12] + b"".join(after) + picture[-12:]


def gif(picture: bytes) -> bytes:
    """An animated GIF, whose only extension but graphic controls is its repetition, with all that it can have."""
    def blocks(data: bytes) -> bytes:
        return b"".join(bytes((len(data[i : i + 255]),)) + data[i : i + 255] for i in range(0, len(data), 255)) + b"\0"

    def application(name: bytes, data: bytes) -> bytes:
        return b"\x21\xff\x0b" + name + data

    repetition = picture.index(b"\x21\xff\x0bNETSCAPE2.0")
    end = repetition + 19
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"  # XMP's, so that its text can be read as sub-blocks
    before = [
        b"\x21\xfe" + blocks(PLANTED),
        application(b"XMP DataXMP", XMP + trailer),
        application(b"ICCRGBG1012", blocks(PLANTED)),
        application(b"PLANTED\x001.0", blocks(PLANTED)),
        application(b"NETSCAPE2.0", b"\3\1" + picture[end - 3 : end - 1] + b"\5\2\0\0\1\0" + bytes((len(PLANTED),)) + PLANTED + b"\0"),
        b"\x21\x01\x0c" + bytes(12) + blocks(PLANTED),
    ]
    return picture[:repetition] + b"".join(before) + picture[end:-1] + b"\x21\xfe" + blocks(PLANTED) + b"\x3b"


def webp_chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def webp_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks = []
    while data:
        length = struct.unpack("<I", data[4:8])[0]
        chunks.append((data[:4], data[8 : 8 + length]))
        data = data[8 + length + length % 2 :]
    return chunks


def webp(picture: bytes, orientation: int, profile: bytes) -> bytes:
    """An extended WebP, without metadata so far, with all of it; its frames too, if it is an animation."""
    (kind, header), *chunks = webp_chunks(picture[12:])
    assert kind == b"VP8X"
    private = webp_chunk(b"PRIV", PLANTED)
    body = [
        webp_chunk(b"VP8X", bytes((header[0] | 0x2C, *b"pla")) + header[4:]),  # the reserved bytes as well
        webp_chunk(b"ICCP", profile), webp_chunk(b"ICCP", PLANTED), private,
    ]
    for kind, data in chunks:
        if kind != b"EXIF":
            body.append(webp_chunk(kind, data + private if kind == b"ANMF" else data))
    body += [webp_chunk(b"EXIF", b"Exif\0\0" + exif(orientation, "<")), webp_chunk(b"EXIF", exif(3)), webp_chunk(b"XMP ", XMP), private]
    joined = b"WEBP" + b"".join(body)
    return b"RIFF" + struct.pack("<I", len(joined)) + joined
