"""Records as the program prints them, and what `countersign policy` makes of them."""

import json
import os
import re
import subprocess

from harness.proxy import BINARY, SANITIZERS

OBJECTS = "arn:aws:s3:::photos/"
# Names that some format would take for more than a string. Each stands in a bucket of its own, so that none folds.
HARD_NAMES = [
    'quote"', "apostrophe'", "back\\slash", "end\\", "`tick`", "$", "${x}", "$${x}", "\\${env:HOME}", "\\\\${self:x}", "${env:HOME}",
    "${AWS::Region}", "$", "$(id)", "#{x}", "*", "?", "**", "${*}", "\\*", "\\$", "a: b", "a #b", "- a", "!Ref x", "&a", "*a",
    "{{resolve:ssm:x}}", "{{{a", "&{aws:username}", "&&{x}", "%{if true}", "%%{x}", "<script>", "</script>", "%", "%(x)s", "two\nlines", "\ttab", "cr\r", "nul\x01", "del\x7f", "c1\x85\x9f",
    "\u2028\u2029", "\ufeff", "\u202eright", "\u00e9t\u00e9", "\u65e5\u672c", "\U0001f642", "yes", "0x1", "a,b", "[a]", "~",
]

# Values of conditions: names of buckets that YAML would take for more than a string.
HARD_VALUES = ["memos", "123", "1e3", "0x1", "1_000", "true", "yes", "null", "2026-11-25", ".5", "-", "..."]


def condition(value, key="transcribe:OutputBucketName"):
    """A condition as a record has it, in the place of a resource."""
    return f"if:{key}={value}"


def arn(text):
    """A resource of the record, as IAM's pattern: nothing in it is a wildcard."""
    return "".join("${%s}" % c if c in "*?$" else c for c in text)


def line(needed, widened=(), lost=0):
    return json.dumps({"countersign": "policy", "version": 1, "needed": needed, "widened": list(widened), "lost": lost},
                      separators=(",", ":"))


def hard_record():
    return line({"s3:GetObject": [arn(f"arn:aws:s3:::b{i}/{name}") for i, name in enumerate(HARD_NAMES)],
                 "sqs:SendMessage": ["arn:aws:sqs:eu-west-1:123456789012:jobs"],
                 "transcribe:StartTranscriptionJob": ["*"],
                 "transcribe:StartMedicalScribeJob": [condition(value) for value in HARD_VALUES],
                 "s3:DeleteObject": [f"{OBJECTS}recordings/*"], "s3:ListBucket": ["arn:aws:s3:::photos"]})


def run(*arguments, text=""):
    """The finished program."""
    return subprocess.run([str(BINARY), *arguments], input=text.encode(), capture_output=True, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"], **SANITIZERS})


def policy(format_name, *lines):
    """What the program prints for these lines."""
    done = run("policy", f"--format={format_name}", "-", text="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def pairs(statements):
    """{(action, resource)} of statements whose names are IAM's."""
    found = set()
    for statement in statements:
        assert statement["Effect"] == "Allow" and set(statement) - {"Condition"} == {"Sid", "Effect", "Action", "Resource"}, statement
        resources = conditions(statement) if "Condition" in statement else as_list(statement["Resource"])
        assert not [each for each in as_list(statement["Resource"]) if each.startswith("if:")]
        found |= {(action, resource) for action in as_list(statement["Action"]) for resource in resources}
    return found


def conditions(statement):
    """What the statement's Condition asks for, as a record has it."""
    assert as_list(statement["Resource"]) == ["*"] and set(statement["Condition"]) == {"StringEquals"}
    return [condition(value, key) for key, values in statement["Condition"]["StringEquals"].items() for value in as_list(values)]


def as_written(format_name, statements):
    """The pairs as a format writes them: what it would take for more than a string became any one byte."""
    def change(resource):
        if format_name == "terraform":
            return re.sub(r"(?<=[&%])\{", "?", resource)
        resource = re.sub(r"(?<=\{)\{", "?", resource)
        return resource.replace("\\${", "?${") if format_name == "serverless" else resource

    return {(action, change(resource)) for action, resource in pairs(statements)}


def as_list(value):
    return value if isinstance(value, list) else [value]


def pairs_of_line(text):
    return {(action, resource) for action, resources in json.loads(text)["needed"].items() for resource in resources}
