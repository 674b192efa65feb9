"""`countersign unused`: what a role's policy grants and nothing used, and what is broader than use."""

import json

import pytest
from harness.records import OBJECTS, condition, line, run

RECORD = line({"s3:GetObject": [f"{OBJECTS}in/*", f"{OBJECTS}config.json"], "s3:PutObject": [f"{OBJECTS}in/*"],
               "transcribe:StartTranscriptionJob": ["*"]})
UNUSED = "All that the policy grants was used.\n"


def allow(actions, resources, sid=None, **more):
    return {**({"Sid": sid} if sid else {}), "Effect": "Allow", "Action": actions, "Resource": resources, **more}


@pytest.fixture
def unused(tmp_path):
    def compare(*statements, record=RECORD, wrap=None):
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        (tmp_path / "role.json").write_text(json.dumps(wrap(document) if wrap else document))
        done = run("unused", str(tmp_path / "role.json"), "-", text=record + "\n")
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()
    return compare


EXACT = [allow(["s3:GetObject", "s3:PutObject"], f"{OBJECTS}in/*"), allow("s3:GetObject", [f"{OBJECTS}config.json"]),
         allow("transcribe:StartTranscriptionJob", "*")]


def test_a_policy_that_fits(unused):
    assert unused(*EXACT) == UNUSED
    assert unused(*EXACT, {"Effect": "Deny", "Action": "*", "Resource": "*"}) == UNUSED
    assert unused(*EXACT, wrap=lambda document: {"RoleName": "memo", "PolicyDocument": document}) == UNUSED
    assert unused(*EXACT, wrap=lambda document: {"PolicyVersion": {"Document": document}}) == UNUSED


def test_statements_that_nothing_used(unused):
    assert unused(*EXACT, allow("sqs:*", "*", "Queue"), allow("s3:GetObject", "arn:aws:s3:::other/*")) == (
        "statement 4 (Queue): nothing used it\nstatement 5: nothing used it\n")


def test_actions_and_resources_that_nothing_used(unused):
    wide = allow(["s3:GetObject", "S3:PUTOBJECT", "s3:DeleteObject"], [f"{OBJECTS}in/*", "arn:aws:s3:::other/*"], "Objects")
    assert unused(wide) == ("statement 1 (Objects): s3:DeleteObject was never used\n"
                            "statement 1 (Objects): arn:aws:s3:::other/* was never used\n")


def test_broader_than_use(unused):
    assert unused(allow("s3:*", "*", "All")) == (
        "statement 1 (All): s3:* is broader than use:\n    s3:GetObject\n    s3:PutObject\n"
        "statement 1 (All): * is broader than use:\n"
        f"    {OBJECTS}config.json\n    {OBJECTS}in/*\n")


def test_many_uses_are_counted(unused):
    record = line({"s3:ListBucket": [f"arn:aws:s3:::b{i:02}" for i in range(15)]})
    said = unused(allow("s3:ListBucket", "*"), record=record)
    assert said.startswith("statement 1: * is broader than use:\n    arn:aws:s3:::b00\n") and "b09\n" in said
    assert said.endswith("\n    and 5 more\n") and "b10" not in said


def test_a_folder_may_have_used_what_is_in_it(unused):
    assert unused(*EXACT, allow("s3:GetObject", f"{OBJECTS}in/one")) == UNUSED


def test_conditions_that_are_understood_are_compared(unused):
    start, on = "transcribe:StartTranscriptionJob", {"StringEquals": {"transcribe:OutputBucketName": ["memos", "notes"]}}
    record = line({start: [condition("memos")]})
    assert unused(allow(start, "*", Condition=on), record=record) == (
        "statement 1: * where transcribe:OutputBucketName is notes was never used\n")
    like = {"StringLike": {"transcribe:OutputBucketName": "m*"}}
    assert unused(allow(start, "*", Condition=like), record=record) == (
        "statement 1: * where transcribe:OutputBucketName is m* is broader than use:\n"
        "    * where transcribe:OutputBucketName is memos\n")
    assert unused(allow(start, "*"), record=record) == (
        "statement 1: * is broader than use:\n    * where transcribe:OutputBucketName is memos\n")
    other = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    assert unused(allow(start, "*", Condition=other), record=line({start: ["*"]})) == UNUSED


def test_what_cannot_be_compared_is_named(unused):
    assert unused(*EXACT, {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}) == (
        "statement 4: has NotAction, which cannot be compared\n")


def test_nothing_of_a_record_reaches_the_terminal_raw(unused):
    record = line({"s3:GetObject": [f"{OBJECTS}\x1b[2J\x9b"]})
    assert f"    {OBJECTS}\\u001b[2J\\u009b\n" in unused(allow("s3:*", "*"), record=record)


def test_mistakes(tmp_path):
    role = tmp_path / "role.json"
    assert run("unused").returncode == 2 and run("unused", str(role)).returncode == 2
    assert b"No such file" in run("unused", str(role), "-").stderr
    role.write_text('{"Statement":[{"Effect":"Allow","Action":"s3","Resource":"*"}]}')
    done = run("unused", str(role), "-", text=RECORD)
    assert done.returncode == 1 and b'role.json: statement 1: "s3": an action is' in done.stderr
