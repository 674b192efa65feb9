"""PUT /-/transcribe/BUCKET/KEY and GET /-/transcribe/JOB: audio goes in, its transcript comes out."""

import json
import random
import re
import signal
import threading
import time
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from harness.client import Client, Cut, wait_until
from harness.proxy import Proxy
from harness.upstream import Response
from harness.uploads import chunks, content, error

from jobs import Cloud, Jobs, file_of, refusal

PART = 8 << 20
CHUNKED = ("Transfer-Encoding", "chunked")
NAME = re.compile(r"[0-9a-zA-Z._-]{1,200}")
ENGLISH = "language-code=en-US"


@pytest.fixture
def jobs():
    emulated = Jobs()
    yield emulated
    assert not emulated.wrong, emulated.wrong


@pytest.fixture
def start(authority, jobs):
    """start(**environment): the program in front of the server; what that refused fails the test at its end."""
    started = []

    def begin(**environment):
        cloud = Cloud(authority, jobs)
        jobs.uri = jobs.uri or f"{cloud.url}/results/job.json"
        proxy = Proxy({"COUNTERSIGN_ENDPOINT": cloud.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle, **environment})
        started.append((proxy, cloud))

        def ask(method, target, headers=(), body=None, **how):
            with Client(proxy.port) as client:
                return client.ask(method, target, headers, body, **how)

        return SimpleNamespace(proxy=proxy, cloud=cloud, port=proxy.port, ask=ask,
                               put=lambda target, body=b"audio", **how: ask(
                                   "PUT", f"/-/transcribe/{target}", how.pop("headers", ()), body, **how),
                               get=lambda target, *headers, **how: ask("GET", f"/-/transcribe/{target}", headers, **how))

    yield begin
    for proxy, cloud in started:
        cloud.close()
        status = proxy.stop()
        print(proxy.text())
        assert status == 0 and not cloud.refused, cloud.refused


@pytest.fixture
def here(start):
    return start()


# --- PUT: the upload

@pytest.mark.parametrize("size", [1, 5_000, 100_000, 3 * PART])
def test_audio_of_known_length(here, jobs, size):
    data = content(size)
    answer = here.put(f"bucket/calls/a.mp3?{ENGLISH}", data, headers=[("Content-Type", "audio/mpeg"), ("x-amz-meta-a", "b")])
    stored, [asked], given = jobs.objects["/bucket/calls/a.mp3"], jobs.started, json.loads(answer.body)
    assert answer.status == 201 and answer.header("content-type") == "application/json"
    assert stored.content == data and stored.sizes == []
    assert (stored.headers["content-type"], stored.headers["x-amz-meta-a"]) == ("audio/mpeg", "b")
    name = given["job"]
    assert NAME.fullmatch(name) and name.startswith("a.mp3-")
    assert asked == {"TranscriptionJobName": name, "LanguageCode": "en-US", "MediaFormat": "mp3",
                     "Media": {"MediaFileUri": "s3://bucket/calls/a.mp3"}}
    url = f"http://localhost:{here.port}/-/transcribe/{name}"
    assert given == {"job": name, "status": "QUEUED", "url": url, "media": "s3://bucket/calls/a.mp3"}
    assert answer.header("location") == url


@pytest.mark.parametrize("size, sizes", [(0, []), (1, []), (70_000, []), (PART, []), (2 * PART + 5, [PART, PART, 5])])
def test_audio_of_unknown_length(here, jobs, size, sizes):
    data = content(size)
    answer = here.put(f"bucket/a.wav?{ENGLISH}", chunks(data), headers=[CHUNKED])
    assert (answer.status, len(jobs.started)) == (201, 1)
    stored = jobs.objects["/bucket/a.wav"]
    assert stored.content == data and stored.sizes == sizes and not jobs.uploads


def test_two_on_one_connection(here, jobs):
    with Client(here.port) as client:
        for each, body in (("a", content(20)), ("b", content(100_000))):
            answer = client.ask("PUT", f"/-/transcribe/bucket/{each}?{ENGLISH}", (), body)
            assert answer.status == 201 and not answer.closes and jobs.objects[f"/bucket/{each}"].content == body
        assert client.ask("GET", f"/-/transcribe/{json.loads(answer.body)['job']}").status == 200
    assert len({asked["TranscriptionJobName"] for asked in jobs.started}) == 2


def test_a_client_that_waits_for_leave(here, jobs):
    with Client(here.port) as client:
        client.send(client.head("PUT", f"/-/transcribe/bucket/a?{ENGLISH}",
                                [("Content-Length", 100_000), ("Expect", "100-continue")]))
        assert client.interim() == 100
        client.send(content(100_000))
        assert client.answer("PUT").status == 201
    assert jobs.objects["/bucket/a"].content == content(100_000)


@pytest.mark.parametrize("body, headers", [(content(50), ()), (content(500_000), ()), (chunks(content(2 * PART)), [CHUNKED])])
def test_the_checksum(start, jobs, body, headers):
    here = start(COUNTERSIGN_CHECKSUM="crc32c")
    assert here.put(f"bucket/a?{ENGLISH}", body, headers=headers).status == 201
    sums = [head.get("x-amz-checksum-crc32c") or head.get("x-amz-trailer") for step, head in jobs.heads if step != "create"]
    assert sums and all(sums)


def test_a_signature_in_the_query(here, jobs):
    """It is proof for the proxy, and no parameter of the page's."""
    from harness.signer import sign
    url = f"http://localhost:{here.port}/-/transcribe/bucket/a?{ENGLISH}"
    signed = sign("PUT", url, service="s3", form="query")
    target, _ = signed
    assert here.ask("PUT", target, (), b"audio", token=False).status == 201
    assert jobs.objects["/bucket/a"].content == b"audio"


# --- PUT: what the job is asked with

MEMBERS = [
    ("job-name=my.job-1_X", {"TranscriptionJobName": "my.job-1_X"}),
    ("transcription-job-name=other", {"TranscriptionJobName": "other"}),
    ("media-format=flac", {"MediaFormat": "flac"}),
    ("media-sample-rate-hertz=16000", {"MediaSampleRateHertz": 16000}),
    ("output-bucket-name=results&output-key=a/b%2Bc.json", {"OutputBucketName": "results", "OutputKey": "a/b+c.json"}),
    ("output-bucket-name=results&output-encryption-kms-key-id=alias/k",
     {"OutputBucketName": "results", "OutputEncryptionKMSKeyId": "alias/k"}),
    ("redacted-media-file-uri=s3://b/k", {"Media": {"MediaFileUri": "s3://bucket/key", "RedactedMediaFileUri": "s3://b/k"}}),
    ("vocabulary-name=v", {"Settings": {"VocabularyName": "v"}}),
    ("show-speaker-labels=true&max-speaker-labels=3", {"Settings": {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 3}}),
    ("show-speaker-labels&max-speaker-labels=3", {"Settings": {"ShowSpeakerLabels": True, "MaxSpeakerLabels": 3}}),
    ("channel-identification=false&show-alternatives=true&max-alternatives=2&vocabulary-filter-name=f&vocabulary-filter-method=mask",
     {"Settings": {"ChannelIdentification": False, "ShowAlternatives": True, "MaxAlternatives": 2,
                   "VocabularyFilterName": "f", "VocabularyFilterMethod": "mask"}}),
    ("language-model-name=m", {"ModelSettings": {"LanguageModelName": "m"}}),
    ("allow-deferred-execution=true&data-access-role-arn=arn:aws:iam::123456789012:role/r",
     {"JobExecutionSettings": {"AllowDeferredExecution": True, "DataAccessRoleArn": "arn:aws:iam::123456789012:role/r"}}),
    ("redaction-type=PII&redaction-output=redacted&pii-entity-types=NAME,EMAIL",
     {"ContentRedaction": {"RedactionType": "PII", "RedactionOutput": "redacted", "PiiEntityTypes": ["NAME", "EMAIL"]}}),
    ("subtitle-formats=vtt,srt&output-start-index=1", {"Subtitles": {"Formats": ["vtt", "srt"], "OutputStartIndex": 1}}),
    ("vocabulary-name=v&language-model-name=m&media-format=wav",
     {"Settings": {"VocabularyName": "v"}, "ModelSettings": {"LanguageModelName": "m"}, "MediaFormat": "wav"}),
]


@pytest.mark.parametrize("query, expected", MEMBERS)
def test_members(here, jobs, query, expected):
    answer = here.put(f"bucket/key?{query}&{ENGLISH}")
    [asked] = jobs.started
    name = asked["TranscriptionJobName"]
    assert answer.status == 201 and json.loads(answer.body)["job"] == name
    assert asked == {"TranscriptionJobName": name, "LanguageCode": "en-US",
                     "Media": {"MediaFileUri": "s3://bucket/key"}, **expected}


@pytest.mark.parametrize("query, expected", [
    ("identify-language=true", {"IdentifyLanguage": True}),
    ("identify-language", {"IdentifyLanguage": True}),
    ("identify-language=true&language-options=en-US,de-DE", {"IdentifyLanguage": True, "LanguageOptions": ["en-US", "de-DE"]}),
    ("identify-multiple-languages=true", {"IdentifyMultipleLanguages": True}),
])
def test_a_language_that_transcribe_finds(here, jobs, query, expected):
    assert here.put(f"bucket/key?{query}").status == 201
    assert jobs.started[0].items() >= expected.items() and "LanguageCode" not in jobs.started[0]


@pytest.mark.parametrize("key, expected", [
    ("a.mp3", "mp3"), ("a.mp4", "mp4"), ("a.wav", "wav"), ("a.flac", "flac"), ("a.ogg", "ogg"), ("a.amr", "amr"),
    ("a.webm", "webm"), ("a.m4a", "m4a"), ("a.b/c.MP3", "mp3"), ("a", None), ("mp3", None), ("a.mp3/b", None), ("a.txt", None)])
def test_the_format(here, jobs, key, expected):
    assert here.put(f"bucket/{key}?{ENGLISH}").status == 201
    assert jobs.started[0].get("MediaFormat") == expected


@pytest.mark.parametrize("key", ["Müller 1+2 (neu)?#.mp3", "日本語", "a//b/", "a/../b", "-", "x" * 1000, "é" * 500, '"q"\\'])
def test_any_key(here, jobs, key):
    answer = here.put(f"bucket/{quote(key)}?{ENGLISH}")
    name = json.loads(answer.body)["job"]
    assert answer.status == 201 and NAME.fullmatch(name)
    assert list(jobs.objects) == [f"/bucket/{key}"] and json.loads(answer.body)["media"] == f"s3://bucket/{key}"
    assert jobs.started[0]["Media"] == {"MediaFileUri": f"s3://bucket/{key}"}


def test_names_differ(here, jobs):
    for _ in range(5):
        assert here.put(f"bucket/a.mp3?{ENGLISH}").status == 201
    assert len(jobs.names) == 5


# --- PUT: refused before anything leaves

@pytest.mark.parametrize("target, words", [
    ("bucket/key", "language-code=en-US"),
    ("bucket/key?identify-language=false", "identify-language=true"),
    ("bucket/key?language-cod=en-US", "nearest is language-code"),
    (f"bucket/key?{ENGLISH}&vocabulary=x", "nearest is vocabulary-name"),
    (f"bucket/key?{ENGLISH}&{ENGLISH}", "twice"),
    (f"bucket/key?{ENGLISH}&max-speaker-labels=two", "max-speaker-labels must be a whole number"),
    (f"bucket/key?{ENGLISH}&show-speaker-labels=yes", "show-speaker-labels must be true or false"),
    (f"bucket/key?{ENGLISH}&vocabulary-name=", "vocabulary-name must be"),
    (f"bucket/key?{ENGLISH}&vocabulary-name=%ff", "UTF-8"),
    (f"bucket/key?{ENGLISH}&job-name=a%20b", "job-name must be"),
    (f"bucket/key?{ENGLISH}&job-name=" + "x" * 201, "job-name must be"),
    (f"bucket/key?{ENGLISH}&job-name=a&transcription-job-name=b", "one"),
    (f"bucket?{ENGLISH}", "KEY"),
    (f"bucket/?{ENGLISH}", "KEY"),
    (f"bu/key?{ENGLISH}", "BUCKET"),
    (f"arn:aws:s3:us-east-1:123456789012:accesspoint%2Fx/key?{ENGLISH}", "BUCKET"),
    (f"bucket/%0a?{ENGLISH}", "KEY"),
    (f"bucket/%ff?{ENGLISH}", "KEY"),
    (f"bucket/{'x' * 4100}?{ENGLISH}", "BUCKET"),
])
def test_what_cannot_be_asked(here, target, words):
    answer = here.put(target)
    assert answer.outcome == (400, "BadRequest") and words in json.loads(answer.body)["message"]
    assert here.cloud.requests == []


@pytest.mark.parametrize("how, words", [
    ({"body": b""}, "no audio"),
    ({"body": None}, "no audio"),
    ({"headers": [("x-amz-copy-source", "/b/k")]}, "copied"),
])
def test_what_has_no_audio(here, how, words):
    answer = here.put(f"bucket/key?{ENGLISH}", **how)
    assert answer.outcome == (400, "BadRequest") and words in answer.text and here.cloud.requests == []


@pytest.mark.parametrize("method", ["POST", "HEAD", "DELETE", "PATCH"])
@pytest.mark.parametrize("target", ["bucket/key", "job"])
def test_other_methods(here, method, target):
    answer = here.ask(method, f"/-/transcribe/{target}")
    assert answer.outcome == (405, "MethodNotAllowed") and answer.header("allow") == "GET, PUT"
    assert here.cloud.requests == []


def test_it_needs_the_token(here):
    for method, target in (("PUT", f"bucket/key?{ENGLISH}"), ("GET", "job")):
        answer = here.ask(method, f"/-/transcribe/{target}", (), b"audio" if method == "PUT" else None, token=False)
        assert answer.outcome == (401, "TokenRequired") and here.cloud.requests == []


# --- PUT: refused by S3, or by Transcribe

def test_what_s3_refuses(here, jobs):
    jobs.instead = lambda step, request: error(404, "NoSuchBucket")
    answer = here.put(f"bucket/key?{ENGLISH}")
    assert answer.status == 404 and b"<Code>NoSuchBucket</Code>" in answer.body and answer.error == ""
    assert jobs.started == [] and answer.header("x-countersign-hint") == ""


def test_what_s3_denies(here, jobs):
    jobs.instead = lambda step, request: error(403, "AccessDenied")
    answer = here.put(f"bucket/key?{ENGLISH}")
    assert answer.status == 403 and "s3:PutObject" in answer.header("x-countersign-hint") and jobs.started == []
    [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert denied["action"] == "s3:PutObject"


def test_a_part_that_s3_refuses(here, jobs):
    jobs.instead = lambda step, request: error(403, "AccessDenied") if step == "part" else None
    answer = here.put(f"bucket/key?{ENGLISH}", chunks(content(2 * PART)), headers=[CHUNKED])
    assert answer.status == 403 and jobs.started == [] and wait_until(lambda: not jobs.uploads)


def test_an_upload_that_fails_late(here, jobs):
    body = b"<Error><Code>InternalError</Code><Message>m</Message></Error>"
    jobs.instead = lambda step, request: Response(200, body) if step == "complete" else None
    answer = here.put(f"bucket/key?{ENGLISH}", chunks(content(2 * PART)), headers=[CHUNKED])
    assert answer.status == 500 and answer.body == body and jobs.started == []


def test_a_server_that_answers_too_early(here, jobs):
    jobs.instead = lambda step, request: Response(200, early=True, close=True)
    with Client(here.port) as client:
        client.send(client.head("PUT", f"/-/transcribe/bucket/key?{ENGLISH}", [("Content-Length", 1_000_000)]))
        client.send(content(100_000))
        answer = client.answer("PUT")
    assert answer.outcome == (502, "UpstreamProtocol") and jobs.started == []


@pytest.mark.parametrize("status, code", [(400, "BadRequestException"), (400, "LimitExceededException"),
                                          (404, "NotFoundException"), (500, "InternalFailureException")])
def test_what_transcribe_refuses(here, jobs, status, code):
    jobs.instead_of = lambda operation, request: refusal(status, code)
    answer = here.put(f"bucket/key?{ENGLISH}")
    assert answer.status == status and json.loads(answer.body)["__type"] == code and answer.error == ""
    assert "is stored" in answer.header("x-countersign-hint") and jobs.objects["/bucket/key"].content == b"audio"


def test_what_transcribe_denies(here, jobs):
    jobs.instead_of = lambda operation, request: refusal(400, "AccessDeniedException", "User: arn:aws:sts::1:assumed-role/r/s "
                                                        "is not authorized to perform: transcribe:StartTranscriptionJob")
    answer = here.put(f"bucket/key?{ENGLISH}")
    hint = answer.header("x-countersign-hint")
    assert answer.status == 400 and "transcribe:StartTranscriptionJob" in hint and "is stored" in hint
    [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert denied["action"] == "transcribe:StartTranscriptionJob"


def test_a_name_that_is_taken(here, jobs):
    jobs.names.add("mine")
    answer = here.put(f"bucket/key?{ENGLISH}&job-name=mine")
    assert answer.status == 400 and json.loads(answer.body)["__type"] == "ConflictException"


def test_transcribe_cannot_be_reached(start, jobs):
    jobs.instead_of = lambda operation, request: Response(hang_up=True, length=10)
    here = start()
    answer = here.put(f"bucket/key?{ENGLISH}")
    assert answer.outcome == (502, "UpstreamReset") and "is stored" in answer.header("x-countersign-hint")


def test_an_answer_that_was_lost(here, jobs):
    """The job's name is its own: where it is there already, this very request has started it."""
    lost = []

    def lose(operation, request):
        if operation == "StartTranscriptionJob" and not lost:
            lost.append(request)
            jobs.names.add(json.loads(request.body)["TranscriptionJobName"])
            request.wire.close(reset=True)
            return Response(close=True)

    jobs.instead_of = lose
    assert here.get("warm").status == 200       # so that the connection is a kept one
    answer = here.put(f"bucket/key?{ENGLISH}")
    assert answer.status == 201 and len(jobs.started) == 2 and len(jobs.names) == 1 and lost


def test_throttled(start, jobs):
    here = start(COUNTERSIGN_RETRIES="3")
    jobs.instead_of = lambda operation, request: refusal(400, "ThrottlingException") if len(jobs.started) == 1 else None
    answer = here.put(f"bucket/key?{ENGLISH}")
    assert answer.status == 201 and len(jobs.started) == 2


@pytest.mark.parametrize("body, headers", [(content(50), ()), (chunks(content(2 * PART)), [CHUNKED])])
def test_a_bucket_elsewhere(here, jobs, body, headers):
    def elsewhere(step, request):
        if request.proof.region == "us-east-1":
            return Response(301, error(301, "PermanentRedirect").body, (("x-amz-bucket-region", "eu-west-1"),))

    jobs.instead = elsewhere
    assert here.put(f"bucket/key?{ENGLISH}", body, headers=headers).status == 201
    assert {request.proof.region for request in here.cloud.requests if request.proof.service == "transcribe"} == {"us-east-1"}


# --- PUT: a client that vanishes

@pytest.mark.parametrize("headers", [[("Content-Length", 500_000)], [CHUNKED]])
def test_a_client_that_vanishes(here, jobs, headers):
    with Client(here.port) as client:
        client.send(client.head("PUT", f"/-/transcribe/bucket/key?{ENGLISH}", headers))
        client.send(b"30D40\r\n" * (headers == [CHUNKED]) + content(200_000))
        if headers != [CHUNKED]:
            assert wait_until(lambda: here.cloud.requests)
        client.reset()
    assert wait_until(lambda: not here.cloud.requests or here.cloud.connections[0].closed.is_set())
    time.sleep(0.3)
    assert jobs.objects == {} and jobs.started == []


def test_a_client_that_vanishes_between_parts(here, jobs):
    data = content(2 * PART)
    with Client(here.port) as client:
        client.send(client.head("PUT", f"/-/transcribe/bucket/key?{ENGLISH}", [CHUNKED]))
        client.send(b"%x\r\n" % len(data) + data[:PART + 100_000])
        assert wait_until(lambda: "part" in jobs.steps)
        client.reset()
    assert wait_until(lambda: "abort" in jobs.steps and not jobs.uploads)
    assert jobs.objects == {} and jobs.started == []


# --- the guard, and the record

ALL = ("s3:PutObject arn:aws:s3:::bucket/*", "s3:GetObject arn:aws:s3:::bucket/*", "transcribe:StartTranscriptionJob",
       "s3:PutObject arn:aws:s3:::results/*")


def test_the_guard_allows(start, jobs):
    here = start(COUNTERSIGN_ALLOW=", ".join((*ALL, "transcribe:GetTranscriptionJob", "s3:GetObject arn:aws:s3:::results/*")))
    answer = here.put(f"bucket/key?{ENGLISH}&output-bucket-name=results", chunks(content(2 * PART)), headers=[CHUNKED])
    assert answer.status == 201 and jobs.objects["/bucket/key"].sizes
    assert here.get(json.loads(answer.body)["job"]).status == 200 and jobs.reads


@pytest.mark.parametrize("missing", range(len(ALL)))
@pytest.mark.parametrize("body, headers", [(b"audio", ()), (content(100_000), ()), (chunks(content(100)), [CHUNKED])])
def test_the_guard_refuses(start, jobs, missing, body, headers):
    here = start(COUNTERSIGN_ALLOW=", ".join(pattern for at, pattern in enumerate(ALL) if at != missing))
    action, _, resource = ALL[missing].partition(" ")
    answer = here.put(f"bucket/key?{ENGLISH}&output-bucket-name=results", body, headers=headers)
    assert answer.outcome == (403, "GuardDenied") and action in answer.text and here.cloud.requests == []
    assert answer.header("content-type") == "application/json"
    [denied] = json.loads(here.ask("GET", "/-/denied").body)["denied"]
    assert denied["action"] == action and denied["resource"].startswith(resource.rstrip("*"))


@pytest.mark.parametrize("allowed, questions", [
    ("s3:GetObject arn:aws:s3:::results/*", 0), ("transcribe:GetTranscriptionJob", 1)])
def test_the_guard_refuses_a_transcript(start, jobs, allowed, questions):
    here = start(COUNTERSIGN_ALLOW=allowed)
    answer = here.get("job")
    assert answer.outcome == (403, "GuardDenied") and len(jobs.questions) == questions and jobs.reads == []


def test_what_was_used_is_recorded(here, jobs):
    assert here.put(f"bucket/key?{ENGLISH}&output-bucket-name=results&output-key=job.json", chunks(content(2 * PART)),
                    headers=[CHUNKED]).status == 201
    assert here.get("job").status == 200
    statements = json.loads(here.ask("GET", "/-/policy").body)["Statement"]
    actions = {action for each in statements for action in
               ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])}
    assert actions == {"s3:PutObject", "s3:AbortMultipartUpload", "s3:GetObject", "transcribe:StartTranscriptionJob",
                       "transcribe:GetTranscriptionJob"}


def test_what_failed_is_not_recorded(here, jobs):
    jobs.instead_of = lambda operation, request: refusal(400, "AccessDeniedException")
    here.put(f"bucket/key?{ENGLISH}")
    policy = here.ask("GET", "/-/policy").text
    assert "s3:PutObject" in policy and "StartTranscriptionJob" not in policy


# --- GET

def text_of(answer):
    given = json.loads(answer.body)
    assert set(given) == {"job", "status", "text"} and given["status"] == "COMPLETED"
    return given["text"]


def test_a_transcript(here, jobs):
    answer = here.get("my.job")
    assert answer.status == 200 and answer.header("content-type") == "application/json"
    assert json.loads(answer.body) == {"job": "my.job", "status": "COMPLETED", "text": "Hello."}
    assert jobs.questions == ["my.job"] and answer.header("etag") == "" and answer.header("cache-control") == "no-store"


@pytest.mark.parametrize("target, headers", [("job", [("Accept", "text/plain")]), ("job?format=text", ()),
                                             ("job?format=text", [("Accept", "application/json")])])
def test_the_text_alone(here, jobs, target, headers):
    jobs.transcript = file_of('Grüße, "Welt" \\ 😀\n')
    answer = here.get(target, *headers)
    assert answer.status == 200 and answer.header("content-type") == "text/plain; charset=utf-8"
    assert answer.body == 'Grüße, "Welt" \\ 😀\n'.encode()


def test_json_by_name(here):
    assert text_of(here.get("job?format=json", ("Accept", "text/plain"))) == "Hello."


def test_several_transcripts(here, jobs):
    jobs.transcript = file_of("one", "", "two")
    assert text_of(here.get("job")) == "one\n\ntwo"
    assert here.get("job?format=text").body == b"one\n\ntwo"


@pytest.mark.parametrize("texts", [(), ("",)])
def test_silence(here, jobs, texts):
    jobs.transcript = file_of(*texts)
    assert text_of(here.get("job")) == ""
    answer = here.get("job?format=text")
    assert answer.status == 200 and answer.body == b"" and answer.header("content-type").startswith("text/plain")


LETTERS = "ab \"\\/\b\f\n\r\t\x00\x01\x7fé€日😀\U0010ffff\ue000"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64])
def test_pieces(here, jobs, size):
    """The file comes cut anywhere, with its characters escaped in every way."""
    dice = random.Random(size)
    text = "".join(dice.choices(LETTERS, k=300))
    for ascii_only in (True, False):
        data = json.dumps({"results": {"transcripts": [{"transcript": text}]}}, ensure_ascii=ascii_only).encode()

        def pieces():
            for at in range(0, len(data), size):
                yield data[at:at + size]
                time.sleep(0.0005)

        jobs.transcript = Response(body=pieces())
        assert text_of(here.get("job")) == text
        jobs.transcript = Response(body=pieces(), length=len(data))
        assert here.get("job?format=text").body.decode() == text


def test_a_long_transcript(here, jobs):
    text = "".join(random.Random(1).choices(LETTERS + "abcdefghijklmnopqrstuvwxyz" * 2, k=5_000_000))
    jobs.transcript = file_of(text, items=[{"x": "y" * 100}] * 10_000)
    assert len(jobs.transcript) > 10 << 20
    assert here.get("job?format=text").body.decode() == text
    assert text_of(here.get("job")) == text


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def test_its_length_costs_no_memory(here, jobs):
    piece = b"many words " * 6000

    def pieces():
        yield b'{"results":{"transcripts":[{"transcript":"'
        for _ in range(1500):
            yield piece
        yield b'"}]}}'

    assert here.get("job").status == 200
    before = resident(here.proxy.pid)
    jobs.transcript = Response(body=pieces())
    with Client(here.port, receive_buffer=4096) as client:
        client.send_request("GET", "/-/transcribe/job?format=text")
        answer = client.answer_head()
        time.sleep(1)       # it is not read, so it must not be kept either
        assert sum(len(each) for each in client.pieces(answer)) == 1500 * len(piece)
    assert resident(here.proxy.pid) - before < 16 << 10


def test_an_old_client(here, jobs):
    with Client(here.port) as client:
        client.send(client.head("GET", "/-/transcribe/job", version="HTTP/1.0"))
        answer = client.answer()
        assert text_of(answer) == "Hello." and answer.closes and client.ended()


@pytest.mark.parametrize("data", [b"", b"{}", b"<html>", b'{"results":{}}', b'{"results":{"transcripts":[{"transcript":"x\xff"}]}}',
                                  b'{"results":{"transcripts":["', b'{"results":{"transcripts":[]}', b"x" * 200_000])
def test_what_is_no_transcript(here, jobs, data):
    jobs.transcript = data
    answer = here.get("job")
    assert answer.outcome == (502, "UpstreamProtocol") and "results.transcripts" in answer.text


@pytest.mark.parametrize("end", [b"", b'"}]}', b'"}]}}}', b"\xff"])
def test_a_transcript_that_breaks(here, jobs, end):
    """What has begun must not look whole."""
    jobs.transcript = b'{"results":{"transcripts":[{"transcript":"' + b"word " * 50_000 + end
    for query in ("", "?format=text"):
        with pytest.raises(Cut) as cut:
            here.get(f"job{query}")
        assert cut.value.answer.status == 200


def test_what_breaks_is_not_read_to_its_end(here, jobs):
    over = threading.Event()

    def pieces():
        yield b'{"results":{"transcripts":[{"transcript":"' + b"word " * 50_000
        time.sleep(0.2)
        yield b"\n"
        over.wait(20)

    jobs.transcript = Response(body=pieces())
    began = time.monotonic()
    with pytest.raises(Cut):
        here.get("job")
    over.set()
    assert time.monotonic() - began < 5


def test_a_server_that_breaks_off(here, jobs):
    jobs.transcript = Response(body=b'{"results":{"transcripts":[{"transcript":"' + b"word " * 50_000, length=1 << 20, hang_up=True)
    with pytest.raises(Cut):
        here.get("job")


def test_until_the_servers_end(here, jobs):
    jobs.transcript = Response(body=file_of("x" * 100_000), until_close=True)
    assert text_of(here.get("job")) == "x" * 100_000
    jobs.transcript = Response(body=file_of("x" * 100_000)[:-1], until_close=True)
    with pytest.raises(Cut):
        here.get("job")


def test_a_transcript_that_is_gone(here, jobs):
    jobs.transcript = None
    answer = here.get("job")
    assert answer.status == 404 and b"NoSuchKey" in answer.body and answer.error == ""


def test_a_transcript_that_may_not_be_read(here, jobs):
    jobs.transcript = error(403, "AccessDenied")
    answer = here.get("job")
    assert answer.status == 403 and "s3:GetObject" in answer.header("x-countersign-hint")


def test_a_redacted_transcript(here, jobs):
    jobs.uri_name = "RedactedTranscriptFileUri"
    assert text_of(here.get("job")) == "Hello."


# --- where the transcript is

SIGNED = "X-Amz-Security-Token=a%2Fb%3D%3D&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x%2Fy&X-Amz-Signature=0a1b"


@pytest.mark.parametrize("uri, target", [
    ("https://s3.us-east-1.amazonaws.com/results/a/job.json", "/results/a/job.json"),
    ("https://results.s3.us-east-1.amazonaws.com/a/job.json", "/a/job.json"),
    ("https://s3.eu-west-1.amazonaws.com/results/a%20b.json", "/results/a%20b.json"),
])
def test_in_ones_own_bucket(here, jobs, uri, target):
    jobs.uri = uri
    assert text_of(here.get("job")) == "Hello."
    [request] = jobs.reads
    assert request.target == target.encode() and request.header("host") == uri.split("/")[2] and request.proof.service == "s3"


@pytest.mark.parametrize("host", ["s3.us-east-1.amazonaws.com", "aws-transcribe-us-east-1-prod.s3.us-east-1.amazonaws.com", None])
def test_in_awss_own_bucket(start, jobs, host):
    """As AWS has signed it, and with nothing of the role's; the guard is not about it."""
    here = start(COUNTERSIGN_ALLOW="transcribe:GetTranscriptionJob")
    jobs.uri = f"https://{host or here.cloud.authority_name}/aws-transcribe/1/job.json?{SIGNED}"
    assert text_of(here.get("job")) == "Hello."
    [request] = jobs.reads
    assert request.target == f"/aws-transcribe/1/job.json?{SIGNED}".encode()
    assert [name.lower() for name, _ in request.headers] == ["host"]
    assert request.header("host") == (host or here.cloud.authority_name)
    assert "s3:GetObject" not in here.ask("GET", "/-/policy").text


@pytest.mark.parametrize("uri", [
    "https://example.com/a.json", "https://evil.s3.us-east-1.amazonaws.com.example.com/a", "http://localhost:1/s3/b/k",
    "http://127.0.0.1/s3/b/k", "https://sts.us-east-1.amazonaws.com/", "https://ec2-1-2-3-4.compute-1.amazonaws.com/a",
    f"https://example.com/a.json?{SIGNED}", "ftp://s3.us-east-1.amazonaws.com/b/k", "/s3/b/k", "",
    "https://s3.us-east-1.amazonaws.com/b/k\r\nX: y", "https://s3.us-east-1.amazonaws.com/b/k k",
    "https://user@s3.us-east-1.amazonaws.com/b/k"])
def test_elsewhere(here, jobs, uri):
    jobs.uri = uri
    answer = here.get("job")
    assert answer.outcome == (502, "UpstreamProtocol") and "Nothing was sent there" in answer.text
    assert len(here.cloud.requests) == 1


# --- while it is not done

@pytest.mark.parametrize("status", ["QUEUED", "IN_PROGRESS"])
@pytest.mark.parametrize("query", ["", "?wait=0", "?format=text"])
def test_not_done(here, jobs, status, query):
    jobs.progress = [status]
    answer = here.get(f"job{query}")
    assert answer.status == 202 and answer.reason == "Accepted" and answer.header("content-type") == "application/json"
    assert json.loads(answer.body) == {"job": "job", "status": status} and len(jobs.questions) == 1


@pytest.mark.parametrize("query", ["", "?format=text", "?wait=5"])
def test_failed(here, jobs, query):
    jobs.progress, jobs.details = ["FAILED"], {"FailureReason": 'The "media" is no audio: é'}
    answer = here.get(f"job{query}")
    assert answer.status == 200
    assert json.loads(answer.body) == {"job": "job", "status": "FAILED", "reason": 'The "media" is no audio: é'}


def test_unknown(here, jobs):
    jobs.instead_of = lambda operation, request: refusal(400, "NotFoundException", "The requested job couldn't be found.")
    answer = here.get("nobody")
    assert answer.status == 400 and json.loads(answer.body)["__type"] == "NotFoundException" and answer.error == ""


def test_a_long_answer(here, jobs):
    jobs.details = {"Tags": [{"Key": f"{number:0128}", "Value": "x" * 256} for number in range(100)]}
    assert text_of(here.get("job")) == "Hello."


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"TranscriptionJob":1}', b"x" * 100_000])
def test_an_answer_that_is_none(here, jobs, body):
    jobs.instead_of = lambda operation, request: Response(body=body)
    answer = here.get("job")
    assert answer.status in (202, 502) and (answer.status == 502 or body == b'{"TranscriptionJob":1}')


@pytest.mark.parametrize("target, words", [
    ("job?wait=61", "0 to 60"), ("job?wait=x", "0 to 60"), ("job?wait=-1", "0 to 60"), ("job?format=vtt", "json or text"),
    ("job?waits=1", "nearest is wait"), ("job?wait=1&wait=2", "twice"), ("a/b", "no name"), ("a%20b", "no name"),
    ("x" * 201, "no name")])
def test_what_cannot_be_asked_about(here, target, words):
    answer = here.get(target)
    assert answer.outcome == (400, "BadRequest") and words in json.loads(answer.body)["message"]
    assert here.cloud.requests == []


def test_a_body_where_none_belongs(here):
    assert here.ask("GET", "/-/transcribe/job", (), b"x").outcome == (400, "BadRequest") and here.cloud.requests == []


def test_waiting(here, jobs):
    jobs.progress = ["QUEUED", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED"]
    began = time.monotonic()
    answer = here.get("job?wait=25")
    lasted = time.monotonic() - began
    asked = [request.arrived for request in here.cloud.requests if request.proof.service == "transcribe"]
    gaps = [after - before for before, after in zip(asked, asked[1:])]
    assert text_of(answer) == "Hello." and len(jobs.questions) == 4 and 3 < lasted < 10
    assert all(0.8 < gap < 3 for gap in gaps) and gaps[0] < gaps[-1]


def test_waiting_in_vain(here, jobs):
    jobs.progress = ["IN_PROGRESS"]
    began = time.monotonic()
    answer = here.get("job?wait=2")
    assert answer.status == 202 and 1.8 < time.monotonic() - began < 4 and len(jobs.questions) == 3


def test_waiting_for_a_slow_server(here, jobs):
    """What the questions themselves take counts too."""
    jobs.progress = ["IN_PROGRESS"]
    jobs.instead_of = lambda operation, request: time.sleep(1.5)
    began = time.monotonic()
    assert here.get("job?wait=3").status == 202
    assert time.monotonic() - began < 6


def test_failing_while_somebody_waits(here, jobs):
    jobs.progress = ["IN_PROGRESS", "FAILED"]
    assert json.loads(here.get("job?wait=25").body)["status"] == "FAILED"


def test_a_waiting_client_that_vanishes(here, jobs):
    jobs.progress = ["IN_PROGRESS"]
    with Client(here.port) as client:
        client.send(client.head("GET", "/-/transcribe/job?wait=60"))
        assert wait_until(lambda: len(jobs.questions) == 2)
        client.reset()
    time.sleep(3)
    assert len(jobs.questions) <= 3
    assert "in_flight 1" in here.ask("GET", "/-/metrics").text       # this one alone


def test_a_waiting_client_that_ends_its_half(here, jobs):
    jobs.progress = ["IN_PROGRESS"]
    with Client(here.port) as client:
        client.send(client.head("GET", "/-/transcribe/job?wait=60"))
        assert wait_until(lambda: len(jobs.questions) == 1)
        time.sleep(0.1)
        began = time.monotonic()
        client.half_close()
        assert client.answer().status == 202 and time.monotonic() - began < 0.6


def test_a_client_that_has_ended_its_half(here, jobs):
    jobs.progress = ["IN_PROGRESS"]
    jobs.instead_of = lambda operation, request: time.sleep(0.5)
    with Client(here.port) as client:
        client.send(client.head("GET", "/-/transcribe/job?wait=60"))
        client.half_close()
        began = time.monotonic()
        assert client.answer().status == 202 and time.monotonic() - began < 1.2


def test_shutting_down_while_somebody_waits(start, jobs):
    here = start()
    jobs.progress = ["IN_PROGRESS"]
    answers = []
    asking = threading.Thread(target=lambda: answers.append(here.get("job?wait=60")))
    asking.start()
    assert wait_until(lambda: len(jobs.questions) == 1)
    time.sleep(0.3)
    began = time.monotonic()
    here.proxy.process.send_signal(signal.SIGTERM)
    asking.join(10)
    assert answers[0].status == 202 and time.monotonic() - began < 2 and len(jobs.questions) == 1
    assert here.proxy.process.wait(20) == 0


def test_a_frozen_wait(start, jobs):
    """A freeze counts as a tick, however long it was."""
    here = start()
    jobs.progress = ["IN_PROGRESS", "COMPLETED"]
    answers = []
    asking = threading.Thread(target=lambda: answers.append(here.get("job?wait=4")))
    asking.start()
    assert wait_until(lambda: len(jobs.questions) == 1)
    here.proxy.freeze()
    time.sleep(5)
    here.proxy.thaw()
    asking.join(20)
    assert text_of(answers[0]) == "Hello."


def test_the_metrics(here, jobs):
    here.put(f"bucket/key?{ENGLISH}")
    here.get("job")
    here.get("a%20b")
    text = here.ask("GET", "/-/metrics").text
    assert 'countersign_page_requests_total{status="2xx"} 2' in text
    assert all(f'countersign_service_requests_total{{service="{name}"}} 2' in text for name in ("s3", "transcribe"))
    assert 'countersign_page_requests_total{status="4xx"} 1' in text
    assert 'countersign_page_errors_total{code="BadRequest"} 1' in text
