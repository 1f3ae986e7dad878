"""The sums in docs/costs.md: each is what its arithmetic says, done with the prices of its own list."""

import ast
import operator
import re
from decimal import ROUND_HALF_UP, Decimal

import pytest

from stack import Stack, source
from workspace import ROOT

PAGE = (ROOT / "docs/costs.md").read_text()
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
# One number, or more with operators between them; a number may have a unit.
NUMBER = r"\(?\d[\d,.]*\)?(?: (?:ACU|GB|s)\b)?"
ARITHMETIC = rf"{NUMBER}(?: [×⁄+−] {NUMBER})+"


def value(text: str) -> Decimal:
    """Of arithmetic as it is written there."""
    text = re.sub(r" (ACU|GB|s)\b", "", text).replace(",", "").translate(str.maketrans("×⁄−", "*/-"))

    def of(node) -> Decimal:
        match node:
            case ast.Constant():
                return Decimal(str(node.value))
            case ast.BinOp():
                return OPERATORS[type(node.op)](of(node.left), of(node.right))
        raise AssertionError(text)

    return of(ast.parse(text.strip(), mode="eval").body)


def rounded(exact: Decimal, places: int) -> str:
    """As it is done by hand: a half upwards."""
    return str(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def tables(page: str) -> list[list[list[str]]]:
    """The rows of each table, without its head."""
    blocks = re.findall(r"(?:^\|.*\n)+", page, re.M)
    return [[[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[2:]] for block in blocks]


def prices(page: str) -> dict[str, set[str]]:
    """Those of the list, by service; "" has them all."""
    known: dict[str, set[str]] = {"": set()}
    for what, price, *_ in tables(page)[0]:
        for service in ("", re.split(r",| on ", what)[0]):
            known.setdefault(service, set()).add(price)
    return known


def problems(page: str) -> list[str]:
    """What does not add up."""
    found, known = [], prices(page)

    def agrees(arithmetic: str, result: str) -> None:
        places = len(result.partition(".")[2])
        if rounded(value(arithmetic), places) != result.replace(",", ""):
            found.append(f"{arithmetic} = {value(arithmetic):.6f}, not {result}")

    def knows_prices(arithmetic: str, what: str = "") -> None:
        # A number below one without a unit is a price, or of an hour awake, which was computed of one.
        below_one = set(re.findall(r"(?<![\d.,])0\.\d+(?! (?:ACU|GB|s)\b)(?!\d)", arithmetic)) - {"0.06"}
        service = re.split("[,:]", what)[0]
        unknown = below_one - known.get(service, known[""])
        if unknown:
            found.append(f"{sorted(unknown)} is no price of the list: {what or arithmetic}")

    for rows in tables(page)[1:]:
        sums = [Decimal(0)] * (len(rows[0]) - 1)
        for what, *cells in rows:
            if what == "**together**":
                for exact, cell in zip(sums, cells, strict=True):
                    if f"**{rounded(exact, 2)}**" != cell:
                        found.append(f"together {exact:.4f}, not {cell}")
                continue
            arithmetic = re.search(rf": ({ARITHMETIC})$", what)
            if not arithmetic:
                found.append(f"no arithmetic: {what}")
                continue
            knows_prices(arithmetic[1], what)
            for column, cell in enumerate(cells):
                if cell:
                    agrees(arithmetic[1], cell)
                    sums[column] += value(arithmetic[1])
    for arithmetic, result in re.findall(rf"({ARITHMETIC}) = \*{{0,2}}(\d[\d,]*(?:\.\d+)?)", page):
        knows_prices(arithmetic)
        agrees(arithmetic, result)
    return found


def test_every_sum_is_right():
    assert problems(PAGE) == []
    assert len(re.findall(ARITHMETIC, PAGE)) > 30


@pytest.mark.parametrize(("before", "after"), [
    ("| 0.40 | |", "| 0.45 | |"),
    ("4 × 0.40 | 1.60", "4 × 0.40 | 1.80"),
    ("16 × 0.10", "17 × 0.10"),
    ("| **8.16** |", "| **2.93** |"),
    ("1.73 GB × 0.0000133334 | 0.12 |", "1.73 GB × 0.0000133334 | 0.11 |"),
    ("26 GB × 0.085 | | 2.21 |", "26 GB × 0.085 | | 2.12 |"),
    ("| 43.80 |", "| 44.80 |"),
    ("2 ACU × 0.12 = **0.24**", "2 ACU × 0.12 = **0.25**"),
    ("| S3, a GET | 0.0000004", "| S3, a GET | 0.0000005"),
    ("10 × 0.30 = 3.00", "10 × 0.30 = 2.70"),
    ("SQS, at worst three requests each: 30,000 × 0.0000004", "SQS, at worst three requests each"),
])
def test_a_wrong_sum_is_noticed(before, after):
    assert before in PAGE
    assert problems(PAGE.replace(before, after, 1))


@pytest.mark.parametrize(("region", "words"), [("us-east-1", "sixteen metrics of fifteen alarms"), ("eu-central-1", "fifteen metrics, 15 × 0.10")])
def test_as_many_alarms_are_paid_for_as_there_are(region, words):
    alarms = Stack(source(), {"AWS::Region": region}).of_type("AWS::CloudWatch::Alarm").values()
    metrics = sum(sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1 for alarm in alarms)
    assert (metrics, len(alarms)) == {"us-east-1": (16, 15), "eu-central-1": (15, 14)}[region]
    assert words in PAGE


def test_other_pages_say_what_an_idle_month_costs():
    idle = re.search(r"\| \*\*together\*\* \| \*\*([\d.]+)\*\* \| \*\*6", PAGE)[1]
    assert f"({idle} dollars in a month in which nobody comes)" in (ROOT / "README.md").read_text()
    assert f"| {idle} instead of about 15 dollars in an idle month" in (ROOT / "docs/from-servers.md").read_text()
