"""Who may use the proxy where its keys are fetched: the container's token, the session's, signatures."""

import base64

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from harness.client import wait_until
from harness.issuer import CONTAINER_PATH, CONTAINER_TOKEN
from harness.proxy import ROLE
from harness.signer import credentials, sign
from harness.upstream import Response

UNPROVEN = (401, "TokenRequired")
JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
HEADER = "X-Countersign-Token"


@pytest.fixture
def here(sourced):
    return sourced("container", COUNTERSIGN_AUTH="token")


def basic(password):
    return "Basic " + base64.b64encode(f"x:{password}".encode()).decode()


def show(here, *headers):
    return here.ask("GET", "/s3/b/k", headers, token=False)


def keys_of(issued):
    return credentials(access_key=issued.key, secret_key=issued.secret, token=issued.token)


def signed(here, keys, body=None, service="s3"):
    method, path = ("GET", "/s3/b/k") if body is None else ("POST", "/transcribe/")
    headers = [] if body is None else [JSON_TYPE]
    target, fields = sign(method, f"http://localhost:{here.port}{path}", body, headers, keys=keys, service=service)
    return here.ask(method, target, fields, body, token=False)


# --- tokens

@pytest.mark.parametrize("header", [
    (HEADER, CONTAINER_TOKEN), ("Authorization", basic(CONTAINER_TOKEN)), ("Proxy-Authorization", basic(CONTAINER_TOKEN)),
], ids=lambda header: header[0])
def test_the_containers_token(here, header):
    assert show(here, header).status == 200


@pytest.mark.parametrize("header", [
    (HEADER, CONTAINER_TOKEN[:-1]), (HEADER, CONTAINER_TOKEN + "x"), (HEADER, ""), ("Authorization", basic("")),
    ("Authorization", CONTAINER_TOKEN), (HEADER, ROLE["AWS_SESSION_TOKEN"]),
], ids=["shorter", "longer", "empty", "empty password", "bare", "another"])
def test_a_wrong_token_makes_no_fetch(here, issuer, header):
    assert show(here, header).outcome == UNPROVEN and issuer.count() == 0


def test_the_token_in_a_file_is_read_each_time(sourced, issuer, tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n")
    issuer.container_token = "first"
    here = sourced("container", COUNTERSIGN_AUTH="token", AWS_CONTAINER_AUTHORIZATION_TOKEN=None,
                   AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=file)
    assert show(here, (HEADER, "first")).status == 200
    file.write_text("second\n")
    assert show(here, (HEADER, "first")).outcome == UNPROVEN
    assert show(here, (HEADER, "second")).status == show(here, ("Authorization", basic("second"))).status == 200
    file.unlink()
    assert show(here, (HEADER, "second")).outcome == UNPROVEN


def test_the_sessions_token(here, issuer):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    assert show(here, (HEADER, issuer.newest.token)).status == 200
    assert show(here, ("Authorization", basic(issuer.newest.token))).status == 200
    assert show(here, (HEADER, issuer.newest.token[:-1])).outcome == UNPROVEN


def test_the_token_of_the_session_before(here, issuer, wall):
    """The function may hold it a little longer than the proxy."""
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    before = issuer.newest
    wall.move(minutes=61)
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200 and issuer.count() == 2
    assert show(here, (HEADER, before.token)).status == 200
    wall.move(minutes=61)
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200 and issuer.count() == 3
    assert show(here, (HEADER, before.token)).outcome == UNPROVEN


def test_no_token_goes_upstream(here, issuer):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    sent = b"".join(name.encode() + value for name, value in here.last.headers)
    assert CONTAINER_TOKEN.encode() not in sent


# --- signatures

def test_a_signature_by_keys_that_the_proxy_has(here, issuer):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    assert signed(here, keys_of(issuer.newest)).status == 200
    assert signed(here, keys_of(issuer.newest), b"{}", "transcribe").status == 200
    assert issuer.count() == 1


@pytest.mark.parametrize("body, service", [(None, "s3"), (b"{}", "transcribe")])
def test_a_signature_before_the_proxy_has_keys(here, issuer, body, service):
    issuer.same = True
    assert signed(here, keys_of(issuer.give()), body, service).status == 200
    assert issuer.count() == 1 and here.last.proof.key == issuer.newest.key


def test_a_signature_by_keys_that_the_source_has_issued_since(here, issuer, wall):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    wall.move(seconds=3)
    newer = issuer.give()
    issuer.same = True
    assert signed(here, keys_of(newer)).status == 200
    assert issuer.count() == 2 and here.last.proof.key == newer.key


def test_a_signature_by_keys_of_a_moment_ago(here, issuer, wall):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    before = issuer.newest
    wall.move(minutes=56)
    here.ask("GET", "/s3/b/k", [(HEADER, CONTAINER_TOKEN)], token=False)
    assert wait_until(lambda: show(here, (HEADER, CONTAINER_TOKEN)).status == 200
                      and here.last.proof.key == issuer.newest.key and issuer.newest is not before)
    assert signed_at(here, keys_of(before), 56 * 60).status == 200
    assert issuer.count() == 2


def signed_at(here, keys, ahead_s):
    target, fields = sign("GET", f"http://localhost:{here.port}/s3/b/k", keys=keys, age=-ahead_s)
    return here.ask("GET", target, fields, token=False)


FOREIGN = credentials(access_key="ASIAQNZGKIQY5ZZZZZZZ", secret_key="another", token="another")


def test_a_foreign_sessions_key_is_refused_and_makes_few_fetches(here, issuer, wall):
    for _ in range(10):
        answer = signed(here, FOREIGN)
        assert answer.outcome == UNPROVEN and "another session's key" in answer.text and "ASIA…ZZZZ" in answer.text
    assert issuer.count() == 1 and not here.upstream.requests
    for minute in range(2, 4):
        for _ in range(5):
            wall.move(seconds=9)
            assert signed(here, FOREIGN).outcome == UNPROVEN
        assert issuer.count() == minute - 1
        wall.move(seconds=20)
        assert signed(here, FOREIGN).outcome == UNPROVEN and issuer.count() == minute


def test_a_fetch_in_vain_for_a_stranger_does_not_count(here, issuer, wall):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    wall.move(seconds=3)
    issuer.script = [Response(403)]
    assert signed(here, FOREIGN).outcome == UNPROVEN and issuer.count() == 2
    wall.move(seconds=11)
    newer = issuer.give()
    issuer.same = True
    assert signed(here, keys_of(newer)).status == 200 and issuer.count() == 3


def test_when_keys_are_nearly_over_callers_may_have_newer_ones(here, issuer, wall):
    """The SDKs renew theirs a quarter of an hour before the end: a stranger must not stand in their way."""
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    wall.move(minutes=46)
    issuer.same = True
    assert signed(here, FOREIGN).outcome == UNPROVEN and issuer.count() == 2
    wall.move(seconds=3)
    issuer.same = False
    newer = issuer.give()
    issuer.same = True
    assert signed_at(here, keys_of(newer), 46 * 60).status == 200 and issuer.count() == 3


def test_nobody_else_has_the_keys_of_a_web_identity(sourced, issuer):
    """Each who asks is given others: to look for a caller's is in vain."""
    here = sourced("web identity", COUNTERSIGN_AUTH="token")
    assert signed(here, FOREIGN).outcome == UNPROVEN and issuer.count() == 0


def test_a_foreign_key_while_the_source_fails(here, issuer):
    issuer.script += [Response(403)] * 20
    for _ in range(5):
        assert signed(here, FOREIGN).outcome == UNPROVEN
    assert issuer.count() == 1


def test_a_users_key_is_refused_at_once(here, issuer):
    answer = signed(here, credentials(access_key="AKIAIOSFODNN7EXAMPLE", token=None))
    assert answer.outcome == UNPROVEN and "an IAM user's long-term key" in answer.text and issuer.count() == 0


def test_the_right_key_with_a_wrong_secret(here, issuer):
    issuer.same = True
    given = issuer.give()
    wrong = credentials(access_key=given.key, secret_key="wrong", token=given.token)
    answer = signed(here, wrong)
    assert answer.outcome == UNPROVEN and "does not match" in answer.text and issuer.count() == 1


def test_ended_keys_prove_nothing(here, issuer, wall):
    assert show(here, (HEADER, CONTAINER_TOKEN)).status == 200
    before = issuer.newest
    wall.move(minutes=62)
    assert signed_at(here, keys_of(before), 62 * 60).outcome == UNPROVEN


def test_boto3_with_keys_from_the_same_endpoint(here, issuer, monkeypatch):
    """As in a SnapStart function: the SDK and the proxy ask one endpoint, each for itself."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", issuer.url + CONTAINER_PATH)
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", CONTAINER_TOKEN)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    issuer.same = True
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=20, read_timeout=30)
    client = boto3.Session(region_name="us-east-1").client("s3", endpoint_url=f"{here.proxy.url}/s3", config=once)
    assert client.get_object(Bucket="bucket", Key="key")["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert issuer.count("container") == 2


def test_boto3_with_a_users_keys(here, issuer):
    client = boto3.Session("AKIAIOSFODNN7EXAMPLE", "secret", region_name="us-east-1").client(
        "s3", endpoint_url=f"{here.proxy.url}/s3", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="AKIA…MPLE, an IAM user's long-term key"):
        client.get_object(Bucket="bucket", Key="key")
    assert issuer.count() == 0
