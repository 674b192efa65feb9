"""Keys from a container's endpoint, as SnapStart, ECS and EKS have them."""

import json
import os

import pytest
from harness.authority import Authority
from harness.client import ask, wait_until
from harness.issuer import CONTAINER_PATH, CONTAINER_TOKEN, NO_KEYS, ROLE_ARN, Issuer
from harness.namespace import in_namespace
from harness.proxy import ROLE, Proxy
from harness.upstream import Response, Upstream

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
FULL, RELATIVE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"


def keys_used(here):
    return [request.proof.key for request in here.upstream.requests]


# --- the whole path

def test_requests_are_signed_with_the_endpoints_keys(sourced, issuer):
    here = sourced("container", lambda request: Response(body=request.method.encode() + request.read()))
    assert here.ask("GET", "/s3/b/k").body == b"GET"
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100).body == b"PUT" + b"x" * 100
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 300_000).body == b"PUT" + b"x" * 300_000
    assert here.ask("POST", "/transcribe/", [JSON_TYPE], b"{}").body == b"POST{}"
    assert issuer.count() == 1
    assert keys_used(here) == [issuer.newest.key] * 4
    assert {request.header("x-amz-security-token") for request in here.upstream.requests} == {issuer.newest.token}


@pytest.mark.parametrize("method, target, headers, body", [
    ("PUT", "/s3/b/k", [], b"x" * 100),
    ("PUT", "/s3/b/k", [], b"x" * 3_000_000),
    ("PUT", "/s3/b/k", [("Expect", "100-continue")], b"x" * 100),
    ("PUT", "/s3/b/k", [("Transfer-Encoding", "chunked")], [b"5\r\nhello\r\n", b"0\r\n\r\n"]),
    ("POST", "/transcribe/", [JSON_TYPE], b"{}"),
    ("POST", "/transcribe/", [JSON_TYPE], b" " * 200_000),
    ("POST", "/transcribe/", [JSON_TYPE, ("Transfer-Encoding", "chunked")], [b"2\r\n{}\r\n", b"0\r\n\r\n"]),
], ids=["short PUT", "long PUT", "expecting PUT", "chunked PUT", "short POST", "long POST", "chunked POST"])
@pytest.mark.parametrize("ahead", [True, False], ids=["body at once", "body later"])
def test_a_body_survives_the_wait_for_the_first_keys(sourced, issuer, method, target, headers, body, ahead):
    here = sourced("container", lambda request: Response(body=request.read()))
    issuer.gate.clear()
    with here.client() as client:
        headers = headers + [("Content-Length", len(body))] * isinstance(body, bytes)
        pieces = [body] if isinstance(body, bytes) else body
        head = client.head(method, target, headers).encode()
        whole = b"".join(pieces)
        sent = len(whole[:65536]) if ahead else 0
        client.send(head + whole[:sent])
        assert wait_until(lambda: issuer.count() == 1)
        issuer.gate.set()
        client.send(whole[sent:])
        answer = client.answer()
    assert answer.status == 200
    assert answer.body == (body if isinstance(body, bytes) else body[0].split(b"\r\n")[1])
    assert issuer.count() == 1 and len(here.upstream.requests) == 1


def test_the_endpoint_is_asked_as_it_expects(sourced, issuer):
    sourced("container").ask("GET", "/s3/b/k")
    asked = issuer.last_asked("container")
    assert (asked.method, asked.path) == ("GET", CONTAINER_PATH)
    assert asked.header("authorization") == CONTAINER_TOKEN
    assert asked.all("host") == [issuer.authority_name.encode()]


def test_the_identity_page(sourced, issuer):
    here = sourced("container")
    page = json.loads(here.ask("GET", "/-/identity").text)
    assert page["source"] == "container endpoint" and page["role"] == ROLE_ARN
    assert page["expires"] == issuer.newest.expiration.replace("Z", ".000Z")
    assert page["kind"].startswith("temporary") and page["warnings"] == [] and page["session"] is None
    assert issuer.newest.key not in json.dumps(page) and issuer.newest.key[-4:] in page["accessKeyId"]
    assert not here.upstream.requests


def test_the_identity_page_without_an_endpoint_that_answers(sourced, issuer):
    issuer.script += [Response(404)]
    page = json.loads(sourced("container").ask("GET", "/-/identity").text)
    assert page["source"] is None and page["warnings"][0]["code"] == "NoCredentials"


def test_nothing_is_asked_before_a_request_needs_it(sourced, issuer):
    here = sourced("container")
    assert here.ask("GET", "/-/health").status == here.ask("GET", "/-/metrics").status == 200
    assert issuer.count() == 0


def test_an_endpoint_behind_tls(sourced, authority):
    """https: any host will do, and its certificate is looked at."""
    issuer = Issuer(authority)
    here = sourced("container", **issuer.container())
    here.upstream.role = [issuer.give().variables]
    issuer.same = True
    assert here.ask("GET", "/s3/b/k").status == 200 and issuer.count("container") == 1
    issuer.close()


def test_an_endpoint_behind_tls_that_is_not_trusted(sourced, authority, tmp_path):
    issuer = Issuer(Authority(tmp_path / "other"))
    here = sourced("container", **issuer.container())
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and "certificate" in answer.text
    assert issuer.count() == 0
    issuer.close()


def test_an_endpoint_on_ipv6(sourced):
    issuer = Issuer(host="::1", address="::1")
    issuer.same = True
    here = sourced("container", **issuer.container())
    here.upstream.role = [issuer.give().variables]
    assert here.ask("GET", "/s3/b/k").status == 200
    assert issuer.last_asked("container").all("host") == [f"[::1]:{issuer.port}".encode()]
    issuer.close()


def test_a_path_with_a_query(sourced, issuer):
    here = sourced("container", **{FULL: issuer.url + "/a/b?x=1&y=%20"})
    assert here.ask("GET", "/s3/b/k").status == 200
    assert issuer.last_asked("container").target == b"/a/b?x=1&y=%20"


def test_an_address_without_a_path(sourced, issuer):
    here = sourced("container", **{FULL: issuer.url})
    assert here.ask("GET", "/s3/b/k").status == 200
    assert issuer.last_asked("container").target == b"/"


# --- the token

def test_without_a_token_none_is_shown(sourced, issuer):
    issuer.container_token = None
    here = sourced("container", **{TOKEN: None})
    assert here.ask("GET", "/s3/b/k").status == 200
    assert not issuer.last_asked("container").all("authorization")


def test_the_file_goes_before_the_variable_and_is_read_each_time(sourced, issuer, wall, tmp_path):
    file = tmp_path / "token"
    file.write_text("first")
    issuer.container_token = "first"
    here = sourced("container", **{TOKEN_FILE: file})
    assert here.ask("GET", "/s3/b/k").status == 200
    file.write_text("second")
    issuer.container_token = "second"
    wall.move(hours=2)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert issuer.count() == 2
    assert keys_used(here) == [each.key for each in issuer.issued]


@pytest.mark.parametrize("text", ["the-token\n", "the-token\r\n", "the-token\n\n", "the-token"])
def test_line_feeds_at_a_files_end_are_no_part_of_the_token(sourced, issuer, tmp_path, text):
    file = tmp_path / "token"
    file.write_bytes(text.encode())
    issuer.container_token = "the-token"
    assert sourced("container", **{TOKEN_FILE: file}).ask("GET", "/s3/b/k").status == 200


def test_a_token_as_long_as_they_come(sourced, issuer, tmp_path):
    issuer.container_token = "t" * 12_000
    (tmp_path / "token").write_text(issuer.container_token)
    assert sourced("container", **{TOKEN_FILE: tmp_path / "token"}).ask("GET", "/s3/b/k").status == 200


def make_missing(path):
    pass


def make_directory(path):
    path.mkdir()


def make_fifo(path):
    os.mkfifo(path)


@pytest.mark.parametrize("make", [
    make_missing, make_directory, make_fifo,
    lambda path: path.write_text(""), lambda path: path.write_text("\n"),
    lambda path: path.write_bytes(b"a\r\nX-Evil: 1\r\n"), lambda path: path.write_bytes(b"a\0b"),
    lambda path: path.write_bytes(b"t\xc3\xb6ken"), lambda path: path.write_text("x" * 70_000),
], ids=["missing", "directory", "fifo", "empty", "line feed", "two lines", "NUL", "not ASCII", "too long"])
def test_a_file_without_a_token(sourced, issuer, tmp_path, make):
    make(tmp_path / "the-file")
    here = sourced("container", **{TOKEN_FILE: tmp_path / "the-file"})
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials")
    assert "the-file" in answer.text and issuer.count() == 0 and not here.upstream.requests


def test_a_file_that_comes_later(sourced, issuer, wall, tmp_path):
    here = sourced("container", **{TOKEN_FILE: tmp_path / "token"})
    assert here.ask("GET", "/s3/b/k").outcome == (503, "NoCredentials")
    (tmp_path / "token").write_text(CONTAINER_TOKEN)
    wall.move(seconds=2)
    assert here.ask("GET", "/s3/b/k").status == 200


def test_a_wrong_token(sourced, issuer):
    issuer.container_token = "another"
    answer = sourced("container").ask("GET", "/s3/b/k")
    assert answer.outcome == (503, "NoCredentials") and "404" in answer.text and TOKEN in answer.text
    assert "AccessDenied" in answer.text and "as Lambda says" not in answer.text
    assert issuer.count() == 1, "a refusal is no stumble: it is not asked again at once"


# --- which source

def test_keys_in_the_environment_go_before(sourced, issuer, web_token):
    static = {name: ROLE[name] for name in NO_KEYS}
    here = sourced("container", **{**issuer.web_identity(web_token), **issuer.instance(), **static})
    assert here.ask("GET", "/s3/b/k").status == 200
    assert keys_used(here) == [static["AWS_ACCESS_KEY_ID"]] and issuer.count() == 0


def test_web_identity_goes_before_the_container(sourced, issuer, web_token):
    here = sourced("container", **{**issuer.web_identity(web_token), **issuer.instance()})
    assert here.ask("GET", "/s3/b/k").status == 200
    assert [kind for kind, _ in issuer.asked] == ["web identity"]


def test_the_container_goes_before_the_instance(sourced, issuer):
    here = sourced("container", **issuer.instance())
    assert here.ask("GET", "/s3/b/k").status == 200
    assert [kind for kind, _ in issuer.asked] == ["container"]


def test_the_relative_address_is_that_of_ecs(wall, tmp_path):
    """And it goes before the full one."""
    def work():
        issuer = Issuer(address="169.254.170.2", port=80)
        unused = Issuer()
        issuer.same = True
        upstream = Upstream(role=[issuer.give().variables])
        environment = {**unused.container(), RELATIVE: "/v2/credentials/0-1-2?x=y", TOKEN: None,
                       "COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_AUTH": "none",
                       "COUNTERSIGN_LISTEN": "127.0.0.1:0"}
        issuer.container_token = None
        with Proxy(environment) as proxy:
            assert ask(proxy.port, "GET", "/s3/b/k").status == 200
        asked = issuer.last_asked("container")
        assert asked.target == b"/v2/credentials/0-1-2?x=y" and asked.all("host") == [b"169.254.170.2"]
        assert unused.count() == 0
        for server in (issuer, unused, upstream):
            server.close()

    in_namespace(["169.254.170.2"], work)


# --- which hosts

def finished(run, **env):
    """(exit status, output) of --check in that environment."""
    proxy = run({**NO_KEYS, **env}, args=["--check"], wait=False)
    return proxy.process.wait(20), (proxy.stop(), proxy.text())[1]


@pytest.mark.parametrize("host", [
    "127.0.0.1", "127.0.0.1:9001", "127.255.255.254", "127.1.2.3", "localhost", "LOCALHOST:1234", "[::1]", "[::1]:80",
    "169.254.170.2", "169.254.170.23", "169.254.0.1:80", "[fe80::1]", "[febf::1]:80", "[fd00:ec2::23]",
    "[FD00:EC2:0::23]:80",
])
@pytest.mark.parametrize("scheme", ["http", "https", "HTTP"])
def test_hosts_to_which_a_token_may_go_plainly(run, host, scheme):
    status, text = finished(run, **{FULL: f"{scheme}://{host}/creds"})
    assert status == 0, text
    assert "container endpoint" in text


@pytest.mark.parametrize("host", [
    "10.0.0.1", "192.168.1.1", "172.16.0.1", "example.com", "8.8.8.8", "169.254.170.2.evil.example",
    "169.253.170.2", "169.255.0.1", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.256", "127.1",
    "2130706433", "0x7f000001", "0.0.0.0", "169.254.1", "[::]", "[fec0::1]", "[fd00:ec2::24]", "[fd00:ec2::254]",
    "[::ffff:10.0.0.1]", "[2001:db8::1]", "localhost.", "xlocalhost", "metadata.google.internal",
])
def test_hosts_to_which_no_token_may_go_plainly(run, host):
    status, text = finished(run, **{FULL: f"http://{host}/creds"})
    assert status == 2 and one_line(text).count(FULL) == 1, text
    status, text = finished(run, **{FULL: f"https://{host}/creds"})
    assert status == 0, text


@pytest.mark.parametrize("url", [
    "http://user@127.0.0.1/", "http://user:password@127.0.0.1/", "http://127.0.0.1@evil.example/",
    "http://127.0.0.1:80@evil.example/", "https://user:password@example.com/", "http://127.0.0.1\\@evil.example/",
    "http://127.0.0.1#@evil.example/", "http://127.0.0.1?@evil.example/", "http://evil.example#.127.0.0.1/",
    "ftp://127.0.0.1/", "127.0.0.1/creds", "/creds", "http://", "http:///creds", "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://[::1/", "http://::1/", "http://127.0.0.1 /",
    "http://127.0.0.1/a b", "http://127.0.0.1/a\r\nX-Evil: 1", "http://127.0.0.1/a\tb", "http://127.0.0.1/\x7f",
    "http://127.0.0.1/\u00e4", "http://127.0.0.1/a#b", "http://[fe80::1%25eth0]/",
])
def test_addresses_that_are_none(run, url):
    status, text = finished(run, **{FULL: url})
    assert status == 2 and one_line(text).count(FULL) == 1, text
    assert "password" not in text


@pytest.mark.parametrize("path", ["creds", "http://127.0.0.1/", "//[", "/a b", "/a\r\nX-Evil: 1", "@evil.example/",
                                  "/\u00e4", "/a#b"])
def test_relative_addresses_that_are_none(run, path):
    status, text = finished(run, **{RELATIVE: path})
    if path == "//[":
        assert status == 0, "it is a path all the same: the host stays ECS's"
    else:
        assert status == 2 and one_line(text).count(RELATIVE) == 1, text


@pytest.mark.parametrize("token", ["0a 1b", "0a\n", "0a\r\nX-Evil: 1", "0a\u00f6ken", "0a\t1b"])
def test_a_token_that_can_be_none(run, token):
    status, text = finished(run, **{FULL: "http://127.0.0.1/", TOKEN: token})
    assert status == 2 and TOKEN in one_line(text) and "0a" not in text


def test_empty_variables_are_not_set(run):
    status, text = finished(run, **{FULL: "", RELATIVE: "", TOKEN: "", TOKEN_FILE: ""})
    assert status == 0 and "none" in text


def one_line(text):
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]
