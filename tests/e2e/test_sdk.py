"""boto3 pointed at the proxy by nothing but its endpoint, against moto's server."""

import io
import json
import os

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError
from harness.client import ask
from harness.proxy import ROLE, Proxy
from moto.server import ThreadedMotoServer

ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=20, read_timeout=30)


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://%s:%d" % server.get_host_and_port()
    server.stop()


@pytest.fixture(scope="module")
def proxy(moto):
    with Proxy({"COUNTERSIGN_ENDPOINT": moto}) as running:
        yield running


def session(**keys):
    role = {"aws_access_key_id": ROLE["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": ROLE["AWS_SECRET_ACCESS_KEY"],
            "aws_session_token": ROLE["AWS_SESSION_TOKEN"], "region_name": "us-east-1"}
    return boto3.Session(**{**role, **keys})


@pytest.fixture
def client(proxy, monkeypatch):
    """client(service) is boto3's; AWS_ENDPOINT_URL_... tells it where to go, as in a function."""
    def make(service, config=ONCE, **keys):
        name = {"secretsmanager": "SECRETS_MANAGER", "route53": "ROUTE_53", "apigateway": "API_GATEWAY"}.get(service, service.upper())
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", f"{proxy.url}/{service}")
        return session(**keys).client(service, config=config)

    return make


@pytest.fixture
def bucket(client, request):
    name = "bucket-" + str(abs(hash(request.node.name)))
    client("s3").create_bucket(Bucket=name)
    return name


# --- S3

def test_objects(client, bucket):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="a/b c+d", Body=b"hello", ContentType="text/plain",
                  Metadata={"note": "some  text"})
    assert s3.head_object(Bucket=bucket, Key="a/b c+d")["ContentLength"] == 5
    found = s3.get_object(Bucket=bucket, Key="a/b c+d")
    assert found["Body"].read() == b"hello" and found["ContentType"] == "text/plain"
    assert s3.get_object(Bucket=bucket, Key="a/b c+d", Range="bytes=1-2")["Body"].read() == b"el"
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a/b c+d"})
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b c+d", "copy"]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "copy"}]})
    s3.delete_object(Bucket=bucket, Key="a/b c+d")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_multipart_upload(client, bucket):
    s3 = client("s3")
    body = os.urandom(12 << 20)
    small_parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(body), bucket, "large", Config=small_parts)
    assert "-3" in s3.head_object(Bucket=bucket, Key="large")["ETag"]
    target = io.BytesIO()
    s3.download_fileobj(bucket, "large", target, Config=small_parts)
    assert target.getvalue() == body


def test_an_upload_from_a_file(client, bucket, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"from a file")
    client("s3").upload_file(str(path), bucket, "file")
    client("s3").download_file(bucket, "file", str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == b"from a file"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums(client, bucket, algorithm):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="sum", Body=b"hello", ChecksumAlgorithm=algorithm)
    assert s3.get_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")["Body"].read() == b"hello"


def test_pages_of_a_list(client, bucket):
    s3 = client("s3")
    for number in range(25):
        s3.put_object(Bucket=bucket, Key=f"k/{number:02d}", Body=b"")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="k/",
                                                         PaginationConfig={"PageSize": 10})
    assert [len(page["Contents"]) for page in pages] == [10, 10, 5]


def test_a_presigned_url(client, bucket, proxy):
    s3 = client("s3", Config(signature_version="s3v4", s3={"addressing_style": "path"}))
    s3.put_object(Bucket=bucket, Key="k", Body=b"presigned")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=60)
    assert ask(proxy.port, "GET", url.removeprefix(proxy.url), token=False).body == b"presigned"


def test_the_errors_of_s3(client, bucket):
    s3 = client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="missing")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="no-such-bucket-anywhere")
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket=bucket, Key="missing")
    assert caught.value.response["Error"]["Code"] == "404"


def test_a_region_by_the_path(proxy):
    s3 = session(region_name="eu-west-1").client("s3", endpoint_url=f"{proxy.url}/s3.eu-west-1", config=ONCE)
    s3.create_bucket(Bucket="in-ireland", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert s3.get_bucket_location(Bucket="in-ireland")["LocationConstraint"] == "eu-west-1"


# --- other services

def test_transcribe(client):
    transcribe = client("transcribe")
    transcribe.start_transcription_job(TranscriptionJobName="job", LanguageCode="en-US",
                                       Media={"MediaFileUri": "s3://bucket/key.wav"})
    job = transcribe.get_transcription_job(TranscriptionJobName="job")["TranscriptionJob"]
    assert job["LanguageCode"] == "en-US"
    with pytest.raises(transcribe.exceptions.BadRequestException):
        transcribe.get_transcription_job(TranscriptionJobName="missing")


def test_sqs(client, proxy):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="missing")


def test_dynamodb(client):
    table = {"TableName": "t", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
             "BillingMode": "PAY_PER_REQUEST",
             "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}]}
    dynamodb = client("dynamodb")
    dynamodb.create_table(**table)
    dynamodb.put_item(TableName="t", Item={"k": {"S": "key"}, "v": {"S": "ü" * 1000}})
    assert dynamodb.get_item(TableName="t", Key={"k": {"S": "key"}})["Item"]["v"]["S"] == "ü" * 1000
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.get_item(TableName="missing", Key={"k": {"S": "key"}})


def test_a_query_service(client):
    sns = client("sns")
    arn = sns.create_topic(Name="topic")["TopicArn"]
    assert arn in [topic["TopicArn"] for topic in sns.list_topics()["Topics"]]
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.get_topic_attributes(TopicArn=arn + "missing")


def test_sts(client):
    assert client("sts").get_caller_identity()["Account"]


def test_secrets_manager(client):
    secrets = client("secretsmanager")
    secrets.create_secret(Name="name", SecretString=json.dumps({"a": 1}))
    assert json.loads(secrets.get_secret_value(SecretId="name")["SecretString"]) == {"a": 1}


# --- AWS_ENDPOINT_URL alone: what is meant is in the SDK's own signature

@pytest.fixture
def root(proxy, monkeypatch):
    """root(service) is boto3's for another region than the function's; nothing but the one variable leads it here."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    return lambda service: session(region_name="eu-central-1").client(
        service, config=ONCE.merge(Config(s3={"addressing_style": "path"})))


HERE = "eu-central-1"
ROOT_CALLS = {
    "json": ("sqs", lambda client: client.get_queue_attributes(
        QueueUrl=client.create_queue(QueueName="root")["QueueUrl"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"], HERE),
    "json, no other address": ("dynamodb", lambda client: client.list_tables()["TableNames"], None),
    "json, one of two that sign so": ("dynamodbstreams", lambda client: client.list_streams()["Streams"], None),
    "query": ("sns", lambda client: client.create_topic(Name="root")["TopicArn"], HERE),
    "ec2": ("ec2", lambda client: client.describe_availability_zones()["AvailabilityZones"][0]["RegionName"], HERE),
    "rest-json": ("lambda", lambda client: client.list_functions()["Functions"], None),
    "rest-xml": ("s3", lambda client: client.create_bucket(
        Bucket="logs", CreateBucketConfiguration={"LocationConstraint": HERE})["Location"], "logs"),
    "cbor": ("cloudwatch", lambda client: client.list_metrics()["Metrics"], None),
    "cbor, batch": ("transcribe", lambda client: client.list_vocabularies()["Vocabularies"], None),
    "ssm": ("ssm", lambda client: client.put_parameter(Name="root", Value="v", Type="String")["Tier"], "Standard"),
    "kms": ("kms", lambda client: client.create_key()["KeyMetadata"]["Arn"], HERE),
    "events": ("events", lambda client: client.create_event_bus(Name="root")["EventBusArn"], HERE),
    "sts": ("sts", lambda client: client.get_caller_identity()["Arn"], "arn:"),
    "iam": ("iam", lambda client: client.list_roles()["Roles"], None),
}


@pytest.mark.parametrize("service, call, expected", ROOT_CALLS.values(), ids=ROOT_CALLS)
def test_by_the_signature_alone(root, service, call, expected):
    found = call(root(service))
    assert isinstance(found, list) if expected is None else expected in found


def test_a_bucket_with_a_services_name(root, client):
    s3 = root("s3")
    s3.create_bucket(Bucket="sqs", CreateBucketConfiguration={"LocationConstraint": HERE})
    s3.put_object(Bucket="sqs", Key="sns/key", Body=b"an object")
    assert client("s3").get_object(Bucket="sqs", Key="sns/key")["Body"].read() == b"an object"


# --- the proxy's own errors, as an SDK shows them

@pytest.mark.parametrize("service, call", [
    ("s3", lambda client: client.list_buckets()), ("sqs", lambda client: client.list_queues()),
    ("dynamodb", lambda client: client.list_tables()),
    ("transcribe", lambda client: client.list_transcription_jobs()),
    ("sns", lambda client: client.list_topics()), ("lambda", lambda client: client.list_functions()),
    ("ec2", lambda client: client.describe_regions()), ("cloudwatch", lambda client: client.list_metrics()),
    ("route53", lambda client: client.list_hosted_zones()), ("apigateway", lambda client: client.get_rest_apis()),
])
def test_a_wrong_key_is_explained_by_the_sdk(client, service, call):
    with pytest.raises(ClientError) as caught:
        call(client(service, aws_access_key_id="AKIAQNZGKIQY56JQ7XYZ", aws_session_token=None))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 401
    assert caught.value.response["Error"]["Code"] == "TokenRequired"
    assert "AKIA…7XYZ" in caught.value.response["Error"]["Message"]


def test_an_upstream_that_is_not_there_is_explained_by_the_sdk():
    with Proxy({"COUNTERSIGN_ENDPOINT": "http://127.0.0.1:1"}) as alone:
        for service, call in (("s3", "list_buckets"), ("sqs", "list_queues")):
            with pytest.raises(ClientError) as caught:
                getattr(session().client(service, endpoint_url=f"{alone.url}/{service}", config=ONCE), call)()
            assert caught.value.response["Error"]["Code"] == "UpstreamConnect"


def test_as_a_forward_proxy(proxy, bucket, client):
    """http_proxy alone: the SDK goes to AWS's own host by http, and the proxy carries it on."""
    config = ONCE.merge(Config(proxies={"http": proxy.url}, s3={"addressing_style": "path"}))
    client("s3").put_object(Bucket=bucket, Key="k", Body=b"the usual way")
    s3 = session().client("s3", endpoint_url="http://s3.us-east-1.amazonaws.com", config=config)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"the usual way"
