"""S3, IAM and Transcribe on loopback: moto in this process, with every signature and every permission checked.

moto's jobs have no result, so this does Transcribe's own part: with the caller's credentials it reads the
recording and writes the transcript, and refuses the job where the caller may not, as AWS does. (AWS does so
because the jobs name no role for it: no JobExecutionSettings.DataAccessRoleArn.)

    with Cloud() as cloud:
        cloud.allow(statements)                 # the role's policy, from now on
        cloud.credentials                       # the role's, as Lambda gives them to a function
        cloud.requests                          # all that came to cloud.url
"""

import json
import threading
from dataclasses import dataclass
from io import BytesIO
from math import inf
from urllib.request import urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.moto_api import state_manager
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

ACCOUNT, REGION, ROLE, BUCKET = "123456789012", "us-east-1", "voice-memos", "the-bucket"
JOBS = f"arn:aws:transcribe:{REGION}:{ACCOUNT}:transcription-job"
TEXT = 'He said: "Buy milk."'
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
NOBODY = {"AWS_ACCESS_KEY_ID": "ASIANOBODY", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x"}


@dataclass
class Request:
    """One request as it came; target is the operation that X-Amz-Target names, body that of such a request."""
    method: str
    path: str
    target: str
    body: dict


class Cloud:
    def __init__(self):
        self.requests = []
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.servers = [self._listen(self._front), self._listen(self.moto)]
        self.url, self.inner_url = (f"http://127.0.0.1:{server.port}" for server in self.servers)
        urlopen(f"{self.inner_url}/moto-api/reset", data=b"").close()
        with _unchecked():
            self.client("iam", NOBODY).create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
            self.client("s3", NOBODY).create_bucket(Bucket=BUCKET)
            given = self.client("sts", NOBODY).assume_role(
                RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}", RoleSessionName="function")["Credentials"]
        self.credentials = {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"], "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = _check

    def __enter__(self):
        return self

    def __exit__(self, *_):
        settings.INITIAL_NO_AUTH_ACTION_COUNT = inf
        state_manager.unset_transition("transcribe::transcriptionjob")
        ActionAuthenticatorMixin._authenticate_and_authorize_normal_action = PLAIN_CHECK
        for server in self.servers:
            server.shutdown()

    @staticmethod
    def _listen(application):
        server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def client(self, service, credentials=None):
        """boto3's, straight to moto: what it asks is not among the requests."""
        keys = credentials or self.credentials
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.inner_url, aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"], aws_session_token=keys["AWS_SESSION_TOKEN"],
            config=Config(retries={"total_max_attempts": 1}))

    def allow(self, statements):
        """The role may do this, and nothing else; forgets the requests so far."""
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        with _unchecked():
            self.client("iam", NOBODY).put_role_policy(RoleName=ROLE, PolicyName="its", PolicyDocument=policy)
        self.requests.clear()

    @staticmethod
    def hurry():
        """A job is done when it is first asked for; else it takes three times to ask."""
        state_manager.set_transition("transcribe::transcriptionjob", {"progression": "immediate"})

    def empty(self, prefix):
        """The bucket has nothing under the prefix."""
        with _unchecked():
            s3 = self.client("s3", NOBODY)
            for each in s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=each["Key"])

    # What came

    def _front(self, environ, start_response):
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        body = {}
        if target:
            data = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = BytesIO(data)
            body = json.loads(data)
        self.requests.append(Request(environ["REQUEST_METHOD"], environ["RAW_URI"], target, body))
        if target == "StartTranscriptionJob" and not self._transcribe(body):
            answer = json.dumps({"__type": "BadRequestException", "Message": "The S3 URI can't be accessed."})
            start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
            return [answer.encode()]
        return self.moto(environ, start_response)

    def _transcribe(self, job):
        """Transcribe's part of a job; False where the caller may not read or write what it names."""
        s3 = self.client("s3")
        media_bucket, media_key = job["Media"]["MediaFileUri"].removeprefix("s3://").split("/", 1)
        result = {"results": {"transcripts": [{"transcript": TEXT}], "items": []}, "status": "COMPLETED"}
        try:
            s3.get_object(Bucket=media_bucket, Key=media_key)["Body"].read()
            s3.put_object(Bucket=job["OutputBucketName"], Key=job["OutputKey"],
                          Body=json.dumps(result, separators=(",", ":")).encode())
        except ClientError:
            return False
        return True


PLAIN_CHECK = ActionAuthenticatorMixin._authenticate_and_authorize_normal_action


def _check(response, resource="*"):
    """moto asks whether an action is allowed on "*"; for a job that has a name this is not the question."""
    if response._get_action() == "GetTranscriptionJob" and response.headers.get("X-Amz-Target"):
        resource = f"{JOBS}/{json.loads(response.body)['TranscriptionJobName']}"
    PLAIN_CHECK(response, resource)


class _unchecked:
    """moto takes every call, as it does before it is told to check."""

    def __enter__(self):
        self.before, settings.INITIAL_NO_AUTH_ACTION_COUNT = settings.INITIAL_NO_AUTH_ACTION_COUNT, inf

    def __exit__(self, *_):
        settings.INITIAL_NO_AUTH_ACTION_COUNT = self.before
