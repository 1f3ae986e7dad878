"""Buckets, queues, the database, and what watches over them."""

import json
import re
from ipaddress import ip_network
from itertools import combinations

from checks_functions import made_of, sends_notices
from mutation import add, drop, put
from registry import check
from stack import Stack
from workspace import ROOT

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
S3_EVENTS = {
    "s3:TestEvent", "s3:ReducedRedundancyLostObject", "s3:IntelligentTiering", "s3:LifecycleTransition",
    *(f"s3:{group}:{name}" for group, names in {
        "ObjectCreated": ["*", "Put", "Post", "Copy", "CompleteMultipartUpload"],
        "ObjectRemoved": ["*", "Delete", "DeleteMarkerCreated"],
        "ObjectRestore": ["*", "Post", "Completed", "Delete"],
        "Replication": ["*", "OperationFailedReplication", "OperationMissedThreshold",
                        "OperationReplicatedAfterThreshold", "OperationNotTracked"],
        "LifecycleExpiration": ["*", "Delete", "DeleteMarkerCreated"],
        "ObjectTagging": ["*", "Put", "Delete"],
        "ObjectAnnotation": ["*", "Put", "Delete"],
    }.items() for name in names),
    "s3:ObjectAcl:Put",
}
NEEDED = {
    "s3:ObjectCreated:Put", "s3:ObjectCreated:Post", "s3:ObjectCreated:Copy", "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete", "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:LifecycleExpiration:Delete", "s3:LifecycleExpiration:DeleteMarkerCreated",
}
MEDIA = "Resources.MediaBucket.Properties"
NOTIFICATIONS = f"{MEDIA}.NotificationConfiguration.QueueConfigurations"


@check(
    put(f"{NOTIFICATIONS}.1.Event", "s3:ObjectDeleted:*"),
    put(f"{NOTIFICATIONS}.1.Event", "s3:ObjectRemoved:Delete"),
    put(f"{NOTIFICATIONS}.0.Event", "s3:ObjectCreated:Put"),
    drop(f"{NOTIFICATIONS}.2"),
    put(f"{NOTIFICATIONS}.0.Filter.S3Key.Rules.0.Value", "image/"),
    drop(f"{NOTIFICATIONS}.2.Filter"),
    put(f"{NOTIFICATIONS}.1.Queue", {"Fn::GetAtt": ["DeadLetters", "Arn"]}),
    drop("Resources.MediaBucket.DependsOn"),
)
def every_change_under_images_and_no_other_is_told_to_the_queue(stack: Stack) -> None:
    if stack.parameters["ExistingMediaBucket"]:
        return  # `make deploy` sets them, and tests/template/test_deploy.py looks
    # Those behind them are of messages: checks_functions.py.
    configurations = stack.properties("MediaBucket")["NotificationConfiguration"]["QueueConfigurations"][:3]
    told = {configuration["Event"] for configuration in configurations}
    assert told <= S3_EVENTS
    assert all(event in told or re.sub(r":\w+$", ":*", event) in told for event in NEEDED)
    for configuration in configurations:
        assert configuration["Queue"] == stack.arn("PictureEvents")
        assert configuration["Filter"] == {"S3Key": {"Rules": [{"Name": "prefix", "Value": "images/"}]}}
    # S3 asks the queue when the bucket is made.
    assert stack.resources["MediaBucket"]["DependsOn"] == "PictureEventsPolicy"


@check(
    put("Resources.PictureEventsPolicy.Properties.Queues", [{"Ref": "DeadLetters"}]),
    put("Resources.NoticeEventsPolicy.Properties.Queues", [{"Ref": "PictureEvents"}]),
    put("Resources.NoticeEventsPolicy.Properties.PolicyDocument.Statement.0.Condition.ArnEquals.aws:SourceArn", "arn:aws:s3:::other"),
    put("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Condition.ArnEquals.aws:SourceArn", "arn:aws:s3:::other"),
    put(f"{MEDIA}.BucketName", "corkboard-media"),
    drop("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Condition.StringEquals"),
)
def the_media_bucket_and_no_other_may_write_to_the_queues(stack: Stack) -> None:
    for queue in ("PictureEvents", *(["NoticeEvents"] if sends_notices(stack) else [])):
        policy = stack.properties(f"{queue}Policy")
        assert policy["Queues"] == [stack.resolve({"Ref": queue})]
        statement, = policy["PolicyDocument"]["Statement"]
        assert (statement["Principal"], statement["Action"]) == ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
        assert statement["Resource"] == stack.arn(queue)
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "123456789012"},
            "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{stack.outputs['MediaBucketName']}"}}


@check(
    put("Resources.PictureEvents.Properties.VisibilityTimeout", 60),
    put("Resources.SyncS3Bucket.Properties.Timeout", 301),
    put("Resources.SyncS3Bucket.Properties.Timeout", 60),
    put("Resources.SyncS3Bucket.Properties.MemorySize", 256),
    put("Resources.DeadLetters.Properties.MessageRetentionPeriod", 345600),
    drop("Resources.PictureEvents.Properties.RedrivePolicy"),
    put("Resources.PictureEvents.Properties.KmsMasterKeyId", "alias/aws/sqs"),
    put("Resources.SyncS3Bucket.Properties.Events.Pictures.Properties.BatchSize", 10),
    put("Resources.SyncS3Bucket.Properties.Events.Pictures.Properties.MaximumBatchingWindowInSeconds", 0),
    drop("Resources.SyncS3Bucket.Properties.Events.Pictures.Properties.ScalingConfig"),
    drop("Resources.SyncS3Bucket.Properties.Events.Pictures.Properties.FunctionResponseTypes"),
    put("Resources.SyncS3Bucket.Properties.Events.Pictures.Properties.Queue", {"Fn::GetAtt": ["DeadLetters", "Arn"]}),
    drop("Resources.SyncS3Bucket.Properties.Events.Daily"),
    put("Resources.SyncS3Bucket.Properties.Events.Daily.Properties.Schedule", "rate(7 days)"),
    drop("Resources.SyncS3Bucket.Properties.DeadLetterQueue"),
)
def the_queue_feeds_sync_s3_bucket_and_loses_nothing(stack: Stack) -> None:
    queue, letters = stack.properties("PictureEvents"), stack.properties("DeadLetters")
    function = stack.properties("SyncS3Bucket")
    # A listing of very many pictures, and as much of a processor as makes it short.
    assert (function["Timeout"], function["MemorySize"]) == (300, 1024)
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": stack.arn("DeadLetters"), "maxReceiveCount": 5}
    assert letters["MessageRetentionPeriod"] == 14 * 24 * 3600
    for each in (queue, letters):
        # S3 cannot write under a key of AWS's.
        assert each["SqsManagedSseEnabled"] is True and "KmsMasterKeyId" not in each
    assert stack.properties("SyncS3BucketPictures") == {
        "BatchSize": 1000, "MaximumBatchingWindowInSeconds": 1, "ScalingConfig": {"MaximumConcurrency": 2},
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "EventSourceArn": stack.arn("PictureEvents"),
        "FunctionName": stack.resolve({"Ref": "SyncS3BucketAliaslive"})}
    rule, = stack.of_type("AWS::Events::Rule").values()
    assert rule["ScheduleExpression"] == "rate(1 day)"
    assert [target["Arn"] for target in rule["Targets"]] == [stack.resolve({"Ref": "SyncS3BucketAliaslive"})]
    assert stack.properties("SyncS3BucketDailyPermission")["FunctionName"] == stack.resolve({"Ref": "SyncS3BucketAliaslive"})
    assert "Input" not in rule["Targets"][0], "the function knows the event by its own shape"
    assert stack.properties("SyncS3Bucket")["DeadLetterConfig"] == {"TargetArn": stack.arn("DeadLetters")}


@check(
    put(f"{MEDIA}.PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    drop("Resources.SiteBucket.Properties.PublicAccessBlockConfiguration"),
    drop(f"{MEDIA}.BucketEncryption"),
    put(f"{MEDIA}.VersioningConfiguration", {"Status": "Enabled"}),
    put("Resources.SiteBucket.Properties.OwnershipControls.Rules.0.ObjectOwnership", "ObjectWriter"),
    put(f"{MEDIA}.BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm", "aws:kms"),
)
def buckets_are_private_encrypted_and_unversioned(stack: Stack) -> None:
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        encryption, = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        # CloudFront could not read under a key of AWS's.
        assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, name
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], name
        # What was deleted is gone.
        assert "VersioningConfiguration" not in bucket, name


RULES = f"{MEDIA}.LifecycleConfiguration.Rules"
# What nobody decided on, by its prefix.
HELD = {"held/waiting/": 31, "held/removed/": 2}
# What is left of deletes, by its prefix; what readers make anew; and what earlier versions had there.
EXPIRE = {"board/messages/": "1", "images/": "1", "board/newest.json": None, "board/front-page.json": None, "board/changes/": None}


@check(
    *(drop(f"{RULES}.{n}") for n in range(1 + len(EXPIRE) + len(HELD))),
    drop(f"{RULES}.1.ObjectSizeLessThan"),
    put(f"{RULES}.2.ObjectSizeLessThan", "1000"),
    put(f"{RULES}.1.Prefix", "board/"),
    put(f"{RULES}.2.ExpirationInDays", 30),
    put(f"{RULES}.3.Status", "Disabled"),
)
def nothing_of_what_was_deleted_stays_where_nobody_posts(stack: Stack) -> None:
    if stack.parameters["ExistingMediaBucket"]:
        return  # docs/backup.md says how it gets them
    unfinished, *expiring = stack.properties("MediaBucket")["LifecycleConfiguration"]["Rules"]
    assert unfinished["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    held = [rule for rule in expiring if rule["Prefix"] in HELD]
    expiring = [rule for rule in expiring if rule not in held]
    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in held} == HELD
    assert all(rule["Status"] == "Enabled" and "ObjectSizeLessThan" not in rule for rule in held)
    assert {rule["Prefix"]: rule.get("ObjectSizeLessThan") for rule in expiring} == EXPIRE
    # A day is more than the quarter of an hour for which zero bytes keep late requests from putting anything.
    assert all(rule["Status"] == "Enabled" and rule["ExpirationInDays"] == 1 for rule in expiring)
    assert len({rule["Id"] for rule in (unfinished, *held, *expiring)}) == 1 + len(held) + len(EXPIRE)


DATABASE = "Resources.Database.Properties"


@check(
    put("Parameters.DatabaseMinCapacity.Default", 0.3),
    put("Parameters.DatabaseMaxCapacity.Default", 0.5),
    put("Parameters.DatabaseMaxCapacity.Default", 300),
    put(f"{DATABASE}.ServerlessV2ScalingConfiguration.MinCapacity", 4),
    put(f"{DATABASE}.ServerlessV2ScalingConfiguration.SecondsUntilAutoPause", 60),
    put(f"{DATABASE}.ServerlessV2ScalingConfiguration.SecondsUntilAutoPause", 300),
    put("Conditions.DatabaseSleeps.Fn::And.1", {"Fn::Equals": [{"Ref": "DatabaseMinCapacity"}, "0"]}),
    drop(f"{DATABASE}.ServerlessV2ScalingConfiguration.SecondsUntilAutoPause"),
    put("Parameters.DatabaseEngineVersion", {"Type": "String", "Default": "8.0.mysql_aurora.3.07.1"}),
    put("Resources.DatabaseInstance.Properties.DBInstanceClass", "db.t4g.medium"),
    drop(f"{DATABASE}.EnableHttpEndpoint"),
)
def the_database_sleeps_wakes_and_grows_within_what_aurora_takes(stack: Stack) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html"""
    if "Database" not in stack.resources:
        return
    database = stack.properties("Database")
    scaling = {key: float(value) for key, value in database["ServerlessV2ScalingConfiguration"].items()}
    least, most = scaling["MinCapacity"], scaling["MaxCapacity"]
    assert least == float(stack.parameters["DatabaseMinCapacity"])
    assert 0 <= least <= most and 1 <= most <= 256
    assert all(capacity % 0.5 == 0 for capacity in (least, most))
    # "Can only be specified when minimum capacity is 0."
    assert scaling.get("SecondsUntilAutoPause") == (300 if least == 0 else None)
    release = re.fullmatch(r"8\.0\.mysql_aurora\.3\.(\d+)\.\d+", database["EngineVersion"])
    assert release and int(release[1]) >= 8
    assert database["Engine"] == stack.properties("DatabaseInstance")["Engine"] == "aurora-mysql"
    # The Data API has no T classes.
    assert stack.properties("DatabaseInstance")["DBInstanceClass"] == "db.serverless"
    assert database["EnableHttpEndpoint"] is True


@check(
    put("Resources.DatabaseSecurityGroup.Properties.SecurityGroupIngress", [{"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "CidrIp": "10.0.0.0/24"}]),
    put("Resources.DatabaseSecurityGroup.Properties.SecurityGroupEgress", []),
    put("Resources.DatabaseInstance.Properties.PubliclyAccessible", True),
    put("Resources.Gateway", {"Type": "AWS::EC2::InternetGateway"}),
    put("Resources.SubnetA.Properties.MapPublicIpOnLaunch", True),
    drop(f"{DATABASE}.VpcSecurityGroupIds"),
    put(f"{DATABASE}.StorageEncrypted", False),
    drop(f"{DATABASE}.BackupRetentionPeriod"),
    put(f"{DATABASE}.DeletionProtection", True),
    put(f"{DATABASE}.DeletionProtection", False),
    put(f"{DATABASE}.MasterUserPassword", "a password in a template"),
    drop(f"{DATABASE}.ManageMasterUserPassword"),
)
def the_database_is_kept_and_nothing_leads_to_it(stack: Stack) -> None:
    kinds = {resource["Type"] for resource in stack.resources.values()}
    assert not {kind for kind in kinds if re.search(r"Gateway$|Gateway(Attachment)?$|Route$|Peering", kind) and "::EC2::" in kind}
    if "Database" not in stack.resources:
        assert not {kind for kind in kinds if kind.startswith(("AWS::RDS::", "AWS::EC2::VPC")) and kind != "AWS::EC2::VPCEndpoint"}
        return
    database = stack.properties("Database")
    assert database["VpcSecurityGroupIds"] == [stack.resolve({"Ref": "DatabaseSecurityGroup"})]
    group = stack.properties("DatabaseSecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert [rule["CidrIp"] for rule in group["SecurityGroupEgress"]] == ["127.0.0.1/32"]
    assert not stack.of_type("AWS::EC2::SecurityGroupIngress")
    assert stack.properties("DatabaseInstance")["PubliclyAccessible"] is False
    subnets = stack.of_type("AWS::EC2::Subnet").values()
    assert not any(subnet.get("MapPublicIpOnLaunch") for subnet in subnets)
    assert database["StorageEncrypted"] is True
    # CloudFormation deletes no protected cluster, in a rollback neither: make deploy protects it after success.
    assert "DeletionProtection" not in database
    assert database["CopyTagsToSnapshot"] is True
    assert int(database["BackupRetentionPeriod"]) >= 1
    assert database["ManageMasterUserPassword"] is True and "MasterUserPassword" not in database


@check(
    put("Resources.SubnetB.Properties.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    put("Resources.SubnetC.Properties.AvailabilityZone", {"Fn::Select": [1, {"Fn::GetAZs": ""}]}),
    put("Resources.SubnetC.Properties.CidrBlock", "10.0.0.128/26"),
    drop("Resources.DatabaseSubnets.Properties.SubnetIds.2"),
    drop("Resources.SubnetC.DependsOn"),
    put("Resources.SubnetC.Properties.AvailabilityZone", {"Fn::Select": [2, {"Fn::GetAZs": ""}]}),
)
def the_database_may_be_in_any_of_three_zones_where_there_are_three(stack: Stack) -> None:
    if "Database" not in stack.resources:
        return
    subnets = stack.of_type("AWS::EC2::Subnet")
    zones = "aab" if stack.region == "us-west-1" else "abc"
    assert sorted(subnet["AvailabilityZone"] for subnet in subnets.values()) == [f"{stack.region}{zone}" for zone in zones]
    assert stack.properties("DatabaseSubnets")["SubnetIds"] == [stack.resolve({"Ref": name}) for name in subnets]
    addresses = [ip_network(subnet["CidrBlock"]) for subnet in subnets.values()]
    assert not any(one.overlaps(other) for one, other in combinations(addresses, 2))
    # The network's own block is what the stacks have that were made with two subnets.
    own, more = (ip_network(stack.properties(name)["CidrBlock"]) for name in ("Network", "MoreAddresses"))
    assert all(address.subnet_of(own) or address.subnet_of(more) for address in addresses)
    assert all(address.subnet_of(own) or stack.resources[name].get("DependsOn") == "MoreAddresses" for name, address in zip(subnets, addresses, strict=True))


@check(
    drop(f"{DATABASE}.SnapshotIdentifier"),
    put(f"{DATABASE}.DatabaseName", "corkboard"),
    put(f"{DATABASE}.MasterUsername", "master"),
)
def a_restored_database_takes_its_names_from_the_snapshot(stack: Stack) -> None:
    if "Database" not in stack.resources:
        return
    given = {"DatabaseName", "MasterUsername", "SnapshotIdentifier"} & set(stack.properties("Database"))
    assert given == ({"SnapshotIdentifier"} if stack.parameters["SnapshotIdentifier"] else {"DatabaseName", "MasterUsername"})


# What becomes of a resource when the stack is deleted, and when the resource is replaced. A failed creation leaves nothing
# that was retained, and so nothing whose name is taken.
KEPT = {"Database": ("Snapshot", "Snapshot"), "MediaBucket": ("RetainExceptOnCreate", "Retain"), "BoardSecret": ("RetainExceptOnCreate", "Retain")}
WITH_DATA = {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup"}


@check(
    drop("Resources.Database.DeletionPolicy"),
    put("Resources.MediaBucket.UpdateReplacePolicy", "Delete"),
    drop("Resources.SiteBucket.DeletionPolicy"),
    put("Resources.BoardSecret.DeletionPolicy", "Delete"),
    put("Resources.BoardSecret.DeletionPolicy", "Retain"),
    put("Resources.MediaBucket.DeletionPolicy", "Retain"),
    put("Resources.Database.DeletionPolicy", "RetainExceptOnCreate"),
    drop("Resources.ApiLogs.UpdateReplacePolicy"),
)
def what_holds_data_says_what_becomes_of_it(stack: Stack) -> None:
    for name, resource in stack.resources.items():
        if resource["Type"] in WITH_DATA:
            policies = (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
            assert policies == KEPT.get(name, ("Delete", "Delete")), name


ALARMS = {
    "FailuresAlarm": {"5xx", "Count"}, "ErrorsAlarm": {"Errors"}, "LatencyAlarm": {"Latency"}, "ThrottlesAlarm": {"Throttles"},
    "DeadLettersAlarm": {"ApproximateNumberOfMessagesVisible"}, "QueueAgeAlarm": {"ApproximateAgeOfOldestMessage"},
    "ReconciliationAlarm": {"CarrouselPasses"}, "MigrationAlarm": {"Errors"}, "DatabaseCapacityAlarm": {"ACUUtilization"},
    "DatabaseAwakeAlarm": {"ServerlessDatabaseCapacity"}, "EdgeFailuresAlarm": {"5xxErrorRate"},
    "LeftoversAlarm": {"corkboard-LeftoverFailures"}, "SmallPicturesErrorsAlarm": {"Errors"},
    "SmallPicturesThrottlesAlarm": {"Throttles"}, "SmallPicturesStoodAlarm": {"SmallPicturesStood"},
    "NotifyErrorsAlarm": {"Errors"}, "NoticesAlarm": {"corkboard-NoticeFailures"},
}


def alarms_of(stack: Stack) -> set[str]:
    """The alarms that a stack should have."""
    without = set()
    if "Database" not in stack.resources:
        without |= {"DatabaseCapacityAlarm", "DatabaseAwakeAlarm"}
    if float(stack.parameters["DatabaseMinCapacity"]) > 0:
        without |= {"DatabaseAwakeAlarm"}
    if not sends_notices(stack):
        without |= {"NotifyErrorsAlarm", "NoticesAlarm"}
    # CloudFront's metrics are nowhere else, and an alarm sees only those of its own region.
    if stack.region != "us-east-1":
        without |= {"EdgeFailuresAlarm"}
    return set(ALARMS) - without


@check(
    *(drop(f"Resources.{alarm}") for alarm in ALARMS),
    *(drop(f"Resources.{alarm}.Properties.AlarmActions") for alarm in ALARMS),
    put("Resources.DeadLettersAlarm.Properties.Dimensions.0.Value", {"Fn::GetAtt": ["PictureEvents", "QueueName"]}),
    put("Resources.QueueAgeAlarm.Properties.Dimensions.0.Name", "Queue"),
    put("Resources.ThrottlesAlarm.Properties.Dimensions.0.Value", {"Ref": "SyncS3Bucket"}),
    put("Resources.LatencyAlarm.Properties.ExtendedStatistic", "p50"),
    put("Resources.FailuresAlarm.Properties.Metrics.1.MetricStat.Metric.MetricName", "5XXError"),
    put("Resources.AlarmTopic.Properties.KmsMasterKeyId", "alias/aws/sns"),
    drop("Resources.AlarmTopic.Properties.Subscription"),
    put("Resources.ErrorsAlarm.Properties.Dimensions.1.Value", {"Fn::Sub": "${MessageBoard}"}),
    drop("Resources.ErrorsAlarm.Properties.Dimensions.1"),
    put("Resources.ReconciliationAlarm.Properties.Dimensions.0.Value", "corkboards"),
    put("Resources.ReconciliationAlarm.Properties.TreatMissingData", "notBreaching"),
    put("Resources.ReconciliationAlarm.Properties.EvaluationPeriods", 8),
    put("Resources.DatabaseAwakeAlarm.Properties.EvaluationPeriods", 1),
    put("Resources.DatabaseAwakeAlarm.Properties.Statistic", "Average"),
    drop("Resources.DatabaseAwakeAlarm.Condition"),
    drop("Resources.EdgeFailuresAlarm.Condition"),
    drop("Resources.EdgeFailuresAlarm.Properties.Dimensions.1"),
    put("Resources.MigrationAlarm.Properties.Dimensions.0.Value", {"Ref": "SyncS3Bucket"}),
    *(put(f"Resources.{alarm}.Properties.Dimensions.0.Value", {"Ref": "MessageBoard"}) for alarm in ALARMS if alarm.startswith("SmallPictures")),
    put("Resources.SmallPicturesStoodAlarm.Properties.Namespace", "Corkboards"),
    put("Resources.SmallPicturesStoodAlarm.Properties.Threshold", 0),
    put("Resources.SmallPicturesStoodAlarm.Properties.Statistic", "Average"),
    put("Resources.SmallPicturesStoodAlarm.Properties.Period", 3600),
    put("Resources.LeftoversAlarm.Properties.Namespace", "Corkboards"),
    put("Resources.NotifyErrorsAlarm.Properties.Dimensions.0.Value", {"Ref": "MessageBoard"}),
    put("Resources.NoticeFailures.Properties.FilterPattern", '{ $.message = "a notice was sent" }'),
    put("Resources.NoticesAlarm.Properties.Threshold", 0),
    put("Resources.LeftoversAlarm.Properties.DatapointsToAlarm", 1),
    put("Resources.LeftoverFailures.Properties.LogGroupName", {"Ref": "SyncS3BucketLogs"}),
    put("Resources.LeftoverFailures.Properties.MetricTransformations.0.MetricName", "LeftoverFailures"),
    put("Resources.LeftoverFailures.Properties.FilterPattern", '{ $.message = "leftovers could not be cleared up" }'),
    add("Resources.FailuresAlarm.Properties.Metrics", {"Id": "more", "ReturnData": False, "MetricStat": {
        "Metric": {"Namespace": "AWS/ApiGateway", "MetricName": "4xx", "Dimensions": [{"Name": "ApiId", "Value": {"Ref": "Api"}}]},
        "Period": 60, "Stat": "Sum"}}),
)
def alarms_look_at_what_there_is_and_reach_somebody(stack: Stack) -> None:
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    assert set(alarms) == alarms_of(stack)
    mailed = stack.parameters["AlarmEmail"]
    api, board, small = (stack.resolve({"Ref": name}) for name in ("Api", "MessageBoard", "SmallPictures"))
    dimensions = {
        "FailuresAlarm": {"ApiId": api}, "LatencyAlarm": {"ApiId": api},
        "ThrottlesAlarm": {"FunctionName": board},
        "ErrorsAlarm": {"FunctionName": board, "Resource": f"{board}:live"},
        "DeadLettersAlarm": {"QueueName": stack.resolve({"Fn::GetAtt": ["DeadLetters", "QueueName"]})},
        "QueueAgeAlarm": {"QueueName": stack.resolve({"Fn::GetAtt": ["PictureEvents", "QueueName"]})},
        "ReconciliationAlarm": {"Board": "corkboard"},
        "MigrationAlarm": {"FunctionName": stack.resolve({"Ref": "MigrateDatabase"})},
        "EdgeFailuresAlarm": {"DistributionId": stack.outputs["DistributionId"], "Region": "Global"},
        "LeftoversAlarm": {},
        "SmallPicturesErrorsAlarm": {"FunctionName": small},
        "SmallPicturesThrottlesAlarm": {"FunctionName": small},
        "SmallPicturesStoodAlarm": {"Board": "corkboard"},
        "NotifyErrorsAlarm": {"FunctionName": stack.resolve({"Ref": "Notify"})} if sends_notices(stack) else {},
        "NoticesAlarm": {},
    }
    for name, alarm in alarms.items():
        stats = [metric["MetricStat"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric]
        metrics = [stat["Metric"] for stat in stats] or [alarm]
        assert {metric["MetricName"] for metric in metrics} == ALARMS[name], name
        expected = dimensions[name] if name in dimensions else {"DBClusterIdentifier": stack.resolve({"Ref": "Database"})}
        for metric in metrics:
            assert {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])} == expected, name
        topic = [stack.resolve({"Ref": "AlarmTopic"})] if mailed else None
        assert alarm.get("AlarmActions") == topic and alarm.get("OKActions") == topic, name
        # CloudWatch looks back a day, or from periods of an hour on a week.
        period = max([alarm.get("Period", 0), *(stat["Period"] for stat in stats)])
        assert period * alarm["EvaluationPeriods"] <= (7 if period >= 3600 else 1) * 86400, name
    assert stack.properties("LatencyAlarm")["ExtendedStatistic"] == "p99"
    leftovers, counted = alarms["LeftoversAlarm"], stack.properties("LeftoverFailures")
    transformation, = counted["MetricTransformations"]
    assert (transformation["MetricNamespace"], {transformation["MetricName"]}) == (leftovers["Namespace"], ALARMS["LeftoversAlarm"])
    assert leftovers["DatapointsToAlarm"] == 3 and counted["LogGroupName"] == stack.resolve({"Ref": "MessageBoardLogs"})
    code = (ROOT / "shared/board/src/clear_up.rs").read_text()
    assert set(re.findall(r'message = "([^"]+)"', counted["FilterPattern"])) == set(re.findall(r'warn!\([^;]*?"([^"]+)"\)', code))
    stood = stack.properties("SmallPicturesStoodAlarm")
    assert (stood["Namespace"], stood["Statistic"], stood["Period"] * stood["EvaluationPeriods"]) == ("Corkboard", "Sum", 300)
    assert (stood["ComparisonOperator"], stood["Threshold"]) == ("GreaterThanThreshold", 20)
    daily = stack.properties("ReconciliationAlarm")
    assert (daily["Period"], daily["EvaluationPeriods"], daily["TreatMissingData"]) == (86400, 2, "breaching")
    if "DatabaseAwakeAlarm" in alarms:
        awake = alarms["DatabaseAwakeAlarm"]
        assert (awake["Statistic"], awake["Threshold"], awake["Period"] * awake["EvaluationPeriods"]) == ("Minimum", 0, 86400)
    if sends_notices(stack):
        notices, counted = alarms["NoticesAlarm"], stack.properties("NoticeFailures")
        transformation, = counted["MetricTransformations"]
        assert (transformation["MetricNamespace"], {transformation["MetricName"]}) == (notices["Namespace"], ALARMS["NoticesAlarm"])
        assert counted["LogGroupName"] == stack.resolve({"Ref": "NotifyLogs"})
        code = (ROOT / "functions/notify/src/lib.rs").read_text()
        assert re.findall(r'message = "([^"]+)"', counted["FilterPattern"]) == re.findall(r'warn!\([^;]*?"([^"]+)"\s*\)', code)
        assert (notices["Period"], notices["EvaluationPeriods"], notices["Threshold"]) == (3600, 1, 2)
    topics = stack.of_type("AWS::SNS::Topic")
    topics.pop("NoticeTopic", None)
    assert topics == ({"AlarmTopic": {"Subscription": [{"Protocol": "email", "Endpoint": mailed}]}} if mailed else {})


METRICS = {"DatabaseWakeUps", "Repeats", "Refusals", "PostsWithoutSender", "CarrouselPasses", "SmallPicturesStood"}
BODY = "Resources.Dashboard.Properties.DashboardBody"


def widgets(stack: Stack) -> list[dict]:
    return json.loads(stack.properties("Dashboard")["DashboardBody"])["widgets"]


@check(
    put("Resources.MessageBoard.Properties.Environment.Variables.METRICS_BOARD", "corkboards"),
    *(drop(f"Resources.{name}.Properties.Environment.Variables.METRICS_BOARD") for name in ("SyncS3Bucket", "SmallPictures")),
    put("Resources.ReconciliationAlarm.Properties.Namespace", "Corkboards"),
    put(BODY, {"Fn::Sub": '{"widgets": [{"x": 0, "y": 0, "properties": {"metrics": [["Corkboard", "Repeats", "Board", "${AWS::StackName}"]]}}]}'}),
    put(BODY, {"Fn::Sub": '{"widgets": [{"x": 0, "y": 0, "properties": {"metrics": [["Corkboard", "Repeats", "Board", "${Api}"]]}}]}'}),
)
def what_the_functions_count_is_this_boards_and_is_shown(stack: Stack) -> None:
    """That this is what the functions log, test_viewers.py and their own tests show."""
    for name in ("MessageBoard", "SyncS3Bucket", "SmallPictures"):
        # One for each board of an account.
        assert stack.properties(name)["Environment"]["Variables"]["METRICS_BOARD"] == "corkboard"
    assert stack.properties("ReconciliationAlarm")["Namespace"] == "Corkboard"
    shown = set()
    for widget in widgets(stack):
        before: list = []
        for metric in widget["properties"].get("metrics", []):
            # A point stands for what stands there in the line above.
            before = [above if here == "." else here for here, above in zip(metric, before + [None] * len(metric), strict=False)]
            if before[0] == "Corkboard":
                assert before[2:] == ["Board", "corkboard"]
                shown.add(before[1])
    assert shown == METRICS
    assert r"""SEARCH('{Corkboard,Board,Kind} MetricName=\"Refusals\" Board=\"corkboard\"'""" in stack.properties("Dashboard")["DashboardBody"]


@check(
    put(BODY, {"Fn::Sub": '{"widgets": [${Api}]}'}),
    put(BODY, '{"widgets": []}'),
)
def the_dashboard_shows_every_part(stack: Stack) -> None:
    shown = json.dumps(widgets(stack))
    functions = made_of(stack, ("MessageBoard", "SyncS3Bucket", "SmallPictures", "Notify"))
    parts = ["Api", "Distribution", *functions, *(["Database"] if "Database" in stack.resources else [])]
    for name in parts:
        assert f'"{stack.resolve({"Ref": name})}"' in shown, name
    places = {(widget["x"], widget["y"]) for widget in widgets(stack)}
    assert len(places) == len(widgets(stack)), "two widgets lie on each other"
