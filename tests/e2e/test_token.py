"""/-/token: login tokens as botocore makes them, byte for byte, and clear words for what is wrong."""

import base64
import datetime
import json
import random
from unittest import mock
from urllib.parse import parse_qs, quote, urlsplit

import botocore.auth
import botocore.session
import pytest
from botocore.awsrequest import AWSRequest
from botocore.model import ServiceId
from botocore.signers import RequestSigner
from harness.proxy import ROLE, TOKEN
from harness.signer import credentials

INPUTS, SEED = 1000, 20_261_125
TEXT = [("Accept", "text/plain")]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
USERS = "abzAZ019 -._~+%&=?#/\\'\"()*!@$,;:[]{}|^`<>äß€漢😀"
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-4", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "us-isob-east-1"]
RDS = "my-db.abcdefghijkl.eu-west-1.rds.amazonaws.com"


def target(kind, pairs):
    return f"/-/token/{kind}?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in pairs)


def token(stage, kind, headers=TEXT, **parameters):
    return stage.ask("GET", target(kind, parameters.items()), headers)


def given(stage, kind, **parameters):
    answer = token(stage, kind, (), **parameters)
    assert answer.status == 200, answer.text
    return json.loads(answer.body)


# --- the same as botocore's

def botocores(service):
    return botocore.session.Session().create_client(
        service, "us-west-2", aws_access_key_id=ROLE["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ROLE["AWS_SECRET_ACCESS_KEY"], aws_session_token=TOKEN)


def rds():
    client = botocores("rds")
    return lambda host, port, user, region: client.generate_db_auth_token(host, port, user, region)


def dsql():
    client = botocores("dsql")
    return lambda host, user, region: (client.generate_db_connect_admin_auth_token if user == "admin" else
                                       client.generate_db_connect_auth_token)(host, region)


def cache(service):
    """As AWS's documentation and its clients make them, by botocore's own signer."""
    events = botocore.session.Session().get_component("event_emitter")

    def make(host, user, region, serverless="false"):
        signer = RequestSigner(ServiceId(service), region, service, "v4", credentials(), events)
        query = f"Action=connect&User={quote(user, safe='-._~')}" + "&ResourceType=ServerlessCache" * (serverless == "true")
        request = {"method": "GET", "url": f"https://{host}/?{query}", "body": {}, "headers": {}, "context": {}}
        return signer.generate_presigned_url(request, "connect", expires_in=900).removeprefix("https://")
    return make


def msk():
    """As the signer of MSK for Python does, under another name."""
    def make(region):
        request = AWSRequest("GET", f"https://kafka.{region}.amazonaws.com/", params={"Action": "kafka-cluster:Connect"})
        botocore.auth.SigV4QueryAuth(credentials(), "kafka-cluster", region, expires=900).add_auth(request)
        return base64.urlsafe_b64encode(f"{request.url}&User-Agent=countersign".encode()).decode().rstrip("=")
    return make


THEIRS = {"rds": rds, "dsql": dsql, "elasticache": lambda: cache("elasticache"), "memorydb": lambda: cache("memorydb"),
          "msk": msk}
TAKES = {"rds": ("host", "port", "user", "region"), "dsql": ("host", "user", "region"),
         "elasticache": ("host", "user", "region", "serverless"), "memorydb": ("host", "user", "region"),
         "msk": ("region",)}


def draw(dice, kind):
    label = "".join(dice.choices(LETTERS, k=dice.randint(1, 20)))
    name = label if "cache" in kind or "memory" in kind else f"{label}.{dice.choice(['Abc', 'x-1', 'y_z'])}.example.com"
    drawn = {"host": dice.choice([name, name.upper(), name]), "port": dice.choice([443, 3306, dice.randint(1, 65535)]),
             "user": "".join(dice.choices(USERS, k=dice.randint(1, 40))), "region": dice.choice(REGIONS),
             "serverless": dice.choice(["true", "false"])}
    if kind == "dsql":
        drawn["user"] = dice.choice(["admin", "Admin", "reader"])
    return {name: drawn[name] for name in TAKES[kind]}


@pytest.mark.parametrize("kind", THEIRS)
def test_the_same_as_botocore(shared, kind):
    dice, theirs, differing = random.Random(f"{SEED} {kind}"), THEIRS[kind](), []
    with shared.client() as client:
        for _ in range(INPUTS):
            asked = draw(dice, kind)
            ours = client.ask("GET", target(kind, asked.items()), TEXT).text.removesuffix("\n")
            with mock.patch.object(botocore.auth, "get_current_datetime", lambda: signed_at(ours)):
                expected = theirs(**asked)
            if ours != expected:
                differing.append((asked, ours, expected))
    assert not differing, f"{len(differing)} of {INPUTS}, first: {differing[0]}"


def url_of(text):
    """The presigned URL that a token is, or holds."""
    return text if "?" in text else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def signed_at(text):
    date = parse_qs(urlsplit(url_of(text)).query)["X-Amz-Date"][0]
    return datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


# --- the region

@pytest.mark.parametrize("host, region", [
    (RDS, "eu-west-1"), (RDS.upper(), "eu-west-1"), ("us-west-2.abc.eu-west-1.rds.amazonaws.com", "eu-west-1"),
    ("my-db.abc.rds.cn-north-1.amazonaws.com.cn", "cn-north-1"), ("p.proxy-abc.us-gov-west-1.rds.amazonaws.com", "us-gov-west-1"),
    ("my-db.cluster-ro-abc.ap-southeast-4.rds.amazonaws.com", "ap-southeast-4"), ("localhost", "us-east-1"),
    ("my-db-1.example.com", "us-east-1"), ("eu-west-1.rds.amazonaws.com.example.com", "us-east-1"),
    ("my-db.amazonaws.com", "us-east-1"),
])
def test_the_region_of_a_host(shared, host, region):
    assert given(shared, "rds", host=host, port=5432, user="me")["region"] == region
    assert given(shared, "rds", host=host, port=5432, user="me", region="sa-east-1")["region"] == "sa-east-1"


@pytest.mark.parametrize("kind, host, region", [
    ("dsql", "foo0bar1baz2quux3quuux4.dsql.us-east-2.on.aws", "us-east-2"), ("dsql", "dsql.example.com", "us-east-1"),
    ("msk", "b-1.demo.abcdef.c2.kafka.eu-west-1.amazonaws.com", "eu-west-1"),
    ("msk", "boot-abc.c1.kafka-serverless.ap-south-1.amazonaws.com", "ap-south-1"),
])
def test_the_region_of_other_hosts(shared, kind, host, region):
    asked = {"host": host} if kind == "msk" else {"host": host, "user": "me"}
    assert given(shared, kind, **asked)["region"] == region


def test_the_region_at_home(shared):
    assert given(shared, "msk")["region"] == ROLE["AWS_REGION"]
    assert given(shared, "elasticache", host="my-cache", user="me")["region"] == ROLE["AWS_REGION"]


def test_no_region(stage):
    here = stage(AWS_REGION=None)
    answer = token(here, "msk")
    assert answer.outcome == (400, "BadRequest") and "region is missing" in answer.text
    assert given(here, "rds", host=RDS, port=5432, user="me")["region"] == "eu-west-1"


# --- the answer

def test_the_answer(shared):
    answer = token(shared, "rds", (), host=RDS, port=3306, user="me")
    facts = json.loads(answer.body)
    assert answer.header("content-type") == "application/json" and answer.header("cache-control") == "no-store"
    assert list(facts) == ["token", "region", "expires", "expiresAt", "note"]
    assert facts["token"].startswith(f"{RDS}:3306/?Action=connect&DBUser=me&X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert facts["expires"] == 900 and "&X-Amz-Expires=900&" in facts["token"]
    ends = signed_at(facts["token"]) + datetime.timedelta(seconds=900)
    assert facts["expiresAt"] == ends.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_the_bare_token(shared):
    answer = token(shared, "memorydb", host="my-cluster", user="me")
    assert answer.header("content-type").startswith("text/plain") and answer.header("cache-control") == "no-store"
    assert answer.text.startswith("my-cluster/?Action=connect&User=me&X-Amz-") and answer.text.count("\n") == 1


def test_by_head(shared):
    answer = shared.ask("HEAD", target("msk", ()))
    assert answer.status == 200 and answer.body == b"" and int(answer.header("content-length")) > 500


@pytest.mark.parametrize("lives", [7200, 500, 61])
@pytest.mark.parametrize("path, member", [(target("rds", [("host", RDS), ("port", 1), ("user", "me")]), "token"),
                                          ("/-/presign?url=/s3/b/k&expires=900", "url")], ids=["token", "url"])
def test_it_ends_with_the_credentials(sourced, issuer, path, member, lives):
    issuer.lifetime = lives
    facts = json.loads(sourced("container", COUNTERSIGN_ENDPOINT=None).ask("GET", path, token=False).body)
    signed = facts[member]
    [issued] = [each for each in issuer.issued if [each.token] == parse_qs(signed)["X-Amz-Security-Token"]]
    left = datetime.datetime.strptime(issued.expiration, "%Y-%m-%dT%H:%M:%S%z") - signed_at(signed)
    assert facts["expires"] == min(900, left.total_seconds()) and f"&X-Amz-Expires={facts['expires']}&" in signed
    assert facts.get("note") == ("It ends with the credentials, which end sooner." if lives < 900 else None)


# --- what is wrong

GOOD = {"rds": {"host": RDS, "port": 5432, "user": "me"}, "dsql": {"host": "a.dsql.us-east-1.on.aws", "user": "admin"},
        "elasticache": {"host": "my-cache", "user": "me"}, "memorydb": {"host": "my-cluster", "user": "me"},
        "msk": {"region": "us-east-1"}}
WRONG = {"host": ["", "a b", "x/y", "http://x", "x:5432", "u@x", "[::1]", "x.", ".x", "x..y", "x?y", "é", "x" * 254],
         "port": ["", "0", "65536", "-1", "5432x", "0x10", "1e3", " 1"],
         "region": ["", "EU-WEST-1", "eu-west", "eu_west_1", "eu-west-1.evil.example", "x/../y"]}
NAMES = ["my.cache", "my_cache", "x" * 64, "my-cache.abcdef.use1.cache.amazonaws.com", ""]


def is_named(answer, named):
    assert answer.outcome == (400, "BadRequest") and f"parameter {named} " in answer.text, answer.text
    assert json.loads(answer.body)["__type"] and ROLE["AWS_SECRET_ACCESS_KEY"] not in answer.text and TOKEN not in answer.text


@pytest.mark.parametrize("kind, name", [(kind, name) for kind, good in GOOD.items() for name in good if kind != "msk"])
def test_a_missing_parameter(shared, kind, name):
    answer = token(shared, kind, **{each: value for each, value in GOOD[kind].items() if each != name})
    is_named(answer, name)
    assert "missing" in answer.text


@pytest.mark.parametrize("kind, name", [(kind, name) for kind, good in GOOD.items() for name in good])
def test_twice(shared, kind, name):
    is_named(shared.ask("GET", target(kind, [*GOOD[kind].items(), (name, GOOD[kind][name])])), name)


@pytest.mark.parametrize("byte", ["\n", "\r", "\t", "\0", "\x7f"])
@pytest.mark.parametrize("kind, name", [(kind, name) for kind, good in GOOD.items() for name in good])
def test_a_control_byte(shared, kind, name, byte):
    is_named(token(shared, kind, **{**GOOD[kind], name: f"{GOOD[kind][name]}{byte}"}), name)


@pytest.mark.parametrize("name, value", [(name, value) for name, values in WRONG.items() for value in values],
                         ids=lambda value: value[:20])
def test_a_malformed_value(shared, name, value):
    is_named(token(shared, "rds", **{**GOOD["rds"], name: value}), name)


@pytest.mark.parametrize("kind", ["elasticache", "memorydb"])
@pytest.mark.parametrize("name", NAMES, ids=lambda value: value[:20])
def test_a_cache_is_called_by_its_own_name(shared, kind, name):
    is_named(token(shared, kind, host=name, user="me"), "host")


@pytest.mark.parametrize("kind, name, value", [
    ("rds", "user", ""), ("rds", "user", "x" * 2049), ("rds", "user", "x" * 4000), ("rds", "serverless", "true"),
    ("dsql", "port", "5432"), ("elasticache", "port", "6379"), ("elasticache", "serverless", "yes"),
    ("memorydb", "serverless", "true"), ("msk", "user", "me"), ("msk", "port", "9098"),
], ids=lambda value: value[:20])
def test_what_a_kind_does_not_take(shared, kind, name, value):
    answer = token(shared, kind, **{**GOOD[kind], name: value})
    assert answer.outcome == (400, "BadRequest") and f"parameter {name}" in answer.text


def test_a_parameter_of_no_kind(shared):
    answer = token(shared, "rds", **GOOD["rds"], password="x")
    assert answer.outcome == (400, "BadRequest") and "password" in answer.text and "x-amz" not in answer.text.lower()


def test_serverless_is_a_flag(shared):
    plain, flag = ({name: value[0] for name, value in parse_qs(urlsplit(url_of(text)).query).items()} for text in (
        token(shared, "elasticache", **GOOD["elasticache"]).text,
        shared.ask("GET", target("elasticache", GOOD["elasticache"].items()) + "&serverless", TEXT).text))
    assert flag["ResourceType"] == "ServerlessCache" and "ResourceType" not in plain


@pytest.mark.parametrize("path", ["/-/token", "/-/token/", "/-/token/redshift", "/-/token/RDS", "/-/token/rds/", "/-/token/rd"])
def test_no_such_token(shared, path):
    answer = shared.ask("GET", path)
    assert answer.outcome == (404, "NotFound") and "rds, dsql, elasticache, memorydb and msk" in answer.text


@pytest.mark.parametrize("kind", GOOD)
def test_it_needs_the_token(shared, kind):
    there = target(kind, GOOD[kind].items())
    assert shared.ask("GET", there, token=False).outcome == (401, "TokenRequired")
    assert shared.ask("POST", there).outcome == (405, "MethodNotAllowed")
    assert shared.ask("GET", there, host="evil.example").status == 403


def test_a_browser_gets_none(stage):
    here = stage(COUNTERSIGN_AUTH="none")
    there = target("msk", ())
    assert here.ask("GET", there, token=False).status == 200
    assert here.ask("GET", there, [("Sec-Fetch-Site", "cross-site")], token=False).status == 403


def test_without_credentials(stage):
    here = stage(COUNTERSIGN_AUTH="none", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_SESSION_TOKEN=None)
    assert here.ask("GET", target("msk", ()), token=False).outcome == (503, "NoCredentials")


def test_nothing_of_it_is_logged(stage):
    here = stage(COUNTERSIGN_LOG_LEVEL="TRACE")
    made = token(here, "rds", host=RDS, port=5432, user="somebody").text
    signature = parse_qs(made.strip())["X-Amz-Signature"][0]
    assert signature not in here.proxy.text() and TOKEN not in here.proxy.text()
