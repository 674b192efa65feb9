"""A further role, COUNTERSIGN_ROLE_ARN, assumed with the function's own keys."""

import json
from urllib.parse import parse_qs

import pytest
from harness.issuer import CONTAINER_TOKEN, FURTHER_ARN, NO_KEYS
from harness.proxy import ROLE
from harness.signer import credentials, sign
from harness.upstream import Response

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
BOTH = "container and further role"


@pytest.fixture(params=["further role", BOTH])
def source(request):
    return request.param


def test_requests_are_signed_with_the_further_roles_keys(sourced, issuer, source):
    here = sourced(source, lambda request: Response(body=request.read()))
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100_000).body == b"x" * 100_000
    assert here.ask("POST", "/transcribe/", [JSON_TYPE], b"{}").body == b"{}"
    kinds = ["assume role"] if source == "further role" else ["container", "assume role"]
    assert [kind for kind, _ in issuer.asked] == kinds
    assert {request.proof.key for request in here.upstream.requests} == {issuer.newest.key}
    assert issuer.newest.role == FURTHER_ARN


def test_sts_is_asked_with_the_functions_own_keys(sourced, issuer, source):
    sourced(source).ask("GET", "/s3/b/k")
    asked = issuer.last_asked("assume role")
    own = ROLE["AWS_ACCESS_KEY_ID"] if source == "further role" else issuer.issued[0].key
    assert asked.proof.key == own and asked.proof.region == "us-east-1"
    form = parse_qs(asked.body.decode())
    assert form["RoleArn"] == [FURTHER_ARN] and form["RoleSessionName"] == ["countersign"]
    assert form["DurationSeconds"] == ["3600"], "longer than an hour is refused where a role assumes a role"


@pytest.mark.parametrize("token", [None, ""])
def test_an_iam_users_keys_may_assume_a_role_too(sourced, issuer, token):
    issuer.caller = {**ROLE, "AWS_SESSION_TOKEN": ""}
    assert sourced("further role", AWS_SESSION_TOKEN=token).ask("GET", "/s3/b/k").status == 200
    assert not issuer.last_asked("assume role").all("x-amz-security-token")


def test_the_identity_page(sourced, issuer, source):
    page = json.loads(sourced(source).ask("GET", "/-/identity").text)
    assert page["arn"] == "arn:aws:sts::210987654321:assumed-role/further/the-session"
    assert page["role"] == "arn:aws:iam::210987654321:role/further"
    assert page["session"] == "the-session" and page["expires"] == issuer.newest.expiration.replace("Z", ".000Z")
    assert page["source"] == ("environment" if source == "further role" else "container endpoint")
    assert issuer.newest.key[-4:] in page["accessKeyId"]


# --- callers

def signed_ask(here, keys):
    target, headers = sign("GET", f"http://localhost:{here.port}/s3/b/k", keys=keys)
    return here.ask("GET", target, headers, token=False)


def test_callers_prove_with_the_functions_own_keys(sourced, issuer):
    here = sourced("further role", COUNTERSIGN_AUTH="token")
    assert here.ask("GET", "/s3/b/k").status == 200
    assert signed_ask(here, None).status == 200
    assert {request.proof.key for request in here.upstream.requests} == {issuer.newest.key}


def test_the_further_roles_keys_prove_nothing(sourced, issuer):
    """Nobody but the proxy has them: who shows them has stolen them."""
    here = sourced("further role", COUNTERSIGN_AUTH="token")
    assert here.ask("GET", "/s3/b/k").status == 200
    stolen = credentials(access_key=issuer.newest.key, secret_key=issuer.newest.secret, token=issuer.newest.token)
    assert signed_ask(here, stolen).outcome == (401, "TokenRequired")
    shown = [("X-Countersign-Token", issuer.newest.token)]
    assert here.ask("GET", "/s3/b/k", shown, token=False).outcome == (401, "TokenRequired")


def test_callers_prove_with_the_keys_that_the_container_gave(sourced, issuer):
    here = sourced(BOTH, COUNTERSIGN_AUTH="token")
    assert here.ask("GET", "/s3/b/k", [("X-Countersign-Token", CONTAINER_TOKEN)], token=False).status == 200
    base = issuer.issued[0]
    assert signed_ask(here, credentials(access_key=base.key, secret_key=base.secret, token=base.token)).status == 200
    assert here.last.proof.key == issuer.issued[1].key and issuer.count() == 2


def test_callers_prove_with_the_containers_keys_though_the_role_cannot_be_assumed(sourced, issuer):
    """They hear what is wrong with the role, not that they are strangers."""
    denied = Response(403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
    issuer.same = True
    issuer.script += [None, denied]
    here = sourced(BOTH, COUNTERSIGN_AUTH="token")
    base = issuer.give()
    keys = credentials(access_key=base.key, secret_key=base.secret, token=base.token)
    answer = signed_ask(here, keys)
    assert answer.outcome == (503, "NoCredentials") and "AccessDenied" in answer.text, answer.text


# --- refusals

def test_a_refusal_says_which_permission_is_missing(sourced, issuer, source):
    denied = Response(403, b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:x is not "
                           b"authorized</Message></Error></ErrorResponse>")
    issuer.script += [denied] if source == "further role" else [None, denied]
    here = sourced(source)
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials")
    assert "403 AccessDenied" in answer.text and "sts:AssumeRole" in answer.text
    assert "COUNTERSIGN_ROLE_ARN" in answer.text and not here.upstream.requests


def test_the_functions_own_keys_never_stand_in_for_the_role(sourced, issuer, source):
    issuer.script += [None] * (source != "further role") + [Response(403)] + [Response(500)] * 30
    here = sourced(source)
    for _ in range(5):
        assert here.ask("GET", "/s3/b/k").outcome == (503, "NoCredentials")
    assert not here.upstream.requests


def test_a_stumble_of_sts_does_not_fetch_the_base_again(sourced, issuer):
    issuer.script += [None, Response(500), Response(429)]
    assert sourced(BOTH).ask("GET", "/s3/b/k").status == 200
    assert [kind for kind, _ in issuer.asked] == ["container", "assume role", "assume role", "assume role"]


def test_half_a_key_assumes_nothing(sourced, issuer):
    answer = sourced("further role", AWS_SECRET_ACCESS_KEY=None).ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and "AWS_SECRET_ACCESS_KEY" in answer.text
    assert issuer.count() == 0


def test_without_any_source_the_role_cannot_be_assumed(sourced, issuer):
    answer = sourced("further role", **NO_KEYS).ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and issuer.count() == 0


@pytest.mark.parametrize("arn", ["worker", "arn:aws:iam::12345678901:role/x", "arn:aws:iam::123456789012:user/x",
                                 "arn:aws:iam::123456789012:role/", "arn:aws:iam::123456789012:role/a b",
                                 "arn:aws:iam:us-east-1:123456789012:role/x", "arn:aws:iam::123456789012:role/x\n"])
def test_an_arn_that_is_no_roles(run, arn):
    proxy = run({"COUNTERSIGN_ROLE_ARN": arn}, args=["--check"], wait=False)
    proxy.process.wait(20)
    assert proxy.stop() == 2
    assert "COUNTERSIGN_ROLE_ARN" in proxy.text() and len(proxy.text().strip().splitlines()) == 1


def test_check_shows_the_role(run):
    proxy = run({"COUNTERSIGN_ROLE_ARN": FURTHER_ARN}, args=["--check"], wait=False)
    proxy.process.wait(20)
    assert proxy.stop() == 0 and FURTHER_ARN in proxy.text()


# --- renewal

def test_both_are_renewed_together(sourced, issuer, wall):
    here = sourced(BOTH)
    assert here.ask("GET", "/s3/b/k").status == 200
    wall.move(minutes=61)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert [kind for kind, _ in issuer.asked] == ["container", "assume role"] * 2
    assert here.last.proof.key == issuer.newest.key


def test_keys_that_aws_calls_expired_are_assumed_anew(sourced, issuer, source, wall):
    here = sourced(source)
    assert here.ask("GET", "/s3/b/k").status == 200
    here.upstream.expired.add(issuer.newest.key)
    wall.move(seconds=5)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.last.proof.key == issuer.newest.key and len(here.upstream.requests) == 3
