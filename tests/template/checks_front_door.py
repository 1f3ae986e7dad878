"""CloudFront and API Gateway."""

import re

from mutation import drop, put
from registry import check
from stack import Stack
from workspace import ROOT

DISTRIBUTION = "Resources.Distribution.Properties.DistributionConfig"
VARIABLES = "Resources.MessageBoard.Properties.Environment.Variables"
SMALL_VARIABLES = "Resources.SmallPictures.Properties.Environment.Variables"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/creating-custom-error-pages.html
CONFIGURABLE_ERRORS = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
ALL_VIEWER_EXCEPT_HOST_HEADER = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
READING = {"GET", "HEAD"}
ALL_METHODS = READING | {"OPTIONS", "PUT", "PATCH", "POST", "DELETE"}


def distribution(stack: Stack) -> dict:
    return stack.properties("Distribution")["DistributionConfig"]


def behaviours(stack: Stack) -> dict[str, dict]:
    """By path pattern; the default is *."""
    config = distribution(stack)
    return {"*": config["DefaultCacheBehavior"]} | {each["PathPattern"]: each for each in config["CacheBehaviors"]}


def policy(stack: Stack, behaviour: dict) -> dict:
    return stack.properties(logical(stack, behaviour["CachePolicyId"]))["CachePolicyConfig"]


def logical(stack: Stack, physical: str) -> str:
    """The logical id behind a reference to a resource."""
    found = [name for name in stack.resources if stack.resolve({"Ref": name}) == physical]
    assert len(found) == 1, f"{physical} is {found}"
    return found[0]


@check(
    put(f"{DISTRIBUTION}.CacheBehaviors.1.TargetOriginId", "medai"),
    put(f"{DISTRIBUTION}.DefaultCacheBehavior.TargetOriginId", "Site"),
    put(f"{DISTRIBUTION}.OriginGroups.Items.0.Members.Items.1.OriginId", "Api"),
    put(f"{DISTRIBUTION}.OriginGroups.Items.0.Id", "media"),
)
def every_origin_that_is_named_exists(stack: Stack) -> None:
    origins = [origin["Id"] for origin in distribution(stack)["Origins"]]
    groups = distribution(stack)["OriginGroups"]["Items"]
    named = origins + [group["Id"] for group in groups]
    assert len(set(named)) == len(named)
    assert {each["TargetOriginId"] for each in behaviours(stack).values()} == set(named)
    assert {member["OriginId"] for group in groups for member in group["Members"]["Items"]} <= set(origins)


@check(
    drop(f"{DISTRIBUTION}.CacheBehaviors.2"),
    drop(f"{DISTRIBUTION}.CacheBehaviors.5"),
    put(f"{DISTRIBUTION}.CacheBehaviors.0.PathPattern", "/api*"),
    put(f"{DISTRIBUTION}.CacheBehaviors.1.TargetOriginId", "site"),
)
def paths_lead_where_the_front_door_of_corkboard_leads_them(stack: Stack) -> None:
    front_door = (ROOT / "corkboard/src/front_door/mod.rs").read_text()
    # Which of the module's functions answers, and by which parameters the path is taken apart, does not matter here.
    routes = re.findall(r'\.route\("(/[\w.]*/?)((?:\{\w+}/)?\{\*\w+})?", \w+\((\w+)::', front_door)
    # A path that ends with a slash is of all below it.
    handlers = {f"{path}*" if rest else path: origin for path, rest, origin in routes if rest or not path.endswith("/")}
    assert handlers, "the front door's routes were not found"
    found = {path: each["TargetOriginId"] for path, each in behaviours(stack).items()}
    assert found == {"*": "site"} | handlers


@check(
    put(f"{DISTRIBUTION}.Origins.0.DomainName", {"Fn::GetAtt": ["MediaBucket", "RegionalDomainName"]}),
    put(f"{DISTRIBUTION}.Origins.2.DomainName", "example.com"),
    drop(f"{DISTRIBUTION}.Origins.1.OriginAccessControlId"),
    put("Resources.BucketAccess.Properties.OriginAccessControlConfig.SigningBehavior", "never"),
    put(f"{DISTRIBUTION}.Origins.2.CustomOriginConfig.OriginProtocolPolicy", "match-viewer"),
)
def origins_are_the_two_buckets_signed_for_and_the_api_by_tls(stack: Stack) -> None:
    origins = {origin["Id"]: origin for origin in distribution(stack)["Origins"]}
    media = stack.outputs["MediaBucketName"]
    assert origins["site"]["DomainName"] == f"{stack.outputs['SiteBucketName']}.s3.{stack.region}.amazonaws.com"
    assert origins["media"]["DomainName"] == f"{media}.s3.{stack.region}.amazonaws.com"
    assert f"https://{origins['api']['DomainName']}" == stack.outputs["ApiEndpoint"]
    assert origins["api"]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    for bucket in ("site", "media"):
        access = stack.properties(logical(stack, origins[bucket]["OriginAccessControlId"]))
        assert access["OriginAccessControlConfig"] == access["OriginAccessControlConfig"] | {
            "OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}


@check(
    put(f"{DISTRIBUTION}.CacheBehaviors.0.AllowedMethods", ["GET", "HEAD", "OPTIONS"]),
    put(f"{DISTRIBUTION}.CacheBehaviors.1.AllowedMethods", sorted(ALL_METHODS)),
    put(f"{DISTRIBUTION}.CacheBehaviors.0.CachedMethods", ["GET", "HEAD", "OPTIONS"]),
)
def the_api_takes_all_methods_and_what_is_read_reading(stack: Stack) -> None:
    for path, each in behaviours(stack).items():
        assert set(each["AllowedMethods"]) == (ALL_METHODS if path == "/api/*" else READING), path
        assert set(each.get("CachedMethods", READING)) == READING, path


@check(
    put(f"{DISTRIBUTION}.CacheBehaviors.0.ViewerProtocolPolicy", "allow-all"),
    put(f"{DISTRIBUTION}.HttpVersion", "http2"),
    drop(f"{DISTRIBUTION}.IPV6Enabled"),
    put(f"{DISTRIBUTION}.DefaultCacheBehavior.Compress", False),
    put("Resources.BucketCaching.Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.EnableAcceptEncodingGzip", False),
    drop(f"{DISTRIBUTION}.DefaultRootObject"),
)
def viewers_have_https_http3_ipv6_and_compression(stack: Stack) -> None:
    config = distribution(stack)
    assert (config["HttpVersion"], config["IPV6Enabled"]) == ("http2and3", True)
    assert config["DefaultRootObject"] == "index.html"
    for path, each in behaviours(stack).items():
        assert each["ViewerProtocolPolicy"] == "redirect-to-https", path
        assert each["Compress"], path
        key = policy(stack, each)["ParametersInCacheKeyAndForwardedToOrigin"]
        assert key["EnableAcceptEncodingGzip"] and key["EnableAcceptEncodingBrotli"], path


@check(
    drop(f"{DISTRIBUTION}.CustomErrorResponses.9"),
    put(f"{DISTRIBUTION}.CustomErrorResponses.2.ErrorCachingMinTTL", 10),
    drop(f"{DISTRIBUTION}.CustomErrorResponses.2.ErrorCachingMinTTL"),
    put(f"{DISTRIBUTION}.CustomErrorResponses.2", {"ErrorCode": 404, "ErrorCachingMinTTL": 0, "ResponseCode": 200, "ResponsePagePath": "/index.html"}),
)
def no_error_is_cached_and_none_replaced(stack: Stack) -> None:
    responses = distribution(stack)["CustomErrorResponses"]
    assert {each["ErrorCode"] for each in responses} == CONFIGURABLE_ERRORS
    for each in responses:
        assert each == {"ErrorCode": each["ErrorCode"], "ErrorCachingMinTTL": 0}


# A message's page and the feed.
FOR_VISITORS = ("/m/*", "/feed.atom")
API_KEY = "Resources.ApiCaching.Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin"


@check(
    put(f"{API_KEY}.QueryStringsConfig.QueryStrings", ["limit"]),
    put(f"{API_KEY}.QueryStringsConfig", {"QueryStringBehavior": "none"}),
    put(f"{API_KEY}.CookiesConfig.CookieBehavior", "all"),
    put(f"{API_KEY}.HeadersConfig", {"HeaderBehavior": "none"}),
    put("Resources.ApiCaching.Properties.CachePolicyConfig.MinTTL", 1),
    put("Resources.ApiCaching.Properties.CachePolicyConfig.DefaultTTL", 60),
    put("Resources.ApiCaching.Properties.CachePolicyConfig.MaxTTL", 0),
    drop(f"{DISTRIBUTION}.CacheBehaviors.0.OriginRequestPolicyId"),
    put(f"{DISTRIBUTION}.CacheBehaviors.0.OriginRequestPolicyId", "216adef6-5c7f-47e4-b989-5492eafa07d3"),
    put(f"{DISTRIBUTION}.CacheBehaviors.4.CachePolicyId", {"Ref": "BucketCaching"}),
    put(f"{DISTRIBUTION}.CacheBehaviors.5.CachePolicyId", {"Ref": "BucketCaching"}),
)
def the_board_is_cached_as_it_says_by_limit_and_before(stack: Stack) -> None:
    behaviour = behaviours(stack)["/api/*"]
    for path in FOR_VISITORS:
        assert behaviours(stack)[path]["CachePolicyId"] == behaviour["CachePolicyId"], path
    caching = policy(stack, behaviour)
    assert (caching["MinTTL"], caching["DefaultTTL"]) == (0, 0)
    assert caching["MaxTTL"] >= 10, "the board's description may be kept for ten seconds"
    key = caching["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"]["QueryStringBehavior"] == "whitelist"
    assert set(key["QueryStringsConfig"]["QueryStrings"]) == {"limit", "before"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    # With CORS the answers differ by Origin.
    expected = {"HeaderBehavior": "whitelist", "Headers": ["Origin"]} if stack.parameters["AllowedOrigins"] else {"HeaderBehavior": "none"}
    assert key["HeadersConfig"] == expected
    assert behaviour["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST_HEADER


@check(
    put("Resources.BucketCaching.Properties.CachePolicyConfig.MaxTTL", 86400),
    put("Resources.BucketCaching.Properties.CachePolicyConfig.MinTTL", 60),
    put("Resources.BucketCaching.Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig.QueryStringBehavior", "all"),
    put(f"{DISTRIBUTION}.CacheBehaviors.2.CachePolicyId", {"Ref": "ApiCaching"}),
    put(f"{DISTRIBUTION}.CacheBehaviors.3.CachePolicyId", {"Ref": "ApiCaching"}),
)
def what_was_deleted_leaves_the_edge_within_five_minutes(stack: Stack) -> None:
    for path in ("*", "/images/*", "/carrousel/*", "/small/*"):
        caching = policy(stack, behaviours(stack)[path])
        assert caching["MinTTL"] == 0, path
        assert caching["DefaultTTL"] <= 300 and caching["MaxTTL"] <= 300, path
        key = caching["ParametersInCacheKeyAndForwardedToOrigin"]
        assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
        assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
        assert key["CookiesConfig"] == {"CookieBehavior": "none"}


@check(
    put("Resources.More", {"Type": "AWS::CloudFront::CachePolicy", "Properties": {"CachePolicyConfig": {"Name": "more"}}}),
    put("Resources.More", {"Type": "AWS::CloudFront::ResponseHeadersPolicy", "Properties": {"ResponseHeadersPolicyConfig": {"Name": "more"}}}),
    put("Resources.ApiCaching.Properties.CachePolicyConfig.Name", "corkboard-api"),
    put("Resources.BucketCaching.Properties.CachePolicyConfig.Name", {"Fn::Sub": "${AWS::StackName}-buckets"}),
)
def ten_boards_fit_into_an_account(stack: Stack) -> None:
    """Whose quotas are 20 policies of each kind, by names of their own wherever the stacks are.
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"""
    for kind, config in {"CachePolicy": "CachePolicyConfig", "ResponseHeadersPolicy": "ResponseHeadersPolicyConfig"}.items():
        policies = stack.of_type(f"AWS::CloudFront::{kind}").values()
        assert len(policies) <= 2, kind
        assert all(each[config]["Name"].startswith(f"corkboard-{stack.region}-") for each in policies)


@check(
    put(f"{DISTRIBUTION}.Origins.2.OriginCustomHeaders.0.HeaderName", "X-Origin"),
    put(f"{DISTRIBUTION}.Origins.2.OriginCustomHeaders.0.HeaderValue", "literal"),
    put(f"{DISTRIBUTION}.Origins.2.OriginCustomHeaders.0.HeaderValue",
        {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:secret::${BelievedOriginSecretVersion}}}"}),
    put(f"{VARIABLES}.ORIGIN_SECRET", {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:secret}}"}),
    put(f"{VARIABLES}.ORIGIN_SECRET", {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:secret::${OriginSecretVersion}}}"}),
    put(f"{VARIABLES}.ORIGIN_SECRET_PREVIOUS", {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:previous::${OriginSecretVersion}}}"}),
    put(f"{VARIABLES}.ORIGIN_SECRET_PREVIOUS", {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:previous::${BelievedOriginSecretVersion}}}"}),
    drop(f"{VARIABLES}.ORIGIN_SECRET_PREVIOUS"),
    drop(f"{SMALL_VARIABLES}.ORIGIN_SECRET"),
    drop(f"{SMALL_VARIABLES}.ORIGIN_SECRET_PREVIOUS"),
    put(f"{SMALL_VARIABLES}.ORIGIN_SECRET", {"Fn::Sub": "{{resolve:secretsmanager:${OriginSecret}:SecretString:secret::${OriginSecretVersion}}}"}),
    put(f"{DISTRIBUTION}.Origins.1.OriginCustomHeaders", [{"HeaderName": "X-Origin-Verify", "HeaderValue": "known to the bucket"}]),
)
def cloudfront_sends_the_api_alone_an_origin_secret_that_both_functions_believe(stack: Stack) -> None:
    """What is sent and what is believed are told apart, since CloudFront is told later. A secret that was never
    rotated, or by an older template, has no previous one."""
    api, = [origin for origin in distribution(stack)["Origins"] if "OriginCustomHeaders" in origin]
    assert api["Id"] == "api"
    secret = stack.resolve({"Ref": "OriginSecret"})
    sent, believed = stack.parameters["OriginSecretVersion"], stack.parameters["BelievedOriginSecretVersion"]

    def reference(key: str, version: str) -> str:
        return f"{{{{resolve:secretsmanager:{secret}:SecretString:{key}{f'::{version}' if version else ''}}}}}"

    assert api["OriginCustomHeaders"] == [{"HeaderName": "X-Origin-Verify", "HeaderValue": reference("secret", sent)}]
    for function in ("MessageBoard", "SmallPictures"):
        variables = stack.properties(function)["Environment"]["Variables"]
        assert variables["ORIGIN_SECRET"] == reference("secret", believed or sent), function
        assert variables.get("ORIGIN_SECRET_PREVIOUS") == (reference("previous", believed) if believed else None), function


@check(
    drop(f"{DISTRIBUTION}.Aliases"),
    drop(f"{DISTRIBUTION}.WebACLId"),
    put("Resources.Ipv6Record.Properties.Type", "A"),
    drop("Resources.Ipv4Record"),
    put("Resources.Ipv4Record.Properties.AliasTarget.HostedZoneId", {"Ref": "HostedZoneId"}),
    put(f"{DISTRIBUTION}.ViewerCertificate", {"CloudFrontDefaultCertificate": True}),
    put("Conditions.HasWebAcl", {"Fn::Equals": [{"Ref": "WebAclArn"}, ""]}),
    put(f"{VARIABLES}.ORIGIN_REQUIRED", "false"),
    drop(f"{VARIABLES}.ORIGIN_REQUIRED"),
    put("Resources.SyncS3Bucket.Properties.Environment.Variables.PUBLIC_BASE_URL", {"Fn::Sub": "https://${Distribution.DomainName}"}),
    put(f"{SMALL_VARIABLES}.PUBLIC_BASE_URL", {"Fn::Sub": "https://${Distribution.DomainName}"}),
)
def a_domain_of_ones_own_reaches_everything_that_knows_an_address(stack: Stack) -> None:
    config, domain = distribution(stack), stack.parameters["DomainName"]
    records = stack.of_type("AWS::Route53::RecordSet").values()
    if domain:
        assert config["Aliases"] == [domain]
        assert config["ViewerCertificate"]["AcmCertificateArn"] == stack.parameters["CertificateArn"]
        assert config["ViewerCertificate"]["MinimumProtocolVersion"].startswith("TLSv1.2")
        assert sorted((record["Type"], record["Name"]) for record in records) == [("A", domain), ("AAAA", domain)]
        for record in records:
            assert record["AliasTarget"] == {"DNSName": stack.outputs["DistributionDomain"], "HostedZoneId": "Z2FDTNDATAQYW2"}
    else:
        assert "Aliases" not in config and not records
        assert config["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}
    assert config.get("WebACLId", "") == stack.parameters["WebAclArn"]
    # Whoever asks API Gateway itself has passed no web ACL.
    required = stack.properties("MessageBoard")["Environment"]["Variables"]["ORIGIN_REQUIRED"]
    assert required == ("true" if stack.parameters["WebAclArn"] else "false")
    base = f"https://{domain or stack.outputs['DistributionDomain']}"
    assert stack.outputs["Url"] == f"{base}/"
    for function in ("MessageBoard", "SyncS3Bucket", "SmallPictures"):
        assert stack.properties(function)["Environment"]["Variables"]["PUBLIC_BASE_URL"] == base


# Each route of the API: its key, its function, its integration, and the permission by which API Gateway invokes it.
SMALL_ROUTE = "ANY /small/{width}/{key+}"
ROUTES = {
    "ApiRoute": ("$default", "MessageBoard", "ApiIntegration", "ApiInvokesMessageBoard", "/*/$default"),
    "SmallPicturesRoute": (SMALL_ROUTE, "SmallPictures", "SmallPicturesIntegration", "ApiInvokesSmallPictures", "/*/*/small/*"),
}


@check(
    put("Resources.ApiRoute.Properties.RouteKey", "ANY /api/{proxy+}"),
    put("Resources.SmallPicturesRoute.Properties.RouteKey", "GET /small/{width}/{key+}"),
    put("Resources.SmallPicturesRoute.Properties.RouteKey", "ANY /small/{width}/{key}"),
    drop("Resources.SmallPicturesRoute"),
    put("Resources.SmallPicturesRoute.Properties.Target", {"Fn::Sub": "integrations/${ApiIntegration}"}),
    put("Resources.ApiStage.Properties.StageName", "prod"),
    put("Resources.ApiIntegration.Properties.PayloadFormatVersion", "1.0"),
    put("Resources.SmallPicturesIntegration.Properties.PayloadFormatVersion", "1.0"),
    put("Resources.ApiIntegration.Properties.IntegrationUri", {"Fn::GetAtt": ["SyncS3Bucket", "Arn"]}),
    put("Resources.ApiIntegration.Properties.IntegrationUri", {"Fn::GetAtt": ["MessageBoard", "Arn"]}),
    put("Resources.SmallPicturesIntegration.Properties.IntegrationUri", {"Fn::GetAtt": ["SmallPictures", "Arn"]}),
    put("Resources.ApiInvokesMessageBoard.Properties.FunctionName", {"Ref": "MessageBoard"}),
    put("Resources.ApiInvokesSmallPictures.Properties.FunctionName", {"Ref": "SmallPictures"}),
    put("Resources.ApiInvokesSmallPictures.Properties.SourceArn",
        {"Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*/$default"}),
    drop("Resources.ApiIntegration.DependsOn"),
    drop("Resources.SmallPicturesIntegration.DependsOn"),
    put("Resources.ApiInvokesMessageBoard.Properties.FunctionName", {"Ref": "SyncS3Bucket"}),
    put("Resources.Api.Properties.DisableExecuteApiEndpoint", True),
    put("Resources.Api.Properties.CorsConfiguration", {"AllowOrigins": ["*"]}),
)
def the_api_has_two_routes_and_each_is_one_functions(stack: Stack) -> None:
    assert set(stack.of_type("AWS::ApiGatewayV2::Route")) == set(ROUTES)
    assert len(stack.of_type("AWS::ApiGatewayV2::Integration")) == len(ROUTES)
    for name, (key, function, integrated, permitted, source) in ROUTES.items():
        route = stack.properties(name)
        assert (route["RouteKey"], route["Target"]) == (key, f"integrations/{stack.resolve({'Ref': integrated})}")
        integration = stack.properties(integrated)
        assert (integration["IntegrationType"], integration["PayloadFormatVersion"]) == ("AWS_PROXY", "2.0"), name
        alias = stack.resolve({"Ref": f"{function}Aliaslive"})
        assert integration["IntegrationUri"] == alias, name
        assert stack.resources[integrated]["DependsOn"] == permitted, name
        permission = stack.properties(permitted)
        assert permission["FunctionName"] == alias, name
        assert permission["SourceArn"].endswith(f":{stack.resolve({'Ref': 'Api'})}{source}"), name
    stage = stack.properties("ApiStage")
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    api = stack.properties("Api")
    assert not api.get("DisableExecuteApiEndpoint") and "CorsConfiguration" not in api


SMALL_LIMITS = f"Resources.ApiStage.Properties.RouteSettings.{SMALL_ROUTE}"


@check(
    drop("Resources.ApiStage.Properties.DefaultRouteSettings.ThrottlingRateLimit"),
    put("Resources.ApiStage.Properties.DefaultRouteSettings.DetailedMetricsEnabled", True),
    drop("Resources.ApiStage.Properties.RouteSettings"),
    put("Resources.ApiStage.Properties.RouteSettings", {"ANY /small/{proxy+}": {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 60}}),
    drop(f"{SMALL_LIMITS}.ThrottlingBurstLimit"),
    put(f"{SMALL_LIMITS}.ThrottlingRateLimit", {"Ref": "RequestsPerSecond"}),
    put(f"{SMALL_LIMITS}.DetailedMetricsEnabled", True),
    put("Parameters.SmallPicturesPerSecond.Default", 100),
    put("Parameters.SmallPicturesBurst.Default", 1000),
    put("Resources.ApiStage.DependsOn", "ApiRoute"),
)
def what_reaches_the_functions_is_bounded_and_of_small_pictures_much_less(stack: Stack) -> None:
    stage, parameters = stack.properties("ApiStage"), stack.parameters
    expected = {
        None: (parameters["RequestsPerSecond"], parameters["RequestBurst"]),
        SMALL_ROUTE: (parameters["SmallPicturesPerSecond"], parameters["SmallPicturesBurst"])}
    found = {None: stage["DefaultRouteSettings"], **stage["RouteSettings"]}
    # Metrics of each route are metrics of one's own; a route with settings takes none of the default ones.
    assert found == {route: {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst, "DetailedMetricsEnabled": False}
                     for route, (rate, burst) in expected.items()}
    assert all(int(limit) > 0 for limits in expected.values() for limit in limits)
    declared = stack.source["Parameters"]
    assert (declared["SmallPicturesPerSecond"]["Default"], declared["SmallPicturesBurst"]["Default"]) == (10, 60)
    # API Gateway refuses settings of a route that it does not know.
    assert set(stack.resources["ApiStage"]["DependsOn"]) == set(ROUTES)


GROUP = f"{DISTRIBUTION}.OriginGroups.Items.0"


@check(
    put(f"{GROUP}.FailoverCriteria.StatusCodes", {"Quantity": 2, "Items": [403, 404]}),
    put(f"{GROUP}.FailoverCriteria.StatusCodes.Items", [403]),
    put(f"{GROUP}.Members.Items", [{"OriginId": "api"}, {"OriginId": "media"}]),
    put(f"{GROUP}.Members.Items.0.OriginId", "site"),
    put(f"{GROUP}.Members.Quantity", 3),
    put(f"{DISTRIBUTION}.OriginGroups.Quantity", 2),
    put(f"{DISTRIBUTION}.CacheBehaviors.3.TargetOriginId", "api"),
    put(f"{DISTRIBUTION}.CacheBehaviors.3.AllowedMethods", sorted(ALL_METHODS)),
    put(f"{DISTRIBUTION}.CacheBehaviors.3.OriginRequestPolicyId", ALL_VIEWER_EXCEPT_HOST_HEADER),
    put(f"{DISTRIBUTION}.CacheBehaviors.3.ResponseHeadersPolicyId", {"Ref": "SiteHeaders"}),
    put(f"{DISTRIBUTION}.CacheBehaviors.3.CachePolicyId", {"Ref": "ApiCaching"}),
)
def a_small_picture_is_the_buckets_and_else_the_functions(stack: Stack) -> None:
    groups = distribution(stack)["OriginGroups"]
    assert groups["Quantity"] == 1
    group, = groups["Items"]
    # 403 would hide that CloudFront lost a right: each picture would come, and each by the function.
    assert group["FailoverCriteria"]["StatusCodes"] == {"Quantity": 1, "Items": [404]}
    assert group["Members"] == {"Quantity": 2, "Items": [{"OriginId": "media"}, {"OriginId": "api"}]}
    small, images = (behaviours(stack)[path] for path in ("/small/*", "/images/*"))
    assert small["TargetOriginId"] == group["Id"]
    # CloudFront fails over for these methods alone, and with the viewer's Host in the request neither origin would know it.
    assert "OriginRequestPolicyId" not in small
    ours = ("PathPattern", "TargetOriginId")
    assert {name: value for name, value in small.items() if name not in ours} == {name: value for name, value in images.items() if name not in ours}


@check(
    put("Resources.ApiStage.Properties.AccessLogSettings.Format", '{"ip":"$context.identity.sourceIp"}'),
    put("Resources.ApiStage.Properties.AccessLogSettings.Format", '{"agent":"$context.identity.userAgent"}'),
    drop("Resources.ApiStage.Properties.AccessLogSettings"),
    drop("Resources.ApiLogs.Properties.LogGroupName"),
    put("Resources.ApiLogs.Properties.LogGroupName", "/aws/vendedlogs/api"),
    put(f"{DISTRIBUTION}.Logging", {"Bucket": "logs.s3.amazonaws.com"}),
)
def access_logs_have_nobodys_address(stack: Stack) -> None:
    logs = stack.properties("ApiStage")["AccessLogSettings"]
    assert logs["DestinationArn"] == stack.arn("ApiLogs")
    # Elsewhere each group takes its part of the account's one log policy of 5,120 bytes.
    assert stack.properties("ApiLogs")["LogGroupName"] == "/aws/vendedlogs/corkboard-api"
    assert "identity" not in logs["Format"] and "header" not in logs["Format"].lower()
    assert "$context.status" in logs["Format"]
    # CloudFront's and S3's have them, and cannot do without.
    assert "Logging" not in distribution(stack)
    for name, bucket in stack.of_type("AWS::S3::Bucket").items():
        assert "LoggingConfiguration" not in bucket, name


@check(
    put("Resources.MessageBoard.Properties.Timeout", 30),
    put("Resources.ApiIntegration.Properties.TimeoutInMillis", 20000),
    put(f"{DISTRIBUTION}.Origins.2.CustomOriginConfig.OriginReadTimeout", 20),
    put("Resources.SmallPictures.Properties.Timeout", 30),
    put("Resources.SmallPicturesIntegration.Properties.TimeoutInMillis", 10000),
)
def who_waits_waits_longer_than_who_works(stack: Stack) -> None:
    api = next(origin for origin in distribution(stack)["Origins"] if origin["Id"] == "api")
    for function, integrated, seconds in (("MessageBoard", "ApiIntegration", 28), ("SmallPictures", "SmallPicturesIntegration", 20)):
        works = stack.properties(function)["Timeout"]
        gateway = stack.properties(integrated)["TimeoutInMillis"] / 1000
        assert works < gateway <= api["CustomOriginConfig"]["OriginReadTimeout"], function
        # message-board answers within 25 s by itself.
        assert works == seconds, function
