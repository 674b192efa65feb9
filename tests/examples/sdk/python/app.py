"""A function that uses boto3 as anybody would: it knows nothing of countersign."""

import io
import os

import boto3
from boto3.s3.transfer import TransferConfig

s3, transcribe = boto3.client("s3"), boto3.client("transcribe")
BUCKET = os.environ["BUCKET"]


def handler(_event, context):
    s3.put_object(Bucket=BUCKET, Key="sdk/a b+c.wav", Body=b"hello", Metadata={"note": "x"})
    large = os.urandom(6 << 20)
    s3.upload_fileobj(io.BytesIO(large), BUCKET, "sdk/large", Config=TransferConfig(
        multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
    target = io.BytesIO()
    s3.download_fileobj(BUCKET, "sdk/large", target)
    transcribe.start_transcription_job(
        TranscriptionJobName=context.aws_request_id, LanguageCode="en-US",
        Media={"MediaFileUri": f"s3://{BUCKET}/sdk/a b+c.wav"}, OutputBucketName=BUCKET, OutputKey="text/sdk.json")
    job = transcribe.get_transcription_job(TranscriptionJobName=context.aws_request_id)["TranscriptionJob"]
    account = None
    if "AWS_ENDPOINT_URL_STS" in os.environ:
        account = boto3.client("sts").get_caller_identity()["Account"]
    return {
        "endpoints": [s3.meta.endpoint_url, transcribe.meta.endpoint_url],
        "body": s3.get_object(Bucket=BUCKET, Key="sdk/a b+c.wav")["Body"].read().decode(),
        "large": target.getvalue() == large,
        "keys": [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="sdk/")["Contents"]],
        "language": job["LanguageCode"],
        "account": account,
    }
