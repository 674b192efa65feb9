"""README's one line for each service, as it stands there, against moto with a role's policy that names those actions."""

import io
import json
import os
import re
import ssl
import subprocess
import zipfile
from urllib.request import Request, urlopen

import pytest
from harness.client import wait_until
from harness.proxy import ROOT, Proxy
from harness.upstream import Response, Upstream
from verifier import REGION, Verifier

ACTIONS = ["dynamodb:GetItem", "sqs:SendMessage", "secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Encrypt",
           "events:PutEvents", "sns:Publish", "sts:GetCallerIdentity", "rds-data:ExecuteStatement"]
SET_UP = ["dynamodb:CreateTable", "dynamodb:PutItem", "sqs:CreateQueue", "secretsmanager:CreateSecret", "ssm:PutParameter",
          "kms:CreateKey", "kms:CreateAlias", "sns:CreateTopic", "lambda:*"]    # whose actions moto does not tell apart
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ACTIONS + SET_UP, "Resource": "*"}]}
README = (ROOT / "README.md").read_text(encoding="utf-8")
[SNIPPET] = re.findall(r"^### Any other service, one line each\n\n```sh\n(.*?)^```$", README, re.S | re.M)
FUNCTIONS, LINES = SNIPPET.split("\n\n", 1)
EXAMPLES = {re.search(r"^(?:json |.*?:2774/)([\w-]+)", line)[1]: line
            for line in re.findall(r"^(?:json|call) (?:.*\n)(?:    .*\n)*", LINES, re.M)}
EXPECTED = {
    "dynamodb": '"stored"', "sqs": "MessageId", "secretsmanager": '"SecretString": "hidden"', "ssm": '"Value": "info"',
    "kms": "CiphertextBlob", "events": '"FailedEntryCount"', "sns": "<MessageId>", "sts": "assumed-role/voice-memos",
    "lambda": '{"id": 1}', "rds-data": "numberOfRecordsUpdated",
}


def without_docker(verifier):
    """moto answers for functions itself."""
    simple = Request(f"{verifier.url}/moto-api/config", json.dumps({"lambda": {"use_docker": False}}).encode(),
                     {"Content-Type": "application/json"})
    with urlopen(simple, context=ssl.create_default_context(cafile=verifier.bundle)) as answer:
        assert answer.status == 201


def set_up(verifier):
    """What the lines ask for."""
    without_docker(verifier)
    def client(service):
        return verifier.client(service, verifier.credentials)

    client("dynamodb").create_table(
        TableName="memos", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    client("dynamodb").put_item(TableName="memos", Item={"id": {"S": "1"}, "state": {"S": "stored"}})
    client("sqs").create_queue(QueueName="memos")
    client("secretsmanager").create_secret(Name="memos", SecretString="hidden")
    client("ssm").put_parameter(Name="/memos/level", Value="info", Type="String")
    key = client("kms").create_key()["KeyMetadata"]["KeyId"]
    client("kms").create_alias(AliasName="alias/memos", TargetKeyId=key)
    client("sns").create_topic(Name="memos")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("memos.py", "")
    client("lambda").create_function(FunctionName="memos", Runtime="python3.12", Role=verifier.role, Handler="memos.handler",
                                     Code={"ZipFile": code.getvalue()})


@pytest.fixture(scope="module")
def services(authority, tmp_path_factory):
    """A function to run a snippet with the program before moto, whose role may do just that."""
    with Verifier(authority, tmp_path_factory.mktemp("moto"), POLICY) as verifier:
        set_up(verifier)
        proxy = Proxy({**verifier.credentials, "COUNTERSIGN_ENDPOINT": verifier.url,
                       "COUNTERSIGN_CA_BUNDLE": verifier.bundle})
        yield lambda line: run(line, proxy.port, verifier.credentials["AWS_SESSION_TOKEN"])
        assert proxy.stop() == 0, proxy.text()


def run(line, port, token, cwd=None):
    snippet = f"{FUNCTIONS}\n{line}".replace("localhost:2774", f"localhost:{port}")
    return subprocess.run(["bash", "-c", snippet], capture_output=True, text=True, timeout=60, check=False, cwd=cwd,
                          env={"PATH": os.environ["PATH"], "AWS_SESSION_TOKEN": token})


def test_all_are_there():
    assert EXAMPLES.keys() - {"bedrock-runtime"} == EXPECTED.keys()


@pytest.mark.parametrize("service", EXPECTED)
def test_one_line(services, service):
    done = services(EXAMPLES[service])
    assert done.returncode == 0, done.stdout + done.stderr
    assert EXPECTED[service] in done.stdout


def test_an_answer_that_streams(authority, tmp_path):
    """Bedrock's, which moto does not know: each event is there before the next one comes."""
    events = [bytes([number]) * 40 for number in range(5)]
    output = tmp_path / "answer.eventstream"

    def stream():
        for event in events:
            yield event
            assert wait_until(lambda event=event: output.exists() and output.read_bytes().endswith(event))

    def handler(request):
        assert (request.method, request.path) == ("POST", "/model/amazon.nova-micro-v1:0/converse-stream")
        assert (request.proof.service, request.proof.region) == ("bedrock", REGION)
        assert json.loads(request.read())["messages"][0]["role"] == "user"
        return Response(body=stream(), chunked=True, headers=(("Content-Type", "application/vnd.amazon.eventstream"),))

    with Upstream(authority, handler) as upstream:
        proxy = Proxy({"COUNTERSIGN_ENDPOINT": upstream.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle})
        done = run(EXAMPLES["bedrock-runtime"], proxy.port, proxy.env["AWS_SESSION_TOKEN"], cwd=tmp_path)
        assert done.returncode == 0 and proxy.stop() == 0, done.stderr
    assert output.read_bytes() == b"".join(events)
