"""The values of the stack's parameters: which are given, which are in force, and the release that follows of them.

    parameters.py given CONFIG [NAME=VALUE …]     what CONFIG gives and these, with Release and Rollout: for `sam deploy`, or
                                                  in the tree of a release for `aws cloudformation deploy`
    parameters.py settings CONFIG                 a table of what is in force and where it comes from
    parameters.py release RELEASE [NAME=VALUE …]  the release of the same code with other values

The values that the stack has come by standard input, one a line: name, tab, value.
"""

from __future__ import annotations  # CloudShell's Python is 3.9.

import hashlib
import json
import sys
from pathlib import Path

# In the tree of a release neither SAM nor a reader of YAML is installed, and Python has no reader of TOML before 3.11.
IS_RELEASE = Path("RELEASE").exists()
PARAMETERS_TABLE = "[default.deploy.parameters.parameter_overrides]"

# These two parameters say how a release is rolled out, and are no part of its fingerprint.
OF_THE_ROLLOUT = ("Release", "Rollout")
# Set by make rotate-secrets, and by make deploy for a new stack.
SET_BY_SCRIPTS = ("BoardSecretVersion", "BelievedOriginSecretVersion", "OriginSecretVersion", "DatabaseUserSecretVersion",
                  "DatabaseEngineVersion", *OF_THE_ROLLOUT)


def in_the_stack() -> dict[str, str]:
    lines = (line.split("\t") for line in sys.stdin.read().splitlines() if line)
    return {name: value[0] if value else "" for name, *value in lines}


def declared() -> dict[str, dict]:
    if IS_RELEASE:
        template = json.loads(Path(".aws-sam/packaged.json").read_text())
    else:
        import yaml
        from samtranslator.yaml_helper import intrinsics_multi_constructor

        # SAM's own loader, which is not in C, takes ten times as long.
        class Loader(yaml.CSafeLoader):
            pass

        Loader.add_multi_constructor("!", intrinsics_multi_constructor)
        template = yaml.load(Path("template.yaml").read_bytes(), Loader)
    return template["Parameters"]


def template_defaults() -> dict[str, str]:
    return {name: str(each["Default"]) for name, each in declared().items()}


def configured_line_by_line(config: str) -> dict[str, str]:
    """The parameters as `make deploy` writes them: one NAME = VALUE on each line. TOML's texts and numbers are JSON's."""
    text = Path(config).read_text() if Path(config).exists() else ""
    table = text.partition(f"\n{PARAMETERS_TABLE}\n")[2].partition("\n[")[0]
    values = {}
    for line in table.splitlines():
        name, _, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            values[name.strip()] = str(json.JSONDecoder().raw_decode(value.strip())[0])
        except ValueError:
            sys.exit(f'{config}: cannot read "{line}": write it as {name.strip()} = "…"')
    return values


def configured(config: str) -> dict[str, str]:
    """The parameters as SAM itself reads them: a table, a text or a list, or a file that these name."""
    if IS_RELEASE:
        return configured_line_by_line(config)
    from samcli.cli.types import CfnParameterOverridesType
    from samcli.lib.config.file_manager import TomlFileManager
    file = TomlFileManager.read(Path(config)).unwrap() if Path(config).exists() else {}
    commands = [file.get("default", {}).get(command, {}).get("parameters", {}) for command in ("deploy", "global")]
    overrides = next((each["parameter_overrides"] for each in commands if "parameter_overrides" in each), {})
    return CfnParameterOverridesType().convert(overrides, None, None)


def code() -> str:
    """The digest of the functions as they were built and of the template, whose changes want a new version as well."""
    digest = hashlib.sha256(Path("template.yaml").read_bytes())
    for bootstrap in sorted(Path(".aws-sam/build").glob("*/bootstrap")):
        digest.update(f"\0{bootstrap.parent.name}\0".encode() + hashlib.sha256(bootstrap.read_bytes()).digest())
    return digest.hexdigest()[:16]


def release(code: str, values: dict[str, str]) -> str:
    """Ends in the code, so that make rotate-secrets, which builds nothing, can tell it with other values. Its beginning
    differs where anything does, which is all that SAM looks at."""
    values = {name: value for name, value in values.items() if name not in OF_THE_ROLLOUT}
    return hashlib.sha256(json.dumps([code, values], sort_keys=True).encode()).hexdigest()[:16] + code


def given(config: str, more: dict[str, str]) -> dict[str, str]:
    """SAM takes either the command line's parameters or the configuration's, so all of them."""
    defaults, there, overrides = template_defaults(), in_the_stack(), configured(config) | more
    known = {name: value for name, value in there.items() if name in defaults}
    overrides.setdefault("Rollout", defaults["Rollout"])
    return overrides | {"Release": release(code(), defaults | known | overrides)}


def settings(config: str) -> None:
    defaults, there, overrides = template_defaults(), in_the_stack(), configured(config)
    # AWS shows stars for the values of NoEcho parameters, whether or not they are empty.
    hidden = {name for name, each in declared().items() if each.get("NoEcho")}
    overrides |= dict.fromkeys(hidden & set(overrides), "(hidden)")
    print(f"{'parameter':<27}{'in force':<34}{'in the configuration':<34}default")
    kept = []
    for name in defaults | overrides:
        force, wanted, default = there.get(name), overrides.get(name), defaults.get(name)
        print(f"{name:<27}" + "".join(f"{'–' if value is None else repr(value)[1:-1] or '(empty)':<34}" for value in (force, wanted))
              + ("(no such parameter)" if default is None else default or "(empty)"))
        if wanted is None and force not in (None, default) and name not in (*SET_BY_SCRIPTS, *hidden):
            kept.append(name)
    for name in kept:
        print(f"\n{name} is not in the configuration and stays as it is: SAM keeps what a stack was told once. To set it back,"
              f'\ngive it its default, {name} = "{defaults[name]}", and make deploy; after that it can be left out.')


def main(command: str, *arguments: str) -> None:
    first, *rest = arguments
    more = dict(argument.split("=", 1) for argument in rest)
    if command == "given":
        values = given(first, more)
        # JSON is YAML, which SAM reads; the AWS CLI wants a list.
        json.dump([f"{name}={value}" for name, value in values.items()] if IS_RELEASE else values, sys.stdout, indent=1, ensure_ascii=False)
    elif command == "settings":
        settings(first)
    elif command == "release":
        print(release(first[16:], in_the_stack() | more))


if __name__ == "__main__":
    main(*sys.argv[1:])
