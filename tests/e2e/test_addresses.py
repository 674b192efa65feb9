"""Three ways to point at the proxy, and the hosts that it answers to and signs for."""

import pytest
from harness.client import free_port
from harness.upstream import Upstream

REFUSED = (403, "HostNotAllowed")


def scope(request):
    return request.proof.service, request.proof.region


# --- 1. service path

@pytest.mark.parametrize("target, upstream_target, service, region", [
    ("/s3/bucket/key", b"/bucket/key", "s3", "us-east-1"),
    ("/s3.eu-west-1/bucket/key", b"/bucket/key", "s3", "eu-west-1"),
    ("/s3.eu-west-1/bucket/a.b?versionId=1", b"/bucket/a.b?versionId=1", "s3", "eu-west-1"),
    ("/s3", b"/", "s3", "us-east-1"),
    ("/s3/", b"/", "s3", "us-east-1"),
    ("/s3?list-type=2", b"/?list-type=2", "s3", "us-east-1"),
    ("/s3//key", b"//key", "s3", "us-east-1"),
    ("/transcribe/", b"/", "transcribe", "us-east-1"),
    ("/transcribe", b"/", "transcribe", "us-east-1"),
    ("/transcribe.ap-southeast-2/", b"/", "transcribe", "ap-southeast-2"),
    ("/sqs.us-gov-west-1/queue?Action=X", b"/queue?Action=X", "sqs", "us-gov-west-1"),
    ("/s3.cn-north-1/b/k", b"/b/k", "s3", "cn-north-1"),
    ("/execute-api.eu-central-1/prod/thing", b"/prod/thing", "execute-api", "eu-central-1"),
    ("/runtime.sagemaker.eu-west-1/endpoints/e", b"/endpoints/e", "sagemaker", "eu-west-1"),
    ("/Cost%20Explorer/", b"/", "ce", "us-east-1"),
    ("/cost_explorer.eu-west-1/", b"/", "ce", "us-east-1"),
    ("/SESv2/v2/email", b"/v2/email", "ses", "us-east-1"),
    ("/brand-new.eu-west-1/x", b"/x", "brand-new", "eu-west-1"),
])
def test_service_path(shared, target, upstream_target, service, region):
    assert shared.ask("GET", target).status == 200
    assert shared.last.target == upstream_target
    assert scope(shared.last) == (service, region)
    assert shared.last.header("host") == shared.upstream.authority_name


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:80", "LOCALHOST", "127.0.0.1:9",
                                  "[::1]",
                                  "[::1]:2774", "127.3.2.1"])
def test_service_path_answers_to_loopback_names(shared, host):
    assert shared.ask("GET", "/s3/b/k", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                                  "evil.example:2774",
                                  "169.254.169.254", "10.0.0.1", "[fd00::1]", "localhost@evil.example",
                                  "0x7f000001"])
@pytest.mark.parametrize("target", ["/s3/bucket/key", "/-/identity", "/-/metrics", "/-/health"])
def test_a_name_that_was_pointed_at_loopback_is_refused(shared, host, target):
    seen = len(shared.upstream.requests)
    answer = shared.ask("GET", target, host=host)
    assert answer.outcome in (REFUSED, (400, "BadRequest"))
    assert len(shared.upstream.requests) == seen


def test_further_names_of_the_proxy(stage):
    here = stage(COUNTERSIGN_HOSTS="countersign,proxy.internal")
    assert here.ask("GET", "/s3/b/k", host="countersign:2774").status == 200
    assert here.ask("GET", "/-/health", host="proxy.internal").status == 200
    assert here.ask("GET", "/s3/b/k", host="Proxy.Internal").status == 200
    assert here.ask("GET", "/s3/b/k", host="other.internal").outcome == REFUSED


@pytest.mark.parametrize("target", ["/", "/favicon.ico", "/robots.txt", "/S4/bucket/key", "/no_service/",
                                    "/.s3/",
                                    "/s3./b/k", "/s3.not-a-region!/b/k", "/%73%33/b/k"])
def test_no_service(shared, target):
    seen = len(shared.upstream.requests)
    answer = shared.ask("GET", target)
    assert answer.status in (400, 404) and answer.error in ("UnknownService", "NotFound", "BadRequest")
    assert len(shared.upstream.requests) == seen


def test_the_nearest_names_are_told(shared):
    answer = shared.ask("GET", "/dynamdb/")
    assert answer.outcome == (404, "UnknownService") and "dynamodb" in answer.text


def test_without_a_region_the_answer_says_how_to_name_one(stage):
    here = stage(AWS_REGION=None)
    answer = here.ask("GET", "/s3/bucket/key")
    assert answer.status == 400 and answer.error == "BadRequest" and "AWS_REGION" in answer.text
    assert here.ask("GET", "/s3.eu-west-1/bucket/key").status == 200
    assert scope(here.last) == ("s3", "eu-west-1")


def test_the_default_region(stage):
    here = stage(AWS_REGION=None, AWS_DEFAULT_REGION="eu-north-1")
    assert here.ask("GET", "/s3/bucket/key").status == 200
    assert scope(here.last) == ("s3", "eu-north-1")


# --- 2. forward proxy, 3. Host header

AWS_HOSTS = [
    ("s3.amazonaws.com", "s3", "us-east-1"),
    ("s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
    ("my-bucket.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
    ("my.dotted.bucket.s3.us-west-2.amazonaws.com", "s3", "us-west-2"),
    ("my-bucket.s3.amazonaws.com", "s3", "us-east-1"),
    ("my-bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
    ("my-bucket.s3-fips.us-gov-west-1.amazonaws.com", "s3", "us-gov-west-1"),
    ("my-bucket.s3.cn-north-1.amazonaws.com.cn", "s3", "cn-north-1"),
    ("transcribe.eu-central-1.amazonaws.com", "transcribe", "eu-central-1"),
    ("transcribe.us-east-1.api.aws", "transcribe", "us-east-1"),
    ("dynamodb.ap-south-1.amazonaws.com", "dynamodb", "ap-south-1"),
    ("abcdef1234.execute-api.us-east-2.amazonaws.com", "execute-api", "us-east-2"),
    ("sqs.eu-west-3.amazonaws.com", "sqs", "eu-west-3"),
    ("email.eu-west-3.amazonaws.com", "ses", "eu-west-3"),
    ("iam.amazonaws.com", "iam", "us-east-1"),
    ("abc123.lambda-url.eu-west-1.on.aws", "lambda", "eu-west-1"),
    ("search-logs-abc.eu-west-1.es.amazonaws.com", "es", "eu-west-1"),
    ("vpce-1a2b-c3d4.sqs.eu-west-1.vpce.amazonaws.com", "sqs", "eu-west-1"),
    ("brand-new.eu-west-1.amazonaws.com", "brand-new", "eu-west-1"),
]


@pytest.mark.parametrize("host, service, region", AWS_HOSTS)
@pytest.mark.parametrize("form", ["forward proxy", "Host header"])
def test_an_aws_host_stays_the_host(shared, host, service, region, form):
    target = f"http://{host}/path/key?x=1" if form == "forward proxy" else "/path/key?x=1"
    assert shared.ask("GET", target, host=host).status == 200
    assert shared.last.target == b"/path/key?x=1"
    assert shared.last.header("host") == host
    assert scope(shared.last) == (service, region)


@pytest.mark.parametrize("target, upstream_target", [
    ("http://b.s3.us-east-1.amazonaws.com", b"/"),
    ("http://b.s3.us-east-1.amazonaws.com?acl", b"/?acl"),
    ("http://b.s3.us-east-1.amazonaws.com/", b"/"),
    ("HTTP://b.s3.us-east-1.amazonaws.com/k", b"/k"),
    ("http://b.s3.us-east-1.amazonaws.com:80/k", b"/k"),
    ("http://B.S3.us-east-1.AmazonAWS.com/k", b"/k"),
    ("http://b.s3.us-east-1.amazonaws.com./k", b"/k"),
    ("http://B.S3.us-east-1.amazonaws.com.:80/k", b"/k"),
])
def test_forms_of_an_absolute_target(shared, target, upstream_target):
    assert shared.ask("GET", target, host="b.s3.us-east-1.amazonaws.com").status == 200
    assert shared.last.target == upstream_target
    assert shared.last.header("host").lower() == "b.s3.us-east-1.amazonaws.com"


def test_the_absolute_target_wins_over_host(shared):
    assert shared.ask("GET", "http://b.s3.us-east-1.amazonaws.com/k", host="localhost").status == 200
    assert shared.last.header("host") == "b.s3.us-east-1.amazonaws.com"
    assert shared.ask("GET", "http://evil.example/k", host="b.s3.us-east-1.amazonaws.com").outcome == REFUSED


STRANGERS = [
    "example.com", "amazonaws.com.evil.example", "evilamazonaws.com", "s3.amazonaws.com.evil.example",
    "amazonaws.com",
    "ec2-203-0-113-25.compute-1.amazonaws.com", "ec2-203-0-113-25.eu-west-1.compute.amazonaws.com",
    "my-lb-1234.us-east-1.elb.amazonaws.com", "my-lb-0123456789abcdef.elb.us-west-2.amazonaws.com",
    "db.cxyz123.us-east-1.rds.amazonaws.com", "my-bucket.s3-website-us-east-1.amazonaws.com",
    "my-bucket.s3-website.eu-central-1.amazonaws.com", "instance-data.ec2.internal", "169.254.169.254",
    "my-env.eba-123.us-east-1.elasticbeanstalk.com", "s3.amazonaws.com@evil.example",
    "amazonaws.com:evil", "s3.us-east-1.amazonaws.com:evil", "s3.us-east-1.amazonaws.com..", "s3.amazonaws.com.:443@evil",
    "s3.us-east-1.\xd0\xb0mazonaws.com", "s3.us-east-1.xn--mazonaws-3fg.com", "192.0.2.1", "[2001:db8::1]", "3221225985",
    "abc.brand-new.eu-west-1.amazonaws.com", "abc.dsql.eu-west-1.on.aws", "vpce-1a2b.vpce-svc-3c4d.eu-west-1.vpce.amazonaws.com",
]


@pytest.mark.parametrize("host", STRANGERS)
@pytest.mark.parametrize("form", ["forward proxy", "Host header"])
def test_other_hosts_are_refused(shared, host, form):
    seen = len(shared.upstream.requests)
    answer = shared.ask("GET", f"http://{host}/k" if form == "forward proxy" else "/k", host=host)
    assert answer.outcome in (REFUSED, (400, "BadRequest"))
    assert len(shared.upstream.requests) == seen


@pytest.mark.parametrize("target", ["https://b.s3.us-east-1.amazonaws.com/k",
                                    "ftp://b.s3.us-east-1.amazonaws.com/k",
                                    "http:///k", "http://user:pass@b.s3.us-east-1.amazonaws.com/k",
                                    "http://b.s3.us-east-1.amazonaws.com:99999/k",
                                    "b.s3.us-east-1.amazonaws.com/k"])
def test_absolute_targets_that_are_no_plain_http_url(shared, target):
    seen = len(shared.upstream.requests)
    answer = shared.ask("GET", target, host="b.s3.us-east-1.amazonaws.com")
    assert answer.status in (400, 403) and answer.error
    assert len(shared.upstream.requests) == seen


def test_own_pages_by_an_absolute_target(shared):
    for host in ("localhost", f"localhost:{shared.port}", f"127.0.0.1:{shared.port}"):
        answer = shared.ask("GET", f"http://{host}/-/health", host=host)
        assert (answer.status, answer.body.strip()) == (200, b'{"status":"ok"}')


def test_a_service_path_by_an_absolute_target(shared):
    host = f"localhost:{shared.port}"
    assert shared.ask("GET", f"http://{host}/s3.eu-west-1/b/k", host=host).status == 200
    assert shared.last.target == b"/b/k" and scope(shared.last) == ("s3", "eu-west-1")


def test_the_own_pages_prefix_at_an_aws_host_is_a_key(shared):
    assert shared.ask("GET", "/-/health", host="b.s3.us-east-1.amazonaws.com").status == 200
    assert shared.last.target == b"/-/health"


# --- methods that cannot be

def test_connect_is_refused_with_a_hint(shared):
    answer = shared.ask("CONNECT", "s3.us-east-1.amazonaws.com:443", host="s3.us-east-1.amazonaws.com:443")
    assert answer.outcome == (405, "MethodNotAllowed") and "http://" in answer.text


def test_trace_is_refused(shared):
    seen = len(shared.upstream.requests)
    assert shared.ask("TRACE", "/s3/b/k").outcome == (405, "MethodNotAllowed")
    assert len(shared.upstream.requests) == seen


# --- endpoints

def test_an_endpoint_for_one_service(stage, authority):
    with Upstream(authority) as other:
        here = stage(COUNTERSIGN_ENDPOINT_TRANSCRIBE=other.url)
        assert here.ask("POST", "/transcribe/", body=b"{}").status == 200
        assert here.ask("GET", "/s3/b/k").status == 200
        assert [request.proof.service for request in other.requests] == ["transcribe"]
        assert [request.proof.service for request in here.upstream.requests] == ["s3"]


def test_an_endpoint_variable_writes_dashes_as_underscores(stage, authority):
    with Upstream(authority) as other:
        here = stage(COUNTERSIGN_ENDPOINT_EXECUTE_API=other.url)
        assert here.ask("GET", "/execute-api/prod").status == 200
        assert scope(other.last) == ("execute-api", "us-east-1")


def test_an_endpoint_variable_may_use_any_name_of_the_service(stage, authority):
    with Upstream(authority) as other:
        here = stage(COUNTERSIGN_ENDPOINT_COST_EXPLORER=other.url, COUNTERSIGN_ENDPOINT_SES=other.url)
        assert here.ask("POST", "/ce/", body=b"{}").status == 200
        assert here.ask("POST", "/", body=b"{}", host="ce.us-east-1.amazonaws.com").status == 200
        assert here.ask("GET", "/v2/email", host="email.eu-west-1.amazonaws.com").status == 200
        assert [scope(request) for request in other.requests] == [("ce", "us-east-1")] * 2 + [("ses", "eu-west-1")]
        assert not here.upstream.requests


def test_a_plain_endpoint(stage):
    here = stage(tls=False)
    assert here.ask("PUT", "/s3/b/k", body=b"plain").status == 200
    assert here.last.body == b"plain"


def test_the_host_that_an_endpoint_names_is_signed_for(stage):
    """Its name does not resolve, so that it was allowed shows in the error."""
    here = stage(COUNTERSIGN_ENDPOINT=None, COUNTERSIGN_ENDPOINT_S3="http://storage.invalid:9000")
    for target in ("/bucket/key", "http://storage.invalid:9000/bucket/key"):
        assert here.ask("GET", target, host="storage.invalid:9000").outcome == (502, "UpstreamConnect")
    assert here.ask("GET", "/bucket/key", host="storage.invalid.example:9000").outcome == REFUSED


def test_the_host_of_an_endpoint_for_all_services_names_none(stage):
    """Only the service path can say which service is meant there; a signature for none would be nonsense."""
    here = stage(COUNTERSIGN_ENDPOINT="http://storage.invalid:9000")
    for target in ("/bucket/key", "http://storage.invalid:9000/bucket/key"):
        assert here.ask("GET", target, host="storage.invalid:9000").outcome == REFUSED
    assert here.ask("GET", "/s3/bucket/key").outcome == (502, "UpstreamConnect")


def test_the_host_that_an_endpoint_names_is_reached(stage, named, authority):
    upstream = Upstream(authority, host="storage.test")
    here = stage(upstream=upstream, COUNTERSIGN_ENDPOINT=None, COUNTERSIGN_ENDPOINT_S3=upstream.url,
                 **named({"storage.test": "127.0.0.1"}))
    assert here.ask("GET", f"http://{upstream.authority_name}/bucket/key",
                    host=upstream.authority_name).status == 200
    assert here.last.header("host") == upstream.authority_name and scope(here.last) == ("s3", "us-east-1")
    assert here.ask("GET", "/bucket/key", host=upstream.authority_name).status == 200
    assert here.ask("GET", "/s3/bucket/key").status == 200
    assert {request.target for request in upstream.requests} == {b"/bucket/key"}


@pytest.mark.parametrize("endpoint", ["http://localhost:{port}", "http://127.0.0.1:{port}/",
                                      "https://localhost:{port}"])
@pytest.mark.parametrize("variable", ["COUNTERSIGN_ENDPOINT", "COUNTERSIGN_ENDPOINT_S3"])
def test_an_endpoint_that_is_the_proxy_itself_is_refused(run, endpoint, variable):
    port = free_port()
    proxy = run({"COUNTERSIGN_LISTEN": f"localhost:{port}", variable: endpoint.format(port=port)}, wait=False)
    assert proxy.process.wait(20) == 2
    proxy.stop()
    assert variable in proxy.text()
