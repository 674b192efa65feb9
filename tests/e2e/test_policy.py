"""`countersign policy`: records of many environments become one policy, whose formats say the same."""

import json

import pytest
import yaml
from harness.records import OBJECTS, as_written, condition, hard_record, line, pairs, pairs_of_line, policy, run
from moto.iam.policy_validation import IAMPolicyDocumentValidator

GET, PUT = "s3:GetObject", "s3:PutObject"


def iam(*lines):
    document = policy("iam", *lines)
    IAMPolicyDocumentValidator(document).validate()
    return json.loads(document)["Statement"]


def test_iam_says_what_the_record_says():
    assert pairs(iam(hard_record())) == pairs_of_line(hard_record())


def test_yaml_says_the_same_as_iam():
    [sam] = yaml.safe_load(policy("sam", hard_record()))["Policies"]
    assert sam["Version"] == "2012-10-17" and pairs(sam["Statement"]) == as_written("sam", iam(hard_record()))
    serverless = yaml.safe_load(policy("serverless", hard_record()))["iamRoleStatements"]
    assert pairs(serverless) == as_written("serverless", iam(hard_record()))


def test_statements_as_a_person_would_write_them():
    record = line({GET: [f"{OBJECTS}in/*", f"{OBJECTS}config.json", "arn:aws:s3:::other/x"], PUT: [f"{OBJECTS}in/*"],
                   "s3:DeleteObject": [f"{OBJECTS}in/*"], "s3:ListBucket": ["arn:aws:s3:::photos"],
                   "dynamodb:PutItem": ["arn:aws:dynamodb:eu-west-1:123456789012:table/memos"],
                   "transcribe:StartTranscriptionJob": ["*"]})
    found = {each["Sid"]: (each["Action"], each["Resource"]) for each in iam(record)}
    assert found == {
        "DynamoDBPutItemMemos": (["dynamodb:PutItem"], ["arn:aws:dynamodb:eu-west-1:123456789012:table/memos"]),
        "S3ReadWriteDeletePhotos": (["s3:DeleteObject", GET, PUT], [f"{OBJECTS}in/*"]),
        "S3GetObject": ([GET], ["arn:aws:s3:::other/x", f"{OBJECTS}config.json"]),
        "S3ListBucketPhotos": (["s3:ListBucket"], ["arn:aws:s3:::photos"]),
        "TranscribeStartTranscriptionJob": (["transcribe:StartTranscriptionJob"], ["*"]),
    }


def test_conditions_stand_by_themselves():
    """An action that takes no resource on what its key must be: the same actions and key together."""
    start, scribe = "transcribe:StartTranscriptionJob", "transcribe:StartMedicalScribeJob"
    record = line({start: [condition("memos"), condition("notes")], scribe: [condition("memos")],
                   "transcribe:ListVocabularies": ["*"], "transcribe:StartCallAnalyticsJob": ["*"]})
    found = {each["Sid"]: (each["Action"], each["Resource"], each.get("Condition")) for each in iam(record)}

    def on(bucket):
        return {"StringEquals": {"transcribe:OutputBucketName": [bucket]}}
    assert found == {
        "TranscribeWriteMemos": ([scribe, start], ["*"], on("memos")),
        "TranscribeStartTranscriptionJobNotes": ([start], ["*"], on("notes")),
        "TranscribeListWrite": (["transcribe:ListVocabularies", "transcribe:StartCallAnalyticsJob"], ["*"], None)}


def test_several_values_are_one_condition():
    record = line({"transcribe:StartTranscriptionJob": [condition("notes"), condition("memos")]})
    assert [each["Condition"] for each in iam(record)] == [
        {"StringEquals": {"transcribe:OutputBucketName": ["memos", "notes"]}}]


def test_a_condition_and_a_resource_are_two_statements():
    table = "arn:aws:dynamodb:eu-west-1:123456789012:table/memos"
    record = line({"dynamodb:PutItem": [condition("memos"), table]})
    assert [(each["Resource"], "Condition" in each) for each in iam(record)] == [([table], False), (["*"], True)]


def test_without_a_condition_covers_every_one():
    record = line({"transcribe:StartTranscriptionJob": [condition("memos"), "*", condition("notes")]})
    assert [(each["Resource"], each.get("Condition")) for each in iam(record)] == [(["*"], None)]


@pytest.mark.parametrize("bad", ["if:", "if:transcribe:OutputKey=a", "if:transcribe:OutputBucketName", condition(""), condition("a b"),
                                 condition('"'), condition("${$}{x}"), condition("a*"), condition("{{x}}"), condition("a:b"), "if*"])
def test_what_is_no_condition_is_not_written(bad):
    """Whatever a log holds: no format is handed a value that it could take for more."""
    for name in ("iam", "serverless", "sam", "cdk", "terraform"):
        assert "if:" not in policy(name, line({"transcribe:StartTranscriptionJob": [bad], GET: [f"{OBJECTS}a"]}))


def test_names_are_unique():
    record = line({f"s3:Get{name}": [f"{OBJECTS}{name}"] for name in ("A", "B")}
                  | {f"s3:Get{'X' * 40}{i}": [f"{OBJECTS}k{i}"] for i in range(3)}
                  | {f"s3:Put{name}": [f"{OBJECTS}{name}"] for name in ("A", "B")})
    sids = [each["Sid"] for each in iam(record)]
    assert len(set(sids)) == len(sids) == 5 and {"S3ReadWritePhotos", "S3ReadWritePhotos2"} < set(sids)
    assert all(sid.isascii() and sid.isalnum() for sid in sids)


def test_records_are_found_in_exports():
    one, two = line({GET: [f'{OBJECTS}a"b\\']}), line({PUT: [f"{OBJECTS}b"]})
    escaped = json.dumps({"timestamp": 1, "message": one + "\n"})
    csv = '1,"' + two.replace('"', '""') + '"'
    other = ["START RequestId: 1", '{"countersign":"other"}', "{", "", "[]", '{"message":"x"}']
    both = pairs_of_line(one) | pairs_of_line(two)
    assert pairs(iam(one, *other, two)) == both
    assert pairs(iam(escaped, csv)) == both
    assert pairs(iam(f"2026-11-25T20:00:00.000Z {one}", f"2026/11/25/[$LATEST]1 {two} ")) == both


def test_merging_folds():
    lines = [line({GET: [f"{OBJECTS}in/{i}-{j}" for j in range(3)]}) for i in range(5)]
    assert pairs(iam(*lines)) == pairs(iam(*reversed(lines))) == {(GET, f"{OBJECTS}in/*")}


def test_what_is_not_complete_says_so():
    record = line({GET: ["*"]}, widened=[GET], lost=3)
    assert [each["Sid"] for each in iam(record)] == ["S3GetObjectTooManyToList"]
    for name in ("serverless", "sam", "cdk", "terraform"):
        assert "TooManyToList are wide" in policy(name, record) and "no room for 3 more" in policy(name, record)


@pytest.mark.parametrize("broken", [
    line({GET: [OBJECTS]})[:-20], '{"countersign":"policy","version":2,"needed":{}}', '{"countersign":"policy"}',
    line({GET: OBJECTS}), line({GET: [1]}), line({GET: ["a*b"]}), line({GET: ["${aws:username}"]}),
])
def test_broken_records_are_told(broken):
    good = line({PUT: [f"{OBJECTS}b"]})
    done = run("policy", "-", text=f"{good}\n{broken}\n")
    assert done.returncode == 0 and b"-:2: a record that is cut" in done.stderr
    assert (PUT, f"{OBJECTS}b") in pairs(json.loads(done.stdout)["Statement"])


def test_several_files(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}").write_text(line({GET: [f"{OBJECTS}{i}x"]}) + "\n")
    done = run("policy", *(str(tmp_path / f"{i}") for i in range(3)))
    assert pairs(json.loads(done.stdout)["Statement"]) == {(GET, f"{OBJECTS}{i}x") for i in range(3)}


def test_mistakes(tmp_path):
    assert run("policy").returncode == 2
    assert run("policy", "--format=xml", "-").returncode == 2
    assert b"usage" in run("policy", "--format=iam").stderr
    missing = run("policy", str(tmp_path / "none"))
    assert missing.returncode == 1 and b"No such file" in missing.stderr
    nothing = run("policy", "-", text="START\n")
    assert nothing.returncode == 1 and b"COUNTERSIGN_POLICY=log" in nothing.stderr and not nothing.stdout
