"""make logs, against an `aws` that has something to tell."""

import json
import time

from account import STACK

GROUPS = [STACK.resolve({"Ref": name}) for name in STACK.of_type("AWS::Logs::LogGroup")]
AT = 1_795_000_000_000


def log(account, at: int = AT, **lines: str) -> None:
    for group in GROUPS:
        events = [[at, lines[group] + "\n"]] if group in lines else []
        account.answers[f"aws logs filter-log-events --log-group-name {group} "] = json.dumps(events)


def since(account) -> dict[str, list[float]]:
    """From when on which group was read, in seconds before now."""
    read = {}
    for call in account.calls:
        if "filter-log-events" in call:
            start = int(call.line[call.line.index("--start-time") + 1])
            read.setdefault(call.line[call.line.index("--log-group-name") + 1], []).append(time.time() - start / 1000)
    return read


def test_every_group_of_the_template_is_read_from_an_hour_ago(account):
    log(account, **{GROUPS[0]: '{"level":"WARN"}\twith a tab'})
    done = account.run("logs", FOLLOW="")
    assert done.returncode == 0, done.stderr
    assert done.stdout == '2026-11-18T11:06:40Z {"level":"WARN"}\twith a tab\n'
    assert set(since(account)) == set(GROUPS) and len(GROUPS) == 5
    assert all(3600 <= each < 3700 for starts in since(account).values() for each in starts)
    assert account.run("logs", FOLLOW="", SINCE="2d").returncode == 0
    assert all(2 * 86400 <= each < 2 * 86400 + 100 for starts in since(account).values() for each in starts)


def test_what_comes_later_is_read_from_where_the_last_line_was(account):
    (account.clone / ".tools/venv/bin/sleep").write_text('#!/bin/sh\n[ ! -e "$FAKE/slept" ] && touch "$FAKE/slept"\n')
    account.answers |= {"aws cloudformation describe-stacks --stack-name corkboard --query Stacks[0].Outputs": f"LogGroups\t{GROUPS[0]}"}
    at = int((time.time() - 60) * 1000)
    log(account, at, **{GROUPS[0]: "a line"})
    account.run("logs")
    starts = [call.line[-1] for call in account.calls if "filter-log-events" in call]
    assert len(starts) == 2 and starts[1] == str(at + 1)


def test_a_time_that_is_none_and_a_refusal_are_said(account):
    for wrong in ("yesterday", "5", "m"):
        done = account.run("logs", FOLLOW="", SINCE=wrong)
        assert done.returncode != 0 and f"SINCE={wrong} is no time" in done.stderr
    done = account.run("logs", FOLLOW="", answers={"aws logs": ["AccessDeniedException", "not authorized to perform: logs:FilterLogEvents"]})
    assert done.returncode != 0 and "logs:FilterLogEvents" in done.stderr
