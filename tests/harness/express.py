"""Directory buckets, a handler for an Upstream: it gives sessions, and takes requests in their bucket's only."""

import datetime
import threading

from . import verify
from .proxy import ROLE
from .upstream import Objects, Response

KEY = "ASIASESSION"
LIFETIME = datetime.timedelta(minutes=5)


class Express:
    """sessions are (host, key id) in the order they were given; gate holds the answers back until it is set.

    answer takes the place of the next answers to CreateSession; expired holds key ids that have ended; late
    holds the first answer for a path back until its event is set.
    """

    def __init__(self):
        self.upstream = None
        self.roles = [ROLE]
        self.sessions, self.given, self.expired = [], [], set()
        self.asked = 0
        self.answer, self.late = None, {}
        self.gate = threading.Event()
        self.gate.set()
        self.objects = {}
        self._lock = threading.Lock()

    def attach(self, upstream):
        """Whoever may sign there from now on: the roles, and the sessions that were given."""
        self.upstream = upstream
        upstream.role = self

    def __iter__(self):
        yield from self.roles
        yield from list(self.given)

    def __call__(self, request):
        host = request.header("host")
        if request.target == b"/?session":
            return self._create(request, host)
        if host.startswith("s3express-control.") or request.all("x-amz-copy-source"):
            return self._by_the_role(request)
        if (host, request.proof.key) not in self.sessions or request.proof.service != "s3express":
            raise verify.Refusal(403, "AccessDenied", f"{request.proof.key} is of no session for {host}")
        if request.target in self.late:
            self.late.pop(request.target).wait(30)
        if request.proof.key in self.expired:
            return Response(403, b"<Error><Code>ExpiredToken</Code></Error>",
                            (("Content-Type", "application/xml"),))
        return self.objects.setdefault(host, Objects())(request)

    @staticmethod
    def _by_the_role(request):
        if request.proof.key.startswith(KEY) or request.proof.service != "s3express":
            raise verify.Refusal(403, "AccessDenied", "that is signed with the role's own keys")
        return Response()

    def _create(self, request, host):
        with self._lock:
            self.asked += 1
            number = self.asked
        self.gate.wait(30)
        if request.proof.key.startswith(KEY) or request.proof.service != "s3express":
            raise verify.Refusal(403, "AccessDenied", "a session is asked for with the role's own keys")
        if self.answer:
            return self.answer
        key = f"{KEY}{number:09}"
        given = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": f"of/{number}+",
                 "AWS_SESSION_TOKEN": f"express//{number}==", "IN_SESSION": True}
        self.given.append(given)
        self.sessions.append((host, key))
        clock = self.upstream.clock
        now = clock.now() if clock else datetime.datetime.now(datetime.timezone.utc)
        keys = "".join(f"<{name}>{value}</{name}>" for name, value in (
            ("SessionToken", given["AWS_SESSION_TOKEN"]), ("SecretAccessKey", given["AWS_SECRET_ACCESS_KEY"]),
            ("AccessKeyId", key), ("Expiration", f"{now + LIFETIME:%Y-%m-%dT%H:%M:%SZ}")))
        return Response(body=f"<CreateSessionResult><Credentials>{keys}</Credentials>"
                             "</CreateSessionResult>".encode(),
                        headers=(("Content-Type", "application/xml"),))
