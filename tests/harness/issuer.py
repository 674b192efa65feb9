"""A server on loopback that gives keys: a container's endpoint, EC2's metadata service and STS in one.

    issuer = Issuer(clock=clock, lifetime=3600)
    Proxy({**issuer.container(), ...})
    issuer.count("container")           # how often it was asked
    issuer.script += [Response(500)]    # what the next requests get in place of keys

Every answer holds new keys, unless issuer.same is set; issuer.roles is what an Upstream's role may be: all of
them but those that were revoked.
"""

import datetime
import json
import threading
from dataclasses import dataclass
from urllib.parse import parse_qs

from . import verify
from .proxy import ROLE
from .upstream import Response, Upstream

NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None}
CONTAINER_TOKEN = "container/token+0123456789=="
CONTAINER_PATH = "/2021-04-23/credentials"
WEB_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.c2lnbmF0dXJl-_"
ROLE_ARN = "arn:aws:iam::123456789012:role/worker"
FURTHER_ARN = "arn:aws:iam::210987654321:role/team/further"
IMDS_TOKEN, IMDS_ROLE = "AQAEimdstoken-0123456789==", "profile-role"
IMDS_LIST = "/latest/meta-data/iam/security-credentials/"
KINDS = ("container", "web identity", "assume role", "instance token", "instance role", "instance keys")


@dataclass
class Issued:
    """One set of keys that the issuer gave out."""

    number: int
    expiration: str
    role: str

    @property
    def key(self):
        return f"ASIAQNZGKIQY5{self.number:07d}"

    @property
    def secret(self):
        return f"secret/of+issue{self.number:025d}"

    @property
    def token(self):
        return f"IQoJtoken/of+issue/{self.number}=="

    @property
    def variables(self):
        return {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret,
                "AWS_SESSION_TOKEN": self.token, "AWS_REGION": ROLE["AWS_REGION"]}


class Roles:
    """All that requests may be signed with by the time it is asked."""

    def __init__(self, issuer):
        self.issuer = issuer

    def __iter__(self):
        yield self.issuer.caller
        yield from [each.variables for each in self.issuer.issued[self.issuer.revoked:]]


class Issuer(Upstream):
    """The server. A script's entry is a Response, a function of the request that gives one, or None: keys as ever."""

    def __init__(self, authority=None, *, clock=None, lifetime=3600, expiration=None, **how):
        super().__init__(authority, self._handle, check=False, clock=clock, **how)
        self.lifetime = lifetime        # seconds, or
        self.expiration = expiration    # what the answers say in its place
        self.same = False               # the same keys again and again
        self.container_token = CONTAINER_TOKEN
        self.revoked = 0                # of the issued, the first that are good for nothing any more
        self.caller = ROLE              # may assume a role, beside those whose keys were given out
        self.roles = Roles(self)
        self.script, self.asked, self.issued, self.wrong = [], [], [], []
        self.gate = threading.Event()
        self.gate.set()
        self._giving = threading.Lock()

    # --- what the program is told

    def container(self, **changes):
        return {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url + CONTAINER_PATH,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.container_token, **changes}

    def web_identity(self, file, **changes):
        return {**NO_KEYS, "AWS_WEB_IDENTITY_TOKEN_FILE": file, "AWS_ROLE_ARN": ROLE_ARN,
                "COUNTERSIGN_ENDPOINT_STS": self.url, **changes}

    def instance(self, **changes):
        return {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.url,
                **changes}

    def further_role(self, **changes):
        return {"COUNTERSIGN_ROLE_ARN": FURTHER_ARN, "COUNTERSIGN_ENDPOINT_STS": self.url, **changes}

    # --- what it has seen

    @property
    def newest(self):
        return self.issued[-1]

    def count(self, kind=None):
        return sum(kind in (None, each) for each, _ in self.asked)

    def last_asked(self, kind):
        return [request for each, request in self.asked if each == kind][-1]

    def secrets(self):
        """All that no log or answer may hold."""
        own = [CONTAINER_TOKEN, self.container_token, WEB_TOKEN, IMDS_TOKEN, ROLE["AWS_SECRET_ACCESS_KEY"],
               ROLE["AWS_SESSION_TOKEN"]]
        return own + [text for each in self.issued for text in (each.secret, each.token, each.key)]

    # --- its answers

    def give(self, role=ROLE_ARN):
        """The next keys."""
        with self._giving:
            if not (self.same and self.issued[self.revoked:]):
                self.issued.append(Issued(len(self.issued) + 1, self._expiration(), role))
            return self.issued[-1]

    def revoke(self):
        """What was given out so far is good for nothing from now on."""
        self.revoked = len(self.issued)

    def close(self):
        self.gate.set()
        super().close()

    def _expiration(self):
        if self.expiration is not None:
            return self.expiration
        now = self.clock.now() if self.clock else datetime.datetime.now(datetime.timezone.utc)
        return (now + datetime.timedelta(seconds=self.lifetime)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _handle(self, request):
        body = request.read()
        kind = self._kind_of(request, body)
        with self._giving:
            self.asked.append((kind, request))
            entry = self.script.pop(0) if self.script else None
        self.gate.wait(60)
        if entry is not None:
            return entry(request) if callable(entry) else entry
        try:
            return getattr(self, "_give_" + kind.replace(" ", "_"))(request)
        except (AssertionError, verify.Refusal) as wrong:
            self.wrong.append((kind, wrong))
            return Response(403, b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")

    @staticmethod
    def _kind_of(request, body):
        if request.method == "PUT":
            return "instance token"
        if request.method == "POST":
            return "web identity" if b"WebIdentity" in body else "assume role"
        if request.path.startswith(IMDS_LIST):
            return "instance keys" if request.path != IMDS_LIST else "instance role"
        return "container"

    def _json(self, role=None):
        given = self.give(role or ROLE_ARN)
        answer = {"AccessKeyId": given.key, "SecretAccessKey": given.secret, "Token": given.token}
        if given.expiration:
            answer["Expiration"] = given.expiration
        if role:
            answer["RoleArn"] = role
        return Response(200, json.dumps(answer).encode(), (("Content-Type", "application/json"),))

    def _give_container(self, request):
        if request.header("authorization") != (self.container_token or ""):
            return Response(404, b'{"code":"AccessDenied","message":"as Lambda says to a wrong token"}')
        return self._json(ROLE_ARN)

    def _give_instance_token(self, request):
        assert request.path == "/latest/api/token", request.path
        assert 1 <= int(request.header("x-aws-ec2-metadata-token-ttl-seconds")) <= 21600
        assert not request.body and not request.header("x-forwarded-for")
        return Response(200, IMDS_TOKEN.encode(), (("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300"),))

    def _give_instance_role(self, request):
        if request.header("x-aws-ec2-metadata-token") != IMDS_TOKEN:
            return Response(401)
        return Response(200, IMDS_ROLE.encode())

    def _give_instance_keys(self, request):
        if request.header("x-aws-ec2-metadata-token") != IMDS_TOKEN:
            return Response(401)
        assert request.path == IMDS_LIST + IMDS_ROLE, request.path
        return self._json()

    def _form(self, request):
        assert request.path == "/" and request.header("content-type").startswith("application/x-www-form-urlencoded")
        values = parse_qs(request.body.decode("ascii"), strict_parsing=True)
        assert all(len(each) == 1 for each in values.values()), values
        return {name: each[0] for name, each in values.items()}

    def _sts(self, action, role):
        given = self.give(role)
        account, name = role.split(":")[4], role.rpartition("/")[2]
        expiration = f"<Expiration>{given.expiration}</Expiration>" if given.expiration else ""
        body = f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
  <AssumedRoleUser><AssumedRoleId>AROA123EXAMPLE123:s</AssumedRoleId>
    <Arn>arn:aws:sts::{account}:assumed-role/{name}/the-session</Arn></AssumedRoleUser>
  <Credentials><AccessKeyId>{given.key}</AccessKeyId><SecretAccessKey>{given.secret}</SecretAccessKey>
    <SessionToken>{given.token}</SessionToken>{expiration}</Credentials>
  </{action}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"""
        return Response(200, body.encode(), (("Content-Type", "text/xml"),))

    def _give_web_identity(self, request):
        form = self._form(request)
        assert form["Action"] == "AssumeRoleWithWebIdentity" and form["Version"] == "2011-06-15", form
        assert form["RoleArn"] == ROLE_ARN and form["WebIdentityToken"] and form["RoleSessionName"]
        assert not request.all("authorization"), "a web identity's request is not signed"
        return self._sts("AssumeRoleWithWebIdentity", form["RoleArn"])

    def _give_assume_role(self, request):
        form = self._form(request)
        assert form["Action"] == "AssumeRole" and form["Version"] == "2011-06-15", form
        assert form["RoleArn"] == FURTHER_ARN and form["RoleSessionName"]
        request.proof = verify.check_head(request, self.roles, self.clock and self.clock.now(), request.body)
        assert request.proof.service == "sts"
        return self._sts("AssumeRole", form["RoleArn"])


def dropped(request):
    """A script's entry: the connection is reset without an answer."""
    request.wire.close(reset=True)
