"""A voice memo's text, by Python's standard library alone. Event: {"audio": "a WAV file in base64"}.

Every request is plain HTTP to localhost, and countersign signs it with the role of this function.
"""

import base64
import json
import os
import time
from urllib.request import Request, urlopen

PROXY = "http://localhost:2774"
BUCKET = os.environ["BUCKET"]
TOKEN = {"X-Countersign-Token": os.environ["AWS_SESSION_TOKEN"]}


def ask(method, path, body=None, headers=None):
    """The body of the answer; an error where its status is one."""
    request = Request(PROXY + path, body, {**TOKEN, **(headers or {})}, method=method)
    with urlopen(request) as answer:
        return answer.read()


def transcribe(operation, **parameters):
    headers = {"X-Amz-Target": f"Transcribe.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    return json.loads(ask("POST", "/transcribe/", json.dumps(parameters).encode(), headers))["TranscriptionJob"]


def handler(event, context):
    name = f"memo-{context.aws_request_id}"

    # Upload
    audio = base64.b64decode(event["audio"])
    ask("PUT", f"/s3/{BUCKET}/memos/{name}.wav", audio, {"Content-Type": "audio/wav"})

    # Transcribe
    transcribe("StartTranscriptionJob", TranscriptionJobName=name, LanguageCode="en-US",
               Media={"MediaFileUri": f"s3://{BUCKET}/memos/{name}.wav"},
               OutputBucketName=BUCKET, OutputKey=f"transcripts/{name}.json")
    job = {"TranscriptionJobStatus": "QUEUED"}
    while job["TranscriptionJobStatus"] != "COMPLETED":
        time.sleep(1)
        job = transcribe("GetTranscriptionJob", TranscriptionJobName=name)
        if job["TranscriptionJobStatus"] == "FAILED":
            raise RuntimeError(job["FailureReason"])

    # Read the result
    result = json.loads(ask("GET", f"/s3/{BUCKET}/transcripts/{name}.json"))
    return {"text": result["results"]["transcripts"][0]["transcript"]}
