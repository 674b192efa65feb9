"""The proxy's own pages, and its errors in the dialect of the service that was asked."""

import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
from harness.proxy import ROLE, TOKEN
from harness.upstream import Response

SAMPLE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="[^"\n]*",?)*\})? -?[0-9.eE+]+(Inf|NaN)?')
COMMENT = re.compile(r"# (HELP [a-zA-Z_:][\w:]* .*|TYPE [a-zA-Z_:][\w:]* (counter|gauge|histogram|summary))")
SECRETS = (ROLE["AWS_SECRET_ACCESS_KEY"], TOKEN)


# --- health

@pytest.mark.parametrize("how", [{}, {"token": False}, {"version": "HTTP/1.0"}])
def test_health(shared, how):
    answer = shared.ask("GET", "/-/health", **how)
    assert answer.status == 200 and json.loads(answer.body) == {"status": "ok"}
    assert answer.header("content-type").startswith("application/json")


def test_health_by_head(shared):
    answer = shared.ask("HEAD", "/-/health")
    assert answer.status in (200, 405) and answer.body == b""


def test_pages_keep_the_connection(shared):
    with shared.client() as client:
        for target in ("/-/health", "/-/identity", "/-/metrics", "/-/nothing", "/-/health?x=1"):
            assert client.ask("GET", target).status in (200, 404)


def test_pages_reach_nobody(stage):
    here = stage()
    for target in ("/-/health", "/-/identity", "/-/metrics"):
        assert here.ask("GET", target).status == 200
    assert not here.upstream.connections


def test_the_body_of_a_request_to_a_page_is_not_the_next_request(shared):
    with shared.client() as client:
        client.send_request("GET", "/-/health", [], b"GET /-/metrics HTTP/1.1\r\n\r\n")
        assert client.answer().status in (200, 400, 413)
        try:
            client.send_request("GET", "/-/health")
            assert json.loads(client.answer().body) == {"status": "ok"}
        except (AssertionError, OSError):
            assert client.ended()


# --- identity

def test_identity(shared):
    answer = shared.ask("GET", "/-/identity")
    identity = json.loads(answer.body)
    assert answer.header("content-type").startswith("application/json")
    assert identity["account"] == "029608264753"
    assert identity["partition"] == "aws"
    assert {"role", "warnings"} <= set(identity)
    assert identity["warnings"] == []
    assert not [secret for secret in SECRETS if secret in answer.text]


def test_identity_of_a_user_is_a_mistake(stage):
    here = stage(AWS_ACCESS_KEY_ID="AKIAQNZGKIQY56JQ7WML", AWS_SESSION_TOKEN=None, COUNTERSIGN_AUTH="none")
    answer = here.ask("GET", "/-/identity", token=False)
    assert answer.status == 200 and "MistakenIdentity" in answer.text


def test_identity_without_credentials(stage):
    here = stage(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_SESSION_TOKEN=None,
                 COUNTERSIGN_AUTH="none")
    answer = here.ask("GET", "/-/identity", token=False)
    assert answer.status == 200 and json.loads(answer.body)["warnings"]


@pytest.mark.parametrize("region, partition", [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"),
                                               ("us-gov-west-1", "aws-us-gov")])
def test_identity_names_the_partition(stage, region, partition):
    here = stage(AWS_REGION=region)
    assert json.loads(here.ask("GET", "/-/identity").body)["partition"] == partition


# --- metrics

def metrics(here):
    answer = here.ask("GET", "/-/metrics")
    assert answer.status == 200 and answer.header("content-type").startswith("text/plain")
    lines = answer.text.splitlines()
    assert answer.text.endswith("\n") and lines
    for line in lines:
        assert (COMMENT if line.startswith("#") else SAMPLE).fullmatch(line), line
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines
            if not line.startswith("#")}


def test_metrics(shared):
    before = metrics(shared)
    assert all(name.startswith(("countersign_", "process_")) for name in before)
    for _ in range(5):
        assert shared.ask("PUT", "/s3/b/k", [], b"x" * 1000).status == 200
    after = metrics(shared)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert [name for name, by in grown.items() if "requests" in name and by >= 5]
    assert [name for name, by in grown.items() if "bytes" in name and by >= 5000]


def test_metrics_carry_no_secret(shared):
    text = shared.ask("GET", "/-/metrics").text
    assert not [secret for secret in (*SECRETS, ROLE["AWS_ACCESS_KEY_ID"]) if secret in text]


# --- pages that are not there, methods that are not allowed

@pytest.mark.parametrize("target", [
    "/-/token", "/-/token/redshift",
    "/-/health/", "/-/healthy", "/-/Health", "/-/health/x", "/-/../s3/b/k", "/-/%68ealth", "/-//health",
    "/-/nothing",
])
def test_what_is_not_there(shared, target):
    seen = len(shared.upstream.requests)
    answer = shared.ask("GET", target)
    assert answer.outcome == (404, "NotFound")
    assert json.loads(answer.body)["__type"] == "NotFound"
    assert len(shared.upstream.requests) == seen


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("target", ["/-/health", "/-/identity", "/-/metrics"])
def test_a_method_that_a_page_does_not_have(shared, method, target):
    answer = shared.ask(method, target, [], b"x" if method in ("POST", "PUT") else None)
    assert answer.outcome == (405, "MethodNotAllowed") and "GET" in answer.header("allow")


# --- errors

ERRORS = [
    ("/s3/b/k", {"token": False}, 401, "TokenRequired", "xml"),
    ("/s3.eu-west-1/b/k", {"token": False}, 401, "TokenRequired", "xml"),
    ("/transcribe/", {"token": False}, 401, "TokenRequired", "json"),
    ("/dynamodb/", {"token": False}, 401, "TokenRequired", "json"),
    ("/-/identity", {"token": False}, 401, "TokenRequired", "json"),
    ("/-/nothing", {}, 404, "NotFound", "json"),
    ("/s3/b/k", {"host": "evil.example"}, 403, "HostNotAllowed", None),
    ("/-/health", {"host": "evil.example"}, 403, "HostNotAllowed", None),
    ("http://evil.example/k", {"host": "evil.example"}, 403, "HostNotAllowed", None),
]


def parsed(answer, dialect):
    """(code, message) of an error in a dialect; None takes either."""
    if dialect == "xml" or (dialect is None and answer.body.lstrip().startswith(b"<")):
        assert "xml" in answer.header("content-type")
        root = ElementTree.fromstring(answer.body)
        assert root.tag == "Error"
        return root.findtext("Code"), root.findtext("Message")
    assert "json" in answer.header("content-type")
    error = json.loads(answer.body)
    return error["__type"], error["message"]


@pytest.mark.parametrize("target, how, status, code, dialect", ERRORS)
def test_an_error_speaks_the_dialect_of_the_service(shared, target, how, status, code, dialect):
    answer = shared.ask("GET", target, **how)
    assert answer.outcome == (status, code)
    found, message = parsed(answer, dialect)
    assert found == code and len(message) > 20
    assert not [secret for secret in (*SECRETS, ROLE["AWS_ACCESS_KEY_ID"]) if secret in answer.text]


@pytest.mark.parametrize("content_type", ["application/x-amz-json-1.0", "application/x-amz-json-1.1",
                                          "application/cbor",
                                          "application/x-www-form-urlencoded; charset=utf-8", "text/plain",
                                          None])
@pytest.mark.parametrize("target", ["/transcribe/", "/sns/", "/s3/b/k"])
def test_an_error_is_whole_in_every_dialect(shared, target, content_type):
    """Whatever the body looks like, its code is in it, and the fields that belong to the status are there."""
    headers = [("Content-Type", content_type)] if content_type else []
    answer = shared.ask("POST", target, headers, b"", token=False)
    assert answer.outcome == (401, "TokenRequired") and b"TokenRequired" in answer.body
    assert answer.header("www-authenticate").startswith("Basic")
    assert answer.header("content-length") == str(len(answer.body))


@pytest.mark.parametrize("target, how, status, code, dialect", ERRORS)
def test_an_error_to_head_has_no_body(shared, target, how, status, code, dialect):
    with shared.client() as client:
        answer = client.ask("HEAD", target, **how)
        assert answer.outcome == (status, code) and answer.body == b""
        if not answer.closes:
            assert client.ask("GET", "/-/health").status == 200


def test_an_error_of_the_service_is_not_the_proxys(stage):
    here = stage(lambda request: Response(403, b"<Error><Code>AccessDenied</Code></Error>"))
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == (403, "") and b"AccessDenied" in answer.body


@pytest.mark.parametrize("target", ["/s3/b/<script>", '/s3/b/"&<', "/nosuch.region/<x>", "/-/<x>"])
def test_an_error_repeats_nothing_unescaped(shared, target):
    answer = shared.ask("GET", target, token=False)
    assert answer.status in (400, 401, 404)
    assert "<script>" not in answer.text and "<x>" not in answer.text


@pytest.mark.parametrize("name", ["a&b", "a&lt;b", "a'b"])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/x-amz-json-1.1"])
def test_an_error_that_repeats_the_address_can_be_parsed(shared, name, content_type):
    answer = shared.ask("POST", f"/{name}/", [("Content-Type", content_type)], b"")
    assert answer.outcome == (404, "UnknownService")
    if "xml" in answer.header("content-type"):
        message = ElementTree.fromstring(answer.body).findtext("Error/Message")
    else:
        message = json.loads(answer.body)["message"]
    assert name in message


@pytest.mark.parametrize("target", ["/s3/b/k", "/transcribe/", "/-/identity"])
def test_an_error_is_not_kept_by_caches_or_taken_for_a_page(shared, target):
    answer = shared.ask("GET", target, token=False)
    assert "html" not in answer.header("content-type")
    assert not answer.all("access-control-allow-origin")


def test_requests_by_service(stage):
    here = stage()
    for target in ("/s3/b/k", "/s3/b/k", "/sqs/", "/sqs.bad", "/-/health"):
        here.ask("GET", target)
    text = here.ask("GET", "/-/metrics").text
    assert re.findall(r'^countersign_service_requests_total\{service="(\w+)"\} (\d+)$', text, re.M) == [("s3", "2"), ("sqs", "1")]
