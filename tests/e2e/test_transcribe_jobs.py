"""Transcription jobs at AWS's own names, with keys that end on the way, and for callers that sign."""

import json
import random
import threading

from harness.client import ask, wait_until
from harness.signer import sign
from harness.upstream import Response
from harness.uploads import error
from transcribe.jobs import Jobs

ENGLISH = "language-code=en-US"
LONG = random.Random(1).randbytes(300_000)


def asked(upstream):
    return [(request.header("host"), request.proof.region) for request in upstream.requests if request.proof]


def test_at_aws(as_aws):
    jobs = Jobs()
    proxy, upstream = as_aws(jobs)
    answer = ask(proxy.port, "PUT", f"/-/transcribe/bucket/key?{ENGLISH}", (), LONG)
    assert answer.status == 201 and jobs.objects["/bucket/key"].content == LONG
    assert asked(upstream) == [("s3.us-east-1.amazonaws.com", "us-east-1"), ("transcribe.us-east-1.amazonaws.com", "us-east-1")]
    assert upstream.requests[0].header("expect") == "100-continue"
    assert ask(proxy.port, "PUT", f"/-/transcribe/bucket/key?{ENGLISH}", (), LONG).status == 201
    assert upstream.requests[2].all("expect") == []     # where the bucket lies is known by now


def test_a_bucket_elsewhere(as_aws):
    """S3 says so before the body is sent, and is believed."""
    jobs = Jobs()

    def elsewhere(step, request):
        if request.proof.region == "us-east-1":
            return Response(400, error(400, "AuthorizationHeaderMalformed").body, (("x-amz-bucket-region", "eu-west-1"),),
                            early=True, close=True)

    jobs.instead = elsewhere
    proxy, upstream = as_aws(jobs)
    assert ask(proxy.port, "PUT", f"/-/transcribe/bucket/key?{ENGLISH}", (), LONG).status == 201
    assert jobs.objects["/bucket/key"].content == LONG
    assert asked(upstream)[1:] == [("s3.eu-west-1.amazonaws.com", "eu-west-1"),
                                   ("transcribe.us-east-1.amazonaws.com", "us-east-1")]


def test_keys_that_end_between_upload_and_job(sourced, wall):
    jobs = Jobs()
    here = sourced("container", jobs)
    assert here.ask("GET", "/-/transcribe/job", token=False).status == 502      # the keys are there, and names no transcript
    here.upstream.requests.clear()
    wall.move(seconds=61)

    def end(step, request):
        here.upstream.expired.add(request.proof.key)

    jobs.instead = end
    answer = here.ask("PUT", f"/-/transcribe/bucket/key?{ENGLISH}", (), LONG, token=False)
    assert answer.status == 201 and len(jobs.started) == 1
    keys = [request.proof.key for request in here.upstream.requests]
    assert len(keys) == 3 and keys[0] == keys[1] != keys[2]


def test_each_request_has_remedies_of_its_own(sourced, wall):
    jobs = Jobs()
    here = sourced("container", jobs)
    assert here.ask("GET", "/-/transcribe/job", token=False).status == 502
    wall.move(seconds=61)

    def elsewhere(step, request):
        if request.proof.region == "us-east-1":
            return Response(301, error(301, "PermanentRedirect").body, (("x-amz-bucket-region", "eu-west-1"),))
        here.upstream.expired.add(request.proof.key)

    jobs.instead = elsewhere
    assert here.ask("PUT", f"/-/transcribe/bucket/key?{ENGLISH}", (), b"audio", token=False).status == 201
    assert len(jobs.started) == 1


def test_a_caller_that_signs(stage):
    jobs = Jobs()
    here = stage(jobs)
    url = f"http://localhost:{here.port}/-/transcribe/bucket/key?{ENGLISH}"
    target, headers = sign("PUT", url, LONG, service="transcribe")
    headers = [each for each in headers if each[0].lower() != "host"]
    assert here.ask("PUT", target, headers, LONG, token=False).status == 201
    assert jobs.objects["/bucket/key"].content == LONG
    answer = here.ask("PUT", target, headers, LONG[:-1] + b"x", token=False)
    assert answer.outcome == (401, "TokenRequired") and len(jobs.started) == 1 and jobs.steps == ["put"]
    target, headers = sign("GET", f"http://localhost:{here.port}/-/transcribe/job")
    jobs.uri = f"{here.upstream.url}/results/job.json"
    answer = here.ask("GET", target, [each for each in headers if each[0].lower() != "host"], token=False)
    assert json.loads(answer.body)["text"] == "Hello."


def test_no_keys_at_all(run):
    proxy = run({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None,
                 "COUNTERSIGN_AUTH": "none"})
    for method, target, body in (("PUT", f"bucket/key?{ENGLISH}", b"audio"), ("GET", "job", None)):
        answer = ask(proxy.port, method, f"/-/transcribe/{target}", (), body, token=False)
        assert answer.outcome == (503, "NoCredentials") and answer.header("content-type") == "application/json"


def test_many_at_once(stage):
    """Uploads and waits beside each other, on connections that serve both S3 and Transcribe."""
    jobs = Jobs()
    here = stage(jobs)
    jobs.uri = f"{here.upstream.url}/results/job.json"
    outcomes = []

    def work(number):
        body = random.Random(number).randbytes(50_000)
        with here.client() as client:
            for turn in range(5):
                put = client.ask("PUT", f"/-/transcribe/bucket/{number}-{turn}?{ENGLISH}", (), body)
                get = client.ask("GET", f"/-/transcribe/{json.loads(put.body)['job']}?wait=5")
                stored = jobs.objects[f"/bucket/{number}-{turn}"].content == body
                outcomes.append((put.status, get.status, stored))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert outcomes == [(201, 200, True)] * 40 and len(jobs.names) == 40
    assert wait_until(lambda: "in_flight 1" in here.ask("GET", "/-/metrics").text)
