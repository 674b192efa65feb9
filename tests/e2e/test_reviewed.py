"""Mistakes that were found by reading the program as an attacker or a tired operator would; each stays found."""

import base64
import socket
import threading
import time

import pytest
from harness.client import wait_until
from harness.proxy import ROLE, TOKEN, Proxy
from harness.upstream import Response

BASIC = ("Authorization", "Basic " + base64.b64encode(f"x:{TOKEN}".encode()).decode())


# --- who may use it

@pytest.mark.parametrize("header", [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")])
def test_a_browser_does_not_lend_its_password_to_another_site(stage, header):
    """Basic goes along by itself once a person has typed it; the token header does not."""
    here = stage()
    form = ("Content-Type", "application/x-www-form-urlencoded")
    answer = here.ask("POST", "/sns/", [BASIC, form, header], b"Action=ListTopics", token=False)
    assert answer.outcome == (403, "HostNotAllowed") and not here.upstream.requests
    assert here.ask("GET", "/s3/b/k", [header]).status == 200


def forged(port):
    """A body that a signature of nobody's is to cover: ten mebibytes promised, one byte sent."""
    wire = socket.create_connection(("127.0.0.1", port), timeout=10)
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{ROLE['AWS_ACCESS_KEY_ID']}/{now[:8]}/us-east-1/transcribe/aws4_request"
    wire.sendall((
        f"POST /transcribe/ HTTP/1.1\r\nHost: localhost\r\nX-Amz-Date: {now}\r\nContent-Length: 10485760\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
        f"Signature={'0' * 64}\r\n\r\nx").encode())
    return wire


def test_strangers_cannot_use_up_the_room_for_bodies(stage):
    here = stage()
    wires = [forged(here.port) for _ in range(8)]
    try:
        assert here.ask("PUT", "/s3/b/k", [], b"hello").status == 200
        assert here.ask("POST", "/transcribe/", [], b"{}").status == 200
    finally:
        for wire in wires:
            wire.close()


@pytest.mark.parametrize("host", [
    "vpce-svc-0123.us-east-1.vpce.amazonaws.com", "vpce-0abc-xyz.us-east-1.vpce.amazonaws.com",
    ".s3.amazonaws.com", "a..s3.amazonaws.com"])
def test_hosts_that_anybody_can_own_or_nobody_can_read(stage, host):
    here = stage()
    assert here.ask("GET", "/b/k", host=host).status in (400, 403)
    assert not here.upstream.requests


# --- what reaches S3

@pytest.mark.parametrize("headers", [
    [("Content-Encoding", "aws-chunked")],
    [("Content-Encoding", "gzip,aws-chunked"), ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")],
    [("X-Amz-Decoded-Content-Length", "5")],
    [("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")]])
def test_an_envelope_of_chunks_is_never_stored_as_the_object(stage, headers):
    here = stage()
    answer = here.ask("PUT", "/s3/b/k", headers, b"5\r\nhello\r\n0\r\n\r\n")
    assert answer.outcome == (400, "BadRequest") and not here.upstream.requests


# --- the start

@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
@pytest.mark.parametrize("odd", ["\n", "\r\nX-Evil: 1", " ", "\x7f", "\u00fc"])
def test_a_byte_that_no_key_has(name, odd):
    proxy = Proxy({name: ROLE[name] + odd}, wait=False)
    assert proxy.process.wait(20) == 2
    proxy.stop()
    assert name in proxy.text() and "not shown" in proxy.text() and ROLE[name] not in proxy.text()


@pytest.mark.parametrize("first, second", [("S3", "s3"), ("CE", "COST_EXPLORER"), ("NEW_ONE", "new-one")])
def test_two_endpoints_for_one_service(first, second):
    proxy = Proxy({f"COUNTERSIGN_ENDPOINT_{first}": "http://127.0.0.1:1",
                   f"COUNTERSIGN_ENDPOINT_{second}": "http://127.0.0.1:2"}, wait=False)
    assert proxy.process.wait(20) == 2
    proxy.stop()
    assert "second time" in proxy.text()


@pytest.mark.parametrize("host", ["localhost", "127.1", "0.0.0.0", "2130706433", "[::ffff:127.0.0.1]", "[::1]"])
def test_an_endpoint_that_is_the_proxy_itself(host):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    proxy = Proxy({"COUNTERSIGN_LISTEN": f"localhost:0,127.0.0.1:{port}",
                   "COUNTERSIGN_ENDPOINT": f"http://{host}:{port}"}, wait=False)
    assert proxy.process.wait(20) == 2
    proxy.stop()
    assert "circle" in proxy.text()


# --- connections

def test_a_request_sent_again_is_not_starved(stage):
    """One connection in all: it dies under a request, whose second try must not wait behind idle ones."""
    def handler(request):
        if request.target.endswith(b"dies") and not getattr(handler, "died", False):
            handler.died = True
            request.wire.close()
            return None
        return Response(body=b"ok")

    here = stage(handler, COUNTERSIGN_MAX_UPSTREAM="1")
    assert here.ask("GET", "/s3/b/first").status == 200
    results = []
    asks = [threading.Thread(target=lambda key=key: results.append(here.ask("GET", f"/s3/b/{key}").status))
            for key in ("dies", "a", "b", "c")]
    for ask in asks:
        ask.start()
    assert wait_until(lambda: len(results) == 4)
    for ask in asks:
        ask.join()
    assert results == [200] * 4
