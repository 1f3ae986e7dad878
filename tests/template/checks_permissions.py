"""Who may do what to what."""

from checks_functions import made_of, sends_notices
from mutation import add, drop, put
from registry import check
from stack import Stack

ROLES = {f"{function}Role": function for function in ("MessageBoard", "SyncS3Bucket", "SmallPictures", "Notify", "MigrateDatabase")}
# Actions that AWS defines without resources.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
WITHOUT_RESOURCES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
PICTURES = "Resources.MessageBoardRole.Properties.Policies.0.PolicyDocument.Statement"
PUBLISHED = "Resources.MigrateDatabaseRole.Properties.Policies.1.PolicyDocument.Statement"
CARROUSEL = "Resources.SyncS3BucketRole.Properties.Policies.0.PolicyDocument.Statement"
NOTICES = "Resources.NotifyRole.Properties.Policies.0.PolicyDocument.Statement"
SMALL = "Resources.SmallPicturesRole.Properties.Policies.0.PolicyDocument.Statement"


def roles_of(stack: Stack) -> dict[str, str]:
    """The functions' roles that a stack has, and the function of each."""
    return {role: function for role, function in ROLES.items() if function in made_of(stack, ROLES.values())}


def as_list(value) -> list:
    return value if isinstance(value, list) else [value]


def statements(role: dict) -> list[dict]:
    return [statement for policy in role["Policies"] for statement in as_list(policy["PolicyDocument"]["Statement"])]


def allowed(role: dict) -> set[tuple[str, str]]:
    """Pairs of action and resource."""
    return {
        (action, resource)
        for statement in statements(role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


@check(
    put(f"{PICTURES}.0.Resource", {"Fn::Sub": "${SiteBucket.Arn}/images/*"}),
    put(f"{PICTURES}.0.Action", ["s3:PutObject", "s3:DeleteObject"]),
    put(f"{PICTURES}.1.Resource", {"Fn::Sub": "arn:aws:s3:::${MediaBucketName}/carrousel/carrousel.json"}),
    drop(f"{PICTURES}.2"),
    put(f"{PICTURES}.2.Condition", {"StringLike": {"s3:prefix": "board/messages/*"}}),
    put(f"{PICTURES}.3.Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}/board/*"}),
    put(f"{PICTURES}.4.Action", ["s3:GetObject", "s3:PutObject"]),
    put(f"{PICTURES}.5.Action", ["s3:PutObject", "s3:DeleteObject"]),
    put(f"{PICTURES}.6.Action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    put(f"{PICTURES}.7.Action", ["s3:PutObject", "s3:DeleteObject"]),
    drop(f"{PICTURES}.7.Resource.1"),
    put(f"{PICTURES}.7.Resource.0", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}/small*"}),
    put(f"{PUBLISHED}.0.Action", ["s3:PutObject", "s3:GetObject"]),
    put(f"{PUBLISHED}.0.Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}/*"}),
    drop(f"{PUBLISHED}.0"),
    drop(f"{CARROUSEL}.0"),
    put(f"{CARROUSEL}.1.Resource", {"Fn::GetAtt": ["SiteBucket", "Arn"]}),
    put(f"{CARROUSEL}.1.Action", "s3:PutObject"),
    put(f"{CARROUSEL}.2.Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}/*"}),
    put(f"{CARROUSEL}.3.Resource", {"Fn::GetAtt": ["DeadLetters", "Arn"]}),
    put(f"{CARROUSEL}.5.Action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    drop(f"{CARROUSEL}.5.Resource.0"),
    put(f"{SMALL}.0.Action", ["s3:GetObject", "s3:PutObject"]),
    put(f"{SMALL}.0.Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}/*"}),
    put(f"{SMALL}.1.Action", ["s3:GetObject", "s3:PutObject"]),
    drop(f"{SMALL}.1.Resource.1"),
    drop(f"{SMALL}.2"),
    put(f"{SMALL}.2.Condition", {"StringLike": {"s3:prefix": "small/*"}}),
    put(f"{NOTICES}.0.Action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]),
    put(f"{NOTICES}.0.Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::${MediaBucket}/board/*"}),
    drop(f"{NOTICES}.1"),
    put(f"{NOTICES}.2.Resource", {"Fn::GetAtt": ["PictureEvents", "Arn"]}),
    put(f"{NOTICES}.3", {"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "NoticeTopic"}}),
    put(f"{NOTICES}.3.Fn::If.1.Resource", {"Ref": "AlarmTopic"}),
    add(SMALL, {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "OriginSecret"}}),
    add("Resources.MigrateDatabaseRole.Properties.Policies", {"PolicyName": "more", "PolicyDocument": {"Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${SiteBucket.Arn}/*"}}]}}),
    put("Resources.MessageBoardRole.Properties.Policies.1.Fn::If.1.PolicyDocument.Statement.1.Resource",
        {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}),
    put("Resources.SyncS3BucketRole.Properties.Policies.1.PolicyDocument.Statement.0.Resource", {"Fn::GetAtt": ["MessageBoardLogs", "Arn"]}),
    *(put(f"Resources.{role}.Properties.Policies.{n}.PolicyDocument.Statement.1",
          {"Effect": "Allow", "Action": sorted(WITHOUT_RESOURCES), "Resource": "*"})
      for role, n in [("SyncS3BucketRole", 1), ("SmallPicturesRole", 1), ("NotifyRole", 1), ("MigrateDatabaseRole", 2), ("MessageBoardRole", 2)]),
    drop("Resources.MessageBoardRole.Properties.Policies.2.PolicyDocument.Statement.1"),
)
def a_role_may_do_its_functions_work_on_its_own_resources_and_nothing_else(stack: Stack) -> None:
    media = f"arn:aws:s3:::{stack.parameters['ExistingMediaBucket'] or stack.resolve({'Ref': 'MediaBucket'})}"
    expected = {
        "MessageBoardRole": {
            ("s3:GetObject", f"{media}/carrousel/carrousel.json"), ("s3:ListBucket", media),
            *((f"s3:{action}", f"{media}/{prefix}/*") for action in ("GetObject", "PutObject", "DeleteObject") for prefix in ("images", "held")),
            *((f"s3:{action}", f"{media}/board/posting.json") for action in ("GetObject", "PutObject")),
            *((f"s3:{action}", f"{media}/board/messages/*") for action in ("GetObject", "PutObject", "DeleteObject")),
            *((f"s3:{action}", f"{media}/board/newest.json") for action in ("GetObject", "PutObject", "DeleteObject")),
            *(("s3:DeleteObject", f"{media}/{prefix}/*") for prefix in ("small", "small-failed"))},
        "SyncS3BucketRole": {
            ("s3:ListBucket", media), ("s3:GetObject", f"{media}/images/*"),
            *((f"s3:{action}", f"{media}/carrousel/{file}.json") for action in ("GetObject", "PutObject") for file in ("carrousel", "newest")),
            *((f"sqs:{action}", stack.arn("PictureEvents")) for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")),
            ("sqs:SendMessage", stack.arn("DeadLetters")),
            *((f"s3:{action}", f"{media}/{prefix}/*") for action in ("GetObject", "DeleteObject") for prefix in ("small", "small-failed"))},
        "SmallPicturesRole": {
            ("s3:ListBucket", media), ("s3:GetObject", f"{media}/images/*"),
            *((f"s3:{action}", f"{media}/{prefix}/*") for action in ("GetObject", "PutObject", "DeleteObject") for prefix in ("small", "small-failed"))},
        "MigrateDatabaseRole": {("s3:PutObject", f"{media}/board/messages/*")},
    }
    if sends_notices(stack):
        expected["NotifyRole"] = {
            ("s3:ListBucket", media), *((f"s3:{action}", f"{media}/board/told.json") for action in ("GetObject", "PutObject")),
            *((f"sqs:{action}", stack.arn("NoticeEvents")) for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage"))}
        if stack.parameters["NoticeEmail"]:
            expected["NotifyRole"] |= {("sns:Publish", stack.resolve({"Ref": "NoticeTopic"}))}
    if not stack.parameters["DatabaseUrlSecretArn"]:
        user = stack.resolve({"Ref": "DatabaseUserSecret"})
        master = stack.resolve({"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]})
        by_data_api = {("rds-data:ExecuteStatement", stack.arn("Database")), ("secretsmanager:GetSecretValue", user)}
        expected["MessageBoardRole"] |= by_data_api
        expected["MigrateDatabaseRole"] |= by_data_api | {("secretsmanager:GetSecretValue", master)}
    for role, function in roles_of(stack).items():
        expected[role] |= {(f"logs:{action}", stack.arn(f"{function}Logs")) for action in ("CreateLogStream", "PutLogEvents")}
        if stack.parameters["Tracing"] == "on":
            expected[role] |= {(action, "*") for action in WITHOUT_RESOURCES}
        assert allowed(stack.properties(role)) == expected[role], role
        # What is missing would be forbidden to HEAD and GET, which name no prefix.
        assert not any("Condition" in statement for statement in statements(stack.properties(role))), role


@check(
    put("Resources.SyncS3Bucket.Properties.Role", {"Fn::GetAtt": ["MessageBoardRole", "Arn"]}),
    put("Resources.MigrateDatabase.Properties.Role", "arn:aws:iam::123456789012:role/admin"),
    put("Resources.MessageBoardRole.Properties.AssumeRolePolicyDocument.Statement.0.Principal", {"AWS": "*"}),
    put("Resources.SmallPictures.Properties.Role", {"Fn::GetAtt": ["MessageBoardRole", "Arn"]}),
)
def every_function_has_a_role_of_its_own_that_only_lambda_takes_on(stack: Stack) -> None:
    assert set(stack.of_type("AWS::IAM::Role")) - {"RolloutRole"} == set(roles_of(stack))
    for role, function in roles_of(stack).items():
        assert stack.properties(function)["Role"] == stack.arn(role)
        trust, = stack.properties(role)["AssumeRolePolicyDocument"]["Statement"]
        assert trust == {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


@check(
    put(f"{PICTURES}.0.Resource", "*"),
    put(f"{PICTURES}.0.Action", "s3:*"),
    put("Resources.SiteBucketPolicy.Properties.PolicyDocument.Statement.1.Principal", "*"),
    put("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Principal", "*"),
    drop("Resources.NoticeEventsPolicy.Properties.PolicyDocument.Statement.0.Condition"),
    drop("Resources.PictureEventsPolicy.Properties.PolicyDocument.Statement.0.Condition"),
    put("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.1.Resource", "*"),
)
def nothing_is_allowed_to_everybody_or_on_everything(stack: Stack) -> None:
    documents = [statement for role in stack.of_type("AWS::IAM::Role").values() for statement in statements(role)]
    for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"):
        resource_policies = stack.of_type(kind).values()
        theirs = [statement for policy in resource_policies for statement in policy["PolicyDocument"]["Statement"]]
        for statement in theirs:
            if statement["Effect"] == "Allow":
                assert "*" not in str(statement["Principal"]) and statement["Condition"], statement
        documents += theirs
    for statement in documents:
        if statement["Effect"] == "Allow":
            actions = set(as_list(statement["Action"]))
            assert not any(action.endswith("*") for action in actions), statement
            assert "*" not in as_list(statement["Resource"]) or actions <= WITHOUT_RESOURCES, statement


@check(
    drop("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.2"),
    drop("Resources.SiteBucketPolicy.Properties.PolicyDocument.Statement.2"),
    put("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.2.Condition", {"StringLike": {"s3:prefix": "images/*"}}),
    put("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.1.Resource.0", {"Fn::Sub": "${MediaBucket.Arn}/*"}),
    put("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.1.Resource.2", {"Fn::Sub": "${MediaBucket.Arn}/small*"}),
    put("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.1.Resource.1", {"Fn::Sub": "${MediaBucket.Arn}/held/*"}),
    drop("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.1.Resource.2"),
    put("Resources.SiteBucketPolicy.Properties.PolicyDocument.Statement.1.Condition", {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}),
    put("Resources.MediaBucketPolicy.Properties.PolicyDocument.Statement.0.Effect", "Allow"),
    put("Resources.SiteBucketPolicy.Properties.PolicyDocument.Statement.0.Resource", [{"Fn::GetAtt": ["SiteBucket", "Arn"]}]),
)
def the_buckets_answer_to_this_distribution_by_tls_and_say_what_is_missing(stack: Stack) -> None:
    media, site = stack.outputs["MediaBucketName"], stack.outputs["SiteBucketName"]
    readable = {
        "MediaBucketPolicy": (media, {f"arn:aws:s3:::{media}/{prefix}/*" for prefix in ("images", "carrousel", "small")}),
        "SiteBucketPolicy": (site, {f"arn:aws:s3:::{site}/*"}),
    }
    source = {"StringEquals": {"aws:SourceArn": f"arn:aws:cloudfront::123456789012:distribution/{stack.outputs['DistributionId']}"}}
    reader = {"Service": "cloudfront.amazonaws.com"}
    for name, (bucket, objects) in readable.items():
        policy = stack.properties(name)
        assert policy["Bucket"] == bucket
        tls, read, listing = policy["PolicyDocument"]["Statement"]
        assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*"), name
        assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert set(tls["Resource"]) == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
        assert (read["Effect"], read["Principal"], read["Action"]) == ("Allow", reader, "s3:GetObject")
        assert set(as_list(read["Resource"])) == objects and read["Condition"] == source
        # Where the listing is forbidden, a missing key is 403; a condition on the prefix forbids it, too.
        assert (listing["Effect"], listing["Principal"], listing["Action"]) == ("Allow", reader, "s3:ListBucket")
        assert listing["Resource"] == f"arn:aws:s3:::{bucket}" and listing["Condition"] == source


@check(*(drop(f"Resources.{role}.Properties.PermissionsBoundary") for role in (*ROLES, "RolloutRole")))
def every_role_has_the_boundary_that_is_given(stack: Stack) -> None:
    for name, role in stack.of_type("AWS::IAM::Role").items():
        assert role.get("PermissionsBoundary", "") == stack.parameters["PermissionsBoundaryArn"], name
