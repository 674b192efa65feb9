"""Keys by a web identity's token and STS, as EKS has them."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest
from harness.client import wait_until
from harness.issuer import ROLE_ARN, WEB_TOKEN, Issuer
from harness.upstream import Response

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
FILE, ARN = "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"


def form(request):
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def test_requests_are_signed_with_the_roles_keys(sourced, issuer):
    here = sourced("web identity", lambda request: Response(body=request.read()))
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100_000).body == b"x" * 100_000
    assert here.ask("POST", "/transcribe/", [JSON_TYPE], b"{}").body == b"{}"
    assert [kind for kind, _ in issuer.asked] == ["web identity"]
    assert {request.proof.key for request in here.upstream.requests} == {issuer.newest.key}
    asked = form(issuer.last_asked("web identity"))
    assert asked["WebIdentityToken"] == WEB_TOKEN and asked["RoleArn"] == ROLE_ARN
    assert asked["RoleSessionName"] == "countersign"


@pytest.mark.parametrize("variables, name", [
    ({"AWS_ROLE_SESSION_NAME": "my.session@x"}, "my.session@x"),
    ({"AWS_LAMBDA_FUNCTION_NAME": "voice-memos"}, "voice-memos"),
    ({"AWS_LAMBDA_FUNCTION_NAME": "x"}, "countersign"),
    ({"AWS_LAMBDA_FUNCTION_NAME": "my function"}, "countersign"),
    ({"AWS_LAMBDA_FUNCTION_NAME": "voice-memos", "AWS_ROLE_SESSION_NAME": "mine"}, "mine"),
])
def test_the_sessions_name(sourced, issuer, variables, name):
    assert sourced("web identity", **variables).ask("GET", "/s3/b/k").status == 200
    assert form(issuer.last_asked("web identity"))["RoleSessionName"] == name


def test_the_identity_page(sourced, issuer):
    page = json.loads(sourced("web identity").ask("GET", "/-/identity").text)
    assert page["source"] == "web identity" and page["warnings"] == []
    assert page["arn"] == "arn:aws:sts::123456789012:assumed-role/worker/the-session"
    assert page["role"] == "arn:aws:iam::123456789012:role/worker"
    assert page["session"] == "the-session" and page["expires"] == issuer.newest.expiration.replace("Z", ".000Z")


def test_sts_is_asked_in_the_region(stage, issuer, web_token, authority, named):
    """Where no endpoint is set: sts.REGION.amazonaws.com by TLS; here that name leads to the issuer's own port."""
    sts = Issuer(authority, host="sts.eu-central-1.amazonaws.com")
    names = {"sts.eu-central-1.amazonaws.com": "127.0.0.1"}
    here = stage(**{**sts.web_identity(web_token), "COUNTERSIGN_ENDPOINT": None, "COUNTERSIGN_AUTH": "none",
                    "COUNTERSIGN_ENDPOINT_STS": None, "COUNTERSIGN_ENDPOINT_S3": None,
                    "AWS_REGION": "eu-central-1", **named(names, sts.port)})
    page = json.loads(here.ask("GET", "/-/identity").text)
    assert page["source"] == "web identity", page
    assert sts.last_asked("web identity").all("host") == [b"sts.eu-central-1.amazonaws.com"]
    sts.close()


def test_the_file_is_read_each_time(sourced, issuer, web_token, wall):
    here = sourced("web identity")
    assert here.ask("GET", "/s3/b/k").status == 200
    web_token.write_text("rotated.token.value\n")
    wall.move(hours=2)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert form(issuer.last_asked("web identity"))["WebIdentityToken"] == "rotated.token.value"
    assert here.last.proof.key == issuer.newest.key and issuer.count() == 2


def test_a_long_token(sourced, issuer, web_token):
    web_token.write_text("t" * 20_000)
    assert sourced("web identity").ask("GET", "/s3/b/k").status == 200
    assert form(issuer.last_asked("web identity"))["WebIdentityToken"] == "t" * 20_000


@pytest.mark.parametrize("text", [None, "", "\n", "a\nb", "a\0b", "x" * 30_000],
                         ids=["missing", "empty", "line feed", "two lines", "NUL", "too long"])
def test_a_file_without_a_token(sourced, issuer, web_token, text):
    web_token.unlink() if text is None else web_token.write_text(text)
    answer = sourced("web identity").ask("POST", "/transcribe/", [JSON_TYPE], b"{}")
    assert answer.outcome == (503, "NoCredentials") and json.loads(answer.text)["__type"] == "NoCredentials"
    assert web_token.name in answer.text and issuer.count() == 0


@pytest.mark.parametrize("code", ["InvalidIdentityToken", "AccessDenied", "ExpiredTokenException"])
def test_a_refusal_is_told_with_its_code_and_what_to_do(sourced, issuer, code):
    body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>secret {WEB_TOKEN}</Message></Error>"
    issuer.script += [Response(403, (body + "</ErrorResponse>").encode())]
    answer = sourced("web identity").ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and "<Code>NoCredentials</Code>" in answer.text
    assert f"403 {code}" in answer.text and ARN in answer.text and WEB_TOKEN not in answer.text
    assert issuer.count() == 1


def test_without_a_region_sts_cannot_be_found(sourced, issuer):
    here = sourced("web identity", AWS_REGION=None)
    answer = here.ask("GET", "/s3.us-east-1/b/k")
    assert answer.outcome == (503, "NoCredentials") and "AWS_REGION" in answer.text and issuer.count() == 0


def check(run, env):
    proxy = run(env, args=["--check"], wait=False)
    proxy.process.wait(20)
    return proxy.stop(), proxy.text()


@pytest.mark.parametrize("changes, variable", [
    ({ARN: None}, FILE), ({ARN: ""}, FILE), ({ARN: "worker"}, ARN), ({ARN: "arn:aws:iam::1:role/x"}, ARN),
    ({ARN: "arn:aws:iam::123456789012:user/x"}, ARN), ({ARN: "arn:aws:iam::123456789012:role/"}, ARN),
    ({ARN: ROLE_ARN + "\n"}, ARN), ({ARN: "arn:aws:sts::123456789012:assumed-role/x/y"}, ARN),
    ({"AWS_ROLE_SESSION_NAME": "a b"}, "AWS_ROLE_SESSION_NAME"),
    ({"AWS_ROLE_SESSION_NAME": "a"}, "AWS_ROLE_SESSION_NAME"),
    ({"AWS_ROLE_SESSION_NAME": "a" * 65}, "AWS_ROLE_SESSION_NAME"),
])
def test_settings_that_cannot_work(run, sources, changes, variable):
    status, text = check(run, {**sources["web identity"], **changes})
    assert status == 2 and variable in text and len(text.strip().splitlines()) == 1, text


@pytest.mark.parametrize("arn", [ROLE_ARN, "arn:aws-cn:iam::123456789012:role/x",
                                 "arn:aws-us-gov:iam::123456789012:role/a/b"])
def test_arns_of_every_partition(run, sources, arn):
    status, text = check(run, {**sources["web identity"], ARN: arn})
    assert status == 0 and "web identity" in text, text


def test_a_role_without_a_token_file_is_the_sdks_concern(run, sources):
    """AWS_ROLE_ARN alone says nothing: it stands in many profiles' environments."""
    status, text = check(run, {**sources["container"], ARN: "whatever"})
    assert status == 0 and "container endpoint" in text


def test_the_wait_is_one_for_many(sourced, issuer):
    here = sourced("web identity")
    issuer.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(here.ask, "GET", "/s3/b/k") for _ in range(20)]
        assert wait_until(lambda: issuer.count() == 1)
        issuer.gate.set()
        assert [each.result().status for each in answers] == [200] * 20
    assert issuer.count() == 1
