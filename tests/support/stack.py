"""template.yaml as CloudFormation sees it: translated by SAM's own translator, for given parameters, with
conditions decided and every intrinsic function replaced by a value like those that AWS would give."""

import copy
import hashlib
import re
from functools import cache, cached_property, partial

import boto3
from samtranslator.translator import transform as sam
from samtranslator.translator import translator
from samtranslator.yaml_helper import yaml_parse

from workspace import ROOT

REGION, ACCOUNT, PARTITION = "eu-central-1", "123456789012", "aws"
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/corkboard/16580499-7622-4a9c-b32f-4eba35da93da"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": PARTITION,
    "AWS::StackId": STACK_ID,
    "AWS::StackName": "corkboard",
    "AWS::URLSuffix": "amazonaws.com",
}
ABSENT = object()

# SAM's translator makes these two objects anew for every template, though they are always the same: two thirds of its
# time.
translator.make_policy_template_for_function_plugin = cache(translator.make_policy_template_for_function_plugin)
sam.Translator = partial(translator.Translator, boto_session=boto3.Session(region_name=REGION))

EXISTING_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mysql"
MIGRATION_SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mysql-migration"
RELEASE = hashlib.sha256(b"what is deployed").hexdigest()
SCENARIOS = {
    "as it comes": {},
    "with everything": {
        "AllowedOrigins": "https://other.example",
        "BoardDescription": "For the village.\\nBe kind.",
        "BoardAccent": "#8a2be2",
        "BoardHead": "images/hill.jpg",
        "ContactUrl": "mailto:ada@board.example",
        "Indexing": "allowed",
        "ModeratorsRevoked": "Ada,-",
        "DomainName": "board.example",
        "CertificateArn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/16580499",
        "HostedZoneId": "Z0123456789",
        "WebAclArn": f"arn:aws:wafv2:us-east-1:{ACCOUNT}:global/webacl/board/16580499",
        "AlarmEmail": "ada@board.example",
        "NoticeEmail": "ada@board.example",
        "NoticeWebhookUrl": "https://hook.example/a",
        "NoticeWebhookSecret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "MonthlyBudget": "20",
        "SnapshotIdentifier": "corkboard-before",
        "BoardSecretVersion": "version-2-of-board",
        "BelievedOriginSecretVersion": "version-2-of-origin",
        "OriginSecretVersion": "version-2-of-origin",
        "DatabaseUserSecretVersion": "version-2-of-user",
        "PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/boundary-of-corkboard-{REGION}",
    },
    "on an existing database and bucket": {
        "DatabaseUrlSecretArn": EXISTING_SECRET,
        "DatabaseUrlSecretVersion": "version-2-of-url",
        "MigrationUrlSecretArn": MIGRATION_SECRET,
        "SubnetIds": "subnet-0a,subnet-0b",
        "SecurityGroupId": "sg-01234567",
        "DatabaseCaLayerArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:rds-ca:1",
        "S3EndpointVpcId": "vpc-01234567",
        "S3EndpointRouteTableIds": "rtb-01234567",
        "ExistingMediaBucket": "pictures-of-before",
        "NoticeWebhookUrl": "{{resolve:secretsmanager:hook}}",
        "NoticeWebhookForm": "ntfy",
    },
    "in the middle of a rotation": {
        "BoardSecretVersion": "version-3-of-board",
        "BelievedOriginSecretVersion": "version-3-of-origin",
        "OriginSecretVersion": "version-2-of-origin",
        "DatabaseUserSecretVersion": "version-3-of-user",
    },
    "rotated by a template that believed one header": {"OriginSecretVersion": "version-2-of-origin"},
    "a busy board with a database that never sleeps": {
        "Release": RELEASE,
        "BoardName": "Ada's board",
        "ServiceWorker": "off",
        "Posting": "closed",
        "PostsPerMinute": "0",
        "LogFilter": "debug",
        "PriceClass": "PriceClass_100",
        "DatabaseMinCapacity": "0.5",
        "DatabaseMaxCapacity": "16",
        "DatabaseEngineVersion": "8.0.mysql_aurora.3.12.0",
        "BackupRetentionDays": "35",
        "LogRetentionDays": "90",
        "RequestsPerSecond": "2000",
        "RequestBurst": "4000",
        "SmallPicturesPerSecond": "40",
        "SmallPicturesBurst": "200",
        "SmallPicturesConcurrency": "50",
        "MemorySize": "1024",
        "Architecture": "x86_64",
        "Rollout": "all-at-once",
        "Tracing": "on",
    },
    "where CloudFront's metrics are": {"AWS::Region": "us-east-1", "AlarmEmail": "ada@board.example"},
    "with notices by mail": {"NoticeEmail": "ada@board.example"},
    "where accounts see two zones": {"AWS::Region": "us-west-1"},
    "a database that sleeps, said otherwise": {"DatabaseMinCapacity": "0.0"},
    "an existing database without a bound for its connections": {
        "DatabaseUrlSecretArn": EXISTING_SECRET,
        "MigrationUrlSecretArn": MIGRATION_SECRET,
        "MigrationUrlSecretVersion": "version-2-of-migration-url",
        "SubnetIds": "subnet-0a,subnet-0b",
        "SecurityGroupId": "sg-01234567",
        "DatabaseConnections": "0",
    },
}


def source() -> dict:
    """template.yaml, parsed; a copy that may be changed."""
    return copy.deepcopy(_source())


@cache
def _source() -> dict:
    return yaml_parse((ROOT / "template.yaml").read_text())


class NoManagedPolicies:
    """SAM's table of managed policies, empty: the template names these by their ARNs only."""

    def load(self) -> dict:
        return {}


def translate(template: dict, given: dict[str, str] | None = None) -> dict:
    """What SAM makes of a template and parameters, as `sam deploy` would hand it in: built, with the code uploaded."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/function.zip"
    return sam.transform(template, given or {}, NoManagedPolicies())


class Stack:
    """A template deployed with parameters."""

    def __init__(self, template: dict, given: dict[str, str] | None = None):
        given = dict(given or {})
        self.source, self.region = template, given.pop("AWS::Region", REGION)
        declared = template["Parameters"]
        unknown = set(given) - set(declared)
        assert not unknown, f"no such parameter: {unknown}"
        self.parameters = {
            name: self._parameter(name, parameter, given.get(name, str(parameter.get("Default"))))
            for name, parameter in declared.items()
        }
        self.template = translate(template, given)
        for name, rule in self.template.get("Rules", {}).items():
            if self._truth(rule["RuleCondition"]):
                assert all(self._truth(each["Assert"]) for each in rule["Assertions"]), f"rule {name}"

    @staticmethod
    def _parameter(name: str, declared: dict, value: str):
        if "AllowedPattern" in declared:
            assert re.fullmatch(declared["AllowedPattern"], value), f"{name}: {value}"
        if "AllowedValues" in declared:
            assert value in map(str, declared["AllowedValues"]), f"{name}: {value}"
        return value.split(",") if declared["Type"] == "CommaDelimitedList" else value

    @cached_property
    def resources(self) -> dict[str, dict]:
        """The resources that are made with these parameters, by logical id, resolved."""
        return {
            name: {key: self.resolve(value) for key, value in self._raw(name).items() if key != "Condition"}
            for name in self.template["Resources"]
            if self._is_made(name)
        }

    def of_type(self, kind: str) -> dict[str, dict]:
        """The properties of all resources of a type."""
        return {name: it.get("Properties", {}) for name, it in self.resources.items() if it["Type"] == kind}

    def properties(self, name: str) -> dict:
        assert name in self.resources, f"{name} is not made"
        return self.resources[name]["Properties"]

    @cached_property
    def outputs(self) -> dict[str, object]:
        outputs = self.template["Outputs"].items()
        return {name: self.resolve(it["Value"]) for name, it in outputs if self._condition(it.get("Condition"))}

    def resolve(self, value):
        """A value with its intrinsic functions replaced by what they give."""
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not ABSENT]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), = value.items()
            if name == "Ref":
                return self._ref(argument)
            if name.startswith("Fn::"):
                return getattr(self, "_" + name[4:].lower())(argument)
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not ABSENT}

    def arn(self, name: str) -> str:
        """The ARN of a resource of the template."""
        return self._attribute(name, {"AWS::RDS::DBCluster": "DBClusterArn"}.get(self._raw(name)["Type"], "Arn"))

    def _raw(self, name: str) -> dict:
        return self.template["Resources"][name]

    def _is_made(self, name: str) -> bool:
        return self._condition(self._raw(name).get("Condition"))

    def _condition(self, name: str | None) -> bool:
        return name is None or self._truth(self.template["Conditions"][name])

    def _truth(self, condition) -> bool:
        (name, argument), = condition.items()
        match name:
            case "Condition":
                return self._condition(argument)
            case "Fn::Not":
                return not self._truth(argument[0])
            case "Fn::And":
                return all(map(self._truth, argument))
            case "Fn::Or":
                return any(map(self._truth, argument))
            case "Fn::Equals":
                one, other = map(self.resolve, argument)
                return str(one) == str(other)
        raise AssertionError(f"unknown condition {name}")

    def _ref(self, name: str):
        if name == "AWS::NoValue":
            return ABSENT
        if name == "AWS::Region":
            return self.region
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        return self._attribute(name, "Ref")

    def _getatt(self, argument):
        name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        return self._attribute(name, attribute)

    def _if(self, argument):
        condition, yes, no = argument
        return self.resolve(yes if self._condition(condition) else no)

    def _sub(self, argument):
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def value(match: re.Match) -> str:
            name = match[1]
            if name in variables:
                return str(self.resolve(variables[name]))
            return str(self._getatt(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([A-Za-z0-9:.]+)}", value, text)

    def _join(self, argument):
        return argument[0].join(map(str, self.resolve(argument[1])))

    def _split(self, argument):
        return self.resolve(argument[1]).split(argument[0])

    def _select(self, argument):
        return self.resolve(argument[1])[int(argument[0])]

    def _getazs(self, _):
        return [f"{self.region}{zone}" for zone in ("ab" if self.region == "us-west-1" else "abc")]

    def _findinmap(self, argument):
        name, one, other = map(self.resolve, argument)
        return self.template["Mappings"][name][one][other]

    def _attribute(self, name: str, attribute: str) -> str:
        assert name in self.template["Resources"], f"there is no {name}"
        assert self._is_made(name), f"{name} is not made, but {attribute} of it is used"
        properties = self._raw(name).get("Properties", {})

        def arn(service: str, resource: str) -> str:
            return f"arn:{PARTITION}:{service}:{self.region}:{ACCOUNT}:{resource}"

        physical = f"corkboard-{name.lower()}"
        match self._raw(name)["Type"]:
            case "AWS::S3::Bucket":
                bucket = self.resolve(properties.get("BucketName", physical))
                known = {"Ref": bucket, "Arn": f"arn:{PARTITION}:s3:::{bucket}",
                         "RegionalDomainName": f"{bucket}.s3.{self.region}.amazonaws.com"}
            case "AWS::SQS::Queue":
                known = {"Ref": f"https://sqs.{self.region}.amazonaws.com/{ACCOUNT}/{physical}", "QueueName": physical,
                         "Arn": arn("sqs", physical)}
            case "AWS::SecretsManager::Secret":
                known = {"Ref": arn("secretsmanager", f"secret:{physical}")}
            case "AWS::RDS::DBCluster":
                known = {"Ref": physical, "DBClusterArn": arn("rds", f"cluster:{physical}"),
                         "MasterUserSecret.SecretArn": arn("secretsmanager", "secret:rds!cluster-master")}
            case "AWS::Logs::LogGroup":
                group = self.resolve(properties.get("LogGroupName", physical))
                known = {"Ref": group, "Arn": arn("logs", f"log-group:{group}:*")}
            case "AWS::Lambda::Function":
                function = self.resolve(properties.get("FunctionName", physical))
                known = {"Ref": function, "Arn": arn("lambda", f"function:{function}")}
            case "AWS::Lambda::Alias":
                known = {"Ref": f"{self._attribute(properties['FunctionName']['Ref'], 'Arn')}:{properties['Name']}"}
            case "AWS::Lambda::Version":
                known = {"Ref": f"{self._attribute(properties['FunctionName']['Ref'], 'Arn')}:7", "Version": "7"}
            case "AWS::IAM::Role":
                known = {"Ref": physical, "Arn": f"arn:{PARTITION}:iam::{ACCOUNT}:role/{physical}"}
            case "AWS::SNS::Topic":
                known = {"Ref": arn("sns", physical)}
            case "AWS::CloudFront::Distribution":
                known = {"Ref": "EDFDVBD6EXAMPLE", "Id": "EDFDVBD6EXAMPLE", "DomainName": "d111111abcdef8.cloudfront.net"}
            case "AWS::ApiGatewayV2::Api":
                known = {"Ref": "a1b2c3", "ApiEndpoint": f"https://a1b2c3.execute-api.{self.region}.amazonaws.com"}
            case "AWS::CloudFront::OriginAccessControl":
                known = {"Ref": physical, "Id": physical}
            case "AWS::Events::Rule":
                known = {"Ref": physical, "Arn": arn("events", f"rule/{physical}")}
            case "Custom::DatabaseSchema":
                # What migrate-database answers: test_least_privilege.py shows it.
                known = {"Ref": physical, "SchemaVersion": self.resolve(properties["Version"])}
            case "AWS::EC2::VPC" | "AWS::EC2::Subnet" | "AWS::EC2::SecurityGroup" as kind:
                prefix = {"AWS::EC2::VPC": "vpc", "AWS::EC2::Subnet": "subnet"}.get(kind, "sg")
                known = {"Ref": f"{prefix}-{hashlib.md5(name.encode()).hexdigest()[:17]}"}
            case _:
                known = {"Ref": physical}
        assert attribute in known, f"{name} has no {attribute}"
        return known[attribute]
