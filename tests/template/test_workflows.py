"""What stands in .github: valid by GitHub's schema, safe by zizmor, and each thing that is named there exists."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from workspace import ROOT, binary

TOOLS = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())
DEPENDABOT = ROOT / ".github/dependabot.yml"
STEPS = [step for workflow in WORKFLOWS for job in yaml_parse(workflow.read_text())["jobs"].values() for step in job["steps"]]
COMMANDS = "\n".join(step["run"] for step in STEPS if "run" in step)


def complaints(schema: str, *files: Path) -> str:
    done = subprocess.run([TOOLS / "check-jsonschema", "--builtin-schema", schema, *files], capture_output=True, text=True)
    return done.stdout if done.returncode else ""


def findings(folder: Path) -> set[str]:
    """What zizmor finds, without the network."""
    done = subprocess.run([TOOLS / "zizmor", "--offline", "--format", "json", "--no-exit-codes", folder], capture_output=True, text=True)
    return {each["ident"] for each in json.loads(done.stdout)}


def test_they_are_what_github_reads():
    assert len(WORKFLOWS) >= 5
    assert complaints("vendor.github-workflows", *WORKFLOWS) == ""
    assert complaints("vendor.dependabot", DEPENDABOT) == ""


def test_they_are_safe():
    assert findings(ROOT / ".github") == set()


@pytest.mark.parametrize(("file", "before", "after", "finding"), [
    ("check.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7", "unpinned-uses"),
    ("check.yml", "    permissions:\n      contents: read\n", "    permissions: write-all\n", "excessive-permissions"),
    ("check.yml", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
    ("canary.yml", '"$BOARD_URL"', "${{ github.event.head_commit.message }}", "template-injection"),
])
def test_what_is_unsafe_is_found(file, before, after, finding, tmp_path):
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    workflow = tmp_path / ".github/workflows" / file
    assert before in workflow.read_text()
    workflow.write_text(workflow.read_text().replace(before, after))
    assert finding in findings(tmp_path / ".github")


def test_what_github_does_not_read_is_found(tmp_path):
    for text, schema in ((WORKFLOWS[0].read_text().replace("runs-on", "run-on"), "vendor.github-workflows"),
                         (DEPENDABOT.read_text().replace("weekly", "often"), "vendor.dependabot")):
        (tmp_path / "changed.yml").write_text(text)
        assert complaints(schema, tmp_path / "changed.yml") != ""


def test_every_action_is_pinned_and_says_its_version():
    lines = [line for workflow in WORKFLOWS for line in workflow.read_text().splitlines() if "uses:" in line]
    assert len(lines) == sum("uses" in step for step in STEPS)
    for line in lines:
        assert re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    assert len({line.split("uses: ")[1].split("@")[0] for line in lines}) == len({line.split("uses: ")[1] for line in lines}), "one version of each"


def test_every_target_script_and_file_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M)) | set(re.search(r"^deploy .*(?=:$)", makefile, re.M)[0].split())
    named = set(re.findall(r"\bmake ([a-z-]+)", COMMANDS))
    assert {"check", "test", "smoke"} <= named <= targets
    scripts = set(re.findall(r"(?<![\w./-])(?:deploy|tests)/[\w/-]+", COMMANDS))
    assert len(scripts) >= 4
    for script in scripts:
        path = ROOT / script
        assert path.is_dir() or os.access(path, os.X_OK) or path.with_suffix(".txt").exists(), script
    for file in ("CHANGELOG.md", "Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE", "Containerfile", "deny.toml", "tests/browser/package-lock.json"):
        assert (ROOT / file).exists(), file


def test_every_variable_of_the_repository_is_explained():
    variables = set(re.findall(r"\bvars\.(\w+)", "\n".join(workflow.read_text() for workflow in WORKFLOWS)))
    operation = (ROOT / "docs/operation.md").read_text()
    assert variables and all(f"`{variable}`" in operation for variable in variables), variables


def test_the_packages_of_workflows_are_those_of_the_workspace():
    metadata = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT, capture_output=True, check=True).stdout
    members = {package["name"] for package in json.loads(metadata)["packages"]}
    named = set(re.findall(r"--package (\S+)", COMMANDS + (ROOT / "Containerfile").read_text()))
    assert named == {"corkboard"} <= members


@pytest.mark.parametrize("update", yaml_parse(DEPENDABOT.read_text())["updates"], ids=lambda update: update["package-ecosystem"])
def test_dependabot_finds_what_it_is_to_update(update):
    file = {"cargo": "Cargo.lock", "npm": "package-lock.json", "pip": "requirements.txt", "github-actions": ".github/workflows", "docker": "Containerfile"}
    assert (ROOT / update["directory"].strip("/") / file[update["package-ecosystem"]]).exists()


def test_a_release_has_what_from_release_downloads():
    publish = (ROOT / ".github/workflows/release.yml").read_text()
    script = (ROOT / "deploy/from-release").read_text()
    assert script.count("OWNER/REPOSITORY") == 2 and "sed \"s|OWNER/REPOSITORY|$GITHUB_REPOSITORY|\" deploy/from-release >dist/from-release" in publish
    assert "SHA256SUMS" in publish and 'deploy/pack-release "$TAG" "$ARCHITECTURE" dist' in publish


# What the image does is seen by `make container`.
def test_the_flags_of_the_image_are_those_of_the_program():
    text = (ROOT / "Containerfile").read_text()
    variables = dict(each.split("=") for each in re.search(r"^ENV (.*)", text, re.M)[1].split())
    assert variables == {"CORKBOARD_LISTEN": "0.0.0.0:8080", "CORKBOARD_DATA_DIR": "/data"}
    described = subprocess.run([binary("corkboard"), "--help"], capture_output=True, text=True, check=True).stdout
    assert all(f"env: {variable}" in described for variable in variables)


def test_the_changelog_knows_the_version():
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert version in headings
