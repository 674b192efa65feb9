"""What a role may do and what requests need, both as pairs of (action, resource), so that they can be compared.

A bucket is always BUCKET, whatever a template calls it, and what follows the last "/" of a key or of a job's
"memo-" is "*": a policy allows folders of keys and families of jobs, requests name single ones.
"""

import re

from cloud import ACCOUNT, BUCKET, JOBS, REGION

OBJECTS = "arn:aws:s3:::" + BUCKET
LOG_ACTIONS = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:TagResource", "logs:PutLogEvents"}
LOG_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


# What requests need

def needs(requests):
    """What the role must be allowed for these requests."""
    return {pair for request in requests for pair in _needs(request)}


def _needs(request):
    if request.target == "GetTranscriptionJob":
        return [("transcribe:GetTranscriptionJob", _family(request.body["TranscriptionJobName"]))]
    if request.target == "StartTranscriptionJob":
        job = request.body
        assert "JobExecutionSettings" not in job, "then a role of its own would read and write"
        return [("transcribe:StartTranscriptionJob", "*"),
                ("s3:GetObject", _folder(job["Media"]["MediaFileUri"].removeprefix("s3://"))),
                ("s3:PutObject", _folder(f"{job['OutputBucketName']}/{job['OutputKey']}"))]
    action = {"GET": "s3:GetObject", "PUT": "s3:PutObject"}[request.method]
    assert not request.target and "?" not in request.path
    return [(action, _folder(request.path.removeprefix("/")))]


def _folder(bucket_and_key):
    return f"arn:aws:s3:::{bucket_and_key.rpartition('/')[0]}/*"


def _family(job):
    return f"{JOBS}/{job.partition('-')[0]}-*"


# What a policy allows

def allowed(statements):
    """The pairs of a policy's statements without those of the log, which Lambda itself writes with the role."""
    pairs = set()
    for statement in statements:
        assert statement["Effect"] == "Allow" and set(statement) <= {"Effect", "Action", "Resource", "Sid"}, statement
        actions = set(as_list(statement["Action"]))
        if actions <= LOG_ACTIONS:
            assert all(":log-group:/aws/lambda/" in resource for resource in as_list(statement["Resource"]))
        else:
            pairs |= {(action, resource) for action in actions for resource in as_list(statement["Resource"])}
    return pairs


def statements_of(pairs):
    return [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in sorted(pairs)]


def as_list(value):
    return value if isinstance(value, list) else [value]


# CloudFormation

def of_cloudformation(template):
    """The statements of the one role that a template's functions have."""
    resources = resolve(template, template["Resources"])
    roles = [each for each in resources.values() if each["Type"] == "AWS::IAM::Role"]
    [role] = [role for role in roles if "lambda.amazonaws.com" in str(role["Properties"]["AssumeRolePolicyDocument"])]
    [name] = [name for name, each in resources.items() if each is role]
    assert set(as_list(role["Properties"].get("ManagedPolicyArns", []))) <= {LOG_POLICY}
    assert {each["Properties"]["Role"] for each in functions_of(template).values()} == {f"{name}.Arn"}
    documents = [policy["PolicyDocument"] for policy in role["Properties"]["Policies"]]
    assert not [each for each in resources.values() if each["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")]
    return [statement for document in documents for statement in document["Statement"]]


def functions_of(template):
    return {name: each for name, each in resolve(template, template["Resources"]).items()
            if each["Type"] == "AWS::Lambda::Function"}


def resolve(template, value):
    """A part of a template as the stack in ACCOUNT and REGION would have it; a Ref or GetAtt becomes plain text."""
    pseudo = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}

    def attribute(name):
        logical, _, which = name.partition(".")
        kind = template["Resources"].get(logical, {}).get("Type")
        if kind == "AWS::S3::Bucket":
            return OBJECTS if which == "Arn" else BUCKET
        return pseudo.get(name, name)

    if isinstance(value, list):
        return [resolve(template, each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(function, given)] = value.items()
        if function == "Ref":
            return attribute(given)
        if function == "Fn::GetAtt":
            return attribute(given if isinstance(given, str) else ".".join(given))
        if function == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: attribute(found[1]), given)
        if function == "Fn::Join":
            return given[0].join(resolve(template, given[1]))
    return {name: resolve(template, each) for name, each in value.items()}


# Terraform

def of_terraform(blocks):
    """The statements of the role in what the HCL parser makes of main.tf."""
    [policy] = named(blocks["resource"], "aws_iam_role_policy").values()
    [attached] = named(blocks["resource"], "aws_iam_role_policy_attachment").values()
    assert _terraform_text(blocks, attached["policy_arn"]) == LOG_POLICY
    document = re.fullmatch(r"\$\{data\.aws_iam_policy_document\.(\w+)\.json\}", policy["policy"])[1]
    return [{"Effect": "Allow", "Action": statement["actions"],
             "Resource": [_terraform_text(blocks, each) for each in statement["resources"]]}
            for statement in named(blocks["data"], "aws_iam_policy_document")[document]["statement"]]


def named(blocks, kind):
    """{name: block} of the resources or data of a kind."""
    return {name: block for each in blocks for name, block in each.get(kind, {}).items()}


def _terraform_text(blocks, text):
    known = {"data.aws_partition.here.partition": "aws", "data.aws_region.here.region": REGION,
             "data.aws_caller_identity.here.account_id": ACCOUNT, "aws_s3_bucket.memos.arn": OBJECTS,
             "local.jobs": blocks["locals"][0]["jobs"]}
    while "${" in text:
        text = re.sub(r"\$\{([^{}]+)\}", lambda found: known[found[1]], text)
    return text
