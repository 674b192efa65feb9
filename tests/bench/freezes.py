"""Freezes and thaws, thousands of them, under traffic: what could be sent again must not get lost.

The server is the tests' own, which checks every signature. Around each freeze a client is in one of three places:
its request is not sent yet, it is sent while the program stands still, or it is at the server, which goes on. In every
other freeze the server ends all its connections, closed or reset, that of the request too; in each both of the
program's clocks go on by up to two minutes. All these requests may be sent again (see "Signing" in docs/reference.md),
for none is ended on a connection that has not served before.
"""

import contextlib
import random
import threading
import time

import servers
from rows import Row

from harness import clock
from harness.client import Client, wait_until
from harness.proxy import Proxy
from harness.upstream import Objects, Response, Upstream

REQUESTS = (("GET", "/s3/bucket/small", None), ("HEAD", "/s3/bucket/small", None), ("PUT", "/s3/bucket/put", b"0" * 1024),
            ("POST", "/sqs/", b"{}"), ("DELETE", "/s3/bucket/gone", None))
BETWEEN_S = 0.002


class Frozen:
    """The program with clocks of ours before that server, one client, and a count of what went wrong."""

    def __init__(self, stage):
        self.random, self.wrong, self.small = random.Random(1), [], bytes(1024)
        folder = stage.folder / "frozen"
        folder.mkdir()
        self.wall = clock.Clock(folder / "clock")
        self.objects = Objects()
        self.objects.stored["/bucket/small"], self.objects.types["/bucket/small"] = self.small, "binary/octet-stream"
        self.upstream = Upstream(stage.authority, self._handle, clock=self.wall)
        self.proxy = Proxy({**clock.environment(clock.build(folder), self.wall.file),
                            "COUNTERSIGN_ENDPOINT": self.upstream.url, "COUNTERSIGN_CA_BUNDLE": stage.authority.bundle})
        self.held = threading.Event()
        self.held.set()

    def _handle(self, request):
        response = self.objects(request) if request.method != "POST" else Response(body=request.read())
        self.held.wait(10)
        return response

    def turn(self, number):
        """A request and a freeze around it."""
        method, target, body = REQUESTS[number % len(REQUESTS)]
        place = number // len(REQUESTS) % 3
        ends = number % 2 == 1
        with Client(self.proxy.port, timeout=20) as client:
            if place == 2:
                self.held.clear()
                seen = len(self.upstream.requests)
                client.send_request(method, target, [], body)
                wait_until(lambda: len(self.upstream.requests) > seen)
                ends = ends and len(self.upstream.last.connection.requests) > 1
            self.proxy.freeze()
            if place == 1:
                client.send_request(method, target, [], body)
            if ends:
                self.upstream.hang_up(reset=number % 4 == 1)
            by = self.random.randrange(2 * clock.MINUTE)
            self.wall.move(by)
            self.wall.move_steady(by)
            time.sleep(BETWEEN_S)
            self.proxy.thaw()
            self.held.set()
            if place == 0:
                client.send_request(method, target, [], body)
            answer = client.answer(method)
        good = answer.status in (200, 204) and (method != "GET" or answer.body == self.small)
        if not good:
            self.wrong.append((number, method, place, answer.outcome))
        if number % 64 == 0:    # what the server remembers is no part of this
            del self.upstream.requests[:-1]
            self.upstream.connections[:] = self.upstream.open_connections()

    def close(self):
        self.held.set()
        self.upstream.close()
        return self.proxy.stop()


def freezes(stage):
    if stage.subject is servers.Yardstick:
        return []
    count = 500 if stage.quick else 10_000
    stage.cores.use_all()
    frozen = Frozen(stage)
    try:
        for number in range(count):
            try:
                frozen.turn(number)
            except (OSError, AssertionError) as error:
                frozen.wrong.append((number, *REQUESTS[number % len(REQUESTS)][:1], number // len(REQUESTS) % 3, repr(error)))
    finally:
        with contextlib.suppress(AssertionError):
            frozen.close()
        stage.cores.keep_to_the_rest()
    lost, refused = len(frozen.wrong), len(frozen.upstream.refused)
    said = f"{lost} of {count} requests lost" + (f", {refused} wrongly signed" if refused else "")
    if frozen.wrong:
        said += f" (the first: {frozen.wrong[0]})"
    return [Row(f"freezes and thaws, {count}", said, "", "none lost", verdict="MISSED" if lost or refused else "met",
                raw={"lost": frozen.wrong})]
