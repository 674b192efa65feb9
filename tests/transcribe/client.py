"""A client of Transcribe streaming: straight to the service, presigned by botocore, or by way of the program.

    heard = transcribe(service.url, audio, context=context, signed=True)            # straight
    heard = transcribe(f"http://localhost:{proxy.port}/transcribestreaming", audio, presign=False)
"""

import asyncio
import ssl
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from harness.proxy import ROLE
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import events
import presigned

PARAMETERS = {"language-code": "en-US", "sample-rate": 16000, "media-encoding": "pcm"}
WAIT_S = 20


@dataclass
class Heard:
    """What came back. code is that of the service's close frame; None: there was none."""

    messages: list = field(default_factory=list)
    code: int = None
    reason: str = None
    sent: int = 0                   # audio events that went out
    headers: object = None          # of the handshake's answer, looked up in any case
    sizes: list = field(default_factory=list)

    @property
    def exception(self):
        """(type, message), or None."""
        for message in self.messages:
            if message.get(":message-type") == "exception":
                return message.get(":exception-type"), message.json["Message"]
        return None

    @property
    def results(self):
        return [result for message in self.messages if message.get(":message-type") == "event"
                for result in message.json["Transcript"]["Results"]]

    def _transcripts(self, partial):
        return [each["Alternatives"][0]["Transcript"] for each in self.results if each["IsPartial"] == partial]

    @property
    def finals(self):
        return self._transcripts(False)

    @property
    def partials(self):
        return self._transcripts(True)


@dataclass
class Refused(Exception):
    """The handshake's answer, which is no 101."""

    status: int
    headers: object                 # looked up in any case
    body: bytes


def trust(authority):
    """The TLS of a client that trusts the tests' authority."""
    return ssl.create_default_context(cafile=authority.bundle)


def target_of(url, path, parameters):
    query = urlencode({**PARAMETERS, **parameters})
    return f"{url}/{path}-websocket?{query}"


class Client:
    """How to connect: presign (with keys and region, and how: age, expires), or leave that to the program."""

    def __init__(self, url, *, path="stream-transcription", parameters=None, context=None, presign=True, keys=None,
                 region="us-east-1", headers=(), **how):
        self.url = target_of(url, path, parameters or {})
        self.context, self.headers, self.seed, self.region = context, list(headers), None, region
        self.secret = keys.secret_key if keys else ROLE["AWS_SECRET_ACCESS_KEY"]
        if presign:
            target, self.seed = presigned.presign(self.url, keys, region, **how)
            parts = urlsplit(self.url)
            self.url = f"{parts.scheme}://{parts.netloc}{target}"

    def chain(self):
        return events.Chain(self.secret, self.region, self.seed)

    def connect(self):
        return connect(self.url.replace("http", "ws", 1), ssl=self.context, compression=None, ping_interval=None,
                       proxy=None, max_size=None, additional_headers=self.headers, open_timeout=WAIT_S,
                       close_timeout=WAIT_S)


async def _listen(connection, heard):
    try:
        while True:
            data = await connection.recv()
            heard.sizes.append(len(data))
            heard.messages.append(events.decode(data))
    except ConnectionClosed as end:
        heard.code, heard.reason = (end.rcvd.code, end.rcvd.reason) if end.rcvd else (None, None)


async def _speak(connection, pieces, chain, pause_s, heard):
    try:
        for piece in [*pieces, b""]:
            message = events.audio_event(piece)
            await connection.send(chain.sign(message) if chain else message)
            heard.sent += bool(piece)
            await asyncio.sleep(pause_s)
        if chain:
            await connection.send(chain.sign(b""))
    except ConnectionClosed:
        pass


async def _transcribe(client, pieces, signed, pause_s):
    heard = Heard()
    try:
        async with client.connect() as connection:
            heard.headers = connection.response.headers
            listening = asyncio.create_task(_listen(connection, heard))
            await _speak(connection, pieces, client.chain() if signed else None, pause_s, heard)
            await listening
    except InvalidStatus as answer:
        response = answer.response
        raise Refused(response.status_code, response.headers, bytes(response.body)) from None
    return heard


def cut(audio, size=3200):
    """The audio in pieces, as a client sends them: 3200 bytes are 100 ms."""
    return [audio[at:at + size] for at in range(0, len(audio), size)]


def transcribe(url, audio, *, signed=False, size=3200, pause_s=0, timeout=WAIT_S, **how):
    """What the service heard in that audio: Heard, or raises Refused. how: of Client."""
    client = Client(url, **how)
    return asyncio.run(asyncio.wait_for(_transcribe(client, cut(audio, size), signed, pause_s), timeout))
