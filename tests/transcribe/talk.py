"""One session with the emulated Transcribe (service.py): how it shall go, what came on it, what it says."""

import asyncio
import contextlib
import hashlib
import json
import time
import uuid
from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed

import events

# {path: the event that carries results}
PATHS = {"/stream-transcription-websocket": "TranscriptEvent",
         "/medical-stream-transcription-websocket": "TranscriptEvent",
         "/call-analytics-stream-transcription-websocket": "UtteranceEvent",
         "/medical-scribe-stream-websocket": "MedicalScribeTranscriptEvent"}
WORDS = "the quick brown fox jumps over a lazy dog while seven wizards make toxic brew".split()
AUDIO_EVENTS = {"AudioEvent", "MedicalScribeAudioEvent"}
MAX_SKEW_MS = 5 * 60 * 1000
GRACE_S = 0.3       # for the signed end after the end of the audio
WAIT_S = 10


def words(audio):
    """What is heard in that audio."""
    return " ".join(WORDS[byte % len(WORDS)] for byte in hashlib.sha256(audio).digest()[:5])


def spoken(audio, final_bytes=32000):
    """The final transcripts of that audio, in their order, however it is cut into events."""
    return [words(audio[at:at + final_bytes]) for at in range(0, len(audio), final_bytes)]


@dataclass
class Behaviour:
    """How a session goes. `after` counts audio events: 0 is at once, None never; a fault needs it."""

    partials: bool = True           # a partial result after each event
    final_bytes: int = 32000        # a final one after so many bytes of audio
    delay_s: float = 0              # before each answer
    padding: int = 0                # makes each answer that many bytes larger
    fragment: int = 0               # bytes of an answer in each frame; 0: one frame
    pings: bool = False             # one before each answer, whose pong is waited for
    signed: bool = True             # signed events are welcome
    unsigned: bool = True           # and those that are not
    reads: bool = True              # False: takes nothing off the connection, until release() or the end
    after: int = 0                  # when what follows happens
    exception: str = None           # this event, with the message, then a close
    message: str = "as the test wants it"
    abort: bool = False             # the connection is gone, with no close frame
    close: int = None               # a close frame of this code
    reason: str = ""
    refuse: int = None              # the handshake's status
    code: str = "AccessDeniedException"
    drop: bool = False              # the connection is gone before the handshake's answer
    wrong_accept: bool = False      # Sec-WebSocket-Accept is another's
    delay_handshake_s: float = 0
    end: str = "close"              # after the last result; or "abort", or "stay" until the client closes


@dataclass
class Session:
    """What came on one connection. Times are of time.monotonic()."""

    path: str
    parameters: dict                # of the query, without X-Amz-…
    query: str
    headers: list
    region: str = None
    key: str = None
    expires: int = None
    sizes: list = field(default_factory=list)       # of the audio in each event that has some
    times: list = field(default_factory=list)       # when these came
    dates: list = field(default_factory=list)       # what the signed ones say, ms
    others: list = field(default_factory=list)      # (type, payload) of events that are not audio
    signed: bool = None                             # whether its events are; None before the first
    audio_end: bool = False                         # an AudioEvent without audio
    signed_end: bool = False                        # a signed event without payload
    finals: list = field(default_factory=list)      # transcripts that were sent
    partials: list = field(default_factory=list)
    pongs: int = 0
    close_code: int = None                          # of the client's close frame; None: there was none
    close_reason: str = None
    sent_close: int = None                          # of the service's own
    wrong: list = field(default_factory=list)
    opened: float = field(default_factory=time.monotonic)
    ended: float = None
    audio: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def audio_sha256(self):
        return hashlib.sha256(self.audio).hexdigest()

    @property
    def audio_bytes(self):
        return len(self.audio)

    def header(self, name):
        """The values of that header of the handshake."""
        return [value for each, value in self.headers if each.lower() == name.lower()]


class Refused(Exception):
    """Why the stream ends with an exception: (its type, its message)."""


class Talk:
    """One session as it goes on."""

    def __init__(self, service, connection, session, behaviour, seed):
        self.service, self.connection, self.session, self.how = service, connection, session, behaviour
        self.chain = events.Chain(service.role["AWS_SECRET_ACCESS_KEY"], session.region, seed)
        self.segment, self.heard = bytearray(), 0
        self.answers = asyncio.Queue()

    async def run(self):
        self.writer = asyncio.create_task(self._write())
        try:
            how = await self._listen()
        except Refused as refusal:
            self.answers.put_nowait(events.exception(*refusal.args))
            how = "close"
        except ConnectionClosed:
            self.writer.cancel()
            return
        self.answers.put_nowait(None)
        await self.writer
        await self._end(how)

    # reading

    async def _listen(self):
        """Takes all that comes; how the connection ends then."""
        self._check_parameters()
        if not self.how.reads:
            await self.service.released()
        while not self.session.audio_end and not self.session.signed_end:
            if fault := self._fault():
                return fault
            self._take(await self.connection.recv())
        if self.segment:
            self._say(final=True)
        await self._grace()
        return self.how.end

    async def _grace(self):
        """The signed end may come after the end of the audio; then nothing does."""
        while self.session.signed and not self.session.signed_end:
            try:
                self._take(await asyncio.wait_for(self.connection.recv(), GRACE_S))
            except (TimeoutError, ConnectionClosed):
                return

    def _refuse(self, what):
        self.session.wrong.append(what)
        raise Refused("BadRequestException", what)

    def _check_parameters(self):
        given = self.session.parameters
        rate = given.get("sample-rate", "")
        if given.get("media-encoding") not in ("pcm", "ogg-opus", "flac"):
            raise Refused("BadRequestException", f"media-encoding {given.get('media-encoding')!r}")
        if not rate.isdigit() or not 8000 <= int(rate) <= 48000:
            raise Refused("BadRequestException", f"sample-rate {rate!r}")
        if "scribe" not in self.session.path and 1 != sum(name in given for name in (
                "language-code", "identify-language", "identify-multiple-languages")):
            raise Refused("BadRequestException", "one of language-code, identify-language is needed")

    def _fault(self):
        """How the connection ends now, if it shall."""
        if len(self.session.sizes) != self.how.after:
            return None
        if self.how.exception:
            raise Refused(self.how.exception, self.how.message)
        return "abort" if self.how.abort else "close" if self.how.close is not None else None

    def _take(self, data):
        if isinstance(data, str):
            self._refuse("a text message")
        message = self._decode(data)
        signed = message.types == {":date": events.TIMESTAMP, ":chunk-signature": events.BYTES}
        if self.session.signed not in (None, signed):
            self._refuse("signed and unsigned events in one stream")
        self.session.signed = signed
        if signed:
            message = self._open(message)
        elif not self.how.unsigned:
            self._refuse("an event that is not signed")
        if message:
            self._take_event(message)

    def _decode(self, data):
        try:
            return events.decode(data)
        except events.Malformed as problem:
            self._refuse(f"no event: {problem}")

    def _open(self, message):
        """The message within a signed one; None where that is the signed end."""
        if not self.how.signed:
            self._refuse("an event that is signed")
        when = message.get(":date")
        if message.get(":chunk-signature") != self.chain.next(when, message.payload):
            self._refuse(f"the signature of event {len(self.session.dates) + 1}")
        if abs(when - self.service.now_ms()) > MAX_SKEW_MS or self.session.dates and when < self.session.dates[-1]:
            self._refuse(f"an event signed at {when}, it is {self.service.now_ms()}, dates {self.session.dates[-1:]}")
        self.session.dates.append(when)
        if self.session.signed_end:
            self._refuse("an event after the signed end")
        if message.payload:
            return self._decode(message.payload)
        self.session.signed_end = True
        return None

    def _take_event(self, message):
        kind = message.get(":event-type")
        if message.get(":message-type") != "event" or set(message.types.values()) != {events.TEXT}:
            self._refuse(f"headers {message.headers}")
        if kind not in AUDIO_EVENTS:
            self.session.others.append((kind, message.payload))
            return
        if message.get(":content-type") != "application/octet-stream" or len(message.headers) != 3:
            self._refuse(f"headers {message.headers}")
        if self.session.audio_end:
            self._refuse("audio after its end")
        if not message.payload:
            self.session.audio_end = True
            return
        self.session.sizes.append(len(message.payload))
        self.session.times.append(time.monotonic())
        self.session.audio += message.payload
        self._hear(message.payload)

    def _hear(self, audio):
        while audio:
            room = self.how.final_bytes - len(self.segment)
            self.segment += audio[:room]
            audio = audio[room:]
            if len(self.segment) == self.how.final_bytes:
                self._say(final=True)
        if self.segment and self.how.partials:
            self._say(final=False)

    # answering

    def _say(self, final):
        text = words(self.segment)
        (self.session.finals if final else self.session.partials).append(text)
        self.answers.put_nowait(self._result(text, final))
        if final:
            self.heard += len(self.segment)
            self.segment = bytearray()

    def _result(self, text, final):
        rate = 2 * int(self.session.parameters["sample-rate"])
        start, end = self.heard / rate, (self.heard + len(self.segment)) / rate
        each = (end - start) / len(text.split())
        items = [{"Content": word, "StartTime": start + at * each, "EndTime": start + (at + 1) * each,
                  "Type": "pronunciation", "VocabularyFilterMatch": False} for at, word in enumerate(text.split())]
        result = {"Alternatives": [{"Items": items, "Transcript": text}], "StartTime": start, "EndTime": end,
                  "IsPartial": not final, "LanguageCode": self.session.parameters.get("language-code", "en-US"),
                  "ResultId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{id(self)} {self.heard}"))}
        if self.how.padding:
            result["Padding"] = "x" * self.how.padding
        payload = {"Transcript": {"Results": [result]}}
        return events.event(PATHS[self.session.path], json.dumps(payload).encode())

    async def _write(self):
        with contextlib.suppress(ConnectionClosed):
            while (answer := await self.answers.get()) is not None:
                await self.service.pause(self.how.delay_s)
                await self._ping()
                await self._send(answer)

    async def _ping(self):
        if self.how.pings:
            await asyncio.wait_for(await self.connection.ping(), WAIT_S)
            self.session.pongs += 1

    async def _send(self, answer):
        size = self.how.fragment
        await self.connection.send([answer[at:at + size] for at in range(0, len(answer), size)] if size else answer)

    async def _end(self, how):
        if how == "abort":
            self.connection.transport.abort()
        elif how == "close":
            await self._close()
        else:
            await asyncio.wait_for(self._drain(), WAIT_S)

    async def _close(self):
        """What the client still sends is read: its close frame comes behind it."""
        draining = asyncio.create_task(self._drain())
        await self.connection.close(1000 if self.how.close is None else self.how.close, self.how.reason)
        await draining

    async def _drain(self):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.connection.recv(decode=False)
