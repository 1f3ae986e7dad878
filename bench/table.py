"""The table of goals that `make bench` prints: each part adds its rows, each row compares two things of one run."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from workspace import TARGET

RESULTS = TARGET / "bench"


@dataclass(frozen=True)
class Row:
    """`ours` beside `theirs`, with units; the ratio or figure that the goal is about; whether it is met (None: no
    goal, only reported)."""

    what: str
    ours: str
    theirs: str
    figure: str
    goal: str
    met: bool | None


def spread(values: Sequence[float], unit: str) -> str:
    """The median of the values, and between which two the middle half of them lies."""
    if len(values) < 4:
        return f"{statistics.median(values):.3g} {unit} ({min(values):.3g}–{max(values):.3g})"
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.3g} {unit} ({low:.3g}–{high:.3g})"


def compared(what: str, ours: Sequence[float], theirs: Sequence[float], unit: str, most: float | None = None) -> Row:
    """A row of two medians: ours is to be at most `most` times theirs, or is only reported."""
    ratio = statistics.median(ours) / statistics.median(theirs)
    goal, met = ("", None) if most is None else (f"≤ {most:g}×", ratio <= most)
    return Row(what, spread(ours, unit), spread(theirs, unit), f"{ratio:.3g}×", goal, met)


def show(rows: Sequence[Row]) -> str:
    heads = Row("what", "ours", "theirs", "figure", "goal", None)
    lines = [[row.what, row.ours, row.theirs, row.figure, row.goal, {True: "met", False: "MISSED", None: ""}[row.met]] for row in [heads, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def keep(part: str, rows: Sequence[Row]) -> None:
    """Prints the rows of a part, and keeps them for the whole table."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{part}.json").write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    print(show(rows), flush=True)


def kept(parts: Sequence[str]) -> list[Row]:
    return [Row(**row) for part in parts for row in json.loads((RESULTS / f"{part}.json").read_text())]
