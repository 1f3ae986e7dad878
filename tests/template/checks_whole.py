"""What concerns the template as a whole."""

import re

from checks_functions import sends_notices
from mutation import drop, put
from registry import check
from stack import Stack


def references(value, known: set[str]) -> set[str]:
    """Logical ids that a value refers to, whichever way conditions go."""
    if isinstance(value, list):
        return set().union(*(references(each, known) for each in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, each in value.items():
        if key == "Ref" and isinstance(each, str):
            found.add(each)
        elif key == "Fn::GetAtt":
            found.add(each[0] if isinstance(each, list) else each.split(".")[0])
        elif key == "Fn::Sub":
            text = each[0] if isinstance(each, list) else each
            found |= {name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)}", text)}
            found |= references(each, known) if isinstance(each, list) else set()
        else:
            found |= references(each, known)
    return found & known


def dependencies(template: dict) -> dict[str, set[str]]:
    resources = template["Resources"]
    graph = {}
    for name, resource in resources.items():
        depends = resource.get("DependsOn", [])
        graph[name] = references(resource.get("Properties", {}), set(resources)) | ({depends} if isinstance(depends, str) else set(depends))
    return graph


@check(
    put("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Condition.ArnEquals.aws:SourceArn", {"Fn::GetAtt": ["MediaBucket", "Arn"]}),
    put("Resources.Api.Properties.Name", {"Ref": "MessageBoard"}),
    put("Resources.MigrateDatabase.DependsOn", "MessageBoard"),
)
def nothing_waits_for_itself(stack: Stack) -> None:
    graph = dependencies(stack.template)
    while graph:
        ready = {name for name, needs in graph.items() if not needs & set(graph)}
        assert ready, f"a circle among {sorted(graph)}"
        graph = {name: needs for name, needs in graph.items() if name not in ready}


@check(
    put("Parameters.Unused", {"Type": "String", "Default": ""}),
    put("Conditions.Unused", {"Fn::Equals": [{"Ref": "Posting"}, "open"]}),
    drop("Metadata.AWS::CloudFormation::Interface.ParameterGroups.0.Parameters.0"),
)
def every_parameter_and_condition_is_used_and_has_a_place(stack: Stack) -> None:
    template = stack.template
    text = repr({key: value for key, value in template.items() if key not in ("Parameters", "Metadata")})
    for name in [*template["Parameters"], *template["Conditions"]]:
        assert re.search(rf"\b{name}\b", text.replace(f"'{name}': {{", "", 1) if name in template["Conditions"] else text), name
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    placed = [parameter for group in groups for parameter in group["Parameters"]]
    assert sorted(placed) == sorted(template["Parameters"])


@check(
    put("Rules.ADomainHasACertificate.Assertions.0.Assert", {"Fn::Equals": [{"Ref": "DomainName"}, ""]}),
    put("Resources.Distribution.Properties.DistributionConfig.Comment", {"Fn::GetAtt": ["Database", "DBClusterArn"]}),
    put("Outputs.DatabaseClusterArn", {"Value": {"Fn::GetAtt": ["Database", "DBClusterArn"]}}),
)
def every_reference_leads_to_something_that_is_made(stack: Stack) -> None:
    assert stack.resources and stack.outputs


@check(
    drop("Outputs.Url"),
    drop("Outputs.DatabaseClusterIdentifier"),
    drop("Outputs.DistributionId"),
    drop("Outputs.SchemaVersion"),
)
def the_outputs_have_what_an_operator_needs(stack: Stack) -> None:
    needed = {
        "Url", "ServiceWorker", "DistributionId", "DistributionDomain", "ApiEndpoint", "SiteBucketName", "MediaBucketName", "PictureEventsArn",
        "DeadLettersUrl", "MessageBoardName", "SyncS3BucketName", "SmallPicturesName", "MigrateDatabaseName", "SchemaVersion", "LogGroups",
        "BoardSecretArn", "OriginSecretArn", "DashboardUrl",
    }
    if "Database" in stack.resources:
        needed |= {"DatabaseUserSecretArn", "DatabaseClusterIdentifier", "DatabaseClusterArn", "DatabaseMasterSecretArn"}
    if sends_notices(stack):
        needed |= {"NotifyName", "NoticeEventsArn"}
    assert set(stack.outputs) == needed
