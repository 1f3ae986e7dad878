"""`aws`, `sam`, `cargo` and the rest as the deployment scripts call them: answers as the test wants it, or as AWS does
for an account with one stack, which changes by what is done to it.

The scripts call PROGRAM by these names. It hands its command line to the test's process and ends as that says: a Python
started for each call would cost more than all else that the scripts do."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import StreamRequestHandler

import jmespath

from server import serving

PROGRAM = """#!/usr/bin/env bash
exec 3<>/dev/tcp/127.0.0.1/{port}
stdin=
[[ "$*" != *file:///dev/stdin* ]] || stdin=$(cat)
printf '%s\\0' $(($# + 6)) "${{BOARD_SECRET-}}" "${{AWS_REGION-}}" "${{AWS_CLI-2}}" "$stdin" "$PWD" "${{0##*/}}" "$@" >&3
IFS= read -rd '' status <&3
IFS= read -rd '' output <&3
IFS= read -rd '' errors <&3
printf %s "$output"
printf %s "$errors" >&2
exit "$status"
"""


@dataclass
class Call:
    """What was called, with what came by standard input and some of its environment."""

    line: list[str]
    stdin: str
    environment: dict[str, str]

    def __contains__(self, text: str) -> bool:
        return text in " ".join(self.line)


class Ended(Exception):
    """The program ends, with this exit code and these outputs."""

    def __init__(self, status: int = 0, output: str = "", errors: str = ""):
        super().__init__(status, output, errors)
        self.status, self.output, self.errors = int(status), output, errors


@contextmanager
def programs(answer: Callable[[Call, str, Path], Ended]) -> Iterator[str]:
    """The text of a program whose calls are answered by `answer(call, version of the AWS CLI, folder)`."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            def word() -> str:
                read = b""
                while not read.endswith(b"\0"):
                    byte = self.rfile.read(1)
                    assert byte, read
                    read += byte
                return read[:-1].decode()

            secret, region, version, stdin, folder, *line = [word() for _ in range(int(word()))]
            environment = {name: value for name, value in (("BOARD_SECRET", secret), ("AWS_REGION", region)) if value}
            ended = answer(Call(line, stdin, environment), version, Path(folder))
            self.wfile.write(f"{ended.status}\0{ended.output}\0{ended.errors}\0".encode())

    with serving(Handler) as port:
        yield PROGRAM.format(port=port)


def text(value) -> str:
    """A value as `--output text` writes it."""
    def scalar(each) -> str:
        return "None" if each is None else str(each)
    if not isinstance(value, list):
        return scalar(value)
    if any(isinstance(each, list) for each in value):
        return "\n".join("\t".join(map(scalar, each)) for each in value)
    return "\t".join(map(scalar, value))


def answer(call: Call, version: str, answers: dict, account: dict, folder: Path) -> Ended:
    """To a call from this folder. `answers` maps beginnings of command lines to answers: a text, an exit code, what AWS
    answers before it is asked for a part, or an error code of AWS's and its text. What is not answered there is asked of
    `account`."""
    try:
        for beginning, instead in answers.items():
            if " ".join(call.line).startswith(beginning):
                match instead:
                    case int():
                        raise Ended(instead)
                    case [code, why]:
                        fail(call.line, version, code, why)
                    case dict():
                        say(call.line, instead)
                    case _:
                        raise Ended(output=f"{instead}\n")
        of_the_account(call.line, version, account, folder)
    except Ended as ended:
        return ended
    return Ended()


def option(line: list[str], name: str, otherwise: str = "") -> str:
    return line[line.index(name) + 1] if name in line else otherwise


def say(line: list[str], what: dict) -> None:
    raise Ended(output=text(jmespath.search(option(line, "--query", "@"), what)) + "\n")


def fail(line: list[str], version: str, code: str, why: str) -> None:
    """Fails with an error as version 2 of the AWS CLI words it, or version 1."""
    operation = "".join(part.capitalize() for part in line[2].split("-"))
    error = f"An error occurred ({code}) when calling the {operation} operation: {why}"
    raise Ended(255 if version == "1" else 254, errors="\n" + (error if version == "1" else f"aws: [ERROR]: {error}") + "\n")


def of_the_account(call: list[str], version: str, account: dict, folder: Path) -> None:
    stack = account["stack"]

    def changed(**what) -> None:
        stack.update(what)

    def mark(status: str, kept: str = "DELETE_SKIPPED") -> None:
        """Gives every resource that is still there a status; those that are retained another one."""
        for each in stack["resources"]:
            if not each["ResourceStatus"].startswith("DELETE_COMPLETE"):
                each["ResourceStatus"] = kept if each["Retained"] else status

    def is_known() -> bool:
        """A stack that was deleted is known by its id alone."""
        return stack and (stack["status"] != "DELETE_COMPLETE" or option(call, "--stack-name") == stack["id"])

    def missing() -> None:
        fail(call, version, "ValidationError", f"Stack with id {option(call, '--stack-name')} does not exist")

    def ended(well: str) -> None:
        """What a waiter says at its end."""
        if stack["status"] != well:
            raise Ended(255, errors="\nWaiter failed: Waiter encountered a terminal failure state: For expression \"Stacks[].StackStatus\" "
                                    f"we matched expected path: \"{stack['status']}\" at least once\n")
        raise Ended

    match call[:3]:
        case ["aws", "cloudformation", "package"]:
            source = folder / option(call, "--template-file")
            template = json.loads(source.read_text())  # which is YAML as well
            for each in template["Resources"].values():
                if each["Type"] == "AWS::Serverless::Function":
                    digest = hashlib.md5((source.parent / each["Properties"]["CodeUri"] / "bootstrap").read_bytes()).hexdigest()
                    each["Properties"]["CodeUri"] = f"s3://{option(call, '--s3-bucket')}/{option(call, '--s3-prefix')}/{digest}"
            (folder / option(call, "--output-template-file")).write_text(json.dumps(template, indent=4))
            raise Ended
        case ["sam", "deploy", *_] | ["aws", "cloudformation", "deploy"]:
            given = option(call, "--parameter-overrides").removeprefix("file://")
            overrides = json.loads((folder / given).read_text()) if given else {}
            if isinstance(overrides, list):  # as the AWS CLI has them
                overrides = dict(each.split("=", 1) for each in overrides)
            parameters = {**(stack or {}).get("parameters", {}), **overrides}
            if stack and stack["status"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"):
                raise Ended(1, errors=f"Stack:{stack['id']} is in {stack['status']} state and can not be updated.\n")
            account["stack"] = stack = copy.deepcopy(account["made"])
            changed(status=account["ends"], parameters={**stack["parameters"], **parameters})
            raise Ended(account["ends"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"))
        case ["aws", "cloudformation", "describe-stacks"]:
            if not is_known():
                missing()
            pairs = [{"ParameterKey": name, "ParameterValue": value} for name, value in stack["parameters"].items()]
            outputs = [{"OutputKey": name, "OutputValue": value} for name, value in stack["outputs"].items()]
            say(call, {"Stacks": [{"StackStatus": stack["status"], "StackId": stack["id"], "Parameters": pairs,
                             "Outputs": outputs if stack["status"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE") else None}]})
        case ["aws", "cloudformation", "list-stack-resources"]:
            if not is_known():
                missing()
            say(call, {"StackResourceSummaries": stack["resources"]})
        case ["aws", "cloudformation", "delete-stack"]:
            if not is_known():
                raise Ended
            if stack["protected"]:
                fail(call, version, "ValidationError", f"Stack [{option(call, '--stack-name')}] cannot be deleted while TerminationProtection is enabled")
            stuck = account["stuck"]
            if account["cluster_protected"] and any(each["LogicalResourceId"] == "Database" and each["ResourceStatus"] != "DELETE_COMPLETE"
                                                    for each in stack["resources"]):
                stuck = {"Database": 'Resource handler returned message: "Cannot delete protected Cluster, please disable deletion '
                                     'protection and try again."'}
            if stuck:
                for each in stack["resources"]:
                    if each["LogicalResourceId"] in stuck:
                        each |= {"ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": stuck[each["LogicalResourceId"]]}
                changed(status="DELETE_FAILED")
            else:
                mark("DELETE_COMPLETE")
                changed(status="DELETE_COMPLETE")
            raise Ended
        case ["aws", "cloudformation", "continue-update-rollback"]:
            if stack["status"] != "UPDATE_ROLLBACK_FAILED":
                fail(call, version, "ValidationError", f"Stack:{stack['id']} is in {stack['status']} state and can not continue rollback.")
            changed(status="UPDATE_ROLLBACK_FAILED" if account["stuck"] else "UPDATE_ROLLBACK_COMPLETE")
            raise Ended
        case ["aws", "cloudformation", "update-termination-protection"]:
            if not is_known():
                missing()
            changed(protected="--enable-termination-protection" in call)
            say(call, {"StackId": stack["id"]})
        case ["aws", "cloudformation", "wait"]:
            awaited = {"stack-delete-complete": "DELETE_COMPLETE", "stack-rollback-complete": "UPDATE_ROLLBACK_COMPLETE"}
            ended(awaited.get(call[3], stack and stack["status"]))
        case ["aws", "rds", "describe-db-clusters"]:
            if account["cluster_protected"] is None:
                fail(call, version, "DBClusterNotFoundFault", f"DBCluster {option(call, '--db-cluster-identifier')} not found.")
            say(call, {"DBClusters": [{"DeletionProtection": account["cluster_protected"], "Status": "available"}]})
        case ["aws", "rds", "modify-db-cluster"]:
            account["cluster_protected"] = "--deletion-protection" in call
            say(call, {"DBCluster": {"DBClusterIdentifier": option(call, "--db-cluster-identifier")}})
        case ["aws", "budgets", operation]:
            budget = account["budget"]
            if operation != "create-budget" and not budget:
                fail(call, version, "NotFoundException", f"Unable to get budget: {option(call, '--budget-name')} - the budget doesn't exist.")
            if operation == "describe-budget":
                say(call, {"Budget": {"BudgetLimit": {"Amount": budget["amount"], "Unit": "USD"}}})
            if operation == "describe-subscribers-for-notification":
                say(call, {"Subscribers": [{"Address": budget["address"]}]})
            amount = (option(call, "--budget") or option(call, "--new-budget")).partition("Amount=")[2].partition(",")[0]
            if operation == "create-budget":
                budget = {"address": " ".join(call).rpartition("Address=")[2].partition("}")[0]}
            account["budget"] = None if operation == "delete-budget" else budget | {"amount": amount + ".0"}
