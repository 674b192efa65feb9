"""The emulated service itself, by a plain client: what it takes, what it refuses, every fault it can be told."""

import asyncio
import datetime
import hashlib
import json
import os
import time
from types import SimpleNamespace

import pytest
from harness import signer
from websockets.exceptions import ConnectionClosed, InvalidHandshake

import events
from client import Client, Refused, cut, target_of, transcribe, trust
from presigned import presign
from raw_websocket import BINARY, Frame, connect, reassembled
from service import Service
from talk import spoken, words

AUDIO = os.urandom(50_000)


@pytest.fixture
def straight(service, authority):
    """straight(audio, ...): what the service heard."""
    def ask(audio=AUDIO, **how):
        return transcribe(service.url, audio, context=trust(authority), **how)

    return ask


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("size", [3200, 50_000, 333])
def test_all_audio_and_all_results(service, straight, signed, size):
    service.behave(final_bytes=16_000)
    heard, session = straight(signed=signed, size=size), service.finished()
    assert heard.finals == spoken(AUDIO, 16_000) == session.finals
    assert heard.partials == session.partials and (heard.partials or size == 50_000)
    assert session.audio_sha256 == hashlib.sha256(AUDIO).hexdigest()
    assert session.sizes == [len(piece) for piece in cut(AUDIO, size)] and len(session.times) == len(session.sizes)
    assert (session.signed, session.signed_end, session.audio_end) == (signed, signed, True)
    assert (heard.code, session.close_code, session.sent_close) == (1000, 1000, 1000)
    assert session.parameters == {"language-code": "en-US", "sample-rate": "16000", "media-encoding": "pcm"}
    assert (session.region, session.expires) == ("us-east-1", 300)
    assert session.header("host") == [service.url.removeprefix("https://")]


def test_results_look_like_transcribe_s(service, straight):
    first, last = straight(AUDIO[:5000], size=4000).results[0], straight(AUDIO[:5000]).results[-1]
    assert first["IsPartial"] and not last["IsPartial"]
    assert first["Alternatives"][0]["Transcript"] == words(AUDIO[:4000])
    assert [item["Content"] for item in first["Alternatives"][0]["Items"]] == words(AUDIO[:4000]).split()
    assert (first["StartTime"], first["EndTime"], first["LanguageCode"]) == (0, 0.125, "en-US")
    assert {"Alternatives", "EndTime", "IsPartial", "LanguageCode", "ResultId", "StartTime"} == set(last)


@pytest.mark.parametrize("path", ["medical-stream-transcription", "call-analytics-stream-transcription",
                                  "medical-scribe-stream"])
def test_the_other_paths(service, straight, path):
    assert straight(AUDIO, path=path, signed=True).finals == spoken(AUDIO)
    assert service.finished().path == f"/{path}-websocket"


@pytest.mark.parametrize("recording, encoding", [("pcm", "pcm"), ("flac", "flac"), ("opus", "ogg-opus")])
def test_real_audio(service, straight, recordings, recording, encoding):
    audio = recordings[recording].read_bytes()
    heard = straight(audio, signed=True, parameters={"media-encoding": encoding})
    assert heard.finals == spoken(audio) and service.finished().audio == audio


def test_two_at_once(service, authority):
    context = trust(authority)

    async def both():
        return await asyncio.gather(*(asyncio.to_thread(transcribe, service.url, audio, context=context, signed=True)
                                      for audio in (AUDIO, AUDIO[::-1])))

    heard = asyncio.run(both())
    assert [each.finals for each in heard] == [spoken(AUDIO), spoken(AUDIO[::-1])]
    assert {service.finished().audio_sha256, service.finished().audio_sha256} == {
        hashlib.sha256(audio).hexdigest() for audio in (AUDIO, AUDIO[::-1])}


# --- Handshakes that are refused ------------------------------------------------------------------

@pytest.mark.parametrize("how, code, words_of_it", [
    ({"expires": 301}, "InvalidSignatureException", "expires after 301"),
    ({"age": 301}, "InvalidSignatureException", "signed at"),
    ({"age": -400}, "InvalidSignatureException", "signed at"),
    ({"keys": signer.credentials(secret_key="another")}, "InvalidSignatureException", "another signature"),
    ({"keys": signer.credentials(access_key="another")}, "UnrecognizedClientException", "key another"),
    ({"keys": signer.credentials(token="another")}, "UnrecognizedClientException", "1 tokens"),
    ({"keys": signer.credentials(token=None)}, "UnrecognizedClientException", "0 tokens"),
    ({"presign": False}, "IncompleteSignatureException", "X-Amz-Algorithm is there 0 times"),
    ({"path": "unknown"}, "UnknownOperationException", "/unknown-websocket"),
])
def test_wrongly_presigned(service, straight, how, code, words_of_it):
    with pytest.raises(Refused) as refusal:
        straight(**how)
    assert refusal.value.status == (404 if code.startswith("Unknown") else 403)
    assert refusal.value.headers["x-amzn-ErrorType"] == code
    assert words_of_it in json.loads(refusal.value.body)["Message"] and words_of_it in service.wrong[0]
    service.wrong.clear()


@pytest.mark.parametrize("change", [
    lambda url: url.replace("sample-rate=16000", "sample-rate=8000"),
    lambda url: url + "&more=1",
    lambda url: url.replace("stream-transcription", "medical-stream-transcription"),
    lambda url: url.replace("localhost", "127.0.0.1"),
    lambda url: url.replace("us-east-1", "eu-west-1"),
    lambda url: url.replace("%2Ftranscribe%2F", "%2Fs3%2F"),
])
def test_changed_after_it_was_presigned(service, authority, change):
    client = Client(service.url, context=trust(authority))
    client.url = change(client.url)
    client.context.check_hostname = False

    async def knock():
        async with client.connect():
            pass

    with pytest.raises(InvalidHandshake):
        asyncio.run(asyncio.wait_for(knock(), 10))
    assert service.wrong and service.refused[0][0] == 403
    service.wrong.clear()


def test_a_handshake_refused_as_told(service, straight):
    service.behave(refuse=400, code="BadRequestException", message="no such vocabulary")
    with pytest.raises(Refused) as refusal:
        straight()
    assert refusal.value.status == 400 and json.loads(refusal.value.body) == {"Message": "no such vocabulary"}
    assert refusal.value.headers["Content-Type"] == "application/json"
    assert service.refused == [(400, "BadRequestException", "no such vocabulary")] and not service.sessions


def test_another_accept(service, straight):
    service.behave(wrong_accept=True)
    with pytest.raises(InvalidHandshake, match="Accept"):
        straight()


def test_gone_before_the_answer(service, straight):
    service.behave(drop=True)
    with pytest.raises((InvalidHandshake, EOFError, OSError)):
        straight()


def test_its_end_waits_for_no_handshake(authority):
    started = time.monotonic()
    with Service(authority) as service:
        service.behave(delay_handshake_s=60)
        with pytest.raises(TimeoutError):
            transcribe(service.url, AUDIO, context=trust(authority), timeout=0.5)
    assert time.monotonic() - started < 8


def test_a_slow_handshake(service, straight):
    service.behave(delay_handshake_s=0.3)
    started = time.monotonic()
    assert straight().code == 1000 and time.monotonic() - started >= 0.3


# --- Events that are refused ----------------------------------------------------------------------

def say(service, authority, messages, **how):
    """What comes back to those messages; each may be a function of the chain."""
    client = Client(service.url, context=trust(authority), **how)

    async def talk():
        async with client.connect() as connection:
            chain, came = client.chain(), []
            try:
                for message in messages:
                    await connection.send(message(chain) if callable(message) else message)
                while True:
                    came.append(events.decode(await connection.recv()))
            except ConnectionClosed:
                return came

    return asyncio.run(asyncio.wait_for(talk(), 10))


PIECE = events.audio_event(b"pcm")


def signed(message, shift_ms=0):
    return lambda chain: chain.sign(message, events.now_ms() + shift_ms)


def forged(chain):
    data = events.decode(chain.sign(PIECE))
    return events.encode([data.headers[0], (":chunk-signature", events.BYTES, bytes(32))], data.payload)


@pytest.mark.parametrize("messages, why", [
    (["text"], "a text message"),
    ([b"bytes"], "no event"),
    ([PIECE[:-1] + b"\0"], "no event"),
    ([signed(PIECE), PIECE], "signed and unsigned"),
    ([PIECE, signed(PIECE)], "signed and unsigned"),
    ([signed(PIECE), forged], "the signature of event 2"),
    ([signed(PIECE), lambda chain: signed(PIECE)(chain) and signed(PIECE)(chain)], "the signature of event 2"),
    ([signed(PIECE, -400_000)], "an event signed at"),
    ([signed(PIECE, 400_000)], "an event signed at"),
    ([signed(PIECE, 2000), signed(PIECE)], "an event signed at"),
    ([signed(b"bytes")], "no event"),
    ([signed(events.audio_event(b"")), signed(PIECE)], "audio after its end"),
    ([events.event("AudioEvent", b"pcm")], "headers"),
    ([events.exception("BadRequestException", "x")], "headers"),
    ([events.encode([*events.decode(PIECE).headers, ("more", events.TEXT, "x")], b"pcm")], "headers"),
])
def test_wrong_events(service, authority, messages, why):
    came, session = say(service, authority, messages), service.finished()
    assert came[-1].get(":exception-type") == "BadRequestException" and why in came[-1].json["Message"]
    assert why in session.wrong[0] and service.wrong == session.wrong
    service.wrong.clear()


@pytest.mark.parametrize("taken, sent", [("signed", False), ("unsigned", True)])
def test_only_one_kind_is_welcome(service, straight, taken, sent):
    service.behave(signed=taken == "signed", unsigned=taken == "unsigned")
    assert straight(signed=sent).exception[0] == "BadRequestException"
    assert service.finished().wrong == [f"an event that is {'signed' if sent else 'not signed'}"]
    service.wrong.clear()
    assert straight(signed=not sent).finals == spoken(AUDIO)


@pytest.mark.parametrize("parameters", [{"media-encoding": "mp3"}, {"sample-rate": "7999"}, {"sample-rate": "x"},
                                        {"identify-language": "true"}])
def test_wrong_parameters_are_refused_after_the_handshake(service, straight, parameters):
    heard = straight(parameters=parameters)
    assert heard.exception[0] == "BadRequestException" and heard.code == 1000 and not heard.results
    assert service.finished().sizes == []


def test_a_stream_over_midnight(authority):
    """Each event is signed by the key of its own day."""
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    before = today - datetime.timedelta(seconds=1)
    clock = SimpleNamespace(now=lambda: before)
    age = (datetime.datetime.now(datetime.timezone.utc) - before).total_seconds()
    times = [int(each.timestamp() * 1000) for each in (before, today, today)]
    with Service(authority, clock=clock) as service:
        messages = [lambda chain, each=each, when=when: chain.sign(each, when)
                    for each, when in zip([PIECE, PIECE, events.audio_event(b"")], times)]
        say(service, authority, messages, age=age)
        session = service.finished()
    assert session.dates == times and session.audio == b"pcmpcm" and not service.wrong


def test_events_that_are_not_audio_are_kept(service, authority):
    came = say(service, authority, [events.event("ConfigurationEvent", b"{}"), PIECE, events.audio_event(b"")])
    assert service.finished().others == [("ConfigurationEvent", b"{}")] and len(came) == 2


def test_the_signed_end_is_missed(service, authority):
    say(service, authority, [signed(PIECE), signed(events.audio_event(b""))])
    session = service.finished()
    assert session.audio_end and not session.signed_end


# --- Faults ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["BadRequestException", "LimitExceededException", "InternalFailureException",
                                  "ConflictException", "ServiceUnavailableException"])
@pytest.mark.parametrize("after", [0, 3])
def test_exceptions(service, straight, kind, after):
    service.behave(exception=kind, message="so it is", after=after)
    heard, session = straight(signed=True), service.finished()
    assert heard.exception == (kind, "so it is") and heard.code == 1000
    assert len(heard.results) == len(session.sizes) == after


@pytest.mark.parametrize("after", [0, 3])
def test_gone_without_a_word(service, straight, after):
    service.behave(abort=True, after=after)
    heard, session = straight(), service.finished()
    assert heard.code is None and len(heard.results) <= len(session.sizes) == after     # answers may be lost with it
    assert session.close_code is None and session.sent_close is None


@pytest.mark.parametrize("end, code", [("abort", None), ("close", 1000)])
def test_the_end_after_the_last_result(service, straight, end, code):
    service.behave(end=end)
    heard = straight()
    assert heard.code == code and (end == "abort" or heard.finals == spoken(AUDIO))


def test_the_end_is_the_client_s(service, authority):
    service.behave(end="stay")
    client = Client(service.url, context=trust(authority))

    async def talk():
        async with client.connect() as connection:
            await connection.send(events.audio_event(b""))
            await connection.close(1001, "enough")

    asyncio.run(asyncio.wait_for(talk(), 10))
    session = service.finished()
    assert (session.close_code, session.close_reason) == (1001, "enough")


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
def test_closed_with_a_code(service, straight, code):
    service.behave(close=code, reason="because", after=2)
    heard = straight()
    assert (heard.code, heard.reason, len(heard.results)) == (code, "because", 2)
    assert service.finished().sent_close == code


def test_slow_answers(service, straight):
    service.behave(delay_s=0.2, final_bytes=25_000, partials=False)
    started = time.monotonic()
    assert straight().finals == spoken(AUDIO, 25_000) and time.monotonic() - started >= 0.4


def test_fragmented_and_huge_answers(service, straight):
    service.behave(fragment=1000, padding=2_000_000, partials=False)
    heard = straight(signed=True)
    assert heard.finals == spoken(AUDIO) and min(heard.sizes) > 2_000_000


def test_the_frames_of_a_fragmented_answer(service, authority):
    service.behave(fragment=100, partials=False)
    target, _ = presign(target_of(service.url, "stream-transcription", {}))
    with connect(service.port, target, context=trust(authority), Host=service.url.removeprefix("https://")) as raw:
        raw.send(Frame(BINARY, PIECE), Frame(BINARY, events.audio_event(b"")))
        frames = list(raw.frames())
    assert len(frames) > 5 and max(len(frame.payload) for frame in frames) == 100
    (_, data), = reassembled(frames)
    assert events.decode(data).json["Transcript"]["Results"][0]["Alternatives"][0]["Transcript"] == words(b"pcm")


def test_pings(service, straight):
    service.behave(pings=True)
    assert straight().finals == spoken(AUDIO)
    session = service.finished()
    assert session.pongs == len(session.finals) + len(session.partials)


def test_it_does_not_read_until_told(service, authority):
    """The client gets only so much off its hands, and all of it once the service reads."""
    service.behave(reads=False, partials=False)
    client, audio = Client(service.url, context=trust(authority)), os.urandom(32_000)

    async def flood():
        async with client.connect() as connection:
            sent = 0

            async def push():
                nonlocal sent
                for _ in range(1000):
                    await connection.send(events.audio_event(audio))
                    sent += 1
                await connection.send(events.audio_event(b""))

            pushing = asyncio.create_task(push())
            await asyncio.sleep(1)
            held = sent
            service.release()
            came = 0
            while True:
                try:
                    await connection.recv()
                    came += 1
                except ConnectionClosed:
                    await pushing
                    return held, came

    held, came = asyncio.run(asyncio.wait_for(flood(), 60))
    assert held < 900 and came == 1000
    assert service.finished(30).audio_bytes == 32_000_000
