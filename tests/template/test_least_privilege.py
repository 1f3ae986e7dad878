"""The real functions under the template's roles, with IAM enforced: all their work is allowed, and none of
it would be with less."""

import copy
import json
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from cloud import PASSWORD, Cloud, cloud, data_api, message_board, moderator
from corkboard import corkboard
from custom_resource import cloudformation
from events import event, request
from lambda_runtime import FunctionError, Lambda, running
from mariadb import MariaDb, mariadb
from mutation import drop, put
from stack import Stack, source

PUBLISHED, NEWEST, POSTING = "board/messages/", "board/newest.json", "board/posting.json"
# Of 2016, and so older than what the tests post.
OLD = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OLD_KEY = f"{PUBLISHED}ZYN70WAJHC564V77GG8SPFTGN4.json"
OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAW"
OTHER_KEY = f"{PUBLISHED}ZYN70WAJHC564V77GG8SPFTGN3.json"


def objects(account: Cloud) -> dict[str, int]:
    """The keys in the media bucket, and how many bytes each has."""
    return {each["Key"]: each["Size"] for each in account.s3.list_objects_v2(Bucket=account.media).get("Contents", [])}


def left(account: Cloud) -> list[str]:
    """What has bytes, but for what is published of `OLD`."""
    return [key for key, size in objects(account).items() if size > 0 and key not in (OLD_KEY, NEWEST, POSTING)]


def made_of(account: Cloud, original: str) -> list[str]:
    """Puts all that small-pictures can make of a picture, and gives the keys."""
    name = original.removeprefix("images/")
    keys = [*(f"small/{width}/{name}.webp" for width in (640, 960, 1280)), f"small/1280/{name}.jpg", f"small-failed/{name}"]
    for key in keys:
        account.s3.put_object(Bucket=account.media, Key=key, Body=b"of another picture, since it says of none")
    return keys


def publish(account: Cloud, id: str, key: str) -> None:
    message = {"id": id, "author": None, "text": "hello", "createdAt": "2016-07-30T23:54:10.259Z", "picture": None}
    account.s3.put_object(Bucket=account.media, Key=key, Body=json.dumps(message).encode())


def listed(function: Lambda) -> list[str]:
    return [message["id"] for message in function.expect(200, event("api-get-messages"))["messages"]]


def read(account: Cloud, function: Lambda) -> None:
    assert listed(function) == []
    publish(account, OLD, OLD_KEY)
    assert function.expect(200, request("GET", f"/api/messages/{OLD}"))["text"] == "hello"
    function.expect(200, request("GET", "/api/messages", f"before={OLD}&limit=5"))
    function.expect(404, request("GET", "/api/messages/00000000000000000000000000"))
    function.expect(200, request("GET", "/api/health/ready"))
    assert function.expect(200, request("GET", "/api/carrousel.json")) == []
    account.s3.put_object(Bucket=account.media, Key="carrousel/carrousel.json", Body=b'[{"url":"/images/a.png"}]')
    assert len(function.expect(200, request("GET", "/api/carrousel.json"))) == 1
    account.s3.delete_object(Bucket=account.media, Key="carrousel/carrousel.json")


def write(account: Cloud, function: Lambda) -> None:
    text = function.expect(201, event("api-post-json"))
    picture = function.expect(201, event("api-post-multipart"))
    key = picture["picture"]["url"].partition(".net/")[2]
    assert objects(account)[key] > 0
    assert set(made_of(account, key)) < set(objects(account))
    assert listed(function) == [picture["id"], text["id"], OLD]
    for message in (text, picture):
        path = f"/api/messages/{message['id']}"
        assert function.expect(200, request("GET", path))["id"] == message["id"]
        function.expect(204, request("DELETE", path, authorization=f"Bearer {message['deleteToken']}"))
        function.expect(404, request("GET", path))
    assert objects(account)[key] == 0 and left(account) == []
    assert listed(function) == [OLD]


def moderate(account: Cloud, function: Lambda) -> None:
    picture = function.expect(201, event("api-post-multipart"))
    told = request("GET", "/api/moderation/sender", f"messageId={picture['id']}", **moderator(account))
    assert function.expect(200, told)["messages"] == 1
    made_of(account, picture["picture"]["url"].partition(".net/")[2])
    remove = request("POST", "/api/moderation/remove-sender", body=json.dumps({"messageId": picture["id"]}),
                     content_type="application/json", **moderator(account))
    assert function.expect(200, remove) == {"removed": 1}
    assert left(account) == [f"held/removed/{picture['id']}-0.jpg"], "so that it can be restored"
    # What has no row, a moderator deletes as well.
    function.expect(204, request("DELETE", f"/api/messages/{OLD}", **moderator(account)))
    assert objects(account)[OLD_KEY] == 0, "zero bytes keep whoever comes late from publishing it again"
    # Of what cannot be read, nothing is left.
    account.s3.put_object(Bucket=account.media, Key=OTHER_KEY, Body=b"garbage")
    function.expect(204, request("DELETE", f"/api/messages/{OTHER}", **moderator(account)))
    assert OTHER_KEY not in objects(account)


def review(account: Cloud, function: Lambda) -> None:
    """What waits is approved, taken down and restored; and a picture that the operator put there."""
    def ask(method: str, path: str, body: dict | None = None, status: int = 200) -> dict | None:
        more = {"body": json.dumps(body), "content_type": "application/json"} if body else {}
        return function.expect(status, request(method, path, **more, **moderator(account)))

    def held() -> list[str]:
        return [key for key in objects(account) if key.startswith("held/")]

    before = held()
    assert ask("PUT", "/api/moderation/posting", {"posting": "reviewed"})["posting"] == "reviewed"
    message = function.expect(202, event("api-post-multipart"))
    path = f"/api/messages/{message['id']}"
    assert len(held()) == len(before) + 2
    assert [each["id"] for each in ask("GET", "/api/moderation/held")["messages"]] == [message["id"]]
    for what in ("approve", "restore"):
        decided = ask("POST", f"/api/moderation/{what}", {"messageIds": [message["id"]]})
        assert decided["outcomes"][0]["outcome"] == "done"
        assert held() == before, "what it was published from is gone"
        function.expect(200, request("GET", path))
        function.expect(204, request("DELETE", path, **moderator(account)))
        assert len(held()) == len(before) + 1
    function.expect(204, request("DELETE", path, "forever=true", **moderator(account)))
    assert held() == before
    assert ask("PUT", "/api/moderation/posting", {"posting": "open"})["posting"] == "open"

    account.s3.put_object(Bucket=account.media, Key="images/a.png", Body=b"picture", ContentType="image/png")
    base = account.stack.properties("MessageBoard")["Environment"]["Variables"]["PUBLIC_BASE_URL"]
    picture = {"url": f"{base}/images/a.png"}
    ask("POST", "/api/moderation/pictures/take-down", picture, status=204)
    assert objects(account)["images/a.png"] == 0
    assert [each["url"] for each in ask("GET", "/api/moderation/pictures")["pictures"]] == [picture["url"]]
    restored = ask("POST", "/api/moderation/pictures/restore", picture)["url"].removeprefix(f"{base}/")
    assert account.s3.get_object(Bucket=account.media, Key=restored)["Body"].read() == b"picture"
    assert held() == before
    for key in (restored, "images/a.png"):
        account.s3.delete_object(Bucket=account.media, Key=key)


HELPED = 5


def help_readers(account: Cloud, function: Lambda, log: Path) -> None:
    """Who had to ask for several bodies writes them to a file, beside its next listing."""
    for n in range(HELPED):
        publish(account, f"01ARZ3NDEKTSV4RRFFQ69G5FA{n}", f"{PUBLISHED}ZYN70WAJHC564V77GG8SPFTGN{'ZYXWV'[n]}.json")
    assert len(listed(function)) == HELPED
    function.expect(200, request("GET", "/api/messages", "limit=7"))
    file = json.loads(account.s3.get_object(Bucket=account.media, Key=NEWEST)["Body"].read())
    assert len(file["messages"]) == HELPED
    # One who may not read or write it goes on without.
    assert "the newest messages" not in log.read_text()


def work(account: Cloud, function: Lambda, log: Path) -> None:
    read(account, function)
    write(account, function)
    moderate(account, function)
    review(account, function)
    help_readers(account, function, log)


def test_message_board_may_do_all_its_work(tmp_path):
    stack, log = Stack(source()), tmp_path / "log"
    with cloud(stack) as account, message_board(account, log) as (function, asked):
        work(account, function, log)
        with running("message-board", account.environment("MessageBoard")) as cold:
            assert len(listed(cold)) == HELPED, "who reads needs no database"
    user = stack.resolve({"Ref": "DatabaseUserSecret"})
    assert set(asked) == {("rds-data:ExecuteStatement", stack.arn("Database")), ("secretsmanager:GetSecretValue", user)}


PICTURES = "Resources.MessageBoardRole.Properties.Policies.0.PolicyDocument.Statement"
MESSAGES = "Resources.MessageBoardRole.Properties.Policies.1.Fn::If.1.PolicyDocument.Statement"


THREE = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]


@pytest.mark.parametrize("mutation", [
    *(put(f"{PICTURES}.0.Action", [action for action in THREE if action != without]) for without in THREE),
    drop(f"{PICTURES}.1"),
    drop(f"{PICTURES}.2"),
    *(put(f"{PICTURES}.3.Action", [action for action in THREE if action != without]) for without in THREE),
    put(f"{PICTURES}.4.Action", "s3:GetObject"),
    put(f"{PICTURES}.4.Action", "s3:PutObject"),
    *(put(f"{PICTURES}.5.Action", [action for action in THREE if action != without]) for without in THREE),
    put(f"{PICTURES}.6.Action", "s3:GetObject"),
    put(f"{PICTURES}.6.Action", "s3:PutObject"),
    drop(f"{PICTURES}.7.Resource.0"),
    drop(f"{PICTURES}.7.Resource.1"),
    drop(f"{MESSAGES}.0"),
    drop(f"{MESSAGES}.1"),
    put(f"{PICTURES}.0.Resource", {"Fn::Sub": "${SiteBucket.Arn}/images/*"}),
], ids=lambda mutation: mutation.__name__[-70:])
def test_message_board_needs_every_permission_that_it_has(mutation, tmp_path):
    less = source()
    mutation(less)
    log = tmp_path / "log"
    with cloud(Stack(less)) as account, message_board(account, log) as (function, _), pytest.raises((AssertionError, ClientError)):
        work(account, function, log)


def records(account: Cloud, queue: str = "PictureEvents", function: str = "SyncS3Bucket") -> dict:
    """What Lambda makes of the queue: it receives, and deletes what succeeded, with the function's role."""
    client = account.client("sqs", account.credentials[function])
    received = []
    while batch := client.receive_message(QueueUrl=account.queues[queue], MaxNumberOfMessages=10).get("Messages"):
        received += batch
        for message in batch:
            client.delete_message(QueueUrl=account.queues[queue], ReceiptHandle=message["ReceiptHandle"])
    client.get_queue_attributes(QueueUrl=account.queues[queue], AttributeNames=["QueueArn"])
    template = event("sqs-batch")["Records"][0]
    return {"Records": [copy.deepcopy(template) | {
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
        "md5OfBody": message["MD5OfBody"], "eventSourceARN": account.stack.arn(queue),
    } for message in received]}


def carrousel(account: Cloud, file: str = "carrousel") -> list[str]:
    file = account.s3.get_object(Bucket=account.media, Key=f"carrousel/{file}.json")
    return [each["url"] for each in json.loads(file["Body"].read())]


def sync(account: Cloud, function: Lambda) -> None:
    """From a change of the bucket through the queue to the carrousel."""
    base = account.stack.properties("SyncS3Bucket")["Environment"]["Variables"]["PUBLIC_BASE_URL"]
    records(account)  # what S3 sent when the notification was configured
    for key in ("images/a b+é.png", "images/c.jpg", "other/d.png"):
        account.s3.put_object(Bucket=account.media, Key=key, Body=b"picture")
    account.s3.copy_object(Bucket=account.media, Key="images/e.webp", CopySource=f"{account.media}/images/c.jpg")
    told = records(account)
    assert len(told["Records"]) == 3, "of what is elsewhere nothing is told"
    assert function.invoke(told) == {"batchItemFailures": []}
    assert carrousel(account) == [f"{base}/images/a%20b%2B%C3%A9.png", f"{base}/images/c.jpg", f"{base}/images/e.webp"]
    assert records(account)["Records"] == [], "its own write is none of its business"
    account.s3.delete_object(Bucket=account.media, Key="images/c.jpg")
    assert function.invoke(records(account)) == {"batchItemFailures": []}
    assert carrousel(account) == [f"{base}/images/a%20b%2B%C3%A9.png", f"{base}/images/e.webp"]
    assert sorted(carrousel(account, "newest")) == carrousel(account)
    account.s3.put_object(Bucket=account.media, Key="carrousel/carrousel.json", Body=b"[]")
    assert function.invoke(event("scheduled-rule")) is None
    assert len(carrousel(account)) == 2


def small_versions_follow(account: Cloud, function: Lambda) -> None:
    """Those of a picture that is gone, or was replaced, or of none: by events, and by the schedule."""
    def put(key: str) -> None:
        account.s3.put_object(Bucket=account.media, Key=key, Body=b"picture")

    def small() -> set[str]:
        return {key for key in objects(account) if key.startswith("small")}

    for key in ("images/gone.png", "images/replaced.png", "images/stays.png"):
        put(key)
    assert function.invoke(records(account)) == {"batchItemFailures": []}
    for key in ("images/gone.png", "images/replaced.png"):
        made_of(account, key)
    account.s3.delete_object(Bucket=account.media, Key="images/gone.png")
    put("images/replaced.png")
    tag = account.s3.head_object(Bucket=account.media, Key="images/stays.png")["ETag"]
    kept = "small/640/stays.png.webp"
    account.s3.put_object(Bucket=account.media, Key=kept, Body=b"of this one", Metadata={"original": tag})
    told = records(account)
    assert len(told["Records"]) == 2, "what is made of pictures tells nobody"
    assert function.invoke(told) == {"batchItemFailures": []}
    assert small() == {kept}
    made_of(account, "images/never.png")
    assert function.invoke(event("scheduled-rule")) is None
    assert small() == {kept}


def test_a_change_in_the_bucket_reaches_the_carrousel_under_the_functions_role():
    with cloud(Stack(source())) as account, running("sync-s3-bucket", account.environment("SyncS3Bucket")) as function:
        sync(account, function)
        small_versions_follow(account, function)


def test_a_batch_that_fails_is_given_back_to_be_tried_again():
    less = source()
    drop("Resources.SyncS3BucketRole.Properties.Policies.0.PolicyDocument.Statement.1")(less)
    with cloud(Stack(less)) as account, running("sync-s3-bucket", account.environment("SyncS3Bucket")) as function:
        records(account)
        account.s3.put_object(Bucket=account.media, Key="images/a.png", Body=b"picture")
        told = records(account)
        assert function.invoke(told) == {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in told["Records"]]}


CARROUSEL = "Resources.SyncS3BucketRole.Properties.Policies.0.PolicyDocument.Statement"


@pytest.mark.parametrize("mutation", [
    drop(f"{CARROUSEL}.0"),
    put(f"{CARROUSEL}.1.Action", "s3:PutObject"),
    put(f"{CARROUSEL}.1.Action", "s3:GetObject"),
    drop(f"{CARROUSEL}.1.Resource.0"),
    drop(f"{CARROUSEL}.1.Resource.1"),
    drop(f"{CARROUSEL}.2"),
    put(f"{CARROUSEL}.3.Action", ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]),
    put(f"{CARROUSEL}.3.Action", ["sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
    put(f"{CARROUSEL}.3.Action", ["sqs:ReceiveMessage", "sqs:DeleteMessage"]),
    put(f"{CARROUSEL}.5.Action", "s3:GetObject"),
    put(f"{CARROUSEL}.5.Action", "s3:DeleteObject"),
    drop(f"{CARROUSEL}.5.Resource.0"),
    drop(f"{CARROUSEL}.5.Resource.1"),
    drop("Resources.MediaBucket.Properties.NotificationConfiguration.QueueConfigurations.1"),
    put("Resources.MediaBucket.Properties.NotificationConfiguration.QueueConfigurations.0.Filter.S3Key.Rules.0.Value", "pictures/"),
], ids=lambda mutation: mutation.__name__[-70:])
def test_sync_s3_bucket_needs_every_permission_and_notification_that_it_has(mutation):
    less = source()
    mutation(less)
    with cloud(Stack(less)) as account, running("sync-s3-bucket", account.environment("SyncS3Bucket")) as function, \
            pytest.raises((AssertionError, ClientError)):
        sync(account, function)
        small_versions_follow(account, function)


WITH_NOTICES = {"NoticeEmail": "ada@board.example"}


def noticing(account: Cloud):
    """notify's bootstrap, whose queue is where moto has it."""
    environment = account.environment("Notify", NOTICE_QUEUE_URL=account.queues["NoticeEvents"])
    return running("notify", environment)


def put_of_now(account: Cloud, prefix: str, n: int) -> None:
    """Puts a message that was posted just now, under the key that it has."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    digits = [(int(time.time() * 1000) >> shift) & 31 for shift in range(45, -1, -5)]
    id = "".join(alphabet[digit] for digit in digits) + f"{n:016d}"
    mirrored = "".join(alphabet[31 - alphabet.index(character)] for character in id)
    account.s3.put_object(Bucket=account.media, Key=f"{prefix}{mirrored}.json", Body=b"{}")


def notice(account: Cloud, function: Lambda) -> None:
    """From messages that come in, by the queue, to the topic; and what is held back to the queue."""
    inbox = account.sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = account.sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account.sns.subscribe(TopicArn=account.stack.resolve({"Ref": "NoticeTopic"}), Protocol="sqs", Endpoint=arn)

    def mails() -> list[str]:
        received = account.sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"])["Subject"] for message in received]

    def own() -> str:
        attributes = account.sqs.get_queue_attributes(QueueUrl=account.queues["NoticeEvents"], AttributeNames=["All"])["Attributes"]
        return attributes["ApproximateNumberOfMessagesDelayed"]

    records(account, "NoticeEvents", "Notify")  # what S3 sent when the notification was configured
    account.s3.put_object(Bucket=account.media, Key="images/a.png", Body=b"picture")
    account.s3.put_object(Bucket=account.media, Key="held/waiting/a.png", Body=b"picture")
    put_of_now(account, PUBLISHED, 1)
    put_of_now(account, "held/waiting/", 2)
    told = records(account, "NoticeEvents", "Notify")
    assert len(told["Records"]) == 2, "of pictures nothing is told"
    function.invoke(told)
    assert mails() == ["1 new message, 1 waits for you"]
    assert own() == "1", "whoever dies with a notice is made up for"
    function.invoke(told)
    assert mails() == [] and own() == "1"
    put_of_now(account, PUBLISHED, 3)
    function.invoke(records(account, "NoticeEvents", "Notify"))
    assert mails() == [], "that is told of in a quarter of an hour"
    state = json.loads(account.s3.get_object(Bucket=account.media, Key="board/told.json")["Body"].read())
    assert sum(known.get("due", False) for known in state["messages"].values()) == 1
    assert records(account, "NoticeEvents", "Notify")["Records"] == [], "its own write is none of its business"


def test_messages_that_come_in_are_told_of_under_the_functions_role():
    with cloud(Stack(source(), WITH_NOTICES)) as account, noticing(account) as function:
        notice(account, function)


NOTICES = "Resources.NotifyRole.Properties.Policies.0.PolicyDocument.Statement"
FOUR = [f"sqs:{action}" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage")]


@pytest.mark.parametrize("mutation", [
    put(f"{NOTICES}.0.Action", "s3:GetObject"),
    put(f"{NOTICES}.0.Action", "s3:PutObject"),
    *(put(f"{NOTICES}.2.Action", [action for action in FOUR if action != without]) for without in FOUR),
    drop(f"{NOTICES}.3"),
    drop("Resources.MediaBucket.Properties.NotificationConfiguration.QueueConfigurations.3"),
    drop("Resources.MediaBucket.Properties.NotificationConfiguration.QueueConfigurations.4"),
], ids=lambda mutation: mutation.__name__[-70:])
def test_notify_needs_every_permission_and_notification_that_it_has(mutation):
    less = source()
    mutation(less)
    with cloud(Stack(less, WITH_NOTICES)) as account, noticing(account) as function, pytest.raises((AssertionError, ClientError, FunctionError)):
        notice(account, function)


@contextmanager
def migrate_database(account: Cloud, server: MariaDb):
    """migrate-database in the account: a call for CloudFormation's requests, and what it asked of the Data API."""
    with corkboard("--database", server.url("corkboard")) as board, cloudformation() as (url, answers), \
            data_api(board, lambda *question: account.permits("MigrateDatabase", *question)) as (address, asked), \
            running("migrate-database", account.environment("MigrateDatabase", AWS_ENDPOINT_URL_RDS_DATA=address)) as function:
        def handle(name: str = "create", **properties: str) -> dict:
            request = event(f"cloudformation-{name}") | {"ResponseURL": f"{url}/"}
            request["ResourceProperties"] |= properties
            function.invoke(request)
            return answers.pop()

        yield handle, asked


@pytest.fixture(scope="module")
def server():
    with mariadb("corkboard", "other") as server:
        yield server


def migrate(handle: Callable[..., dict], server: MariaDb) -> dict:
    """The schema, and then a message that an earlier version posted, which published nothing."""
    answer = handle()
    if answer["Status"] == "SUCCESS":
        row = f"REPLACE INTO corkboard.message (id, status, text) VALUES ('{OLD}', 'posted', 'hello')"
        assert server.run(row).returncode == 0
        answer = handle("update")
    return answer


def test_migrate_database_may_do_all_its_work(server):
    stack = Stack(source())
    with cloud(stack) as account, migrate_database(account, server) as (handle, asked):
        answer = migrate(handle, server)
        assert answer["Status"] == "SUCCESS", answer
        assert list(objects(account)) == [OLD_KEY]
    assert answer["Data"]["SchemaVersion"] == stack.properties("DatabaseSchema")["Version"]
    master = stack.resolve({"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]})
    assert set(asked) == {("rds-data:ExecuteStatement", stack.arn("Database")), ("secretsmanager:GetSecretValue", master)}


def test_message_boards_user_reads_and_writes_messages_and_changes_nothing_else(server):
    with cloud(Stack(source())) as account, migrate_database(account, server) as (handle, _):
        for name in ("create", "update"):
            assert handle(name)["Status"] == "SUCCESS"
        user = account.user
    assert user["username"] == "board_a"

    def run(statement: str):
        return server.run(statement, user["username"], user["password"])

    row = "corkboard.message (id, status, text)"
    for allowed in (
        f"INSERT INTO {row} VALUES ('01ARZ3NDEKTSV4RRFFQ69G5FAW', 'posted', 'hello')",
        "SELECT version, least_code FROM corkboard.schema_migration",
        "UPDATE corkboard.message SET text = 'good day'",
        "DELETE FROM corkboard.message",
    ):
        assert run(allowed).returncode == 0, allowed
    for denied in (
        "CREATE TABLE corkboard.more (id INT)", "ALTER TABLE corkboard.message ADD COLUMN more INT", "DROP TABLE corkboard.message",
        "CREATE INDEX more ON corkboard.message (text(10))", "TRUNCATE corkboard.message", "CREATE DATABASE more", "USE other",
        "SELECT * FROM mysql.user", "CREATE USER more", "GRANT SELECT ON corkboard.* TO board_b",
        "CREATE VIEW corkboard.more AS SELECT 1", "LOCK TABLES corkboard.message WRITE",
    ):
        done = run(denied)
        assert done.returncode != 0 and "denied" in done.stderr, (denied, done.stderr)


def test_after_a_rotation_both_users_are_let_in_until_the_next(server):
    with cloud(Stack(source())) as account, migrate_database(account, server) as (handle, _):
        arn = account.stack.resolve({"Ref": "DatabaseUserSecret"})

        def rotated(user: dict) -> dict:
            """As make rotate-secrets does it."""
            staged = account.secrets.put_secret_value(SecretId=arn, SecretString=json.dumps(user), VersionStages=["AWSPENDING"])
            return handle("update", UserSecretVersion=staged["VersionId"])

        def is_let_in(user: dict) -> bool:
            return server.run("SELECT 1 FROM corkboard.message", user["username"], user["password"]).returncode == 0

        first, second = account.user, {"username": "board_b", "password": "newpassword" * 3}
        third = {"username": "board_a", "password": "newestpassword" * 3}
        assert handle()["Status"] == "SUCCESS"
        assert rotated(second)["Status"] == "SUCCESS"
        assert is_let_in(first) and is_let_in(second)
        assert rotated(third)["Status"] == "SUCCESS"
        assert [is_let_in(user) for user in (first, second, third)] == [False, True, True]


def test_a_user_that_cannot_be_made_is_a_failure_without_its_password(server):
    assert server.run("CREATE USER schema_only IDENTIFIED BY 'password'; GRANT ALL ON corkboard.* TO schema_only").returncode == 0
    limited = MariaDb(server.port, "schema_only:password")
    with cloud(Stack(source())) as account:
        with migrate_database(account, limited) as (handle, _):
            reason = handle()["Reason"]
            assert reason.startswith("message-board's user cannot be made: ") and PASSWORD not in reason, reason
        with migrate_database(account, server) as (handle, _):
            assert "cannot be read" in handle(UserSecretVersion="00000000-0000-0000-0000-000000000000")["Reason"]
            arn = account.stack.resolve({"Ref": "DatabaseUserSecret"})
            account.secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": "o'hara", "password": PASSWORD}))
            reason = handle()["Reason"]
            assert reason.startswith("the user's secret is not ") and "hara" not in reason and PASSWORD not in reason, reason


SCHEMA = "Resources.MigrateDatabaseRole.Properties.Policies.0.Fn::If.1.PolicyDocument.Statement"


@pytest.mark.parametrize("mutation", [
    drop(f"{SCHEMA}.0"),
    drop(f"{SCHEMA}.1"),
    drop(f"{SCHEMA}.1.Resource.0"),
    drop(f"{SCHEMA}.1.Resource.1"),
    put("Resources.MigrateDatabaseRole.Properties.Policies.1.PolicyDocument.Statement.0.Action", "s3:GetObject"),
], ids=lambda mutation: mutation.__name__[-70:])
def test_migrate_database_needs_every_permission_that_it_has(mutation, server):
    less = source()
    mutation(less)
    with cloud(Stack(less)) as account, migrate_database(account, server) as (handle, _):
        assert migrate(handle, server)["Status"] == "FAILED"
