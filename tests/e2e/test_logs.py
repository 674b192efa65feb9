"""Logs in Lambda's two shapes: what is in them, and what never is."""

import base64
import json
import re
import subprocess

import pytest
from harness.client import Client, ask, free_port, wait_until
from harness.proxy import BINARY, LISTENING, ROLE, SANITIZERS, TOKEN
from harness.signer import credentials, sign
from harness.upstream import Response, Upstream

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
TEXT = re.compile(rf"\[(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\]\t{TIME}\t\S+\t(.+)\n")
LEVELS = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}


def finished(here):
    """All lines of a program that has ended, so that none is missing."""
    here.proxy.stop()
    return here.proxy.output


def exchanges(here):
    """The JSON lines at DEBUG that tell of an exchange."""
    lines = [json.loads(line) for line in finished(here)]
    return [line for line in lines if line["level"] == "DEBUG" and "status" in line and "method" in line]


def test_text(stage):
    here = stage()
    assert here.ask("GET", "/s3/b/k").status == 200
    assert here.ask("GET", "/nothing-here!/").status in (400, 404)
    for line in finished(here):
        assert TEXT.fullmatch(line), line


def test_json(stage):
    here = stage(COUNTERSIGN_LOG_FORMAT="JSON")
    assert here.ask("GET", "/s3/b/k").status == 200
    for line in finished(here):
        record = json.loads(line)
        assert record["level"] in LEVELS and record["message"]
        assert re.fullmatch(TIME, record["timestamp"])


def test_one_line_for_each_exchange_at_debug(stage):
    here = stage(lambda request: Response(201, b"answer"), COUNTERSIGN_LOG_FORMAT="JSON")
    assert here.ask("PUT", "/s3.eu-west-1/bucket/key", [], b"body!").status == 201
    assert here.ask("POST", "/transcribe/", [], b"{}").status == 201
    first, second = exchanges(here)
    told = [first[name] for name in ("method", "service", "region", "status")]
    assert told == ["PUT", "s3", "eu-west-1", 201]
    assert (second["method"], second["service"], second["region"]) == ("POST", "transcribe", "us-east-1")
    assert 5 in first.values() and 6 in first.values()
    assert len([name for name in first if name.endswith("ms")]) >= 4


def test_the_debug_line_as_text(stage):
    here = stage(lambda request: Response(200, b"answer"))
    assert here.ask("PUT", "/s3/bucket/key", [], b"body!").status == 200
    lines = [line for line in finished(here) if "method=PUT" in line]
    assert len(lines) == 1
    for part in ("service=s3", "region=us-east-1", "status=200", "=5", "=6", "ms="):
        assert part in lines[0]


def test_an_error_is_logged_once(stage):
    here = stage(COUNTERSIGN_LOG_FORMAT="JSON", COUNTERSIGN_ENDPOINT="http://127.0.0.1:1")
    assert here.ask("GET", "/s3/b/k").status == 502
    lines = [line for line in finished(here) if "UpstreamConnect" in line or "502" in line]
    assert 1 <= len(lines) <= 2


@pytest.mark.parametrize("level", [None, "INFO"])
def test_nothing_for_each_request_at_info(stage, level):
    here = stage(COUNTERSIGN_LOG_LEVEL=level)
    before = len(here.proxy.output)
    for _ in range(20):
        assert here.ask("PUT", "/s3/b/k", [], b"x").status == 200
        assert here.ask("GET", "/-/health").status == 200
    assert not [line for line in finished(here)[before:] if "s3" in line or "health" in line]


@pytest.mark.parametrize("level", ["WARN", "ERROR", "FATAL"])
def test_nothing_at_all_where_all_goes_well(run, level):
    port = free_port()
    proxy = run({"COUNTERSIGN_LOG_LEVEL": level, "COUNTERSIGN_LISTEN": f"localhost:{port}"}, wait=False)
    assert wait_until(lambda: ask(port, "GET", "/-/health").status == 200)
    assert proxy.stop() == 0 and proxy.text() == ""


@pytest.mark.parametrize("env", [{"AWS_LAMBDA_LOG_LEVEL": "DEBUG", "AWS_LAMBDA_LOG_FORMAT": "JSON"},
                                 {"COUNTERSIGN_LOG_LEVEL": "DEBUG", "COUNTERSIGN_LOG_FORMAT": "JSON",
                                  "AWS_LAMBDA_LOG_LEVEL": "FATAL", "AWS_LAMBDA_LOG_FORMAT": "Text"}])
def test_the_functions_own_settings_hold_until_overridden(stage, env):
    here = stage(**{"COUNTERSIGN_LOG_LEVEL": None, **env})
    assert here.ask("GET", "/s3/b/k").status == 200
    assert len(exchanges(here)) == 1


def test_no_secret_at_any_level(stage):
    here = stage(COUNTERSIGN_LOG_LEVEL="TRACE")
    url = f"http://localhost:{here.port}/s3/bucket/key"
    header, query = sign("GET", url), sign("GET", url, form="query")
    other = sign("GET", url, keys=credentials(secret_key="another"))
    basic = "Basic " + base64.b64encode(f"x:{TOKEN}".encode()).decode()
    for target, headers in (header, query, other, ("/s3/b/k", [("Authorization", basic)])):
        here.ask("GET", target, headers, token=False)
    here.ask("GET", "/s3/b/k", [("X-Private", "a header of the client")])
    here.ask("GET", "/s3/b/k?X-Amz-Signature=abcdef", token=False)
    with Client(here.port) as client:
        client.send("GET /s3/b/k HTTP/1.1\r\nbroken\r\n\r\n")
        client.answer()
    text = "".join(finished(here))
    signatures = [request.proof.signature for request in here.upstream.requests]
    signatures += re.findall(r"[0-9a-f]{64}", str(header) + str(query) + str(other))
    assert len(signatures) > 3
    for secret in (TOKEN, ROLE["AWS_SECRET_ACCESS_KEY"], basic[6:], "a header of the client", *signatures):
        assert secret not in text


@pytest.mark.parametrize("target", ["/s3/b/a%0Ab", "/s3/b/%1B%5B31m", "/s3/b/" + "k" * 10_000])
def test_a_request_cannot_write_lines_of_its_own(stage, target):
    here = stage(COUNTERSIGN_LOG_LEVEL="TRACE")
    here.ask("GET", target, [("X-Forged", "[ERROR]\tx")])
    for line in finished(here):
        assert TEXT.fullmatch(line), line
        assert len(line) <= 4096


def test_a_log_that_nobody_reads_stops_nobody(authority):
    """The reader of standard output has gone: lines are lost, requests are not."""
    with Upstream(authority) as upstream:
        env = {**ROLE, "COUNTERSIGN_LISTEN": "localhost:0", "COUNTERSIGN_LOG_LEVEL": "TRACE",
               "COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": str(authority.bundle)}
        process = subprocess.Popen([BINARY], env={**env, **SANITIZERS}, stdout=subprocess.PIPE, text=True)
        try:
            port = next(int(found[1]) for line in process.stdout if (found := LISTENING.search(line)))
            process.stdout.close()
            assert [ask(port, "GET", "/s3/b/k").status for _ in range(20)] == [200] * 20
            process.terminate()
            assert process.wait(20) == 0
        finally:
            process.kill()
