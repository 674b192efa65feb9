"""Requests in which AWS could read another thing than countersign: they are no known operation, or need all that they may mean."""

import json

import pytest
from asking import ACCOUNT, REGION, Request, ask

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
FOUR = [f"dynamodb:PartiQL{verb}" for verb in ("Select", "Insert", "Update", "Delete")]


def arn(service, rest):
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def call(service, target, body, *fields, path="/"):
    body = body if isinstance(body, bytes | str) else json.dumps(body)
    return Request("POST", f"https://{service}.{REGION}.amazonaws.com{path}", [("X-Amz-Target", target), *fields], body, service)


def form(service, path, body, *fields, method="POST"):
    return Request(method, f"https://{service}.{REGION}.amazonaws.com{path}", fields or [FORM], body, service)


def rest(service, method, path, body=b"", *fields):
    return Request(method, f"https://{service}.{REGION}.amazonaws.com{path}", fields, body, service)


def job(inside):
    return Request("POST", f"https://{ACCOUNT}.s3-control.{REGION}.amazonaws.com/v20180820/jobs",
                   [("Content-Type", "application/xml")], f"<CreateJobRequest>{inside}</CreateJobRequest>", "s3")


PUT_ITEM = '{"Put": {"TableName": "a"}}'
WIDE = {
    "a table twice": call("dynamodb", "D.DeleteTable", '{"TableName": "a", "TableName": "b"}'),
    "a table twice, escaped": call("dynamodb", "D.DeleteTable", '{"TableName": "a", "Table\\u004eame": "b"}'),
    "an item's table twice": call("dynamodb", "D.TransactWriteItems",
                                  f'{{"TransactItems": [{PUT_ITEM}, {{"Put": {{"TableName": "a", "TableName": "b"}}}}]}}'),
    "an item twice": call("dynamodb", "D.TransactWriteItems",
                          f'{{"TransactItems": [{PUT_ITEM}, {{"Delete": {{"TableName": "a"}}, "Delete": {{"TableName": "b"}}}}]}}'),
    "a list with junk": call("dynamodb", "D.TransactWriteItems", f'{{"TransactItems": [{PUT_ITEM}; {PUT_ITEM}]}}'),
    "an item's table is no text": call("dynamodb", "D.TransactWriteItems", f'{{"TransactItems": [{PUT_ITEM}, {{"Put": {{"TableName": 1}}}}]}}'),
    "a role twice": call("events", "AWSEvents.PutRule", f'{{"Name": "r", "RoleArn": "{ROLE}a", "RoleArn": "{ROLE}b"}}'),
    "a bus twice": call("events", "AWSEvents.PutEvents", '{"Entries": [{"EventBusName": "a", "EventBusName": "b"}]}'),
    "a URI of no known form": call("transcribe", "T.StartTranscriptionJob",
                                   {"TranscriptionJobName": "j", "Media": {"MediaFileUri": "http://s3.amazonaws.com/b/k"}}),
    "a role in the query and the body": rest("lambda", "POST", f"/2015-03-31/functions?Role={ROLE}a", f'{{"FunctionName": "f", "Role": "{ROLE}b", "Role": "x"}}'),
    "two topics": form("sns", "/?TopicArn=arn:a", "Action=Publish&TopicArn=arn:b"),
    "two queues": form("sqs", f"/{ACCOUNT}/a", f"Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs.x%2F{ACCOUNT}%2Fb"),
    "a name in chunks": rest("dynamodb", "POST", "/service/D/operation/DeleteTable",
                             b"\xa2\x69TableName\x61a\x7f\x65Table\x64Name\xff\x61b"),
}
ANY_TABLE = arn("dynamodb", "table/*")
WIDEST = {
    "a table twice": ("dynamodb:DeleteTable", ANY_TABLE),
    "a table twice, escaped": ("dynamodb:DeleteTable", ANY_TABLE),
    "an item's table twice": ("dynamodb:PutItem", ANY_TABLE),
    "an item twice": ("dynamodb:DeleteItem", ANY_TABLE),
    "a list with junk": ("dynamodb:DeleteItem", ANY_TABLE),
    "an item's table is no text": ("dynamodb:PutItem", ANY_TABLE),
    "a role twice": ("iam:PassRole", "*"),
    "a bus twice": ("events:PutEvents", arn("events", "event-bus/*")),
    "a URI of no known form": ("s3:GetObject", "*"),
    "a role in the query and the body": ("iam:PassRole", "*"),
    "two topics": ("sns:Publish", "*"),
    "two queues": ("sqs:SendMessage", arn("sqs", "*")),
    "a name in chunks": ("dynamodb:DeleteTable", ANY_TABLE),
}


@pytest.mark.parametrize("name", WIDE)
def test_what_is_unclear_may_be_any(name):
    (_, _, needed), = ask([WIDE[name]])
    assert WIDEST[name] in needed


NOT_KNOWN = {
    "an action twice in the form": form("sns", "/?Action=ListTopics", "Action=DeleteTopic&Action=ListTopics"),
    "an action twice in the query": form("sns", "/?Action=ListTopics&Action=DeleteTopic", "Action=ListTopics"),
    "an action in a body of no type": form("sns", "/?Action=ListTopics", "Action=DeleteTopic", ("Accept", "*/*")),
    "a form in another encoding": form("sns", "/", "Action=ListTopics", (FORM[0], FORM[1] + "; charset=IBM037")),
    "dots in an API's path": rest("execute-api", "GET", "/prod/open/%2e%2e/admin"),
    "encoded slashes and dots there": rest("execute-api", "GET", "/prod/open%2F..%2Fadmin"),
    "dots at the end": rest("execute-api", "GET", "/prod/open/.."),
    "dots in API Gateway's path": rest("apigateway", "GET", "/restapis/a/../b"),
    "an action in a compressed body": form("sns", "/?Action=ListTopics", b"\x1f\x8b", FORM, ("Content-Encoding", "gzip")),
    "two targets and an action": form("sns", "/", "Action=ListTopics", FORM, ("X-Amz-Target", "a.A"), ("X-Amz-Target", "a.B")),
    "CBOR and a target": call("dynamodb", "D.DeleteTable", b"\xa0", path="/service/D/operation/ListTables"),
    "CBOR and an action": form("monitoring", "/service/G/operation/ListMetrics?Action=PutMetricData", b"\xa0"),
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_not_known(name):
    assert ask([NOT_KNOWN[name]]) == [("", False, [])]


START = {"TranscriptionJobName": "j", "Media": {"MediaFileUri": "s3://in/k"}, "OutputBucketName": "out"}
READ, WRITE = ("s3:GetObject", "arn:aws:s3:::in/k"), ("s3:PutObject", "arn:aws:s3:::out/j.json")
STARTED = ("transcribe:StartTranscriptionJob", "if:transcribe:OutputBucketName=out")
FUNCTION = arn("lambda", "function:f")
DURABLE = "/2025-12-01/durable-executions/x?FunctionName=f"
NEEDED = {
    "PartiQL with a table that is not looked at": (
        call("dynamodb", "D.ExecuteStatement", {"Statement": "SELECT * FROM secret", "TableName": "a"}),
        [("dynamodb:PartiQLSelect", arn("dynamodb", "table/*"))]),
    "PartiQL in a batch": (call("dynamodb", "D.BatchExecuteStatement", {"Statements": [], "TableName": "a"}),
                           [(action, arn("dynamodb", "table/*")) for action in FOUR]),
    "a name with a dot is none of a structure": (
        call("transcribe", "T.StartTranscriptionJob", {**START, "JobExecutionSettings.DataAccessRoleArn": "x"}), [READ, WRITE, STARTED]),
    "null is not there": (
        call("transcribe", "T.StartTranscriptionJob", {**START, "JobExecutionSettings": {"DataAccessRoleArn": None}, "OutputKey": None}),
        [READ, WRITE, STARTED]),
    "a qualifier in the payload": (rest("lambda", "POST", "/2015-03-31/functions/f/invocations", '{"Qualifier": "PROD"}'),
                                   [("lambda:InvokeFunction", FUNCTION)]),
    "a qualifier in the query": (rest("lambda", "POST", "/2015-03-31/functions/f/invocations?Qualifier=PROD", "{}"),
                                 [("lambda:InvokeFunction", FUNCTION + ":PROD")]),
    "a role in the query": (rest("lambda", "POST", f"/2015-03-31/functions?Role={ROLE}a", json.dumps({"FunctionName": "f", "Role": ROLE + "b"})),
                            [("iam:PassRole", ROLE + "b"), ("lambda:CreateFunction", FUNCTION)]),
    "a function that is not looked at": (rest("lambda", "DELETE", DURABLE), [("lambda:DeleteDurableExecution", "*")]),
    "secrets by filters": (call("secretsmanager", "secretsmanager.BatchGetSecretValue", {"Filters": []}),
                           [("secretsmanager:BatchGetSecretValue", "*"), ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:*"))]),
    "an alias's key that is not looked at": (
        call("kms", "TrentService.DeleteAlias", {"AliasName": "alias/a", "KeyId": "abc"}),
        [("kms:DeleteAlias", arn("kms", "alias/a")), ("kms:DeleteAlias", arn("kms", "key/*"))]),
    "a stream that is not looked at": (call("kinesis", "Kinesis_20131202.GetRecords", {"ShardIterator": "x", "StreamName": "a"}),
                                       [("kinesis:GetRecords", "*")]),
    "a queue behind a query": (call("sqs", "AmazonSQS.SendMessage", {"QueueUrl": f"https://sqs.x/{ACCOUNT}/b?/{ACCOUNT}/a"}),
                               [("sqs:SendMessage", arn("sqs", "*"))]),
    "a queue that is none": (call("sqs", "AmazonSQS.SendMessage", {"QueueUrl": f"https://sqs.x/{ACCOUNT}/a#/{ACCOUNT}/b"}),
                             [("sqs:SendMessage", arn("sqs", "*"))]),
    "the queue twice": (form("sqs", f"/{ACCOUNT}/a", f"Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs.x%2F{ACCOUNT}%2Fa"),
                        [("sqs:SendMessage", arn("sqs", "a"))]),
    "a function's partial ARN": (rest("lambda", "POST", "/2015-03-31/functions/function:f/invocations"), [("lambda:InvokeFunction", FUNCTION)]),
    "one with an account": (rest("lambda", "POST", f"/2015-03-31/functions/{ACCOUNT}:f/invocations"), [("lambda:InvokeFunction", FUNCTION)]),
    "a form in UTF-8": (form("sns", "/", "Action=ListTopics", (FORM[0], FORM[1] + "; charset=utf-8")), [("sns:ListTopics", "*")]),
    "dots in an API's names": (Request("GET", f"https://a.execute-api.{REGION}.amazonaws.com/prod/.well/a..b/...", signing="execute-api"),
                               [("execute-api:Invoke", arn("execute-api", "a/prod/GET/.well/a..b/..."))]),
    "a job's role": (job(f"<RoleArn>{ROLE}a</RoleArn>"), [("s3:CreateJob", "*"), ("iam:PassRole", ROLE + "a")]),
    "a job's two roles": (job(f"<RoleArn>{ROLE}a</RoleArn><RoleArn >{ROLE}b</RoleArn >"), [("s3:CreateJob", "*"), ("iam:PassRole", "*")]),
    "a job's role with entities": (job(f"<RoleArn>{ROLE}&#97;</RoleArn>"), [("s3:CreateJob", "*"), ("iam:PassRole", "*")]),
    "a job's role behind a prefix": (job(f"<RoleArn>{ROLE}a</RoleArn><x:RoleArn>{ROLE}b</x:RoleArn>"),
                                     [("s3:CreateJob", "*"), ("iam:PassRole", "*")]),
    "an endpoint's role": (call("events", "AWSEvents.CreateEndpoint", {"Name": "e", "RoleArn": ROLE + "a"}),
                           [("events:CreateEndpoint", "*"), ("iam:PassRole", ROLE + "a")]),
    "an operator's role": (rest("lambda", "POST", "/2025-11-30/capacity-providers",
                                json.dumps({"PermissionsConfig": {"CapacityProviderOperatorRoleArn": ROLE + "a"}})),
                           [("lambda:CreateCapacityProvider", "*"), ("iam:PassRole", ROLE + "a")]),
    "a secret's ARN without its end": (call("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": arn("secretsmanager", "secret:a/b")}),
                                       [("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:a/b-*"))]),
    "a parameter's ARN with a version": (call("ssm", "AmazonSSM.GetParameter", {"Name": arn("ssm", "parameter/a/b:3")}),
                                         [("ssm:GetParameter", arn("ssm", "parameter/a/b"))]),
    "tags of a long name": (form("sts", "/", f"Action=AssumeRole&RoleArn={ROLE}a&Tags.member.{'0' * 60}1.Key=k"),
                            [("sts:AssumeRole", ROLE + "a"), ("sts:TagSession", ROLE + "a")]),
    "a context": (form("sts", "/", f"Action=AssumeRole&RoleArn={ROLE}a&ProvidedContexts.member.1.ProviderArn=x"),
                  [("sts:AssumeRole", ROLE + "a"), ("sts:SetContext", ROLE + "a")]),
}


@pytest.mark.parametrize("name", NEEDED)
def test_needed(name):
    request, needed = NEEDED[name]
    (operation, _, found), = ask([request])
    assert operation and sorted(found) == sorted(needed)


UNREAD = {
    "compressed": call("events", "AWSEvents.PutRule", {"Name": "r", "RoleArn": ROLE + "a"}, ("Content-Encoding", "gzip")),
    "CBOR of the older kind": call("events", "AWSEvents.PutRule", b"\xa1\x67RoleArn\x61x", ("Content-Type", "application/x-amz-cbor-1.1")),
    "another encoding": call("events", "AWSEvents.PutRule", b"\xff\xfe{\x00}\x00"),
    "a mark before it": rest("lambda", "PUT", "/2015-03-31/functions/f/configuration", b"\xef\xbb\xbf{}"),
}


@pytest.mark.parametrize("name", UNREAD)
def test_a_body_that_cannot_be_read_is_missed(name):
    (_, wants, _), = ask([UNREAD[name]])
    assert wants
