"""Those who give keys, on loopback: a container's endpoint, and STS. A test may change the keys at will."""

import datetime
import json
import threading

from . import verify
from .proxy import TOKEN
from .upstream import Response, Upstream


class Issuer:
    """Gives role's keys to whoever shows the token. gate holds the answers back until it is set."""

    def __init__(self, role, token=TOKEN):
        self.role, self.token = role, token
        self.gate = threading.Event()
        self.gate.set()
        self.server = Upstream(None, self._answer, check=False)

    def _answer(self, request):
        role = self.role
        self.gate.wait(30)
        if request.header("authorization") != self.token:
            return Response(404)
        expiration = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)
        keys = {"AccessKeyId": role["AWS_ACCESS_KEY_ID"], "SecretAccessKey": role["AWS_SECRET_ACCESS_KEY"],
                "Token": role["AWS_SESSION_TOKEN"], "Expiration": f"{expiration:%Y-%m-%dT%H:%M:%SZ}"}
        return Response(body=json.dumps(keys).encode(), headers=(("Content-Type", "application/json"),))

    @property
    def asked(self):
        """How often keys were asked for."""
        return len(self.server.requests)

    @property
    def environment(self):
        """As Lambda has it under SnapStart: no keys, but where they are to be had."""
        return {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self.server.url}/2021-04-23/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.token}

    def close(self):
        self.gate.set()
        self.server.close()


class Sts:
    """Gives assumed's keys to whoever names caller's key and shows its session token."""

    def __init__(self, authority, caller, assumed):
        self.caller, self.assumed = caller, assumed
        self.server = Upstream(authority, self._answer, check=False)

    def _answer(self, request):
        request.drain()
        given = self.assumed
        key = verify.parse(request.header("authorization")).key
        if (key, request.header("x-amz-security-token")) != (
                self.caller["AWS_ACCESS_KEY_ID"], self.caller["AWS_SESSION_TOKEN"]):
            return Response(403)
        keys = "".join(f"<{name}>{value}</{name}>" for name, value in (
            ("AccessKeyId", given["AWS_ACCESS_KEY_ID"]), ("SecretAccessKey", given["AWS_SECRET_ACCESS_KEY"]),
            ("SessionToken", given["AWS_SESSION_TOKEN"]), ("Expiration", "2099-01-01T00:00:00Z")))
        return Response(body="<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                             f"{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>".encode(),
                        headers=(("Content-Type", "text/xml"),))

    @property
    def asked(self):
        return len(self.server.requests)

    @property
    def environment(self):
        return {"COUNTERSIGN_ROLE_ARN": "arn:aws:iam::123456789012:role/further",
                "COUNTERSIGN_ENDPOINT_STS": self.server.url}

    def close(self):
        self.server.close()


def role(number):
    """Keys of a role, others for each number."""
    return {"AWS_ACCESS_KEY_ID": f"ASIAQNZGKIQY56JQ{number:04}", "AWS_SECRET_ACCESS_KEY": f"secret/{number}+",
            "AWS_SESSION_TOKEN": f"session//{number}==", "AWS_REGION": "us-east-1"}
