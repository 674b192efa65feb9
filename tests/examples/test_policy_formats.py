"""Each deployment tool reads the policy that the program writes for it, and finds in it what IAM's JSON says."""

import json
import os
import re
import subprocess

import pytest
from deployment import NODE_FOLDER, PYTHON
from functions import ROOT
from harness.records import as_written, condition, hard_record, line, pairs, policy

HERE = ROOT / "tests" / "examples"
EASY = line({"s3:GetObject": ["arn:aws:s3:::photos/in/*", "arn:aws:s3:::photos/config.json"],
             "s3:PutObject": ["arn:aws:s3:::photos/in/*"], "transcribe:StartTranscriptionJob": ["*"],
             "transcribe:StartMedicalScribeJob": [condition("memos")]})
TEMPLATE = """Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      InlineCode: "def handler(event, context): pass"
"""
RECORDS = pytest.mark.parametrize("record", [EASY, hard_record()], ids=["easy", "hard"])


def run(*command):
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, timeout=120, check=False,
                          env={"PATH": os.defpath, "AWS_DEFAULT_REGION": "us-east-1"})
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def in_iam(record):
    return json.loads(policy("iam", record))["Statement"]


@RECORDS
def test_sam(tmp_path, record):
    template = tmp_path / "template.yaml"
    policies = "".join(f"      {each}\n" for each in policy("sam", record).splitlines())
    template.write_text(TEMPLATE + policies, encoding="utf-8")
    resources = run(PYTHON, HERE / "tools.py", "sam", template)["Resources"]
    [role] = [each for each in resources.values() if each["Type"] == "AWS::IAM::Role"]
    [made] = role["Properties"]["Policies"]
    assert made["PolicyDocument"]["Version"] == "2012-10-17"
    assert pairs(made["PolicyDocument"]["Statement"]) == as_written("sam", in_iam(record))


@RECORDS
def test_terraform(tmp_path, record):
    file = tmp_path / "policy.tf"
    file.write_text(policy("terraform", record), encoding="utf-8")
    blocks = run(PYTHON, HERE / "tools.py", "terraform", file)["data"]
    [document] = [block["aws_iam_policy_document"]["function"] for block in blocks]
    statements = [{"Sid": each["sid"], "Effect": each["effect"], "Action": each["actions"],
                   "Resource": [hcl_text(text) for text in each["resources"]], **hcl_condition(each)}
                  for each in document["statement"]]
    written = as_written("terraform", in_iam(record))
    assert not re.search(r"[$%]\{", str(statements)), "a template"
    assert {(action, resource.replace("&{", "${")) for action, resource in pairs(statements)} == written


def hcl_condition(statement):
    """The condition block of a statement, as IAM has it."""
    return {"Condition": {each["test"]: {each["variable"]: [hcl_text(text) for text in each["values"]]}}
            for each in statement.get("condition", [])}


def hcl_text(text):
    """The string that a literal of HCL stands for (HCL native syntax, quoted template expressions)."""
    return json.loads(f'"{text}"')


@RECORDS
@pytest.mark.parametrize("tool, name", [("cdk", "policy.ts"), ("serverless", "policy.yml")])
def test_node(tmp_path, record, tool, name):
    (tmp_path / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
    (tmp_path / name).write_text(policy(tool, record), encoding="utf-8")
    statements = run(NODE_FOLDER / "bin" / "node", HERE / "statements.mjs", tool, tmp_path / name)
    assert pairs(statements) == as_written(tool, in_iam(record))
