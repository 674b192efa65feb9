"""Requests as boto3 makes them, and what countersign says that they need."""

import io
import re
import subprocess
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import boto3
import botocore.model
from botocore import UNSIGNED
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
ASK = ROOT / "build" / "asan" / "permissions" / "ask"
ACCOUNT, REGION = "123456789012", "eu-west-1"


class Sent(Exception):
    """Thrown where a request would be sent."""

    def __init__(self, request):
        super().__init__(request.url)
        self.request = request


class Request:
    """As the service sees it."""

    def __init__(self, method, url, fields=(), body=b"", signing="s3"):
        parts = urlsplit(url)
        self.method, self.host, self.path, self.query = method, parts.hostname, parts.path or "/", parts.query
        self.fields, self.body, self.signing = list(fields), body, signing

    def line(self):
        columns = [self.signing, REGION, ACCOUNT, self.method, self.host, self.path, self.query, self.body]
        return b"\t".join(map(escape, columns + [f"{name}:{value}" for name, value in self.fields]))


def escape(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return re.sub(rb"[\x00-\x1f\\\x7f-\xff]", lambda match: b"\\%02x" % match[0][0], raw)


def ask(requests):
    """(operation, whether the body would tell more, [(action, resource)]) of each."""
    lines = b"".join(request.line() + b"\n" for request in requests)
    done = subprocess.run([str(ASK)], input=lines, stdout=subprocess.PIPE, check=True, timeout=300)
    answers = []
    for line in done.stdout.decode(errors="surrogateescape").splitlines():
        operation, wants, *needed = line.split("\t")
        answers.append((operation, wants == "body", list(zip(needed[::2], needed[1::2], strict=True))))
    assert len(answers) == len(requests)
    return answers


def client(service, protocol=None):
    """One that sends nothing. protocol: which of those that the service speaks, else boto3's choice."""
    order = (protocol,) if protocol else botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS
    with mock.patch.object(botocore.model, "PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", order):
        made = boto3.client(service, REGION, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="x",
                            config=Config(signature_version=UNSIGNED, parameter_validation=False,
                                          retries={"total_max_attempts": 1}))

    def stop(request, **_):
        raise Sent(request)

    made.meta.events.register("before-send", stop)
    return made


def body_of(request):
    body = request.body
    if isinstance(body, io.IOBase) or hasattr(body, "read"):
        body = body.read()
    return body.encode() if isinstance(body, str) else body or b""


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def request_of(made, operation, arguments):
    """What boto3 sends for it."""
    model = made.meta.service_model
    names = {name: method for method, name in made.meta.method_to_api_mapping.items()}
    try:
        getattr(made, names[operation])(**arguments)
    except Sent as sent:
        request = sent.request
    signing = model.metadata.get("signingName") or model.metadata["endpointPrefix"]
    if "//s3express-control." in request.url:
        signing = "s3express"
    fields = [(name, text(value)) for name, value in request.headers.items()]
    return Request(request.method, request.url, fields, body_of(request), signing)


def least(shape, known, depth=0):
    """The least that the model asks for; known: values by a member's name."""
    if shape.type_name == "structure":
        return {name: known[name] if name in known else least(member, known, depth + 1)
                for name, member in shape.members.items()
                if name in shape.required_members or (depth == 0 and name in known)}
    if shape.type_name == "list":
        return [least(shape.member, known, depth + 1)]
    if shape.type_name == "map":
        return {"key": least(shape.value, known, depth + 1)}
    if shape.type_name == "string":
        return shape.enum[0] if shape.enum else "x" * max(shape.metadata.get("min", 1), 8)
    return {"integer": 1, "long": 1, "boolean": True, "blob": b"x", "timestamp": 0, "float": 1.0, "double": 1.0,
            "bigdecimal": 1}.get(shape.type_name)


def arguments(model, operation, known=()):
    shape = model.operation_model(operation).input_shape
    return least(shape, dict(known)) if shape else {}
