"""What the function uses, as a policy; what it was denied, and what would allow it; the guard."""

import base64
import hashlib
import json
import subprocess

import pytest
from harness.proxy import BINARY, ROLE
from harness.upstream import Response
from harness.uploads import Uploads

JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
DENIED = (b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::029608264753:'
          b'assumed-role/worker/f is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::bucket/k" because no '
          b'identity-based policy allows the s3:PutObject action</Message></Error>')


def policy(here, form="iam"):
    answer = here.ask("GET", f"/-/policy?format={form}")
    assert answer.status == 200 and answer.header("cache-control") == "no-store"
    return json.loads(answer.body) if form == "iam" else answer.text


def pairs(document):
    """{(action, resource)}"""
    return {(action, resource) for statement in document["Statement"]
            for action in statement["Action"] for resource in statement["Resource"]}


def transcribe(here, operation, body):
    return here.ask("POST", "/transcribe/", [JSON_TYPE, ("X-Amz-Target", f"Transcribe.{operation}")], json.dumps(body).encode())


def start(here, **more):
    """A job whose recording every one of these tests may read."""
    return transcribe(here, "StartTranscriptionJob", {"TranscriptionJobName": "j", "Media": {"MediaFileUri": "s3://photos/a"}, **more})


# --- the policy

def test_what_was_used(stage):
    here = stage()
    assert policy(here)["Statement"] == []
    here.ask("PUT", "/s3/bucket/calls/a%20b.wav", body=b"x")
    here.ask("GET", "/s3/bucket/calls/a%20b.wav")
    here.ask("GET", "/s3/bucket?list-type=2")
    transcribe(here, "StartTranscriptionJob", {"TranscriptionJobName": "j", "Media": {"MediaFileUri": "s3://bucket/calls/x.wav"}})
    here.ask("GET", "/-/identity")
    found = pairs(policy(here))
    assert found >= {("s3:PutObject", "arn:aws:s3:::bucket/calls/a b.wav"), ("s3:GetObject", "arn:aws:s3:::bucket/calls/a b.wav"),
                     ("s3:ListBucket", "arn:aws:s3:::bucket"), ("transcribe:StartTranscriptionJob", "*"),
                     ("s3:GetObject", "arn:aws:s3:::bucket/calls/x.wav")}
    for form, mark in [("serverless", "iamRoleStatements"), ("sam", "Policies"), ("cdk", "PolicyStatement"),
                       ("terraform", "aws_iam_policy_document")]:
        assert mark in policy(here, form) and "s3:PutObject" in policy(here, form)


def test_what_was_refused_is_not_recorded(stage):
    here = stage(lambda request: (request.drain(), Response(403 if request.method == "PUT" else 404, DENIED))[1])
    here.ask("PUT", "/s3/bucket/k", body=b"x")
    here.ask("GET", "/s3/bucket/k")
    assert {action for action, _ in pairs(policy(here))} == {"s3:GetObject"}


def test_an_upload_in_parts_needs_to_be_aborted(stage):
    here = stage(Uploads())
    body = b"%x\r\n%s\r\n0\r\n\r\n" % ((8 << 20) + 1, bytes((8 << 20) + 1))
    assert here.ask("PUT", "/s3/bucket/k", [("Transfer-Encoding", "chunked")], [body]).status == 200
    assert pairs(policy(here)) == {("s3:PutObject", "arn:aws:s3:::bucket/k"), ("s3:AbortMultipartUpload", "arn:aws:s3:::bucket/k")}


@pytest.mark.parametrize("key, written", [
    ("a%2Ab", "a${*}b"), ("a%3Fb", "a${?}b"), ("a$%7Bb%7D", "a${$}{b}"), ("a%22b", 'a"b'), ("a/%2A", "a/${*}"), ("a%0Ab", "a\nb")])
def test_hard_keys_stay_what_they_are(stage, key, written):
    here = stage()
    here.ask("GET", f"/s3/bucket/{key}")
    assert pairs(policy(here)) == {("s3:GetObject", f"arn:aws:s3:::bucket/{written}")}


@pytest.mark.parametrize("query, status", [("format=xml", 400), ("form=iam", 400), ("format=iam&format=iam", 400)])
def test_a_wrong_format(stage, query, status):
    assert stage().ask("GET", f"/-/policy?{query}").status == status


def test_nothing_is_recorded_where_it_is_off(stage):
    here = stage(COUNTERSIGN_POLICY="off")
    here.ask("GET", "/s3/bucket/k")
    assert here.ask("GET", "/-/policy").outcome == (404, "NotFound") == here.ask("GET", "/-/denied").outcome
    assert here.ask("GET", "/-/policy", token=False).outcome == (401, "TokenRequired")


def test_a_line_at_the_end_becomes_a_policy(stage, tmp_path):
    lines = []
    for key in ("one", "two"):
        here = stage(COUNTERSIGN_POLICY="log")
        here.ask("GET", f"/s3/bucket/{key}")
        assert here.proxy.stop() == 0
        lines += [line for line in here.proxy.text().splitlines() if '"countersign":"policy"' in line]
    assert len(lines) == 2
    log = tmp_path / "log"
    log.write_text("something else\n" + "\n".join(lines) + "\n")
    merged = subprocess.run([BINARY, "policy", log], capture_output=True, check=True, text=True)
    assert pairs(json.loads(merged.stdout)) == {("s3:GetObject", f"arn:aws:s3:::bucket/{key}") for key in ("one", "two")}


# --- what was denied

def test_a_denial(stage):
    here = stage(lambda request: (request.drain(), Response(403, DENIED, (("Content-Type", "application/xml"),)))[1])
    for _ in range(2):
        answer = here.ask("PUT", "/s3/bucket/k", body=b"x")
        assert (answer.status, answer.body) == (403, DENIED)
        hint = answer.header("x-countersign-hint")
        assert "s3:PutObject" in hint and "arn:aws:s3:::bucket/k" in hint
    [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert (denied["action"], denied["resource"], denied["count"]) == ("s3:PutObject", "arn:aws:s3:::bucket/k", 2)
    assert denied["statement"]["Action"] in ("s3:PutObject", ["s3:PutObject"])


def test_a_denial_without_a_body(stage):
    here = stage(lambda request: Response(403))
    assert "s3:GetObject" in here.ask("HEAD", "/s3/bucket/k").header("x-countersign-hint")
    assert json.loads(here.ask("GET", "/-/denied").body)["denied"]


def test_other_errors_are_no_denials(stage):
    body = b"<Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>"
    here = stage(lambda request: Response(403, body))
    assert here.ask("GET", "/s3/bucket/k").all("x-countersign-hint") == []
    assert json.loads(here.ask("GET", "/-/denied").body)["denied"] == []


# --- denials inside an answer that says 200

def deletes(*keys):
    objects = "".join(f"<Object><Key>{key}</Key></Object>" for key in keys)
    return f"<Delete>{objects}</Delete>".encode()


def error(key, code="AccessDenied", message="Access Denied"):
    return f"<Error><Key>{key}</Key><VersionId></VersionId><Code>{code}</Code><Message>{message}</Message></Error>"


def delete_all(here, *keys):
    body = deletes(*keys)
    digest = base64.b64encode(hashlib.md5(body).digest()).decode()
    return here.ask("POST", "/s3/bucket?delete", [("Content-MD5", digest), ("Content-Type", "application/xml")], body)


@pytest.mark.parametrize("chunked", [True, False])
def test_keys_that_could_not_be_deleted(stage, chunked):
    said = ("<DeleteResult><Deleted><Key>a/one</Key></Deleted>" + error("a/t&amp;wo") + error("a/gone", "NoSuchKey")
            + error("b/three", message='User: x is not authorized to perform: s3:DeleteObject on resource: '
                                       '"arn:aws:s3:::bucket/b/three" because no identity-based policy allows the '
                                       's3:DeleteObject action') + "</DeleteResult>").encode()
    pieces = [said[i:i + 7] for i in range(0, len(said), 7)] if chunked else said
    here = stage(lambda request: (request.drain(), Response(body=pieces))[1])
    answer = delete_all(here, "a/one", "a/t&amp;wo", "a/gone", "b/three")
    assert (answer.status, answer.body) == (200, said)
    denied = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert {(each["action"], each["resource"]) for each in denied} == {
        ("s3:DeleteObject", "arn:aws:s3:::bucket/a/t&wo"), ("s3:DeleteObject", "arn:aws:s3:::bucket/b/three")}
    assert pairs(policy(here)) == {("s3:DeleteObject", f"arn:aws:s3:::bucket/a/{key}") for key in ("one", "gone")}


def test_many_keys_that_could_not_be_deleted_leave_room_for_others(stage):
    keys = [f"k{i}" for i in range(1000)]
    here = stage(lambda request: (request.drain(), Response(
        body=f"<DeleteResult>{''.join(map(error, keys))}</DeleteResult>".encode()))[1])
    assert delete_all(here, *keys).status == 200
    assert len(json.loads(here.ask("GET", "/-/denied").body)["denied"]) == 8


def test_a_copy_that_fails_late(stage):
    here = stage(lambda request: (request.drain(), Response(body=b"  \n" + DENIED))[1])
    answer = here.ask("PUT", "/s3/bucket/k", [("x-amz-copy-source", "/other/k")])
    assert (answer.status, answer.body) == (200, b"  \n" + DENIED) and answer.all("x-countersign-hint") == []
    [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert (denied["action"], denied["resource"], denied["count"]) == ("s3:PutObject", "arn:aws:s3:::bucket/k", 1)
    assert pairs(policy(here)) == {("s3:GetObject", "arn:aws:s3:::other/k")}


def test_an_object_that_looks_like_an_error_is_none(stage):
    here = stage(lambda request: Response(body=DENIED))
    assert here.ask("GET", "/s3/bucket/k").body == DENIED
    assert json.loads(here.ask("GET", "/-/denied").body)["denied"] == []


# --- the guard

ALLOW = "s3:GetObject arn:aws:s3:::photos/*, transcribe:*"


@pytest.mark.parametrize("ask, allowed", [
    (("GET", "/s3/photos/a"), True), (("GET", "/s3/photos/a/b%2Ac"), True), (("GET", "/s3/others/a"), False),
    (("PUT", "/s3/photos/a"), False), (("GET", "/s3/photos?acl"), False), (("GET", "/lambda/strange"), False)])
def test_the_guard(stage, ask, allowed):
    here = stage(COUNTERSIGN_ALLOW=ALLOW)
    answer = here.ask(*ask)
    assert answer.outcome == ((200, "") if allowed else (403, "GuardDenied"))
    assert len(here.upstream.requests) == allowed and (allowed or not here.upstream.connections)
    if not allowed and ask[1] != "/lambda/strange":
        assert json.loads(here.ask("GET", "/-/denied").body)["denied"][0]["why"]


def test_the_guard_reads_bodies(stage):
    here = stage(COUNTERSIGN_ALLOW=ALLOW)
    job = {"TranscriptionJobName": "j", "LanguageCode": "en-US", "Media": {"MediaFileUri": "s3://others/a"}}
    assert transcribe(here, "StartTranscriptionJob", job).outcome == (403, "GuardDenied")
    body = json.dumps(job).encode()
    for size in (0, 100_000):   # a body whose hash the client gives streams, but not past a guard
        told = body + b" " * size
        headers = [JSON_TYPE, ("X-Amz-Target", "Transcribe.StartTranscriptionJob"),
                   ("X-Amz-Content-Sha256", hashlib.sha256(told).hexdigest())]
        assert here.ask("POST", "/transcribe/", headers, told).outcome == (403, "GuardDenied")
    job["Media"]["MediaFileUri"] = "s3://photos/a"
    assert transcribe(here, "StartTranscriptionJob", job).status in (200, 403)


@pytest.mark.parametrize("guard", ["if:transcribe:OutputBucketName=photos", "if:transcribe:OutputBucketName=ph*"])
@pytest.mark.parametrize("bucket, allowed", [("photos", True), ("others", False), (None, False)])
def test_the_guard_holds_jobs_to_their_bucket(stage, guard, bucket, allowed):
    here = stage(COUNTERSIGN_ALLOW=f"s3:*, transcribe:StartTranscriptionJob {guard}")
    answer = start(here, **({"OutputBucketName": bucket} if bucket else {}))
    assert answer.outcome == ((200, "") if allowed else (403, "GuardDenied"))
    if bucket == "others":
        [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
        assert denied["resource"] == "* where transcribe:OutputBucketName is others"


def test_a_denial_of_what_takes_no_resource(stage):
    message = b'{"Message":"User: u is not authorized to perform: transcribe:StartTranscriptionJob because no identity-based policy ' \
              b'allows the transcribe:StartTranscriptionJob action"}'
    fields = (("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-ErrorType", "AccessDeniedException"))
    here = stage(lambda request: (request.drain(), Response(400, message, fields))[1])
    hint = start(here, OutputBucketName="out").header("x-countersign-hint")
    assert hint.startswith("transcribe:StartTranscriptionJob on * where transcribe:OutputBucketName is out: ")
    [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert denied["statement"] == {"Effect": "Allow", "Action": "transcribe:StartTranscriptionJob", "Resource": "*",
                                   "Condition": {"StringEquals": {"transcribe:OutputBucketName": "out"}}}


ROLES = "arn:aws:iam::029608264753:role/"


@pytest.mark.parametrize("name, target, body, path, allowed", [
    ("plain", "AWSEvents.PutRule", f'{{"Name":"r","RoleArn":"{ROLES}a"}}', "/events/", True),
    ("two roles", "AWSEvents.PutRule", f'{{"Name":"r","RoleArn":"{ROLES}a","RoleArn":"{ROLES}b"}}', "/events/", False),
    ("UTF-16", "AWSEvents.PutRule", f'{{"Name":"r","RoleArn":"{ROLES}b"}}'.encode("utf-16"), "/events/", False),
    ("a table that is not looked at", "DynamoDB_20120810.ExecuteStatement", '{"Statement":"SELECT * FROM b","TableName":"a"}', "/dynamodb/", False)],
    ids=["plain", "two", "utf-16", "partiql"])
def test_the_guard_is_not_led_astray(stage, name, target, body, path, allowed):
    here = stage(COUNTERSIGN_ALLOW=f"events:PutRule, iam:PassRole {ROLES}a, dynamodb:* arn:aws:dynamodb:*:*:table/a")
    body = body if isinstance(body, bytes) else body.encode()
    assert here.ask("POST", path, [JSON_TYPE, ("X-Amz-Target", target)], body).outcome == ((200, "") if allowed else (403, "GuardDenied")), name
    assert len(here.upstream.requests) == allowed


@pytest.mark.parametrize("keys, allowed", [(["in/a", "in/b"], True), (["in/a", "out/b"], False)])
def test_the_guard_reads_what_is_deleted(stage, keys, allowed):
    here = stage(COUNTERSIGN_ALLOW="s3:DeleteObject arn:aws:s3:::photos/in/*")
    body = "<Delete>" + "".join(f"<Object><Key>{key}</Key></Object>" for key in keys) + "</Delete>"
    answer = here.ask("POST", "/s3/photos?delete", [("Content-Type", "application/xml")], body.encode())
    assert answer.outcome == ((200, "") if allowed else (403, "GuardDenied"))


def test_a_recorded_policy_is_a_guard(stage, tmp_path):
    here = stage()
    here.ask("GET", "/s3/photos/a")
    for key in ("in/j.json", "in/k.json"):   # s3:PutObject on where the jobs write
        here.ask("PUT", f"/s3/out/{key}", body=b"x")
    assert start(here, OutputBucketName="out", OutputKey="in/j.json").status == 200
    file = tmp_path / "policy.json"
    file.write_text(here.ask("GET", "/-/policy").text)
    there = stage(COUNTERSIGN_ALLOW=f"@{file}")
    assert there.ask("GET", "/s3/photos/a").status == 200
    assert there.ask("GET", "/s3/photos/b").outcome == (403, "GuardDenied")
    assert start(there, OutputBucketName="out", OutputKey="in/k.json").status == 200
    assert start(there).outcome == (403, "GuardDenied")


@pytest.mark.parametrize("text, mark", [("s3:GetObject arn:aws:s3:::b/*\ns3: *", "line 2"), ("@/nowhere", "file"), ('{"Statement": 1}', "")])
def test_a_guard_that_is_none(text, mark):
    done = subprocess.run([BINARY, "--check"], env={**ROLE, "COUNTERSIGN_ALLOW": text}, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "COUNTERSIGN_ALLOW" in done.stderr and mark in done.stderr


# --- what is signed for others

def test_what_is_signed_for_others_is_recorded(stage):
    here = stage()
    assert here.ask("GET", "/-/presign?url=/s3/photos/a&method=PUT").status == 200
    assert here.ask("GET", "/-/token/dsql?host=abc.dsql.eu-west-1.on.aws&user=admin").status == 200
    assert pairs(policy(here)) == {
        ("s3:PutObject", "arn:aws:s3:::photos/a"),
        ("dsql:DbConnectAdmin", "arn:aws:dsql:eu-west-1:029608264753:cluster/abc")}


@pytest.mark.parametrize("target, allowed", [
    ("/-/presign?url=/s3/photos/a", True), ("/-/presign?url=/s3/others/a", False),
    ("/-/presign?url=/s3/photos/a&method=PUT", False), ("/-/presign?url=/s3/photos/a%3Fstrange", False),
    ("/-/token/rds?host=db.x.eu-west-1.rds.amazonaws.com&port=1&user=u", False)])
def test_the_guard_holds_for_them_too(stage, target, allowed):
    here = stage(COUNTERSIGN_ALLOW=ALLOW)
    assert here.ask("GET", target).outcome == ((200, "") if allowed else (403, "GuardDenied"))
