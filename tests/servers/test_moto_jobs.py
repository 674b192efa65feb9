"""moto as S3 and Transcribe: audio goes in by one call, its transcript comes out by another."""

import json

import pytest
from botocore.exceptions import ClientError
from harness.client import ask
from harness.proxy import Proxy
from verifier import BUCKET, REGION


@pytest.fixture(scope="module")
def proxy(verifier):
    keys = verifier.credentials
    with Proxy({**keys, "COUNTERSIGN_ENDPOINT": verifier.url, "COUNTERSIGN_CA_BUNDLE": verifier.bundle,
                "COUNTERSIGN_AUTH": "none"}) as running:
        yield running


def put(proxy, target, body):
    return ask(proxy.port, "PUT", f"/-/transcribe/{target}", (), body, token=False)


def get(proxy, target):
    return ask(proxy.port, "GET", f"/-/transcribe/{target}", token=False)


def test_from_audio_to_text(proxy, verifier):
    directly = verifier.client("s3", verifier.credentials)
    answer = put(proxy, f"{BUCKET}/calls/a%20b.mp3?language-code=en-US&output-bucket-name={BUCKET}&output-key=a.json", b"audio")
    given = json.loads(answer.body)
    assert (answer.status, given["media"]) == (201, f"s3://{BUCKET}/calls/a b.mp3")
    assert directly.get_object(Bucket=BUCKET, Key="calls/a b.mp3")["Body"].read() == b"audio"
    job = verifier.client("transcribe", verifier.credentials)
    directly.put_object(Bucket=BUCKET, Key="a.json", Body=json.dumps(
        {"results": {"transcripts": [{"transcript": "Grüße."}]}}).encode())
    assert get(proxy, given["job"]).status == 202
    told = json.loads(get(proxy, f"{given['job']}?wait=30").body)
    assert told == {"job": given["job"], "status": "COMPLETED", "text": "Grüße."}
    assert get(proxy, f"{given['job']}?format=text").body == "Grüße.".encode()
    kept = job.get_transcription_job(TranscriptionJobName=given["job"])["TranscriptionJob"]
    assert kept["Transcript"]["TranscriptFileUri"] == f"https://s3.{REGION}.amazonaws.com/{BUCKET}/a.json"
    assert (kept["MediaFormat"], kept["LanguageCode"]) == ("mp3", "en-US")


def test_a_name_twice(proxy):
    target = f"{BUCKET}/twice?language-code=en-US&job-name=twice"
    assert put(proxy, target, b"audio").status == 201
    answer = put(proxy, target, b"audio")
    assert answer.status == 400 and "ConflictException" in answer.text and "is stored" in answer.header("x-countersign-hint")


def test_a_bucket_that_is_not_there(proxy):
    answer = put(proxy, "no-such-bucket-here/key?language-code=en-US", b"audio")
    assert answer.status in (403, 404) and b"<Code>" in answer.body


def test_no_such_job(proxy, verifier):
    answer = get(proxy, "nobody")
    with pytest.raises(ClientError) as refusal:
        verifier.client("transcribe", verifier.credentials).get_transcription_job(TranscriptionJobName="nobody")
    assert answer.status == refusal.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert refusal.value.response["Error"]["Code"] in answer.text
