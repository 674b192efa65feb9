"""A clock that is off: AWS says so, its Date tells by how much, and the request goes once more, signed by that."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness import verify
from harness.client import wait_until
from harness.clock import HOUR, MINUTE
from harness.proxy import ROLE
from harness.signer import sign
from harness.upstream import Response, Upstream

AHEAD = [datetime.timedelta(minutes=minutes) for minutes in (10, 300, 45 * 60, -10, -300, -45 * 60)]
HOURS = datetime.timedelta(hours=5)
JSON_TYPE, FORM_TYPE = "application/x-amz-json-1.1", "application/x-www-form-urlencoded"
LONG = b"0123456789abcdef" * 20_000


def s3(text):
    return 403, b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"


def json_403(text):
    return 403, b'{"__type":"InvalidSignatureException","message":"%b"}' % text


def json_400(text):
    return 400, b'{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"%b"}' % text


def query(text):
    return 403, (b"<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>%b</Message></Error>"
                 b"<RequestId>1</RequestId></ErrorResponse>" % text)


DIALECTS = {
    "S3": (s3, "PUT", "/s3/b/k", "text/plain"),
    "JSON": (json_403, "POST", "/transcribe/", JSON_TYPE),
    "JSON, 400": (json_400, "POST", "/dynamodb/", JSON_TYPE),
    "query": (query, "POST", "/sts/", FORM_TYPE),
}


class Service:
    """A service with a clock of its own, which is ahead of base's; it refuses what was not signed by it."""

    def __init__(self, base=lambda: datetime.datetime.now(datetime.timezone.utc)):
        self.base, self.ahead = base, datetime.timedelta(0)
        self.refuse, self.headers, self.role = s3, (), ROLE
        self.lenient, self.dated = False, True
        self.late, self.wrong = [], []

    def now(self):
        return self.base() + self.ahead

    def head(self):
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return ((("Date", date),) if self.dated else ()) + tuple(self.headers)

    def __call__(self, request):
        body = request.read()
        try:
            verify.check_head(request, self.role, None if self.lenient else self.now())
        except verify.Refusal as refusal:
            if refusal.code != "RequestTimeTooSkewed":
                self.wrong.append(refusal)
            elif not self.lenient:
                return self.refused(request)
        return Response(body=body, headers=self.head())

    def refused(self, request):
        self.late.append(request)
        signed = datetime.datetime.strptime(request.header("x-amz-date"), "%Y%m%dT%H%M%SZ")
        early = signed.replace(tzinfo=datetime.timezone.utc) > self.now()
        text = b"Signature not yet current: 20261125T000000Z is still later than ..." if early else (
            b"Signature expired: 20261125T000000Z is now earlier than 20261125T050000Z (20261125T050500Z - 5 min.)")
        status, body = self.refuse(text)
        return Response(status, body, self.head())


def signed_at(request):
    moment = datetime.datetime.strptime(request.header("x-amz-date"), "%Y%m%dT%H%M%SZ")
    return moment.replace(tzinfo=datetime.timezone.utc)


def by_whom(here, service):
    """Of each request whether it was signed by the service's clock or by the machine's."""
    near = datetime.timedelta(minutes=3)
    return ["service" if abs(signed_at(request) - service.now()) < near else
            "machine" if abs(signed_at(request) - service.base()) < near else "neither"
            for request in here.upstream.requests]


@pytest.fixture
def world(stage, authority):
    """world(ahead) is a stage before a service whose clock is so far ahead, and that service."""
    started = []

    def start(ahead=HOURS, base=None, **how):
        service = Service(base) if base else Service()
        service.ahead = ahead
        started.append(service)
        return stage(upstream=Upstream(authority, service, check=False), **how), service

    yield start
    for service in started:
        assert service.wrong == []


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_a_clock_that_is_off(world, dialect, ahead):
    here, service = world(ahead)
    service.refuse, method, target, kind = dialect
    for _ in range(3):
        answer = here.ask(method, target, [("Content-Type", kind)], b"the body")
        assert (answer.status, answer.body, answer.error) == (200, b"the body", "")
    assert len(service.late) == 1 and by_whom(here, service) == ["machine"] + ["service"] * 3
    assert {request.body for request in here.upstream.requests} == {b"the body"}


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
def test_an_answer_to_head_says_nothing(world, ahead):
    """But it has a Date."""
    here, service = world(ahead)
    for _ in range(2):
        assert here.ask("HEAD", "/s3/b/k").status == 200
    assert by_whom(here, service) == ["machine", "service", "service"]


def test_a_denied_head_is_asked_once(world):
    here, service = world(datetime.timedelta(0))
    here.upstream.handler = lambda request: Response(403, headers=service.head())
    assert here.ask("HEAD", "/s3/b/k").status == 403
    assert len(here.upstream.requests) == 1


def test_what_one_service_tells_serves_all(world):
    here, service = world()
    assert here.ask("GET", "/s3/b/k").status == 200
    for target in ("/transcribe/", "/s3.eu-west-1/b/k", "/sqs/"):
        assert here.ask("GET", target).status == 200
    assert by_whom(here, service) == ["machine"] + ["service"] * 4


def test_sts_is_asked_by_what_another_service_told(world, issuer, clocked, wall):
    here, service = world(datetime.timedelta(0), wall.now, **clocked(), **issuer.further_role())
    issuer.clock, service.role = service, issuer.roles
    assert here.ask("GET", "/s3/b/k").status == 200
    service.ahead = HOURS
    assert here.ask("GET", "/s3/b/k").status == 200 and len(service.late) == 1
    wall.move(minutes=61)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert issuer.count("assume role") == 2 and issuer.newest.key.encode() in here.last.header("authorization").encode()


def test_many_at_once_are_all_repeated(world):
    """Each was signed before the first refusal came."""
    here, service = world()
    all_here = threading.Barrier(12, timeout=20)
    refused = service.refused

    def refuse_together(request):
        all_here.wait()
        return refused(request)

    service.refused = refuse_together
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: here.ask("PUT", "/s3/b/k", [], b"x").status, range(12)))
    assert answers == [200] * 12 and len(service.late) == 12 and len(here.upstream.requests) == 24


@pytest.mark.parametrize("minutes", [3, -3])
def test_a_little_off_is_no_reason(world, minutes):
    """The service is stricter than any: another try would not help."""
    here, service = world(datetime.timedelta(minutes=minutes))
    here.upstream.handler = service.refused
    answer = here.ask("GET", "/s3/b/k")
    assert (answer.status, answer.body) == s3(b"") and len(here.upstream.requests) == 1


@pytest.mark.parametrize("change", [
    {"headers": (("Age", "0"),)}, {"headers": (("age", "17000"),)}, {"dated": False},
    {"dated": False, "headers": (("Date", "yesterday"),)},
    {"dated": False, "headers": (("Date", "Wed, 25 Nov 2026 10:00:00 CET"),)},
], ids=["Age", "age", "no Date", "no date in Date", "another zone"])
def test_a_date_that_tells_nothing(world, change):
    here, service = world()
    vars(service).update(change)
    for _ in range(2):
        answer = here.ask("GET", "/s3/b/k")
        assert (answer.status, answer.body) == s3(b"")
    assert by_whom(here, service) == ["machine", "machine"]


@pytest.mark.parametrize("target, status, body", [
    ("/s3/b/k", 403, b"<Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not"
                     b" match the signature you provided.</Message></Error>"),
    ("/s3/b/k", 403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"),
    ("/sts/", 403, b"<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>The request signature we"
                   b" calculated does not match</Message></Error></ErrorResponse>"),
    ("/sqs/", 403, b'{"__type":"InvalidSignatureException","message":"The request signature we calculated does not'
                   b' match"}'),
    ("/sqs/", 404, b'{"__type":"NotFound","message":"Signature expired"}'),
])
def test_another_error_is_relayed_as_it_is(world, target, status, body):
    here, service = world()
    here.upstream.handler = lambda request: Response(status, body, (*service.head(), ("x-amz-request-id", "1")))
    for _ in range(2):
        answer = here.ask("GET", target)
        assert (answer.status, answer.body, answer.error) == (status, body, "")
        assert answer.header("x-amz-request-id") == "1" and answer.header("date")
    assert by_whom(here, service) == ["machine", "machine"]


def test_it_goes_once_more_and_no_further(world):
    """A service whose clock runs away: its last answer is relayed."""
    here, service = world()

    def handler(request):
        service.ahead += HOURS
        return service.refused(request)

    here.upstream.handler = handler
    for count in (2, 4):
        answer = here.ask("GET", "/s3/b/k")
        assert (answer.status, answer.body) == s3(b"") and len(here.upstream.requests) == count


def test_an_upload_that_streamed_is_not_repeated(world):
    """What it has taught serves the next."""
    here, service = world()
    answer = here.ask("PUT", "/s3/b/k", [], LONG)
    assert (answer.status, answer.body) == s3(b"") and len(here.upstream.requests) == 1
    assert here.ask("PUT", "/s3/b/k", [], LONG).body == LONG
    assert by_whom(here, service) == ["machine", "service"]


def test_a_conditional_write_that_was_refused_is_repeated(world):
    """It was answered, and has done nothing."""
    here, service = world()
    assert here.ask("PUT", "/s3/b/k", [("If-None-Match", "*")], b"body").body == b"body"
    assert by_whom(here, service) == ["machine", "service"]


def test_pipelined_requests_behind_a_repeat(world):
    here, service = world()
    with here.client() as client:
        client.send(client.head("GET", "/s3/b/1") + client.head("HEAD", "/s3/b/2") + client.head("GET", "/s3/b/3"))
        assert [client.answer(method).status for method in ("GET", "HEAD", "GET")] == [200] * 3
    assert by_whom(here, service) == ["machine"] + ["service"] * 3


def test_one_line_for_both_tries(world):
    here, _ = world()
    assert here.ask("GET", "/s3/b/k").status == 200
    assert wait_until(lambda: "service=s3" in here.proxy.text())
    assert here.ask("GET", "/-/health").status == 200
    [line] = [line for line in here.proxy.output if "service=s3" in line]
    assert "status=200" in line


# --- the offset is dropped when it stops being right

@pytest.fixture
def moved(world, clocked, wall):
    """world(...) whose machine's clock the test moves: wall. The service's does not move with it."""
    def start(ahead=HOURS, **how):
        here, service = world(ahead, **clocked(), **how)
        service.base = lambda: datetime.datetime.now(datetime.timezone.utc)
        assert here.ask("GET", "/s3/b/k").status == 200
        assert len(here.upstream.requests) == 2
        here.upstream.requests.clear()
        service.late.clear()
        return here, service

    return start


def own_time(here, wall):
    """Of each request whether it was signed by the time that is the machine's own now."""
    return [abs(signed_at(request) - wall.now()) < datetime.timedelta(minutes=3) for request in here.upstream.requests]


def test_the_clocks_agree_again(moved, wall):
    here, service = moved()
    wall.move(5 * HOUR)
    for _ in range(3):
        assert here.ask("PUT", "/s3/b/k", [], b"body").body == b"body"
    assert own_time(here, wall) == [False, True, True, True] and len(service.late) == 1


@pytest.mark.parametrize("answer", [200, 204, 404, 500])
def test_any_answer_tells_that_they_agree_again(moved, wall, answer):
    """One that is right too: so the next upload is signed right, which could not be repeated."""
    here, service = moved()
    here.upstream.handler = lambda request: Response(answer, headers=service.head())
    assert here.ask("GET", "/s3/b/k").status == answer
    wall.move(5 * HOUR)
    here.upstream.requests.clear()
    assert here.ask("GET", "/s3/b/k").status == answer
    here.upstream.handler = service
    assert here.ask("PUT", "/s3/b/k", [], LONG).body == LONG
    assert own_time(here, wall) == [False, True]


@pytest.mark.parametrize("change", [{"headers": (("Age", "1"),)}, {"dated": False}], ids=["Age", "no Date"])
def test_an_answer_that_tells_nothing_leaves_it(moved, wall, change):
    here, service = moved()
    vars(service).update(change, lenient=True)
    wall.move(5 * HOUR)
    for _ in range(2):
        assert here.ask("GET", "/s3/b/k").status == 200
    assert own_time(here, wall) == [False, False]


def test_the_clock_goes_off_further(moved, wall):
    here, service = moved()
    wall.move(-2 * HOUR)
    for _ in range(2):
        assert here.ask("PUT", "/s3/b/k", [], b"body").body == b"body"
    assert len(service.late) == 1 and by_whom(here, service)[1:] == ["service"] * 2


def test_a_clock_that_creeps(moved, wall):
    """Within what a signature allows nothing is learned anew."""
    here, service = moved()
    wall.move(3 * MINUTE)
    for _ in range(3):
        assert here.ask("GET", "/s3/b/k").status == 200
    assert service.late == [] and own_time(here, wall) == [False] * 3


def test_a_request_that_lay_still_for_long(world, clocked, wall):
    """Signed, then frozen: no clock is off, but its signature is old when it arrives."""
    here, service = world(datetime.timedelta(0), wall.now, **clocked())
    first = threading.Event()

    def handler(request):
        if not first.is_set():
            first.set()
            wall.move(20 * MINUTE)
        return service(request)

    here.upstream.handler = handler
    assert here.ask("PUT", "/s3/b/k", [], b"body").body == b"body"
    assert len(service.late) == 1 and own_time(here, wall) == [False, True]


def test_a_restored_copy_begins_without_an_offset(moved, wall):
    here, _ = moved(AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
    here.proxy.freeze()
    wall.move(5 * HOUR)
    here.proxy.thaw()
    assert here.ask("PUT", "/s3/b/k", [], LONG).body == LONG
    assert own_time(here, wall) == [True]


@pytest.mark.parametrize("age, outcome", [(0, (200, "")), (-5 * 3600, (401, "TokenRequired"))],
                         ids=["machine's time", "service's time"])
def test_callers_are_judged_by_the_machines_clock(world, age, outcome):
    here, service = world()
    assert here.ask("GET", "/s3/b/k").status == 200
    target, headers = sign("GET", f"http://localhost:{here.port}/s3/b/k", age=age)
    assert here.ask("GET", target, headers, token=False).outcome == outcome
    assert set(by_whom(here, service)[1:]) == {"service"}
