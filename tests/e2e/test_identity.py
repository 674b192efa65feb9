"""/-/identity?verify: STS is asked who the function is."""

import json
import re
import threading

import pytest
from harness import verify
from harness.client import wait_until
from harness.proxy import ROLE, TOKEN
from harness.upstream import Response, Upstream

ARN = "arn:aws:sts::123456789012:assumed-role/worker/my-function"
SECRETS = (ROLE["AWS_SECRET_ACCESS_KEY"], TOKEN)


def answer_of(arn=ARN, user_id="AROAXWO2SDPLLBS55Q345:my-function", account="123456789012"):
    return Response(body=f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>{user_id}</UserId>"
                         f"<Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>".encode(),
                    headers=(("Content-Type", "text/xml"),))


@pytest.fixture
def asked(stage, authority):
    """asked(answer): the program before an STS that gives that answer; its requests bear no hash of their body."""
    def start(answer, gate=None):
        def handler(request):
            request.drain()
            if gate:
                gate.wait(20)
            return answer
        return stage(upstream=Upstream(authority, handler, check=False))
    return start


def page(here, target="/-/identity"):
    answer = here.ask("GET", target)
    assert answer.status == 200 and answer.header("cache-control") == "no-store"
    assert not [secret for secret in SECRETS if secret in answer.text]
    return json.loads(answer.body)


def test_what_sts_says(asked):
    here = asked(answer_of())
    before = page(here)
    assert (before["verified"], before["arn"], before["role"], before["session"]) == (False, None, None, None)
    for target in ("/-/identity?verify", "/-/identity"):    # what is known stays so
        known = page(here, target)
        assert known["role"] == "arn:aws:iam::123456789012:role/worker" and known["session"] == "my-function"
        assert (known["verified"], known["arn"], known["account"]) == (True, ARN, "123456789012")
        assert known["userId"] == "AROAXWO2SDPLLBS55Q345:my-function" and known["warnings"] == []
    [request] = here.upstream.requests
    proof = verify.parse(request.header("authorization"))
    assert (request.method, request.path, proof.service, proof.region) == ("POST", "/", "sts", ROLE["AWS_REGION"])
    assert verify.rightly_signed(request, proof, ROLE, request.header("x-amz-date"), request.body)
    assert request.header("x-amz-security-token") == TOKEN
    assert request.body == b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.mark.parametrize("arn, mark", [
    ("arn:aws:iam::123456789012:user/me", "IAM user"), ("arn:aws:iam::123456789012:root", "root user"),
    ("arn:aws:sts::123456789012:federated-user/me", "federated user"),
    ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123/me@example.com", "Identity Center")])
def test_a_mistaken_identity(asked, arn, mark):
    here = asked(answer_of(arn))
    [warning] = page(here, "/-/identity?verify")["warnings"]
    assert warning["code"] == "MistakenIdentity" and mark in warning["message"]


@pytest.mark.parametrize("answer", [
    Response(403, b"<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"),
    Response(500), Response(body=b"<html>"), answer_of(arn="a b"), Response(403, b"<Error><Code>a\"<b></Code></Error>")])
def test_no_answer(asked, answer):
    here = asked(answer)
    given = here.ask("GET", "/-/identity?verify")
    assert given.outcome == (503, "NoCredentials") and f"answered {answer.status}" in given.text
    assert ("InvalidClientTokenId" in given.text) == (b"Invalid" in answer.body) and '"<b>' not in given.text
    assert page(here)["verified"] is False


def test_nobody_there(stage):
    here = stage(COUNTERSIGN_ENDPOINT="http://127.0.0.1:1")
    assert here.ask("GET", "/-/identity?verify").outcome == (502, "UpstreamConnect")


def test_a_client_that_does_not_wait(asked):
    gate = threading.Event()
    here = asked(answer_of(), gate)
    with here.client() as client:
        client.send_request("GET", "/-/identity?verify")
        assert wait_until(lambda: here.upstream.requests)
        client.reset()
    gate.set()
    assert page(here, "/-/identity?verify")["verified"] is True


def test_other_pages_do_not_ask(stage):
    here = stage()
    assert here.ask("GET", "/-/health?verify").status == 200
    assert here.ask("GET", "/-/identity?verify", token=False).outcome == (401, "TokenRequired")
    assert not here.upstream.requests


@pytest.mark.parametrize("answer", [Response(500), answer_of()])
def test_asking_sts_is_no_request_of_the_function(asked, answer):
    here = asked(answer)
    here.ask("GET", "/-/identity?verify")
    text = here.ask("GET", "/-/metrics").text
    for status in ("2xx", "5xx"):
        [everything, pages] = [re.search(rf'^countersign_{name}{{status="{status}"}} (\d+)$', text, re.M)[1]
                               for name in ("requests_total", "page_requests_total")]
        assert everything == pages
    assert "countersign_errors_total{" not in text or "countersign_page_errors_total{" in text


# --- a client's own keys

OTHERS = "AKIAXYZDQCEN4B6JSJQI"


def signed_by(key):
    return ("Authorization", f"AWS4-HMAC-SHA256 Credential={key}/20261125/us-east-1/s3/aws4_request, "
                             f"SignedHeaders=host;x-amz-date, Signature={'0' * 64}")


@pytest.mark.parametrize("key, counted", [(OTHERS, True), ("ASIAY34FZKBOKMUTVV7A", True), ("test", False),
                                          ("minioadmin-as-a-dummy", False), (ROLE["AWS_ACCESS_KEY_ID"], False)])
@pytest.mark.parametrize("auth", ["none", "token"])
def test_a_client_that_signs_with_other_keys(stage, key, counted, auth):
    here = stage(COUNTERSIGN_AUTH=auth)
    for _ in range(2):
        here.ask("GET", "/s3/b/k", [signed_by(key), ("X-Amz-Date", "20261125T000000Z")], token=False)
    warnings = [warning["message"] for warning in page(here)["warnings"]]
    assert [text[:23] for text in warnings] == (["2 requests were signed "] if counted else [])
    assert key not in str(warnings) and (not counted or f"{key[:4]}…{key[-4:]}" in warnings[0])
    metrics = here.ask("GET", "/-/metrics").text
    assert f"countersign_foreign_signatures_total {2 * counted}\n" in metrics
    assert f"countersign_mistaken_identity {int(counted)}\n" in metrics
    assert here.proxy.stop() == 0
    assert here.proxy.text().count("MistakenIdentity") == counted, here.proxy.text()


def test_a_users_keys_are_told_once(stage):
    here = stage(AWS_ACCESS_KEY_ID=OTHERS, AWS_SESSION_TOKEN=None, COUNTERSIGN_AUTH="none")
    assert page(here)["warnings"][0]["message"].startswith("these are an IAM user's long-term keys")
    assert "countersign_mistaken_identity 1\n" in here.ask("GET", "/-/metrics").text
    assert here.proxy.stop() == 0
    assert here.proxy.text().count("MistakenIdentity") == 1
    assert "signs with AKIA…SJQI, an IAM user's long-term key" in here.proxy.text() and OTHERS not in here.proxy.text()
