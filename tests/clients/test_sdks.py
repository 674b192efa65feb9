"""AWS's SDKs for services of each protocol, led here by the environment alone, before moto with a role's session."""

import io
import re
import zipfile

import boto3
import pytest
from harness.proxy import Proxy
from harness.upstream import Response, Upstream
from sdks import ALL, SERVICES
from verifier import Verifier

ACTIONS = ["monitoring:ListMetrics", "dynamodb:ListTables", "sqs:ListQueues", "ec2:DescribeKeyPairs",
           "route53:ListHostedZones", "s3:ListAllMyBuckets", "sns:ListTopics", "sts:GetCallerIdentity"]
SET_UP = ["monitoring:PutMetricData", "dynamodb:CreateTable", "sqs:CreateQueue", "ec2:CreateKeyPair",
          "route53:CreateHostedZone", "sns:CreateTopic", "lambda:*"]    # whose actions moto does not tell apart
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ACTIONS + SET_UP, "Resource": "*"}]}
# Another region than the program's own, so that the one of the SDK's signature is seen to decide.
HERE = "eu-central-1"
WAYS = {
    "all": {"AWS_ENDPOINT_URL": "/"},
    "each": {"AWS_ENDPOINT_URL_CLOUDWATCH": "/monitoring", "AWS_ENDPOINT_URL_DYNAMODB": "/dynamodb",
             "AWS_ENDPOINT_URL_SQS": "/sqs", "AWS_ENDPOINT_URL_EC2": "/ec2", "AWS_ENDPOINT_URL_LAMBDA": "/lambda",
             "AWS_ENDPOINT_URL_ROUTE_53": "/route53", "AWS_ENDPOINT_URL_S3": "/s3", "AWS_ENDPOINT_URL_SNS": "/sns",
             "AWS_ENDPOINT_URL_STS": "/sts"},
}
CBOR = {"go_sdk", "java"}
USERS_KEY = {"AWS_ACCESS_KEY_ID": "AKIAQNZGKIQY56JQ7XYZ", "AWS_SESSION_TOKEN": ""}
# How each tells an error: by its own exception, with the code and the message that came.
TOLD = {
    "aws": r"^error: .*An error occurred \({code}\) when calling the \w+ operation.*: .*{message}",
    "javascript": r"^error: {service}ServiceException: {status} {code}: .*{message}",
    "go_sdk": r"^error: operation error {service}: .*https response error StatusCode: {status}, .*"
              r"api error {code}: .*{message}",
    "java": r"^error: {service}Exception: {status} {code}: .*{message}",
}


def set_up(verifier):
    """Something by the name of memos in each service; the bucket and the role are there."""
    def client(service):
        keys = {name.lower(): value for name, value in verifier.credentials.items() if not name.endswith("REGION")}
        return boto3.client(service, region_name=HERE, endpoint_url=verifier.url, verify=str(verifier.bundle), **keys)

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("memos.py", "")
    client("cloudwatch").put_metric_data(Namespace="memos", MetricData=[{"MetricName": "memos", "Value": 1}])
    client("dynamodb").create_table(
        TableName="memos", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    client("sqs").create_queue(QueueName="memos")
    client("ec2").create_key_pair(KeyName="memos")
    client("lambda").create_function(FunctionName="memos", Runtime="python3.12", Role=verifier.role,
                                     Handler="memos.handler", Code={"ZipFile": code.getvalue()})
    client("route53").create_hosted_zone(Name="memos.example", CallerReference="1")
    client("sns").create_topic(Name="memos")


@pytest.fixture(scope="module")
def verifier(authority, tmp_path_factory):
    with Verifier(authority, tmp_path_factory.mktemp("moto"), POLICY) as running:
        set_up(running)
        yield running


def in_cbor(request):
    """ListMetrics as CloudWatch answers it: {"Metrics": [{"MetricName": "memos"}]}."""
    assert (request.proof.service, request.proof.region) == ("monitoring", HERE)
    assert request.path == "/service/GraniteServiceVersion20100801/operation/ListMetrics"
    return Response(body=b"\xa1\x67Metrics\x81\xa1\x6aMetricName\x65memos",
                    headers=(("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")))


@pytest.fixture(scope="module")
def cbor(authority, verifier):
    with Upstream(authority, in_cbor, role=verifier.credentials) as upstream:
        yield upstream


@pytest.fixture(scope="module", params=ALL)
def client(request):
    return request.param


@pytest.fixture(scope="module")
def proxy(client, verifier, cbor):
    """moto is all services, but for those who speak to CloudWatch in CBOR, which it does not know."""
    other = {"COUNTERSIGN_ENDPOINT_CLOUDWATCH": cbor.url} if client in CBOR else {}
    with Proxy({**verifier.credentials, "COUNTERSIGN_ENDPOINT": verifier.url,
                "COUNTERSIGN_CA_BUNDLE": verifier.bundle, **other}) as running:
        yield running


def ask(client, way, proxy, folder, **changes):
    """What the client was told, with the keys that the program has but for the changes."""
    own = {name: proxy.env[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    there = {name: f"http://127.0.0.1:{proxy.port}{path}".rstrip("/") for name, path in WAYS[way].items()}
    told = ALL[client]({**own, **there, "AWS_REGION": HERE, "AWS_DEFAULT_REGION": HERE, "AWS_MAX_ATTEMPTS": "1",
                        "AWS_EC2_METADATA_DISABLED": "true", **changes}, folder)
    assert told.keys() == SERVICES.keys()
    return told


def check_errors(client, told, **expected):
    for service, said in told.items():
        name = service.replace("route53", "route ?53")
        assert re.search(TOLD[client].format(service=name, **expected), said, re.I | re.S), said


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_of_each_service(client, way, verifier, proxy, tmp_path):
    told = ask(client, way, proxy, tmp_path)
    wrong = {service: said for service, said in told.items() if said.startswith("error") or "memos" not in said}
    assert not wrong, verifier.requests()[-len(told):]


def test_the_refusal_of_a_users_key(client, verifier, proxy, tmp_path):
    before = len(verifier.requests())
    told = ask(client, "all", proxy, tmp_path, **USERS_KEY)
    check_errors(client, told, status=401, code="TokenRequired", message="AKIA…7XYZ")
    assert len(verifier.requests()) == before


def test_an_upstream_that_is_not_there(client, tmp_path):
    with Proxy({"COUNTERSIGN_ENDPOINT": "http://127.0.0.1:1"}) as alone:
        check_errors(client, ask(client, "each", alone, tmp_path), status=502, code="UpstreamConnect", message="127.0.0.1")
