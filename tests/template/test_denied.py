"""What is not a function's work is denied to its role: another prefix, another bucket, another secret, deleting
where only putting is needed."""

import pytest
from botocore.exceptions import ClientError

from cloud import cloud
from stack import Stack, source

MESSAGE = "board/messages/ZYN70WAJHC564V77GG8SPFTGN4.json"
SMALL = "small/640/a.png.webp"
# What each role must not do, by client, operation and arguments.
FORBIDDEN = {
    "MessageBoard": [
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "carrousel/carrousel.json", "Body": b""}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "a.png", "Body": b""}),
        ("s3", "put_object", {"Bucket": "SITE", "Key": "images/a.png", "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "a.png"}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "carrousel/carrousel.json"}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "board/a.json"}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "board/a.json", "Body": b""}),
        ("s3", "put_object", {"Bucket": "SITE", "Key": MESSAGE, "Body": b""}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "board/posting.json"}),
        ("s3", "get_object", {"Bucket": "SITE", "Key": "held/waiting/a.png"}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": SMALL}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": SMALL, "Body": b""}),
        ("s3", "delete_object", {"Bucket": "SITE", "Key": "index.html"}),
        ("s3", "list_objects_v2", {"Bucket": "SITE"}),
        ("s3", "list_buckets", {}),
        ("s3", "put_bucket_policy", {"Bucket": "MEDIA", "Policy": "{}"}),
        ("sqs", "receive_message", {"QueueUrl": "QUEUE"}),
        ("iam", "list_roles", {}),
    ],
    "SyncS3Bucket": [
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "images/a.png", "Body": b""}),
        ("s3", "put_object", {"Bucket": "SITE", "Key": "carrousel/carrousel.json", "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": MESSAGE}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "held/waiting/a.png"}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": MESSAGE, "Body": b""}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "board/newest.json", "Body": b""}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "carrousel/a.json", "Body": b""}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": SMALL, "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "a.png"}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "images/a.png"}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "carrousel/carrousel.json"}),
        ("s3", "list_objects_v2", {"Bucket": "SITE"}),
        ("sqs", "purge_queue", {"QueueUrl": "QUEUE"}),
        ("iam", "list_roles", {}),
    ],
    "SmallPictures": [
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "images/a.png", "Body": b""}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "images/a.png"}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": MESSAGE}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": MESSAGE, "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "board/newest.json"}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "carrousel/carrousel.json", "Body": b""}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "smaller/a.png.webp", "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "held/a.png"}),
        ("s3", "put_object", {"Bucket": "SITE", "Key": "small/640/a.png.webp", "Body": b""}),
        ("s3", "list_objects_v2", {"Bucket": "SITE"}),
        ("s3", "put_bucket_policy", {"Bucket": "MEDIA", "Policy": "{}"}),
        ("sqs", "receive_message", {"QueueUrl": "QUEUE"}),
        ("iam", "list_roles", {}),
    ],
    "Notify": [
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": MESSAGE}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": MESSAGE, "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "held/waiting/a.json"}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": "board/told.json"}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "board/newest.json", "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": "images/a.png"}),
        ("s3", "list_objects_v2", {"Bucket": "SITE"}),
        ("sqs", "receive_message", {"QueueUrl": "QUEUE"}),
        ("sns", "publish", {"TopicArn": "ALARMS", "Message": "a"}),
        ("iam", "list_roles", {}),
    ],
    "MigrateDatabase": [
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "images/a.png", "Body": b""}),
        ("s3", "get_object", {"Bucket": "MEDIA", "Key": MESSAGE}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": MESSAGE}),
        ("s3", "put_object", {"Bucket": "MEDIA", "Key": "board/newest.json", "Body": b""}),
        ("s3", "put_object", {"Bucket": "SITE", "Key": MESSAGE, "Body": b""}),
        ("s3", "delete_object", {"Bucket": "MEDIA", "Key": SMALL}),
        ("s3", "list_objects_v2", {"Bucket": "MEDIA"}),
        ("sqs", "receive_message", {"QueueUrl": "QUEUE"}),
        ("iam", "list_roles", {}),
    ],
}


@pytest.fixture(scope="module")
def account():
    with cloud(Stack(source(), {"AlarmEmail": "ada@board.example", "NoticeEmail": "ada@board.example"})) as made:
        made.s3.put_object(Bucket=made.media, Key="images/a.png", Body=b"picture")
        for key in (MESSAGE, SMALL):
            made.s3.put_object(Bucket=made.media, Key=key, Body=b"{}")
        yield made


@pytest.mark.parametrize(("function", "service", "operation", "arguments"), [(function, *each) for function, all in FORBIDDEN.items() for each in all],
                         ids=lambda value: str(value)[:60])
def test_what_is_not_its_work_is_denied(function, service, operation, arguments, account):
    names = {"MEDIA": account.media, "SITE": account.stack.outputs["SiteBucketName"], "QUEUE": account.queues["PictureEvents"],
             "ALARMS": account.stack.resolve({"Ref": "AlarmTopic"})}
    arguments = {key: names.get(value, value) if isinstance(value, str) else value for key, value in arguments.items()}
    client = account.client(service, account.credentials[function])
    with pytest.raises(ClientError) as refused:
        getattr(client, operation)(**arguments)
    assert "AccessDenied" in refused.value.response["Error"]["Code"] or "is not authorized to perform" in str(refused.value)


@pytest.mark.parametrize(("function", "action", "resource"), [
    ("MessageBoard", "secretsmanager:GetSecretValue", "MASTER"),
    ("MessageBoard", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:corkboard-boardsecret"),
    ("MessageBoard", "rds-data:ExecuteStatement", "arn:aws:rds:eu-central-1:123456789012:cluster:another"),
    ("MessageBoard", "rds-data:BatchExecuteStatement", "CLUSTER"),
    ("SyncS3Bucket", "rds-data:ExecuteStatement", "CLUSTER"),
    ("SyncS3Bucket", "secretsmanager:GetSecretValue", "MASTER"),
    ("Notify", "rds-data:ExecuteStatement", "CLUSTER"),
    ("SmallPictures", "rds-data:ExecuteStatement", "CLUSTER"),
    ("SmallPictures", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:corkboard-originsecret"),
    ("MigrateDatabase", "secretsmanager:PutSecretValue", "MASTER"),
    ("MigrateDatabase", "rds:DeleteDBCluster", "CLUSTER"),
    ("MigrateDatabase", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:corkboard-boardsecret"),
])
def test_other_databases_and_secrets_are_denied(function, action, resource, account):
    names = {"MASTER": account.stack.resolve({"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}), "CLUSTER": account.stack.arn("Database")}
    assert not account.permits(function, action, names.get(resource, resource))
