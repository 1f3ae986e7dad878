"""How long the functions take from their start to the first question for an event and to the first answer, and what
memory they have then, beside a function of lambda_http and axum that does nothing (`bench/hello`).

`bench/starts` plays Lambda and S3. Its S3 answers at once, over TLS, so what is measured is the function's own part.
The functions take turns with the other one."""

import json
import os
import statistics
import subprocess
from collections.abc import Sequence

from bootstraps import bootstraps, functions
from table import Row, compared, keep, spread
from workspace import ROOT, TARGET

ROUNDS = 200
PATIENCE_SECONDS = 300
# The cases whose first answer is measured, and what each asks for, in words for the table.
CASES = {
    "one message": "GET /api/messages/{id}",
    "one message, many authorities": "the same, trusting 140 authorities",
    "first page": "GET /api/messages",
    "carrousel": "GET /api/carrousel.json",
    "repeated event": "an event, nothing to write",
    "repeated event, many authorities": "the same, trusting 140 authorities",
    "first picture": "an event, the file is written",
}
WITH_GOAL = ("one message", "repeated event")
MOST_MEBIBYTES = 10


def measured() -> list[dict]:
    folder = functions()
    assert bootstraps(ROOT / "bench/hello") == folder
    subprocess.run(["cargo", "build", "--release", "--package", "starts"], cwd=ROOT, check=True)
    environment = os.environ | {"RUST_BACKTRACE": "0"}
    done = subprocess.run([TARGET / "release/starts", folder, str(ROUNDS)], env=environment, stdout=subprocess.PIPE, check=True,
                          timeout=PATIENCE_SECONDS)
    return json.loads(done.stdout)


def within(what: str, values: Sequence[float], most: float, unit: str) -> Row:
    """A figure of ours by itself."""
    median = statistics.median(values)
    return Row(what, spread(values, unit), "", f"{median:.3g} {unit}", f"≤ {most:g} {unit}", median <= most)


def rows_of_next(case: dict) -> list[Row]:
    return [compared(f"start to first /next: {case['function']}", case["ours"]["next"], case["hello"]["next"], "ms", 1.15)]


def rows_of_answers(case: dict) -> list[Row]:
    ours, hello = case["ours"], case["hello"]
    calls = f"{case['calls']} call{'s' * (case['calls'] != 1)}"
    if case["connections"] != 1:
        calls += f" by {case['connections']} connections"
    what = f"{case['function']}, {CASES[case['case']]} ({calls})"
    answer, memory, processor = f"start to first answer: {what}", f"peak memory then: {what}", f"processor time until then: {what}"
    if case["case"] not in WITH_GOAL:
        return [compared(answer, ours["answer"], hello["answer"], "ms"), compared(memory, ours["memory"], hello["memory"], "MiB")]
    return [compared(answer, ours["answer"], hello["answer"], "ms", 2.0),
            compared(memory, ours["memory"], hello["memory"], "MiB", 2.5),
            within(memory, ours["memory"], MOST_MEBIBYTES, "MiB"),
            compared(processor, ours["processor"], hello["processor"], "ms")]


def main() -> None:
    keep("starts", [row for case in measured() for row in (rows_of_next if case["case"] == "next" else rows_of_answers)(case)])


main()
