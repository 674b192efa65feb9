"""Who may use the proxy: the token in its three forms, and what a browser may not do."""

import base64
import json
import re
from urllib.parse import quote

import pytest
from harness.client import Client
from harness.proxy import ROLE, TOKEN
from harness.signer import credentials, sign

UNPROVEN = (401, "TokenRequired")
PROOFS = {"x-countersign-token", "proxy-authorization"}
JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")


def basic(password, user="x"):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def assert_passed(here, answer):
    """The request went on, and nothing that proves the caller went with it."""
    assert answer.status == 200, answer.text
    assert not PROOFS & {name.lower() for name, _ in here.last.headers}
    assert len(here.last.all("authorization")) == 1
    assert here.last.proof.key == ROLE["AWS_ACCESS_KEY_ID"]


def assert_refused(here, answer, seen):
    assert answer.outcome == UNPROVEN
    assert answer.header("www-authenticate").startswith("Basic")
    assert len(here.upstream.requests) == seen
    for secret in (TOKEN, ROLE["AWS_SECRET_ACCESS_KEY"], ROLE["AWS_ACCESS_KEY_ID"]):
        assert secret not in answer.text


# --- the token

@pytest.mark.parametrize("header", [
    ("X-Countersign-Token", TOKEN),
    ("x-countersign-token", TOKEN),
    ("Authorization", basic(TOKEN)),
    ("Authorization", basic(TOKEN, user="")),
    ("Authorization", basic(TOKEN, user="someone else")),
    ("Authorization", basic(quote(TOKEN, safe=""))),
    ("Authorization", basic(re.sub("%..", lambda escape: escape[0].lower(), quote(TOKEN, safe="")))),
    ("Authorization", basic(TOKEN).replace("Basic", "basic")),
    ("Proxy-Authorization", basic(TOKEN)),
    ("Proxy-Authorization", basic(quote(TOKEN, safe=""))),
])
@pytest.mark.parametrize("target, host", [("/s3/bucket/key", None),
                                          ("http://b.s3.us-east-1.amazonaws.com/k",
                                           "b.s3.us-east-1.amazonaws.com")])
def test_the_token(shared, header, target, host):
    assert_passed(shared, shared.ask("GET", target, [header], token=False, host=host))


@pytest.mark.parametrize("headers", [
    [],
    [("X-Countersign-Token", "")],
    [("X-Countersign-Token", TOKEN[:-1])],
    [("X-Countersign-Token", TOKEN + "=")],
    [("X-Countersign-Token", TOKEN.lower())],
    [("X-Countersign-Token", TOKEN[:-1] + "x")],
    [("X-Countersign-Token", "Bearer " + TOKEN)],
    [("Authorization", basic("wrong"))],
    [("Authorization", "Basic")],
    [("Authorization", "Basic !!!!")],
    [("Authorization", "Basic " + base64.b64encode(TOKEN.encode()).decode())],
    [("Authorization", "Bearer " + TOKEN)],
    [("Authorization", TOKEN)],
    [("Proxy-Authorization", basic("wrong"))],
    [("Authorization", "AWS4-HMAC-SHA256")],
    [("Authorization", "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=")],
    [("X-Amz-Security-Token", TOKEN)],
    [("Cookie", "X-Countersign-Token=" + TOKEN)],
], ids=lambda headers: headers[0][1][:24] if headers else "none")
@pytest.mark.parametrize("target", ["/s3/bucket/key", "/transcribe/", "/-/identity", "/-/metrics"])
def test_no_proof_or_a_wrong_one(shared, headers, target):
    seen = len(shared.upstream.requests)
    assert_refused(shared, shared.ask("GET", target, headers, token=False), seen)


def test_the_refusal_says_how_it_is_done(shared):
    answer = shared.ask("GET", "/s3/b/k", token=False)
    assert "X-Countersign-Token" in answer.text and "AWS_SESSION_TOKEN" in answer.text


def test_a_refused_upload_is_not_asked_for(shared):
    with shared.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 1 << 30), ("Expect", "100-continue")],
                            token=False)
        answer = client.answer()
        assert answer.outcome == UNPROVEN and answer.interim == []
        assert client.ended() or answer.closes


def test_a_refused_upload_is_answered_while_it_is_sent(shared):
    with shared.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 1 << 30)], token=False)
        client.send(b"x" * 1000)
        assert client.answer().outcome == UNPROVEN


def test_the_token_of_a_function_without_session(stage):
    """SnapStart: no session token in the environment, but the container's."""
    other = "container-token-0123456789"
    here = stage(AWS_SESSION_TOKEN=None, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
                 AWS_CONTAINER_AUTHORIZATION_TOKEN=other)
    assert here.ask("GET", "/-/identity", token=False).outcome == UNPROVEN
    assert here.ask("GET", "/-/identity", [("X-Countersign-Token", other)], token=False).status == 200
    assert here.ask("GET", "/-/identity", [("Authorization", basic(other))], token=False).status == 200


def test_health_needs_no_token(shared):
    assert shared.ask("GET", "/-/health", token=False).status == 200


# --- a signature

def signed(here, method, path, body=None, headers=(), **how):
    """Sends what botocore signs for this proxy's own address."""
    url = f"http://localhost:{here.port}{path}"
    target, fields = sign(method, url, body, headers, **how)
    return here.ask(method, target, fields, body, token=False)


def without_proof(target):
    """A target without the parameters that sign it; botocore may have rewritten the others."""
    path, _, query = target.partition("?")
    kept = [pair for pair in query.split("&") if pair and not pair.startswith("X-Amz-")]
    return path + ("?" + "&".join(kept) if kept else "")


S3_PATHS = ["/s3/bucket/key", "/s3/bucket/a%20key/with%2Bplus",
            "/s3/bucket/k?list-type=2&prefix=a%20b&delimiter=%2F",
            "/s3.eu-west-1/bucket/key", "/s3/bucket//x/../y", "/s3/bucket/%C3%BC", "/s3/b/k?acl",
            "/s3/b/k?a=%C3%A9&b=&a=1"]


@pytest.mark.parametrize("path", S3_PATHS)
@pytest.mark.parametrize("form", ["header", "query", "unhashed", "bare"])
@pytest.mark.parametrize("method, body", [("GET", None), ("PUT", b"some bytes")])
def test_a_signature_for_s3(shared, method, body, form, path):
    target, headers = sign(method, f"http://localhost:{shared.port}{path}", body, form=form)
    assert_passed(shared, shared.ask(method, target, headers, body, token=False))
    expected = without_proof(target).removeprefix("/s3").removeprefix(".eu-west-1")
    assert shared.last.target.decode() == expected
    assert shared.last.body == (body or b"")


@pytest.mark.parametrize("form", ["header", "query"])
def test_the_query_that_signed_does_not_go_upstream(shared, form):
    assert signed(shared, "GET", "/s3/b/k?versionId=7&x-id=GetObject", form=form).status == 200
    assert shared.last.target == b"/b/k?versionId=7&x-id=GetObject"


def test_a_body_whose_hash_was_signed_is_checked(shared):
    """The hash may be sent on to be checked there, but a false body never becomes an object."""
    url = f"http://localhost:{shared.port}/s3/bucket/key"
    target, fields = sign("PUT", url, b"the body that was signed")
    answer = shared.ask("PUT", target, fields, b"another body, also signed?"[:24], token=False)
    assert answer.status in (400, 401)
    shared.expect_refusals = True


JSON_BODY = json.dumps({"TranscriptionJobName": "job", "Media": {"MediaFileUri": "s3://b/k"}}).encode()


@pytest.mark.parametrize("path", ["/transcribe/", "/transcribe.eu-west-1/", "/sqs/123/queue?x=1",
                                  "/lambda/2015-03-31/functions/arn%3Aaws%3Alambda/invocations"])
def test_a_signature_for_a_json_service(shared, path):
    service = path[1:].partition("/")[0].partition(".")[0]
    answer = signed(shared, "POST", path, JSON_BODY, [JSON_TYPE], service=service)
    assert_passed(shared, answer)
    assert shared.last.body == JSON_BODY and shared.last.proof.service == service


def test_a_signed_request_without_body(shared):
    assert_passed(shared, signed(shared, "GET", "/lambda/2015-03-31/functions/", service="lambda"))


def test_the_body_of_a_json_request_is_part_of_its_proof(shared):
    url = f"http://localhost:{shared.port}/transcribe/"
    target, fields = sign("POST", url, JSON_BODY, [JSON_TYPE], service="transcribe")
    seen = len(shared.upstream.requests)
    answer = shared.ask("POST", target, fields, JSON_BODY.replace(b"job", b"bob"), token=False)
    assert_refused(shared, answer, seen)


def test_the_region_and_service_of_the_address_decide(shared):
    """A client may sign for any region; what goes on is signed for the one of the address."""
    answer = signed(shared, "GET", "/s3.eu-west-1/b/k", region="us-west-2")
    assert_passed(shared, answer)
    assert shared.last.proof.region == "eu-west-1"


def test_a_signed_aws_host(shared):
    host = "my-bucket.s3.eu-west-1.amazonaws.com"
    target, fields = sign("GET", f"http://{host}/key?x=1", region="eu-west-1")
    for address in (target, f"http://{host}{target}"):
        assert_passed(shared, shared.ask("GET", address, fields, token=False, host=host))
        assert shared.last.header("host") == host


@pytest.mark.parametrize("form", ["header", "query"])
@pytest.mark.parametrize("signed_for", ["public-bucket.s3.us-east-1.amazonaws.com", "localhost:{port}"])
def test_a_signature_for_one_host_is_no_proof_for_another(shared, signed_for, form):
    """An absolute target decides where the request goes, so the signature must have been made for its host.

    Else a presigned URL that was given away would open every other bucket of the role.
    """
    signed_for = signed_for.format(port=shared.port)
    target, fields = sign("GET", f"http://{signed_for}/key", form=form)
    seen = len(shared.upstream.requests)
    other = f"http://secret-bucket.s3.us-east-1.amazonaws.com{target}"
    answer = shared.ask("GET", other, fields, token=False, host=signed_for)
    assert answer.status in (400, 401)
    assert len(shared.upstream.requests) == seen


@pytest.mark.parametrize("form", ["header", "query"])
@pytest.mark.parametrize("service, path", [("s3", "/s3/bucket/key"), ("transcribe", "/transcribe/")])
@pytest.mark.parametrize("wrong", [
    {"keys": credentials(secret_key="another secret")},
    {"keys": credentials(access_key="AKIAQNZGKIQY56JQ7XYZ", token=None)},
    {"age": 16 * 60},
    {"age": -16 * 60},
], ids=["secret", "key", "old", "early"])
def test_a_wrong_signature(shared, wrong, service, path, form):
    seen = len(shared.upstream.requests)
    assert_refused(shared, signed(shared, "GET", path, service=service, form=form, **wrong), seen)


@pytest.mark.parametrize("age", [14 * 60, -14 * 60])
def test_a_signature_within_a_quarter_of_an_hour(shared, age):
    assert_passed(shared, signed(shared, "GET", "/s3/b/k", age=age))


def test_a_presigned_url_that_has_expired(shared):
    seen = len(shared.upstream.requests)
    assert_refused(shared, signed(shared, "GET", "/s3/b/k", form="query", age=120, expires=60), seen)


@pytest.mark.parametrize("change", [
    lambda target, fields: (target + "x", fields),
    lambda target, fields: (target + "?a=1", fields),
    lambda target, fields: (target, [*fields, ("X-Amz-Acl", "public-read")]),
    lambda target, fields: (target, [(name, value[:-1] + "0") for name, value in fields]),
    lambda target, fields: (target, [each for each in fields if each[0] != "X-Amz-Date"]),
], ids=["path", "query", "unsigned header", "values", "date"])
def test_what_was_changed_after_signing(shared, change):
    target, fields = change(*sign("GET", f"http://localhost:{shared.port}/s3/bucket/key"))
    seen = len(shared.upstream.requests)
    assert_refused(shared, shared.ask("GET", target, fields, token=False), seen)


@pytest.mark.parametrize("key, masked, kind", [
    ("AKIAQNZGKIQY56JQ7XYZ", "AKIA…7XYZ", "an IAM user's long-term key"),
    ("ASIAQNZGKIQY56JQ9ABC", "ASIA…9ABC", ""),
])
@pytest.mark.parametrize("form", ["header", "query"])
def test_another_key_is_named_but_masked(shared, key, masked, kind, form):
    keys = credentials(access_key=key, token=None)
    answer = signed(shared, "GET", "/s3/b/k", keys=keys, form=form)
    assert answer.outcome == UNPROVEN
    assert f"signed by {masked}" in answer.text and kind in answer.text and key not in answer.text
    assert "not by this function's role" in answer.text


def test_the_token_goes_before_a_false_signature(shared):
    """Who holds the token may send a signature of anything: it is replaced."""
    target, fields = sign("GET", f"http://localhost:{shared.port}/s3/b/k",
                          keys=credentials(access_key="AKIAQNZGKIQY56JQ7XYZ", token="other"))
    assert_passed(shared, shared.ask("GET", target, fields, token=True))


# --- COUNTERSIGN_AUTH=none

@pytest.fixture(scope="module")
def unguarded(module_stage):
    return module_stage(COUNTERSIGN_AUTH="none")


@pytest.mark.parametrize("headers", [
    [], [("Sec-Fetch-Site", "same-origin")], [("Sec-Fetch-Site", "none")],
    [("Origin", "http://localhost:{port}")],
    [("Origin", "http://127.0.0.1:{port}")],
    [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:{port}")],
])
def test_without_token_by_configuration(unguarded, headers):
    headers = [(name, value.format(port=unguarded.port)) for name, value in headers]
    host = headers[-1][1].removeprefix("http://") if headers and headers[-1][0] == "Origin" else None
    assert_passed(unguarded, unguarded.ask("PUT", "/s3/b/k", headers, b"x", token=False, host=host))


@pytest.mark.parametrize("headers", [
    [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Sec-Fetch-Site", "CROSS-SITE")],
    [("Sec-Fetch-Site", "")], [("Sec-Fetch-Site", "unknown")],
    [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "https://localhost:{port}")],
    [("Origin", "http://localhost:1")], [("Origin", "http://localhost:{port}.evil.example")],
    [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://evil.example")],
    [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site")],
])
@pytest.mark.parametrize("target", ["/s3/b/k", "/-/identity", "/-/metrics"])
def test_other_sites_in_a_browser_are_refused(unguarded, headers, target):
    headers = [(name, value.format(port=unguarded.port)) for name, value in headers]
    seen = len(unguarded.upstream.requests)
    assert unguarded.ask("GET", target, headers, token=False).status in (400, 403)
    assert len(unguarded.upstream.requests) == seen


def test_a_browser_with_the_token_is_a_client_like_others(shared):
    assert_passed(shared, shared.ask("GET", "/s3/b/k", [("Origin", "http://app.example")]))


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "[::]:0"])
def test_listening_to_the_network_needs_the_token(run, listen):
    proxy = run({"COUNTERSIGN_LISTEN": listen, "COUNTERSIGN_AUTH": "none"}, wait=False)
    assert proxy.process.wait(20) == 2
    proxy.stop()
    assert "COUNTERSIGN_LISTEN" in proxy.text() and "token" in proxy.text()


def test_listening_to_the_network_with_the_token(stage):
    here = stage(COUNTERSIGN_LISTEN="127.0.0.1:0,0.0.0.0:0")
    assert here.ask("GET", "/s3/b/k", token=False).outcome == UNPROVEN
    assert here.ask("GET", "/s3/b/k").status == 200


def test_a_proof_belongs_to_one_request_of_a_connection(shared):
    with Client(shared.port) as client:
        assert client.ask("GET", "/s3/b/k").status == 200
        assert client.ask("GET", "/s3/b/k", token=False).outcome == UNPROVEN
