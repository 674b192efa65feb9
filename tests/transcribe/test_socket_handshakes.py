"""Requests for a WebSocket, up to the 101: what is asked of the server, and which answers make a socket."""

import base64
import datetime
import json
import time
from email.utils import format_datetime
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from harness import raw as http
from harness import signer, verify
from harness.client import WITH_TOKEN, Client
from harness.issuer import Issuer
from harness.proxy import ROLE, TOKEN

from raw_websocket import BINARY, TEXT, Frame, NotSwitched, Silence, connect, request, switch
from websocket_cases import BAD_ANSWERS, BAD_REQUESTS, GOOD_REQUESTS

ANY = "/execute-api/stage?a=1"
HOST = "abc123.execute-api.us-east-1.amazonaws.com"
ASKS_FOR_NONE = {"another upgrade", "no upgrade", "connection without upgrade"}
STREAM = "/transcribestreaming/stream-transcription-websocket?language-code=en-US"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def outcome(refused):
    """(status, the program's own error)"""
    answer = refused.value.answer
    return answer.status, b"".join(answer.values(b"X-Countersign-Error")).decode()


def refusal(code, body=b"{}", *fields):
    lines = ["HTTP/1.1 403 Forbidden", "Connection: close", f"X-Amzn-ErrorType: {code}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body


def in_turn(*answers):
    """A server's answers, one after the other; the last again and again."""
    left = list(answers)
    return lambda head: (answer(head) if callable(answer := left.pop(0) if left[1:] else left[0]) else answer)


def is_one_socket(client, upstream):
    client.send(Frame(TEXT, b"to the server"))
    assert upstream.read() == Frame(TEXT, b"to the server")
    upstream.send(Frame(BINARY, b"to the client"))
    assert client.read() == Frame(BINARY, b"to the client")


def seen(head):
    """The handshake as harness.verify reads requests."""
    method, target, _ = head.line.split(b" ")
    return SimpleNamespace(method=method.decode(), target=target, all=lambda name: head.values(name.encode()),
                           headers=[(name.decode(), value) for name, value in head.fields])


@pytest.fixture
def server(raw):
    return raw()


@pytest.fixture
def proxy(run, server):
    return run(server)


# --- the request

@pytest.mark.parametrize("name, changes", GOOD_REQUESTS, ids=[name for name, _ in GOOD_REQUESTS])
def test_good_requests(proxy, server, name, changes):
    with connect(proxy.port, ANY, **changes) as client, server.accept() as upstream:
        is_one_socket(client, upstream)
        assert upstream.head.line == b"GET /stage?a=1 HTTP/1.1"
        assert verify.check_head(seen(upstream.head), ROLE).service == "execute-api"
        assert upstream.head.values(b"Upgrade") == [b"websocket"] and upstream.head.values(b"Connection") == [b"Upgrade"]


def test_connection_in_two_fields(proxy, server):
    with connect(proxy.port, ANY, [("Connection", "Upgrade")], Connection="keep-alive") as client:
        is_one_socket(client, server.accept())


@pytest.mark.parametrize("name, changes", [each for each in BAD_REQUESTS if each[0] not in ASKS_FOR_NONE] + [
    ("a body", {"headers": [("Content-Length", "3")], "early": b"abc"}),
    ("a body in chunks", {"headers": [("Transfer-Encoding", "chunked")], "early": b"0\r\n\r\n"})],
    ids=lambda each: each if isinstance(each, str) else "")
def test_bad_requests_are_refused_and_nothing_is_sent(proxy, server, name, changes):
    with pytest.raises(NotSwitched) as refused:
        connect(proxy.port, ANY, **changes)
    assert outcome(refused) == (400, "BadRequest")
    with pytest.raises(Silence):
        server.accept(0.1)


@pytest.mark.parametrize("changes", [changes for name, changes in BAD_REQUESTS if name in ASKS_FOR_NONE] + [
    {"method": "POST"}], ids=str)
def test_what_asks_for_none_is_a_request_like_any(run, raw, changes):
    heads = []
    server = raw(lambda head: heads.append(head) or OK)
    with pytest.raises(NotSwitched) as answered:
        connect(run(server).port, ANY, **changes)
    assert answered.value.answer.status == 200
    assert not heads[0].values(b"Upgrade")


def test_an_old_client_cannot_ask(run, raw):
    heads = []
    server = raw(lambda head: heads.append(head) or OK)
    with http.connect(run(server).port) as wire:
        wire.send(request(ANY).replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert wire.response().status == 200
    assert not heads[0].values(b"Upgrade")


def test_extensions_are_offered_to_nobody(proxy, server):
    offers = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")]
    with connect(proxy.port, ANY, offers) as client, server.accept() as upstream:
        is_one_socket(client, upstream)
        assert upstream.head.values(b"Sec-WebSocket-Extensions") == []


@pytest.mark.parametrize("offers, chosen", [(["mqtt"], "mqtt"), (["chat, mqtt"], "mqtt"), (["chat", "mqtt"], "mqtt"),
                                            (["chat"], None)])
def test_subprotocols(run, raw, offers, chosen):
    answer = [("Sec-WebSocket-Protocol", chosen)] if chosen else []
    server = raw(lambda head: switch(head, answer))
    with connect(run(server).port, ANY, [("Sec-WebSocket-Protocol", offer) for offer in offers]) as client:
        upstream = server.accept()
        is_one_socket(client, upstream)
        assert upstream.head.values(b"Sec-WebSocket-Protocol") == [offer.encode() for offer in offers]
        assert client.head.values(b"Sec-WebSocket-Protocol") == [value.encode() for _, value in answer]


@pytest.mark.parametrize("chosen", ["other", "mqt", ""])
def test_a_subprotocol_that_was_not_offered(run, raw, chosen):
    server = raw(lambda head: switch(head, [("Sec-WebSocket-Protocol", chosen)]))
    with pytest.raises(NotSwitched) as refused:
        connect(run(server).port, ANY, [("Sec-WebSocket-Protocol", "mqtt")])
    assert outcome(refused) == (502, "UpstreamProtocol")


# --- the answer

RELAYED = {"200": (200, ""), "403": (403, ""), "a head that is cut": (504, "UpstreamTimeout")}


@pytest.mark.parametrize("name, answer", BAD_ANSWERS, ids=[name for name, _ in BAD_ANSWERS])
def test_bad_answers(run, raw, name, answer):
    proxy = run(raw(answer), COUNTERSIGN_TIMEOUT_MS=300)
    with pytest.raises(NotSwitched) as refused:
        connect(proxy.port, ANY)
    assert outcome(refused) == RELAYED.get(name, (502, "UpstreamProtocol"))
    if name == "403":
        assert refused.value.answer.body == b'{"Message":"no"}'


def test_101_that_nobody_asked_for(run, raw):
    proxy = run(raw(lambda head: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
    with Client(proxy.port) as client:
        assert client.ask("GET", ANY).outcome == (502, "UpstreamProtocol")


@pytest.mark.parametrize("step", [None, 1])
def test_frames_right_behind_both_handshakes(run, raw, step):
    """The client's wait with the program until the server has agreed; the server's come with its yes."""
    first, second = Frame(TEXT, b"first" * 50), Frame(BINARY, b"second" * 1000)
    server = raw(lambda head: switch(head) + first.encode("server") + second.encode("server"), step=step)
    with connect(run(server).port, ANY, early=(first.encode("client") + second.encode("client")), step=step) as client:
        assert client.take(2) == [first, second]
        upstream = server.accept()
        assert upstream.take(2) == [first, second]
        is_one_socket(client, upstream)


def test_a_server_that_closes_at_once(run, raw):
    server = raw(lambda head: switch(head) + Frame(8, b"\x03\xf0busy").encode("server"))
    with connect(run(server).port, ANY) as client:
        assert client.read() == Frame(8, b"\x03\xf0busy")


def test_a_clock_that_is_off(run, raw):
    hour = datetime.timedelta(hours=1)

    def late(_):
        there = datetime.datetime.now(datetime.timezone.utc) + hour
        return refusal("InvalidSignatureException", b'{"Message":"Signature expired: it is old"}',
                       f"Date: {format_datetime(there, usegmt=True)}")
    heads = []
    server = raw(in_turn(lambda head: heads.append(head) or late(head), lambda head: heads.append(head) or switch(head)))
    with connect(run(server).port, ANY) as client:
        server.accept()
        is_one_socket(client, server.accept())
    dates = [datetime.datetime.strptime(head.values(b"X-Amz-Date")[0].decode(), "%Y%m%dT%H%M%SZ") for head in heads]
    assert abs(dates[1] - dates[0] - hour) < datetime.timedelta(seconds=30)


def test_keys_that_have_expired(run, raw, wall, clocked):
    given = Issuer(clock=wall)
    server = raw(in_turn(switch, refusal("ExpiredTokenException", b'{"__type":"ExpiredTokenException"}'), switch))
    proxy = run(server, **given.container(), **clocked())
    try:
        connect(proxy.port, ANY)
        server.accept()
        wall.move(minutes=1)
        with connect(proxy.port, ANY, early=Frame(TEXT, b"early").encode("client")) as client:
            used = [server.accept().head, (upstream := server.accept()).head]
            keys = [verify.parse(head.values(b"Authorization")[0].decode()).key for head in used]
            assert keys == [each.key for each in given.issued] and len(keys) == 2
            assert upstream.read() == Frame(TEXT, b"early")
            is_one_socket(client, upstream)
    finally:
        given.close()


def test_other_refusals_are_relayed(run, raw):
    server = raw(lambda head: refusal("AccessDeniedException", b'{"Message":"no"}'))
    with pytest.raises(NotSwitched) as refused:
        connect(run(server).port, ANY)
    answer = refused.value.answer
    assert (answer.status, answer.body) == (403, b'{"Message":"no"}')
    assert answer.values(b"X-Amzn-ErrorType") == [b"AccessDeniedException"]


def test_an_unreachable_server(run):
    proxy = run(COUNTERSIGN_ENDPOINT_EXECUTE_API="https://localhost:1")
    with pytest.raises(NotSwitched) as refused:
        connect(proxy.port, ANY)
    assert outcome(refused) == (502, "UpstreamConnect")


# --- where it goes

def test_an_endpoint_by_host_and_by_absolute_address(proxy, server):
    for how in ({"target": "/stage", "Host": server.url.removeprefix("https://")},
                {"target": server.url.replace("https", "http") + "/stage"}):
        with connect(proxy.port, **how) as client, server.accept() as upstream:
            is_one_socket(client, upstream)
            assert upstream.head.line == b"GET /stage HTTP/1.1"
            verify.check_head(seen(upstream.head), ROLE)


@pytest.mark.parametrize("how", [{"target": "/stage", "Host": HOST}, {"target": f"http://{HOST}/stage"},
                                 {"target": f"http://{HOST}/stage", "Host": HOST}], ids=["host", "absolute", "both"])
def test_aws_s_own_host(run, raw, at_aws, how):
    server = raw(names=[HOST])
    with connect(run(**at_aws(server.port)).port, **how) as client, server.accept() as upstream:
        is_one_socket(client, upstream)
        assert upstream.head.line == b"GET /stage HTTP/1.1" and upstream.head.values(b"Host") == [HOST.encode()]
        proof = verify.check_head(seen(upstream.head), ROLE)
        assert (proof.service, proof.region) == ("execute-api", "us-east-1")


def test_a_stranger_s_host(proxy):
    with pytest.raises(NotSwitched) as refused:
        connect(proxy.port, "/", Host="example.com")
    assert outcome(refused) == (403, "HostNotAllowed")


@pytest.mark.parametrize("presigns", [False, True])
def test_iot_wants_a_signed_query_and_its_token_behind_it(run, raw, at_aws, presigns):
    host = "a1b2c3-ats.iot.us-east-1.amazonaws.com"
    server = raw(names=[host])
    target = "/mqtt?x=1"
    if presigns:
        target, _ = signer.sign("GET", f"https://{host}{target}", service="iotdevicegateway", form="query")
    with connect(run(**at_aws(server.port)).port, target, [("Sec-WebSocket-Protocol", "mqtt")], Host=host) as client:
        is_one_socket(client, upstream := server.accept())
    _, sent, _ = upstream.head.line.decode().split(" ")
    signed, mark, token = sent.partition("&X-Amz-Security-Token=")
    given = {name: values[0] for name, values in parse_qs(signed.partition("?")[2]).items()}
    assert mark and parse_qs(f"token={token}") == {"token": [TOKEN]}
    assert (given["X-Amz-Expires"], given["x"]) == ("300", "1") and not upstream.head.values(b"Authorization")
    assert given["X-Amz-Credential"].split("/")[2:4] == ["us-east-1", "iotdevicegateway"]
    proof = SimpleNamespace(service="iotdevicegateway", region="us-east-1", signed=["host"], asymmetric=False,
                            signature=given["X-Amz-Signature"])
    unsigned = SimpleNamespace(method="GET", target=signed.partition("&X-Amz-Signature=")[0].encode(),
                               headers=[("host", host.encode())])
    assert verify.rightly_signed(unsigned, proof, ROLE, given["X-Amz-Date"])


# --- who may

def by_query(proxy):
    target, _ = signer.sign("GET", f"{proxy.url}{ANY}", service="execute-api", form="query")
    return {"target": target, "Host": f"localhost:{proxy.port}"}


def by_header(proxy):
    _, headers = signer.sign("GET", f"{proxy.url}{ANY}", headers=[("Host", f"localhost:{proxy.port}")], service="execute-api")
    return {"headers": [each for each in headers if each[0] != "Host"], "Host": f"localhost:{proxy.port}"}


BASIC = ("Authorization", "Basic " + base64.b64encode(f"any:{TOKEN}".encode()).decode())
PROOFS = {"header": lambda _: {"headers": [WITH_TOKEN]}, "basic": lambda _: {"headers": [BASIC]},
          "presigned": by_query, "signed": by_header}


@pytest.mark.parametrize("proof", PROOFS)
def test_a_token_is_shown(run, server, proof):
    proxy = run(server, COUNTERSIGN_AUTH="token")
    with connect(proxy.port, **{"target": ANY, **PROOFS[proof](proxy)}) as client, server.accept() as upstream:
        is_one_socket(client, upstream)
        raw_head = b" ".join([upstream.head.line, *(value for _, value in upstream.head.fields)])
        assert b"X-Amz-Signature" in raw_head if proof == "presigned" else verify.check_head(seen(upstream.head), ROLE)
        assert not upstream.head.values(b"X-Countersign-Token") and b"Basic" not in raw_head


@pytest.mark.parametrize("how", [{}, {"headers": [("X-Countersign-Token", "wrong")]}], ids=["none", "wrong"])
def test_no_token_no_socket(run, server, how):
    with pytest.raises(NotSwitched) as refused:
        connect(run(server, COUNTERSIGN_AUTH="token").port, ANY, **how)
    assert outcome(refused) == (401, "TokenRequired")
    with pytest.raises(Silence):
        server.accept(0.1)


@pytest.mark.parametrize("fields, status", [([("Origin", "https://evil.example")], 403), ([("Sec-Fetch-Site", "cross-site")], 403),
                                            ([("Origin", "http://localhost")], None)])
def test_pages_in_a_browser(proxy, server, fields, status):
    """A page of another site gets no socket, though browsers ask for those of any site."""
    if not status:
        with connect(proxy.port, ANY, fields) as client:
            is_one_socket(client, server.accept())
        return
    with pytest.raises(NotSwitched) as refused:
        connect(proxy.port, ANY, fields)
    assert outcome(refused) == (status, "HostNotAllowed")


# --- what it needs of the role

START = "transcribe:StartStreamTranscriptionWebSocket"


def test_the_guard_and_the_record(run, raw):
    server = raw()
    proxy = run(COUNTERSIGN_ENDPOINT_TRANSCRIBESTREAMING=server.url, COUNTERSIGN_ALLOW=START)
    with connect(proxy.port, STREAM), server.accept():
        pass
    with pytest.raises(NotSwitched) as refused:
        connect(proxy.port, STREAM.replace("/stream", "/medical-stream"))
    assert outcome(refused) == (403, "GuardDenied")
    assert b"transcribe:StartMedicalStreamTranscriptionWebSocket" in refused.value.answer.body
    with pytest.raises(Silence):
        server.accept(0.2)
    with Client(proxy.port) as client:
        statements = json.loads(client.ask("GET", "/-/policy?format=iam").body)["Statement"]
    assert [each["Action"] for each in statements] == [[START]]


def test_what_was_refused_is_not_recorded(run, raw):
    server = raw(lambda head: refusal("AccessDeniedException", b'{"Message":"no"}'))
    proxy = run(COUNTERSIGN_ENDPOINT_TRANSCRIBESTREAMING=server.url)
    with pytest.raises(NotSwitched):
        connect(proxy.port, STREAM)
    with Client(proxy.port) as client:
        assert json.loads(client.ask("GET", "/-/policy?format=iam").body)["Statement"] == []


def test_a_server_that_waits_to_answer(run, raw):
    def slow(head):
        time.sleep(1)
        return switch(head)
    server = raw(slow)
    with pytest.raises(NotSwitched) as refused:
        connect(run(server, COUNTERSIGN_TIMEOUT_MS=300).port, ANY)
    assert outcome(refused) == (504, "UpstreamTimeout")
