"""Amazon Transcribe streaming over WebSocket, emulated on loopback: TLS, every signature checked, faults on demand.

    with Service(authority) as service:
        proxy = Proxy({**service.environment, "COUNTERSIGN_CA_BUNDLE": authority.bundle})
        service.behave(final_bytes=32000, exception="LimitExceededException", after=3)   # for the sessions to come
        ...
        session = service.finished()                # waits until the next session is over
        assert session.audio_sha256 == ... and session.finals == spoken(audio, 32000)
        assert not service.wrong                    # what was wrongly signed, framed or said

What it says is made of the audio's own bytes: talk.spoken() tells a test what must come back.
    https://docs.aws.amazon.com/transcribe/latest/dg/streaming-websocket.html
"""

import asyncio
import contextlib
import json
import threading
import time
import uuid
from http import HTTPStatus
from urllib.parse import parse_qsl

from harness.proxy import ROLE
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

import events
import presigned
from talk import PATHS, WAIT_S, Behaviour, Session, Talk


class Service:
    """Started by its constructor, in a thread of its own; ended by close() or `with`.

    host is the name in its certificate and its address; names are further ones (see e2e's AWS_NAMES). role: the keys
    that may sign. clock: as harness.clock.Clock.
    """

    def __init__(self, authority, *, role=ROLE, host="localhost", names=(), clock=None):
        self.role, self.host, self.clock = role, host, clock
        self.sessions, self.wrong, self.refused = [], [], []
        self._behaviour = Behaviour()
        self._over = threading.Condition()
        self._taken = self._done = 0
        self._context = authority.server_context(host, *names, label=f"transcribe-{uuid.uuid4().hex}")
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(WAIT_S), "the service did not start"

    @property
    def url(self):
        return f"https://{self.host}:{self.port}"

    @property
    def environment(self):
        """What leads the program here."""
        return {"COUNTERSIGN_ENDPOINT_TRANSCRIBESTREAMING": self.url}

    def now_ms(self):
        return int(self.clock.now().timestamp() * 1000) if self.clock else events.now_ms()

    def behave(self, **how):
        """How the sessions to come go."""
        self._behaviour = Behaviour(**how)

    def finished(self, timeout=WAIT_S):
        """The next session that is over, each but once, in the order they began to end."""
        with self._over:
            assert self._over.wait_for(lambda: self._done > self._taken, timeout), "no session ended"
            ended = sorted((each for each in self.sessions if each.ended), key=lambda each: each.ended)
            self._taken += 1
            return ended[self._taken - 1]

    def opened(self, count=1, timeout=WAIT_S):
        """Waits until that many sessions have begun in all; the last of them."""
        deadline = time.monotonic() + timeout
        while len(self.sessions) < count:
            assert time.monotonic() < deadline, f"{len(self.sessions)} of {count} sessions began"
            time.sleep(0.005)
        return self.sessions[count - 1]

    def release(self):
        """Those who do not read go on to read."""
        self._loop.call_soon_threadsafe(self._released.set)

    async def pause(self, seconds):
        """Waits, though not longer than the service is there."""
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)

    async def released(self):
        await self._released.wait()

    def close(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(WAIT_S)
            assert not self._thread.is_alive(), "the service did not end"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # in its own thread

    async def _serve(self):
        self._loop, self._stop, self._released = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        async with serve(self._talk, "127.0.0.1", 0, ssl=self._context, process_request=self._begin,
                         process_response=self._answer, compression=None, ping_interval=None, close_timeout=2,
                         max_size=events.MAX_PAYLOAD + events.MAX_HEADERS, max_queue=4, server_header=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            self._released.set()
            for connection in server.connections:
                connection.transport.abort()

    async def _begin(self, connection, request):
        """Judges the handshake; an answer refuses it."""
        how = connection.how = self._behaviour
        await self.pause(how.delay_handshake_s)
        if how.drop:
            connection.transport.abort()
        if how.refuse:
            return self._refusal(how.refuse, how.code, how.message)
        path, _, query = request.path.partition("?")
        headers = list(request.headers.raw_items())
        try:
            if path not in PATHS:
                raise presigned.Refusal(404, "UnknownOperationException", path)
            proof = presigned.check(request.path, headers, self.role, self.now_ms() / 1000)
        except presigned.Refusal as refusal:
            self.wrong.append(f"{refusal.code}: {refusal.message}")
            return self._refusal(refusal.status, refusal.code, refusal.message)
        pairs = parse_qsl(query, keep_blank_values=True)
        parameters = {name: value for name, value in pairs if not name.startswith("X-Amz-")}
        connection.seed = proof.signature
        connection.session = Session(path, parameters, query, headers, proof.region, proof.key, proof.expires)
        return None

    def _refusal(self, status, code, message):
        self.refused.append((status, code, message))
        body = json.dumps({"Message": message}).encode()
        return Response(status, HTTPStatus(status).phrase, Headers({
            "Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close",
            "x-amzn-ErrorType": code, "x-amzn-RequestId": str(uuid.uuid4())}), body)

    def _answer(self, connection, _, response):
        if response.status_code != 101:
            return
        response.headers["x-amzn-RequestId"] = response.headers["x-amzn-SessionId"] = str(uuid.uuid4())
        if connection.how.wrong_accept:
            del response.headers["Sec-WebSocket-Accept"]
            response.headers["Sec-WebSocket-Accept"] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    async def _talk(self, connection):
        session = connection.session
        self.sessions.append(session)
        try:
            await Talk(self, connection, session, connection.how, connection.seed).run()
            await asyncio.wait_for(connection.wait_closed(), WAIT_S)
        except TimeoutError:
            session.wrong.append("the connection stayed open, or a ping had no answer")
        except Exception as fault:
            session.wrong.append(repr(fault))
            raise
        finally:
            self._conclude(session, connection.protocol)

    def _conclude(self, session, protocol):
        received, sent = protocol.close_rcvd, protocol.close_sent
        session.close_code, session.close_reason = (received.code, received.reason) if received else (None, None)
        session.sent_close = sent.code if sent else None
        with self._over:
            self.wrong += session.wrong
            session.ended = time.monotonic()
            self._done += 1
            self._over.notify_all()
