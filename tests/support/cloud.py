"""An AWS account made of moto (S3, SQS, IAM with its policies enforced) and of `corkboard`'s Data API, with the
template's roles, bucket and queues in it."""

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import boto3
import moto.s3.responses
import moto.secretsmanager.responses
import moto.sns.responses
from botocore.credentials import Credentials
from moto.iam.access_control import IAMPolicy, IAMRequest, PermissionResult
from moto.server import ThreadedMotoServer

from corkboard import Corkboard, corkboard, moderator_token
from data_api import Refusal, before
from lambda_runtime import Lambda, running
from stack import REGION, Stack

# HeadBucket is no action of IAM's: s3:ListBucket is needed for it.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
moto.s3.responses.ACTION_MAP["BUCKET"]["HEAD"]["DEFAULT"] = "ListBucket"

moto_permits = moto.s3.responses.S3Response._authenticate_and_authorize_s3_action


def permits(self: moto.s3.responses.S3Response, bucket_name: str | None = None, key_name: str | None = None) -> None:
    """DeleteObjects wants the right to delete each of its keys, and moto looks for that of the bucket.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    several = key_name is None and self.data.get("Action") == "DeleteObject" and self.is_delete_keys()
    keys = [key.text for key in ElementTree.fromstring(self.body).iter("{*}Key")] if several else [key_name]
    for key in keys:
        moto_permits(self, bucket_name=bucket_name, key_name=key)


moto.s3.responses.S3Response._authenticate_and_authorize_s3_action = permits

# moto is told which secret or topic a request is about, so that it looks at the policies' resources, too.
moto.secretsmanager.responses.SecretsManagerResponse._determine_resource = lambda self: self._get_param("SecretId") or "*"
moto.sns.responses.SNSResponse._determine_resource = lambda self: self._get_param("TopicArn") or "*"

check_signature = IAMRequest.check_signature


def check(self: IAMRequest) -> None:
    """moto writes the form of a request anew before it signs it, with + for spaces, where the SDK writes %20."""
    if self._service != "sns":
        check_signature(self)


IAMRequest.check_signature = check

# What Secrets Manager would generate; a test looks for it where it must not be.
PASSWORD = "correcthorsebatterystaple"
SERVICES = ("s3", "sqs", "iam", "sts", "secretsmanager", "sns")


class Cloud:
    """The account. Its own clients may do everything; `credentials` has those of the functions' roles."""

    def __init__(self, endpoint: str, stack: Stack):
        self.endpoint, self.stack = endpoint, stack
        self.s3, self.sqs, self.iam, self.sts, self.secrets, self.sns = map(self.client, SERVICES)
        self._make()

    def client(self, service: str, credentials: Credentials | None = None):
        keys = {} if credentials is None else {
            "aws_access_key_id": credentials.access_key, "aws_secret_access_key": credentials.secret_key,
            "aws_session_token": credentials.token}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def _make(self) -> None:
        """Makes the operator, and then what the template describes."""
        self.iam.create_user(UserName="operator")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        self.iam.put_user_policy(UserName="operator", PolicyName="all", PolicyDocument=json.dumps(everything))
        key = self.iam.create_access_key(UserName="operator")["AccessKey"]
        operator = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        self.s3, self.sqs, self.iam, self.sts, self.secrets, self.sns = (self.client(each, operator) for each in SERVICES)
        for name, role in self.stack.of_type("AWS::IAM::Role").items():
            self.iam.create_role(RoleName=self.stack.resolve({"Ref": name}), AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]))
            for policy in role["Policies"]:
                self.iam.put_role_policy(RoleName=self.stack.resolve({"Ref": name}), PolicyName=policy["PolicyName"],
                                         PolicyDocument=json.dumps(policy["PolicyDocument"]))
        self.credentials = {name: self._assumed(name) for name in self.stack.of_type("AWS::Lambda::Function")}
        self.queues = {}
        for name in [name for name in ("DeadLetters", "PictureEvents", "NoticeEvents") if name in self.stack.resources]:
            queue = self.stack.properties(name)
            attributes = {"VisibilityTimeout": str(queue["VisibilityTimeout"]), "RedrivePolicy": json.dumps(queue["RedrivePolicy"])} \
                if "RedrivePolicy" in queue else {}
            created = self.sqs.create_queue(QueueName=self.stack.resolve({"Fn::GetAtt": [name, "QueueName"]}), Attributes=attributes)
            self.queues[name] = created["QueueUrl"]
        for name in self.stack.of_type("AWS::SNS::Topic"):
            self.sns.create_topic(Name=self.stack.resolve({"Ref": name}).rpartition(":")[2])
        self.media = self.stack.outputs["MediaBucketName"]
        for bucket in (self.media, self.stack.outputs["SiteBucketName"]):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        configurations = self.stack.properties("MediaBucket")["NotificationConfiguration"]["QueueConfigurations"]
        self.s3.put_bucket_notification_configuration(Bucket=self.media, NotificationConfiguration={"QueueConfigurations": [
            {"QueueArn": each["Queue"], "Events": [each["Event"]],
             "Filter": {"Key": {"FilterRules": each["Filter"]["S3Key"]["Rules"]}}} for each in configurations]})

        if "DatabaseUserSecret" in self.stack.resources:
            arn = self.stack.resolve({"Ref": "DatabaseUserSecret"})
            generated = self.stack.properties("DatabaseUserSecret")["GenerateSecretString"]
            self.user = json.loads(generated["SecretStringTemplate"]) | {generated["GenerateStringKey"]: PASSWORD}
            self.secrets.create_secret(Name=arn.rpartition(":")[2], SecretString=json.dumps(self.user))

    def role(self, function: str) -> str:
        """The name of a function's role."""
        return self.stack.properties(function)["Role"].rpartition("/")[2]

    def _assumed(self, function: str) -> Credentials:
        """What Lambda gives a function: its role's credentials for a while. moto knows no service as principal,
        so this comes before policies are enforced."""
        given = self.sts.assume_role(RoleArn=self.stack.properties(function)["Role"], RoleSessionName=function)["Credentials"]
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def environment(self, function: str, **instead: str) -> dict[str, str]:
        """A function's environment as the template has it, with what CloudFormation would resolve in place of
        references to secrets."""
        credentials = self.credentials[function]
        variables = self.stack.properties(function)["Environment"]["Variables"]
        resolved = {name: "resolved-" * 8 if value.startswith("{{resolve:") else value for name, value in variables.items()}
        return resolved | {
            "AWS_ACCESS_KEY_ID": credentials.access_key, "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_SESSION_TOKEN": credentials.token, "AWS_ENDPOINT_URL": self.endpoint, "AWS_ENDPOINT_URL_S3": self.endpoint,
        } | instead

    def permits(self, function: str, action: str, resource: str) -> bool:
        """Whether IAM permits an action, for a service that moto does not have."""
        names = self.iam.list_role_policies(RoleName=self.role(function))["PolicyNames"]
        policies = [self.iam.get_role_policy(RoleName=self.role(function), PolicyName=name)["PolicyDocument"] for name in names]
        results = [IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource) for policy in policies]
        return PermissionResult.PERMITTED in results and PermissionResult.DENIED not in results


@contextmanager
def cloud(stack: Stack) -> Iterator[Cloud]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    try:
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).close()
        made = Cloud(endpoint, stack)
        enforce(endpoint, "0")
        yield made
    finally:
        enforce(endpoint, "inf")
        server.stop()


def enforce(endpoint: str, after: str) -> None:
    """Has moto check every call from the `after`th on."""
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", after.encode(), {"content-type": "text/plain"}, method="POST")
    urllib.request.urlopen(request).close()


@contextmanager
def data_api(board: Corkboard, permits: Callable[[str, str], bool]):
    """The Data API with IAM before it: asks `permits(action, resource)` for the statement and for the secret that
    it names, and passes on to `corkboard` what is allowed. Yields its address and what was asked."""
    asked = []

    def refusal(path: str, body: bytes) -> Refusal | None:
        request = json.loads(body)
        questions = [(f"rds-data:{path.strip('/').replace('Execute', 'ExecuteStatement')}", request["resourceArn"]),
                     ("secretsmanager:GetSecretValue", request["secretArn"])]
        asked.extend(questions)
        if not all(permits(*question) for question in questions):
            return 403, b'{"message":"not authorized"}', "AccessDeniedException"
        return None

    with before(board, refusal) as address:
        yield address, asked


@contextmanager
def message_board(account: Cloud, log: Path | None = None) -> Iterator[tuple[Lambda, list]]:
    """message-board in the account, and what it asked of the Data API; what it prints goes to `log`."""
    with corkboard() as board, data_api(board, lambda *question: account.permits("MessageBoard", *question)) as (address, asked):
        environment = account.environment("MessageBoard", AWS_ENDPOINT_URL_RDS_DATA=address, POSTS_PER_MINUTE="0")
        with running("message-board", environment, log) as function:
            yield function, asked


def moderator(account: Cloud) -> dict[str, str]:
    """The header by which moderators are known."""
    secret = account.environment("MessageBoard")["BOARD_SECRET"]
    return {"authorization": f"Bearer {moderator_token(secret)}"}
