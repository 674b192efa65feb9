"""Bodies of unknown length to S3: one part in memory goes as it is, more become a multipart upload."""

import contextlib
import select
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.client import wait_until
from harness.upstream import Gone, Response
from harness.uploads import Uploads, chunks, content, error
from test_checksum import checksum

PART = 8 << 20
CHUNKED = ("Transfer-Encoding", "chunked")
ORDER = ["create", "part", "part", "part", "complete"]


def put(here, data, target="/s3/bucket/key", headers=(), size=65_537):
    return here.ask("PUT", target, [CHUNKED, *headers], chunks(data, size))


@pytest.fixture
def s3():
    return Uploads()


@pytest.fixture
def here(stage, s3):
    return stage(s3)


def untouched(s3):
    """Nothing is left to be billed."""
    return wait_until(lambda: not s3.uploads)


# --- which way a body goes

@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000, PART - 1, PART])
def test_up_to_one_part_goes_as_it_is(here, s3, size):
    data = content(size)
    answer = put(here, data, headers=[("Content-Type", "text/x"), ("x-amz-meta-a", "b")])
    stored = s3.objects["/bucket/key"]
    assert (answer.status, answer.header("etag")) == (200, stored.etag)
    assert stored.content == data and s3.steps == ["put"]
    assert (stored.headers["content-type"], stored.headers["x-amz-meta-a"]) == ("text/x", "b")


@pytest.mark.parametrize("size, sizes", [(PART + 1, [PART, 1]), (2 * PART, [PART, PART]),
                                         (2 * PART + 70_000, [PART, PART, 70_000])])
@pytest.mark.parametrize("chunk", [1_000_003, 8191])
def test_more_becomes_parts(here, s3, size, sizes, chunk):
    data = content(size)
    answer = put(here, data, size=chunk)
    stored = s3.objects["/bucket/key"]
    assert (answer.status, answer.body, answer.header("etag"), answer.header("x-amz-version-id")) == (
        200, b"", stored.etag, "v1")
    assert answer.header("x-amz-server-side-encryption") == "AES256" and answer.all("content-type") == []
    assert stored.content == data and stored.sizes == sizes and not s3.uploads
    assert s3.steps == ["create", *["part"] * len(sizes), "complete"]


def test_the_connections_are_used_again(here, s3):
    with here.client() as client:
        for seed in (1, 2):
            answer = client.ask("PUT", f"/s3/bucket/{seed}", [CHUNKED], chunks(content(2 * PART + 1, seed)))
            assert answer.status == 200 and s3.objects[f"/bucket/{seed}"].content == content(2 * PART + 1, seed)
        assert client.ask("PUT", "/s3/bucket/c", [], b"abc").status == 200
    assert len(here.upstream.connections) == 1


@pytest.mark.parametrize("header", ["Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==", "x-amz-checksum-crc32: AAAAAA==",
                                    "x-amz-write-offset-bytes: 0", "x-amz-content-sha256: " + "0" * 64])
def test_what_speaks_of_the_whole_cannot_go_in_parts(stage, s3, header):
    here = stage(s3, COUNTERSIGN_MAX_BODY=100_000)
    with here.client() as client:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            client.send_request("PUT", "/s3/bucket/key", [CHUNKED, tuple(header.split(": "))], chunks(content(200_000)))
        assert client.answer().outcome == (411, "LengthRequired")
    assert not s3.steps


HARD = ["a b", "%E4%BD%A0", "a//b", "./..", "x+y=z&q", "uploads", "%3F%23"]


@pytest.mark.parametrize("key", HARD)
def test_hard_keys(here, s3, key):
    data = content(PART + 5)
    assert put(here, data, target="/s3/bucket/" + key.replace(" ", "%20")).status == 200
    assert [stored.content for stored in s3.objects.values()] == [data]


# --- heads

def test_fields_go_where_they_belong(here, s3):
    everywhere = {"x-amz-request-payer": "requester", "x-amz-expected-bucket-owner": "123456789012"}
    keys = {"x-amz-server-side-encryption-customer-algorithm": "AES256",
            "x-amz-server-side-encryption-customer-key": "a2V5", "x-amz-server-side-encryption-customer-key-md5": "bWQ1"}
    first = {"content-type": "audio/wav", "cache-control": "no-store", "content-encoding": "gzip", "x-amz-meta-a": "b",
             "x-amz-acl": "private", "x-amz-storage-class": "STANDARD_IA", "x-amz-tagging": "a=b", "expires": "0",
             "content-disposition": "inline", "content-language": "de", "x-amz-object-lock-mode": "GOVERNANCE",
             "x-amz-website-redirect-location": "/x", "x-amz-grant-read": "id=1"}
    last = {"if-none-match": "*"}
    sent = {**everywhere, **keys, **first, **last}
    assert put(here, content(PART + 1), headers=sent.items()).status == 200
    for step, wanted in [("create", everywhere | keys | first), ("part", everywhere | keys),
                         ("complete", everywhere | keys | last)]:
        for head in s3.head_of(step):
            assert {name: value for name, value in head.items() if name in sent} == wanted, step


@pytest.mark.parametrize("kind, algorithm", [("crc64nvme", "CRC64NVME"), ("crc32c", "CRC32C")])
def test_each_part_and_the_whole_have_a_checksum(stage, s3, kind, algorithm):
    here = stage(s3, COUNTERSIGN_CHECKSUM=kind)
    data = b"ab" * (PART // 2) + b"c"
    assert put(here, data).status == 200
    name = f"x-amz-checksum-{kind}"
    assert [head.get("x-amz-checksum-algorithm") for head in s3.head_of("create")] == [algorithm]
    assert [head.get("x-amz-checksum-type") for head in s3.head_of("create") + s3.head_of("complete")] == ["FULL_OBJECT"] * 2
    assert [head[name] for head in s3.head_of("part")] == [checksum(kind, data[:-1]), checksum(kind, b"c")]
    assert s3.head_of("complete")[0][name] == checksum(kind, data)
    assert put(here, b"short").status == 200 and s3.heads[-1][1][name] == checksum(kind, b"short")


# --- what goes wrong

@pytest.mark.parametrize("step", ["create", "part", "complete"])
def test_a_refusal_is_the_answer_and_nothing_is_left(here, s3, step):
    s3.instead = lambda at, request: (request.read(), error(403, "AccessDenied"))[1] if at == step else None
    answer = put(here, content(2 * PART + 1))
    assert answer.status == 403 and b"AccessDenied" in answer.body
    assert untouched(s3) and s3.steps.count("abort") == (step != "create") and not s3.objects


LATE = {"InternalError": 500, "SlowDown": 503, "PreconditionFailed": 412, "InvalidPart": 400, "Unheard": 500}


@pytest.mark.parametrize("code, status", LATE.items())
def test_an_error_under_a_200(here, s3, code, status):
    s3.instead = lambda at, request: (request.read(), Response(
        body=b'<?xml version="1.0"?>\n\n<Error><Code>%s</Code></Error>' % code.encode()))[1] if at == "complete" else None
    answer = put(here, content(PART + 1), headers=[("If-None-Match", "*")])
    assert answer.status == status and code.encode() in answer.body
    assert untouched(s3) and s3.steps.count("complete") == 1 and not s3.objects


@pytest.mark.parametrize("status, code", [(200, "SlowDown"), (200, "InternalError"), (500, "InternalError")])
def test_a_busy_completion_is_tried_again(here, s3, status, code):
    s3.instead = lambda at, request: (request.read(), error(status, code))[1] if s3.steps.count("complete") in (1, 2) else None
    assert put(here, content(PART + 1)).status == 200
    assert s3.steps.count("complete") == 3 and not s3.uploads


@pytest.mark.parametrize("how", ["500", "503", "400", "reset", "reset in the answer"])
def test_a_part_is_sent_again(here, s3, how):
    def instead(at, request):
        if at != "part" or s3.steps.count("part") not in (2, 3):
            return None
        if how == "reset":
            raise Gone("on purpose")
        request.read()
        return Response(length=10, body=b"x", reset=True) if how == "reset in the answer" else error(int(how), "RequestTimeout" if how == "400" else "InternalError")
    s3.instead = instead
    data = content(3 * PART)
    assert put(here, data).status == 200
    assert s3.objects["/bucket/key"].content == data and s3.steps.count("part") == 5


def test_a_part_that_never_passes(here, s3):
    def instead(at, request):
        if at == "part":
            raise Gone("on purpose")
    s3.instead = instead
    answer = put(here, content(PART + 1))
    assert answer.outcome == (502, "UpstreamReset") and untouched(s3) and s3.steps.count("part") == 5


@pytest.mark.parametrize("status", [204, 403])
def test_a_vanished_client_leaves_nothing(here, s3, status):
    if status != 204:
        s3.instead = lambda at, request: error(status, "AccessDenied") if at == "abort" else None
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], list(chunks(content(PART + 70_000)))[:-1])
        assert wait_until(lambda: "part" in s3.steps)
    assert wait_until(lambda: s3.steps.count("abort") >= (1 if status == 204 else 2)) and not s3.objects
    assert status != 204 or untouched(s3)
    assert wait_until(lambda: "could not be aborted" in here.proxy.text()) if status != 204 else True
    assert here.ask("PUT", "/s3/bucket/other", [], b"abc").status == 200


def test_a_client_that_vanishes_while_it_begins(here, s3):
    gate = threading.Event()
    s3.instead = lambda at, request: gate.wait(20) and None if at == "create" else None
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], list(chunks(content(PART + 70_000)))[:-1])
        assert wait_until(lambda: "create" in s3.steps)
        client.reset()
    time.sleep(0.3)
    gate.set()
    assert wait_until(lambda: s3.steps == ["create", "abort"]) and untouched(s3)


def test_a_broken_body_leaves_nothing(here, s3):
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], [*list(chunks(content(PART + 70_000)))[:-1], b"zz\r\n"])
        assert client.answer().outcome == (400, "BadRequest")
    assert untouched(s3) and not s3.objects and "abort" in s3.steps


def test_a_client_that_stalls(stage, s3):
    here = stage(s3, COUNTERSIGN_TIMEOUT_MS=500)
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], list(chunks(content(PART + 70_000)))[:-1])
        assert client.answer().outcome == (408, "RequestTimeout")
    assert untouched(s3) and not s3.objects


def test_an_upload_without_an_id(here, s3):
    s3.instead = lambda at, request: Response(body=b"<InitiateMultipartUploadResult/>") if at == "create" else None
    assert put(here, content(PART + 1)).outcome == (502, "UpstreamProtocol")


@pytest.mark.parametrize("step", ["create", "complete"])
def test_an_endless_answer_is_no_success(here, s3, step):
    s3.instead = lambda at, request: (request.read(), Response(body=b"<x>" * 10_000))[1] if at == step else None
    assert put(here, content(PART + 1)).outcome == (502, "UpstreamProtocol")
    assert untouched(s3) and not s3.objects


def test_a_server_that_hangs_is_noticed_while_the_client_goes_on(stage, s3):
    gate = threading.Event()
    here = stage(s3, COUNTERSIGN_TIMEOUT_MS=500)
    s3.instead = lambda at, request: (request.read(), gate.wait(20), None)[2] if at == "part" else None
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], list(chunks(content(PART + 70_000)))[:-1])
        try:
            for _ in range(100):
                if select.select([client.sock], [], [], 0.1)[0]:
                    break
                client.send(b"1\r\nx\r\n")
            assert client.answer().outcome == (504, "UpstreamTimeout")
        finally:
            gate.set()


def test_an_error_that_breaks_off_is_not_followed_by_another_answer(here, s3):
    def instead(at, request):
        if at != "part" or s3.steps.count("part") > 1:
            return None
        request.read()
        return Response(404, length=2000, body=b"x", reset=True)
    s3.instead = instead
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], chunks(content(PART + 10)))
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.sock.recv(65536):
                got += piece
    assert got.count(b"HTTP/1.1") == 1
    assert untouched(s3) and s3.steps.count("part") == 1 and not s3.objects


@pytest.mark.parametrize("step", ["create", "complete"])
def test_an_answer_that_ends_with_its_connection(here, s3, step):
    def cut(path, query, request, real=getattr(s3, step)):
        answer = real(path, query, request)
        answer.until_close = True
        return answer
    setattr(s3, step, cut)
    assert put(here, content(PART + 1)).status == 200
    assert s3.objects["/bucket/key"].content == content(PART + 1) and not s3.uploads


def test_a_connection_that_ends_between_two_parts(here, s3):
    real = s3.part

    def closing(path, query, request):
        answer = real(path, query, request)
        answer.hang_up = True
        return answer
    s3.part = closing
    data = content(2 * PART + 70_000)
    pieces = list(chunks(data))
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], pieces[:150])
        assert wait_until(lambda: here.upstream.connections and here.upstream.connections[-1].closed.is_set())
        for piece in pieces[150:]:
            client.send(piece)
        assert client.answer().status == 200
    assert s3.objects["/bucket/key"].content == data and s3.steps == ORDER


@pytest.mark.parametrize("condition, status, times", [([], 200, 2), ([("If-None-Match", "*")], 502, 1)])
def test_a_completion_whose_answer_is_lost(here, s3, condition, status, times):
    """The kept connection may have died before it; with a condition it is not asked twice."""
    def instead(at, request):
        if at == "complete" and s3.steps.count(at) == 1:
            raise Gone("on purpose")
    s3.instead = instead
    assert put(here, content(PART + 1), headers=condition).status == status
    assert s3.steps.count("complete") == times and untouched(s3)


def test_what_is_cleaned_up_is_counted_once(here, s3):
    s3.instead = lambda at, request: (request.read(), error(403, "AccessDenied"))[1] if at == "part" else None
    assert put(here, content(PART + 1)).status == 403
    assert untouched(s3) and here.proxy.stop() == 0
    assert here.proxy.text().count("exchange method=PUT") == 1


def test_a_request_right_behind_the_body(here, s3):
    data = content(PART + 10)
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/a", [CHUNKED], chunks(data))
        client.send_request("PUT", "/s3/bucket/b", [], b"abc")
        assert [client.answer().status, client.answer().status] == [200, 200]
    assert s3.objects["/bucket/a"].content == data and s3.objects["/bucket/b"].content == b"abc"


@pytest.mark.parametrize("whole", [True, False])
def test_a_client_that_ends_its_half(here, s3, whole):
    pieces = list(chunks(content(PART + 70_000)))
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], pieces if whole else pieces[:-1])
        client.half_close()
        assert not whole or client.answer().status == 200
        assert untouched(s3) and wait_until(lambda: s3.steps[-1:] == ["complete" if whole else "abort"])


def test_who_is_gone_waits_no_more(stage, s3):
    here = stage(s3, COUNTERSIGN_PARTS=1)
    data = content(200_000)
    pieces = list(chunks(data))
    with here.client() as first:
        first.send_request("PUT", "/s3/bucket/a", [CHUNKED], pieces[:-1])
        with here.client() as second:
            second.send_request("PUT", "/s3/bucket/b", [CHUNKED], pieces[:-1])
            time.sleep(0.2)
            second.reset()
        assert wait_until(lambda: "status=0" in here.proxy.text())
        first.send(pieces[-1])
        assert first.answer().status == 200
    assert put(here, data, "/s3/bucket/c").status == 200 and "/bucket/b" not in s3.objects


@pytest.mark.parametrize("etag, early", [((), False), ((("ETag", '"a"'),), True)])
def test_a_part_that_was_hardly_taken(here, s3, etag, early):
    """Without an ETag, or before all of it was sent: what the server has is not what the client sent."""
    s3.instead = lambda at, request: Response(headers=etag, early=early) if at == "part" else None
    assert put(here, content(PART + 10)).outcome == (502, "UpstreamProtocol")
    assert untouched(s3) and not s3.objects


@pytest.mark.parametrize("status, body", [(500, b""), (405, b"x"), (403, b"x" * 100_000)])
def test_an_abort_that_is_refused_is_no_answer(here, s3, status, body):
    """The client has its own already."""
    s3.instead = lambda at, request: {
        "complete": lambda: (request.read(), error(403, "AccessDenied"))[1],
        "abort": lambda: Response(status, body)}.get(at, lambda: None)()
    with here.client() as client:
        assert client.ask("PUT", "/s3/bucket/key", [CHUNKED], chunks(content(PART + 1))).status == 403
        assert wait_until(lambda: "could not be aborted" in here.proxy.text()) and s3.steps.count("abort") == 2
        assert client.ask("PUT", "/s3/bucket/other", [], b"abc").status == 200


# --- many at once

def test_few_parts_for_all_together(stage, s3):
    here = stage(s3, COUNTERSIGN_PARTS=2)
    datas = [content(2 * PART + 1000 * seed, seed) for seed in range(5)]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda seed: put(here, datas[seed], f"/s3/bucket/{seed}"), range(5)))
    assert [answer.status for answer in answers] == [200] * 5
    assert [s3.objects[f"/bucket/{seed}"].content for seed in range(5)] == datas
    assert s3.most_in_flight <= 2 and not s3.uploads


def test_who_waits_too_long_is_told(stage, s3):
    here = stage(s3, COUNTERSIGN_PARTS=1, COUNTERSIGN_TIMEOUT_MS=1000)
    with here.client() as first:
        first.send_request("PUT", "/s3/bucket/a", [CHUNKED], [b"%x\r\n" % 200_000 + bytes(100_000)])
        time.sleep(0.2)
        stop = threading.Event()

        def trickle():
            while not stop.wait(0.2):
                first.send(b"x")
        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            with here.client() as second:
                second.send_request("PUT", "/s3/bucket/b", [CHUNKED], [b"%x\r\n" % 200_000 + bytes(100_000)])
                answer = second.answer()
            assert answer.outcome == (503, "TooBusy") and b"COUNTERSIGN_PARTS" in answer.body
            assert put(here, b"short", "/s3/bucket/c").status == 200
        finally:
            stop.set()
            thread.join()


@pytest.mark.parametrize("size", [PART + 10, 2 * PART + 10, 2 * PART + 70_000])
def test_one_part_is_enough(stage, s3, size):
    """What waits in the client's connection when the only part comes back is the next one's."""
    here = stage(s3, COUNTERSIGN_PARTS=1)
    data = content(size)
    assert put(here, data).status == 200
    assert s3.objects["/bucket/key"].content == data
    assert s3.steps == ["create", *["part"] * -(-size // PART), "complete"]


def test_a_broken_end_when_the_only_part_comes_back(stage, s3):
    here = stage(s3, COUNTERSIGN_PARTS=1)
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], [*list(chunks(content(PART + 10)))[:-1], b"zz\r\n"])
        assert client.answer().outcome == (400, "BadRequest")
    assert untouched(s3) and s3.steps[:3] == ["create", "part", "abort"]
    assert put(here, content(100_000), "/s3/bucket/other").status == 200


def test_a_pause_is_not_prolonged_by_a_part_that_becomes_free(stage, s3):
    """Two share two parts: the first waits for its pause to end, and then gets the other's part."""
    here = stage(s3, COUNTERSIGN_PARTS=2, COUNTERSIGN_TIMEOUT_MS=60_000)
    refused = threading.Event()

    def instead(at, request):
        if at != "part" or refused.is_set():
            return None
        request.read()
        refused.set()
        return Response(503, headers=(("Retry-After", "2"),))
    s3.instead = instead
    with here.client() as other, here.client(timeout=20) as client:
        other.send_request("PUT", "/s3/bucket/other", [CHUNKED], list(chunks(content(100_000)))[:-1])
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], chunks(content(PART + 70_000)))
        assert refused.wait(20)
        other.send(b"0\r\n\r\n")
        assert other.answer().status == 200
        assert client.answer().status == 200
    assert s3.objects["/bucket/key"].content == content(PART + 70_000)


def test_who_waits_for_a_part_holds_no_connection(stage, s3):
    """Else the one that has the part waits for a connection, until both have waited too long."""
    here = stage(s3, COUNTERSIGN_PARTS=1, COUNTERSIGN_MAX_UPSTREAM=1, COUNTERSIGN_TIMEOUT_MS=5000)
    data = content(2 * PART + 70_000)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda name: put(here, data, f"/s3/bucket/{name}"), "abc"))
    assert [answer.outcome for answer in answers] == [(200, "")] * 3
    assert all(s3.objects[f"/bucket/{name}"].content == data for name in "abc")


def test_a_part_that_arrives_after_the_abort(here, s3):
    """S3 may still store a part that was on its way: so the upload is aborted once more."""
    gate = threading.Event()

    def instead(at, request):
        if at == "part":
            gate.wait(20)
        return None
    s3.instead = instead
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], list(chunks(content(PART + 70_000)))[:-1])
        assert wait_until(lambda: "part" in s3.steps)
        client.reset()
    assert wait_until(lambda: s3.steps.count("abort") == 2)
    gate.set()


# --- the end

def test_an_upload_that_the_end_cuts_is_aborted(here, s3):
    """What is under way when the program is told to end has a moment, then nothing of it is left."""
    with here.client() as client:
        client.send_request("PUT", "/s3/bucket/key", [CHUNKED], list(chunks(content(PART + 70_000)))[:-1])
        assert wait_until(lambda: "part" in s3.steps)
        assert here.proxy.stop() == 0
    assert not s3.uploads and not s3.objects and s3.steps[-1] == "abort"
