"""New versions: what they are made by, who is led to them, and who may lead."""

from checks_functions import made_of
from checks_permissions import allowed
from checks_whole import dependencies
from mutation import add, drop, put
from registry import check
from stack import Stack

# Those behind an alias, and where CodeDeploy leads it.
BEHIND_AN_ALIAS = {"MessageBoard": True, "SyncS3Bucket": False, "SmallPictures": False, "Notify": False}
ROLLOUT = "Resources.RolloutRole.Properties.Policies.0.PolicyDocument.Statement"
BOARD = "Resources.MessageBoard.Properties"


def versions(stack: Stack) -> dict[str, str]:
    """The logical id of each function's version."""
    return {function: name for function in made_of(stack, BEHIND_AN_ALIAS) for name, it in stack.template["Resources"].items()
            if it["Type"] == "AWS::Lambda::Version" and it["Properties"]["FunctionName"] == {"Ref": function}}


def reached(graph: dict[str, set[str]], name: str) -> set[str]:
    """All that something waits for."""
    found: set[str] = set()
    wanted = [name]
    while wanted:
        found |= (more := graph[wanted.pop()] - found)
        wanted += more
    return found


@check(
    drop("Resources.SyncS3Bucket.Properties.AutoPublishAlias"),
    put(f"{BOARD}.AutoPublishAlias", "current"),
    drop("Resources.MessageBoard.DeletionPolicy"),
    put("Resources.SyncS3Bucket.DeletionPolicy", "Retain"),
    put("Resources.MigrateDatabase.Properties.AutoPublishAlias", "live"),
    drop(f"{BOARD}.Environment.Variables.RELEASE"),
    put("Resources.SyncS3Bucket.Properties.Environment.Variables.RELEASE", "1"),
    drop("Resources.SmallPictures.Properties.AutoPublishAlias"),
    drop("Resources.SmallPictures.DeletionPolicy"),
    drop("Resources.SmallPictures.Properties.Environment.Variables.RELEASE"),
    drop("Resources.Notify.Properties.AutoPublishAlias"),
    drop("Resources.Notify.DeletionPolicy"),
)
def code_and_settings_change_together_and_leave_no_old_version(stack: Stack) -> None:
    aliases = stack.of_type("AWS::Lambda::Alias")
    assert set(aliases) == {f"{function}Aliaslive" for function in made_of(stack, BEHIND_AN_ALIAS)}
    graph = dependencies(stack.template)
    for function, version in versions(stack).items():
        alias = f"{function}Aliaslive"
        assert aliases[alias]["Name"] == "live" and graph[alias] >= {function, version}
        # An old version holds the secrets of its time.
        assert stack.resources[version]["DeletionPolicy"] == "Delete"
        # Without a difference in what is published, Lambda publishes nothing.
        assert stack.properties(function)["Environment"]["Variables"]["RELEASE"] == stack.parameters["Release"]
    assert len(stack.of_type("AWS::Lambda::Version")) == len(made_of(stack, BEHIND_AN_ALIAS))
    for name in (versions(stack)["MessageBoard"], "MessageBoardAliaslive"):
        assert "DatabaseSchema" in reached(graph, name)
    # "Modifying service token is not allowed": it names no alias.
    assert stack.properties("DatabaseSchema")["ServiceToken"] == stack.arn("MigrateDatabase")


@check(
    drop(f"{BOARD}.DeploymentPreference"),
    put(f"{BOARD}.DeploymentPreference.Enabled", True),
    put(f"{BOARD}.DeploymentPreference.Type", "AllAtOnce"),
    put(f"{BOARD}.DeploymentPreference.Type", "Canary10Percent30Minutes"),
    drop(f"{BOARD}.DeploymentPreference.Alarms.0"),
    drop(f"{BOARD}.DeploymentPreference.Alarms.1"),
    put("Mappings.Rollouts.canary.ByCodeDeploy", "false"),
    put("Parameters.Rollout.Default", "all-at-once"),
    put("Resources.FailuresAlarm.Properties.EvaluationPeriods", 10),
    put("Resources.FailuresAlarm.Properties.Metrics.1.MetricStat.Period", 300),
    put("Resources.ErrorsAlarm.Properties.Period", 300),
)
def a_version_that_fails_is_noticed_in_its_first_five_minutes_and_given_up(stack: Stack) -> None:
    groups = stack.of_type("AWS::CodeDeploy::DeploymentGroup")
    policies = {name: it["UpdatePolicy"] for name, it in stack.resources.items() if "UpdatePolicy" in it}
    assert stack.source["Parameters"]["Rollout"]["Default"] == "canary"
    if stack.parameters["Rollout"] == "all-at-once":
        # Also for regions and accounts without CodeDeploy.
        assert not policies and not [it for it in stack.resources.values() if it["Type"].startswith("AWS::CodeDeploy::")]
        return
    group, = groups.values()
    assert policies == {f"{function}Aliaslive": {"CodeDeployLambdaAliasUpdate": {
        "ApplicationName": group["ApplicationName"], "DeploymentGroupName": stack.resolve({"Ref": f"{function}DeploymentGroup"})}}
        for function, by_code_deploy in BEHIND_AN_ALIAS.items() if by_code_deploy}
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert group["AutoRollbackConfiguration"]["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    assert group["AlarmConfiguration"]["Enabled"] is True
    alarms = ("FailuresAlarm", "ErrorsAlarm")
    assert [alarm["Name"] for alarm in group["AlarmConfiguration"]["Alarms"]] == [stack.resolve({"Ref": name}) for name in alarms]
    for name in alarms:
        alarm = stack.properties(name)
        periods = {alarm.get("Period"), *(metric["MetricStat"]["Period"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric)}
        # With the two minutes that a metric may be late.
        assert max(period or 0 for period in periods) * alarm["EvaluationPeriods"] + 120 <= 300, name


@check(
    drop("Resources.RolloutRole.Condition"),
    put(f"{BOARD}.DeploymentPreference.Role", {"Fn::GetAtt": ["MessageBoardRole", "Arn"]}),
    drop(f"{BOARD}.DeploymentPreference.Role"),
    put("Resources.RolloutRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal.Service", "lambda.amazonaws.com"),
    put("Resources.RolloutRole.Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"]),
    put(f"{ROLLOUT}.0.Resource", "*"),
    *(put(f"{ROLLOUT}.0.Resource.1", {"Fn::Sub": f"${{{name}.Arn}}:*"}) for name in ("SyncS3Bucket", "SmallPictures")),
    add(f"{ROLLOUT}.0.Action", "lambda:UpdateFunctionCode"),
    drop(f"{ROLLOUT}.1"),
)
def who_leads_the_alias_may_lead_this_one_alone(stack: Stack) -> None:
    if stack.parameters["Rollout"] == "all-at-once":
        assert "RolloutRole" not in stack.resources
        return
    role = stack.properties("RolloutRole")
    assert "ManagedPolicyArns" not in role
    trust, = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust == {"Effect": "Allow", "Principal": {"Service": "codedeploy.amazonaws.com"}, "Action": "sts:AssumeRole"}
    board = stack.arn("MessageBoard")
    assert allowed(role) == {
        *((f"lambda:{action}", resource) for action in ("GetAlias", "UpdateAlias", "GetProvisionedConcurrencyConfig") for resource in (board, f"{board}:*")),
        ("cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{stack.region}:123456789012:alarm:*")}
    group, = stack.of_type("AWS::CodeDeploy::DeploymentGroup").values()
    assert group["ServiceRoleArn"] == stack.arn("RolloutRole")
