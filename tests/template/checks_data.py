"""Buckets, queues, the database, and what watches over them."""

import re

from mutation import drop, put
from registry import check
from stack import Stack

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
    configurations = stack.properties("MediaBucket")["NotificationConfiguration"]["QueueConfigurations"]
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
    put("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Condition.ArnEquals.aws:SourceArn", "arn:aws:s3:::other"),
    put(f"{MEDIA}.BucketName", "corkboard-media"),
    drop("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Condition.StringEquals"),
)
def the_media_bucket_and_no_other_may_write_to_the_queue(stack: Stack) -> None:
    policy = stack.properties("PictureEventsPolicy")
    assert policy["Queues"] == [stack.resolve({"Ref": "PictureEvents"})]
    statement, = policy["PolicyDocument"]["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
    assert statement["Resource"] == stack.arn("PictureEvents")
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{stack.outputs['MediaBucketName']}"}}


@check(
    put("Resources.PictureEvents.Properties.VisibilityTimeout", 60),
    put("Resources.SyncS3Bucket.Properties.Timeout", 61),
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
    timeout = stack.properties("SyncS3Bucket")["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": stack.arn("DeadLetters"), "maxReceiveCount": 5}
    assert letters["MessageRetentionPeriod"] == 14 * 24 * 3600
    for each in (queue, letters):
        # S3 cannot write under a key of AWS's.
        assert each["SqsManagedSseEnabled"] is True and "KmsMasterKeyId" not in each
    mapping, = stack.of_type("AWS::Lambda::EventSourceMapping").values()
    assert mapping == {
        "BatchSize": 1000, "MaximumBatchingWindowInSeconds": 1, "ScalingConfig": {"MaximumConcurrency": 2},
        "FunctionResponseTypes": ["ReportBatchItemFailures"], "EventSourceArn": stack.arn("PictureEvents"),
        "FunctionName": stack.resolve({"Ref": "SyncS3Bucket"})}
    rule, = stack.of_type("AWS::Events::Rule").values()
    assert rule["ScheduleExpression"] == "rate(1 day)"
    assert [target["Arn"] for target in rule["Targets"]] == [stack.arn("SyncS3Bucket")]
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


DATABASE = "Resources.Database.Properties"


@check(
    put("Parameters.DatabaseMinCapacity.Default", 0.3),
    put("Parameters.DatabaseMaxCapacity.Default", 0.5),
    put("Parameters.DatabaseMaxCapacity.Default", 300),
    put(f"{DATABASE}.ServerlessV2ScalingConfiguration.MinCapacity", 4),
    put(f"{DATABASE}.ServerlessV2ScalingConfiguration.SecondsUntilAutoPause", 60),
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
    assert least == 0 and 1 <= most <= 256 and least <= most
    assert all(capacity % 0.5 == 0 for capacity in (least, most))
    assert scaling["SecondsUntilAutoPause"] == 300
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
    put("Resources.SubnetB.Properties.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
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
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    assert not any(subnet.get("MapPublicIpOnLaunch") for subnet in subnets)
    assert database["StorageEncrypted"] is True
    # CloudFormation deletes no protected cluster, in a rollback neither: make deploy protects it after success.
    assert "DeletionProtection" not in database
    assert database["CopyTagsToSnapshot"] is True
    assert int(database["BackupRetentionPeriod"]) >= 1
    assert database["ManageMasterUserPassword"] is True and "MasterUserPassword" not in database


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
    "FailuresAlarm": {"5xx", "Count"}, "LatencyAlarm": {"Latency"}, "ThrottlesAlarm": {"Throttles"},
    "DeadLettersAlarm": {"ApproximateNumberOfMessagesVisible"}, "QueueAgeAlarm": {"ApproximateAgeOfOldestMessage"},
    "DatabaseCapacityAlarm": {"ACUUtilization"},
}


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
    drop("Resources.Budget"),
)
def alarms_look_at_what_there_is_and_reach_somebody(stack: Stack) -> None:
    alarms = stack.of_type("AWS::CloudWatch::Alarm")
    expected = {name: metrics for name, metrics in ALARMS.items() if name != "DatabaseCapacityAlarm" or "Database" in stack.resources}
    assert set(alarms) == set(expected)
    mailed = stack.parameters["AlarmEmail"]
    for name, alarm in alarms.items():
        stats = [metric["MetricStat"]["Metric"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric] or [alarm]
        assert {stat["MetricName"] for stat in stats} == expected[name], name
        dimensions = {(each["Name"], each["Value"]) for stat in stats for each in stat["Dimensions"]}
        assert dimensions == {{
            "FailuresAlarm": ("ApiId", stack.resolve({"Ref": "Api"})),
            "LatencyAlarm": ("ApiId", stack.resolve({"Ref": "Api"})),
            "ThrottlesAlarm": ("FunctionName", stack.resolve({"Ref": "MessageBoard"})),
            "DeadLettersAlarm": ("QueueName", stack.resolve({"Fn::GetAtt": ["DeadLetters", "QueueName"]})),
            "QueueAgeAlarm": ("QueueName", stack.resolve({"Fn::GetAtt": ["PictureEvents", "QueueName"]})),
        }.get(name) or ("DBClusterIdentifier", stack.resolve({"Ref": "Database"}))}, name
        topic = [stack.resolve({"Ref": "AlarmTopic"})] if mailed else None
        assert alarm.get("AlarmActions") == topic and alarm.get("OKActions") == topic, name
    assert stack.properties("LatencyAlarm")["ExtendedStatistic"] == "p99"
    topics = stack.of_type("AWS::SNS::Topic")
    assert topics == ({"AlarmTopic": {"Subscription": [{"Protocol": "email", "Endpoint": mailed}]}} if mailed else {})
    budgets = stack.of_type("AWS::Budgets::Budget")
    assert bool(budgets) == (stack.parameters["MonthlyBudget"] != "0")


@check(
    drop("Resources.UnnamedViewers"),
    put("Resources.UnnamedViewers.Properties.LogGroupName", {"Ref": "SyncS3BucketLogs"}),
    put("Resources.UnnamedViewers.Properties.FilterPattern", '{ $.fields.viewer = "unnamed" }'),
    put("Resources.UnnamedViewers.Properties.MetricTransformations.0.MetricNamespace", "Corkboard"),
    put("Resources.UnnamedViewers.Properties.MetricTransformations.0.MetricValue", "0"),
)
def posts_of_unnamed_viewers_are_counted_and_shown(stack: Stack) -> None:
    """That this is what message-board logs, test_viewers.py shows."""
    (name, counted), = stack.of_type("AWS::Logs::MetricFilter").items()
    assert counted["LogGroupName"] == stack.properties("MessageBoard")["LoggingConfig"]["LogGroup"]
    assert counted["FilterPattern"] == '{ $.viewer = "unnamed" }'
    metric, = counted["MetricTransformations"]
    # One for each board of an account.
    assert metric == {"MetricNamespace": "Corkboard/corkboard", "MetricName": name, "MetricValue": "1", "Unit": "Count"}
    assert f'["{metric["MetricNamespace"]}", "{metric["MetricName"]}"' in stack.properties("Dashboard")["DashboardBody"]


@check(
    put("Resources.Dashboard.Properties.DashboardBody", {"Fn::Sub": '{"widgets": [${Api}]}'}),
    put("Resources.Dashboard.Properties.DashboardBody", '{"widgets": []}'),
)
def the_dashboard_shows_every_part(stack: Stack) -> None:
    import json
    widgets = json.loads(stack.properties("Dashboard")["DashboardBody"])["widgets"]
    shown = json.dumps(widgets)
    parts = ["Api", "Distribution", "MessageBoard", "SyncS3Bucket", *(["Database"] if "Database" in stack.resources else [])]
    for name in parts:
        assert f'"{stack.resolve({"Ref": name})}"' in shown, name
    places = {(widget["x"], widget["y"]) for widget in widgets}
    assert len(places) == len(widgets), "two widgets lie on each other"
