"""Voice memos with the CDK: the same function in shell, Python and Node, one bucket, one role."""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

app = App()
stack = Stack(app, "VoiceMemos")
bucket = s3.Bucket(stack, "Bucket")

# Not bucket.grant_read_write(): that allows a dozen actions on the whole bucket.
role = iam.Role(
    stack, "Role",
    assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
    managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(
        "service-role/AWSLambdaBasicExecutionRole")],  # its log
    inline_policies={"memos": iam.PolicyDocument(statements=[
        iam.PolicyStatement(
            actions=["s3:PutObject", "s3:GetObject"],
            resources=[bucket.arn_for_objects("memos/*"), bucket.arn_for_objects("transcripts/*")]),
        iam.PolicyStatement(
            actions=["transcribe:StartTranscriptionJob"],
            resources=["*"]),  # AWS offers nothing narrower for it
        iam.PolicyStatement(
            actions=["transcribe:GetTranscriptionJob"],
            resources=[stack.format_arn(
                service="transcribe", resource="transcription-job", resource_name="memo-*")]),
    ])})

countersign = lambda_.LayerVersion(
    stack, "Countersign",
    code=lambda_.Code.from_asset("../../../build/layer/countersign-x86_64.zip"))


def memos(name, runtime, handler):
    lambda_.Function(
        stack, name,
        code=lambda_.Code.from_asset(f"../functions/{name.lower()}"),
        layers=[countersign],
        runtime=runtime, handler=handler, role=role,
        architecture=lambda_.Architecture.X86_64,
        timeout=Duration.minutes(5),
        memory_size=256,
        environment={"BUCKET": bucket.bucket_name})


memos("Shell", lambda_.Runtime.PROVIDED_AL2023, "memo")
memos("Python", lambda_.Runtime.PYTHON_3_13, "app.handler")
memos("Node", lambda_.Runtime.NODEJS_22_X, "index.handler")
app.synth()
