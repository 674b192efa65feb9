"""What goes upstream: the bytes of the client, rightly signed. Botocore verifies every request here."""

import base64
import hashlib
import itertools
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from harness.proxy import ROLE
from harness.upstream import Response, Upstream

# What the proxy itself writes, and so what a comparison of headers leaves out.
OWN = {"host", "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
       "content-length"}
NEVER_SIGNED = {"user-agent", "expect", "x-amzn-trace-id", "connection", "transfer-encoding", "range",
                "accept"}
UNSIGNED = b"UNSIGNED-PAYLOAD"
JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")


def relayed(request):
    """The headers of the client as they arrived upstream."""
    return [(name, value.decode("latin-1")) for name, value in request.headers if name.lower() not in OWN]


# --- paths

KEYS = [
    "key", "a/b/c", "a%20b", "a%2Fb", "a%2fb", "a//b", "//a", "a/", "a//", "", "/", "../x", "a/../b", "a/./b",
    ".", "..",
    "%2E%2E/x", "%2e", "a+b", "a%2Bb", "a*b", "a%2Ab", "it's", "it%27s", "(1)", "%281%29", "a!b", "a%21b",
    "a,b", "a;b",
    "a:b", "a=b", "a%3Db", "a@b", "a%40b", "a&b", "a%26b", "a$b", "a%24b", "~user", "%7Euser", "a-b_c.d",
    "%41%42",
    "%61", "%C3%BC", "%c3%bc", "%E6%97%A5%E6%9C%AC", "%F0%9F%98%80", "%00", "%0A", "%25", "%2525", "%25zz",
    "%3Fq",
    "%23fragment", "%5Bx%5D", "%7B%7D", "%22quoted%22", "%3C%3E", "%5C", "%5E%60%7C", "%FF%FE", "%20", "+",
    "...",
    "k" * 1024, "%E2%82%AC" * 340, "very/" * 200,
]


@pytest.mark.parametrize("key", KEYS, ids=lambda key: (key or "empty")[:24])
def test_a_key_goes_byte_for_byte(shared, key):
    assert shared.ask("GET", "/s3/bucket/" + key).status == 200
    assert shared.last.target == b"/bucket/" + key.encode()


@pytest.mark.parametrize("path", [
    "a", "a/", "a%20b", "a%2Fb", "arn%3Aaws%3Alambda", "@connections/JBDvjfGEIAMCERw%3D", "a+b", "a*b",
    "a(b)", "a:b",
    "a=b", "a,b", "~", "%7E", "%C3%BC", "a//b", "a/./b", "a/../b", "../a", "%25", "a!b'c",
])
def test_a_path_of_another_service_is_encoded_twice(shared, path):
    assert shared.ask("GET", "/execute-api/" + path).status == 200
    assert shared.last.target == b"/" + path.encode()


# --- queries

QUERIES = [
    "a=1", "b=2&a=1", "acl", "acl=", "a&b", "a=&a", "a=2&a=1&a=10", "Param-3=v&Param=v", "A=1&a=2&B=3",
    "prefix=a%20b", "prefix=a%2Fb", "prefix=a/b", "prefix=a%2Bb", "prefix=a+b", "x=%C3%BC", "x=%c3%bc",
    "x=%7E~",
    "x=a=b", "x==", "x=a*b", "x=(a)", "x=it's", "x=a!b", "x=a:b@c", "x=a,b;c", "x=a%26b", "x=%00", "%20=1",
    "a%3D=1",
    "list-type=2&max-keys=3&start-after=z&prefix=", "uploads", "partNumber=1&uploadId=abc~-_.", "x=a?b",
    "response-content-disposition=attachment%3B%20filename%3D%22a%20b.txt%22", "x=%25", "x=%2541",
    "x=" + "y" * 4000,
    "&".join(f"k{n}={n}" for n in range(100)), "X-Custom-Date=1", "x-id=GetObject", "x=%F0%9F%98%80", "x=$1",
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:24])
@pytest.mark.parametrize("service", ["s3", "execute-api"])
def test_a_query_goes_byte_for_byte(shared, service, query):
    assert shared.ask("GET", f"/{service}/bucket/key?{query}").status == 200
    assert shared.last.target == b"/bucket/key?" + query.encode()


# --- headers

def test_headers_go_untouched_and_in_order(shared):
    sent = [
        ("Range", "bytes=0-9"), ("If-None-Match", '"abc"'),
        ("if-modified-since", "Mon, 02 Nov 2026 10:00:00 GMT"),
        ("X-UPPER", "Value"), ("x-lower", "value"), ("Accept", "*/*"), ("Accept-Encoding", "gzip, br"),
        ("User-Agent", "a tool/1.0 (of some kind)"), ("X-Twice", "1"), ("Cookie", "a=b"), ("X-Twice", "2"),
        ("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678"), ("Content-Language", "de"),
        ("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-cache"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("Referer", "http://x.example/"), ("traceparent",
                                           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("x-amz-meta-note", "kept"), ("Content-Encoding", "gzip"), ("X-Empty", ""), ("X-Quoted", '"a \\" b"'),
    ]
    assert shared.ask("PUT", "/s3/b/k", sent, b"body").status == 200
    assert relayed(shared.last) == sent
    assert not NEVER_SIGNED & set(shared.last.proof.signed)


def test_nothing_is_added_to_a_request_without_headers(shared):
    assert shared.ask("GET", "/s3/b/k").status == 200
    assert relayed(shared.last) == []
    assert not shared.last.all("content-length") and not shared.last.all("transfer-encoding")
    assert shared.last.proof.signed == [
        "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]


def test_what_is_signed(shared):
    headers = [("Content-Type", "a/b"), ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="), ("X-Amz-Acl", "private"),
               ("x-amz-meta-a", "1"), ("X-Other", "2"), ("x-amzn-other", "3"),
               ("Date", "Mon, 02 Nov 2026 10:00:00 GMT")]
    assert shared.ask("PUT", "/s3/b/k", headers, b"hello").status == 200
    assert shared.last.proof.signed == [
        "content-md5", "content-type", "host", "x-amz-acl", "x-amz-content-sha256", "x-amz-date",
        "x-amz-meta-a",
        "x-amz-security-token"]
    assert shared.last.header("content-md5") == "XUFAKrxLKna5cZ2REBfFkg=="


@pytest.mark.parametrize("value", ["a", "a b", "a   b   c", "  lead and trail  ", '"a   b"', "a\tb", "a \t b",
                                   "a,b", "a, b",
                                   "a;b=c", "=", "x" * 2000, "\u00c3\u00bc", "a:b", ""])
def test_values_of_metadata(shared, value):
    assert shared.ask("PUT", "/s3/b/k", [("x-amz-meta-value", value)], b"").status == 200
    assert shared.last.all("x-amz-meta-value") == [value.strip(" \t").encode("latin-1")]


def test_metadata_in_several_headers(shared):
    headers = [("x-amz-meta-b", "2"), ("x-amz-meta-a", "second  value"), ("X-Amz-Meta-B", "1"),
               ("x-amz-meta-b", "3")]
    assert shared.ask("PUT", "/s3/b/k", headers, b"").status == 200
    assert relayed(shared.last) == headers


def test_the_clients_own_signature_headers_are_replaced(shared):
    headers = [("X-Amz-Date", "20200101T000000Z"), ("X-Amz-Security-Token", "another"),
               ("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"),
               ("Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20200101/us-east-1/s3/aws4_request, "
                                 "SignedHeaders=host, Signature=" + "0" * 64)]
    assert shared.ask("GET", "/s3/b/k", headers).status == 200
    for name in ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"):
        assert len(shared.last.all(name)) == 1
    assert shared.last.header("x-amz-security-token") == ROLE["AWS_SESSION_TOKEN"]


def test_static_keys_have_no_token(stage, authority):
    upstream = Upstream(authority, role={**ROLE, "AWS_SESSION_TOKEN": None})
    here = stage(upstream=upstream, AWS_SESSION_TOKEN=None, COUNTERSIGN_AUTH="none")
    assert here.ask("GET", "/s3/b/k", token=False).status == 200
    assert not here.last.all("x-amz-security-token")


# --- hop by hop

@pytest.mark.parametrize("header", [
    ("Connection", "keep-alive"), ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"),
    ("TE", "trailers"),
    ("Proxy-Authenticate", "Basic"), ("Upgrade", "h2c"),
])
def test_hop_by_hop_headers_end_here(shared, header):
    assert shared.ask("GET", "/s3/b/k", [header]).status == 200
    assert (header[0].lower(), header[1]) not in [(name.lower(), value) for name,
                                                  value in relayed(shared.last)]


def test_headers_that_connection_names_end_here(shared):
    headers = [("Connection", "X-Private, x-other"), ("X-Private", "1"), ("X-Other", "2"), ("X-Third", "3")]
    assert shared.ask("GET", "/s3/b/k", headers).status == 200
    assert relayed(shared.last) == [("X-Third", "3")]


@pytest.mark.parametrize("header", [
    ("Range", "bytes=0-4"), ("If-Match", '"a"'), ("If-None-Match", "*"), ("Content-Type", "a/b"),
    ("Content-Encoding", "gzip"), ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="), ("x-amz-acl", "private"),
    ("x-amz-meta-a", "1"), ("x-amz-checksum-crc32", "AAAAAA=="), ("x-amz-server-side-encryption", "AES256"),
])
def test_connection_takes_no_end_to_end_header_away(shared, header):
    """Or it could take the condition off a write, and the encryption off an object. A refusal is as good."""
    answer = shared.ask("PUT", "/s3/b/k", [("Connection", f"close, {header[0]}"), header], b"")
    assert answer.status == 400 or (answer.status == 200 and relayed(shared.last) == [header])


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Authorization", "X-Amz-Date",
                                  "X-Amz-Content-Sha256",
                                  "X-Amz-Security-Token"])
def test_connection_takes_nothing_of_the_signature_away(shared, name):
    answer = shared.ask("PUT", "/s3/b/k", [("Connection", name)], b"body")
    assert answer.status == 400 or (answer.status == 200 and shared.last.body == b"body")


def test_connection_takes_no_proof_away(shared):
    """A name in Connection must not hide the token from the proxy's own check, or send it on."""
    answer = shared.ask("GET", "/s3/b/k", [("Connection", "X-Countersign-Token")])
    assert answer.status in (200, 400, 401)
    if answer.status == 200:
        assert not shared.last.all("x-countersign-token")


# --- payloads

def test_s3_bodies_are_not_hashed(shared):
    assert shared.ask("PUT", "/s3/b/k", [], b"some body").status == 200
    assert shared.last.all("x-amz-content-sha256") == [UNSIGNED]
    assert shared.last.body == b"some body"


@pytest.mark.parametrize("service", ["s3", "s3-outposts", "s3-object-lambda", "s3express"])
def test_the_s3_family_streams(shared, service):
    assert shared.ask("PUT", f"/{service}/b/a%2Fb", [], b"some body").status == 200
    assert shared.last.all("x-amz-content-sha256") == [UNSIGNED]
    assert shared.last.proof.service == service


def test_a_given_hash_is_kept(shared):
    digest = hashlib.sha256(b"some body").hexdigest()
    for service in ("s3", "transcribe"):
        assert shared.ask("PUT", f"/{service}/b/k", [("X-Amz-Content-Sha256", digest)],
                          b"some body").status == 200
        assert shared.last.header("x-amz-content-sha256") == digest


def test_a_given_hash_that_is_wrong_is_the_servers_to_refuse(stage):
    here = stage()
    here.expect_refusals = True
    answer = here.ask("PUT", "/s3/b/k", [("X-Amz-Content-Sha256", "0" * 64)], b"some body")
    assert answer.status == 400 and "XAmzContentSHA256Mismatch" in answer.text and not answer.error


@pytest.mark.parametrize("given", ["UNSIGNED-PAYLOAD", "0" * 63, "g" * 64, "", "required"])
def test_what_is_no_hash_is_replaced(shared, given):
    for service, expected in (("s3", UNSIGNED), ("sqs", hashlib.sha256(b"body").hexdigest().encode())):
        assert shared.ask("PUT", f"/{service}/b/k", [("X-Amz-Content-Sha256", given)], b"body").status == 200
        assert shared.last.all("x-amz-content-sha256") == [expected]


@pytest.mark.parametrize("body", [None, b"", b"{}", b"x" * 100_000, bytes(range(256)) * 4000])
def test_bodies_of_other_services_are_hashed(shared, body):
    headers = [JSON_TYPE, ("X-Amz-Target", "Transcribe.StartTranscriptionJob")]
    assert shared.ask("POST", "/transcribe/", headers, body).status == 200
    assert shared.last.header("x-amz-content-sha256") == hashlib.sha256(body or b"").hexdigest()
    assert shared.last.header("content-length", "0") == str(len(body or b""))
    assert "x-amz-target" in shared.last.proof.signed


def test_a_given_hash_lets_any_body_stream(stage):
    here = stage(COUNTERSIGN_MAX_BODY=1000)
    body = b"x" * 100_000
    headers = [JSON_TYPE, ("X-Amz-Content-Sha256", hashlib.sha256(body).hexdigest())]
    assert here.ask("POST", "/transcribe/", headers, body).status == 200
    assert here.last.body_length == len(body)


def test_an_empty_put_keeps_its_length(shared):
    assert shared.ask("PUT", "/s3/b/k", [], b"").status == 200
    assert shared.last.all("content-length") == [b"0"]


def unsigned_chunks(body):
    """An aws-chunked body with a trailing checksum, and the headers that belong to it."""
    checksum = base64.b64encode(zlib.crc32(body).to_bytes(4, "big"))
    encoded = b"%x\r\n%b\r\n0\r\nx-amz-checksum-crc32:%b\r\n\r\n" % (len(body), body, checksum)
    return encoded, [("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
                     ("Content-Encoding", "aws-chunked"),
                     ("X-Amz-Decoded-Content-Length", str(len(body))),
                     ("X-Amz-Trailer", "x-amz-checksum-crc32")]


def test_unsigned_aws_chunks_pass_as_they_are(shared):
    encoded, headers = unsigned_chunks(b"hello " * 1000)
    assert shared.ask("PUT", "/s3/b/k", headers, encoded).status == 200
    assert shared.last.body == encoded
    assert shared.last.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    assert relayed(shared.last) == headers[1:]


def test_unsigned_aws_chunks_in_a_chunked_body(shared):
    """As the JavaScript SDK sends them: aws-chunked inside HTTP's own chunks."""
    encoded, headers = unsigned_chunks(b"hello " * 1000)
    pieces = [b"%x\r\n%b\r\n" % (len(part), part) for part in (encoded[:10], encoded[10:500], encoded[500:])]
    answer = shared.ask("PUT", "/s3/b/k", [*headers, ("Transfer-Encoding", "chunked")],
                        [*pieces, b"0\r\n\r\n"])
    assert answer.status == 200
    assert shared.last.body == encoded


# --- answers

def test_answers_go_untouched_and_in_order(stage):
    headers = (("Content-Type", "image/png"), ("ETag", '"abc"'), ("x-amz-request-id", "1"), ("X-Twice", "1"),
               ("Set-Cookie", "a=b"), ("X-Twice", "2"), ("Content-Encoding", "gzip"),
               ("Date", "Mon, 02 Nov 2026 10:00:00 GMT"),
               ("Server", "AmazonS3"), ("x-amz-meta-Mixed", "Value  with  spaces"),
               ("Accept-Ranges", "bytes"))
    here = stage(lambda request: Response(200, b"\x1f\x8bnot really gzip", headers, reason="Quite OK"))
    answer = here.ask("GET", "/s3/b/k")
    assert answer.reason == "Quite OK" and answer.body == b"\x1f\x8bnot really gzip"
    assert tuple(each for each in answer.headers if each[0].lower() not in ("content-length",
                                                                            "connection")) == headers


@pytest.mark.parametrize("status", [200, 201, 202, 206, 301, 307, 400, 403, 404, 409, 412, 416, 429, 500, 503,
                                    599])
def test_a_status_of_the_service_is_passed_on(stage, status):
    here = stage(lambda request: Response(status, b"<Error/>", (("Location", "http://elsewhere.example/"),)))
    answer = here.ask("GET", "/s3/b/k")
    assert (answer.status, answer.body, answer.error) == (status, b"<Error/>", "")
    assert len(here.upstream.requests) == 1


@pytest.mark.parametrize("name", ["Keep-Alive", "Proxy-Authenticate", "X-Named"])
def test_hop_by_hop_headers_of_an_answer_end_here(stage, name):
    here = stage(lambda request: Response(headers=((name, "x"), ("Connection", "X-Named"), ("X-Kept", "1"))))
    answer = here.ask("GET", "/s3/b/k")
    assert not answer.all(name) and answer.header("x-kept") == "1"


# --- many at once

def test_a_signature_is_made_for_each_request_alone(stage):
    """Different services, regions, keys and payloads at once: none takes another's signature."""
    here = stage()
    kinds = list(itertools.product(["s3", "transcribe", "sqs.eu-west-1", "s3.eu-central-1"], range(40)))

    def one(kind):
        service, number = kind
        return here.ask("PUT", f"/{service}/b/{number}?n={number}", [("x-amz-meta-n", number)],
                        b"%d" % number).status

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, kinds)) == [200] * len(kinds)
    assert {(request.proof.service, request.proof.region) for request in here.upstream.requests} == {
        ("s3", "us-east-1"), ("transcribe", "us-east-1"), ("sqs", "eu-west-1"), ("s3", "eu-central-1")}


def test_the_date_is_that_of_the_moment(shared):
    with shared.client() as client:
        dates = []
        for _ in range(2):
            assert client.ask("GET", "/s3/b/k").status == 200
            dates.append(shared.last.header("x-amz-date"))
            time.sleep(1.1)
    assert dates[0] < dates[1]
