"""Keys from EC2's metadata service, version 2."""

import json

import pytest
from harness.issuer import IMDS_LIST, IMDS_ROLE, IMDS_TOKEN, NO_KEYS, Issuer
from harness.namespace import in_namespace
from harness.client import ask
from harness.proxy import Proxy
from harness.upstream import Response, Upstream

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
STEPS = ["instance token", "instance role", "instance keys"]
ENDPOINT, MODE, OFF = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                       "AWS_EC2_METADATA_DISABLED")


def test_requests_are_signed_with_the_profiles_keys(sourced, issuer):
    here = sourced("instance", lambda request: Response(body=request.read()))
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100_000).body == b"x" * 100_000
    assert here.ask("POST", "/transcribe/", [JSON_TYPE], b"{}").body == b"{}"
    assert [kind for kind, _ in issuer.asked] == STEPS
    assert {request.proof.key for request in here.upstream.requests} == {issuer.newest.key}
    assert issuer.last_asked("instance keys").path == IMDS_LIST + IMDS_ROLE


def test_the_identity_page(sourced, issuer):
    page = json.loads(sourced("instance").ask("GET", "/-/identity").text)
    assert page["source"] == "instance metadata" and page["role"] is None
    assert page["expires"] == issuer.newest.expiration.replace("Z", ".000Z")


def test_every_renewal_takes_a_new_token(sourced, issuer, wall):
    here = sourced("instance")
    assert here.ask("GET", "/s3/b/k").status == 200
    wall.move(hours=2)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert [kind for kind, _ in issuer.asked] == STEPS * 2


def test_the_first_of_several_roles(sourced, issuer):
    """There is one; the list ends in a line feed or not."""
    issuer.script += [None, Response(200, f"{IMDS_ROLE}\nanother\n".encode())]
    assert sourced("instance").ask("GET", "/s3/b/k").status == 200
    assert issuer.last_asked("instance keys").path == IMDS_LIST + IMDS_ROLE


@pytest.mark.parametrize("step", range(3))
def test_a_stumble_at_each_step(sourced, issuer, step):
    issuer.script += [None] * step + [Response(503), Response(500)]
    assert sourced("instance").ask("GET", "/s3/b/k").status == 200
    assert [kind for kind, _ in issuer.asked] == STEPS[:step] + [STEPS[step]] * 2 + STEPS[step:]


@pytest.mark.parametrize("step, status, words", [
    (0, 403, "switched on"), (0, 404, "switched on"), (1, 404, "instance profile"), (1, 401, "instance profile"),
    (2, 404, "instance profile"),
])
def test_a_refusal_at_each_step(sourced, issuer, step, status, words):
    issuer.script += [None] * step + [Response(status, b"<html><Code>no code &lt;</Code></html>")]
    answer = sourced("instance").ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and f"{status}:" in answer.text and words in answer.text
    assert issuer.count() == step + 1 and IMDS_TOKEN not in answer.text


@pytest.mark.parametrize("step, body", [
    (0, b""), (0, b"a b"), (0, b"t\xff"), (0, b"t" * 300), (0, b"\r\nX-Evil: 1"), (0, b"a\0b"),
    (1, b""), (1, b"\n"), (1, b"a b"), (1, b"r" * 300), (1, b"a\x01b"), (1, b"r\xc3\xb6le"), (1, b"../user-data"),
    (2, b""), (2, b"{}"), (2, b"[]"), (2, b"null"), (2, b'{"Code":"Failed"}'), (2, b"{"),
    (2, b'{"AccessKeyId":"ASIA1","SecretAccessKey":"s"}'),
    (2, b'{"AccessKeyId":"ASIA1","SecretAccessKey":"s","Token":""}'),
    (2, b'{"AccessKeyId":"ASIA1\\r\\nX-Evil: 1","SecretAccessKey":"s","Token":"t"}'),
    (2, b'{"AccessKeyId":1,"SecretAccessKey":"s","Token":"t"}'),
])
def test_an_answer_that_cannot_be_used(sourced, issuer, step, body):
    issuer.script += [None] * step + [Response(200, body)]
    here = sourced("instance")
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and "instance metadata" in answer.text
    assert issuer.count() == step + 1 and not here.upstream.requests


def test_in_lambda_there_is_no_instance(run, sources, issuer):
    proxy = run({**sources["instance"], "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}, args=["--check"], wait=False)
    proxy.process.wait(20)
    proxy.stop()
    assert "instance" not in proxy.text() and issuer.count() == 0


def check(run, **env):
    proxy = run({**NO_KEYS, OFF: None, **env}, args=["--check"], wait=False)
    proxy.process.wait(20)
    return proxy.stop(), proxy.text()


@pytest.mark.parametrize("value, source", [
    (None, "instance metadata"), ("", "instance metadata"), ("false", "instance metadata"), ("true", "none"),
    ("TRUE", "none"), ("True", "none"),
])
def test_it_can_be_switched_off(run, value, source):
    status, text = check(run, **{OFF: value})
    assert status == 0 and text.strip().endswith(source)


@pytest.mark.parametrize("env, variable", [
    ({ENDPOINT: "nonsense"}, ENDPOINT), ({ENDPOINT: "http://127.0.0.1/path"}, ENDPOINT),
    ({ENDPOINT: "http://user:password@127.0.0.1"}, ENDPOINT), ({MODE: "IPv5"}, MODE),
])
def test_settings_that_cannot_work(run, env, variable):
    status, text = check(run, **env)
    assert status == 2 and variable in text and len(text.strip().splitlines()) == 1 and "password" not in text


def test_its_own_address(wall):
    def work():
        issuer = Issuer(address="169.254.169.254", port=80)
        issuer.same = True
        upstream = Upstream(role=[issuer.give().variables])
        environment = {**issuer.instance(), ENDPOINT: None, "COUNTERSIGN_ENDPOINT": upstream.url,
                       "COUNTERSIGN_AUTH": "none", "COUNTERSIGN_LISTEN": "127.0.0.1:0"}
        with Proxy(environment) as proxy:
            assert ask(proxy.port, "GET", "/s3/b/k").status == 200
        assert [kind for kind, _ in issuer.asked] == STEPS
        assert issuer.last_asked("instance keys").all("host") == [b"169.254.169.254"]
        issuer.close()
        upstream.close()

    in_namespace(["169.254.169.254"], work)


def test_an_instance_that_is_none(sourced, issuer):
    """Nobody listens: an error after a few tries, not a hang."""
    issuer.close()
    answer = sourced("instance").ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and "instance metadata" in answer.text
