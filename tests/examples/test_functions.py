"""The product works: a memo goes in, its text comes out, in every language, by plain requests alone."""

import re

import pytest
from cloud import BUCKET, JOBS, TEXT
from functions import AUDIO, COMMANDS, EXAMPLES
from policies import OBJECTS, needs, statements_of

NEEDED = {
    ("s3:PutObject", f"{OBJECTS}/memos/*"), ("s3:GetObject", f"{OBJECTS}/memos/*"),
    ("s3:PutObject", f"{OBJECTS}/transcripts/*"), ("s3:GetObject", f"{OBJECTS}/transcripts/*"),
    ("transcribe:StartTranscriptionJob", "*"), ("transcribe:GetTranscriptionJob", f"{JOBS}/memo-*"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_memo_becomes_text(stage, cloud, name):
    cloud.allow(statements_of(NEEDED))
    answer = stage.run(name)
    assert not answer.failed, answer.payload
    assert answer.json() == {"text": TEXT}
    upload, start, *polls, download = [(request.method, request.path, request.target) for request in cloud.requests]
    job = cloud.requests[1].body["TranscriptionJobName"]
    assert re.fullmatch(r"memo-[0-9a-f-]{36}", job)
    assert upload == ("PUT", f"/{BUCKET}/memos/{job}.wav", "")
    assert start == ("POST", "/", "StartTranscriptionJob")
    assert polls and set(polls) == {("POST", "/", "GetTranscriptionJob")}
    assert download == ("GET", f"/{BUCKET}/transcripts/{job}.json", "")
    stored = cloud.client("s3").get_object(Bucket=BUCKET, Key=f"memos/{job}.wav")
    assert stored["Body"].read() == AUDIO and stored["ContentType"] == "audio/wav"
    assert needs(cloud.requests) == NEEDED


@pytest.mark.parametrize("name", COMMANDS)
def test_what_fails_is_told(stage, cloud, name):
    cloud.allow(statements_of(NEEDED - {("transcribe:StartTranscriptionJob", "*")}))
    answer = stage.run(name)
    assert answer.failed and re.search(r"\b[45]\d\d\b", answer.json()["errorMessage"]), answer.payload


@pytest.mark.parametrize("missing", sorted(NEEDED), ids=lambda pair: ":".join(pair).replace(OBJECTS, ""))
def test_no_permission_is_one_too_many(stage, cloud, missing):
    """Without any one of them the function fails where it needs it, so none can go."""
    cloud.allow(statements_of(NEEDED - {missing}))
    answer = stage.run("python")
    assert answer.failed and re.search("HTTP Error 40[03]", answer.json()["errorMessage"]), answer.payload
    assert missing in needs(cloud.requests[-1:])


def test_they_use_no_sdk():
    files = [file for file in (EXAMPLES / "functions").rglob("*") if file.is_file()]
    assert len(files) >= 5
    for file in files:
        assert not re.search(r"boto|aws-sdk|amazonaws|Signature|AKIA", file.read_text()), file
