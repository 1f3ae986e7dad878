import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]


@pytest.fixture(scope="session")
def board():
    """A running board without a posting limit, since all tests come from one address."""
    from corkboard import corkboard

    with corkboard(POSTS_PER_MINUTE="0") as running:
        yield running
