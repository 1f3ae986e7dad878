"""What is left of a posted picture, as others see it: its pixels, its profile, its orientation, and nothing else."""

import json
import struct

import pytest

import hostile
import metadata
import profiles
from board_client import post
from independent import colours, displayed, forbidden, is_turned, orientation, profile, tags
from make import phone_exif, srgb_profile
from metadata import PLANTED

EXPECTED = json.loads(hostile.read("expected.json"))


def with_exif(orientation: int, order: str) -> bytes:
    """`orientation-N.jpg` with other EXIF, in this byte order."""
    whole = hostile.read(f"orientation-{orientation}.jpg")
    at = whole.index(b"\xff\xe1")
    end = at + 2 + struct.unpack(">H", whole[at + 2 : at + 4])[0]
    return whole[:at] + metadata.segment(0xE1, b"Exif\0\0" + metadata.exif(orientation, order)) + whole[end:]


PICTURES = {name: (lambda name=name: hostile.read(name)) for name, expected in EXPECTED.items() if "refused" not in expected}
PICTURES |= {f"orientation-{value}-{name}.jpg": (lambda value=value, order=order: with_exif(value, order))
             for value in range(1, 9) for name, order in (("big-endian", ">"), ("little-endian", "<"))}
PICTURES |= {name: make for name, (make, _) in hostile.TAKEN.items()}


@pytest.fixture(scope="module")
def kept(board, tmp_path_factory):
    """Every picture as it was sent and as it is served, and what exiftool finds in the latter."""
    folder = tmp_path_factory.mktemp("served")
    pictures = {}
    for name, make in PICTURES.items():
        sent = make()
        answer = post(board, sent, name)
        assert answer.status == 201, (name, answer.body)
        file = f"{len(pictures)}.{answer.media_type.removeprefix('image/')}"
        (folder / file).write_bytes(answer.served)
        pictures[name] = sent, answer, file
    found = tags(folder)
    return {name: (sent, answer, found[file]) for name, (sent, answer, file) in pictures.items()}


def first_orientation(name: str, sent: bytes) -> int:
    """What browsers go by; Pillow takes the last of several blocks."""
    if name in {"everything.jpg", "everything.png", "a motion photo", "a multi-picture photo"}:
        return 6
    # No browser turns a WebP.
    return 1 if name.endswith(".webp") else orientation(sent)


@pytest.mark.parametrize("name", PICTURES)
def test_nothing_but_the_picture_is_left(name, kept):
    sent, answer, found = kept[name]
    assert forbidden(found) == []
    assert PLANTED not in answer.served
    if "bomb" in name:  # which Pillow does not open
        assert answer.served == hostile.read("drawing.png")
    else:
        assert is_turned(found) == (first_orientation(name, sent) != 1)


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_displayed_as_it_was(name, kept):
    sent, answer, _ = kept[name]
    if "bomb" in name:  # which Pillow does not open
        sent = hostile.read("drawing.png")
    turned = first_orientation(name, sent)
    assert orientation(answer.served) == turned
    before, after = displayed(sent, turned), displayed(answer.served, turned)
    if sent.startswith(b"BM"):  # a PNG of its own mode
        before, after = [frame[1::4] for frame in before], [frame[1::4] for frame in after]
    assert after == before
    assert (answer.picture["width"], answer.picture["height"]) == before[0][0 if sent.startswith(b"BM") else 1]
    if name in EXPECTED:
        assert {key: answer.picture[key] for key in ("width", "height")} == {key: EXPECTED[name][key] for key in ("width", "height")}


@pytest.mark.parametrize("name", ["everything.jpg", "everything.png", "everything.webp", "everything-animated.webp", "a motion photo"])
def test_its_profile_computes_the_same(name, kept):
    left = profile(kept[name][1].served)
    assert colours(left) == colours(srgb_profile())
    assert left == profiles.cleaned(left)


PROFILES = {
    "a screen's": lambda serial: profiles.with_tags(srgb_profile(), profiles.screen(serial)),
    "a screen's, by tables": lambda serial: profiles.with_tags(profiles.by_table(), profiles.screen(serial)),
    "a screen's, by stages": lambda serial: profiles.with_tags(profiles.by_stages(), profiles.screen(serial)),
    "a gray one": lambda serial: profiles.with_tags(profiles.gray(), profiles.screen(serial)),
}


# No WebP is gray.
CARRIED = [(name, kind) for name in PROFILES for kind in ("JPEG", "PNG", "WEBP") if (name, kind) != ("a gray one", "WEBP")]


@pytest.mark.parametrize(("name", "kind"), CARRIED)
def test_a_profile_does_not_tell_one_machine_from_another(name, kind, board):
    ours, theirs = PROFILES[name](b"C02XK1"), PROFILES[name](b"C02ZZ9")
    assert ours != theirs
    mode = "L" if name == "a gray one" else "RGB"
    one, other = (post(board, profiles.carrying(each, kind, mode)).served for each in (ours, theirs))
    assert one == other
    left = profile(one)
    assert left == profiles.cleaned(left)
    assert colours(left) == colours(ours)


def test_a_profile_in_many_segments_is_kept_in_few(board):
    large = profiles.with_tags(profiles.by_table(grid=17, entries=4096), profiles.screen(b"C02XK1"))
    served = {post(board, hostile.split_profile(large, pieces)).served for pieces in (4, 40, 255)}
    assert len(served) == 1
    left = profile(served.pop())
    assert 100_000 > len(left) > 50_000
    assert colours(left) == colours(large)


def test_the_eight_orientations_are_displayed_alike(kept):
    for order in ("big-endian", "little-endian"):
        sizes = {(kept[f"orientation-{value}-{order}.jpg"][1].picture["width"], kept[f"orientation-{value}-{order}.jpg"][1].picture["height"])
                 for value in range(1, 9)}
        assert sizes == {(48, 32)}


def test_what_is_looked_for_is_there_before(tmp_path):
    """Otherwise the tests above would find nothing whatever was left."""
    for name in ("everything.jpg", "everything.png", "everything.gif", "everything.webp"):
        (tmp_path / name).write_bytes(hostile.read(name))
    (tmp_path / "phone.jpg").write_bytes(hostile.read("orientation-6.jpg"))
    assert phone_exif(6)
    for name, found in tags(tmp_path).items():
        groups = {key.partition(":")[0] for key in forbidden(found)}
        wanted = {"everything.gif": {"XMP-exif", "File"}, "phone.jpg": {"IFD0", "GPS"}}.get(name, {"IFD0", "GPS", "IFD1", "XMP-exif"})
        assert wanted <= groups, (name, groups)
