"""What the proxy says where it has no credentials to sign with."""

import pytest
from harness.proxy import ROLE
from harness.upstream import Upstream

NONE = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}
HALVES = [
    NONE,
    {"AWS_SECRET_ACCESS_KEY": None},
    {"AWS_ACCESS_KEY_ID": None},
    {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
    {"AWS_ACCESS_KEY_ID": ""},
    {"AWS_SECRET_ACCESS_KEY": ""},
    {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""},
]


def variables(env):
    return "-".join(name[4:] + ("" if value is None else "=") for name, value in env.items())


@pytest.mark.parametrize("env", HALVES, ids=variables)
@pytest.mark.parametrize("target, mark", [("/s3/b/k", "<Code>NoCredentials</Code>"),
                                          ("/transcribe/", '"NoCredentials"')])
def test_without_credentials_the_program_serves_and_says_so(stage, env, target, mark):
    here = stage(COUNTERSIGN_AUTH="none", **env)
    assert here.ask("GET", "/-/health", token=False).status == 200
    answer = here.ask("GET", target, token=False)
    assert answer.outcome == (503, "NoCredentials") and mark in answer.text
    assert "AWS_ACCESS_KEY_ID" in answer.text or "role" in answer.text
    assert not here.upstream.requests


def test_without_credentials_a_body_is_not_asked_for(stage):
    here = stage(COUNTERSIGN_AUTH="none", **NONE)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 1 << 30), ("Expect", "100-continue")],
                            token=False)
        answer = client.answer()
        assert answer.outcome == (503, "NoCredentials") and answer.interim == []


def test_the_containers_token_admits_and_then_the_credentials_are_missing(stage):
    here = stage(**NONE, AWS_CONTAINER_AUTHORIZATION_TOKEN="container")
    assert here.ask("GET", "/s3/b/k", token=False).status == 401
    answer = here.ask("GET", "/s3/b/k", [("X-Countersign-Token", "container")], token=False)
    assert answer.outcome == (503, "NoCredentials")


def test_without_any_token_nobody_is_admitted(stage):
    """An empty token is no token: it must not match one that is not there."""
    here = stage(**NONE)
    for headers in ([], [("X-Countersign-Token", "")], [("Authorization", "Basic eDo=")],
                    [("Authorization", "Basic Og==")]):
        answer = here.ask("GET", "/s3/b/k", headers, token=False)
        assert answer.outcome in ((401, "TokenRequired"), (503, "NoCredentials"))
        assert here.ask("GET", "/-/metrics", headers, token=False).status in (401, 503)


@pytest.mark.parametrize("token", [None, ""])
@pytest.mark.parametrize("headers", [
    [], [("X-Countersign-Token", "")], [("Authorization", "Basic eDo=")],
    [("Proxy-Authorization", "Basic Og==")],
    [("Authorization", "Basic ")], [("Authorization", "Basic eA==")],
], ids=lambda headers: headers[0][0] + headers[0][1] if headers else "nothing")
def test_static_keys_have_no_token_that_could_be_shown(stage, token, headers):
    """An IAM user's keys sign, but there is no token: showing an empty one must admit nobody."""
    here = stage(AWS_SESSION_TOKEN=token)
    for target in ("/s3/b/k", "/-/identity"):
        assert here.ask("GET", target, headers, token=False).outcome == (401, "TokenRequired")
    assert not here.upstream.requests


def test_a_session_token_that_is_empty_is_none(stage, authority):
    upstream = Upstream(authority, role={**ROLE, "AWS_SESSION_TOKEN": ""})
    here = stage(upstream=upstream, AWS_SESSION_TOKEN="", COUNTERSIGN_AUTH="none")
    assert here.ask("GET", "/s3/b/k", token=False).status == 200
