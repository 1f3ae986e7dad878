"""small-pictures' real bootstrap under the template's role, with IAM enforced: what it makes, what it takes back, whom it
answers, and that it could not do its work with less. The original can be changed while it works."""

import base64
import http.client
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from cloud import Cloud, cloud
from events import event
from lambda_runtime import Lambda, running
from mutation import drop, put
from server import HttpHandler, serving
from stack import SCENARIOS, Stack, source
from workspace import binary

SAMPLE = event("api-get-small-picture")
# The original of the sample event: its key has what has to be encoded in a path, and what would not survive being decoded twice.
KEY = "harbour/café + bridge 100%.jpg"
SMALL = {f"small/{width}/{KEY}.webp" for width in (640, 960, 1280)}
FAILED = "small-failed/"
SECRET, BEFORE = "what CloudFront sends now, in a test", "what CloudFront sent before, in a test"

Meanwhile = Callable[[str, str], None]


def picture(width: int = 1600, height: int = 1200, kind: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, kind)
    return file.getvalue()


def damaged() -> bytes:
    """A WebP without loss whose head says what any other's does, and whose pixels are none."""
    whole = io.BytesIO()
    Image.linear_gradient("L").resize((1600, 1200)).convert("RGB").save(whole, "WEBP", lossless=True)
    head = whole.getvalue().index(b"VP8L") + 13
    return whole.getvalue()[:head] + b"\xff" * (len(whole.getvalue()) - head)


@contextmanager
def small_pictures(account: Cloud, log: Path | None = None, meanwhile: Meanwhile = lambda *_: None, **instead: str) -> Iterator[Lambda]:
    """The function in the account; `meanwhile(method, key)` happens before each of its requests reaches S3."""
    s3 = urlsplit(account.endpoint)

    class Relay(HttpHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.body()
            meanwhile(self.command, urlsplit(self.path).path.removeprefix(f"/{account.media}/"))
            onward = http.client.HTTPConnection(s3.netloc)
            sent = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
            onward.request(self.command, self.path, body, sent)
            answer = onward.getresponse()
            content = answer.read()
            dropped = ("transfer-encoding", "connection", "date", "server")
            headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in dropped}
            onward.close()
            self.answer(answer.status, content, headers)

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = forward

    with serving(Relay) as port:
        environment = account.environment("SmallPictures", AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}", ORIGIN_SECRET=SECRET)
        with running("small-pictures", environment | instead, log) as function:
            yield function


def asked(path: str, method: str = "GET", secret: str | None = SECRET) -> dict:
    """A request as API Gateway hands it on: it has decoded the path."""
    made = json.loads(json.dumps(SAMPLE))
    made["rawPath"] = made["requestContext"]["http"]["path"] = path
    made["requestContext"]["http"]["method"] = method
    _, _, width, key = path.split("/", 3)
    made["pathParameters"] = {"width": width, "key": key}
    del made["headers"]["x-origin-verify"]
    return made if secret is None else made | {"headers": made["headers"] | {"x-origin-verify": secret}}


def keys(account: Cloud, prefix: str = "small") -> set[str]:
    return {each["Key"] for each in account.s3.list_objects_v2(Bucket=account.media, Prefix=prefix).get("Contents", [])}


def original(account: Cloud, key: str, content: bytes) -> None:
    account.s3.put_object(Bucket=account.media, Key=f"images/{key}", Body=content)


def answer(function: Lambda, status: int, request: dict) -> dict:
    answered = function.invoke(request)
    assert answered["statusCode"] == status, answered
    return answered


def shown(answered: dict) -> tuple[str, tuple[int, int]]:
    """The format and size of the picture that an answer has."""
    assert answered["isBase64Encoded"] is True
    with Image.open(io.BytesIO(base64.b64decode(answered["body"]))) as image:
        image.load()
        return Image.MIME[image.format], image.size


def make(account: Cloud, function: Lambda) -> None:
    """What is asked for is made, with its other width, and lies where CloudFront looks first."""
    original(account, KEY, picture())
    first = answer(function, 200, asked(f"/small/640/{KEY}.webp"))
    assert shown(first) == ("image/webp", (640, 480))
    assert keys(account) == SMALL, "and no mark of an attempt"
    wide = answer(function, 200, asked(f"/small/1280/{KEY}.webp"))
    assert shown(wide) == ("image/webp", (1280, 960))
    assert shown(answer(function, 200, asked(f"/small/1280/{KEY}.jpg"))) == ("image/jpeg", (1280, 960))


def fail(account: Cloud, function: Lambda) -> None:
    """Which picture could not be decoded is kept, so that it is not tried again."""
    original(account, "damaged.webp", damaged())
    for _ in range(2):
        answer(function, 307, asked("/small/640/damaged.webp.webp"))
    assert keys(account, FAILED) == {f"{FAILED}damaged.webp"}


class Replaced:
    """What is put while its original is replaced: `key` at its first PUT of a small version."""

    def __init__(self, account: Cloud):
        self.account, self.key = account, ""

    def __call__(self, method: str, path: str) -> None:
        if self.key and method == "PUT" and path.startswith("small/"):
            key, self.key = self.key, ""
            original(self.account, key, b"")


def work(account: Cloud, log: Path | None = None) -> None:
    replaced = Replaced(account)
    with small_pictures(account, log, replaced) as function:
        make(account, function)
        fail(account, function)
        # A delete overwrites by zero bytes.
        original(account, "gone.png", picture(kind="PNG"))
        replaced.key = "gone.png"
        answer(function, 404, asked("/small/640/gone.png.webp"))
        assert not [key for key in keys(account) if "gone" in key], "nothing outlives its original"


# One for each test: moto's state is one for the process.
@pytest.fixture
def account() -> Iterator[Cloud]:
    with cloud(Stack(source())) as made:
        yield made


def test_it_may_do_all_its_work(account, tmp_path):
    work(account, tmp_path / "log")
    assert '"level":"ERROR"' not in (tmp_path / "log").read_text()


STATEMENTS = "Resources.SmallPicturesRole.Properties.Policies.0.PolicyDocument.Statement"
THREE = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]


# That ListBucket is needed, moto does not show: a missing key is 404 there to everybody. checks_permissions.py wants it.
@pytest.mark.parametrize("mutation", [
    drop(f"{STATEMENTS}.0"),
    *(put(f"{STATEMENTS}.1.Action", [action for action in THREE if action != without]) for without in THREE),
    drop(f"{STATEMENTS}.1.Resource.0"),
    drop(f"{STATEMENTS}.1.Resource.1"),
], ids=lambda mutation: mutation.__name__[-70:])
def test_it_needs_every_permission_that_it_has(mutation):
    less = source()
    mutation(less)
    with cloud(Stack(less)) as account, pytest.raises((AssertionError, ClientError)):
        work(account)


def test_without_cloudfronts_secret_nobody_is_answered(account):
    """Whether or not there is a web ACL."""
    for given in ({}, {"WebAclArn": SCENARIOS["with everything"]["WebAclArn"]}):
        environment = Stack(source(), given).properties("SmallPictures")["Environment"]["Variables"]
        assert "ORIGIN_REQUIRED" not in environment
    original(account, KEY, picture())
    with small_pictures(account) as function:
        for path in (f"/small/640/{KEY}.webp", "/small/640/nothing.png.webp", "/small/1/nothing.png.webp"):
            for secret in (None, "", "another", SECRET[:-1], f"{SECRET} "):
                refused = answer(function, 403, asked(path, secret=secret))
                assert refused["headers"]["cache-control"] == "no-store"
        answer(function, 200, SAMPLE | {"headers": SAMPLE["headers"] | {"x-origin-verify": SECRET}})


def test_in_a_rotation_it_believes_both_secrets(account):
    original(account, KEY, picture())
    with small_pictures(account, ORIGIN_SECRET_PREVIOUS=BEFORE) as function:
        for secret in (SECRET, BEFORE):
            answer(function, 200, asked(f"/small/640/{KEY}.webp", secret=secret))
        answer(function, 403, asked(f"/small/640/{KEY}.webp", secret="another"))


@pytest.mark.parametrize("given", [{}, {"ORIGIN_SECRET": ""}], ids=["without", "empty"])
def test_without_a_secret_it_does_not_start(given, account):
    environment = {name: value for name, value in account.environment("SmallPictures").items() if not name.startswith("ORIGIN_")}
    ended = subprocess.run([binary("small-pictures")], env=environment | given, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    told, = ended.stderr.splitlines()
    assert "ORIGIN_SECRET" in told


@pytest.mark.parametrize(("path", "method", "status", "headers"), [
    ("/small/640/{key}.webp", "GET", 200, {"content-type": "image/webp", "cache-control": "public, max-age=86400, s-maxage=300"}),
    ("/small/640/{key}.webp", "HEAD", 200, {"content-type": "image/webp"}),
    ("/small/640/little.png.webp", "GET", 307, {"cache-control": "public, max-age=300, s-maxage=300", "location": "/images/little.png"}),
    ("/small/640/nothing.png.webp", "GET", 404, {"cache-control": "public, max-age=0, s-maxage=60"}),
    ("/small/641/{key}.webp", "GET", 404, {}),
    ("/small/640/{key}", "GET", 404, {}),
    ("/small/640/{key}.jpg", "GET", 404, {}),
    ("/small/640/{key}.webp", "PUT", 405, {"cache-control": "no-store"}),
    ("/small/640/{key}.webp", "DELETE", 405, {"cache-control": "no-store"}),
], ids=lambda value: str(value)[:40])
def test_each_answer_has_its_status_and_is_cached_as_it_may_be(path, method, status, headers, account):
    original(account, KEY, picture())
    original(account, "little.png", picture(640, 10, "PNG"))
    with small_pictures(account) as function:
        answered = answer(function, status, asked(path.format(key=KEY), method))["headers"]
    assert {name: answered[name] for name in headers} == headers


def test_where_s3_fails_no_picture_is_said_to_be_missing(account):
    with small_pictures(account, AWS_ENDPOINT_URL_S3="http://127.0.0.1:1") as function:
        failed = answer(function, 503, asked("/small/640/nothing.png.webp"))
    assert failed["headers"]["cache-control"] == "no-store"


def test_a_picture_that_stands_is_counted_for_the_alarm(account, tmp_path):
    log, stack = tmp_path / "log", account.stack
    original(account, KEY, picture())
    with small_pictures(account, log) as function:
        for _ in range(3):
            answer(function, 200, asked(f"/small/640/{KEY}.webp"))
    alarm = stack.properties("SmallPicturesStoodAlarm")
    counted = [line for line in map(json.loads, log.read_text().splitlines()) if "_aws" in line]
    assert [line[alarm["MetricName"]] for line in counted] == [1, 1], "the first was made"
    for line in counted:
        directive, = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == alarm["Namespace"] and directive["Dimensions"] == [["Board"]]
        assert {"Name": "Board", "Value": line["Board"]} in alarm["Dimensions"]
    assert counted[0]["Board"] == stack.resolve({"Ref": "AWS::StackName"})
