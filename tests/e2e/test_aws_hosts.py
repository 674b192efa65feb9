"""Where the service path leads at AWS itself, by a resolver that leads AWS's names here: no endpoint is set."""

import pytest
from harness.client import Client
from harness.upstream import Response


def scope(request):
    return request.proof.service, request.proof.region


DUALSTACK, FIPS = {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, {"AWS_USE_FIPS_ENDPOINT": "true"}


@pytest.mark.parametrize("env, target, host", [
    ({}, "/s3/b/k", "s3.us-east-1.amazonaws.com"),
    ({}, "/s3.eu-west-1/b/k", "s3.eu-west-1.amazonaws.com"),
    ({}, "/s3.cn-north-1/b/k", "s3.cn-north-1.amazonaws.com.cn"),
    ({}, "/transcribe/", "transcribe.us-east-1.amazonaws.com"),
    ({}, "/sqs.eu-west-1/", "sqs.eu-west-1.amazonaws.com"),
    (DUALSTACK, "/s3/b/k", "s3.dualstack.us-east-1.amazonaws.com"),
    (DUALSTACK, "/transcribe/", "transcribe.us-east-1.api.aws"),
    (FIPS, "/s3/b/k", "s3-fips.us-east-1.amazonaws.com"),
    (FIPS, "/sqs/", "sqs-fips.us-east-1.amazonaws.com"),
    ({**FIPS, **DUALSTACK}, "/s3/b/k", "s3-fips.dualstack.us-east-1.amazonaws.com"),
])
def test_the_aws_host_of_a_service_path(as_aws, env, target, host):
    proxy, upstream = as_aws(**env)
    with Client(proxy.port) as client:
        assert client.ask("GET", target).status == 200
    assert upstream.last.header("host") == host


VIRTUAL = {"COUNTERSIGN_S3_ADDRESSING": "virtual"}
POINT = "arn:aws:s3:eu-west-1:123456789012:accesspoint"
OUTPOST = "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01234567890123456/accesspoint/reports"


@pytest.mark.parametrize("env, target, host, left, service", [
    (VIRTUAL, "/s3/my-bucket/a%20b", "my-bucket.s3.us-east-1.amazonaws.com", b"/a%20b", "s3"),
    (VIRTUAL, "/s3/my-bucket?list-type=2", "my-bucket.s3.us-east-1.amazonaws.com", b"/?list-type=2", "s3"),
    (VIRTUAL, "/s3/my.bucket/k", "s3.us-east-1.amazonaws.com", b"/my.bucket/k", "s3"),
    ({}, f"/s3/{POINT}/mine/k", "mine-123456789012.s3-accesspoint.eu-west-1.amazonaws.com", b"/k", "s3"),
    ({}, f"/s3/{POINT.replace(':', '%3A')}%2Fmine/k", "mine-123456789012.s3-accesspoint.eu-west-1.amazonaws.com",
     b"/k", "s3"),
    ({}, f"/s3/{OUTPOST}/k", "reports-123456789012.op-01234567890123456.s3-outposts.us-east-1.amazonaws.com",
     b"/k", "s3-outposts"),
])
def test_the_aws_host_of_a_bucket_or_an_access_point(as_aws, env, target, host, left, service):
    proxy, upstream = as_aws(**env)
    with Client(proxy.port) as client:
        assert client.ask("GET", target).status == 200
    assert (upstream.last.header("host"), upstream.last.target) == (host, left)
    assert scope(upstream.last) == (service, "eu-west-1" if "eu-west-1" in host else "us-east-1")


def test_the_account_of_s3_control_goes_into_its_host(as_aws):
    proxy, upstream = as_aws()
    with Client(proxy.port) as client:
        account = [("X-Amz-Account-Id", "123456789012")]
        assert client.ask("GET", "/s3-control/v20180820/jobs", account).status == 200
    assert upstream.last.header("host") == "123456789012.s3-control.us-east-1.amazonaws.com"
    assert upstream.last.header("x-amz-account-id") == "123456789012"
    assert scope(upstream.last) == ("s3", "us-east-1")


@pytest.mark.parametrize("target, says", [
    ("/s3/arn:aws:s3:::my-bucket/k", "arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME"),
    ("/s3/arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/mine/k", "partition"),
])
def test_an_arn_that_leads_nowhere(as_aws, target, says):
    proxy, upstream = as_aws()
    with Client(proxy.port) as client:
        answer = client.ask("GET", target)
    assert answer.outcome == (400, "BadRequest") and says in answer.text and not upstream.requests


def test_a_virtual_host_is_reached_under_its_own_name(as_aws):
    proxy, upstream = as_aws(lambda request: Response(body=b"from S3"))
    with Client(proxy.port) as client:
        host = "my-bucket.s3.us-east-1.amazonaws.com"
        assert client.ask("GET", f"http://{host}/key", host=host).body == b"from S3"
    assert upstream.last.header("host") == host


# --- multi-region access points: SigV4A

MRAP = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"
MRAP_HOST = "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com"


@pytest.mark.parametrize("target, host", [
    (f"/s3/{MRAP}/a%20b?versionId=1", "localhost"),
    (f"/s3.eu-west-1/{MRAP.replace(':', '%3a').replace('/', '%2F')}/a%20b?versionId=1", "localhost"),
    (f"http://{MRAP_HOST}/a%20b?versionId=1", MRAP_HOST),
    ("/a%20b?versionId=1", MRAP_HOST),
])
def test_a_multi_region_access_point(as_aws, target, host):
    """Signed for all regions, by an algorithm that verify4a judges."""
    proxy, upstream = as_aws()
    with Client(proxy.port) as client:
        assert client.ask("GET", target, host=host).status == 200
        assert client.ask("PUT", target, [("X-Amz-Region-Set", "eu-west-1"), ("X-Amz-Meta-A", "b")], b"body",
                          host=host).status == 200
    for request in upstream.requests:
        assert request.header("host") == MRAP_HOST and request.target == b"/a%20b?versionId=1"
        assert request.proof.asymmetric and request.proof.service == "s3"
        assert request.all("x-amz-region-set") == [b"*"]
    assert upstream.last.body == b"body" and "x-amz-meta-a" in upstream.last.proof.signed


def test_one_key_serves_both_algorithms(as_aws):
    proxy, upstream = as_aws()
    with Client(proxy.port) as client:
        for target in (f"/s3/{MRAP}/k", "/s3/bucket/k") * 3:
            assert client.ask("GET", target).status == 200
    assert [request.proof.asymmetric for request in upstream.requests] == [True, False] * 3


def test_a_directory_buckets_url_is_not_presigned(as_aws):
    proxy, _ = as_aws()
    with Client(proxy.port) as client:
        assert client.ask("GET", "/-/presign?url=/s3/mine--usw2-az1--x-s3/k").outcome == (400, "BadRequest")
