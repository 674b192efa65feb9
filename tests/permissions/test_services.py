"""Operations outside S3: all of some services as boto3 sends them, and the resources that their members name."""

import json
import re
from pathlib import Path

import pytest
from asking import ACCOUNT, REGION, Request, arguments, ask, client, request_of

HERE = Path(__file__).parent
# One of each protocol at least: CBOR, JSON, query, EC2's query, REST-JSON, REST-XML.
SERVICES = ["athena", "bedrock-runtime", "budgets", "cloudformation", "cloudwatch", "cognito-idp", "dynamodb",
            "dynamodbstreams", "ec2", "events", "firehose", "glue", "iam", "keyspaces", "kinesis", "kms", "lambda", "logs",
            "rds-data", "s3control", "s3outposts", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions", "sts",
            "transcribe"]
# boto3 has no method for what needs HTTP/2.
NO_METHOD = {"InvokeModelWithBidirectionalStream"}
# The prefix of actions, where it is not the signing name.
PREFIXES = {"cloudwatch": "cloudwatch", "keyspaces": "cassandra", "s3control": "s3"}
# Of what takes an ARN, which the endpoint is resolved by.
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/a"
KNOWN = {"s3control": {"AccountId": ACCOUNT}, "kinesis": {"ResourceARN": STREAM, "StreamARN": STREAM, "ConsumerARN": STREAM
         + "/consumer/c:1"}}


def other_names():
    """The operations whose action has another name, by the table of the program."""
    lines = (HERE.parents[1] / "proxy" / "permissions" / "action_rows.def").read_text(encoding="utf-8")
    text = lines.split("*/", 1)[1].replace('"\n    "', "")
    return dict(line[5:-2].split(" ") for line in text.splitlines() if line)


def signing_name(made):
    metadata = made.meta.service_model.metadata
    return metadata.get("signingName") or metadata["endpointPrefix"]


# And what they speak besides.
OTHER_PROTOCOLS = [("cloudwatch", "smithy-rpc-v2-cbor"), ("cloudwatch", "query"), ("transcribe", "smithy-rpc-v2-cbor")]


@pytest.mark.parametrize("service, protocol", [(service, None) for service in SERVICES] + OTHER_PROTOCOLS)
def test_every_operation(service, protocol):
    made = client(service, protocol)
    model, others = made.meta.service_model, other_names()
    operations, requests = [], []
    for operation in sorted(set(model.operation_names) - NO_METHOD):
        try:
            known = dict.fromkeys(model.operation_model(operation).input_shape.members, None)
            known = {name: KNOWN[service][name] for name in known if name in KNOWN.get(service, {})}
        except AttributeError:
            known = {}
        try:
            requests.append(request_of(made, operation, arguments(model, operation, known)))
            operations.append(operation)
        except Exception as error:
            # Kinesis resolves its endpoint by the ARN, which an operation may have under yet another name.
            assert service == "kinesis" and "ARN" in str(error), operation
    assert len(operations) >= len(set(model.operation_names) - NO_METHOD) * 0.7
    for operation, request, (answer, _, needed) in zip(operations, requests, ask(requests), strict=True):
        prefix = PREFIXES.get(service, signing_name(made))
        prefix = "s3express" if "s3express-control" in request.host else prefix
        actions = others.get(f"{prefix}:{operation}", f"{prefix}:{operation}")
        assert answer == operation, (operation, request.method, request.path)
        if actions == "none":
            assert needed == []
        else:
            assert {action for action, _ in needed} & set(actions.split(",")), (operation, needed)
        assert all(re.match(r"\*$|arn:aws:|if:transcribe:OutputBucketName=\w+$", resource) for _, resource in needed), (operation, needed)


def test_names_that_differ():
    """The table of the program has what it should, row for row."""
    others = other_names()
    assert len(others) == 76
    assert others["sns:PublishBatch"] == "sns:Publish" and others["lambda:Invoke"] == "lambda:InvokeFunction"
    assert others["budgets:DescribeBudgets"] == "budgets:ViewBudget"


def arn(service, rest, region=REGION, account=ACCOUNT):
    return f"arn:aws:{service}:{region}:{account}:{rest}"


ROLE = f"arn:aws:iam::{ACCOUNT}:role/data"
SECRET = arn("secretsmanager", "secret:db-AbCdEf")
CLUSTER = arn("rds", "cluster:db")
UUID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KMS = arn("kms", f"key/{UUID}")
TABLE = arn("dynamodb", "table/t")
JOB = {"TranscriptionJobName": "j", "Media": {"MediaFileUri": "s3://in/a b.wav"}}
START_OUT = [("transcribe:StartTranscriptionJob", "if:transcribe:OutputBucketName=out")]
START, READ = [("transcribe:StartTranscriptionJob", "*")], [("s3:GetObject", "arn:aws:s3:::in/a b.wav")]
RESOURCES = [  # service, operation, arguments, what it needs
    ("transcribe", "GetTranscriptionJob", {"TranscriptionJobName": "j"},
     [("transcribe:GetTranscriptionJob", arn("transcribe", "transcription-job/j"))]),
    ("transcribe", "StartTranscriptionJob", JOB, READ + START),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "out"},
     [*READ, ("s3:PutObject", "arn:aws:s3:::out/j.json"), *START_OUT]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "out", "OutputKey": "a/"},
     [*READ, ("s3:PutObject", "arn:aws:s3:::out/a/j.json"), *START_OUT]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "out", "OutputKey": "arn:aws:s3:::other/k"},
     [*READ, ("s3:PutObject", "arn:aws:s3:::out/arn:aws:s3:::other/k"), *START_OUT]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "arn:aws:s3:::out"},
     [*READ, ("s3:PutObject", "arn:aws:s3:::arn:aws:s3:::out/j.json"), *START]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "*"},
     [*READ, ("s3:PutObject", "arn:aws:s3:::*/j.json"), *START]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "Media": {"MediaFileUri": "https://s3.eu-west-1.amazonaws.com/in/k",
                                                              "RedactedMediaFileUri": "https://in.s3.eu-west-1.amazonaws.com/r"}},
     [("s3:GetObject", "arn:aws:s3:::in/k"), ("s3:GetObject", "arn:aws:s3:::in/r"), *START]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "Media": {"MediaFileUri": "s3://*/*"}},
     [("s3:GetObject", "arn:aws:s3:::*/*\\"), *START]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "out", "OutputEncryptionKMSKeyId": UUID,
                                             "Tags": [{"Key": "a", "Value": "b"}]},
     [("transcribe:TagResource", "*"), *READ, ("s3:PutObject", "arn:aws:s3:::out/j.json"), ("kms:GenerateDataKey", KMS),
      ("kms:Decrypt", KMS), *START_OUT]),
    ("transcribe", "StartTranscriptionJob", {**JOB, "OutputBucketName": "out", "JobExecutionSettings": {"DataAccessRoleArn": ROLE}},
     [("iam:PassRole", ROLE), *START_OUT]),
    ("transcribe", "StartMedicalTranscriptionJob", {"MedicalTranscriptionJobName": "m", "Media": {"MediaFileUri": "s3://in/k"},
                                                    "OutputBucketName": "out", "OutputKey": "r.json"},
     [("s3:GetObject", "arn:aws:s3:::in/k"), ("s3:PutObject", "arn:aws:s3:::out/r.json"),
      ("transcribe:StartMedicalTranscriptionJob", "if:transcribe:OutputBucketName=out")]),
    ("transcribe", "StartMedicalScribeJob", {"MedicalScribeJobName": "m", "Media": {"MediaFileUri": "s3://in/k"},
                                             "OutputBucketName": "out", "DataAccessRoleArn": ROLE},
     [("iam:PassRole", ROLE), ("transcribe:StartMedicalScribeJob", "if:transcribe:OutputBucketName=out")]),
    ("transcribe", "StartCallAnalyticsJob", {"CallAnalyticsJobName": "c", "Media": {"MediaFileUri": "s3://in/k"},
                                             "OutputLocation": "s3://out/f/"},
     [("s3:GetObject", "arn:aws:s3:::in/k"), ("s3:PutObject", "arn:aws:s3:::out/f/c.json"),
      ("transcribe:StartCallAnalyticsJob", "*")]),
    ("transcribe", "CreateVocabulary", {"VocabularyName": "v", "VocabularyFileUri": "s3://in/v.txt"},
     [("s3:GetObject", "arn:aws:s3:::in/v.txt"), ("transcribe:CreateVocabulary", "*")]),
    ("transcribe", "UpdateVocabulary", {"VocabularyName": "v", "VocabularyFileUri": "s3://in/v.txt", "DataAccessRoleArn": ROLE},
     [("transcribe:UpdateVocabulary", arn("transcribe", "vocabulary/v")), ("iam:PassRole", ROLE)]),
    ("transcribe", "CreateLanguageModel", {"InputDataConfig": {"S3Uri": "s3://in/train/", "DataAccessRoleArn": ROLE}},
     [("iam:PassRole", ROLE), ("transcribe:CreateLanguageModel", "*")]),
    ("rds-data", "ExecuteStatement", {"resourceArn": CLUSTER, "secretArn": SECRET, "sql": "select 1"},
     [("secretsmanager:GetSecretValue", SECRET), ("rds-data:ExecuteStatement", CLUSTER)]),
    ("rds-data", "CommitTransaction", {"resourceArn": CLUSTER, "secretArn": SECRET, "transactionId": "1"},
     [("secretsmanager:GetSecretValue", SECRET), ("rds-data:CommitTransaction", CLUSTER)]),
    ("dynamodb", "GetItem", {"TableName": "t", "Key": {"a": {"S": "1"}}}, [("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "GetItem", {"TableName": TABLE, "Key": {"a": {"S": "1"}}}, [("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "Query", {"TableName": "t", "IndexName": "i"}, [("dynamodb:Query", f"{TABLE}/index/i")]),
    ("dynamodb", "Scan", {"TableName": "t"}, [("dynamodb:Scan", TABLE)]),
    ("dynamodb", "BatchGetItem", {"RequestItems": {"t": {"Keys": []}, "u": {"Keys": []}}},
     [("dynamodb:BatchGetItem", TABLE), ("dynamodb:BatchGetItem", arn("dynamodb", "table/u"))]),
    ("dynamodb", "BatchGetItem", {"RequestItems": {f"t{i}": {"Keys": []} for i in range(50)}},
     [("dynamodb:BatchGetItem", arn("dynamodb", "table/*"))]),
    ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": {"TableName": "t", "Key": {}}}] * 3}, [("dynamodb:GetItem", TABLE)]),
    ("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "t", "Item": {}}}, {"Delete": {"TableName": "u", "Key": {}}}]},
     [("dynamodb:PutItem", TABLE), ("dynamodb:DeleteItem", arn("dynamodb", "table/u"))]),
    ("dynamodb", "ExecuteStatement", {"Statement": "select * from t"}, [("dynamodb:PartiQLSelect", arn("dynamodb", "table/*"))]),
    ("dynamodb", "ListTables", {}, [("dynamodb:ListTables", "*")]),
    ("sqs", "SendMessage", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/210987654321/q", "MessageBody": "x"},
     [("sqs:SendMessage", arn("sqs", "q", account="210987654321"))]),
    ("sqs", "SendMessageBatch", {"QueueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q.fifo", "Entries": []},
     [("sqs:SendMessage", arn("sqs", "q.fifo"))]),
    ("sqs", "GetQueueUrl", {"QueueName": "q"}, [("sqs:GetQueueUrl", arn("sqs", "q"))]),
    ("sqs", "ListQueues", {}, [("sqs:ListQueues", "*")]),
    ("sns", "Publish", {"TopicArn": arn("sns", "t"), "Message": "x"}, [("sns:Publish", arn("sns", "t"))]),
    ("sns", "Publish", {"PhoneNumber": "+1", "Message": "x"}, [("sns:Publish", "*")]),
    ("sns", "CreateTopic", {"Name": "t"}, [("sns:CreateTopic", arn("sns", "t"))]),
    ("secretsmanager", "GetSecretValue", {"SecretId": "a/b"},
     [("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:a/b-*"))]),
    ("secretsmanager", "GetSecretValue", {"SecretId": SECRET}, [("secretsmanager:GetSecretValue", SECRET)]),
    ("secretsmanager", "BatchGetSecretValue", {"SecretIdList": [SECRET]},
     [("secretsmanager:BatchGetSecretValue", "*"), ("secretsmanager:GetSecretValue", SECRET)]),
    ("ssm", "GetParameter", {"Name": "/a/b:3"}, [("ssm:GetParameter", arn("ssm", "parameter/a/b"))]),
    ("ssm", "GetParameters", {"Names": ["a", "/b"]},
     [("ssm:GetParameters", arn("ssm", "parameter/a")), ("ssm:GetParameters", arn("ssm", "parameter/b"))]),
    ("ssm", "GetParametersByPath", {"Path": "/a"}, [("ssm:GetParametersByPath", arn("ssm", "parameter/a"))]),
    ("kms", "Encrypt", {"KeyId": UUID, "Plaintext": b"x"}, [("kms:Encrypt", KMS)]),
    ("kms", "Decrypt", {"CiphertextBlob": b"x"}, [("kms:Decrypt", arn("kms", "key/*"))]),
    ("kms", "GenerateDataKey", {"KeyId": "alias/a"}, [("kms:GenerateDataKey", arn("kms", "key/*"))]),
    ("kms", "ReEncrypt", {"CiphertextBlob": b"x", "DestinationKeyId": UUID},
     [("kms:ReEncryptFrom", arn("kms", "key/*")), ("kms:ReEncryptTo", KMS)]),
    ("kms", "CreateAlias", {"AliasName": "alias/a", "TargetKeyId": UUID},
     [("kms:CreateAlias", arn("kms", "alias/a")), ("kms:CreateAlias", KMS)]),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s", "Tags": [{"Key": "a", "Value": "b"}]},
     [("sts:AssumeRole", ROLE), ("sts:TagSession", ROLE)]),
    ("sts", "GetCallerIdentity", {}, []),
    ("lambda", "Invoke", {"FunctionName": "f"}, [("lambda:InvokeFunction", arn("lambda", "function:f"))]),
    ("lambda", "Invoke", {"FunctionName": "f", "Qualifier": "live"}, [("lambda:InvokeFunction", arn("lambda", "function:f:live"))]),
    ("lambda", "Invoke", {"FunctionName": "210987654321:function:f"},
     [("lambda:InvokeFunction", arn("lambda", "function:f", account="210987654321"))]),
    ("lambda", "Invoke", {"FunctionName": arn("lambda", "function:f:1")}, [("lambda:InvokeFunction", arn("lambda", "function:f:1"))]),
    ("lambda", "ListFunctions", {}, [("lambda:ListFunctions", "*")]),
    ("events", "PutEvents", {"Entries": [{"Detail": "{}"}, {"EventBusName": "b"}, {"EventBusName": arn("events", "event-bus/c")}]},
     [("events:PutEvents", arn("events", f"event-bus/{name}")) for name in ("default", "b", "c")]),
    ("events", "PutRule", {"Name": "r", "EventBusName": arn("events", "event-bus/b")}, [("events:PutRule", arn("events", "rule/b/r"))]),
    ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": TABLE, "RoleArn": ROLE}]},
     [("events:PutTargets", arn("events", "rule/r")), ("iam:PassRole", ROLE)]),
    ("bedrock-runtime", "InvokeModel", {"modelId": "anthropic.claude-v2:1", "body": b"{}"},
     [("bedrock:InvokeModel", arn("bedrock", "foundation-model/anthropic.claude-v2:1", account=""))]),
    ("bedrock-runtime", "ConverseStream", {"modelId": "eu.amazon.nova-lite-v1:0"},
     [("bedrock:InvokeModelWithResponseStream", arn("bedrock", "inference-profile/eu.amazon.nova-lite-v1:0")),
      ("bedrock:InvokeModelWithResponseStream", "arn:aws:bedrock:*")]),
    ("kinesis", "PutRecord", {"StreamName": "a", "Data": b"x", "PartitionKey": "1"}, [("kinesis:PutRecord", STREAM)]),
    ("logs", "PutLogEvents", {"logGroupName": "/aws/g", "logStreamName": "s/[$LATEST]a", "logEvents": []},
     [("logs:PutLogEvents", arn("logs", "log-group:/aws/g:log-stream:s/[$LATEST]a"))]),
    ("stepfunctions", "StartExecution", {"stateMachineArn": arn("states", "stateMachine:m")},
     [("states:StartExecution", arn("states", "stateMachine:m"))]),
    ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
    ("s3control", "GetPublicAccessBlock", {"AccountId": ACCOUNT}, [("s3:GetAccountPublicAccessBlock", "*")]),
    ("s3control", "GetAccessPointForObjectLambda", {"AccountId": ACCOUNT, "Name": "p"},
     [("s3:GetAccessPointForObjectLambda", arn("s3-object-lambda", "accesspoint/p"))]),
]


@pytest.mark.parametrize("service, operation, given, needed", RESOURCES,
                         ids=[f"{number}-{row[0]}-{row[1]}" for number, row in enumerate(RESOURCES)])
def test_resources(service, operation, given, needed):
    """In each protocol: Transcribe's JSON and CBOR are told alike."""
    protocols = [None, "json", "smithy-rpc-v2-cbor"] if service == "transcribe" else [None]
    requests = [request_of(client(service, protocol), operation, given) for protocol in protocols]
    assert [(answer, found) for answer, _, found in ask(requests)] == [(operation, needed)] * len(protocols)
    assert service != "transcribe" or {request.path == "/" for request in requests} == {True, False}


def rpc(target, body, service="dynamodb", kind="application/x-amz-json-1.0", path="/"):
    fields = [("Content-Type", kind), *([("X-Amz-Target", target)] if target else [])]
    return Request("POST", f"https://{service}.{REGION}.amazonaws.com{path}", fields, body.encode(), service)


PUT = "DynamoDB_20120810.PutItem"
TRANSCRIBE = "Transcribe.StartTranscriptionJob"
ANY_TABLE = [("dynamodb:PutItem", arn("dynamodb", "table/*"))]
WIRE = [  # what is told in a name, the request, the operation, what it needs
    ("Transcribe in JSON", rpc("com.amazonaws.transcribe.Transcribe.GetTranscriptionJob", '{"TranscriptionJobName":"j"}', "transcribe"),
     "GetTranscriptionJob", [("transcribe:GetTranscriptionJob", arn("transcribe", "transcription-job/j"))]),
    ("escapes", rpc(PUT, '{ "Item" : {"TableName":"no"} , "Table\\u004eame" : "a\\u00e9\\ud83d\\ude00\\"b" }'), "PutItem",
     [("dynamodb:PutItem", arn("dynamodb", 'table/aé😀"b'))]),
    ("a name twice", rpc(PUT, '{"TableName":"a","TableName":"b"}'), "PutItem", ANY_TABLE),
    ("a condition's name twice", rpc(TRANSCRIBE, '{"OutputBucketName":"a","OutputBucketName":"b"}', "transcribe"),
     "StartTranscriptionJob", [("s3:PutObject", "arn:aws:s3:::*"), *START]),
    ("a condition that is not a text", rpc(TRANSCRIBE, '{"OutputBucketName":null}', "transcribe"), "StartTranscriptionJob", START),
    ("a condition in the query", rpc(TRANSCRIBE, '{"OutputBucketName":"a"}', "transcribe", path="/?OutputBucketName=b"),
     "StartTranscriptionJob", [("transcribe:StartTranscriptionJob", "if:transcribe:OutputBucketName=a")]),
    ("not a text", rpc(PUT, '{"TableName":["a"]}'), "PutItem", ANY_TABLE),
    ("half a surrogate", rpc(PUT, '{"TableName":"\\ud83d"}'), "PutItem", ANY_TABLE),
    ("no JSON", rpc(PUT, '{"TableName":"a"'), "PutItem", ANY_TABLE),
    ("no body", rpc(PUT, ""), "PutItem", ANY_TABLE),
    ("wildcard", rpc(PUT, '{"TableName":"*"}'), "PutItem", [("dynamodb:PutItem", arn("dynamodb", "table/*\\"))]),
    ("an index that is an ARN", rpc("DynamoDB_20120810.Query", json.dumps({"TableName": "t", "IndexName": TABLE})), "Query",
     [("dynamodb:Query", f"{TABLE}/index/{TABLE}")]),
    ("wildcard for an operation", rpc("DynamoDB_20120810.*", "{}"), "", []),
    ("no operation", rpc("DynamoDB_20120810.", "{}"), "", []),
    ("target and action", rpc(PUT, "Action=ListQueues", "sqs", "application/x-www-form-urlencoded"), "", []),
    ("a form", rpc("", "Action=SendMessage&QueueUrl=https%3A%2F%2Fsqs%2F210987654321%2Fq&MessageBody=a+b", "sqs",
                   "application/x-www-form-urlencoded"), "SendMessage", [("sqs:SendMessage", arn("sqs", "q", account="210987654321"))]),
    ("the queue in the path", rpc("", "Action=SendMessage", "sqs", "application/x-www-form-urlencoded", "/210987654321/q"),
     "SendMessage", [("sqs:SendMessage", arn("sqs", "q", account="210987654321"))]),
    ("two actions", rpc("", "Action=Publish&Action=DeleteTopic", "sns", "application/x-www-form-urlencoded"), "", []),
    ("an action in the query and the form", rpc("", "Action=Publish", "sns", "application/x-www-form-urlencoded", "/?Action=DeleteTopic"),
     "", []),
    ("in the query", Request("GET", f"https://sns.{REGION}.amazonaws.com/?Action=Publish&TopicArn=arn%3Aaws%3Asns%3Ax%3Ay%3Az",
                             signing="sns"), "Publish", [("sns:Publish", "arn:aws:sns:x:y:z")]),
    ("CBOR in pieces", Request("POST", f"https://transcribe.{REGION}.amazonaws.com/service/Transcribe/operation/GetVocabulary",
                               [("Content-Type", "application/cbor")], b"\xbf\x6eVocabularyName\x61v\xff", "transcribe"), "GetVocabulary",
     [("transcribe:GetVocabulary", arn("transcribe", "vocabulary/v"))]),
    ("CBOR cut off", Request("POST", f"https://transcribe.{REGION}.amazonaws.com/service/Transcribe/operation/GetVocabulary",
                             [], b"\xa2\x6eVocabularyName\x61v", "transcribe"), "GetVocabulary",
     [("transcribe:GetVocabulary", arn("transcribe", "vocabulary/*"))]),
    ("compressed", Request("POST", f"https://dynamodb.{REGION}.amazonaws.com/", [("X-Amz-Target", PUT), ("Content-Encoding", "gzip")],
                           b'{"TableName":"a"}', "dynamodb"), "PutItem", ANY_TABLE),
    ("streaming", Request("POST", f"https://transcribestreaming.{REGION}.amazonaws.com/stream-transcription", signing="transcribe"),
     "StartStreamTranscription", [("transcribe:StartStreamTranscription", "*")]),
    ("web socket", Request("GET", f"https://transcribestreaming.{REGION}.amazonaws.com/stream-transcription-websocket?language-code=en-US",
                           signing="transcribe"), "StartStreamTranscriptionWebSocket",
     [("transcribe:StartStreamTranscriptionWebSocket", "*")]),
    ("API Gateway", Request("PATCH", f"https://apigateway.{REGION}.amazonaws.com/restapis/a", signing="apigateway"), "PATCH",
     [("apigateway:PATCH", f"arn:aws:apigateway:{REGION}::/restapis/a")]),
    ("an API", Request("GET", f"https://a1b2.execute-api.{REGION}.amazonaws.com/prod/pets/1", signing="execute-api"), "Invoke",
     [("execute-api:Invoke", arn("execute-api", "a1b2/prod/GET/pets/1"))]),
    ("a connection", Request("POST", f"https://a1b2.execute-api.{REGION}.amazonaws.com/prod/@connections/c%3D", signing="execute-api"),
     "ManageConnections", [("execute-api:ManageConnections", arn("execute-api", "a1b2/prod/POST/@connections/c="))]),
    ("an API by its own name", Request("GET", "https://api.example.com/pets", signing="execute-api"), "Invoke",
     [("execute-api:Invoke", arn("execute-api", "*"))]),
    ("a function's URL", Request("GET", f"https://abc.lambda-url.{REGION}.on.aws/", signing="lambda"), "InvokeFunctionUrl",
     [("lambda:InvokeFunctionUrl", arn("lambda", "function:*"))]),
    ("dots in a path", Request("POST", f"https://lambda.{REGION}.amazonaws.com/2015-03-31/functions/../invocations", signing="lambda"), "", []),
    ("REST of which there is no table", Request("GET", f"https://eks.{REGION}.amazonaws.com/clusters", signing="eks"), "", []),
    ("a service nobody knows", rpc("New_2030.DoIt", "{}", "newservice"), "DoIt", [("newservice:DoIt", "*")]),
]


@pytest.mark.parametrize("name, request_, operation, needed", WIRE, ids=[row[0] for row in WIRE])
def test_on_the_wire(name, request_, operation, needed):
    (answer, _, found), = ask([request_])
    assert (answer, found) == (operation, needed), name


def test_without_an_account():
    request = rpc(PUT, '{"TableName":"a"}')
    line = request.line().split(b"\t")
    line[2] = b""
    request.line = lambda: b"\t".join(line)
    assert ask([request])[0][2] == [("dynamodb:PutItem", f"arn:aws:dynamodb:{REGION}:*")]


def test_a_body_that_is_not_there_is_missed():
    requests = [rpc(PUT, ""), rpc(PUT, "{}"), rpc("DynamoDB_20120810.ListTables", "")]
    assert [wants for _, wants, _ in ask(requests)] == [True, False, False]
