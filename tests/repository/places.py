#!/usr/bin/env python3
"""Finds the second place that was forgotten.

Some things stand in two files, because two languages or two services need them. Each check below names one such thing
and fails where the places disagree; CONTRIBUTING.md says which files go together.

  tests/repository/places.py                      checks this tree
  tests/repository/places.py --mutations          forgets one place after the other, and requires that a check notices
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARD = "functions/message-board/src"


class Tree:
    """The files of the project, some of them changed for a mutation."""

    def __init__(self, changed=None):
        self.changed = changed or {}

    def read(self, path):
        return self.changed.get(path) or (ROOT / path).read_text()

    def sources(self, *folders):
        """The Rust of these folders without what tests need."""
        for folder in folders:
            for file in sorted((ROOT / folder).rglob("*.rs")):
                if "tests" not in file.parts and file.stem != "tests":
                    yield self.read(str(file.relative_to(ROOT))).split("#[cfg(test)]\nmod tests {")[0]


def same(what, **places):
    """The complaint where the sets of two places differ."""
    (one, ones), (other, others) = places.items()
    for name in sorted(ones ^ others):
        has, lacks = (one, other) if name in ones else (other, one)
        yield f"{what} {name} is in {has.replace('_', ' ')}, and not in {lacks.replace('_', ' ')}"


def found(pattern, text):
    return set(re.findall(pattern, text))


def routes(tree):
    """A route is served, described in the OpenAPI document, and reached through CloudFront and corkboard's front door."""
    text = "\n".join(tree.sources(BOARD))
    served = found(r'\.route\(\s*"([^"]+)"', text)
    yield from same("the route", the_routers=served, the_descriptions=found(r'utoipa::path\(\w+, path = "([^"]+)"', text))
    passed = {"template.yaml": found(r"PathPattern: /([\w.]+)", tree.read("template.yaml")),
              "corkboard/src/front_door/mod.rs": found(r'\.route\("/([\w.]+)', tree.read("corkboard/src/front_door/mod.rs"))}
    for path, beginnings in passed.items():
        for route in sorted(served):
            if route.split("/")[1] not in beginnings:
                yield f"the route {route} is served, and {path} does not lead to it"
    document = tree.read(f"{BOARD}/openapi.rs")
    listed = found(r"(?m)(\w+),$", re.search(r"paths\((.*?)\n    \)", document, re.S)[1])
    yield from same("the operation", the_descriptions=found(r"#\[utoipa::path\([^#]*?\]\npub async fn (\w+)", text),
                    the_documents_list=listed)


def settings(tree):
    """A setting is read by a function, and given by the template."""
    # What Lambda sets by itself, what the SDK's own variables are, and what chooses other certificates.
    ambient = r"AWS_\w+|SSL_CERT_\w+|CARGO_\w+"
    read = found(r'"([A-Z]+(?:_[A-Z]+)+|INDEXING|POSTING|RELEASE)"', "\n".join(tree.sources("functions", "shared")))
    blocks = re.findall(r"\n        Variables:\n((?:          .*\n)+)", tree.read("template.yaml"))
    given = found(r"(?m)^          ([A-Z_]+):", "".join(blocks))
    yield from same("the setting", the_functions={name for name in read if not re.fullmatch(ambient, name)}, the_template=given)


def documents(tree):
    """A parameter of the template is explained to those who deploy, and what it sets to those who run corkboard."""
    explained = "\n".join(tree.read(str(file.relative_to(ROOT))) for file in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
    template = tree.read("template.yaml")
    parameters = found(r"(?m)^  (\w+):$", re.search(r"(?ms)^Parameters:$(.*?)^\w", template)[1])
    set_by_them = {variable for variable, name in found(r"(?m)^          ([A-Z_]+): !Ref (\w+)$", template) if name in parameters}
    for name in sorted(parameters | set_by_them):
        if not re.search(rf"\b{name}\b", explained):
            yield f"the setting {name} is in the template, and not in README.md or docs"


def query_parameters(tree):
    """A parameter of a page that is cached is part of CloudFront's key, or all pages would be one."""
    taken = set()
    for source in tree.sources(BOARD):
        # What only moderators ask for is not cached.
        for query in found(r'utoipa::path\(get, path = "/(?!api/moderation)[^#]*?params\((\w+Query)\b', source):
            taken |= found(r"(?m)^    (\w+): Option", re.search(rf"pub struct {query} \{{(.*?)\n\}}", source, re.S)[1])
    passed = re.search(r"QueryStrings: \[([^\]]*)\]", tree.read("template.yaml"))[1]
    yield from same("the query parameter", message_board=taken, cloudfronts_cache_key=found(r"\w+", passed))


def cache_headers(tree):
    """The site is cached alike, whether `make deploy` uploaded it or corkboard serves it."""
    pattern = r"['\"](public, max-age=[^'\"]*)['\"]"
    yield from same("the site's Cache-Control", deploy=found(pattern, tree.read("deploy/deploy")),
                    corkboard=found(pattern, tree.read("corkboard/src/front_door/site.rs")))


def formats(tree):
    """A format of pictures is kept by the board, described by the API, and explained."""
    domain = tree.read("shared/domain/src/picture/mod.rs")
    kept = found(r'"image/(\w+)"', domain)
    described = found(r"\w+", re.search(r'image/\(([\w|]+)\)', tree.read(f"{BOARD}/messages.rs"))[1])
    yield from same("the format", the_domain=kept, the_api=described)
    # What the page sends as it is. A BMP, of which the board makes a PNG, it takes only where it is not compressed.
    sent = found(r"type: 'image/(\w+)', taken: true", tree.read("static-site/sniff.js"))
    yield from same("the format", the_domain=kept, the_page=sent)
    explained = {name.lower() for name in re.findall(r"\b(JPEG|PNG|GIF|WebP|AVIF|BMP|TIFF|HEIC)\b", tree.read("docs/pictures.md"))}
    for name in sorted(kept - explained):
        yield f"the format {name} is in the domain, and not in docs/pictures.md"


def fields(tree):
    """A field of a new message is taken by the parser, and described."""
    draft = tree.read(f"{BOARD}/draft.rs") + tree.read(f"{BOARD}/fault.rs")
    taken = found(r'=> "(\w+)",\n', re.search(r"const fn name.*?\n    \}", draft, re.S)[0]) | found(r'const PICTURE: &str = "(\w+)"', draft)
    described = re.search(r"pub struct NewMessage \{(.*?)\n\}", tree.read(f"{BOARD}/vocabulary.rs"), re.S)[1]
    yield from same("the field", the_parser=taken, the_description=found(r"(?m)^    (\w+): ", described))
    answered = re.search(r"pub struct MessageBody<'a> \{(.*?)\n\}", tree.read(f"{BOARD}/messages.rs"), re.S)[1]
    # As serde writes them.
    names = {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in found(r"(?m)^    (\w+): ", answered)}
    yield from same("the message's field", the_api=names, the_page=found(r"(?<!')\bmessage\.(\w+)", tree.read("static-site/message.js")))


def look(tree):
    """What a board looks like is put into the page by `make deploy` as well."""
    build = re.search(r"build_site\(\) \{(.*?)\n\}", tree.read("deploy/deploy"), re.S)[1]
    read = tree.read(f"{BOARD}/appearance.rs").split("#[cfg(test)]")[0]
    yield from same("the setting", make_deploy=found(r"\b(BOARD_\w+)=", build), the_appearance=found(r'"(BOARD_\w+)"', read))


def alarms(tree):
    """An alarm is in the template, and explained to the operator."""
    made = found(r"(?m)^  (\w+Alarm):\n(?:    .*\n)*?    Type: AWS::CloudWatch::Alarm", tree.read("template.yaml"))
    yield from same("the alarm", the_template=made, docs_operation_md=found(r"\b(\w+Alarm)\b", tree.read("docs/operation.md")) & (
        made | found(r"`(\w+Alarm)`", tree.read("docs/operation.md"))))


def small_widths(tree):
    """The widths of small versions are those that the function makes and that the page asks for."""
    made = re.search(r"SMALL_WIDTHS: .*? = \[([^\]]*)\]", tree.read("shared/domain/src/picture/small.rs"))[1]
    asked = re.search(r"const WIDTHS = \[([^\]]*)\]", tree.read("static-site/small.js"))[1]
    yield from same("the width", the_domain=found(r"\d+", made), the_page=found(r"\d+", asked))


def grounds(tree):
    """What the accent must be readable on is what the page lays under it, in the light and in the dark."""
    laid = re.findall(r"--(?:page|surface|paper): light-dark\(#(\w+), #(\w+)\)", tree.read("static-site/style.css"))
    accent = tree.read(f"{BOARD}/accent.rs")
    for mode, colours in zip(("light", "dark"), zip(*laid, strict=True), strict=True):
        measured = re.search(rf"const {mode.upper()}_GROUNDS: .*? = \[(.*?)\];", accent, re.S)[1]
        yield from same(f"the {mode} ground", the_style_sheet=set(colours), the_accent={number.replace("_", "") for number in found(r"0x(\w+)", measured)})


def development_secret(tree):
    """What corkboard sends to small-pictures under cargo lambda watch is what the function expects there."""
    sent = re.search(r'const ORIGIN_SECRET: &str = "([^"]+)"', tree.read("corkboard/src/functions.rs"))[1]
    expected = re.search(r'(?m)^ORIGIN_SECRET = "([^"]+)"', tree.read("functions/small-pictures/Cargo.toml"))[1]
    yield from same("the secret", corkboard={sent}, the_functions_manifest={expected})


def own_crates(tree):
    """A crate of ours may log in full, and no crate of others."""
    listed = re.search(r"const OWN: .*?= \[(.*?)\];", tree.read("shared/lambda/src/telemetry.rs"), re.S)[1]
    manifests = [*ROOT.glob("shared/*/Cargo.toml"), *ROOT.glob("functions/*/Cargo.toml"), *ROOT.glob("corkboard/**/Cargo.toml")]
    names = {re.search(r'(?m)^name = "([^"]+)"', file.read_text())[1].replace("-", "_") for file in manifests}
    yield from same("the crate", the_workspace=names, the_log_filter=found(r'"(\w+)"', listed))


CHECKS = [own_crates, small_widths, grounds, development_secret, routes, settings, documents, query_parameters, cache_headers, formats, fields, look, alarms]

# What is forgotten: (the check that must notice, the file, what stands there, what stands there instead).
MUTATIONS = [
    (own_crates, "shared/lambda/src/telemetry.rs", '    "store",\n', ""),
    (routes, f"{BOARD}/openapi.rs", "        messages::delete,\n", ""),
    (routes, f"{BOARD}/health.rs", '.route("/api/health/ready", get(ready))', '.route("/api/health/readiness", get(ready))'),
    (routes, "template.yaml", "PathPattern: /feed.atom", "PathPattern: /feed.xml"),
    (routes, "corkboard/src/front_door/mod.rs", '.route("/m/{*id}"', '.route("/messages/{*id}"'),
    (settings, "template.yaml", "          POSTS_PER_MINUTE: !Ref PostsPerMinute\n", ""),
    (settings, f"{BOARD}/appearance.rs", '"BOARD_NAME"', '"BOARD_TITLE"'),
    (documents, "docs/operation.md", "PermissionsBoundaryArn", "BoundaryArn"),
    (documents, "docs/self-hosting.md", "MODERATORS_REVOKED", "MODERATORS_REFUSED"),
    (query_parameters, f"{BOARD}/messages.rs", "    before: Option<String>,", "    before: Option<String>,\n    since: Option<String>,"),
    (query_parameters, f"{BOARD}/feed.rs", '#[utoipa::path(get, path = "/feed.atom",',
     'pub struct FeedQuery {\n    since: Option<String>,\n}\n\n#[utoipa::path(get, path = "/feed.atom", params(FeedQuery),'),
    (cache_headers, "corkboard/src/front_door/site.rs", "s-maxage=300", "s-maxage=60"),
    (formats, "shared/domain/src/picture/mod.rs", '"image/webp"', '"image/avif"'),
    (formats, "static-site/sniff.js", "'image/webp', taken: true", "'image/webp', taken: false"),
    (fields, "static-site/message.js", "message.author", "message.name"),
    (fields, f"{BOARD}/draft.rs", '=> "alt",', '=> "caption",'),
    (small_widths, "static-site/small.js", "[640, 960, 1280]", "[640, 1280]"),
    (grounds, "static-site/style.css", "#f5e0e2", "#f5e0e3"),
    (grounds, f"{BOARD}/accent.rs", "0x30_2b3a", "0x30_2b3b"),
    (development_secret, "functions/small-pictures/Cargo.toml", "for development only", "for development"),
    (look, "deploy/deploy", 'BOARD_ACCENT="$(parameter BoardAccent)" ', ""),
    (alarms, "docs/operation.md", "ErrorsAlarm", "FaultsAlarm"),
]


def complaints(tree):
    for check in CHECKS:
        for complaint in check(tree):
            yield check, complaint


def unnoticed():
    for check, path, there, instead in MUTATIONS:
        text = (ROOT / path).read_text()
        if there not in text:
            yield f"{path} has no {there!r} to forget"
        elif not list(check(Tree({path: text.replace(there, instead)}))):
            yield f"nobody notices {instead!r} instead of {there!r} in {path}"


def main():
    wrong = list(unnoticed()) if sys.argv[1:] == ["--mutations"] else [text for _, text in complaints(Tree())]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
