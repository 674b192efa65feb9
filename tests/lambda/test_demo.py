"""The demo, as a person would start it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).with_name("demo.py")


@pytest.fixture(scope="module")
def shown():
    """What the demo prints where nobody looks at a terminal."""
    done = subprocess.run([sys.executable, DEMO], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "COLUMNS": "100"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_does_every_step(shown):
    steps = re.findall(r"^ {1,2}\d+  (.*)$", shown, re.M)
    assert steps == [
        "Upload the recording", "Start a transcription of it", "Read the transcription job",
        "Download the recording", "List the bucket", "Delete the recording", "Ask the proxy",
        "The same bucket without the token: the proxy refuses",
        "A function with a wrong key: the server refuses", "Ask the proxy for it", "Lambda ends the environment",
        "The function's job, by a role with that policy alone", "One action more is denied"]
    assert "All 13 steps right" in shown


@pytest.mark.parametrize("line", [
    r"PUT http://localhost:\d+/s3/voice-memos/calls/hello%20world\.wav",
    r"X-Countersign-Token: \$AWS_SESSION_TOKEN",
    r"X-Amz-Target: Transcribe\.StartTranscriptionJob", r"200 TranscriptionJobStatus COMPLETED.* ms  ok",
    r"200 KeyCount 1; Key calls/hello world\.wav", r"401 TokenRequired", r"403 SignatureDoesNotMatch",
    r"GET http://localhost:\d+/-/identity", r'"123456789012"', r"SHUTDOWN spindown",
    r"iamRoleStatements:", r"- s3:PutObject", r"transcription-job/\*", r"403 s3:GetBucketAcl on arn:aws:s3:::voice-memos",
])
def test_shows_what_matters(shown, line):
    assert re.search(line, shown)


def test_is_plain_where_nobody_looks(shown):
    assert "\x1b" not in shown
    assert all(len(line) <= 110 for line in shown.splitlines())
