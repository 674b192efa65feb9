"""The command line, the environment, and the addresses on which it listens."""

import os
import re
import signal
import socket

import pytest
from harness.client import Client, ask, wait_until
from harness.proxy import ROLE, TOKEN
from harness.upstream import Upstream

SECRETS = (ROLE["AWS_SECRET_ACCESS_KEY"], TOKEN)


def finished(proxy, timeout=20):
    """(exit status, what it printed) of a program that ends by itself."""
    proxy.process.wait(timeout)
    return proxy.stop(), proxy.text()


def check(run, env=None):
    return finished(run(env, args=["--check"], wait=False))


# --- the command line

def test_help(run):
    status, text = finished(run(args=["--help"], wait=False))
    assert status == 0 and "COUNTERSIGN_LISTEN" in text and "--check" in text


def test_version(run):
    status, text = finished(run(args=["--version"], wait=False))
    assert status == 0 and re.search(r"countersign \S*\d", text) and len(text.splitlines()) == 1


@pytest.mark.parametrize("args", [["--nonsense"], ["serve"], ["--check", "extra"], ["-x"]])
def test_an_unknown_argument(run, args):
    status, text = finished(run(args=args, wait=False))
    assert status == 2 and "--help" in text


@pytest.mark.parametrize("args", [["--help"], ["--version"]])
def test_help_does_not_need_a_configuration(run, args):
    assert finished(run({"COUNTERSIGN_LISTEN": "nonsense"}, args=args, wait=False))[0] == 0


def test_check_shows_what_is_in_force(run):
    status, text = check(run, {"COUNTERSIGN_MAX_BODY": 12345,
                               "COUNTERSIGN_ENDPOINT_S3": "http://storage.example:9000"})
    assert status == 0
    assert "12345" in text and "storage.example:9000" in text and "COUNTERSIGN_LISTEN" in text
    assert not [secret for secret in SECRETS if secret in text]


def test_check_listens_to_nothing(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        status, text = check(run, {"COUNTERSIGN_LISTEN": f"localhost:{listener.getsockname()[1]}"})
    assert status == 0 and "listening on" not in text


def test_check_without_credentials(run):
    assert check(run, {name: None for name in ROLE})[0] == 0


# --- names of variables

@pytest.mark.parametrize("name, nearest", [
    ("COUNTERSIGN_LISTN", "COUNTERSIGN_LISTEN"), ("COUNTERSIGN_MAXBODY", "COUNTERSIGN_MAX_BODY"),
    ("COUNTERSIGN_LOGLEVEL", "COUNTERSIGN_LOG_LEVEL"), ("COUNTERSIGN_TIMEOUT", "COUNTERSIGN_TIMEOUT_MS"),
    ("COUNTERSIGN_AUTHS", "COUNTERSIGN_AUTH"), ("COUNTERSIGN_HOST", "COUNTERSIGN_HOSTS"),
    ("COUNTERSIGN_listen", "COUNTERSIGN_LISTEN"), ("COUNTERSIGN_ENDPOINTS_S3", "COUNTERSIGN_ENDPOINT"),
])
@pytest.mark.parametrize("args", [[], ["--check"]], ids=["start", "check"])
def test_a_name_that_is_not_on_the_list(run, name, nearest, args):
    status, text = finished(run({name: "1"}, args=args, wait=False))
    assert status == 2
    assert name in text and nearest in text.split("did you mean", 1)[1]


def test_other_variables_are_no_concern_of_its(run):
    assert check(run, {"COUNTERSIGN": "1", "XCOUNTERSIGN_LISTEN": "1",
                       "AWS_ENDPOINT_URL_S3": "http://localhost:2774/s3",
                       "HTTP_PROXY": "http://localhost:2774", "NO_PROXY": "*"})[0] == 0


# --- values

NUMBERS = ["COUNTERSIGN_MAX_BODY", "COUNTERSIGN_MAX_CONNECTIONS", "COUNTERSIGN_MAX_UPSTREAM",
           "COUNTERSIGN_CONNECT_TIMEOUT_MS", "COUNTERSIGN_TIMEOUT_MS", "COUNTERSIGN_IDLE_MS", "COUNTERSIGN_RETRIES"]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["x", "-1", "+5", "1.5", "10k", " 5", "5 ", "0x10", "1e3",
                                   "99999999999999999999999",
                                   "18446744073709551616"])
def test_a_number_that_is_none(run, name, value):
    status, text = check(run, {name: value})
    assert status == 2
    assert name in text and value in text


@pytest.mark.parametrize("name", ["COUNTERSIGN_MAX_CONNECTIONS", "COUNTERSIGN_MAX_UPSTREAM",
                                  "COUNTERSIGN_TIMEOUT_MS",
                                  "COUNTERSIGN_CONNECT_TIMEOUT_MS"])
def test_a_number_that_may_not_be_zero(run, name):
    status, text = check(run, {name: "0"})
    assert status == 2 and name in text


VALUES = [
    ("COUNTERSIGN_AUTH", ["yes", "Token", "off", "token,none"]),
    ("COUNTERSIGN_LISTEN", ["nonsense", ":", "localhost", "localhost:", "localhost:99999", "localhost:-1",
                            "localhost:x",
                            "host.that.does.not.exist.invalid:1", "http://localhost:1", "unix:",
                            "localhost:0,", ",", "::1:0",
                            "[::1:0", "unix:/" + "x" * 200, "2774"]),
    ("COUNTERSIGN_ENDPOINT", ["nonsense", "localhost:9000", "ftp://x", "http://", "https://x:0",
                              "https://x:99999",
                              "http://x/path", "http://user:pass@x", "https://x?query", "http://a b"]),
    ("COUNTERSIGN_ENDPOINT_S3", ["nonsense"]),
    ("COUNTERSIGN_CA_BUNDLE", ["/does/not/exist.pem", "/", "/dev/zero"]),
    ("COUNTERSIGN_LOG_LEVEL", ["loud", "9"]),
    ("COUNTERSIGN_LOG_FORMAT", ["xml"]),
    ("COUNTERSIGN_RETRIES", ["11"]),
    ("COUNTERSIGN_HOSTS", ["a b", "http://x", "a,,b", "a/b"]),
    ("COUNTERSIGN_S3_ADDRESSING", ["both"]),
    ("COUNTERSIGN_DRAIN", ["maybe"]),
    ("COUNTERSIGN_POLICY", ["print"]),
    ("AWS_USE_DUALSTACK_ENDPOINT", ["perhaps"]),
    ("AWS_USE_FIPS_ENDPOINT", ["perhaps"]),
    ("AWS_REGION", ["us east", "../x", "a/b", "x" * 200]),
]


@pytest.mark.parametrize("name, value", [(name, value) for name, values in VALUES for value in values])
def test_a_value_that_is_not_allowed(run, name, value):
    status, text = check(run, {name: value})
    assert status == 2
    assert name in text
    assert len(text.strip().splitlines()) == 1


@pytest.mark.parametrize("name, value", [
    ("COUNTERSIGN_CHECKSUM", "off"), ("COUNTERSIGN_CHECKSUM", "crc32c"), ("COUNTERSIGN_CHECKSUM", "crc64nvme"),
    ("COUNTERSIGN_RETRIES", "0"), ("COUNTERSIGN_RETRIES", "10"), ("COUNTERSIGN_POLICY", "record"), ("COUNTERSIGN_POLICY", "log"),
    ("COUNTERSIGN_ALLOW", "s3:* *"),
    ("COUNTERSIGN_POLICY", "off"), ("COUNTERSIGN_S3_ADDRESSING", "path"),
    ("COUNTERSIGN_S3_ADDRESSING", "virtual"), ("COUNTERSIGN_DRAIN", "off"),
    ("COUNTERSIGN_LOG_LEVEL", "debug"), ("COUNTERSIGN_LOG_LEVEL", "WARN"), ("COUNTERSIGN_LOG_FORMAT", "json"),
    ("COUNTERSIGN_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ("AWS_USE_FIPS_ENDPOINT", "True"), ("AWS_USE_DUALSTACK_ENDPOINT", "false"), ("COUNTERSIGN_MAX_BODY", "1"),
    ("COUNTERSIGN_ENDPOINT", "https://x.example:8443/"), ("COUNTERSIGN_ENDPOINT", "http://[::1]:9000"),
])
def test_a_value_that_is_allowed(run, name, value):
    status, text = check(run, {name: value})
    assert status == 0, text


def test_a_wrong_value_is_refused_at_the_start_too(run):
    status, text = finished(run({"COUNTERSIGN_MAX_BODY": "x"}, wait=False))
    assert status == 2 and "COUNTERSIGN_MAX_BODY" in text and "listening" not in text


def test_a_bundle_that_holds_no_certificate(run, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    pipe = tmp_path / "pipe.pem"
    os.mkfifo(pipe)
    for path in empty, pipe:
        status, text = check(run, {"COUNTERSIGN_CA_BUNDLE": path})
        assert status == 2 and "COUNTERSIGN_CA_BUNDLE" in text


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_roots_from_the_variables_that_others_know(stage, authority, name):
    here = stage(COUNTERSIGN_CA_BUNDLE=None, **{name: authority.bundle})
    assert here.ask("GET", "/s3/b/k").status == 200


def test_without_the_right_roots_the_upstream_is_not_trusted(stage):
    here = stage(COUNTERSIGN_CA_BUNDLE=None)
    assert here.ask("GET", "/s3/b/k").outcome == (502, "UpstreamTls")


# --- listening

def ports(proxy):
    return [int(port) for port in re.findall(r"listening on \S*:(\d+)", proxy.text())]


@pytest.fixture
def upstream(authority):
    with Upstream(authority) as server:
        yield server
        assert not server.refused


def test_localhost(run, upstream):
    proxy = run({"COUNTERSIGN_ENDPOINT": upstream.url})
    assert ask(proxy.port, "GET", "/s3/b/k").status == 200
    assert f"listening on 127.0.0.1:{proxy.port}" in proxy.text()


@pytest.mark.parametrize("listen, address", [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"),
                                             ("127.0.0.5:0", "127.0.0.5")])
def test_one_address(run, upstream, listen, address):
    proxy = run({"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_LISTEN": listen}, wait=False)
    assert wait_until(lambda: ports(proxy))
    with Client(ports(proxy)[0], address) as client:
        host = f"[{address}]" if ":" in address else address
        assert client.ask("GET", "/s3/b/k", host=f"{host}:{ports(proxy)[0]}").status == 200


def test_localhost_is_also_ipv6_at_the_same_port(run, upstream):
    """Some clients try ::1 first and do not fall back."""
    proxy = run({"COUNTERSIGN_ENDPOINT": upstream.url})
    with Client(proxy.port, "::1") as client:
        assert client.ask("GET", "/s3/b/k").status == 200


def test_several_listeners(run, upstream, tmp_path):
    path = tmp_path / "countersign.sock"
    proxy = run({"COUNTERSIGN_ENDPOINT": upstream.url,
                 "COUNTERSIGN_LISTEN": f"127.0.0.1:0,unix:{path},[::1]:0"}, wait=False)
    assert wait_until(lambda: len(ports(proxy)) == 2 and path.exists())
    first, second = ports(proxy)
    for where, address in ((first, "127.0.0.1"), (second, "::1"), (str(path), "")):
        with Client(where, address) as client:
            assert client.ask("GET", "/s3/b/k", host="localhost").status == 200


def test_a_unix_socket(run, upstream, tmp_path):
    path = tmp_path / "countersign.sock"
    for _ in range(2):
        proxy = run({"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_LISTEN": f"unix:{path}"}, wait=False)
        assert wait_until(lambda: f"listening on unix:{path}" in proxy.text())
        with Client(str(path)) as client:
            for _ in range(2):
                assert client.ask("PUT", "/s3/b/k", [], b"body", host="localhost").status == 200
        assert proxy.stop() == 0
        assert not path.exists()


def test_a_unix_socket_that_a_crash_left_behind(run, upstream, tmp_path):
    path = tmp_path / "countersign.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    proxy = run({"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_LISTEN": f"unix:{path}"}, wait=False)
    assert wait_until(lambda: "listening on" in proxy.text())
    with Client(str(path)) as client:
        assert client.ask("GET", "/-/health", host="localhost").status == 200


def test_a_file_in_the_place_of_a_unix_socket_is_left_alone(run, tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text("precious")
    status, text = finished(run({"COUNTERSIGN_LISTEN": f"unix:{path}"}, wait=False))
    assert status in (1, 2) and "COUNTERSIGN_LISTEN" in text
    assert path.read_text() == "precious"


def test_a_port_that_is_taken(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        status, text = finished(run({"COUNTERSIGN_LISTEN": f"localhost:{port}"}, wait=False))
    assert status == 1 and str(port) in text and "in use" in text


def test_a_second_program_at_the_same_port(run):
    first = run()
    status, text = finished(run({"COUNTERSIGN_LISTEN": f"localhost:{first.port}"}, wait=False))
    assert status == 1 and str(first.port) in text
    assert ask(first.port, "GET", "/-/health").status == 200


def test_a_port_is_free_again_after_the_end(run):
    first = run()
    assert ask(first.port, "GET", "/-/health").status == 200
    assert first.stop() == 0
    second = run({"COUNTERSIGN_LISTEN": f"localhost:{first.port}"})
    assert second.port == first.port and ask(second.port, "GET", "/-/health").status == 200


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT"])
def test_signals_end_it_cleanly(run, how):
    assert run().stop(getattr(signal, how)) == 0


@pytest.mark.parametrize("how", ["SIGPIPE", "SIGHUP"])
def test_signals_that_others_die_of(run, how):
    """A closed pipe is an error of one write; SIGHUP may end it, but cleanly or not at all."""
    proxy = run()
    proxy.process.send_signal(getattr(signal, how))
    if how == "SIGPIPE":
        assert ask(proxy.port, "GET", "/-/health").status == 200
