"""The functions: what they are told, what they may do, when they run."""

import re

from mutation import drop, put
from registry import check
from stack import EXISTING_SECRET, MIGRATION_SECRET, Stack
from workspace import ROOT

FUNCTIONS = {"MessageBoard": "message-board", "SyncS3Bucket": "sync-s3-bucket", "SmallPictures": "small-pictures", "Notify": "notify",
             "MigrateDatabase": "migrate-database"}
# Those that know no database.
WITHOUT_DATABASE = ("SyncS3Bucket", "SmallPictures", "Notify")
DATA_API = {"DATABASE_CLUSTER_ARN", "DATABASE_SECRET_ARN", "DATABASE_NAME"}
DIRECT = {"DATABASE_URL", "DATABASE_CA"}
SETTINGS = {
    "MessageBoard": {
        "MEDIA_BUCKET", "PUBLIC_BASE_URL", "BOARD_SECRET", "BOARD_SECRET_PREVIOUS", "ORIGIN_SECRET", "ORIGIN_SECRET_PREVIOUS",
        "ALLOWED_ORIGINS",
        "POSTS_PER_MINUTE", "POSTING", "MODERATORS_REVOKED", "BOARD_NAME", "BOARD_DESCRIPTION", "BOARD_ACCENT", "BOARD_HEAD", "CONTACT_URL", "INDEXING",
        "ORIGIN_REQUIRED", "METRICS_BOARD", "RELEASE", "RUST_LOG",
    },
    "SyncS3Bucket": {"MEDIA_BUCKET", "PUBLIC_BASE_URL", "METRICS_BOARD", "RELEASE", "RUST_LOG"},
    "SmallPictures": {"MEDIA_BUCKET", "PUBLIC_BASE_URL", "ORIGIN_SECRET", "ORIGIN_SECRET_PREVIOUS", "METRICS_BOARD", "RELEASE", "RUST_LOG"},
    "Notify": {"MEDIA_BUCKET", "PUBLIC_BASE_URL", "NOTICE_QUEUE_URL", "NOTICE_TOPIC_ARN", "NOTICE_WEBHOOK_URL", "NOTICE_WEBHOOK_SECRET",
               "NOTICE_WEBHOOK_FORM", "RELEASE", "RUST_LOG"},
    "MigrateDatabase": {"MEDIA_BUCKET", "RUST_LOG"},
}
VARIABLES = "Resources.{}.Properties.Environment.Variables"


def environment(stack: Stack, function: str) -> dict[str, str]:
    return stack.properties(function)["Environment"]["Variables"]


def sends_notices(stack: Stack) -> bool:
    return bool(stack.parameters["NoticeEmail"] or stack.parameters["NoticeWebhookUrl"])


def made_of(stack: Stack, names) -> list[str]:
    """Of these functions those that a stack should have."""
    return [name for name in names if name != "Notify" or sends_notices(stack)]


def makes_database(stack: Stack) -> bool:
    return not stack.parameters["DatabaseUrlSecretArn"]


@check(
    *(drop(f"{VARIABLES.format('MessageBoard')}.{variable}") for variable in sorted(SETTINGS["MessageBoard"] | DATA_API | DIRECT)),
    *(drop(f"{VARIABLES.format(name)}.{variable}") for name in WITHOUT_DATABASE for variable in sorted(SETTINGS[name])),
    *(drop(f"{VARIABLES.format('MigrateDatabase')}.{variable}")
      for variable in sorted(DATA_API | DIRECT | SETTINGS["MigrateDatabase"] | {"DATABASE_USER_SECRET_ARN"})),
    *(put(f"{VARIABLES.format(name)}.BOARD_SECRET", "x") for name in WITHOUT_DATABASE),
    put(f"{VARIABLES.format('SmallPictures')}.DATABASE_NAME", "corkboard"),
    put(f"{VARIABLES.format('MigrateDatabase')}.PUBLIC_BASE_URL", "https://board.example"),
    put("Globals.Function.Environment", {"Variables": {"DATABASE_NAME": "corkboard"}}),
    put(f"{VARIABLES.format('MessageBoard')}.DATABASE_URL", {"Fn::Sub": "mysql://${DatabaseUrlSecretArn}"}),
)
def every_setting_reaches_the_functions_that_need_it_and_no_other(stack: Stack) -> None:
    for function in made_of(stack, SETTINGS):
        expected = set(SETTINGS[function])
        if not stack.parameters["NoticeEmail"]:
            expected -= {"NOTICE_TOPIC_ARN"}
        if not stack.parameters["NoticeWebhookUrl"]:
            expected -= {"NOTICE_WEBHOOK_URL", "NOTICE_WEBHOOK_FORM"}
        if not stack.parameters["NoticeWebhookSecret"]:
            expected -= {"NOTICE_WEBHOOK_SECRET"}
        if not stack.parameters["BoardSecretVersion"]:
            expected -= {"BOARD_SECRET_PREVIOUS"}
        if not stack.parameters["BelievedOriginSecretVersion"]:
            expected -= {"ORIGIN_SECRET_PREVIOUS"}
        if function not in WITHOUT_DATABASE:
            expected |= DATA_API if makes_database(stack) else DIRECT
        if not stack.parameters["DatabaseCaLayerArn"]:
            expected -= {"DATABASE_CA"}
        if function == "MigrateDatabase" and makes_database(stack):
            expected |= {"DATABASE_USER_SECRET_ARN"}
        assert set(environment(stack, function)) == expected, function


@check(
    put(f"{VARIABLES.format('MessageBoard')}.BOARD_NAME", {"Ref": "ContactUrl"}),
    put(f"{VARIABLES.format('MessageBoard')}.BOARD_DESCRIPTION", {"Ref": "BoardName"}),
    put(f"{VARIABLES.format('MessageBoard')}.BOARD_ACCENT", {"Ref": "BoardHead"}),
    put(f"{VARIABLES.format('MessageBoard')}.BOARD_HEAD", "images/hill.jpg"),
    put(f"{VARIABLES.format('MessageBoard')}.POSTING", "open "),
    put(f"{VARIABLES.format('MessageBoard')}.INDEXING", "allowed"),
    *(put(f"{VARIABLES.format(function)}.MEDIA_BUCKET", {"Ref": "SiteBucket"}) for function in FUNCTIONS),
    put(f"{VARIABLES.format('MessageBoard')}.DATABASE_SECRET_ARN", {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}),
    put(f"{VARIABLES.format('MigrateDatabase')}.DATABASE_SECRET_ARN", {"Ref": "DatabaseUserSecret"}),
    put(f"{VARIABLES.format('MigrateDatabase')}.DATABASE_NAME", "corkboards"),
    put(f"{VARIABLES.format('MessageBoard')}.BOARD_SECRET", {"Fn::Sub": "{{resolve:secretsmanager:${BoardSecret}:SecretString:current}}"}),
    put(f"{VARIABLES.format('MessageBoard')}.BOARD_SECRET_PREVIOUS", {"Fn::Sub": "{{resolve:secretsmanager:${BoardSecret}:SecretString:previous}}"}),
    put(f"{VARIABLES.format('MessageBoard')}.DATABASE_CA", "/opt/ca.pem"),
)
def every_setting_has_its_value(stack: Stack) -> None:
    parameters, board, migrate = stack.parameters, environment(stack, "MessageBoard"), environment(stack, "MigrateDatabase")
    media = parameters["ExistingMediaBucket"] or stack.resolve({"Ref": "MediaBucket"})
    secret = f"{{{{resolve:secretsmanager:{stack.resolve({'Ref': 'BoardSecret'})}:SecretString:%s%s}}}}"
    version = f"::{parameters['BoardSecretVersion']}" if parameters["BoardSecretVersion"] else ""
    expected = {
        "MEDIA_BUCKET": media,
        "BOARD_SECRET": secret % ("current", version),
        "ALLOWED_ORIGINS": parameters["AllowedOrigins"],
        "POSTS_PER_MINUTE": parameters["PostsPerMinute"],
        "POSTING": parameters["Posting"],
        "MODERATORS_REVOKED": parameters["ModeratorsRevoked"],
        "BOARD_NAME": parameters["BoardName"],
        "BOARD_DESCRIPTION": parameters["BoardDescription"],
        "BOARD_ACCENT": parameters["BoardAccent"],
        "BOARD_HEAD": parameters["BoardHead"],
        "CONTACT_URL": parameters["ContactUrl"],
        "INDEXING": parameters["Indexing"],
        "RUST_LOG": parameters["LogFilter"],
    }
    if version:
        expected["BOARD_SECRET_PREVIOUS"] = secret % ("previous", version)
    if makes_database(stack):
        expected |= {
            "DATABASE_CLUSTER_ARN": stack.arn("Database"),
            "DATABASE_SECRET_ARN": stack.resolve({"Ref": "DatabaseUserSecret"}),
            "DATABASE_NAME": "corkboard",
        }
        assert {key: migrate[key] for key in migrate if key.startswith("DATABASE_")} == {
            "DATABASE_CLUSTER_ARN": stack.arn("Database"),
            "DATABASE_SECRET_ARN": stack.resolve({"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}),
            "DATABASE_USER_SECRET_ARN": stack.resolve({"Ref": "DatabaseUserSecret"}),
            "DATABASE_NAME": "corkboard",
        }
        if not parameters["SnapshotIdentifier"]:
            assert stack.properties("Database")["DatabaseName"] == "corkboard"
    else:
        def reference(secret: str, version: str) -> str:
            return f"{{{{resolve:secretsmanager:{secret}:SecretString{f':::{version}' if version else ''}}}}}"

        expected["DATABASE_URL"] = reference(EXISTING_SECRET, parameters["DatabaseUrlSecretVersion"])
        if parameters["DatabaseCaLayerArn"]:
            expected["DATABASE_CA"] = "/opt/database-ca.pem"
        assert migrate["DATABASE_URL"] == reference(MIGRATION_SECRET, parameters["MigrationUrlSecretVersion"])
    assert {key: board[key] for key in expected} == expected
    assert all(environment(stack, function)["MEDIA_BUCKET"] == media for function in made_of(stack, FUNCTIONS))


@check(
    put("Resources.BoardSecret.Properties.GenerateSecretString.PasswordLength", 24),
    put("Resources.BoardSecret.Properties", {"SecretString": '{"current":"0123456789abcdef0123456789abcdef"}'}),
    put("Resources.DatabaseUserSecret.Properties.GenerateSecretString.ExcludePunctuation", False),
    put("Resources.OriginSecret.Properties.GenerateSecretString.GenerateStringKey", "value"),
    put("Resources.DatabaseUserSecret.Properties.GenerateSecretString.SecretStringTemplate", "{}"),
)
def secrets_are_generated_and_what_refers_to_them_finds_its_key(stack: Stack) -> None:
    keys = {"BoardSecret": {"current", "previous"}, "OriginSecret": {"secret"}, "DatabaseUserSecret": {"username", "password"}}
    for name, secret in stack.of_type("AWS::SecretsManager::Secret").items():
        generate = secret["GenerateSecretString"]
        assert "SecretString" not in secret and generate["PasswordLength"] >= 32, name
        # It stands in headers, in SQL and in the environment.
        assert generate["ExcludePunctuation"] is True, name
        template = re.findall(r'"(\w+)":', generate["SecretStringTemplate"])
        assert {*template, generate["GenerateStringKey"]} == keys[name], name


@check(
    put("Resources.MessageBoard.Metadata.BuildProperties.Binary", "message_board"),
    put("Resources.SyncS3Bucket.Properties.CodeUri", "functions/sync"),
    put("Globals.Function.Runtime", "provided.al2"),
    put("Parameters.Architecture.Default", "x86_64"),
    drop("Globals.Function.Tracing"),
    put("Globals.Function.Tracing", "Active"),
    put("Parameters.Tracing.Default", "on"),
    put("Resources.MigrateDatabase.Properties.LoggingConfig.LogFormat", "Text"),
    put("Resources.SyncS3Bucket.Properties.FunctionName", {"Fn::Sub": "${AWS::StackName}-sync"}),
    put("Resources.SmallPictures.Metadata.BuildProperties.Binary", "message-board"),
    put("Resources.SmallPictures.Properties.LoggingConfig.LogFormat", "Text"),
)
def the_functions_are_the_workspaces_on_arm_with_json_logs_and_traces_where_they_are_wanted(stack: Stack) -> None:
    made = stack.of_type("AWS::Lambda::Function")
    assert set(made) == set(made_of(stack, FUNCTIONS))
    declared = stack.source["Parameters"]
    assert (declared["Architecture"]["Default"], declared["Tracing"]["Default"]) == ("arm64", "off")
    for name, function in made.items():
        assert (function["Runtime"], function["Handler"]) == ("provided.al2023", "bootstrap"), name
        assert function["Architectures"] == [stack.parameters["Architecture"]], name
        assert function["TracingConfig"] == {"Mode": "Active" if stack.parameters["Tracing"] == "on" else "PassThrough"}, name
        assert function["LoggingConfig"]["LogFormat"] == "JSON", name
    for name, package in FUNCTIONS.items():
        built = stack.source["Resources"][name]
        assert built["Metadata"] == {"BuildMethod": "rust-cargolambda", "BuildProperties": {"Binary": package}}, name
        assert (ROOT / built["Properties"]["CodeUri"] / "Cargo.toml").exists(), name
    assert made["SyncS3Bucket"]["FunctionName"].endswith("-syncS3Bucket")


@check(
    drop("Resources.MessageBoardLogs.Properties.RetentionInDays"),
    drop("Resources.ApiLogs.Properties.RetentionInDays"),
    put("Resources.SyncS3Bucket.Properties.LoggingConfig.LogGroup", {"Ref": "MessageBoardLogs"}),
    drop("Resources.MigrateDatabase.Properties.LoggingConfig.LogGroup"),
)
def every_log_group_is_the_templates_and_has_an_end(stack: Stack) -> None:
    groups = stack.of_type("AWS::Logs::LogGroup")
    assert all(int(group["RetentionInDays"]) > 0 for group in groups.values())
    for name, function in stack.of_type("AWS::Lambda::Function").items():
        assert function["LoggingConfig"]["LogGroup"] == stack.resolve({"Ref": f"{name}Logs"}), name
        assert f"{name}Logs" in groups
    assert stack.properties("ApiStage")["AccessLogSettings"]["DestinationArn"] == stack.arn("ApiLogs")


@check(
    put("Resources.DatabaseSchema.Properties.Version", "1"),
    put("Resources.DatabaseSchema.Properties.Version", "999"),
    drop("Resources.MessageBoard.DependsOn"),
    drop("Resources.DatabaseSchema.Properties.ServiceTimeout"),
    put("Resources.DatabaseSchema.Properties.ServiceTimeout", "300"),
    put("Resources.DatabaseSchema.Properties.ServiceTimeout", "3601"),
    put("Resources.MigrateDatabase.Properties.Timeout", 300),
    put("Resources.MigrateDatabase.Properties.MemorySize", 256),
    drop("Resources.MessageBoardRole.DependsOn"),
    put("Resources.DatabaseSchema.Properties.ServiceToken", {"Fn::GetAtt": ["SyncS3Bucket", "Arn"]}),
    drop("Resources.DatabaseSchema.Properties.Database"),
    drop("Resources.DatabaseSchema.Properties.UserSecretVersion"),
)
def the_schema_is_made_on_every_change_of_it_before_new_code_runs(stack: Stack) -> None:
    migrations = (ROOT / "shared/store/src/migrations.rs").read_text()
    newest = max(map(int, re.findall(r"^\s+version: (\d+),", migrations, re.M)))
    schema = stack.properties("DatabaseSchema")
    assert schema["Version"] == str(newest), "raise DatabaseSchema's Version with every migration"
    assert schema["ServiceToken"] == stack.arn("MigrateDatabase")
    database = stack.resolve({"Ref": "DatabaseInstance"}) if makes_database(stack) else stack.parameters["DatabaseUrlSecretArn"]
    assert schema["Database"] == database
    assert schema["UserSecretVersion"] == stack.parameters["DatabaseUserSecretVersion"]
    migrate = stack.properties("MigrateDatabase")
    # Publishing the messages of an earlier version takes as long as there is time.
    assert (migrate["Timeout"], migrate["MemorySize"]) == (900, 1024)
    # Lambda tries three times, with pauses of one and two minutes; CloudFormation waits for an hour at most.
    assert 3 * migrate["Timeout"] + 180 <= int(schema["ServiceTimeout"]) <= 3600
    # The rights of the code before last as long as that code.
    for waiting in ("MessageBoard", "MessageBoardRole"):
        depends = stack.resources[waiting]["DependsOn"]
        assert "DatabaseSchema" in ([depends] if isinstance(depends, str) else depends)


@check(
    drop("Resources.MessageBoard.Properties.VpcConfig"),
    drop("Resources.MigrateDatabase.Properties.VpcConfig"),
    drop("Resources.MessageBoard.Properties.ReservedConcurrentExecutions"),
    put("Resources.MessageBoard.Properties.ReservedConcurrentExecutions", {"Ref": "DatabaseConnections"}),
    *(put(f"Resources.{name}.Properties.VpcConfig", {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": [{"Ref": "SecurityGroupId"}]})
      for name in WITHOUT_DATABASE),
    drop("Resources.S3Endpoint"),
    put("Resources.S3Endpoint.Properties.VpcEndpointType", "Interface"),
    drop("Resources.MessageBoardRole.Properties.ManagedPolicyArns"),
    drop("Resources.MessageBoard.Properties.Layers"),
)
def only_an_existing_database_is_reached_through_its_network_with_bounded_connections(stack: Stack) -> None:
    endpoints = stack.of_type("AWS::EC2::VPCEndpoint")
    for name in made_of(stack, FUNCTIONS):
        function = stack.properties(name)
        if makes_database(stack) or name in WITHOUT_DATABASE:
            # What is reserved for small-pictures bounds no connections.
            bounded = set() if name == "SmallPictures" else {"ReservedConcurrentExecutions"}
            assert not ({"VpcConfig", "Layers"} | bounded) & set(function), name
        else:
            assert function["VpcConfig"] == {"SubnetIds": ["subnet-0a", "subnet-0b"], "SecurityGroupIds": ["sg-01234567"]}
            bound = int(stack.parameters["DatabaseConnections"])
            assert function.get("ReservedConcurrentExecutions") == (None if bound == 0 else 1 if name == "MigrateDatabase" else str(bound))
            assert function.get("Layers", []) == [layer for layer in [stack.parameters["DatabaseCaLayerArn"]] if layer]
            # Without leave to make network interfaces it does not start.
            managed = stack.properties(f"{name}Role")["ManagedPolicyArns"]
            assert managed == ["arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"]
    if not stack.parameters["S3EndpointVpcId"]:
        assert not endpoints
    else:
        assert endpoints == {"S3Endpoint": {
            "VpcEndpointType": "Gateway", "ServiceName": f"com.amazonaws.{stack.region}.s3",
            "VpcId": "vpc-01234567", "RouteTableIds": ["rtb-01234567"]}}


SMALL = "Resources.SmallPictures.Properties"


@check(
    put(f"{SMALL}.MemorySize", 1024),
    put(f"{SMALL}.MemorySize", {"Ref": "MemorySize"}),
    put(f"{SMALL}.Timeout", 28),
    drop(f"{SMALL}.ReservedConcurrentExecutions"),
    put(f"{SMALL}.ReservedConcurrentExecutions", {"Ref": "SmallPicturesConcurrency"}),
    put("Parameters.SmallPicturesConcurrency.Default", 10),
)
def small_pictures_has_one_whole_processor_and_as_many_sandboxes_as_are_reserved(stack: Stack) -> None:
    function = stack.properties("SmallPictures")
    # At 1,769 MB a function has one vCPU. https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    assert (function["MemorySize"], function["Timeout"]) == (1769, 20)
    reserved = stack.parameters["SmallPicturesConcurrency"]
    # New accounts can reserve none.
    assert stack.source["Parameters"]["SmallPicturesConcurrency"]["Default"] == 0
    assert function.get("ReservedConcurrentExecutions") == (reserved if int(reserved) else None)


NOTIFY = "Resources.Notify.Properties"
NOTIFICATIONS = "Resources.MediaBucket.Properties.NotificationConfiguration.QueueConfigurations"
OF_NOTICES = ("Notify", "NotifyRole", "NotifyLogs", "NoticeEvents", "NoticeEventsPolicy", "NotifyErrorsAlarm", "NoticeFailures", "NoticesAlarm")


@check(
    *(drop(f"Resources.{name}.Condition") for name in OF_NOTICES),
    drop("Resources.NoticeTopic.Condition"),
    drop(f"{NOTIFICATIONS}.3"),
    drop(f"{NOTIFICATIONS}.4"),
    put(f"{NOTIFICATIONS}.4.Fn::If.1.Filter.S3Key.Rules.0.Value", "held/"),
    drop(f"{NOTIFICATIONS}.4.Fn::If.1.Filter.S3Key.Rules.1"),
    put(f"{NOTIFICATIONS}.3.Fn::If.1.Queue", {"Fn::GetAtt": ["PictureEvents", "Arn"]}),
    put(f"{NOTIFICATIONS}.4.Fn::If.1.Queue", {"Fn::GetAtt": ["NoticeEvents", "Arn"]}),
    drop("Resources.NoticeTopic.Properties.Subscription"),
    put(f"{NOTIFY}.Environment.Variables.NOTICE_QUEUE_URL", {"Ref": "PictureEvents"}),
    put(f"{NOTIFY}.Environment.Variables.NOTICE_TOPIC_ARN", {"Ref": "AlarmTopic"}),
    put(f"{NOTIFY}.Environment.Variables.NOTICE_WEBHOOK_FORM", "standard "),
    drop("Parameters.NoticeWebhookUrl.NoEcho"),
    drop("Parameters.NoticeWebhookSecret.NoEcho"),
    put("Parameters.NoticeWebhookUrl.AllowedPattern", ".*"),
    put(f"{NOTIFY}.Timeout", 60),
    put("Resources.NoticeEvents.Properties.VisibilityTimeout", 60),
    drop("Resources.NoticeEvents.Properties.RedrivePolicy"),
    put("Resources.NoticeEvents.Properties.KmsMasterKeyId", "alias/aws/sqs"),
    put(f"{NOTIFY}.Events.Messages.Properties.MaximumBatchingWindowInSeconds", 300),
    put(f"{NOTIFY}.Events.Messages.Properties.Queue", {"Fn::GetAtt": ["PictureEvents", "Arn"]}),
)
def notices_are_made_of_nothing_unless_they_are_wanted_and_then_the_bucket_tells_of_messages(stack: Stack) -> None:
    declared = stack.source["Parameters"]
    assert all(declared[f"NoticeWebhook{name}"]["NoEcho"] is True for name in ("Url", "Secret"))
    pattern = declared["NoticeWebhookUrl"]["AllowedPattern"]
    assert re.fullmatch(pattern, "") is not None and re.fullmatch(pattern, "http://hook.example") is None
    wanted = sends_notices(stack)
    assert {name for name in OF_NOTICES if name in stack.resources} == (set(OF_NOTICES) if wanted else set())
    assert ("NoticeTopic" in stack.resources) == bool(stack.parameters["NoticeEmail"])
    if "MediaBucket" in stack.resources:
        told = stack.properties("MediaBucket")["NotificationConfiguration"]["QueueConfigurations"]
        prefixes = [{rule["Name"]: rule["Value"] for rule in each["Filter"]["S3Key"]["Rules"]} for each in told]
        of_messages = [{"prefix": "board/messages/"}, {"prefix": "held/waiting/", "suffix": ".json"}] if wanted else []
        assert prefixes == [{"prefix": "images/"}] * 3 + of_messages
        assert all(each["Queue"] == stack.arn("NoticeEvents") and each["Event"] == "s3:ObjectCreated:*" for each in told[3:])
    # S3 asks the queue when the bucket is made.
    conditional = stack.source["Resources"]["MediaBucket"]["Properties"]["NotificationConfiguration"]["QueueConfigurations"][3:]
    assert all({"Ref": "NoticeEventsPolicy"} in each["Fn::If"][1]["Queue"]["Fn::Select"][1] for each in conditional)
    if not wanted:
        return
    function, told = stack.properties("Notify"), environment(stack, "Notify")
    # Whoever sends has a notice to himself for a minute.
    assert function["Timeout"] == 30 < 60 < stack.properties("NoticeEvents")["VisibilityTimeout"] == 6 * function["Timeout"]
    queue = stack.properties("NoticeEvents")
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": stack.arn("DeadLetters"), "maxReceiveCount": 5}
    # S3 cannot write under a key of AWS's.
    assert queue["SqsManagedSseEnabled"] is True and "KmsMasterKeyId" not in queue
    mapping = stack.properties("NotifyMessages")
    assert mapping == {
        "BatchSize": 1000, "MaximumBatchingWindowInSeconds": 5, "ScalingConfig": {"MaximumConcurrency": 2},
        "EventSourceArn": stack.arn("NoticeEvents"), "FunctionName": stack.resolve({"Ref": "NotifyAliaslive"})}
    assert told["NOTICE_QUEUE_URL"] == stack.resolve({"Ref": "NoticeEvents"})
    if mailed := stack.parameters["NoticeEmail"]:
        assert told["NOTICE_TOPIC_ARN"] == stack.resolve({"Ref": "NoticeTopic"})
        assert stack.properties("NoticeTopic")["Subscription"] == [{"Protocol": "email", "Endpoint": mailed}]
    if stack.parameters["NoticeWebhookUrl"]:
        names = {"NOTICE_WEBHOOK_URL": "NoticeWebhookUrl", "NOTICE_WEBHOOK_SECRET": "NoticeWebhookSecret", "NOTICE_WEBHOOK_FORM": "NoticeWebhookForm"}
        expected = {variable: stack.parameters[name] for variable, name in names.items()}
        assert {variable: told.get(variable, "") for variable in names} == expected
