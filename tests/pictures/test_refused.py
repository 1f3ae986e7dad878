"""What is no picture, a damaged one or a bomb is refused, whatever it is called."""

import pytest

import hostile
from board_client import post
from independent import displayed

CUT = ["small.jpg", "progressive.jpg", "everything.jpg", "drawing.png", "animation.png", "everything.png", "animation.gif", "everything.gif",
       "photo.webp", "animation.webp", "everything.webp", "8-bit.bmp", "32-bit.bmp"]


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_it_is_refused(name, board):
    make, status, problem = hostile.REFUSED[name]
    answer = post(board, make(), "holiday.jpg")
    assert (answer.status, answer.problem) == (status, problem)


@pytest.mark.parametrize("name", CUT)
def test_what_is_cut_short_is_refused_or_shown_whole(name, board):
    whole = hostile.read(name)
    served, refused = displayed(post(board, whole, name).served, 1), 0
    for end in sorted({len(whole) * n // 16 for n in range(1, 16)} | {20, len(whole) - 5}):
        answer = post(board, whole[:end], name)
        if answer.status == 201 and name.endswith(".gif"):
            # As browsers do, up to its last whole frame.
            frames = displayed(answer.served, 1)
            assert frames == served[: len(frames)], end
        elif answer.status == 201 and name.endswith((".png", ".jpg")):
            # Up to what stands behind its last pixel.
            assert displayed(answer.served, 1) == served, end
        else:
            assert (answer.status, answer.problem) == (422, "invalid-fields/picture: malformed"), end
            refused += 1
    assert refused > 3


@pytest.mark.parametrize("name", ["drawing.png", "animation.png", "still.gif", "animation.gif"])
def test_a_checksum_or_a_trailer_is_missed_by_nobody(name, board):
    whole = hostile.read(name)
    assert post(board, whole[:-1], name).served == post(board, whole, name).served
