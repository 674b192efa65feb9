"""Connections: who may use them again, in which order they are answered, and what a cut one leaves behind."""

import time

import pytest
from harness.raw import OK, pieces
from strict_forms import CHUNKED
from strict_stage import FOLLOWER, FOLLOWER_LINE, HEAD, refusal, stages

STREAMED = CHUNKED + b"X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"


whole_stage, stage = stages()


def request(key, lines=b"", body=b"", method=b"GET", version=b"HTTP/1.1"):
    return method + b" /s3/bucket/" + key + b" " + version + b"\r\n" + HEAD + lines + b"\r\n" + body


def put(key, body, lines=b""):
    return request(key, b"Content-Length: %d\r\n" % len(body) + lines, body, b"PUT")


def in_chunks(key, body):
    return request(key, CHUNKED, body, b"PUT")


def key_of(message):
    return message.line.split()[1].removeprefix(b"/bucket/")


def saying(key):
    """The answer to the request for that key, which it repeats."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(key) + key


def echo(message):
    return saying(key_of(message))


def assert_answer(answer, expected):
    """expected: the key it answers, or the status of a refusal or of a page."""
    assert answer and not answer.cut, "no answer"
    if isinstance(expected, bytes):
        assert (answer.status, answer.body) == (200, expected)
    elif expected == 200:
        assert answer.status == 200
    else:
        assert refusal(answer) in ({400, 405, 505} if expected == 400 else {expected}), answer


# What one client sends at once: (name, bytes, its answers, whether the proxy then ends the connection).

CLOSE = b"Connection: close\r\n"
HEALTH = b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
UPGRADE = b"Connection: Upgrade\r\nUpgrade: "
LAST = b"0\r\n\r\n"
HELLO = b"5\r\nhello\r\n" + LAST
A, B, C = request(b"a"), request(b"b"), request(b"c")
OLD_A, OLD_B = request(b"a", version=b"HTTP/1.0"), request(b"b", version=b"HTTP/1.0")
PIPELINES = [
    ("one", A, [b"a"], False),
    ("keep-alive", request(b"a", b"Connection: keep-alive\r\n"), [b"a"], False),
    ("close", request(b"a", CLOSE), [b"a"], True),
    ("HTTP/1.0", OLD_A, [b"a"], True),
    ("HTTP/1.0 and close", request(b"a", CLOSE, version=b"HTTP/1.0"), [b"a"], True),
    ("two", A + B, [b"a", b"b"], False),
    ("three", A + B + C, [b"a", b"b", b"c"], False),
    ("fifty", b"".join(request(b"%d" % n) for n in range(50)), [b"%d" % n for n in range(50)], False),
    ("bodies between", put(b"a", b"hello") + B + put(b"c", b"x" * 1000), [b"a", b"b", b"c"], False),
    ("an empty body between", put(b"a", b"") + B, [b"a", b"b"], False),
    ("chunks between", in_chunks(b"a", HELLO) + B, [b"a", b"b"], False),
    ("trailers between", in_chunks(b"a", b"5\r\nhello\r\n0\r\nX-A: b\r\n\r\n") + B, [b"a", b"b"], False),
    ("an expectation between", put(b"a", b"hello", b"Expect: 100-continue\r\n") + B, [b"a", b"b"], False),
    ("a page between", A + HEALTH + B, [b"a", 200, b"b"], False),
    ("the second closes", A + request(b"b", CLOSE) + C, [b"a", b"b"], True),
    ("the first closes", request(b"a", CLOSE) + B, [b"a"], True),
    ("the first closes, with a body", put(b"a", b"hello", CLOSE) + B, [b"a"], True),
    ("the first is HTTP/1.0", OLD_A + B, [b"a"], True),
    ("the second is HTTP/1.0", A + OLD_B + C, [b"a", b"b"], True),
    ("CRLF between", A + b"\r\n" + B, [b"a", b"b"], False),
    ("CRLF after a body", put(b"a", b"hello") + b"\r\n" + B, [b"a", b"b"], False),
    ("LF between", A + b"\n" + B, [b"a", 400], True),
    ("CR between", A + b"\r" + B, [b"a", 400], True),
    ("a space between", A + b" " + B, [b"a", 400], True),
    ("a NUL between", A + b"\0" + B, [b"a", 400], True),
    ("a byte too many after a body", put(b"a", b"hello") + b"!" + B, [b"a", 400], True),
    ("a body after length zero", put(b"a", b"") + b"hello\r\n\r\n" + B, [b"a", 400], True),
    ("a body nobody announced", request(b"a", method=b"PUT") + b"hello\r\n\r\n" + B, [b"a", 400], True),
    ("chunks nobody announced", request(b"a", method=b"PUT") + HELLO + B, [b"a", 400], True),
    ("a second end of chunks", in_chunks(b"a", LAST + LAST) + B, [b"a", 400], True),
    ("an odd second", A + request(b"b", b"X-Odd : b\r\n") + C, [b"a", 400], True),
    ("an odd length in the second", A + request(b"b", b"Content-Length: +5\r\n") + C, [b"a", 400], True),
    ("an odd third", A + B + request(b"c", b"X-Odd: \0\r\n") + A, [b"a", b"b", 400], True),
    ("both lengths in the second", A + put(b"b", HELLO, CHUNKED) + C, [b"a", 400], True),
    ("odd chunks in the second", A + in_chunks(b"b", b"+" + HELLO) + C, [b"a", 400], True),
    ("a second without a Host", A + B.replace(b"Host: localhost\r\n", b"") + C, [b"a", 400], True),
    ("a second for a stranger", A + B.replace(b"localhost", b"evil.example") + C, [b"a", 403, b"c"], None),
    ("a second without a token", A + B.replace(b"Token", b"No-Token") + C, [b"a", 401, b"c"], None),
    ("a tunnel", A + b"CONNECT localhost:443 HTTP/1.1\r\n" + HEAD + b"\r\n" + C, [b"a", 405], True),
    ("an upgrade, and a frame", request(b"a", UPGRADE + b"websocket\r\n") + b"\x81\1a", [400], True),
    ("an upgrade, and its preface", request(b"a", UPGRADE + b"h2c\r\n") + PREFACE, [b"a", 400], True),
    ("a preface behind", A + PREFACE, [b"a", 400], True),
    ("a TLS hello behind", A + b"\x16\3\1\0\x05\1\0\0\1\0\r\n\r\n", [b"a", 400], True),
    ("an answer behind", A + OK, [b"a", 400], True),
    ("requests in a body", put(b"a", B + C), [b"a"], False),
    ("requests in chunks", in_chunks(b"a", b"%x\r\n" % len(B) + B + b"\r\n" + LAST), [b"a"], False),
]


@pytest.mark.parametrize("how", ["whole", "in pieces"])
@pytest.mark.parametrize("name, sent, answers, ends", PIPELINES, ids=[row[0] for row in PIPELINES])
def test_pipeline(stage, name, sent, answers, ends, how):
    stage.upstream.script(echo)
    with stage.client() as wire:
        wire.send(sent, max(1, len(sent) // 400) if how == "in pieces" else None)
        for expected in answers:
            answer = wire.response()
            if answer is None and ends is None:
                break  # after such a refusal it may also end
            assert_answer(answer, expected)
        if ends is False:
            wire.send(request(b"more"))
            assert_answer(wire.response(), b"more")
        if not ends:
            wire.finish()
        assert wire.rest() == b"", "more than was asked for"
    arrived = [key_of(message) for message in stage.upstream.taken()]
    asked = [key for key in answers if isinstance(key, bytes)] + [b"more"] * (ends is False)
    assert arrived == (asked[:len(arrived)] if ends is None else asked)


def test_each_answer_begins_where_the_one_before_ended(stage):
    """One client connection sees every kind of framing, twice."""
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    rows = [
        (b"GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
        (b"HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, b""),
        (b"HEAD", chunks, 200, b""),
        (b"GET", chunks + HELLO, 200, b"hello"),
        (b"GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"GET", b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK, 200, b"ok"),
        (b"DELETE", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204, b""),
        (b"GET", b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", 404, b"no"),
    ]
    with stage.client() as wire:
        for method, sent, status, body in rows * 2:
            stage.upstream.script(sent)
            wire.send(request(b"a", method=method))
            answer = wire.response(method)
            assert (answer.status, answer.body) == (status, body)
    assert len(stage.upstream.taken()) == 2 * len(rows)


def test_clients_that_take_turns_byte_by_byte_get_their_own_answers(stage):
    stage.upstream.script(echo)
    wires = [stage.client() for _ in range(8)]
    uploads = [put(b"key-%d" % number, b"body-%d" % number) for number in range(len(wires))]
    for column in zip(*(pieces(upload, 1) for upload in uploads), strict=True):
        for wire, byte in zip(wires, column, strict=True):
            wire.send(byte)
    for number, wire in enumerate(wires):
        assert_answer(wire.response(), b"key-%d" % number)
        wire.sock.close()
    bodies = {key_of(message): message.body for message in stage.upstream.taken()}
    assert bodies == {b"key-%d" % number: b"body-%d" % number for number in range(len(wires))}


# What comes in two parts, split anywhere, means the same; what is cut anywhere is never whole.

SPLIT_REQUESTS = {
    "a GET": (A, b""),
    "a PUT": (put(b"a", b"hello"), b"hello"),
    "held chunks": (in_chunks(b"a", b"3;x=\"y\"\r\nhel\r\n2\r\nlo\r\n0\r\nX-A: b\r\n\r\n"), b"hello"),
    "streamed chunks": (
        request(b"a", STREAMED, b"2;x=\"y\"\r\n0\r\r\n3\r\n\n\r\n\r\n0\r\nX-A: b\r\n\r\n", b"PUT"), LAST),
}


@pytest.mark.parametrize("name", SPLIT_REQUESTS)
def test_a_request_split_anywhere(stage, name):
    sent, body = SPLIT_REQUESTS[name]
    for at in range(1, len(sent)):
        with stage.client() as wire:
            wire.send(sent[:at])
            time.sleep(0.0005)
            wire.send(sent[at:] + FOLLOWER)
            assert [wire.response().status, wire.response().status] == [200, 200], at
        first, second = stage.upstream.taken()
        assert (first.body, second.line) == (body, FOLLOWER_LINE), at


ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"3;x=\"y\"\r\nhel\r\n2\r\nlo\r\n0\r\nX-A: b\r\n\r\n",
    "an interim answer": b"HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n"
                         b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_split_anywhere(stage, name):
    with stage.client() as wire:
        for at in range(1, len(ANSWERS[name])):
            stage.upstream.script([ANSWERS[name][:at], ANSWERS[name][at:]])
            wire.send(A)
            stage.upstream.release(after_s=0.0005)
            answer = wire.response()
            assert (answer.status, answer.body, answer.cut) == (200, b"hello", False), at
    used = {message.connection for message in stage.upstream.taken()}
    stage.upstream.script()
    assert used == {stage.ask().connection}


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_cut_anywhere_is_never_whole(stage, name, then):
    for at in range(len(ANSWERS[name])):
        stage.upstream.script(ANSWERS[name][:at], then)
        with stage.client() as wire:
            wire.send(A)
            answer = wire.response()
            assert answer and (answer.cut or answer.status == 502), at
    stage.upstream.script()
    stage.upstream.taken()
    stage.ask()


# Clients that end early.

CUT_UPLOADS = {
    "in a length": (b"Content-Length: 10\r\n", b"hello"),
    "before a length's body": (b"Content-Length: 10\r\n", b""),
    "one byte short": (b"Content-Length: 6\r\n", b"hello"),
    "in a held chunk": (CHUNKED, b"9\r\nhello"),
    "before the held last chunk": (CHUNKED, b"5\r\nhello\r\n"),
    "in the held last chunk": (CHUNKED, b"5\r\nhello\r\n0\r\n"),
    "in a held trailer": (CHUNKED, b"5\r\nhello\r\n0\r\nX-A: b\r\n"),
    "in a streamed chunk": (STREAMED, b"9\r\nhello"),
    "before the streamed last chunk": (STREAMED, b"5\r\n0\r\n\r\n\r\n"),
    "in the streamed last chunk": (STREAMED, b"5\r\n0\r\n\r\n\r\n0\r\n"),
    "in a streamed trailer": (STREAMED, b"5\r\n0\r\n\r\n\r\n0\r\nX-A: b\r\n"),
}
ENDS = ["half-close", "close", "reset"]


def end(wire, how):
    {"half-close": wire.finish, "close": wire.sock.close, "reset": wire.reset}[how]()


def assert_let_go(wire, how):
    """Of a client that ended in the middle: it is told so, or nothing, and its connection ends."""
    if how == "half-close":
        answer = wire.response()
        assert answer is None or refusal(answer) == 400
        assert wire.rest() == b""


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("name", CUT_UPLOADS)
def test_a_cut_upload_never_arrives(stage, name, how):
    """What was begun upstream ends there, too: a cut body never becomes an object."""
    lines, body = CUT_UPLOADS[name]
    with stage.client() as wire:
        wire.send(request(b"a", lines, body, b"PUT"))
        time.sleep(0.005)
        end(wire, how)
        assert_let_go(wire, how)
    for connection in stage.upstream.connections:
        if connection.head_came.is_set() and not connection.whole.is_set():
            assert connection.ended.wait(2), "an upload left open"
    stage.ask()
    stage.settle()


@pytest.mark.parametrize("how", ENDS)
def test_a_request_cut_anywhere_in_its_head_never_arrives(stage, how):
    for at in range(len(A)):
        with stage.client() as wire:
            wire.send(A[:at])
            end(wire, how)
            assert_let_go(wire, how)
    stage.ask()
    stage.settle()


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"\r", b"G"], ids=["nothing", "CRLF", "CR", "one byte"])
@pytest.mark.parametrize("how", ENDS)
def test_a_client_that_asks_nothing_leaves_nothing(stage, sent, how):
    for _ in range(20):
        with stage.client() as wire:
            wire.send(sent)
            end(wire, how)
            assert_let_go(wire, how)
    stage.ask()
    stage.settle()


@pytest.mark.parametrize("sent", [A, put(b"a", b"hello"), in_chunks(b"a", HELLO)],
                         ids=["GET", "PUT", "chunks"])
def test_a_half_closed_client_gets_its_answer(stage, sent):
    stage.upstream.script([b"", saying(b"a")])
    with stage.client() as wire:
        wire.send(sent)
        wire.finish()
        stage.upstream.release(after_s=0.02)
        assert_answer(wire.response(), b"a")
        assert (wire.rest(), wire.end) == (b"", "closed")
    assert len(stage.upstream.taken()) == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_no_client_gets_the_answer_of_one_who_left(stage, how):
    stage.upstream.script([b"", saying(b"stale")])
    with stage.client() as wire:
        wire.send(request(b"stale"))
        stage.upstream.wait_for(1)
        end(wire, how)
    left, = stage.upstream.taken()
    if how == "reset":
        assert stage.upstream.connection_of(left).gone(), "kept for a client that is gone"
    stage.upstream.release()
    stage.upstream.script(echo)
    for number in range(5):
        with stage.client() as wire:
            wire.send(request(b"fresh-%d" % number))
            assert_answer(wire.response(), b"fresh-%d" % number)
    assert len(stage.upstream.taken()) == 5


# Answers and refusals that come before the request is whole.

@pytest.mark.parametrize("status", [200, 403, 503])
def test_an_answer_before_the_body_ends_the_upload(stage, status):
    """The client reads it while it still sends; the upstream connection, half a body on it, is done with."""
    stage.upstream.script(b"HTTP/1.1 %d Early\r\nContent-Length: 5\r\n\r\nearly" % status, after="head")
    with stage.client() as wire:
        wire.send(request(b"a", b"Content-Length: 1000000\r\n", b"x" * 1000, b"PUT"))
        answer = wire.response()
        assert (answer.status, answer.body, answer.cut) == (status, b"early", False)
    early, = stage.upstream.taken()
    assert stage.upstream.connection_of(early).ended.wait(2), "its connection is still open"
    stage.upstream.script()
    assert stage.ask().connection != early.connection


def test_an_expecting_client_is_told_to_go_on(stage):
    with stage.client() as wire:
        wire.send(request(b"a", b"Content-Length: 5\r\nExpect: 100-continue\r\n", method=b"PUT"))
        wire.wait_for(b"HTTP/1.1 100 ")
        wire.send(b"hello" + FOLLOWER)
        answer, second = wire.response(), wire.response()
    assert ([message.status for message in answer.interim], answer.body) == ([100], b"ok")
    assert (second.status, second.interim) == (200, [])
    assert [message.body for message in stage.upstream.taken()] == [b"hello", b""]


def test_an_expecting_client_is_refused_before_it_sends(stage):
    stage.upstream.script(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", after="head")
    with stage.client() as wire:
        wire.send(request(b"a", b"Content-Length: 5\r\nExpect: 100-continue\r\n", method=b"PUT"))
        answer = wire.response()
        assert (answer.status, answer.body) == (403, b"no")
    early, = stage.upstream.taken()
    stage.upstream.script()
    assert stage.ask().connection != early.connection


@pytest.mark.parametrize("lines, status", [
    (b"X-Odd : b\r\n", 400), (b"Content-Length: 4000000\r\n", 400), (b"Expect: other\r\n", 417),
    (b"X-Countersign-Other: x\r\n", 401)], ids=["an odd field", "two lengths", "an expectation", "no token"])
def test_a_refusal_reaches_a_client_that_still_sends(stage, lines, status):
    """The proxy reads on for a while: a reset could take the answer away before the client has read it."""
    upload = put(b"a", b"x" * 4_000_000, lines)
    if status == 401:
        upload = upload.replace(b"X-Countersign-Token", b"X-Countersign-No-Token")
    with stage.client() as wire:
        wire.send(upload)
        assert refusal(wire.response()) == status
        wire.finish()
        assert (wire.deaf, wire.rest(), wire.end) == (False, b"", "closed")
    stage.settle()


# The pool.

def idle_connection(stage):
    return stage.upstream.connection_of(stage.ask())


def test_one_connection_serves_clients_in_turn(stage):
    first = stage.ask().connection
    assert {stage.ask().connection for _ in range(20)} == {first}


def test_no_connection_serves_two_at_once(stage):
    stage.upstream.script([b"", saying(b"a")])
    wires = [stage.client() for _ in range(4)]
    for wire in wires:
        wire.send(A)
    stage.upstream.wait_for(len(wires))
    for _ in wires:
        stage.upstream.release()
    for wire in wires:
        assert_answer(wire.response(), b"a")
        wire.sock.close()
    assert len({message.connection for message in stage.upstream.taken()}) == len(wires)


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("sent", [A, put(b"a", b"hello")], ids=["GET", "PUT"])
def test_a_connection_that_died_idle_is_noticed(stage, sent, how):
    connection = idle_connection(stage)
    {"closed": connection.shut, "reset": connection.reset}[how]()
    assert stage.ask(sent).connection != connection.number


STRAY = {
    "a timeout's answer": b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "an answer nobody asked for": saying(b"evil"),
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n",
    "one byte": b"H",
    "CRLF": b"\r\n",
}


@pytest.mark.parametrize("when", ["long before", "just before"])
@pytest.mark.parametrize("name", STRAY)
def test_bytes_on_an_idle_connection_answer_nothing(stage, name, when):
    connection = idle_connection(stage)
    connection.wire.send(STRAY[name])
    if when == "long before":
        assert connection.ended.wait(2), "kept with bytes nobody asked for"
    assert stage.ask().connection != connection.number
    stage.settle()


def test_after_a_bad_gateway_the_client_goes_on_or_is_let_go(stage):
    stage.upstream.script(lambda message: b"no\r\n\r\n" if key_of(message) == b"a" else echo(message))
    with stage.client() as wire:
        wire.send(A + B)
        assert refusal(wire.response()) == 502
        second = wire.response()
        if second:
            assert_answer(second, b"b")
    assert [key_of(message) for message in stage.upstream.taken()] in ([b"a"], [b"a", b"b"])
