"""/-/presign: URLs that another signer makes to the letter of their signature, and clear words for what is wrong."""

import datetime
import json
import random
from unittest import mock
from urllib.parse import parse_qs, quote, unquote_to_bytes, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from harness import verify, verify4a
from harness.proxy import ROLE, TOKEN
from harness.signer import credentials

JSON = "application/json"


@pytest.fixture(scope="module")
def here(module_stage):
    """Presigned URLs are AWS's own, so no endpoint stands in their way."""
    return module_stage(COUNTERSIGN_ENDPOINT=None)


def presign(here, headers=(), **parameters):
    query = "&".join(f"{name}={quote(text, safe='')}" for name, value in parameters.items()
                     for text in (value if isinstance(value, list) else [str(value)]))
    return here.ask("GET", f"/-/presign?{query}", headers)


def botocores(url, method, service="s3", region="us-east-1", headers=()):
    """The signature that botocore gives the same URL at the same moment."""
    parts = urlsplit(url)
    own = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    bare = "&".join(pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-"))
    path = quote(unquote_to_bytes(parts.path), safe="/~")    # as S3 sees it, whichever bytes were escaped
    request = AWSRequest(method=method, url=f"{parts.scheme}://{parts.netloc}{path}" + (f"?{bare}" if bare else ""),
                         headers=dict(headers))
    then = datetime.datetime.strptime(own["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    kind = botocore.auth.S3SigV4QueryAuth if service == "s3" else botocore.auth.SigV4QueryAuth
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: then):
        kind(credentials(), service, region, expires=int(own["X-Amz-Expires"])).add_auth(request)
    return parse_qs(urlsplit(request.url).query)["X-Amz-Signature"][0], own["X-Amz-Signature"]


HARD = "a b+c%d/é/~'()*!@$&,;:=?#[]\\\"<>{}|^`/日本/..//x"


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE"])
def test_a_service_path(here, method):
    answer = presign(here, url="/s3/bucket/key", method=method, expires=60)
    given = json.loads(answer.body)
    assert answer.status == 200 and answer.header("content-type") == JSON
    assert given["url"].startswith("https://s3.us-east-1.amazonaws.com/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert given["method"] == method and given["expires"] == 60 and given["headers"] == {}
    ours, theirs = botocores(given["url"], method)
    assert ours == theirs
    assert parse_qs(urlsplit(given["url"]).query)["X-Amz-Security-Token"] == [TOKEN]


@pytest.mark.parametrize("seed", range(60))
def test_any_key_and_query(here, seed):
    dice = random.Random(seed)
    key = quote("".join(dice.choices(HARD, k=dice.randint(1, 60))), safe=dice.choice(["/", "/~", "/~!*'()"]))
    query = "&".join(f"{name}={quote(value)}" for name, value in dice.sample(
        [("versionId", "a+b/c="), ("response-content-type", "text/plain; x=é"), ("partNumber", "3"), ("acl", "")],
        dice.randint(0, 4)))
    host = dice.choice(["https://my-bucket.s3.eu-west-1.amazonaws.com", "http://s3.eu-west-1.amazonaws.com/b",
                        "/s3.eu-west-1/bucket"])
    given = json.loads(presign(here, url=f"{host}/{key}" + (f"?{query}" if query else "")).body)
    ours, theirs = botocores(given["url"], "GET", region="eu-west-1")
    assert ours == theirs
    assert urlsplit(given["url"]).path.endswith(f"/{key}")


def test_headers_are_signed(here):
    given = json.loads(presign(here, url="/s3/b/k", method="PUT",
                               header=["content-type:audio/wav", "X-Amz-Meta-Who: me"]).body)
    assert given["headers"] == {"content-type": "audio/wav", "X-Amz-Meta-Who": "me"}
    ours, theirs = botocores(given["url"], "PUT",
                             headers=[("content-type", "audio/wav"), ("X-Amz-Meta-Who", "me")])
    assert ours == theirs


def test_another_service(here):
    given = json.loads(presign(here, url="/sqs/123456789012/queue?Action=ReceiveMessage").body)
    ours, theirs = botocores(given["url"], "GET", service="sqs")
    assert ours == theirs


def test_the_bare_url(here):
    answer = presign(here, [("Accept", "text/plain")], url="/s3/b/k")
    assert answer.header("content-type").startswith("text/plain")
    assert answer.text.startswith("https://s3.us-east-1.amazonaws.com/b/k?X-Amz-") and answer.text.count("\n") == 1


@pytest.mark.parametrize("parameters, named", [
    ({}, "url is missing"), ({"url": ""}, "url must"), ({"url": "s3/b/k"}, "url must"),
    ({"url": "ftp://s3.amazonaws.com/b"}, "url must"), ({"url": "https://u:p@s3.amazonaws.com/b"}, "url must"),
    ({"url": "/s3/b/a b"}, "url must"), ({"url": "/s3/b/k#x"}, "url must"), ({"url": "/s3/b/\n"}, "url holds"),
    ({"url": ["/s3/b/k", "/s3/b/k"]}, "url stands there twice"), ({"url": "/s3/b/k", "method": "POST"}, "method must"),
    ({"url": "/s3/b/k", "method": "get"}, "method must"), ({"url": "/s3/b/k", "method": ""}, "method must"),
    *(({"url": "/s3/b/k", "expires": value}, "expires must") for value in ("0", "-1", "604801", "1e3", "", "60s")),
    ({"url": "/s3/b/k", "expires": ["1", "2"]}, "expires stands there twice"),
    ({"url": "/s3/b/k", "expire": "1"}, "no parameter"),
    *(({"url": "/s3/b/k", "header": value}, "header") for value in ("", "x", ":x", "host:x", "a b:c", "x:\r\ny: z")),
    ({"url": "/s3/b/k", "header": [f"x-{number}:1" for number in range(17)]}, "header must"),
    *(({"url": f"/s3/b/k{sign}"}, "url must") for sign in ('"', "\\", '","url":"https://evil.example/x","z":"')),
    ({"url": "/s3/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256"}, "signature of its own"),
    ({"url": "/-/health"}, "url must be a service's"), ({"url": "/s3/b/" + "k" * 40_000}, "too long"),
], ids=lambda value: str(value)[:40])
def test_what_is_wrong_is_named(here, parameters, named):
    answer = presign(here, **parameters)
    assert answer.outcome == (400, "BadRequest") and named in answer.text
    assert ROLE["AWS_SECRET_ACCESS_KEY"] not in answer.text and TOKEN not in answer.text


@pytest.mark.parametrize("url, outcome", [
    ("https://evil.example/", (403, "HostNotAllowed")), ("http://s3.amazonaws.com.evil.example/b", (403, "HostNotAllowed")),
    ("https://ec2-1-2-3-4.compute-1.amazonaws.com/", (403, "HostNotAllowed")), ("/No_Service/x", (404, "UnknownService")),
])
def test_strangers_get_none(here, url, outcome):
    assert presign(here, url=url).outcome == outcome


def test_it_needs_the_token(here):
    assert here.ask("GET", "/-/presign?url=/s3/b/k", token=False).outcome == (401, "TokenRequired")
    assert here.ask("POST", "/-/presign?url=/s3/b/k").outcome == (405, "MethodNotAllowed")


def test_without_credentials(stage):
    here = stage(COUNTERSIGN_AUTH="none", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_SESSION_TOKEN=None)
    assert here.ask("GET", "/-/presign?url=/s3/b/k", token=False).outcome == (503, "NoCredentials")


# --- multi-region access points

MRAP = "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap"


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_multi_region_access_point_is_signed_for_all_regions(here, method):
    given = json.loads(presign(here, url=f"/s3/{MRAP}/a%20b?versionId=1", method=method,
                               header="content-type:text/plain").body)
    parts = urlsplit(given["url"])
    own = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.netloc == "mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com" and parts.path == "/a%20b"
    assert (own["X-Amz-Algorithm"], own["X-Amz-Region-Set"], own["versionId"]) == ("AWS4-ECDSA-P256-SHA256", "*", "1")
    key, day, service, _ = own["X-Amz-Credential"].split("/")
    proof = verify.Proof(key, day, None, service, own["X-Amz-SignedHeaders"].split(";"), own["X-Amz-Signature"])
    query = "&".join(sorted(pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature=")))
    canonical = "\n".join([method, parts.path, query, "content-type:text/plain", f"host:{parts.netloc}", "",
                           "content-type;host", "UNSIGNED-PAYLOAD"])
    assert proof.signed == ["content-type", "host"] and own["X-Amz-Security-Token"] == TOKEN
    assert verify4a.verifies(canonical, proof, ROLE, own["X-Amz-Date"])
    assert not verify4a.verifies(canonical.replace("/a%20b", "/a"), proof, ROLE, own["X-Amz-Date"])
