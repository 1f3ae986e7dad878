"""What is no picture, a damaged one or a bomb is refused, whatever it is called."""

import pytest

import hostile
from client import post

CUT = ["small.jpg", "progressive.jpg", "everything.jpg", "drawing.png", "animation.png", "everything.png", "animation.gif", "everything.gif",
       "photo.webp", "animation.webp", "everything.webp", "8-bit.bmp", "32-bit.bmp"]


@pytest.mark.parametrize("name", hostile.REFUSED)
def test_it_is_refused(name, board):
    make, status, problem = hostile.REFUSED[name]
    answer = post(board, make(), "holiday.jpg")
    assert (answer.status, answer.problem) == (status, problem)


@pytest.mark.parametrize("name", CUT)
def test_what_is_cut_short_is_refused(name, board):
    whole = hostile.read(name)
    for end in sorted({len(whole) * n // 16 for n in range(1, 16)} | {20, len(whole) - 1}):
        answer = post(board, whole[:end], name)
        assert (answer.status, answer.problem) == (422, "invalid-fields/picture: malformed"), end
