"""`aws`, `sam`, `cargo` and the rest as the deployment scripts call them: writes each call down, with what came
by standard input, and answers as the test wants it, or as AWS does for a stack that it keeps.

FAKE names a folder: `calls` is written; `answers.json` maps beginnings of command lines to answers: a text, an exit
code, or an error code of AWS's and its text. What is not answered there is asked of `stack.json`, in which a test
puts an account with one stack, and which changes by what is done to it."""

import hashlib
import json
import os
import sys
from pathlib import Path

folder = Path(os.environ["FAKE"])
call = [Path(sys.argv[0]).name, *sys.argv[1:]]
given = sys.stdin.read() if "file:///dev/stdin" in call else ""
environment = {key: os.environ[key] for key in ("BOARD_SECRET", "AWS_REGION") if key in os.environ}
with (folder / "calls").open("a") as calls:
    calls.write(json.dumps({"call": call, "stdin": given, "environment": environment}) + "\n")
line = " ".join(call)


def option(name: str, otherwise: str = "") -> str:
    return call[call.index(name) + 1] if name in call else otherwise


def text(value) -> str:
    """As `--output text` writes it."""
    def scalar(each) -> str:
        return "None" if each is None else str(each)
    if not isinstance(value, list):
        return scalar(value)
    if any(isinstance(each, list) for each in value):
        return "\n".join("\t".join(map(scalar, each)) for each in value)
    return "\t".join(map(scalar, value))


def say(answer: dict) -> None:
    import jmespath  # Here, because most calls do without it.
    print(text(jmespath.search(option("--query", "@"), answer)))
    sys.exit(0)


def fail(code: str, why: str) -> None:
    """As version 2 of the AWS CLI says it, or version 1."""
    version = os.environ.get("AWS_CLI", "2")
    operation = "".join(part.capitalize() for part in call[2].split("-"))
    error = f"An error occurred ({code}) when calling the {operation} operation: {why}"
    print("\n" + (error if version == "1" else f"aws: [ERROR]: {error}"), file=sys.stderr)
    sys.exit(255 if version == "1" else 254)


for beginning, answer in json.loads((folder / "answers.json").read_text()).items():
    if line.startswith(beginning):
        if isinstance(answer, int):
            sys.exit(answer)
        if isinstance(answer, list):
            fail(*answer)
        print(answer)
        sys.exit(0)

file = folder / "stack.json"
account = json.loads(file.read_text())
stack = account["stack"]


def changed(**what) -> None:
    stack.update(what)
    file.write_text(json.dumps(account))


def mark(status: str, kept: str = "DELETE_SKIPPED") -> None:
    """Gives every resource that is still there a status; those that are retained another one."""
    for each in stack["resources"]:
        if not each["ResourceStatus"].startswith("DELETE_COMPLETE"):
            each["ResourceStatus"] = kept if each["Retained"] else status


def is_known() -> bool:
    """A stack that was deleted is known by its id alone."""
    return stack and (stack["status"] != "DELETE_COMPLETE" or option("--stack-name") == stack["id"])


def missing() -> None:
    fail("ValidationError", f"Stack with id {option('--stack-name')} does not exist")


def ended(*well: str) -> None:
    """What a waiter says."""
    if stack["status"] not in well:
        print(f"\nWaiter failed: Waiter encountered a terminal failure state: For expression \"Stacks[].StackStatus\" "
              f"we matched expected path: \"{stack['status']}\" at least once", file=sys.stderr)
        sys.exit(255)
    sys.exit(0)


match call[:3]:
    case ["aws", "cloudformation", "package"]:
        source = Path(option("--template-file"))
        template = json.loads(source.read_text())  # which is YAML as well
        for each in template["Resources"].values():
            if each["Type"] == "AWS::Serverless::Function":
                digest = hashlib.md5((source.parent / each["Properties"]["CodeUri"] / "bootstrap").read_bytes()).hexdigest()
                each["Properties"]["CodeUri"] = f"s3://{option('--s3-bucket')}/{option('--s3-prefix')}/{digest}"
        Path(option("--output-template-file")).write_text(json.dumps(template, indent=4))
    case ["sam", "deploy", *_] | ["aws", "cloudformation", "deploy"]:
        given = option("--parameter-overrides").removeprefix("file://")
        overrides = json.loads(Path(given).read_text()) if given else {}
        if isinstance(overrides, list):  # as the AWS CLI has them
            overrides = dict(each.split("=", 1) for each in overrides)
        parameters = {**(stack or {}).get("parameters", {}), **overrides}
        if stack and stack["status"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"):
            print(f"Stack:{stack['id']} is in {stack['status']} state and can not be updated.", file=sys.stderr)
            sys.exit(1)
        account["stack"] = stack = account["made"]
        changed(status=account["ends"], parameters={**stack["parameters"], **parameters})
        sys.exit(0 if account["ends"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else 1)
    case ["aws", "cloudformation", "describe-stacks"]:
        if not is_known():
            missing()
        pairs = [{"ParameterKey": name, "ParameterValue": value} for name, value in stack["parameters"].items()]
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in stack["outputs"].items()]
        say({"Stacks": [{"StackStatus": stack["status"], "StackId": stack["id"], "Parameters": pairs,
                         "Outputs": outputs if stack["status"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE") else None}]})
    case ["aws", "cloudformation", "list-stack-resources"]:
        if not is_known():
            missing()
        say({"StackResourceSummaries": stack["resources"]})
    case ["aws", "cloudformation", "delete-stack"]:
        if not is_known():
            sys.exit(0)
        if stack["protected"]:
            fail("ValidationError", f"Stack [{option('--stack-name')}] cannot be deleted while TerminationProtection is enabled")
        if account["cluster_protected"] and any(each["LogicalResourceId"] == "Database" and each["ResourceStatus"] != "DELETE_COMPLETE" for each in stack["resources"]):
            for each in stack["resources"]:
                if each["LogicalResourceId"] == "Database":
                    each |= {"ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": "Resource handler returned message: \"Cannot delete protected Cluster, please disable deletion protection and try again.\""}
            changed(status="DELETE_FAILED")
        elif account["stuck"]:
            for each in stack["resources"]:
                if each["LogicalResourceId"] in account["stuck"]:
                    each |= {"ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": account["stuck"][each["LogicalResourceId"]]}
            changed(status="DELETE_FAILED")
        else:
            mark("DELETE_COMPLETE")
            changed(status="DELETE_COMPLETE")
        sys.exit(0)
    case ["aws", "cloudformation", "continue-update-rollback"]:
        if stack["status"] != "UPDATE_ROLLBACK_FAILED":
            fail("ValidationError", f"Stack:{stack['id']} is in {stack['status']} state and can not continue rollback.")
        changed(status="UPDATE_ROLLBACK_FAILED" if account["stuck"] else "UPDATE_ROLLBACK_COMPLETE")
        sys.exit(0)
    case ["aws", "cloudformation", "update-termination-protection"]:
        if not is_known():
            missing()
        changed(protected="--enable-termination-protection" in call)
        say({"StackId": stack["id"]})
    case ["aws", "cloudformation", "wait"]:
        ended(*{"stack-delete-complete": ["DELETE_COMPLETE"], "stack-rollback-complete": ["UPDATE_ROLLBACK_COMPLETE"]}.get(call[3], [stack and stack["status"]]))
    case ["aws", "rds", "describe-db-clusters"]:
        if account["cluster_protected"] is None:
            fail("DBClusterNotFoundFault", f"DBCluster {option('--db-cluster-identifier')} not found.")
        say({"DBClusters": [{"DeletionProtection": account["cluster_protected"], "Status": "available"}]})
    case ["aws", "rds", "modify-db-cluster"]:
        account["cluster_protected"] = "--deletion-protection" in call
        file.write_text(json.dumps(account))
        say({"DBCluster": {"DBClusterIdentifier": option("--db-cluster-identifier")}})
    case ["aws", "budgets", operation]:
        budget = account["budget"]
        if operation != "create-budget" and not budget:
            fail("NotFoundException", f"Unable to get budget: {option('--budget-name')} - the budget doesn't exist.")
        if operation == "describe-budget":
            say({"Budget": {"BudgetLimit": {"Amount": budget["amount"], "Unit": "USD"}}})
        if operation == "describe-subscribers-for-notification":
            say({"Subscribers": [{"Address": budget["address"]}]})
        amount = (option("--budget") or option("--new-budget")).partition("Amount=")[2].partition(",")[0]
        account["budget"] = None if operation == "delete-budget" else {
            "amount": amount + ".0", "address": line.rpartition("Address=")[2].partition("}")[0] if operation == "create-budget" else budget["address"]}
        file.write_text(json.dumps(account))
