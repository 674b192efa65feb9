"""Directory buckets: requests are signed with keys of a session for the bucket, one for all of them."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import botocore.session
import pytest
from harness.client import Client, wait_until
from harness.clock import MINUTE, SECOND
from harness.express import Express
from harness.issuer import Issuer
from harness.proxy import ROLE
from harness.upstream import Response
from harness.uploads import Uploads

BUCKET = "mine--usw2-az1--x-s3"
HOST = f"{BUCKET}.s3express-usw2-az1.us-west-2.amazonaws.com"
OBJECT = f"/s3.us-west-2/{BUCKET}/calls/hello%20world.wav"


class Zone:
    """The program before a zone of S3 Express; ask() is one request on a connection of its own."""

    def __init__(self, as_aws, **how):
        self.express = Express()
        self.proxy, self.upstream = as_aws(self.express, **how)
        self.express.attach(self.upstream)

    def ask(self, method, target, headers=(), body=None, **how):
        with Client(self.proxy.port) as client:
            return client.ask(method, target, headers, body, **how)

    @property
    def keys(self):
        """Which keys the requests to objects were signed with, in their order."""
        return [request.proof.key for request in self.upstream.requests if request.target != b"/?session"]


@pytest.fixture
def zone(as_aws):
    return Zone(as_aws)


@pytest.fixture
def timed(as_aws, clocked, wall):
    """A zone whose clock, and the program's, is wall."""
    def start(**env):
        here = Zone(as_aws, around=clocked, **env)
        here.upstream.clock = wall
        return here
    return start


def test_an_object(zone):
    assert zone.ask("PUT", OBJECT, [("x-amz-s3session-token", "the client's")], b"hello").status == 200
    assert zone.ask("GET", OBJECT).body == b"hello"
    assert zone.express.asked == 1 and len(set(zone.keys)) == 1
    first, put, get = zone.upstream.requests
    assert (first.method, first.target, first.proof.service) == ("GET", b"/?session", "s3express")
    assert {request.header("host") for request in (first, put, get)} == {HOST}
    assert put.target == get.target == b"/calls/hello%20world.wav"
    assert (put.proof.service, put.proof.region) == ("s3express", "us-west-2")
    assert "x-amz-s3session-token" in put.proof.signed and not put.all("x-amz-security-token")


@pytest.mark.parametrize("target", [f"http://{HOST}/k", "/k"])
def test_a_host_that_the_client_names(zone, target):
    assert zone.ask("PUT", target, body=b"x", host=HOST).status == 200
    assert zone.ask("GET", f"/s3.us-west-2/{BUCKET}/k").body == b"x"
    assert zone.express.asked == 1


def test_each_bucket_has_a_session_of_its_own(zone):
    for name in ("one", "two", "one", "two"):
        assert zone.ask("PUT", f"/s3.us-west-2/{name}--usw2-az1--x-s3/k", body=b"x").status == 200
    assert zone.express.asked == 2 and zone.keys[:2] == zone.keys[2:]


def test_an_access_point(zone):
    assert zone.ask("PUT", "/s3.us-west-2/mine--usw2-az1--xa-s3/k", body=b"x").status == 200
    assert zone.upstream.last.header("host").startswith("mine--usw2-az1--xa-s3.s3express-usw2-az1.")


def test_a_client_that_asks_for_a_session_itself(zone):
    """It gets one, and the proxy's own is another."""
    answer = zone.ask("GET", f"/s3.us-west-2/{BUCKET}?session")
    assert answer.status == 200 and "<SessionToken>" in answer.text
    assert zone.upstream.last.all("x-amz-security-token") and not zone.keys


@pytest.mark.parametrize("method, path", [("PUT", ""), ("DELETE", ""), ("GET", "?policy")])
def test_operations_on_the_bucket_itself_need_no_session(as_aws, method, path):
    proxy, upstream = as_aws(lambda request: Response())
    with Client(proxy.port) as client:
        assert client.ask(method, f"/s3.us-west-2/{BUCKET}{path}").status == 200
    assert upstream.last.header("host") == "s3express-control.us-west-2.amazonaws.com"
    assert upstream.last.target == f"/{BUCKET}{path}".encode() and len(upstream.requests) == 1
    assert upstream.last.proof.service == "s3express"


def bucket_operations():
    """(method, target's end, whether it is of the bucket itself) of each operation on buckets, as botocore knows them."""
    model = botocore.session.get_session().get_service_model("s3")
    for name in model.operation_names:
        operation = model.operation_model(name)
        path, mark, query = operation.http["requestUri"].partition("?")
        itself = any(each.name == "UseS3ExpressControlEndpoint" for each in operation.static_context_parameters)
        if path == "/{Bucket}":
            yield operation.http["method"], mark + query, itself


def test_operations_on_the_bucket_go_where_botocore_sends_them(zone):
    zone.express.objects[HOST] = lambda request: Response()
    operations = set(bucket_operations())
    assert len(operations) > 70
    for method, end, itself in operations:
        zone.ask(method, f"/s3.us-west-2/{BUCKET}{end}", body=b"" if method in ("PUT", "POST") else None)
        host = zone.upstream.last.header("host")
        assert host == ("s3express-control.us-west-2.amazonaws.com" if itself else HOST), (method, end)


@pytest.mark.parametrize("query", ["", "?partNumber=1&uploadId=x"])
def test_a_copy_is_signed_with_the_roles_own_keys(zone, query):
    assert zone.ask("PUT", OBJECT, body=b"hello").status == 200
    assert zone.ask("PUT", OBJECT + query, [("x-amz-copy-source", f"/{BUCKET}/other")]).status == 200
    last = zone.upstream.last
    assert last.proof.key == ROLE["AWS_ACCESS_KEY_ID"] and last.proof.service == "s3express"
    assert last.header("x-amz-security-token") and not last.all("x-amz-s3session-token")
    assert zone.express.asked == 1


def test_a_hundred_requests_wait_for_one_session(zone):
    zone.express.gate.clear()
    body = b"x" * 200_000
    with ThreadPoolExecutor(100) as pool:
        puts = [pool.submit(zone.ask, "PUT", f"/s3.us-west-2/{BUCKET}/{number}", (), body)
                for number in range(100)]
        while not zone.express.asked:
            pass
        zone.express.gate.set()
        assert {put.result().status for put in puts} == {200}
    assert zone.express.asked == 1 and len(zone.keys) == 100
    assert zone.ask("GET", f"/s3.us-west-2/{BUCKET}/99").body == body


def test_a_new_session_is_asked_for_before_the_old_one_ends(timed, wall):
    here = timed()
    assert here.ask("PUT", OBJECT, body=b"x").status == 200
    wall.move(3 * MINUTE)
    assert here.ask("GET", OBJECT).status == 200 and here.express.asked == 1
    wall.move(MINUTE + 5 * SECOND)
    here.express.gate.clear()
    assert here.ask("GET", OBJECT).status == 200    # by the old one, which has 55 seconds
    here.express.gate.set()
    assert wait_until(lambda: here.ask("GET", OBJECT).status != 200 or here.keys[-1] != here.keys[0])
    assert here.express.asked == 2 and len(set(here.keys[:3])) == 1


def test_a_session_that_has_ended_is_not_used(timed, wall):
    here = timed()
    assert here.ask("PUT", OBJECT, body=b"x").status == 200
    wall.move(5 * MINUTE + SECOND)
    assert here.ask("GET", OBJECT).status == 200
    assert here.express.asked == 2 and here.keys[0] != here.keys[1]


def test_a_session_that_the_bucket_calls_ended(zone):
    """The request goes out once more; a hundred of them need one new session."""
    assert zone.ask("PUT", OBJECT, body=b"x").status == 200
    zone.express.expired.update(zone.keys)
    with ThreadPoolExecutor(20) as pool:
        gets = [pool.submit(zone.ask, "GET", OBJECT) for _ in range(20)]
        assert {get.result().status for get in gets} == {200}
    assert zone.express.asked == 2


def test_a_late_word_of_an_old_sessions_end(zone):
    """It says nothing of the newer one."""
    assert zone.ask("PUT", OBJECT, body=b"x").status == 200
    first, = zone.keys
    zone.express.expired.add(first)
    late = zone.express.late[b"/late"] = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(zone.ask, "GET", f"/s3.us-west-2/{BUCKET}/late")
        while len(zone.keys) < 2:
            pass
        assert zone.ask("GET", OBJECT).status == 200 and zone.express.asked == 2
        late.set()
        assert waiting.result().status == 404
    assert zone.keys.count(first) == 3 and zone.express.asked == 2


def test_a_session_does_not_outlive_the_roles_keys(as_aws):
    """A refused request for an ordinary bucket tells of the new ones."""
    issuer, express = Issuer(), Express()

    def handler(request):
        if request.proof.service == "s3express":
            return express(request)
        if request.proof.key == issuer.issued[0].key:
            return Response(400, b"<Error><Code>ExpiredToken</Code></Error>")
        return Response()

    proxy, upstream = as_aws(handler, COUNTERSIGN_AUTH="none", **issuer.container())
    express.attach(upstream)
    express.roles = issuer.roles
    with Client(proxy.port) as client:
        assert client.ask("PUT", OBJECT, body=b"x", token=False).status == 200
        time.sleep(2.1)     # keys that have just come are not asked for again
        assert client.ask("GET", "/s3.us-west-2/ordinary/k", token=False).status == 200
        assert client.ask("GET", OBJECT, token=False).status == 200
    assert express.asked == 2
    issuer.close()


def test_a_session_does_not_outlive_a_restore(timed, wall):
    """A copy under SnapStart asks for one of its own."""
    issuer = Issuer(clock=wall)
    here = timed(AWS_LAMBDA_INITIALIZATION_TYPE="snap-start", COUNTERSIGN_AUTH="none", **issuer.container())
    here.express.roles = issuer.roles
    assert here.ask("PUT", OBJECT, body=b"x", token=False).status == 200
    wall.move(5 * SECOND)
    assert here.ask("GET", OBJECT, token=False).status == 200
    assert here.express.asked == 2 and here.keys[0] != here.keys[1]
    issuer.close()


@pytest.mark.parametrize("answer, says", [
    (Response(403, b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"), "AccessDenied"),
    (Response(404, b"<Error><Code>NoSuchBucket</Code></Error>"), "NoSuchBucket"),
    (Response(500), "s3express:CreateSession"),
    (Response(403, b"<Error><Code>Access\nDenied</Code></Error>"), "nothing more"),
    (Response(200, b"<CreateSessionResult/>"), "does not hold an access key id"),
    (Response(200, b"<CreateSessionResult><Credentials><AccessKeyId>a b</AccessKeyId><SecretAccessKey>s"
                   b"</SecretAccessKey><SessionToken>t</SessionToken></Credentials></CreateSessionResult>"),
     "does not hold an access key id"),
    (Response(hang_up=True, length=100, body=b"<"), "cannot be used"),
])
def test_a_session_that_is_not_given(zone, answer, says):
    zone.express.answer = answer
    refused = zone.ask("PUT", OBJECT, body=b"x")
    assert refused.outcome == (503, "NoCredentials") and says in refused.text and HOST in refused.text
    assert "<Code>NoCredentials</Code>" in refused.text and not zone.keys
    assert zone.ask("GET", OBJECT).outcome == (503, "NoCredentials")
    assert zone.express.asked == 1      # it is not asked again at once


def test_after_a_failure_it_is_asked_again(timed, wall):
    here = timed()
    here.express.answer = Response(500)
    assert here.ask("PUT", OBJECT, body=b"x").status == 503
    here.express.answer = None
    wall.move(2 * SECOND)
    assert here.ask("PUT", OBJECT, body=b"x").status == 200 and here.express.asked == 2


def test_more_buckets_than_sessions_are_kept(zone):
    """The one that was used longest ago makes room."""
    with Client(zone.proxy.port) as client:
        for number in range(102):
            assert client.ask("PUT", f"/s3.us-west-2/b-{number}--usw2-az1--x-s3/k", body=b"x").status == 200
        assert client.ask("GET", "/s3.us-west-2/b-101--usw2-az1--x-s3/k").status == 200
        assert zone.express.asked == 102
        assert client.ask("GET", "/s3.us-west-2/b-0--usw2-az1--x-s3/k").status == 200
        assert zone.express.asked == 103


def test_the_client_goes_while_a_session_is_asked_for(zone):
    zone.express.gate.clear()
    with Client(zone.proxy.port) as client:
        client.send_request("GET", OBJECT)
        while not zone.express.asked:
            pass
    zone.express.gate.set()
    assert zone.ask("PUT", OBJECT, body=b"x").status == 200


def test_the_program_ends_while_a_session_is_asked_for(timed, wall):
    here = timed()
    assert here.ask("PUT", OBJECT, body=b"x").status == 200
    wall.move(4 * MINUTE + 5 * SECOND)
    here.express.gate.clear()
    assert here.ask("GET", OBJECT).status == 200
    while here.express.asked < 2:
        pass
    assert here.proxy.stop() == 0
    here.express.gate.set()


def test_an_upload_of_unknown_length(zone):
    """Each step is signed with the session's keys, too."""
    s3 = zone.express.objects[HOST] = Uploads()
    data = random.Random(1).randbytes((8 << 20) + 5)
    body = (b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (data[:5_000_000], data[5_000_000:]))
    assert zone.ask("PUT", OBJECT, [("Transfer-Encoding", "chunked")], [*body, b"0\r\n\r\n"]).status == 200
    assert s3.objects["/calls/hello world.wav"].content == data and s3.steps == ["create", "part", "part", "complete"]
    assert zone.express.asked == 1 and len(set(zone.keys)) == 1
