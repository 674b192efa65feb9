"""One cache of keys: a fetch for all that wait, renewed ahead of the end, kept where renewal fails, made anew
where AWS calls them expired."""

import json
import re
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from harness.client import Cut, wait_until
from harness.issuer import dropped
from harness.proxy import ROLE
from harness.upstream import EXPIRED, Response, expired_token
from harness.uploads import Uploads

XML, JSON_TYPE = ("Content-Type", "application/xml"), ("Content-Type", "application/x-amz-json-1.1")
QUERY_TYPE = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
CBOR_TYPE = ("Content-Type", "application/cbor")
NONE_YET = (503, "NoCredentials")
SOURCES = ["container", "web identity", "instance", "further role"]
KIND = {"container": "container", "web identity": "web identity", "instance": "instance keys",
        "further role": "assume role"}
CALMED = {"seconds": 3}     # after a fetch none follows at AWS's word for a moment
PAUSE = {"seconds": 11}     # after one in vain, while there are keys that serve


@pytest.fixture(params=SOURCES)
def source(request):
    return request.param


def get(here):
    return here.ask("GET", "/s3/b/k")


def key_used(here):
    return here.last.proof.key


def fetched(issuer, number, source="container"):
    """Waits for that many fetches to have been asked, and a little for one too many."""
    assert wait_until(lambda: issuer.count(KIND[source]) >= number)
    return issuer.count(KIND[source]) == number


# --- one fetch for all

def test_a_hundred_that_wait_make_one_fetch(sourced, issuer, source):
    here = sourced(source)
    issuer.gate.clear()
    with ThreadPoolExecutor(100) as pool:
        answers = [pool.submit(get, here) for _ in range(100)]
        assert wait_until(lambda: in_flight(here) >= 100)
        issuer.gate.set()
        assert [answer.result().status for answer in answers] == [200] * 100
    assert issuer.count(KIND[source]) == 1
    assert {request.proof.key for request in here.upstream.requests} == {issuer.newest.key}


def in_flight(here):
    return int(re.search(r"countersign_in_flight (\d+)", here.ask("GET", "/-/metrics").text)[1])


def test_a_hundred_that_wait_in_vain_hear_of_one_fetch(sourced, issuer):
    here = sourced("container")
    issuer.script += [Response(403)]
    issuer.gate.clear()
    with ThreadPoolExecutor(100) as pool:
        answers = [pool.submit(get, here) for _ in range(100)]
        assert wait_until(lambda: in_flight(here) >= 100)
        issuer.gate.set()
        assert {answer.result().outcome for answer in answers} == {NONE_YET}
    assert issuer.count() == 1 and not here.upstream.requests


def test_pages_and_requests_wait_for_the_same_fetch(sourced, issuer):
    here = sourced("container")
    issuer.gate.clear()
    with ThreadPoolExecutor(10) as pool:
        answers = [pool.submit(here.ask, "GET", target) for target in ["/s3/b/k", "/-/identity"] * 5]
        assert wait_until(lambda: in_flight(here) >= 10)
        issuer.gate.set()
        assert [answer.result().status for answer in answers] == [200] * 10
    assert issuer.count() == 1


def test_connecting_ahead_fetches_ahead(sourced, issuer):
    here = sourced("container", COUNTERSIGN_PREWARM="s3")
    assert wait_until(lambda: issuer.count() == 1)
    assert get(here).status == 200 and issuer.count() == 1


# --- renewal ahead of the end

def test_keys_serve_without_another_fetch_until_five_minutes_before_their_end(sourced, issuer, wall, source):
    here = sourced(source)
    assert get(here).status == 200
    wall.move(minutes=54, seconds=30)
    for _ in range(10):
        assert get(here).status == 200
    assert issuer.count(KIND[source]) == 1 and len(here.upstream.requests) == 11


def test_in_the_last_minutes_the_old_keys_serve_while_one_fetch_is_made(sourced, issuer, wall, source):
    here = sourced(source)
    assert get(here).status == 200
    old = issuer.newest.key
    wall.move(minutes=56)
    issuer.gate.clear()
    for _ in range(10):
        assert get(here).status == 200
    assert {request.proof.key for request in here.upstream.requests} == {old}
    first = "instance token" if source == "instance" else KIND[source]
    assert wait_until(lambda: issuer.count(first) == 2)
    issuer.gate.set()
    assert wait_until(lambda: get(here).status == 200 and key_used(here) != old)
    assert key_used(here) == issuer.newest.key and issuer.count(KIND[source]) == 2 and issuer.count(first) == 2


def test_keys_that_have_ended_are_waited_for(sourced, issuer, wall, source):
    here = sourced(source)
    assert get(here).status == 200
    wall.move(minutes=61)
    issuer.gate.clear()
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(get, here) for _ in range(20)]
        assert wait_until(lambda: in_flight(here) >= 20)
        assert len(here.upstream.requests) == 1
        issuer.gate.set()
        assert [answer.result().status for answer in answers] == [200] * 20
    assert key_used(here) == issuer.newest.key and issuer.count(KIND[source]) == 2


def test_keys_that_came_with_four_minutes_left(sourced, issuer, wall):
    """They are not looked for again with every request, but after a while."""
    issuer.lifetime = 240
    here = sourced("container")
    for _ in range(30):
        assert get(here).status == 200
    assert issuer.count() == 1
    wall.move(**PAUSE)
    assert get(here).status == 200
    assert fetched(issuer, 2)


def test_keys_that_came_with_moments_left_are_waited_for_once_they_end(sourced, issuer, wall):
    issuer.lifetime = 5
    here = sourced("container")
    assert get(here).status == 200
    wall.move(seconds=7)
    assert get(here).status == 200
    assert issuer.count() == 2 and key_used(here) == issuer.newest.key


@pytest.mark.parametrize("expiration", [
    "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2020-01-01T00:00:00Z", "", "garbage", "2026-13-45T00:00:00Z",
    "0000-00-00T00:00:00Z", "1900000000", "2099-01-01", "2099-01-01T00:00:00+02:00",
])
def test_an_end_that_is_none_makes_no_loop(sourced, issuer, expiration, wall):
    issuer.expiration = expiration
    here = sourced("container")
    for _ in range(40):
        assert get(here).status == 200
    assert issuer.count() == 1 and json.loads(here.ask("GET", "/-/identity").text)["expires"] is None
    wall.move(minutes=14)
    assert get(here).status == 200 and issuer.count() == 1
    wall.move(minutes=2)
    assert get(here).status == 200 and fetched(issuer, 2)


@pytest.mark.parametrize("back", [{"minutes": -10}, {"hours": -5}])
def test_a_clock_that_goes_back_makes_no_loop(sourced, issuer, wall, back):
    here = sourced("container")
    assert get(here).status == 200
    wall.move(**back)
    for _ in range(20):
        assert get(here).status == 200
    assert issuer.count() <= 2


def test_a_restored_copy_uses_nothing_that_was_fetched_before(sourced, issuer, wall):
    """Under SnapStart a gap may be a restore, of which nobody tells."""
    here = sourced("container", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
    assert get(here).status == 200
    before = issuer.newest
    wall.move(seconds=5)
    assert get(here).status == 200
    assert issuer.count() == 2 and key_used(here) == issuer.newest.key != before.key


# --- a fetch that fails

def slow(request):
    """Longer than the program waits."""
    threading.Event().wait(4)
    return None


FAILURES = {"500": Response(500), "403": Response(403), "closed": lambda request: None, "reset": dropped,
            "garbage": Response(200, b"\0\1garbage"), "empty": Response(200),
            "half JSON": Response(200, b'{"AccessKeyId"'),
            "not HTTP": lambda request: request.wire.send(b"SMTP ready\r\n\r\n"),
            "cut": Response(200, b"{", length=99, hang_up=True),
            "redirect": Response(302, headers=(("Location", "http://127.0.0.1/"),)),
            "huge": Response(200, b" " * 200_000), "endless": Response(200, [b" " * 65536] * 8)}


@pytest.mark.parametrize("how", FAILURES)
def test_a_failed_renewal_keeps_the_old_keys(sourced, issuer, wall, how):
    here = sourced("container")
    assert get(here).status == 200
    old = issuer.newest.key
    wall.move(minutes=56)
    issuer.script += [FAILURES[how]] * 3
    for _ in range(5):
        assert get(here).status == 200 and key_used(here) == old
    assert wait_until(lambda: "could not be fetched" in here.proxy.text())
    asked = issuer.count()
    for _ in range(20):
        assert get(here).status == 200 and key_used(here) == old
    assert issuer.count() == asked, "it is not asked again with every request"
    issuer.script.clear()
    wall.move(**PAUSE)
    assert wait_until(lambda: get(here).status == 200 and key_used(here) != old)


@pytest.mark.parametrize("how", FAILURES)
def test_a_failed_fetch_without_old_keys_is_told(sourced, issuer, how):
    here = sourced("container", COUNTERSIGN_AUTH="none")
    issuer.script += [FAILURES[how]] * 3
    answer = here.ask("GET", "/s3/b/k")
    assert answer.outcome == NONE_YET and "<Code>NoCredentials</Code>" in answer.text
    again = here.ask("POST", "/transcribe/", [JSON_TYPE], b"{}")
    assert again.outcome == NONE_YET and json.loads(again.text)["__type"] == "NoCredentials"
    assert "container endpoint" in answer.text and not here.upstream.requests
    assert not any(secret in here.proxy.text() + answer.text + again.text for secret in issuer.secrets())


def test_an_endpoint_that_does_not_answer_is_given_up(sourced, issuer):
    here = sourced("container")
    issuer.script += [slow] * 3
    answer = get(here)
    assert answer.outcome == NONE_YET and "in time" in answer.text


def test_an_endpoint_that_stops_answering_keeps_the_old_keys(sourced, issuer, wall):
    here = sourced("container")
    assert get(here).status == 200
    wall.move(minutes=56)
    issuer.script += [slow] * 3
    assert get(here).status == 200
    assert wait_until(lambda: "could not be fetched" in here.proxy.text())
    assert get(here).status == 200 and key_used(here) == issuer.newest.key and issuer.count() == 4


def test_ended_keys_are_not_used_though_no_new_ones_come(sourced, issuer, wall):
    here = sourced("container")
    assert get(here).status == 200
    wall.move(minutes=61)
    issuer.script += [Response(500)] * 3
    assert get(here).outcome == NONE_YET
    assert len(here.upstream.requests) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_stumble_is_asked_again(sourced, issuer, source, status):
    first = 3 if source == "instance" else 1
    issuer.script += [Response(status)] * 2
    here = sourced(source)
    assert get(here).status == 200 and issuer.count() == 2 + first


def test_a_reset_is_asked_again(sourced, issuer):
    issuer.script += [dropped, dropped]
    assert get(sourced("container")).status == 200 and issuer.count() == 3


def test_it_recovers_after_a_failure(sourced, issuer, wall):
    issuer.script += [Response(403)]
    here = sourced("container")
    assert get(here).outcome == NONE_YET
    assert get(here).outcome == NONE_YET and issuer.count() == 1, "not again at once"
    wall.move(seconds=2)
    assert get(here).status == 200 and issuer.count() == 2


# --- what AWS calls expired

REQUESTS = {
    "GET": ("GET", "/s3/b/k", [], None),
    "DELETE": ("DELETE", "/s3/b/k", [], None),
    "short PUT": ("PUT", "/s3/b/k", [], b"x" * 1000),
    "late PUT": ("PUT", "/s3/b/k", [("Content-Length", 1000)], [b"x" * 400, b"x" * 600]),
    "expecting PUT": ("PUT", "/s3/b/k", [("Expect", "100-continue")], b"x" * 1000),
    "conditional PUT": ("PUT", "/s3/b/k", [("If-None-Match", "*")], b"x" * 1000),
    "chunked PUT": ("PUT", "/s3/b/k", [("Transfer-Encoding", "chunked")], [b"5\r\nhello\r\n", b"0\r\n\r\n"]),
    "JSON": ("POST", "/transcribe/", [JSON_TYPE], b'{"a":1}'),
    "long JSON": ("POST", "/transcribe/", [JSON_TYPE], b" " * 200_000),
    "query": ("POST", "/sqs/", [QUERY_TYPE], b"Action=ListQueues"),
    "CBOR": ("POST", "/monitoring/", [CBOR_TYPE, ("smithy-protocol", "rpc-v2-cbor")], b"\xa0"),
}


def echo(request):
    return Response(body=request.method.encode() + b":" + request.read())


def began(sourced, issuer, wall, source="container", handler=echo, **env):
    """A stage whose keys were fetched a while ago."""
    here = sourced(source, handler, **env)
    assert get(here).status == 200
    wall.move(**CALMED)
    return here


@pytest.mark.parametrize("name", REQUESTS)
def test_the_request_goes_again_with_new_keys(sourced, issuer, wall, name):
    here = began(sourced, issuer, wall)
    old = issuer.newest.key
    here.upstream.expired.add(old)
    method, target, headers, body = REQUESTS[name]
    answer = here.ask(method, target, headers, body)
    whole = b"hello" if name == "chunked PUT" else body if isinstance(body, bytes) else b"".join(body or [])
    assert (answer.status, answer.body) == (200, method.encode() + b":" + whole)
    assert [request.proof.key for request in here.upstream.requests] == [old, old, issuer.newest.key]
    assert [request.body for request in here.upstream.requests[1:]] == [whole, whole]
    assert issuer.count() == 2 and get(here).status == 200 and issuer.count() == 2


def test_from_every_source(sourced, issuer, wall, source):
    here = began(sourced, issuer, wall, source)
    here.upstream.expired.add(issuer.newest.key)
    assert get(here).status == 200
    assert key_used(here) == issuer.newest.key and issuer.count(KIND[source]) == 2


def unnamed(request):
    return expired_token(request, named=False)


def header_alone(request):
    return Response(400, b"{}", (JSON_TYPE, ("x-amzn-ErrorType", "ExpiredTokenException")))


def no_body(request):
    return Response(400, headers=(("x-amzn-ErrorType", "ExpiredTokenException"),))


def in_chunks(request):
    answer = expired_token(request)
    answer.chunked = True
    return answer


def byte_by_byte(request):
    answer = expired_token(request)
    answer.length, answer.body = len(answer.body), [bytes([each]) for each in answer.body]
    return answer


def with_status(status):
    def tell(request):
        answer = expired_token(request)
        answer.status = status
        return answer
    return tell


@pytest.mark.parametrize("tell", [unnamed, header_alone, no_body, in_chunks, byte_by_byte, with_status(401), with_status(403)],
                         ids=["body alone", "header alone", "no body", "in chunks", "byte by byte", "401", "403"])
def test_however_it_is_told(sourced, issuer, wall, tell):
    here = began(sourced, issuer, wall)
    here.upstream.expired.add(issuer.newest.key)
    here.upstream.expiry = tell
    method, target, headers, body = REQUESTS["JSON"]
    assert here.ask(method, target, headers, body).status == 200
    assert issuer.count() == 2


def test_head_is_told_by_the_header(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.expired.add(issuer.newest.key)
    here.upstream.expiry = header_alone
    with here.client() as client:
        assert client.ask("HEAD", "/s3/b/k").status == 200
        assert client.ask("GET", "/-/health").status == 200
    assert issuer.count() == 2


def test_a_hundred_told_at_once_make_one_fetch(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.expired.add(issuer.newest.key)
    with ThreadPoolExecutor(50) as pool:
        assert [answer.status for answer in pool.map(lambda _: get(here), range(100))] == [200] * 100
    assert issuer.count() == 2


def test_one_on_a_kept_connection_after_the_other(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.expired.add(issuer.newest.key)
    with here.client() as client:
        for name in ("JSON", "GET", "short PUT", "JSON"):
            assert client.ask(*REQUESTS[name]).status == 200
    assert issuer.count() == 2
    assert len(here.upstream.connections) <= 2, "the repeat may take a fresh one, and the next ones keep it"


def test_a_body_that_streamed_cannot_go_again(sourced, issuer, wall):
    """The client hears what AWS said; the next request has the new keys."""
    here = began(sourced, issuer, wall)
    old = issuer.newest.key
    here.upstream.expired.add(old)
    answer = here.ask("PUT", "/s3/b/k", [], b"x" * 1_000_000)
    assert answer.status == 400 and EXPIRED[0] in answer.text and not answer.error
    assert wait_until(lambda: issuer.count() == 2)
    assert wait_until(lambda: get(here).status == 200 and key_used(here) == issuer.newest.key)


def test_an_upload_that_is_refused_early(sourced, issuer, wall):
    """The server had not asked for the body yet, so all of it is still there."""
    here = began(sourced, issuer, wall)
    here.upstream.expired.add(issuer.newest.key)

    def early(request):
        answer = expired_token(request)
        answer.early = answer.close = True
        return answer

    here.upstream.expiry = early
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 5_000_000), ("Expect", "100-continue")])
        assert client.reader.readline() == b"HTTP/1.1 100 Continue\r\n" and client.reader.readline() == b"\r\n"
        client.send(b"x" * 5_000_000)
        assert client.answer("PUT").status == 200
    assert issuer.count() == 2 and here.last.body_length == 5_000_000


def test_the_same_keys_again_do_not_cure_it(sourced, issuer, wall):
    """The answer is relayed as it came."""
    here = began(sourced, issuer, wall)
    issuer.same = True
    here.upstream.expired.add(issuer.newest.key)
    relayed(here, REQUESTS["GET"], expired_token)
    assert issuer.count() == 2 and len(here.upstream.requests) == 2


def test_a_fetch_in_vain_does_not_cure_it(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    issuer.script += [Response(403)]
    here.upstream.expired.add(issuer.newest.key)
    for number in (2, 3, 4):
        relayed(here, REQUESTS["JSON"], expired_token)
        assert issuer.count() == 2 and len(here.upstream.requests) == number, "nor is it fetched again at once"


def test_a_second_word_of_expiry_is_relayed(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.expired.update([issuer.newest.key, issuer.newest.key[:-1] + "2"])
    relayed(here, REQUESTS["GET"], expired_token)
    assert issuer.count() == 2 and len(here.upstream.requests) == 3


def test_keys_just_fetched_are_not_fetched_again(sourced, issuer):
    here = sourced("container", echo)
    assert get(here).status == 200
    here.upstream.expired.add(issuer.newest.key)
    for _ in range(5):
        assert get(here).status == 400
    assert issuer.count() == 1


def relayed(here, request, tell):
    """The client sees the server's answer, whole and with its headers, on a connection that lives on."""
    method, target, headers, body = request
    with here.client() as client:
        answer = client.ask(method, target, headers, body)
        expected = tell(here.last)
        assert not answer.error and answer.status == expected.status
        content = expected.body if isinstance(expected.body, bytes) else b"".join(expected.body)
        assert answer.body == content
        for name, value in expected.headers:
            assert answer.all(name) == [value]
        assert not answer.closes
        assert client.ask("GET", "/-/health").status == 200
    return answer


# --- other errors are no concern of the cache's

def wrong(status, body, kind=XML, **how):
    return lambda request: Response(status, body, (kind, ("x-amz-request-id", "R1"), ("X-Odd", "a  b")), **how)


DENIED = b"<Error><Code>AccessDenied</Code><Message>ExpiredToken is not what it says</Message></Error>"
OTHERS = {
    "403": wrong(403, DENIED),
    "400": wrong(400, b"<Error><Code>MalformedXML</Code></Error>"),
    "401": wrong(401, b'{"message":"Unauthorized"}', JSON_TYPE),
    "empty": wrong(403, b""),
    "chunked": wrong(403, DENIED, chunked=True),
    "chunked in pieces": wrong(403, [bytes([each]) for each in DENIED], chunked=True),
    "trailers": wrong(403, [DENIED], trailers=(("x-amz-checksum-crc32", "AAAAAA=="),)),
    "16 KiB": wrong(400, b"x" * 16384),
    "16 KiB and one": wrong(400, b"x" * 16385),
    "long": wrong(403, b"x" * 300_000),
    "long chunked": wrong(403, [b"y" * 5000] * 40, chunked=True),
    "exact chunks": wrong(403, [b"y" * 4096] * 4, chunked=True),
    "one chunk over": wrong(403, [b"y" * 4096] * 4 + [b"z"], chunked=True),
    "large chunk": wrong(403, [b"y" * 100_000], chunked=True),
    "JSON": wrong(400, b'{"__type":"ValidationException","message":"ExpiredTokenException"}', JSON_TYPE),
    "binary": wrong(400, bytes(range(256)) * 40),
    "503": wrong(503, b"<Error><Code>ExpiredToken</Code></Error>"),
    "404": wrong(404, b"<Error><Code>ExpiredToken</Code></Error>"),
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("asked", ["GET", "JSON"])
def test_another_error_is_relayed_as_it_came(sourced, issuer, wall, name, asked):
    here = began(sourced, issuer, wall)
    here.upstream.handler = OTHERS[name]
    answer = relayed(here, REQUESTS[asked], OTHERS[name])
    assert issuer.count() == 1 and len(here.upstream.requests) == 2
    assert answer.trailers == ([("x-amz-checksum-crc32", "AAAAAA==")] if name == "trailers" else [])


def test_an_error_to_head(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.handler = wrong(403, DENIED)
    with here.client() as client:
        answer = client.ask("HEAD", "/s3/b/k")
        assert answer.status == 403 and answer.header("content-length") == str(len(DENIED))
        assert client.ask("GET", "/-/health").status == 200


def test_an_error_until_the_end_of_the_connection(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.handler = wrong(403, [DENIED], until_close=True)
    assert get(here).body == DENIED


def test_an_error_to_an_old_client(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.handler = wrong(403, DENIED, chunked=True)
    answer = here.ask("GET", "/s3/b/k", version="HTTP/1.0")
    assert (answer.status, answer.body) == (403, DENIED) and not answer.all("transfer-encoding")


def test_an_error_before_the_body_was_sent(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.handler = wrong(403, DENIED, early=True, close=True)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Content-Length", 50_000_000)])
        client.send(b"x" * 100_000)
        answer = client.answer("PUT")
        assert (answer.status, answer.body) == (403, DENIED)


@pytest.mark.parametrize("response", [
    Response(403, DENIED[:10], (XML,), length=len(DENIED), hang_up=True),
    Response(403, DENIED[:10], (XML,), length=len(DENIED), reset=True),
    Response(403, DENIED[:10], (XML,), length=len(DENIED), abrupt=True),
], ids=["closed", "reset", "abrupt"])
def test_a_server_that_dies_within_an_error(sourced, issuer, wall, response):
    here = began(sourced, issuer, wall)
    here.upstream.handler = lambda request: response
    answer = get(here)
    assert answer.outcome == (502, "UpstreamReset") and issuer.count() == 1


def test_a_server_that_dies_within_a_long_error(sourced, issuer, wall):
    """What was held is with the client by then: only a broken end can tell it."""
    here = began(sourced, issuer, wall)
    here.upstream.handler = lambda request: Response(403, [b"x" * 20_000, b"y" * 20_000], (XML,), length=90_000,
                                                     hang_up=True)
    answer = get_cut(here)
    assert answer == "cut" or answer.outcome == (502, "UpstreamReset")


def get_cut(here):
    try:
        return get(here)
    except Cut:
        return "cut"


def test_an_error_that_is_longer_than_it_promised(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.handler = lambda request: Response(403, DENIED + b"more", (XML,), length=len(DENIED))
    assert get(here).status in (403, 502)


def test_an_error_in_broken_chunks(sourced, issuer, wall):
    here = began(sourced, issuer, wall)

    def broken(request):
        request.wire.send(b"HTTP/1.1 403 F\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhellooo")
        request.wire.ended()

    here.upstream.handler = broken
    assert get(here).outcome == (502, "UpstreamProtocol")


def test_an_error_that_stops_coming(sourced, issuer, wall):
    here = began(sourced, issuer, wall, COUNTERSIGN_TIMEOUT_MS=300)
    here.upstream.handler = lambda request: request.wire.send(
        b"HTTP/1.1 403 F\r\nContent-Length: 50\r\n\r\nhello") or request.wire.ended() and None
    assert get(here).outcome == (504, "UpstreamTimeout")


# --- those who wait and go

def test_a_client_that_vanishes_while_it_waits(sourced, issuer):
    here = sourced("container")
    issuer.gate.clear()
    for _ in range(5):
        client = here.client()
        client.send_request(*REQUESTS["JSON"])
        assert wait_until(lambda: in_flight(here) == 2)
        client.reset()
        assert wait_until(lambda: in_flight(here) == 1)
    issuer.gate.set()
    assert get(here).status == 200 and issuer.count() == 1 and len(here.upstream.requests) == 1


def test_a_client_that_vanishes_while_newer_keys_are_fetched(sourced, issuer, wall):
    here = began(sourced, issuer, wall)
    here.upstream.expired.add(issuer.newest.key)
    issuer.gate.clear()
    client = here.client()
    client.send_request(*REQUESTS["JSON"])
    assert wait_until(lambda: issuer.count() == 2)
    client.reset()
    assert wait_until(lambda: in_flight(here) == 1)
    issuer.gate.set()
    assert wait_until(lambda: get(here).status == 200)
    assert len([each for each in here.upstream.requests if each.method == "POST"]) == 1


def test_a_client_that_half_closes_while_it_waits(sourced, issuer):
    here = sourced("container", echo)
    issuer.gate.clear()
    with here.client() as client:
        client.send_request(*REQUESTS["JSON"])
        client.half_close()
        assert wait_until(lambda: issuer.count() == 1)
        issuer.gate.set()
        assert client.answer("POST").body == b'POST:{"a":1}'


def test_a_wait_that_lasts_too_long(sourced, issuer):
    here = sourced("container", COUNTERSIGN_TIMEOUT_MS=300)
    issuer.gate.clear()
    answer = get(here)
    assert answer.outcome == NONE_YET and "COUNTERSIGN_TIMEOUT_MS" in answer.text


def test_a_wait_for_newer_keys_that_lasts_too_long(sourced, issuer, wall):
    """What AWS has said is all there is to say."""
    here = began(sourced, issuer, wall, COUNTERSIGN_TIMEOUT_MS=300)
    here.upstream.expired.add(issuer.newest.key)
    issuer.gate.clear()
    relayed(here, REQUESTS["GET"], expired_token)


@pytest.mark.parametrize("twice", [False, True], ids=["SIGTERM", "SIGTERM twice"])
def test_the_end_of_the_program_while_a_request_waits(sourced, issuer, twice):
    here = sourced("container")
    issuer.gate.clear()
    client = here.client()
    client.send_request("GET", "/s3/b/k")
    assert wait_until(lambda: issuer.count() == 1)
    here.proxy.process.send_signal(signal.SIGTERM)
    if twice:
        assert wait_until(lambda: "shutting down" in here.proxy.text())
        here.proxy.process.send_signal(signal.SIGTERM)
    else:
        assert wait_until(lambda: "shutting down" in here.proxy.text())
        issuer.gate.set()
        assert client.answer().status == 200
        client.close()
    assert here.proxy.process.wait(20) == 0
    client.close()


def test_the_end_of_the_program_while_keys_are_renewed(sourced, issuer, wall):
    here = sourced("container")
    assert get(here).status == 200
    wall.move(minutes=56)
    issuer.gate.clear()
    assert get(here).status == 200 and wait_until(lambda: issuer.count() == 2)
    assert here.proxy.stop() == 0


def test_all_of_it_at_once(sourced, issuer, wall, source):
    """Many clients while the endpoint stumbles, keys expire at AWS and by the clock, and clients vanish."""
    here = sourced(source, echo)
    allowed = {(200, ""), (400, ""), (403, ""), NONE_YET}
    stumbles = [None, None, Response(500), dropped, Response(200, b"{\0"), Response(403)]

    def work(seed):
        random = Random(seed)
        outcomes = set()
        for _ in range(12):
            request = REQUESTS[random.choice(list(REQUESTS))]
            with here.client() as client:
                client.send_request(*request)
                if random.random() < 0.2:
                    client.reset()
                    continue
                outcomes.add(client.answer(request[0]).outcome)
            if random.random() < 0.1 and issuer.issued:
                here.upstream.expired.add(issuer.newest.key)
            issuer.script += [random.choice(stumbles)] * (random.random() < 0.2)
            wall.move(seconds=random.choice([0, 0, 1, 3, 20, 600]))
        return outcomes

    # The clock moves while requests are on their way.
    here.expect_refusals = True
    with ThreadPoolExecutor(16) as pool:
        outcomes = set.union(*pool.map(work, range(16)))
    assert outcomes <= allowed and (200, "") in outcomes
    issuer.wrong[:] = [each for each in issuer.wrong if getattr(each[1], "code", "") != "RequestTimeTooSkewed"]
    issuer.script.clear()
    here.upstream.expired.clear()
    wall.move(hours=2)
    assert wait_until(lambda: get(here).status == 200) and key_used(here) == issuer.newest.key
    assert wait_until(lambda: in_flight(here) == 1)


# --- keys of the environment

@pytest.mark.parametrize("name", REQUESTS)
def test_static_keys_that_expired_are_told_as_aws_tells_it(stage, issuer, wall, name):
    here = stage(echo, COUNTERSIGN_AUTH="none", AWS_CONTAINER_CREDENTIALS_FULL_URI=issuer.url)
    here.upstream.expired.add(ROLE["AWS_ACCESS_KEY_ID"])
    relayed(here, REQUESTS[name], expired_token)
    assert len(here.upstream.requests) == 1 and issuer.count() == 0


def test_static_keys_do_not_end(stage, clocked, wall):
    here = stage(COUNTERSIGN_AUTH="none", **clocked())
    here.upstream.clock = wall
    assert get(here).status == 200
    wall.move(days=3)
    assert get(here).status == 200


# --- secrets

def test_no_secret_comes_out(sourced, issuer, wall, source):
    """Through a whole life of keys, at the level that logs most."""
    here = began(sourced, issuer, wall, source)
    here.upstream.expired.add(issuer.newest.key)
    assert get(here).status == 200
    issuer.script += [Response(403, " ".join(issuer.secrets()).encode())]
    wall.move(minutes=61)
    texts = [get(here).text]
    wall.move(seconds=2)
    issuer.script += [Response(200, json.dumps({"AccessKeyId": issuer.newest.secret}).encode())]
    texts += [get(here).text, here.ask("GET", "/-/identity").text, here.ask("GET", "/-/metrics").text]
    wall.move(seconds=2)
    assert wait_until(lambda: get(here).status == 200)
    assert here.proxy.stop() == 0
    told = "".join(texts) + here.proxy.text()
    assert "credentials" in here.proxy.text()
    assert [secret for secret in issuer.secrets() if secret in told] == []


@pytest.mark.parametrize("step", ["create", "part", "complete"])
def test_a_step_of_an_upload_goes_again_with_new_keys(sourced, issuer, wall, step):
    s3 = Uploads()
    here = sourced("container", s3)
    assert here.ask("PUT", "/s3/bucket/a", [], b"abc").status == 200
    wall.move(**CALMED)
    old = issuer.newest.key

    def instead(at, request):
        if at != step or request.proof.key != old:
            return None
        here.upstream.expired.add(old)
        return expired_token(request)
    s3.instead = instead
    body = b"0123456789abcdef" * (9 << 16)
    assert here.ask("PUT", "/s3/bucket/k", [("Transfer-Encoding", "chunked")],
                    [b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"]).status == 200
    assert s3.objects["/bucket/k"].content == body and issuer.count() == 2 and not s3.uploads
