"""S3 and Transcribe on one server, for transcription jobs: strict about uploads (harness.uploads) and about what a job
is asked with, which botocore's model of Transcribe judges.

    jobs = Jobs()
    with Cloud(authority, jobs) as cloud:
        jobs.objects["/bucket/key"].content     # what was stored
        jobs.started                            # the requests of StartTranscriptionJob
        jobs.progress = ["QUEUED", "COMPLETED"] # what each question is told, the last again and again
        jobs.transcript = b"..."                # what is at jobs.uri, which completed jobs name
"""

import json

import botocore.session
from botocore.validate import ParamValidator
from harness.upstream import Response, Upstream
from harness.uploads import Uploads, error

MODEL = botocore.session.get_session().get_service_model("transcribe")
JSON = (("Content-Type", "application/x-amz-json-1.1"),)


def refusal(status, code, message="as the test wants"):
    return Response(status, json.dumps({"__type": code, "Message": message}).encode(), JSON)


def file_of(*texts, **more):
    """What Transcribe writes, of these transcripts."""
    return json.dumps({"jobName": "job", "accountId": "123456789012", "status": "COMPLETED",
                       "results": {"transcripts": [{"transcript": text} for text in texts],
                                   "items": [{"type": "pronunciation", "alternatives": [{"content": "transcript"}]}]},
                       **more}).encode()


class Jobs(Uploads):
    def __init__(self):
        super().__init__()
        self.started, self.questions, self.reads = [], [], []
        self.names, self.wrong = set(), []
        self.progress, self.details = ["COMPLETED"], {}
        self.instead_of = lambda operation, request: None      # an answer of Transcribe's
        self.transcript, self.uri, self.uri_name = file_of("Hello."), None, "TranscriptFileUri"

    def __call__(self, request):
        if request.proof and request.proof.service == "transcribe":
            return self.transcribe(request)
        if request.method == "GET":
            return self.read(request)
        return super().__call__(request)

    def transcribe(self, request):
        operation = request.header("x-amz-target").removeprefix("Transcribe.")
        asked = json.loads(request.read())
        shape = MODEL.operation_model(operation).input_shape
        report = ParamValidator().validate(asked, shape)
        known = all(name in shape.members for name in asked)
        if report.has_errors() or not known or request.header("content-type") != "application/x-amz-json-1.1":
            self.wrong.append((asked, report.generate_report()))
        if operation == "StartTranscriptionJob":
            self.started.append(asked)
        else:
            self.questions.append(asked["TranscriptionJobName"])
        return self.instead_of(operation, request) or getattr(self, operation)(asked)

    def StartTranscriptionJob(self, asked):
        name = asked["TranscriptionJobName"]
        if name in self.names:
            return refusal(400, "ConflictException", "The requested job name already exists.")
        self.names.add(name)
        if asked["Media"]["MediaFileUri"].removeprefix("s3:/") not in self.objects:
            return refusal(400, "BadRequestException", "The S3 URI can't be accessed.")
        job = {"TranscriptionJobName": name, "TranscriptionJobStatus": "QUEUED", "Media": asked["Media"]}
        return Response(body=json.dumps({"TranscriptionJob": job}).encode(), headers=JSON)

    def GetTranscriptionJob(self, asked):
        status = self.progress[min(len(self.questions), len(self.progress)) - 1]
        job = {"TranscriptionJobName": asked["TranscriptionJobName"], "TranscriptionJobStatus": status, **self.details}
        if status == "COMPLETED":
            job["Transcript"] = {self.uri_name: self.uri}
        return Response(body=json.dumps({"TranscriptionJob": job}).encode(), headers=JSON)

    def read(self, request):
        self.reads.append(request)
        if isinstance(self.transcript, Response):
            return self.transcript
        return Response(body=self.transcript) if self.transcript is not None else error(404, "NoSuchKey")


class Cloud(Upstream):
    """What is signed in its query is somebody else's, and not verified; it must have no other signature."""

    def _answer(self, request):
        if b"X-Amz-Signature=" not in request.target:
            return super()._answer(request)
        request.drain()
        return self.handler(request)
