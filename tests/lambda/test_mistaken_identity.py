"""What Lambda tells of its function shows that somebody has put other keys into its settings."""

import json

import pytest

from harness.client import ask
from harness.proxy import ROLE, TOKEN
from harness.upstream import Response
from harness.upstream import Upstream as Server

ENDPOINT = "http://127.0.0.1:9/2021-04-23/credentials"


def warnings(lam):
    answer = ask(lam.port, "GET", "/-/identity", [("X-Countersign-Token", TOKEN)], b"")
    return [warning["message"] for warning in json.loads(answer.body)["warnings"]]


@pytest.mark.parametrize("account, variables, marks", [
    ("029608264753", {}, []),
    ("123456789012", {}, ["of the account 029608264753, the function is of 123456789012"]),
    ("029608264753", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": ENDPOINT}, ["Lambda itself offers the role's"]),
    ("029608264753", {"AWS_PROFILE": "me"}, ["AWS_PROFILE leads SDKs to keys in a shared file"]),
    ("029608264753", {"AWS_SHARED_CREDENTIALS_FILE": "/var/task/keys"}, ["AWS_SHARED_CREDENTIALS_FILE leads"]),
    ("123456789012", {"AWS_PROFILE": "me"}, ["of the account", "AWS_PROFILE"]),
])
def test_signs(emulated, account, variables, marks):
    lam = emulated(variables, account=account)
    lam.start()
    told = warnings(lam)
    assert len(told) == len(marks) and all(mark in text for mark, text in zip(marks, told, strict=True))
    assert lam.shutdown() == {"countersign": 0}
    assert lam.extension().text().count("MistakenIdentity") == len(marks)


def test_the_function_s_account_stands_in_for_one_that_no_key_tells(emulated):
    """An older key id does not hold its account: resources get it from Lambda."""
    with Server(None, lambda request: Response(body=b"{}"), check=False) as server:
        lam = emulated({"AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE", "COUNTERSIGN_ENDPOINT": server.url},
                       account="123456789012")
        lam.start()
        asked = [("X-Countersign-Token", TOKEN), ("Content-Type", "application/x-amz-json-1.0"),
                 ("X-Amz-Target", "DynamoDB_20120810.GetItem")]
        assert ask(lam.port, "POST", "/dynamodb/", asked, b'{"TableName":"t"}').status == 200
        policy = ask(lam.port, "GET", "/-/policy?format=iam", asked[:1], b"").text
        assert f"arn:aws:dynamodb:{ROLE['AWS_REGION']}:123456789012:table/t" in policy
