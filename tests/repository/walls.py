#!/usr/bin/env python3
"""Holds the walls between the crates, and draws them.

  tests/repository/walls.py          fails where a wall is broken or docs/architecture.md draws another tree
  tests/repository/walls.py --write  draws the tree anew in docs/architecture.md

The walls are those of docs/architecture.md: which crates of the workspace a crate may depend on, and which
dependencies of others it may never have, however far down. Within a crate, no two modules may depend on each other.
And what `cargo build` compiles of other people's crates, `cargo test` compiles too, with the same features: once; and
the functions, each of which is built by itself, share what stands below `shared/lambda`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- The tree, by tests/repository/walls.py --write -->", "<!-- The end of the tree -->"

SHARED = {"settings", "domain", "store", "media", "board", "lambda"}
IO = {"tokio", "hyper", "reqwest"}
SQL = {"sqlx", "rusqlite", "aws-sdk-rdsdata"}
HTTP = {"axum", "tower-http", "lambda_http"}
LAMBDA = {"lambda_http", "lambda_runtime"}

# Crate: (the crates of the workspace that it may depend on, the dependencies that it may never have).
WALLS = {
    "settings": (set(), IO | SQL | HTTP | LAMBDA | {"aws-sdk-s3"}),
    "domain": (set(), IO | SQL | HTTP | LAMBDA | {"aws-sdk-s3", "http", "aws-types"}),
    "store": ({"domain", "settings"}, HTTP | LAMBDA | {"aws-sdk-s3", "rusqlite"}),
    "media": ({"domain", "settings"}, SQL | HTTP | LAMBDA),
    "board": ({"domain", "store", "media"}, HTTP | LAMBDA | {"rusqlite"}),
    "lambda": ({"settings"}, SQL | HTTP | LAMBDA | {"aws-sdk-s3"}),
    "public-address": (set(), IO | SQL | HTTP | LAMBDA | {"aws-sdk-s3", "http", "aws-types"}),
    "webp-encoder": (set(), IO | SQL | HTTP | LAMBDA | {"aws-sdk-s3", "aws-types"}),
    "pixels": ({"domain", "webp-encoder"}, IO | SQL | HTTP | LAMBDA | {"aws-sdk-s3", "aws-types"}),
    "message-board": (SHARED, {"rusqlite", "pixels"}),
    "sync-s3-bucket": ({"settings", "domain", "media", "lambda"}, SQL | {"axum", "store", "board"}),
    "small-pictures": ({"settings", "domain", "media", "lambda", "pixels", "webp-encoder"}, SQL | {"axum", "store", "board"}),
    "notify": ({"settings", "domain", "media", "lambda", "public-address"}, SQL | {"axum", "store", "board"}),
    "migrate-database": (SHARED, {"axum", "rusqlite"}),
    "local-aws": (set(), set()),
    "corkboard": (SHARED | {"pixels", "public-address", "webp-encoder", "message-board", "small-pictures", "sync-s3-bucket", "notify",
                            "local-aws"}, set()),
}
# What serves tests and benchmarks alone, and may know everything.
AROUND = {"bench", "hello", "instructions", "small", "starts", "schedule-exploration", "support"}


def metadata():
    told = subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE)
    return json.loads(told.stdout)


def dependencies(metadata):
    """Per package id, the packages that it is built of (development dependencies apart)."""
    return {
        node["id"]: [d["pkg"] for d in node["deps"] if any(kind["kind"] is None for kind in d["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }


def all_below(package, direct):
    found, left = set(), [package]
    while left:
        for other in direct[left.pop()]:
            if other not in found:
                found.add(other)
                left.append(other)
    return found


def broken_walls(metadata):
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    direct, members = dependencies(metadata), set(metadata["workspace_members"])
    for member in sorted(members, key=names.get):
        name = names[member]
        if name in AROUND:
            continue
        if name not in WALLS:
            yield f"{name} has no walls: say in {Path(__file__).name} what it may depend on"
            continue
        may, never = WALLS[name]
        for other in direct[member]:
            if other in members and names[other] not in may:
                yield f"{name} may not depend on {names[other]}"
        below = {names[other] for other in all_below(member, direct)}
        for other in sorted(below & never):
            yield f"{name} may not depend on {other}, not even through others"
    for package in metadata["packages"]:
        if package["name"] == "crc-fast" and package["source"] is not None:
            yield f"crc-fast {package['version']} is the registry's: vendor/crc-fast is not in use any more"


# Two modules of a crate --------------------------------------------------------------------------------------------

def modules(folder):
    """The modules of a folder, each with its files and how a file of it names another module of the folder."""
    for path in folder.iterdir():
        if path.suffix == ".rs" and path.stem not in ("lib", "main", "mod", "tests"):
            yield path.stem, path, r"\bsuper::"
        if path.is_dir() and path.name != "tests":
            for file in path.rglob("*.rs"):
                if "tests" not in file.relative_to(path).parts and file.stem != "tests":
                    depth = len(file.relative_to(path).parts) - (file.stem == "mod")
                    yield path.name, file, r"\b" + "super::" * (depth + 1)


def circles(sources):
    """Pairs of modules of one folder of a crate that depend on each other, tests apart."""
    for folder in (sources, *(path for path in sources.rglob("*") if path.is_dir() and path.name != "tests")):
        edges = {}
        for module, file, above in modules(folder):
            text = file.read_text().split("#[cfg(test)]\nmod tests {")[0]
            named = re.findall(above + r"(\w+|\{[^}]*\})", text)
            if folder == sources:
                named += re.findall(r"\bcrate::(\w+|\{[^}]*\})", text)
            edges.setdefault(module, set()).update(set(re.findall(r"\w+", " ".join(named))) - {module})
        edges = {module: others & edges.keys() for module, others in edges.items()}
        reached = {module: all_below(module, edges) for module in edges}
        yield from sorted({tuple(sorted((a, b))) for a in edges for b in reached[a] if a in reached[b]})


def broken_modules(metadata):
    members = set(metadata["workspace_members"])
    for package in metadata["packages"]:
        if package["id"] in members and package["name"] in WALLS:
            for one, other in circles(Path(package["manifest_path"]).parent / "src"):
                yield f"in {package['name']}, {one} and {other} depend on each other"


# Features ----------------------------------------------------------------------------------------------------------

def with_features(*arguments):
    """Each crate with its version and its features, as one line."""
    told = subprocess.run(["cargo", "tree", "--locked", "--format", "{p} {f}", "--prefix", "none", *arguments],
                          cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return {line.removesuffix(" (*)") for line in told.stdout.splitlines()}


def compiled_twice():
    built, tested = (with_features("--workspace", "--edges", edges) for edges in ("no-dev", "all"))
    for crate in sorted(built - tested):
        yield f"cargo test has other features of this, so all above it is compiled twice; add them to tests/support/Cargo.toml: {crate}"


def compiled_for_each_function():
    below = {line.split()[0] for line in with_features("--package", "lambda", "--edges", "no-dev")}
    functions = [with_features("--package", folder.name, "--edges", "no-dev") for folder in (ROOT / "functions").iterdir()]
    of_all = [{line for line in function if line.split()[0] in below} for function in functions]
    for crate in sorted(set.union(*of_all) - set.intersection(*of_all)):
        yield f"not every function has these features, so the AWS SDK is compiled for each; add them to shared/lambda/Cargo.toml: {crate}"


# The drawing -------------------------------------------------------------------------------------------------------

def drawing(metadata):
    names = {package["id"]: package["name"] for package in metadata["packages"]}
    paths = {package["id"]: Path(package["manifest_path"]).parent.relative_to(ROOT) for package in metadata["packages"]
             if package["source"] is None}
    direct, members = dependencies(metadata), set(metadata["workspace_members"])
    shown = sorted((m for m in members if names[m] in WALLS), key=lambda m: list(WALLS).index(names[m]), reverse=True)
    lines = ["```mermaid", "graph TD"]
    lines += [f'    {names[m]}["{paths[m]}"]' for m in shown]
    for member in shown:
        # What is reached through another crate anyhow is not drawn.
        near = [other for other in direct[member] if other in members]
        far = {further for other in near for further in all_below(other, direct)}
        lines += [f"    {names[member]} --> {names[other]}" for other in shown if other in near and other not in far]
    return "\n".join([*lines, "```"])


def broken_drawing(metadata):
    if drawn(ARCHITECTURE.read_text(), drawing(metadata)) != ARCHITECTURE.read_text():
        yield f"docs/architecture.md draws another tree: {Path(__file__).relative_to(ROOT)} --write"


def drawn(text, drawing):
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{drawing}\n\n{END}{rest.split(END)[1]}"


def main():
    told = metadata()
    if sys.argv[1:] == ["--write"]:
        ARCHITECTURE.write_text(drawn(ARCHITECTURE.read_text(), drawing(told)))
        return
    broken = [*broken_walls(told), *broken_modules(told), *broken_drawing(told), *compiled_twice(), *compiled_for_each_function()]
    if broken:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
