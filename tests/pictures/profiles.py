"""ICC profiles as screens, cameras and printers bring them, and what the board may leave of one.

Written from ICC.1:2022 (https://www.color.org/specification/ICC.1-2022-05.pdf): header 7.2, tags 7.3 and 9.2, their
types 10.
"""

import io
import itertools
import struct

from PIL import Image

COMPUTING = {
    "wtpt", "chad", "rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC", "kTRC", "cicp",
    *(f"{way}{intent}" for way in ("A2B", "B2A") for intent in range(3)),
}


def tags(profile: bytes) -> list[tuple[str, bytes]]:
    (count,) = struct.unpack(">I", profile[128:132])
    table = [struct.unpack(">4sII", profile[132 + 12 * n : 144 + 12 * n]) for n in range(count)]
    return [(name.decode("latin-1"), profile[start : start + length]) for name, start, length in table]


def joined(header: bytes, elements: list[tuple[str, bytes]]) -> bytes:
    start, table, body = 132 + 12 * len(elements), b"", b""
    for name, element in elements:
        table += struct.pack(">4sII", name.encode(), start + len(body), len(element))
        body += element + bytes(-len(element) % 4)
    whole = header[4:128] + struct.pack(">I", len(elements)) + table + body
    return struct.pack(">I", len(whole) + 4) + whole


def element(kind: bytes, data: bytes) -> bytes:
    return kind + bytes(4) + data


def screen(serial: bytes) -> tuple[dict[int, bytes], list[tuple[str, bytes]]]:
    """What the profile that an operating system makes for a screen says of it: in the header, and as tags."""
    header = {
        4: b"appl", 24: struct.pack(">6H", 2025, 11, serial[-1], 9, 41, 7), 40: b"APPL", 44: b"\0\0\0\1", 48: b"APPL", 52: serial[:4],
        56: b"\0\0\0\0\0\0\0\2", 80: b"appl", 84: serial * 2 + bytes(4), 100: serial,
    }
    name = "Color LCD ".encode("utf-16-be") + serial.decode().encode("utf-16-be")
    return header, [
        ("mmod", element(b"mmod", b"\0\0\x06\x10\0\0\xa0\x50" + serial + bytes(14))),
        ("vcgt", element(b"vcgt", struct.pack(">I3H", 0, 3, 256, 2) + serial * 256)),
        ("ndin", element(b"ndin", serial * 6)),
        ("dscm", element(b"mluc", struct.pack(">II4sII", 1, 12, b"enUS", len(name), 28) + name)),
        ("dmdd", element(b"text", serial + b"\0")), ("calt", element(b"dtim", struct.pack(">6H", 2025, 11, serial[-1], 9, 41, 7))),
        ("targ", element(b"text", b"CTI3 " + serial + b"\0")), ("MSCA", element(b"text", serial)),
    ]


def with_tags(profile: bytes, what: tuple[dict[int, bytes], list[tuple[str, bytes]]]) -> bytes:
    """The profile with more in its header and more tags, and with other texts; something follows every element."""
    fields, more = what
    serial = more[0][1][16:22]
    header = bytearray(profile[:128])
    for place, value in fields.items():
        header[place : place + len(value)] = value
    texts = {"desc": element(b"text", serial + b"\0"), "cprt": element(b"text", b"Copyright " + serial + b"\0")}
    ours = [(name, texts.get(name, whole) + serial) for name, whole in tags(profile)]
    return joined(bytes(header), [*more[:4], *ours, *more[4:]])


def header(version: int, kind: bytes, space: bytes, meeting: bytes) -> bytes:
    d50 = struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    return bytes(8) + struct.pack(">I", version << 24) + kind + space + meeting + bytes(12) + b"acsp" + bytes(28) + d50 + bytes(48)


WHITE = ("wtpt", element(b"XYZ ", struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)))


def grid_of(points: int, number: str) -> bytes:
    """Lab for each point of a grid: what it would be for three lamps of which none is pure."""
    most = 0xFFFF if number == "H" else 0xFF
    lab = [((r + 2 * g + b) / 4, (1 + r - g) / 2, (1 + g - b) / 2) for r, g, b in itertools.product([n / (points - 1) for n in range(points)], repeat=3)]
    return b"".join(struct.pack(f">3{number}", *(int(most * value) for value in each)) for each in lab)


def by_table(grid: int = 5, entries: int = 16) -> bytes:
    curve = b"".join(struct.pack(">H", int(0xFFFF * (n / (entries - 1)) ** 2.2)) for n in range(entries))
    line = struct.pack(">HH", 0, 0xFFFF)
    identity = struct.pack(">9i", *(0x10000 if n % 4 == 0 else 0 for n in range(9)))
    table = bytes((3, 3, grid, 0)) + identity + struct.pack(">HH", entries, 2) + curve * 3 + grid_of(grid, "H") + line * 3
    return joined(header(2, b"mntr", b"RGB ", b"Lab "), [("desc", b""), ("cprt", b""), WHITE, ("A2B0", element(b"mft2", table))])


def by_stages() -> bytes:
    """In another order than the one in which the board writes them, with gaps between them."""
    gamma = element(b"para", struct.pack(">HHi", 0, 0, int(2.2 * 0x10000)))
    line = element(b"curv", struct.pack(">I", 0))
    matrix = struct.pack(">12i", *(0x10000 if n % 4 == 0 and n < 9 else 0 for n in range(12)))
    clut = bytes((5, 5, 5)) + bytes(13) + b"\2\0\0\0" + grid_of(5, "H")
    parts, places, body = {4: gamma * 3, 3: clut + bytes(-len(clut) % 4), 2: line * 3, 1: matrix, 0: line * 3}, {}, b""
    for stage, part in parts.items():
        body += b"gap."
        places[stage] = 32 + len(body)
        body += part
    data = bytes((3, 3, 0, 0)) + b"".join(struct.pack(">I", places[stage]) for stage in range(5)) + body
    return joined(header(4, b"mntr", b"RGB ", b"Lab "), [("desc", b""), ("cprt", b""), WHITE, ("A2B0", element(b"mAB ", data))])


def gray() -> bytes:
    return joined(header(2, b"mntr", b"GRAY", b"XYZ "), [("desc", b""), ("cprt", b""), WHITE, ("kTRC", element(b"curv", struct.pack(">IH", 1, 0x1CC)))])


def carrying(profile: bytes, kind: str, mode: str) -> bytes:
    """A picture of this format with the profile."""
    written = io.BytesIO()
    Image.linear_gradient("L").resize((48, 32)).convert(mode).save(written, kind, icc_profile=profile)
    return written.getvalue()


def cleaned(profile: bytes) -> bytes:
    """The profile, if nothing is in it that should have gone; with the two texts that the board writes."""
    empty = [*range(4, 8), *range(10, 12), *range(24, 36), *range(40, 67), *range(80, 128)]
    assert all(profile[place] == 0 for place in empty)
    found = dict(tags(profile))
    assert set(found) - {"desc", "cprt"} <= COMPUTING
    for name, text in (("desc", "Colour profile"), ("cprt", "Not stated")):
        assert text.encode() in found[name] or text.encode("utf-16-be") in found[name]
    return joined(profile, tags(profile)) if len({whole for _, whole in found.items()}) == len(found) else profile
