"""moto's server as AWS: over TLS, with a role, and refusing every request whose SigV4 does not verify.

moto checks nothing until it is told how many calls are free (INITIAL_NO_AUTH_ACTION_COUNT); those set up a
role with a small policy, a bucket and the role's session. From then on each call needs a right signature, the
right session token and a policy that allows it. (It does not check that a body matches its hash.)
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
from importlib.metadata import version

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from wire import free_port

ROLE, BUCKET, REGION = "voice-memos", "voice-memos", "us-east-1"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"],
     "Resource": f"arn:aws:s3:::{BUCKET}/*"},
    {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
    {"Effect": "Allow", "Action": ["transcribe:StartTranscriptionJob", "transcribe:GetTranscriptionJob"],
     "Resource": "*"}]}
FREE_CALLS = 4
REQUEST = re.compile(r'"(?:\x1b\[\d+m)*([A-Z]+) (\S+) HTTP/1\.1(?:\x1b\[\d+m)*" (\d{3})')


class Verifier:
    """Started by start() or `with`, ended by close(). url and bundle are where it is and what to trust.

    credentials are the role's: variables as Lambda gives them to a function.
    """

    def __init__(self, authority, folder, policy=None):
        self.authority, self.log = authority, folder / "server.log"
        self.policy = policy or POLICY
        self.process = self.credentials = self.role = self.url = None
        self.bundle = authority.bundle
        self.name = f"moto {version('moto')}"

    def start(self):
        certificate, key = self.authority.issue("localhost", "127.0.0.1")
        port = free_port()
        self.url = f"https://localhost:{port}"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port),
                 "-c", str(certificate), "-k", str(key)],
                env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(FREE_CALLS)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self._await(port)
        self._set_up()

    def _await(self, port):
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not answer in time")

    def _set_up(self):
        """The free calls, FREE_CALLS of them: not one more, so that nothing goes unverified later."""
        nobody = {"AWS_ACCESS_KEY_ID": "ASIANOBODY", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x"}
        iam = self.client("iam", nobody)
        self.role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName=ROLE, PolicyName="least-privilege", PolicyDocument=json.dumps(self.policy))
        self.client("s3", nobody).create_bucket(Bucket=BUCKET)
        session = self.client("sts", nobody).assume_role(RoleArn=self.role, RoleSessionName="emulated")
        given = session["Credentials"]
        self.credentials = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"], "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}

    def client(self, service, credentials):
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.url, verify=str(self.bundle),
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials["AWS_SESSION_TOKEN"],
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}))

    def is_strict(self):
        """Whether it does refuse a wrong secret, a wrong session token and an action outside the policy."""
        other = {**self.credentials, "AWS_SECRET_ACCESS_KEY": "not-the-secret"}
        stale = {**self.credentials, "AWS_SESSION_TOKEN": "not-the-token"}
        return [_refusal(self.client("s3", other).list_objects_v2, Bucket=BUCKET),
                _refusal(self.client("s3", stale).list_objects_v2, Bucket=BUCKET),
                _refusal(self.client("s3", self.credentials).list_buckets),
                ] == ["SignatureDoesNotMatch", "InvalidToken", "AccessDenied"]

    def requests(self):
        """Every request that it has answered: (method, path and query, status)."""
        return [(method, path, int(status)) for method, path, status in REQUEST.findall(self.log.read_text())]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _refusal(call, **arguments):
    """The error code of a call that is refused, or None for one that is not."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None
