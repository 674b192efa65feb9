"""Connections to the upstream: the pool, TLS, and what becomes of each way in which an upstream fails."""

import signal
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.authority import Authority
from harness.client import Client, Cut, free_port, wait_until
from harness.proxy import Proxy
from harness.upstream import Gone, Response, Upstream, mute

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
UNREACHED, UNTRUSTED, CUT = (502, "UpstreamConnect"), (502, "UpstreamTls"), (502, "UpstreamReset")
SILENT, STRANGE = (504, "UpstreamTimeout"), (502, "UpstreamProtocol")


# --- the pool

def test_one_connection_serves_many_clients_in_turn(stage):
    here = stage()
    for _ in range(20):
        assert here.ask("GET", "/s3/b/k").status == 200
    assert len(here.upstream.connections) == 1


def test_few_connections_serve_many_clients_at_once(stage):
    here = stage(lambda request: Response(body=b"x" * 1000))

    def one(_):
        with here.client() as client:
            return [client.ask("GET", "/s3/b/k").status for _ in range(40)]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(16))) == [[200] * 40] * 16
    assert len(here.upstream.connections) <= 16


def test_idle_connections_are_closed_after_a_while(stage):
    here = stage(COUNTERSIGN_IDLE_MS=300)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.upstream.connections[0].closed.wait(20)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert len(here.upstream.connections) == 2


def test_services_at_one_endpoint_share_its_connections(stage):
    here = stage()
    with here.client() as client:
        for target in ("/s3/b/k", "/transcribe/", "/s3.eu-west-1/b/k"):
            assert client.ask("GET", target).status == 200
    assert len(here.upstream.connections) == 1


@pytest.mark.parametrize("response", [
    Response(hang_up=True), Response(hang_up=True, abrupt=True), Response(reset=True), Response(close=True),
], ids=["closed", "cut", "reset", "announced"])
@pytest.mark.parametrize("pause", [0.1, 0])
def test_a_connection_closed_while_idle_is_no_clients_concern(stage, response, pause):
    here = stage(lambda request: response)
    with here.client() as client:
        for number in range(6):
            assert client.ask("GET", "/s3/b/k").status == 200
            time.sleep(pause)
    assert len(here.upstream.connections) == 6


def dies_when_reused(request):
    """The server was gone when the second request of a connection came: no byte of an answer."""
    if len(request.connection.requests) > 1:
        return None
    return Response()


@pytest.mark.parametrize("method, target, headers, body", [
    ("GET", "/s3/b/k", [], None),
    ("HEAD", "/s3/b/k", [], None),
    ("DELETE", "/s3/b/k", [], None),
    ("GET", "/s3/b/k", [("If-None-Match", '"a"'), ("Range", "bytes=0-1")], None),
    ("POST", "/transcribe/", [JSON_TYPE], b"{}"),
], ids=["GET", "HEAD", "DELETE", "conditional GET", "held POST"])
def test_a_dead_pooled_connection_is_replaced_once(stage, method, target, headers, body):
    here = stage(dies_when_reused)
    with here.client() as client:
        assert client.ask("GET", "/s3/first").status == 200
        assert client.ask(method, target, headers, body).status == 200
    assert [request.method for request in here.upstream.requests] == ["GET", method, method]
    assert len(here.upstream.connections) == 2


@pytest.mark.parametrize("headers", [
    [("If-None-Match", "*")], [("If-Match", '"a"')], [("if-match", '"a"')],
    [("If-Unmodified-Since", "Mon, 02 Nov 2026 10:00:00 GMT")], [("x-amz-if-match-size", "4")],
], ids=["if-none-match", "if-match", "lower case", "if-unmodified-since", "x-amz-if-match-size"])
@pytest.mark.parametrize("method, body", [("PUT", b""), ("PUT", b"body"), ("DELETE", None)])
def test_a_conditional_write_is_never_sent_twice(stage, headers, method, body):
    here = stage(dies_when_reused)
    with here.client() as client:
        assert client.ask("GET", "/s3/first").status == 200
        assert client.ask(method, "/s3/b/k", headers, body).outcome == CUT
    assert len(here.upstream.requests) == 2


def test_a_streamed_body_is_never_sent_twice(stage):
    def dies_after_the_body(request):
        if request.connection.requests[0] is request:
            return Response()
        request.drain()
        return None

    here = stage(dies_after_the_body)
    with here.client() as client:
        assert client.ask("GET", "/s3/first").status == 200
        assert client.ask("PUT", "/s3/b/k", [], b"x" * 300_000).outcome == CUT
    assert len(here.upstream.requests) == 2


def test_a_fresh_connection_that_dies_is_not_tried_again(stage):
    here = stage(lambda request: None)
    assert here.ask("PUT", "/s3/b/k", [], b"body").outcome == CUT
    assert len(here.upstream.requests) == 1


@pytest.mark.parametrize("order", ["request first", "end first"])
@pytest.mark.parametrize("headers, body", [
    ([("If-None-Match", "*")], b"body"), ([("If-None-Match", "*")], b"x" * 300_000), ([], b"x" * 300_000),
], ids=["conditional", "conditional and streamed", "streamed"])
def test_a_connection_that_ended_in_a_freeze_is_seen_before_it_is_used(stage, order, headers, body):
    """Lambda freezes the environment, the server hangs up: what cannot be repeated must not be lost by it."""
    here = stage()
    with here.client() as client:
        assert client.ask("GET", "/s3/first").status == 200
        here.proxy.process.send_signal(signal.SIGSTOP)
        steps = [lambda: client.send_request("PUT", "/s3/b/k", headers, body),
                 lambda: (here.upstream.hang_up(), here.upstream.connections[0].closed.wait(20))]
        for step in steps if order == "request first" else reversed(steps):
            step()
        here.proxy.process.send_signal(signal.SIGCONT)
        assert client.answer().status == 200
    assert here.last.body_length == len(body) and len(here.upstream.connections) == 2


# --- connecting

@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_listens(stage, scheme):
    here = stage(COUNTERSIGN_ENDPOINT=f"{scheme}://127.0.0.1:{free_port()}")
    for target, mark in (("/s3/b/k", b"<Error><Code>UpstreamConnect</Code>"), ("/lambda/", b'"UpstreamConnect"'),
                         ("/sns/", b"<ErrorResponse><Error><Type>Sender</Type><Code>UpstreamConnect</Code>"),
                         ("/ec2/", b"<Response><Errors><Error><Code>UpstreamConnect</Code>")):
        answer = here.ask("GET", target)
        assert answer.outcome == UNREACHED and mark in answer.body


def test_a_name_that_does_not_resolve(stage, named):
    here = stage(COUNTERSIGN_ENDPOINT="http://nobody.test:9000", **named({}))
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == UNREACHED and "nobody.test" in answer.text


@pytest.mark.parametrize("addresses", [["::1", "127.0.0.1"], ["127.0.0.2", "127.0.0.3", "127.0.0.1"],
                                       ["127.0.0.1", "::1"]])
def test_all_addresses_are_tried(stage, named, authority, addresses):
    upstream = Upstream(authority, host="storage.test")
    here = stage(upstream=upstream, **named({"storage.test": addresses}))
    for _ in range(3):
        assert here.ask("PUT", "/s3/b/k", [("Connection", "close")], b"body").status == 200


def test_an_upstream_by_ipv6(stage, authority):
    here = stage(upstream=Upstream(authority, host="::1", address="::1"))
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.last.header("host") == f"[::1]:{here.upstream.port}"


def test_a_resolver_that_takes_its_time_holds_nobody_else_up(stage, named, authority):
    with Upstream(authority, host="slow.test") as slow:
        here = stage(COUNTERSIGN_ENDPOINT_SQS=slow.url, **named({"slow.test": ["slow", "127.0.0.1"]}))
        with here.client() as client:
            client.send_request("GET", "/sqs/")
            started = time.monotonic()
            assert here.ask("GET", "/s3/b/k").status == 200
            assert here.ask("GET", "/-/health").status == 200
            elapsed = time.monotonic() - started
            assert client.answer().status == 200
            assert elapsed < 1


def test_a_handshake_that_never_ends(stage):
    """Somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = stage(COUNTERSIGN_ENDPOINT=f"https://127.0.0.1:{listener.getsockname()[1]}",
                     COUNTERSIGN_CONNECT_TIMEOUT_MS=300)
        assert here.ask("GET", "/s3/b/k").outcome in (UNREACHED, UNTRUSTED, SILENT)


# --- TLS

def test_a_certificate_of_another_authority(stage, authority, tmp_path):
    other = Authority(tmp_path / "other")
    here = stage(upstream=Upstream(other))
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == UNTRUSTED
    assert not here.upstream.requests


@pytest.mark.parametrize("host, options", [
    ("other.example", {}),
    ("127.0.0.1", {}),
    ("*.localhost", {}),
    ("localhost", {"days": (-30, -1)}),
    ("localhost", {"days": (1, 30)}),
], ids=["wrong name", "an address for a name", "wildcard", "expired", "not yet"])
def test_a_certificate_that_does_not_hold(stage, authority, host, options):
    context = authority.server_context(host, label=f"wrong-{host.strip('*.')}-{len(options)}", **options)
    here = stage(upstream=Upstream(authority, context=context))
    assert here.ask("PUT", "/s3/b/k", [], b"secret").outcome == UNTRUSTED
    assert not here.upstream.requests


def test_a_certificate_for_an_address(stage, authority):
    here = stage(upstream=Upstream(authority, host="127.0.0.1"))
    assert here.ask("GET", "/s3/b/k").status == 200


def test_an_address_that_the_certificate_does_not_name(stage, authority):
    context = authority.server_context("localhost", "127.0.0.2", label="other-address")
    here = stage(upstream=Upstream(authority, host="127.0.0.1", context=context))
    assert here.ask("GET", "/s3/b/k").outcome == UNTRUSTED


def test_a_plain_server_behind_an_https_endpoint(stage):
    here = stage(tls=False)
    url = here.upstream.url.replace("http:", "https:")
    there = stage(upstream=here.upstream, COUNTERSIGN_ENDPOINT=url)
    assert there.ask("GET", "/s3/b/k").outcome == UNTRUSTED


def test_a_tls_server_behind_an_http_endpoint(stage, authority):
    upstream = Upstream(authority)
    here = stage(upstream=upstream, COUNTERSIGN_ENDPOINT=upstream.url.replace("https:", "http:"))
    assert here.ask("GET", "/s3/b/k").outcome in (STRANGE, CUT)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_of_tls(stage, authority, version):
    context = authority.server_context("localhost", label=f"tls-{version.name}")
    context.minimum_version = context.maximum_version = version
    here = stage(upstream=Upstream(authority, lambda request: Response(body=request.read()), context=context))
    assert here.ask("PUT", "/s3/b/k", [], b"x" * 100_000).body == b"x" * 100_000
    assert here.upstream.connections[0].version == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_version_of_tls_is_refused(stage, authority):
    context = authority.server_context("localhost", label="tls-old")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    here = stage(upstream=Upstream(authority, context=context))
    assert here.ask("GET", "/s3/b/k").outcome == UNTRUSTED


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_sessions_are_resumed(stage, authority, version):
    context = authority.server_context("localhost", label=f"resume-{version.name}")
    context.minimum_version = context.maximum_version = version
    here = stage(upstream=Upstream(authority, lambda request: Response(close=True), context=context))
    for _ in range(4):
        assert here.ask("GET", "/s3/b/k").status == 200
    assert [connection.resumed for connection in here.upstream.connections] == [False, True, True, True]


def test_the_server_name_is_sent(stage, authority):
    context = authority.server_context("localhost", label="named")
    names = []
    context.sni_callback = lambda sock, name, _: names.append(name)
    here = stage(upstream=Upstream(authority, context=context))
    assert here.ask("GET", "/s3/b/k").status == 200
    assert names == ["localhost"]


# --- answers that break off

def write(data, **how):
    """A handler that reads the request, says exactly this and closes."""
    def handler(request):
        request.drain()
        request.wire.send(data)
        request.wire.close(**how)

    return handler


@pytest.mark.parametrize("handler", [
    write(b""), write(b"", reset=True), write(b"", notify=False),
    write(b"HTTP/1.1 200 OK\r\n"), write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", reset=True),
    write(b"HTTP/1.1 100 Continue\r\n\r\n"),
], ids=["closed", "reset", "no goodbye", "within the head", "reset within the head", "after an interim head"])
@pytest.mark.parametrize("target", ["/s3/b/k", "/sqs/"])
def test_an_end_before_the_first_byte_of_the_answer(stage, handler, target):
    here = stage(handler)
    with here.client() as client:
        assert client.ask("PUT", target, [], b"body").outcome == CUT
        assert len(here.upstream.requests) == 1


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n",
], ids=["counted", "between chunks", "before the last line", "within a chunk", "bad chunk"])
@pytest.mark.parametrize("how", [{}, {"reset": True}, {"notify": False}],
                         ids=["closed", "reset", "no goodbye"])
def test_an_end_within_the_body_is_seen_as_one(stage, answer, how):
    here = stage(write(answer, **how))
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        try:
            head = client.answer_head()
        except Cut:
            return
        if head.error:
            return
        with pytest.raises(Cut):
            list(client.pieces(head))


def test_a_silent_upstream(stage):
    gate = threading.Event()
    here = stage(mute(gate), COUNTERSIGN_TIMEOUT_MS=300)
    for target in ("/s3/b/k", "/sqs/"):
        assert here.ask("PUT", target, [], b"body").outcome == SILENT
    gate.set()


def test_an_upstream_that_falls_silent_within_the_body(stage):
    gate = threading.Event()

    def body():
        yield b"hello"
        gate.wait(20)

    here = stage(lambda request: Response(body=body(), length=10), COUNTERSIGN_TIMEOUT_MS=300)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        answer = client.answer_head()
        with pytest.raises(Cut):
            list(client.pieces(answer))
    gate.set()


def test_an_upstream_that_takes_no_more_of_the_body(stage):
    gate = threading.Event()
    here = stage(mute(gate), COUNTERSIGN_TIMEOUT_MS=500)
    with here.client() as client:
        body = (b"x" * 65536 for _ in range(1600))
        try:
            client.send_request("PUT", "/s3/b/k", [("Content-Length", 1600 * 65536)], body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            assert client.answer().outcome == SILENT
        except ConnectionResetError:
            pass
    gate.set()
    assert here.ask("GET", "/-/health").status == 200


def test_a_slow_but_living_upstream_is_waited_for(stage):
    def body():
        for _ in range(10):
            time.sleep(0.1)
            yield b"x"

    here = stage(lambda request: Response(body=body()), COUNTERSIGN_TIMEOUT_MS=600)
    assert here.ask("GET", "/s3/b/k").body == b"x" * 10


# --- early answers, and clients that go

def test_an_early_answer_ends_the_upload(stage):
    here = stage(lambda request: Response(403, b"no", early=True, close=True))
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 1 << 30)])
        client.send(b"x" * 1000)
        answer = client.answer()
        assert (answer.status, answer.body, answer.error) == (403, b"no", "")
    assert here.ask("GET", "/-/health").status == 200


def test_an_early_answer_of_an_upstream_that_reads_on(stage):
    def handler(request):
        request.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")
        request.drain()
        return Response() if request.path == "/never" else None

    here = stage(handler)
    body = b"x" * 3_000_000
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", len(body))])
        assert client.answer().body == b"early"
        try:
            client.send(body)
        except OSError:
            pass
    assert here.ask("GET", "/-/health").status == 200


def ended_uploads(upstream):
    return [request for request in upstream.requests if request.connection.closed.is_set()
            and not request.complete]


@pytest.mark.parametrize("leave", [Client.reset, Client.close, Client.half_close],
                         ids=["reset", "close", "half close"])
def test_a_client_that_goes_mid_upload_ends_it_at_once(stage, leave):
    here = stage(lambda request: Response(body=request.read()))
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 100_000)])
        client.send(b"x" * 50_000)
        assert wait_until(lambda: here.upstream.requests and here.last.body_length == 50_000)
        leave(client)
        assert wait_until(lambda: ended_uploads(here.upstream))
    assert not here.last.complete
    assert here.ask("GET", "/s3/b/k").status == 200


def test_a_client_that_goes_mid_upload_of_a_held_body_reaches_nobody(stage):
    here = stage()
    with here.client() as client:
        client.send_request("POST", "/sqs/", [("Content-Length", 100_000)])
        client.send(b"x" * 50_000)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert [request.proof.service for request in here.upstream.requests] == ["s3"]


def test_a_client_that_goes_mid_chunked_upload_leaves_no_object(stage):
    here = stage()
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Transfer-Encoding", "chunked")], [b"5\r\nhello\r\n"])
    assert here.ask("GET", "/-/health").status == 200
    time.sleep(0.2)
    assert not [request for request in here.upstream.requests if request.complete and request.method == "PUT"]


@pytest.mark.parametrize("leave", [Client.reset, Client.close], ids=["reset", "close"])
def test_a_client_that_goes_mid_download_ends_it(stage, leave):
    ended = threading.Event()

    def body():
        try:
            while True:
                yield b"x" * 65536
        finally:
            ended.set()

    def handler(request):
        return Response(body=body(), length=1 << 40)

    here = stage(handler)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        next(client.pieces(client.answer_head()))
        leave(client)
    assert here.upstream.connections[0].closed.wait(20)
    assert here.ask("GET", "/-/health").status == 200


def test_a_client_that_goes_while_it_waits(stage):
    gone = threading.Event()

    def handler(request):
        if request.wire.ended(20):
            gone.set()
        raise Gone

    here = stage(handler)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: here.upstream.requests)
        client.reset()
    assert gone.wait(20)


def test_hundreds_of_clients_that_go_leave_nothing(stage):
    here = stage(lambda request: Response(body=request.read()))
    for number in range(200):
        with here.client() as client:
            client.send_request("PUT", "/s3/b/k", [("Content-Length", 10_000)])
            client.send(b"x" * (number * 37 % 9000))
            client.reset()
    assert here.ask("PUT", "/s3/b/k", [], b"body").body == b"body"
    # A connection that was on its way when its client left may wait for the next one; it has carried nothing.
    assert wait_until(lambda: len([c for c in here.upstream.open_connections() if c.requests]) <= 1)


# --- upstreams that do not speak HTTP

@pytest.mark.parametrize("answer", [
    b"SSH-2.0-OpenSSH_9.6\r\n", b"\x00\x01\x02\x03", b"HTTP/1.1 20 OK\r\n\r\n", b"HTTP/2.0 200 OK\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
], ids=["ssh", "binary", "short status", "version", "unasked 101", "two lengths", "no length"])
def test_an_answer_that_is_not_http(stage, answer):
    here = stage(write(answer))
    assert here.ask("GET", "/s3/b/k").outcome in (STRANGE, CUT)
    assert here.ask("GET", "/s3/b/k").outcome in (STRANGE, CUT)
    assert len(here.upstream.connections) == 2


def test_more_than_was_promised_ends_the_connection(stage):
    """Bytes after an answer do not begin the next one: where nothing has gone out, it is refused."""
    after = []

    def handler(request):
        request.drain()
        request.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                          b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        after.append(request.wire.rest())

    here = stage(handler)
    with here.client() as client:
        for _ in range(2):
            assert client.ask("GET", "/s3/b/k").outcome == STRANGE
    assert wait_until(lambda: len(after) == 2) and after == [b"", b""]
    assert len(here.upstream.connections) == 2


def test_more_than_was_promised_after_an_answer_that_has_begun(stage):
    """Then the answer stands, but the connection is never used again."""
    gate, after = threading.Event(), []

    def handler(request):
        request.drain()
        request.wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        assert gate.wait(20)
        gate.clear()
        request.wire.send(b"kHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        after.append(request.wire.rest())

    here = stage(handler)
    with here.client() as client:
        for _ in range(2):
            client.send_request("GET", "/s3/b/k")
            pieces = client.pieces(client.answer_head())
            assert next(pieces) == b"o"
            gate.set()
            assert next(pieces) == b"k"
    assert wait_until(lambda: len(after) == 2) and after == [b"", b""]
    assert len(here.upstream.connections) == 2


# --- the end of the program

def test_a_request_in_flight_is_finished_at_the_end(stage):
    started, gate = threading.Event(), threading.Event()

    def handler(request):
        started.set()
        gate.wait(20)
        return Response(body=b"whole")

    here = stage(handler)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert started.wait(20)
        here.proxy.process.terminate()
        time.sleep(0.1)
        gate.set()
        assert client.answer().body == b"whole"
    assert here.proxy.process.wait(20) == 0


def test_the_end_does_not_wait_for_ever(stage):
    gate = threading.Event()
    here = stage(mute(gate))
    with here.client() as client, here.client() as idle:
        assert idle.ask("GET", "/-/health").status == 200
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: here.upstream.requests)
        here.proxy.process.terminate()
        assert here.proxy.process.wait(30) == 0
    gate.set()


def test_many_programs_side_by_side(authority):
    """Each on a port of its own, as parallel tests need it."""
    with Upstream(authority) as upstream:
        proxies = [Proxy({"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle})
                   for _ in range(4)]
        for proxy in proxies:
            with Client(proxy.port) as client:
                assert client.ask("GET", "/s3/b/k").status == 200
        assert len({proxy.port for proxy in proxies}) == 4
        assert [proxy.stop() for proxy in proxies] == [0] * 4
