"""Buckets that lie in other regions: S3 says so, the request goes once more, and the next ones go there at once."""

import itertools
import os
import re
import threading
import time
from pathlib import Path

import botocore.session
import pytest
from harness.client import Cut, wait_until
from harness.clock import MINUTE
from harness.issuer import Issuer
from harness.proxy import BINARY, TOKEN
from harness.upstream import Response, Upstream
from harness.uploads import Uploads

HERE, THERE, THIRD = "us-east-1", "eu-west-1", "ap-south-1"
PARTITION = botocore.session.get_session().get_component("data_loader").load_data("endpoints")["partitions"][0]
REGIONS = {region: any(variant["tags"] == ["fips"] for variant in of_s3.get("variants", ()))
           for region, of_s3 in PARTITION["services"]["s3"]["endpoints"].items() if region in PARTITION["regions"]}
HOST = re.compile(r"(?:(?P<bucket>.+)\.)?(?:s3|s3-fips)(?:\.dualstack)?(?:[.-](?P<region>[a-z]+-[a-z]+-\d))?\.amazonaws\.com")
NAMES = [f"{start}{host}.amazonaws.com" for start in ("", "*.") for host in (
    "s3", "s3-accelerate", f"s3-{THIRD}", f"s3-accesspoint.{HERE}", *(
        f"s3{dual}.{region}" for dual in ("", ".dualstack") for region in (HERE, THERE, THIRD)),
    *(f"s3-fips.{region}" for region, has_fips in REGIONS.items() if has_fips))]
LONG = bytes(range(256)) * 1200
EXPECT = ("Expect", "100-continue")
XML = ("Content-Type", "application/xml")
numbers = itertools.count(1)


def a_bucket():
    """A name that no test has used."""
    return f"bucket-{next(numbers)}.of.tests"


def refusal(status, code, region="", header=True):
    """An answer of S3 to who asks in the wrong region; region stands in it as an element too where it is given."""
    element = f"<Region>{region}</Region>" if region else ""
    body = f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>m</Message>{element}</Error>'.encode()
    named = (("x-amz-bucket-region", region),) if header and region else ()
    return Response(status, body, (XML, *named, ("x-amz-request-id", "ABC")))


TELLINGS = {
    "301": lambda region: refusal(301, "PermanentRedirect", region),
    "301, header": lambda region: Response(301, b"<Error><Code>PermanentRedirect</Code></Error>",
                                           (("x-amz-bucket-region", region),)),
    "301, element": lambda region: refusal(301, "PermanentRedirect", region, header=False),
    "307": lambda region: refusal(307, "TemporaryRedirect", region),
    "400": lambda region: refusal(400, "AuthorizationHeaderMalformed", region, header=False),
    "400, both": lambda region: refusal(400, "AuthorizationHeaderMalformed", region),
    "301, chunked": lambda region: Response(301, [b"<Error><Code>Permanent", b"Redirect</Code></Error>"],
                                            (("X-Amz-Bucket-Region", region),)),
}
FOR_HEAD = ["301", "307", "400, both"]


class S3:
    """S3 in all its regions. A bucket lies where .where says, else THERE; .telling is how those elsewhere say so."""

    def __init__(self, telling="301"):
        self.telling = TELLINGS[telling]
        self.where, self.stored, self.asked = {}, {}, []

    def __call__(self, request):
        host = HOST.fullmatch(request.header("host"))
        region = host["region"] or HERE
        path = request.path.lstrip("/")
        bucket, key = (host["bucket"], path) if host["bucket"] else (path.partition("/")[0], path.partition("/")[2])
        self.asked.append((region, request.proof.region))
        if region != request.proof.region:
            return refusal(400, "AuthorizationHeaderMalformed", region)
        lies = self.where.get(bucket, THERE)
        lies = lies(region) if callable(lies) else lies
        if lies != region:
            return self.elsewhere(request, lies)
        return getattr(self, request.method.lower())(request, (bucket, key))

    def elsewhere(self, request, region):
        """Who waits with the body gets the answer at once."""
        response = self.telling(region)
        response.early = response.close = request.header("expect") != ""
        return response

    def put(self, request, name):
        body = request.read()
        self.stored.setdefault(name, []).append(body)
        return Response()

    def get(self, request, name):
        return Response(body=f"{name[0]} {name[1]} {request.target.decode()}".encode())

    def head(self, request, name):
        return Response(headers=(("x-amz-bucket-region", self.where.get(name[0], THERE)),))

    def delete(self, request, name):
        return Response(204)


class World:
    """The program before S3, without an endpoint: AWS's own names lead there."""

    def __init__(self, here, s3):
        self.here, self.s3 = here, s3

    def ask(self, method, target, headers=(), body=None, **how):
        """An answer, and in which regions it was asked for."""
        before = len(self.here.upstream.requests)
        answer = self.here.ask(method, target, headers, body, **how)
        return answer, self.regions(before)

    def regions(self, before=0):
        """(the host's, the scope's) of each request, as one where they are the same."""
        return [one if one == other else (one, other) for one, other in self.s3.asked[before:]]

    def requests(self):
        return self.here.upstream.requests


@pytest.fixture(scope="session")
def certificate(authority):
    return authority.server_context("s3.amazonaws.com", *NAMES, label="s3-everywhere")


@pytest.fixture
def world(stage, authority, certificate, named):
    def start(telling="301", handler=None, clock=lambda env: env, **how):
        s3 = S3(telling)
        upstream = Upstream(authority, handler or s3, context=certificate)
        where = clock(named({"*.amazonaws.com": "127.0.0.1"}, upstream.port))
        return World(stage(upstream=upstream, COUNTERSIGN_ENDPOINT=None, **where, **how), s3)

    return start


# --- each way to name a bucket

MODES = {
    "service path": ("/s3/{b}/k", None, "s3.{r}.amazonaws.com"),
    "service path with a region": ("/s3.ap-south-1/{b}/k", None, "s3.{r}.amazonaws.com"),
    "path style by Host": ("/{b}/k", "s3.us-east-1.amazonaws.com", "s3.{r}.amazonaws.com"),
    "virtual host": ("/k", "{b}.s3.us-east-1.amazonaws.com", "{b}.s3.{r}.amazonaws.com"),
    "virtual host, old": ("/k", "{b}.s3-ap-south-1.amazonaws.com", "{b}.s3.{r}.amazonaws.com"),
    "virtual host, global": ("/k", "{b}.s3.amazonaws.com", "{b}.s3.{r}.amazonaws.com"),
    "dual-stack": ("/{b}/k", "s3.dualstack.us-east-1.amazonaws.com", "s3.dualstack.{r}.amazonaws.com"),
    "forward proxy": ("http://{b}.s3.us-east-1.amazonaws.com/k", "{b}.s3.us-east-1.amazonaws.com",
                      "{b}.s3.{r}.amazonaws.com"),
    "forward proxy, path style": ("http://s3.amazonaws.com/{b}/k", "s3.amazonaws.com", "s3.{r}.amazonaws.com"),
}


@pytest.fixture(scope="module")
def plain_names():
    """Buckets without dots, whose virtual hosts a certificate covers."""
    return (f"bucket-{number}" for number in itertools.count())


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("telling", TELLINGS)
def test_each_way_to_name_a_bucket(world, plain_names, mode, telling):
    there = world(telling)
    methods = ["GET", "DELETE", "PUT", "LIST"] + ["HEAD"] * (telling in FOR_HEAD)
    for method in methods:
        bucket = next(plain_names)
        target, host, expected = (part and part.format(b=bucket, r=THERE) for part in mode)
        target += "?list-type=2&prefix=a%2Fb" if method == "LIST" else ""
        verb, body = "GET" if method == "LIST" else method, b"short" if method == "PUT" else None
        for count in (2, 1):
            answer, regions = there.ask(verb, target, body=body, host=host)
            assert answer.status in (200, 204) and answer.error == ""
            assert len(regions) == count and regions[-1] == THERE
            assert there.here.last.header("host") == expected
            assert "301" not in answer.text and "x-amz-request-id" not in dict(answer.headers)
        stored = [body for (name, _), bodies in there.s3.stored.items() if name == bucket for body in bodies]
        assert stored == [b"short"] * (2 if method == "PUT" else 0)


def test_the_service_path_of_a_dual_stack_environment(world):
    there = world(AWS_USE_DUALSTACK_ENDPOINT="true")
    assert there.ask("GET", f"/s3/{a_bucket()}/k")[1] == [HERE, THERE]
    assert there.here.last.header("host") == f"s3.dualstack.{THERE}.amazonaws.com"


def test_a_region_without_fips_endpoints_is_left_to_the_client(world):
    """What botocore knows of them: a name that does not exist would be a 502 in place of S3's own word."""
    there = world(AWS_USE_FIPS_ENDPOINT="true")
    assert list(REGIONS.values()).count(True) == 6
    for region, has_fips in REGIONS.items():
        bucket = a_bucket()
        there.s3.where[bucket] = region
        for count in (2, 1) if has_fips else (1, 1):
            answer, regions = there.ask("GET", f"/s3/{bucket}/k")
            moves = has_fips and region != HERE
            assert answer.status == (200 if has_fips else 301), region
            assert regions == ([HERE, region][-count:] if moves else [HERE])
            assert there.here.last.header("host") == f"s3-fips.{region if moves else HERE}.amazonaws.com"
        assert has_fips or answer.header("x-amz-bucket-region") == region
        if region == THERE:     # but where it lies is known to requests that need no FIPS
            assert there.ask("GET", f"/{bucket}/k", host=f"s3.{HERE}.amazonaws.com")[1] == [region]


def test_a_bucket_at_home_is_asked_there(world):
    there = world()
    bucket = a_bucket()
    there.s3.where[bucket] = HERE
    for method in ("GET", "HEAD", "DELETE"):
        assert there.ask(method, f"/s3/{bucket}/k")[1] == [HERE]


def test_what_is_learned_serves_every_way_to_name_it(world):
    there = world()
    bucket = "everywhere"
    assert there.ask("HEAD", f"/s3/{bucket}")[1] == [HERE, THERE]
    for target, host, expected in MODES.values():
        host = host and host.format(b=bucket)
        answer, regions = there.ask("GET", target.format(b=bucket), host=host)
        assert answer.status == 200 and regions == [THERE]
        assert there.here.last.header("host") == expected.format(b=bucket, r=THERE)


# --- bodies

def put(there, bucket, expect, body=LONG, wait=True):
    """An upload as a stream, and its answer; wait: a client that expects a 100 waits for it."""
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{bucket}/k", [("Content-Length", len(body))] + [EXPECT] * expect)
        if expect and wait:
            assert client.interim() == 100
        client.send(body)
        return client.answer()


@pytest.mark.parametrize("telling", ["301", "307", "400"])
@pytest.mark.parametrize("expect, wait", [(False, False), (True, True), (True, False)],
                         ids=["plain", "expects", "expects, does not wait"])
def test_an_upload_reaches_the_right_region_once(world, telling, expect, wait):
    there = world(telling)
    bucket = a_bucket()
    assert put(there, bucket, expect, wait=wait).status == 200
    first, second = there.requests()
    assert there.regions() == [HERE, THERE] and there.s3.stored == {(bucket, "k"): [LONG]}
    assert first.header("expect") == second.header("expect") == "100-continue" and first.body_length == 0
    assert put(there, bucket, expect, wait=wait).status == 200
    assert there.regions(2) == [THERE] and there.s3.stored == {(bucket, "k"): [LONG] * 2}


@pytest.mark.parametrize("expect", [False, True], ids=["plain", "expects"])
@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_an_upload_by_each_way_to_name_a_bucket(world, plain_names, mode, expect):
    there = world()
    bucket = next(plain_names)
    target, host, expected = (part and part.format(b=bucket, r=THERE) for part in mode)
    for count in (2, 1):
        before = len(there.requests())
        with there.here.client() as client:
            client.send_request("PUT", target, [("Content-Length", len(LONG))] + [EXPECT] * expect, host=host)
            if expect:
                assert client.interim() == 100
            client.send(LONG)
            assert client.answer().status == 200
        assert len(there.requests()) - before == count and there.here.last.header("host") == expected
    assert there.s3.stored == {(bucket, "k"): [LONG, LONG]}


@pytest.mark.parametrize("expect, wait", [(False, False), (True, False)], ids=["plain", "expects, does not wait"])
@pytest.mark.parametrize("pause", [0.2, 1.5])
def test_a_refusal_that_comes_in_two_parts(world, pause, expect, wait):
    """The body is not sent to a server that has begun to say no, however long that takes."""
    gate = threading.Event()

    def handler(request):
        if request.header("host") != f"s3.{HERE}.amazonaws.com":
            return Response(body=request.read()[:4])
        request.wire.send(f"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: {THERE}\r\nContent-Length: 41\r\n\r\n"
                          "<Error><Code>PermanentR".encode())
        gate.wait(20)
        request.wire.send(b"edirect</Code></Error>"[:18])
        return None

    there = world(handler=handler)
    threading.Timer(pause, gate.set).start()
    assert put(there, a_bucket(), expect, wait=wait).body == LONG[:4]
    assert len(there.requests()) == 2


def test_a_body_that_comes_before_it_is_wanted(world):
    """It is there while S3 still thinks: it stays with the client, and goes to the right region."""
    there = world()
    bucket = a_bucket()
    asked, gate = threading.Event(), threading.Event()
    elsewhere = there.s3.elsewhere

    def think(request, region):
        asked.set()
        gate.wait(20)
        return elsewhere(request, region)

    there.s3.elsewhere = think
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{bucket}/k", [EXPECT, ("Content-Length", 70_000)])
        assert asked.wait(20)
        client.send(LONG[:70_000])
        time.sleep(0.2)
        gate.set()
        assert client.answer().status == 200
    assert there.regions() == [HERE, THERE] and there.s3.stored == {(bucket, "k"): [LONG[:70_000]]}


def test_a_chunked_upload(world):
    there = world()
    bucket = a_bucket()
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{bucket}/k", [("Transfer-Encoding", "chunked")],
                            [b"5\r\nhello\r\n", b"6\r\n world\r\n", b"0\r\n\r\n"])
        assert client.answer().status == 200
    assert there.regions() == [HERE, THERE] and there.s3.stored == {(bucket, "k"): [b"hello world"]}


@pytest.mark.parametrize("content", [b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"])
def test_an_upload_of_aws_chunks(world, content):
    there = world()
    bucket = a_bucket()
    headers = [("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"), ("Content-Encoding", "aws-chunked"),
               ("X-Amz-Decoded-Content-Length", "5"), ("X-Amz-Trailer", "x-amz-checksum-crc32"),
               ("Transfer-Encoding", "chunked")]
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{bucket}/k", headers, [b"%x\r\n%b\r\n" % (len(content), content), b"0\r\n\r\n"])
        assert client.answer().status == 200
    assert there.regions() == [HERE, THERE] and there.s3.stored == {(bucket, "k"): [content]}


@pytest.mark.parametrize("expect", [False, True], ids=["plain", "expects"])
def test_a_short_upload_that_comes_in_parts(world, expect):
    """The refusal is there before the body is whole: what has come of it is sent anew, the rest follows."""
    there = world()
    bucket = a_bucket()
    there.s3.elsewhere = lambda request, region: Response(
        301, headers=(("x-amz-bucket-region", region),), early=True, close=True)
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{bucket}/k", [("Content-Length", 11)] + [EXPECT] * expect)
        client.send("hello")
        assert wait_until(lambda: there.regions() == [HERE, THERE])
        client.send(" world")
        assert client.answer().status == 200
    assert there.s3.stored == {(bucket, "k"): [b"hello world"]}


def test_an_upload_that_cannot_be_repeated(world):
    """A server that wants the body first: S3's answer is relayed as it is, and the next upload goes right."""
    there = world()
    there.s3.elsewhere = lambda request, region: TELLINGS["301"](region)
    bucket = a_bucket()
    answer = put(there, bucket, True)
    assert answer.outcome == (301, "") and answer.body == TELLINGS["301"](THERE).body
    assert answer.header("x-amz-bucket-region") == THERE and there.regions() == [HERE]
    assert put(there, bucket, False).status == 200
    assert there.regions() == [HERE, THERE] and there.s3.stored == {(bucket, "k"): [LONG]}


def expectations(there):
    return [request.header("expect") for request in there.requests()]


def test_only_a_bucket_not_heard_of_is_asked_first(world):
    there = world()
    at_home, elsewhere = a_bucket(), a_bucket()
    there.s3.where[at_home] = HERE
    for _ in range(3):
        assert put(there, at_home, False).status == 200
    assert expectations(there) == ["100-continue", "", ""]
    assert there.ask("GET", f"/s3/{elsewhere}/k")[1] == [HERE, THERE]
    assert put(there, elsewhere, False).status == 200
    assert expectations(there)[5:] == [""]


def test_a_short_or_held_upload_asks_nothing(world):
    there = world()
    for body in (b"short", b""):
        assert there.ask("PUT", f"/s3/{a_bucket()}/k", body=body)[0].status == 200
    assert set(expectations(there)) == {""}


@pytest.mark.parametrize("expect, wait", [(False, False), (True, True), (True, False)],
                         ids=["plain", "expects", "expects, does not wait"])
def test_a_server_that_never_says_100(world, expect, wait):
    there = world()
    bucket = a_bucket()
    there.s3.where[bucket] = HERE
    there.here.upstream.send_continue = False
    assert put(there, bucket, expect, wait=wait).status == 200
    assert there.s3.stored == {(bucket, "k"): [LONG]}


@pytest.mark.parametrize("expect", [False, True], ids=["plain", "expects"])
def test_a_kept_connection_that_dies_before_the_body_is_wanted(world, expect):
    """Nothing of it is gone: it takes another one, and still may be sent to another region."""
    there = world()
    first, bucket = a_bucket(), a_bucket()
    there.s3.where[first] = HERE
    answers = there.here.upstream.handler
    died = []

    def handler(request):
        if request.method == "PUT" and not died:
            died.append(request)
            return None
        return answers(request)

    there.here.upstream.handler = handler
    assert there.ask("GET", f"/s3/{first}/k")[1] == [HERE]
    assert put(there, bucket, expect).status == 200
    assert there.regions(1) == [HERE, THERE] and there.s3.stored == {(bucket, "k"): [LONG]}
    assert len(there.requests()) == 4 and died[0].body_length == 0


@pytest.mark.parametrize("leave", ["reset", "close", "half_close"])
def test_a_client_that_goes_before_its_body_is_wanted(world, leave):
    started, gate = threading.Event(), threading.Event()

    def handler(request):
        started.set()
        gate.wait(20)
        request.drain()
        return Response()

    there = world(handler=handler)
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{a_bucket()}/k", [("Content-Length", len(LONG))], [LONG[:1000]])
        assert started.wait(20)
        getattr(client, leave)()
        gate.set()
        assert there.here.upstream.connections[0].closed.wait(20)
    assert not [request for request in there.requests() if request.complete]


def test_a_body_that_nobody_wants_is_no_request(world, clocked, wall):
    """The keys have ended and no newer ones come in time: what waits behind the head stays a body."""
    issuer = Issuer(clock=wall)
    issuer.container_token = TOKEN

    def handler(request):
        if request.method == "GET":
            return Response()
        issuer.gate.clear()
        return Response(400, b"<Error><Code>ExpiredToken</Code></Error>", early=True, close=True)

    there = world(handler=handler, clock=clocked, **issuer.container(), COUNTERSIGN_TIMEOUT_MS=1500)
    there.here.upstream.role, there.here.upstream.clock = issuer.roles, wall
    assert there.here.ask("GET", "/s3/first/k").status == 200
    wall.move(10 * MINUTE)
    within = f"GET /s3/within/k HTTP/1.1\r\nHost: localhost:{there.here.port}\r\nX-Countersign-Token: {TOKEN}\r\n\r\n"
    body = within.encode() * 500
    with there.here.client() as client:
        client.send_request("PUT", f"/s3/{a_bucket()}/k", [("Content-Length", len(body))])
        client.send(body[:40_000])
        answer = client.answer()
        assert answer.status == 400 and issuer.count() == 2
        assert answer.closes and client.ended()
    issuer.close()
    assert [request.path for request in there.requests() if "within" in request.path] == []


# --- what is learned, and unlearned

def test_a_bucket_that_has_moved(world):
    there = world()
    bucket = a_bucket()
    target = f"/s3/{bucket}/k"
    assert there.ask("GET", target)[1] == [HERE, THERE]
    there.s3.where[bucket] = THIRD
    assert there.ask("GET", target)[1] == [THERE, THIRD]
    assert there.ask("HEAD", target)[1] == [THIRD]
    there.s3.where[bucket] = HERE
    assert there.ask("GET", target)[1] == [THIRD, HERE]
    assert there.ask("GET", target)[1] == [HERE]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("retries", [0, 3])
def test_two_regions_that_point_at_each_other(world, method, retries):
    there = world(COUNTERSIGN_RETRIES=retries)
    bucket = a_bucket()
    there.s3.where[bucket] = {HERE: THERE, THERE: HERE}.get
    for _ in range(3):
        answer, regions = there.ask(method, f"/s3/{bucket}/k", body=b"x" if method == "PUT" else None)
        assert sorted(regions) == [THERE, HERE]
        named = there.s3.where[bucket](regions[-1])
        assert answer.outcome == (301, "") and answer.header("x-amz-bucket-region") == named
        assert method == "HEAD" or answer.body == TELLINGS["301"](named).body
    assert there.here.ask("GET", "/-/health").status == 200


EVIL = ["evil.example", "eu-west-1.evil.example", "x", "EU", "", " ", "eu-west-1/", "eu-west-1@evil.example",
        "eu_west_1", "../../x", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "a" * 60_000, f"eu-{'a' * 100}-1",
        f"eu-{'a' * 30_000}-1", "eu-west-1, ap-south-1", "\xe9u-west-1", "%65u-west-1", HERE]


@pytest.mark.parametrize("value", EVIL, ids=lambda value: value[:30])
def test_a_region_that_is_none(world, value):
    there = world()
    bucket = a_bucket()
    there.s3.elsewhere = lambda request, region: Response(301, b"<Error><Code>PermanentRedirect</Code></Error>",
                                                          (("x-amz-bucket-region", value),))
    for method in ("GET", "HEAD", "GET"):
        answer, regions = there.ask(method, f"/s3/{bucket}/k")
        assert answer.outcome == (301, "") and regions == [HERE]
        assert answer.header("x-amz-bucket-region") == value.strip()


def test_a_region_that_is_told_of_other_errors(world):
    """S3 names the bucket's region in many answers; only a redirect says that it is the wrong one."""
    there = world()
    there.s3.elsewhere = lambda request, region: Response(403, b"<Error><Code>AccessDenied</Code></Error>",
                                                          (("x-amz-bucket-region", region),))
    for method in ("GET", "HEAD"):
        answer, regions = there.ask(method, f"/s3/{a_bucket()}/k")
        assert answer.status == 403 and regions == [HERE]


@pytest.mark.parametrize("host", [f"ap-1.s3-accesspoint.{HERE}.amazonaws.com", "b.s3-accelerate.amazonaws.com"])
def test_what_lies_in_no_other_region(world, host):
    there = world(handler=lambda request: TELLINGS["301"](THERE))
    for _ in range(2):
        assert there.here.ask("GET", "/b/k", host=host).body == TELLINGS["301"](THERE).body
    assert [(request.header("host"), request.proof.region) for request in there.requests()] == [(host, HERE)] * 2


@pytest.mark.parametrize("variable", ["COUNTERSIGN_ENDPOINT", "COUNTERSIGN_ENDPOINT_S3"])
@pytest.mark.parametrize("host", [None, f"b.s3.{HERE}.amazonaws.com", f"s3.{HERE}.amazonaws.com"],
                         ids=["service path", "virtual host", "path style"])
def test_another_server_keeps_its_requests(stage, variable, host):
    """Its region is learned, as it may check the scope; its name and the client's Host stay."""
    def handler(request):
        wrong = request.proof.region != THERE
        return TELLINGS["400"](THERE) if wrong else Response(body=request.read())

    here = stage(handler)
    there = stage(upstream=here.upstream, **{"COUNTERSIGN_ENDPOINT": None, variable: here.upstream.url})
    for _ in range(2):
        answer = there.ask("PUT", "/k" if host else "/s3/b/k", [], b"body", host=host)
        assert (answer.status, answer.body) == (200, b"body")
    hosts = {request.header("host") for request in here.upstream.requests}
    assert hosts == {host or here.upstream.authority_name}
    assert [request.proof.region for request in here.upstream.requests] == [HERE, THERE, THERE]


def test_another_server_is_not_asked_about_bodies(stage):
    here = stage(lambda request: Response(body=request.read()))
    answer = here.ask("PUT", "/s3/b/k", [], LONG)
    assert answer.body == LONG and here.last.header("expect") == ""


def test_a_region_that_another_server_accepts_is_not_remembered(stage):
    """It takes any: each request is signed for the region that it names."""
    here = stage(lambda request: Response(body=request.read()))
    for region in (THERE, HERE, THIRD):
        with here.client() as client:
            client.send_request("PUT", f"/s3.{region}/b/k", [EXPECT, ("Content-Length", len(LONG))])
            assert client.interim() == 100
            client.send(LONG)
            assert client.answer().status == 200
        assert here.last.proof.region == region


# --- many

def resident_kib(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


@pytest.mark.parametrize("mode", ["service path", "virtual host"])
def test_more_buckets_than_are_remembered(world, mode):
    """What is kept of each (its region, a TLS session, a free connection) is full well before the first measurement."""
    there = world(binary=os.environ.get("RELEASE_BINARY", BINARY), COUNTERSIGN_LOG_LEVEL="INFO")
    target, host, _ = MODES[mode]
    sizes = []

    def ask(client, number):
        name = f"b{number}"
        before = len(there.s3.asked)
        assert client.ask("HEAD", target.format(b=name), host=host and host.format(b=name)).status == 200
        return there.regions(before)

    with there.here.client() as client:
        for number in range(1800):
            assert ask(client, number) == [HERE, THERE]
            if number in (899, 1799):
                sizes.append(resident_kib(there.here.proxy.pid))
        assert ask(client, 1799) == [THERE]
        assert ask(client, 0) == [HERE, THERE]
    assert sizes[1] - sizes[0] < 1024, sizes


def test_pipelined_requests_around_repeats(world):
    there = world()
    buckets = [a_bucket() for _ in range(4)]
    with there.here.client() as client:
        message = b""
        for bucket in buckets * 2:
            message += client.head("GET", f"/s3/{bucket}/k").encode()
            message += client.head("PUT", f"/s3/{bucket}/p", [("Content-Length", 70_000)]).encode() + LONG[:70_000]
            message += client.head("HEAD", f"/s3/{bucket}/k").encode()
        sender = threading.Thread(target=client.send, args=(message,))
        sender.start()
        for bucket in buckets * 2:
            assert client.answer().text.startswith(f"{bucket} k")
            assert client.answer().status == 200
            assert client.answer("HEAD").status == 200
        sender.join(20)
    assert there.s3.stored == {(bucket, "p"): [LONG[:70_000]] * 2 for bucket in buckets}


def test_pipelined_uploads_to_buckets_elsewhere(world):
    """Each is kept back until the server wants it, with the next request behind it."""
    there = world()
    buckets = [a_bucket() for _ in range(5)]
    with there.here.client() as client:
        message = b"".join(client.head("PUT", f"/s3/{bucket}/p", [("Content-Length", 50_000)]).encode() + LONG[:50_000]
                           for bucket in buckets)
        sender = threading.Thread(target=client.send, args=(message,))
        sender.start()
        assert [client.answer().status for _ in buckets] == [200] * 5
        sender.join(20)
    assert there.regions() == [HERE, THERE] * 5
    assert there.s3.stored == {(bucket, "p"): [LONG[:50_000]] for bucket in buckets}


def test_the_connection_to_the_server_goes_on(world):
    """A refusal that was read whole costs no connection."""
    there = world()
    with there.here.client() as client:
        for _ in range(6):
            assert client.ask("GET", f"/s3/{a_bucket()}/k").status == 200
    assert len(there.here.upstream.connections) == 2


def test_one_line_for_an_exchange_that_was_repeated(world):
    there = world()
    assert there.ask("GET", f"/s3/{a_bucket()}/k")[1] == [HERE, THERE]
    assert wait_until(lambda: "exchange" in there.here.proxy.text())
    assert there.here.ask("GET", "/-/health").status == 200
    [line] = [line for line in there.here.proxy.output if "exchange" in line and "service=s3" in line]
    assert f"region={THERE}" in line and "status=200" in line


def test_a_redirect_that_breaks_off(world):
    def handler(request):
        request.wire.send(f"HTTP/1.1 301 Moved\r\nx-amz-bucket-region: {THERE}\r\nContent-Length: 50\r\n\r\n<Err".encode())
        return None

    there = world(handler=handler)
    with there.here.client() as client:
        try:
            assert client.ask("GET", f"/s3/{a_bucket()}/k").outcome == (502, "UpstreamReset")
        except Cut:
            pass
    assert len(there.requests()) == 1


@pytest.mark.parametrize("size", [16 * 1024, 16 * 1024 + 1, 1_000_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["counted", "chunked"])
def test_a_long_refusal_is_relayed_whole(world, size, chunked):
    """It is too long to be held; or just short enough, and says nothing."""
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    there = world(handler=lambda request: Response(400, body, chunked=chunked))
    with there.here.client() as client:
        for _ in range(2):
            answer = client.ask("GET", f"/s3/{a_bucket()}/k")
            assert (answer.status, answer.body) == (400, body)


def test_an_upload_in_parts_begins_where_the_bucket_lies(world):
    s3 = Uploads()

    def handler(request):
        elsewhere = HOST.fullmatch(request.header("host"))["region"] != THERE
        return refusal(301, "PermanentRedirect", THERE) if elsewhere else s3(request)
    here = world(handler=handler).here
    body = b"0123456789abcdef" * (9 << 16)
    assert here.ask("PUT", "/s3/bucket/k", [("Transfer-Encoding", "chunked")],
                    [b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"]).status == 200
    assert [stored.content for stored in s3.objects.values()] == [body]
    assert s3.steps == ["create", "part", "part", "complete"] and not s3.uploads
