"""The documentation names what there is."""

import json
import re

import pytest

from checks_data import ALARMS, METRICS
from stack import Stack, source
from workspace import ROOT

PAGES = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
ALL = "\n".join(PAGES.values())


@pytest.mark.parametrize("parameter", source()["Parameters"])
def test_every_parameter_is_explained(parameter):
    assert f"`{parameter}" in ALL


def test_every_alarm_is_explained_and_no_other():
    rows = set(re.findall(r"^\| `(\w+Alarm)` \|", PAGES["operation.md"], re.M))
    assert rows == set(ALARMS)


def test_what_looks_like_a_parameter_or_resource_is_one():
    template = source()
    known = {*template["Parameters"], *template["Resources"], *template["Outputs"], *METRICS, "Posting", "Authorization"}
    # Tags of colour profiles look alike: A2B0.
    named = {name for name in re.findall(r"`([A-Z][a-z0-9]+[A-Z]\w+)[`= ]", ALL) if not re.fullmatch(r"[ABD]2[ABD]\d", name)}
    assert named - known - {"ListBucket", "LabRole"} == set()


def test_the_limits_given_are_the_defaults():
    parameters = source()["Parameters"]
    for name, row in {"PostsPerMinute": "10 a minute", "RequestsPerSecond": "500 a second", "MemorySize": "512 MB",
                      "SmallPicturesPerSecond": "10 a second", "SmallPicturesBurst": "60 at once",
                      "DatabaseMaxCapacity": "0 to 2 ACU", "DatabaseConnections": "| 20 |", "LogRetentionDays": "30 days",
                      "BackupRetentionDays": "7 days"}.items():
        line = next(line for line in PAGES["limits.md"].splitlines() if f"`{name}`" in line)
        assert row in line and str(parameters[name]["Default"]) == re.findall(r"\d+", row)[-1], line


def test_every_metric_of_the_boards_own_is_explained():
    assert all(f"`{metric}`" in PAGES["operation.md"] for metric in METRICS)


def test_links_between_pages_lead_somewhere():
    for name, page in PAGES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page):
            assert (ROOT / "docs" / target).exists(), f"{name}: {target}"


def test_the_rules_for_an_existing_bucket_are_those_of_the_templates_own():
    told = json.loads(re.search(r"--lifecycle-configuration '(\{.*?\})'$", PAGES["backup.md"], re.S | re.M)[1])["Rules"]

    def as_the_template_has_it(rule: dict) -> dict:
        filters = rule.pop("Filter")
        chosen = {name: str(value) for name, value in filters.get("And", filters).items() if value != ""}
        expiration = {"ExpirationInDays": rule.pop("Expiration")["Days"]} if "Expiration" in rule else {}
        return {"Id": rule.pop("ID"), **rule, **chosen, **expiration}

    assert [as_the_template_has_it(rule) for rule in told] == \
        Stack(source()).properties("MediaBucket")["LifecycleConfiguration"]["Rules"]
