"""countersign-env with real SDKs: functions that know nothing of countersign reach AWS through it.

Nothing but the wrapper leads them there, as AWS_LAMBDA_EXEC_WRAPPER has Lambda start a runtime: through it.
"""

import shutil

import pytest
from cloud import ACCOUNT
from functions import COMMANDS, HERE, NODE, WRAPPER
from harness.proxy import ROOT
from wire import free_port

EVERYTHING = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
KEYS = ["sdk/a b+c.wav", "sdk/large"]


@pytest.fixture
def wrapped(stage, cloud, tmp_path):
    """Runs a function of sdk/ behind the wrapper, once; what it answered, and the port of the proxy."""
    def run(name, *before, arguments=(), **variables):
        cloud.allow(EVERYTHING)
        cloud.empty("sdk/")
        task, port = tmp_path / "sdk", free_port()
        shutil.copytree(HERE / "sdk" / name, task)
        (task / "node_modules").symlink_to(ROOT / "build" / "node" / "node_modules")
        command = [*before, str(WRAPPER), *COMMANDS[name](task), *arguments]
        answer = stage.invoke(command, task, port, **variables)
        assert not answer.failed, answer.payload
        return answer.json(), port
    return run


def through(cloud, *expected):
    """These requests of the function came by the proxy, which alone knows where the cloud is."""
    seen = {(request.method, request.path.partition("?")[0]) for request in cloud.requests}
    assert set(expected) <= seen, seen


def test_boto3(wrapped, cloud):
    found, port = wrapped("python")
    assert found == {
        "endpoints": [f"http://127.0.0.1:{port}/s3", f"http://127.0.0.1:{port}/transcribe"], "body": "hello",
        "large": True, "keys": KEYS, "language": "en-US", "account": None}
    through(cloud, ("PUT", "/the-bucket/sdk/a%20b%2Bc.wav"), ("PUT", "/the-bucket/sdk/large"),
            ("POST", "/the-bucket/sdk/large"))


def test_boto3_with_more_services(wrapped):
    found, _ = wrapped("python", "/usr/bin/env", "COUNTERSIGN_SDK_SERVICES=sts,dynamodb")
    assert found["account"] == ACCOUNT


def test_javascript(wrapped, cloud):
    found, _ = wrapped("node")
    assert found == {"body": "hello", "large": True, "keys": KEYS, "language": "en-US"}
    through(cloud, ("PUT", "/the-bucket/sdk/a%20b%2Bc.wav"), ("PUT", "/the-bucket/sdk/large"), ("POST", "/"))


def test_shell(wrapped, cloud):
    found, _ = wrapped("shell", arguments=["an argument", "*"])
    assert found == {"body": "hello", "jobs": 200, "arguments": "an argument *"}
    through(cloud, ("PUT", "/the-bucket/sdk/hello"), ("GET", "/the-bucket/sdk/hello"), ("POST", "/"))
