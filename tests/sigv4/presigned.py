#!/usr/bin/env python3
"""presigned.py: 200 presigned URLs of S3 as boto3 makes them, for random keys, on standard output.

`build/venv/bin/python tests/sigv4/presigned.py >tests/sigv4/presigned.txt` writes the table anew.
"""

import datetime
import random
from unittest import mock
from urllib.parse import urlsplit

import boto3
import botocore
from botocore.config import Config

SEED, URLS = 20130524, 200
NOW = datetime.datetime(2013, 5, 24, tzinfo=datetime.timezone.utc)
KEYS = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22w+DOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTfl=="
ALPHABET = "abzAZ019-._~/ !\"#$%&'()*+,:;<=>?@[\\]^`{|}äß€漢😀\t\x7f"
OPERATIONS = {"get_object": "GET", "head_object": "HEAD", "put_object": "PUT", "delete_object": "DELETE",
              "upload_part": "PUT"}


def client(token):
    return boto3.client("s3", "us-east-1", aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1],
                        aws_session_token=token,
                        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))


def parameters(pick, operation):
    """Bucket, key, and now and then something that goes into the query."""
    key = "".join(pick.choices(ALPHABET, k=pick.randint(1, 24)))
    chosen = {"Bucket": "examplebucket", "Key": key}
    if operation == "upload_part":
        chosen.update(UploadId="".join(pick.choices(ALPHABET, k=8)), PartNumber=pick.randint(1, 10000))
    if operation in ("get_object", "head_object") and pick.random() < 0.5:
        chosen.update(VersionId="3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY")
    if operation == "get_object" and pick.random() < 0.5:
        chosen.update(ResponseContentDisposition=f'attachment; filename="{key}"')
    return chosen


def main():
    pick = random.Random(SEED)
    clients = {"no": client(None), "yes": client(TOKEN)}
    print(f"# Presigned URLs of S3 by boto3 {boto3.__version__}, botocore {botocore.__version__}; "
          "made by tests/sigv4/presigned.py.")
    print("# Method, path, the operation's own query (or -), whether there is a session token, expires, signature.")
    print(f"# Host s3.amazonaws.com, {NOW:%Y%m%dT%H%M%SZ}, {KEYS[0]}, {KEYS[1]};\n# {TOKEN}")
    with mock.patch.object(botocore.auth, "get_current_datetime", lambda: NOW):
        for _ in range(URLS):
            operation, token = pick.choice(list(OPERATIONS)), pick.choice(["no", "yes"])
            expires = pick.randint(1, 604800)
            url = urlsplit(clients[token].generate_presigned_url(operation, parameters(pick, operation), expires))
            own, signed = url.query.split("X-Amz-Algorithm=")
            assert url.netloc == "s3.amazonaws.com", url
            print(OPERATIONS[operation], url.path, own.rstrip("&") or "-", token, expires, signed.rpartition("=")[2])


if __name__ == "__main__":
    main()
