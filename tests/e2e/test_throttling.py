"""Throttling: relayed as it is, or with COUNTERSIGN_RETRIES sent again after a pause, where nothing can be lost by that."""

import datetime
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.client import wait_until
from harness.upstream import Response

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.0")
SLOW_DOWN = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>'
LONG = b"0123456789abcdef" * 20_000
EXPECT = ("Expect", "100-continue")

THROTTLED = {
    "503 SlowDown": ("/s3/b/k", Response(503, SLOW_DOWN, (("Content-Type", "application/xml"), ("Retry-After", "0"),
                                                          ("x-amz-request-id", "A"), ("x-amz-id-2", "B=")))),
    "503 SlowDown, chunked": ("/s3/b/k", Response(503, SLOW_DOWN, (("Retry-After", "0"),), chunked=True)),
    "503": ("/sqs/", Response(503, b"Service Unavailable", (("Retry-After", "0"),))),
    "503, no body": ("/s3/b/k", Response(503, headers=(("X-Odd", " a  b "),), reason="Slow Down")),
    "429": ("/lambda/", Response(429, b'{"message":"Rate exceeded"}', (("x-amzn-ErrorType", "TooManyRequestsException:"),))),
    "429, no body": ("/bedrock-runtime/", Response(429)),
    "400 by __type": ("/dynamodb/", Response(
        400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m"}',
        (("Content-Type", "application/x-amz-json-1.0"), ("x-amzn-RequestId", "A")))),
    "400 by header": ("/kms/", Response(400, b"{}", (("x-amzn-ErrorType", "ThrottlingException"),))),
    "400 query": ("/sts/", Response(400, b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>")),
    "503 ec2": ("/ec2/", Response(503, b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>")),
    "509": ("/s3/b/k", Response(509, b"<Error><Code>BandwidthLimitExceeded</Code></Error>")),
}


class Busy:
    """A service that says this so often, each time with the number of the try, and then is there."""

    def __init__(self, response, times=10 ** 9):
        self.response, self.times, self.tries = response, times, 0

    def __call__(self, request):
        self.tries += 1
        response = self.response
        if self.tries > self.times:
            return Response(body=b"done " + request.read())
        return Response(response.status, response.body, (*response.headers, ("X-Try", str(self.tries))),
                        reason=response.reason, chunked=response.chunked)


def slow_down(retry_after=None):
    return Response(503, SLOW_DOWN, (("Retry-After", retry_after),) if retry_after is not None else ())


# --- the default

@pytest.mark.parametrize("target, response", THROTTLED.values(), ids=THROTTLED)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_by_default_it_is_relayed_as_it_is(stage, method, target, response):
    busy = Busy(response)
    here = stage(busy)
    with here.client() as client:
        for number in ("1", "2"):
            answer = client.ask(method, target, [JSON_TYPE], b"{}" if method == "POST" else None)
            body = b"" if method == "HEAD" else response.body
            assert (answer.status, answer.body, answer.error) == (response.status, body, "")
            expected = [(name, value.strip()) for name, value in response.headers] + [("X-Try", number)]
            assert [field for field in answer.headers if field[0] not in ("Content-Length", "Transfer-Encoding")] == expected
            assert response.reason in (None, answer.reason)
    assert busy.tries == 2


# --- COUNTERSIGN_RETRIES

@pytest.mark.parametrize("target, response", THROTTLED.values(), ids=THROTTLED)
def test_it_passes_at_the_third(stage, target, response):
    busy = Busy(response, times=2)
    here = stage(busy, COUNTERSIGN_RETRIES=2)
    answer = here.ask("GET", target)
    assert (answer.status, answer.body, answer.all("x-try")) == (200, b"done ", []) and busy.tries == 3


@pytest.mark.parametrize("target, response", THROTTLED.values(), ids=THROTTLED)
def test_the_last_answer_is_relayed(stage, target, response):
    busy = Busy(response)
    here = stage(busy, COUNTERSIGN_RETRIES=2)
    answer = here.ask("GET", target)
    assert (answer.status, answer.body, answer.error) == (response.status, response.body, "")
    assert answer.header("x-try") == "3" and busy.tries == 3


@pytest.mark.parametrize("method, target, headers, body", [
    ("GET", "/s3/b/k", [], None), ("HEAD", "/s3/b/k", [], None), ("DELETE", "/s3/b/k", [], None),
    ("PUT", "/s3/b/k", [], b"short"), ("PUT", "/s3/b/k", [], b""), ("PUT", "/s3/b/k", [EXPECT], b"short"),
    ("GET", "/s3/b/k", [("If-None-Match", '"a"'), ("Range", "bytes=0-1")], None),
    ("POST", "/dynamodb/", [JSON_TYPE], b"{}"), ("POST", "/dynamodb/", [JSON_TYPE], LONG),
], ids=["GET", "HEAD", "DELETE", "PUT", "empty PUT", "PUT that expects", "conditional GET", "POST", "long POST"])
def test_what_can_be_repeated_is(stage, method, target, headers, body):
    busy = Busy(slow_down(), times=1)
    here = stage(busy, COUNTERSIGN_RETRIES=3)
    assert here.ask(method, target, headers, body).status == 200
    assert busy.tries == 2 and [request.body for request in here.upstream.requests] == [body or b""] * 2


def test_a_chunked_upload_that_is_held(stage):
    busy = Busy(slow_down(), times=2)
    here = stage(busy, COUNTERSIGN_RETRIES=2)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("Transfer-Encoding", "chunked")], [b"5\r\nhello\r\n", b"0\r\n\r\n"])
        assert client.answer().body == b"done hello"


def test_an_upload_whose_body_nobody_has_wanted_yet(stage):
    """Its client waits for a 100: nothing of it is gone."""
    tries = []

    def handler(request):
        tries.append(request)
        if len(tries) < 3:
            return Response(503, SLOW_DOWN, early=True, close=True)
        return Response(body=request.read())

    here = stage(handler, COUNTERSIGN_RETRIES=2)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [EXPECT, ("Content-Length", len(LONG))])
        assert client.interim() == 100
        client.send(LONG)
        assert client.answer().body == LONG
    assert [request.body_length for request in tries] == [0, 0, len(LONG)]


@pytest.mark.parametrize("headers", [
    [("If-None-Match", "*")], [("If-Match", '"a"')], [("if-match", '"a"')],
    [("If-Unmodified-Since", "Mon, 02 Nov 2026 10:00:00 GMT")], [("x-amz-if-match-size", "4")],
], ids=["if-none-match", "if-match", "lower case", "if-unmodified-since", "x-amz-if-match-size"])
@pytest.mark.parametrize("method, body", [("PUT", b""), ("PUT", b"body"), ("PUT", LONG), ("DELETE", None), ("POST", b"x")])
def test_a_conditional_write_never_is(stage, headers, method, body):
    busy = Busy(slow_down("0"))
    here = stage(busy, COUNTERSIGN_RETRIES=5)
    answer = here.ask(method, "/s3/b/k", headers, body)
    assert (answer.status, answer.body, answer.header("retry-after")) == (503, SLOW_DOWN, "0") and busy.tries == 1


def test_a_streamed_body_never_is(stage):
    busy = Busy(slow_down())
    here = stage(busy, COUNTERSIGN_RETRIES=5)
    answer = here.ask("PUT", "/s3/b/k", [], LONG)
    assert (answer.status, answer.body) == (503, SLOW_DOWN) and busy.tries == 1


def test_a_streamed_body_without_a_chunk_never_is(stage):
    """Its last line is gone."""
    busy = Busy(slow_down())
    here = stage(busy, COUNTERSIGN_RETRIES=5)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                                               ("X-Amz-Decoded-Content-Length", "0"), ("Content-Encoding", "aws-chunked"),
                                               ("Transfer-Encoding", "chunked")], [b"0\r\n\r\n"])
        assert client.answer().status == 503 and busy.tries == 1


@pytest.mark.parametrize("status, body", [
    (500, b"<Error><Code>InternalError</Code></Error>"), (400, b'{"__type":"ValidationException"}'),
    (403, b"<Error><Code>AccessDenied</Code></Error>"), (404, b"<Error><Code>NoSuchKey</Code></Error>"),
    (400, b'{"__type":"LimitExceededException"}'), (502, b""), (504, b""), (200, SLOW_DOWN),
])
def test_other_answers_are_relayed(stage, status, body):
    busy = Busy(Response(status, body, (("Retry-After", "0"),)))
    here = stage(busy, COUNTERSIGN_RETRIES=5)
    assert here.ask("GET", "/s3/b/k").body == body and busy.tries == 1


# --- Retry-After, and patience

def http_date(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("value", ["2", "30", "3600", "3601", "7200", "99999999", "4294967297", "9" * 30, http_date(3600),
                                   "soon", "-1", "1.5", "0x1"])
def test_who_is_to_wait_for_longer_than_the_timeout_is_told_at_once(stage, value):
    busy = Busy(slow_down(value))
    here = stage(busy, COUNTERSIGN_RETRIES=5, COUNTERSIGN_TIMEOUT_MS=2000)
    answer = here.ask("GET", "/s3/b/k")
    assert (answer.status, answer.body, answer.header("retry-after")) == (503, SLOW_DOWN, value) and busy.tries == 1


@pytest.mark.parametrize("value", ["0", "1", "00", http_date(-3600)])
def test_a_short_wait_is_waited(stage, value):
    busy = Busy(slow_down(value), times=1)
    here = stage(busy, COUNTERSIGN_RETRIES=1)
    assert here.ask("GET", "/s3/b/k").status == 200 and busy.tries == 2


def test_all_pauses_together_stay_within_the_timeout(stage):
    busy = Busy(slow_down("1"))
    here = stage(busy, COUNTERSIGN_RETRIES=10, COUNTERSIGN_TIMEOUT_MS=2600)
    assert here.ask("GET", "/s3/b/k").header("x-try") == str(busy.tries)
    assert busy.tries in (2, 3)


# --- meanwhile

def in_flight(here):
    text = here.ask("GET", "/-/metrics").text
    [line] = [line for line in text.splitlines() if line.startswith("countersign_in_flight ")]
    return int(line.split()[1])


@pytest.fixture
def paused(stage):
    """A stage with a client whose request waits to be sent again, for half a minute."""
    clients = []

    def start(method="GET", headers=(), body=None, **env):
        busy = Busy(slow_down("25"), times=1)
        here = stage(busy, COUNTERSIGN_RETRIES=1, COUNTERSIGN_LOG_LEVEL="TRACE", **env)
        client = here.client()
        clients.append(client)
        client.send_request(method, "/s3/b/k", headers, body)
        assert wait_until(lambda: any(line.rstrip().endswith("pause") for line in here.proxy.output))
        return here, client

    yield start
    for client in clients:
        client.close()


@pytest.mark.parametrize("leave", ["reset", "close"])
@pytest.mark.parametrize("method, body", [("GET", None), ("PUT", b"short")])
def test_a_client_that_goes_in_the_pause(paused, leave, method, body):
    here, client = paused(method, (), body)
    assert in_flight(here) == 2
    if leave == "reset":
        client.reset()
        assert wait_until(lambda: in_flight(here) == 1)
    client.close()
    assert here.ask("GET", "/-/health").status == 200
    here.proxy.process.send_signal(signal.SIGTERM)
    assert here.proxy.process.wait(20) == 0
    assert len(here.upstream.requests) == 1


def test_the_end_comes_in_the_pause(paused):
    """There is no time for another try: the answer that there is goes out."""
    here, client = paused()
    here.proxy.process.send_signal(signal.SIGTERM)
    answer = client.answer()
    assert (answer.status, answer.body, answer.header("retry-after")) == (503, SLOW_DOWN, "25")
    assert answer.header("x-try") == "1" and answer.closes
    assert here.proxy.process.wait(20) == 0 and len(here.upstream.requests) == 1


def test_the_end_comes_in_the_pause_of_an_upload(stage):
    """What the client still has of its body is not read as a request."""
    here = stage(lambda request: Response(503, SLOW_DOWN, (("Retry-After", "25"),), early=True, close=True),
                 COUNTERSIGN_RETRIES=1, COUNTERSIGN_LOG_LEVEL="TRACE")
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [EXPECT, ("Content-Length", len(LONG))])
        assert wait_until(lambda: any(line.rstrip().endswith("pause") for line in here.proxy.output))
        here.proxy.process.send_signal(signal.SIGTERM)
        answer = client.answer()
        assert (answer.status, answer.body) == (503, SLOW_DOWN) and answer.closes and client.ended()
    assert here.proxy.process.wait(20) == 0


def test_a_pause_does_not_delay_others(paused):
    here, _ = paused()
    assert here.ask("GET", "/s3/b/other").status == 200
    assert in_flight(here) == 2


def test_a_client_that_half_closes_in_the_pause(stage):
    busy = Busy(slow_down("1"), times=1)
    here = stage(busy, COUNTERSIGN_RETRIES=1)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [], b"short")
        client.half_close()
        assert client.answer().body == b"done short"


def test_the_server_is_gone_after_the_pause(stage):
    busy = Busy(slow_down("1"))
    here = stage(busy, COUNTERSIGN_RETRIES=1)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: busy.tries == 1)
        here.upstream.close()
        assert client.answer().outcome in ((502, "UpstreamConnect"), (502, "UpstreamReset"), (503, ""))


def test_pipelined_requests_wait_behind_it(stage):
    busy = Busy(slow_down(), times=2)
    here = stage(busy, COUNTERSIGN_RETRIES=2)
    with here.client() as client:
        head = client.head("PUT", "/s3/b/1", [("Content-Length", 5)])
        client.send(head + "first" + client.head("HEAD", "/s3/b/2") + client.head("GET", "/s3/b/3"))
        assert client.answer().body == b"done first"
        assert client.answer("HEAD").status == 200
        assert client.answer().body == b"done "
    assert [request.path for request in here.upstream.requests] == ["/b/1"] * 3 + ["/b/2", "/b/3"]


def test_many_at_once_get_through(stage):
    """Each is refused once."""
    seen, lock = set(), threading.Lock()

    def handler(request):
        with lock:
            first = request.path not in seen
            seen.add(request.path)
        return slow_down() if first else Response(body=request.read())

    here = stage(handler, COUNTERSIGN_RETRIES=1)
    with ThreadPoolExecutor(12) as pool:
        bodies = pool.map(lambda number: here.ask("PUT", f"/s3/b/{number}", [], b"%d" % number).body, range(60))
        assert list(bodies) == [b"%d" % number for number in range(60)]
    assert len(here.upstream.requests) == 120


def test_a_remedy_between_two_pauses(stage):
    """The region is learned once, and does not count as a retry."""
    answers = iter([slow_down(), Response(400, b"<Error><Code>AuthorizationHeaderMalformed</Code>"
                                               b"<Region>eu-west-1</Region></Error>"), slow_down(), Response(body=b"done")])
    here = stage(lambda request: next(answers), COUNTERSIGN_RETRIES=2)
    assert here.ask("GET", "/s3/b/k").body == b"done"
    assert [request.proof.region for request in here.upstream.requests] == ["us-east-1"] * 2 + ["eu-west-1"] * 2


def test_one_line_for_all_tries(stage):
    here = stage(Busy(slow_down(), times=2), COUNTERSIGN_RETRIES=2)
    assert here.ask("PUT", "/s3/b/k", [], b"short").status == 200
    assert wait_until(lambda: "service=s3" in here.proxy.text())
    assert here.ask("GET", "/-/health").status == 200
    [line] = [line for line in here.proxy.output if "service=s3" in line]
    assert "status=200" in line and "sent=5 " in line
