"""Transcribe streaming through the program: what the client says, signed or not, becomes events that AWS takes."""

import datetime
import os
import re
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from harness.client import wait_until
from harness.issuer import Issuer
from harness.proxy import ROLE, ROOT
from harness.signer import credentials

import events
from client import Refused, cut, target_of, transcribe
from presigned import presign
from raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, close_frame, code_of, connect, reassembled
from service import Service
from talk import spoken

AUDIO = os.urandom(50_000)
HOST = "transcribestreaming.us-east-1.amazonaws.com"
PATHS = ["medical-stream-transcription", "call-analytics-stream-transcription", "medical-scribe-stream"]
END = events.audio_event(b"")


@pytest.fixture
def proxy(run, service):
    return run(**service.environment)


def base(proxy):
    return f"http://localhost:{proxy.port}/transcribestreaming"


@contextmanager
def stream(proxy, path="stream-transcription"):
    """A raw client's end of a stream."""
    with connect(proxy.port, target_of("/transcribestreaming", path, {})) as client:
        yield client


def say(client, *messages):
    client.send(*[Frame(BINARY, message) for message in messages])


def heard(client):
    """(messages, code of the close frame or None) of all that comes."""
    frames = list(client.frames())
    closed = [code_of(frame) for frame in frames if frame.opcode == CLOSE]
    return [events.decode(payload) for _, payload in reassembled(frames)], closed[0] if closed else None


def finals(messages):
    return [result["Alternatives"][0]["Transcript"] for message in messages for result in message.json["Transcript"]["Results"]
            if not result["IsPartial"]]


def whole(session, audio=AUDIO):
    """The session as it should have been."""
    assert (session.audio, session.signed, session.signed_end, session.audio_end) == (audio, True, True, True)
    assert session.close_code == 1000 and session.expires == 300 and not session.header("authorization")
    return session


# --- what comes of what the client says

@pytest.mark.parametrize("size", [3200, 333, 50_000])
def test_unsigned_events(proxy, service, size):
    said = transcribe(base(proxy), AUDIO, presign=False, size=size)
    session = whole(service.finished())
    assert said.finals == spoken(AUDIO) == session.finals and said.partials == session.partials and said.code == 1000
    assert session.sizes == [len(piece) for piece in cut(AUDIO, size)]
    assert session.header("host") == [service.url.removeprefix("https://")]
    assert session.parameters == {"language-code": "en-US", "sample-rate": "16000", "media-encoding": "pcm"}


@pytest.mark.parametrize("auth", ["none", "token"])
@pytest.mark.parametrize("signed", [True, False])
def test_a_client_that_presigns_for_the_program(run, service, auth, signed):
    """Its events, signed after a signature that AWS does not see, are signed anew."""
    proxy = run(**service.environment, COUNTERSIGN_AUTH=auth)
    said = transcribe(base(proxy), AUDIO, signed=signed)
    assert said.finals == spoken(AUDIO) == whole(service.finished()).finals and said.code == 1000


@pytest.mark.parametrize("auth", ["none", "token"])
@pytest.mark.parametrize("form", ["host", "absolute"])
@pytest.mark.parametrize("signed, port", [(True, ":8443"), (True, ""), (False, "")])
def test_at_aws_s_own_host(run, authority, at_aws, auth, form, signed, port):
    """A URL presigned for just that host goes on as it is, and so do its events; one without the port is signed anew."""
    with Service(authority, names=[HOST]) as service:
        proxy = run(**at_aws(service.port, beside=8443), COUNTERSIGN_AUTH=auth)
        target, seed = presign(target_of(f"https://{HOST}{port}", "stream-transcription", {}), age=7)
        when = events.now_ms() - 5000
        chain = events.Chain(ROLE["AWS_SECRET_ACCESS_KEY"], "us-east-1", seed)
        named = {"target": target} if form == "host" else {"target": f"http://{HOST}{port}{target}"}
        with connect(proxy.port, **named, Host=f"{HOST}{port}") as client:
            pieces = [events.audio_event(piece) for piece in [*cut(AUDIO), b""]]
            say(client, *([chain.sign(piece, when) for piece in [*pieces, b""]] if signed else pieces))
            messages, code = heard(client)
            client.send(close_frame())
        session = service.finished()
        assert finals(messages) == spoken(AUDIO) == whole(session).finals and code == 1000
        assert session.header("host") == [f"{HOST}:8443"]
        assert (seed in session.query, set(session.dates) == {when}) == (bool(port), bool(port))
        assert not service.wrong


@pytest.mark.parametrize("how", [{"age": 301}, {"keys": credentials(secret_key="another")},
                                 {"keys": credentials(access_key="AKIAIOSFODNN7EXAMPLE")}, {"region": "us-west-2"}],
                         ids=["late", "wrong", "another's", "elsewhere"])
def test_what_is_not_rightly_presigned_is_signed_anew(run, authority, at_aws, how):
    with Service(authority, names=[HOST]) as service:
        proxy = run(**at_aws(service.port, beside=8443))
        target, seed = presign(target_of(f"https://{HOST}:8443", "stream-transcription", {}), **how)
        chain = events.Chain("whatever", "us-east-1", seed)
        with connect(proxy.port, target, Host=f"{HOST}:8443") as client:
            say(client, *[chain.sign(events.audio_event(piece)) for piece in [*cut(AUDIO), b""]], chain.sign(b""))
            assert heard(client)[1] == 1000
            client.send(close_frame())
        session = whole(service.finished())
        assert seed not in session.query and session.region == "us-east-1" and not service.wrong


def test_by_the_path_to_aws_s_own_host(run, authority, at_aws):
    with Service(authority, names=[HOST]) as service:
        proxy = run(**at_aws(service.port, beside=8443))
        assert transcribe(base(proxy), AUDIO, presign=False).finals == spoken(AUDIO)
        assert service.finished().header("host") == [f"{HOST}:8443"] and not service.wrong


def test_another_region(run, authority, at_aws):
    there = HOST.replace("us-east-1", "eu-west-1")
    with Service(authority, names=[there]) as service:
        proxy = run(**at_aws(service.port, beside=8443))
        url = f"http://localhost:{proxy.port}/transcribestreaming.eu-west-1"
        assert transcribe(url, AUDIO, presign=False).finals == spoken(AUDIO)
        session = service.finished()
        assert (session.region, session.header("host")) == ("eu-west-1", [f"{there}:8443"]) and not service.wrong


@pytest.mark.parametrize("path", PATHS)
def test_other_paths(proxy, service, path):
    said = transcribe(base(proxy), AUDIO, presign=False, path=path)
    assert said.finals == spoken(AUDIO) and whole(service.finished()).path == f"/{path}-websocket"


def test_events_that_are_no_audio(proxy, service):
    settings = events.event("ConfigurationEvent", b'{"ChannelDefinitions":[]}')
    with stream(proxy, "call-analytics-stream-transcription") as client:
        say(client, settings, events.audio_event(AUDIO[:3200]), END)
        assert heard(client)[1] == 1000
        client.send(close_frame())
    session = whole(service.finished(), AUDIO[:3200])
    assert session.others == [("ConfigurationEvent", b'{"ChannelDefinitions":[]}')]


@pytest.mark.parametrize("recording, encoding", [("pcm", "pcm"), ("flac", "flac"), ("opus", "ogg-opus")])
def test_real_audio(proxy, service, recordings, recording, encoding):
    audio = recordings[recording].read_bytes()
    said = transcribe(base(proxy), audio, presign=False, parameters={"media-encoding": encoding})
    assert said.finals == spoken(audio) and service.finished().audio == audio


# --- how it is cut

@pytest.mark.parametrize("size, step", [(1, None), (10, 1), (1000, 7)])
def test_messages_in_fragments(proxy, service, size, step):
    message = events.audio_event(AUDIO[:1000])
    pieces = [message[at:at + size] for at in range(0, len(message), size)]
    frames = [Frame(CONTINUATION if at else BINARY, piece, at == len(pieces) - 1) for at, piece in enumerate(pieces)]
    frames.insert(len(frames) // 2, Frame(PING, b"between"))
    with stream(proxy) as client:
        client.send_bytes(b"".join(frame.encode("client") for frame in [*frames, Frame(BINARY, END)]), step)
        assert heard(client)[1] == 1000
        client.send(close_frame())
    assert whole(service.finished(), AUDIO[:1000]).sizes == [1000]


LIMIT = 64 * 1024
AROUND = len(END)


def test_the_longest_event(proxy, service):
    audio = os.urandom(LIMIT - AROUND)
    with stream(proxy) as client:
        say(client, *[events.audio_event(audio)] * 3, END)
        assert heard(client)[1] == 1000
        client.send(close_frame())
    whole(service.finished(), audio * 3)


# --- how it ends

ENDS = {"twice": [END, END], "once": [END], "an empty message": [b""], "both": [END, b""], "three times": [END, b"", END]}


@pytest.mark.parametrize("name", ENDS)
def test_ends(proxy, service, name):
    service.behave(end="stay")
    with stream(proxy) as client:
        say(client, events.audio_event(b"abcd"), *ENDS[name])
        assert client.read().opcode == BINARY
        client.send(Frame(PING, b"still there"))
        while (frame := client.read()).opcode == BINARY:
            pass
        assert frame == Frame(PONG, b"still there")
        client.send(close_frame())
        assert heard(client)[1] == 1000
    session = service.finished()
    assert session.signed_end and session.audio_end == (END in ENDS[name]) and session.audio == b"abcd"


def test_a_close_frame_ends_the_stream_too(proxy, service):
    with stream(proxy) as client:
        say(client, events.audio_event(b"abcd"))
        client.send(close_frame())
        messages, code = heard(client)
    assert code == 1000 and service.finished().signed_end


def test_an_event_after_the_end_is_refused(proxy, service):
    service.behave(end="stay")
    with stream(proxy) as client:
        say(client, events.audio_event(b"abcd"), END, events.audio_event(b"late"))
        assert heard(client)[1] == 1007
    assert service.finished().audio == b"abcd"


def spoilt(message, at):
    changed = bytearray(message)
    changed[at] ^= 1
    return bytes(changed)


GOOD = events.audio_event(b"abcd")
BAD = {"a wrong checksum": spoilt(GOOD, -1), "a wrong prelude": spoilt(GOOD, 9), "cut": GOOD[:-1], "followed": GOOD + b"x",
       "two in one": GOOD + GOOD, "no event": b"{}", "too long": events.audio_event(bytes(LIMIT - AROUND + 1)),
       "far too long": bytes(1 << 20)}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_event_is_refused(proxy, service, name):
    with stream(proxy) as client:
        say(client, GOOD, BAD[name])
        assert heard(client)[1] == 1007
    session = service.finished()
    assert (session.audio, session.close_code) == (b"abcd", 1001) and not session.audio_end


@pytest.mark.parametrize("frames", [[Frame(TEXT, b"hello")], [Frame(TEXT, b"he", False), Frame(CONTINUATION, b"llo")]],
                         ids=["whole", "fragments"])
def test_a_text_is_refused(proxy, service, frames):
    with stream(proxy) as client:
        client.send(*frames)
        assert heard(client)[1] == 1007
    assert service.finished().audio == b""


# --- what the service does

@pytest.mark.parametrize("how, expected", [
    ({"exception": "LimitExceededException", "message": "too much"}, (("LimitExceededException", "too much"), 1000)),
    ({"exception": "BadRequestException", "message": "h\u00e9"}, (("BadRequestException", "h\u00e9"), 1000)),
    ({"close": 1011, "reason": "inner"}, (None, 1011)), ({"close": 1008}, (None, 1008)), ({"abort": True}, (None, None))],
    ids=str)
@pytest.mark.parametrize("after", [0, 3])
def test_what_goes_wrong_there(proxy, service, how, expected, after):
    service.behave(after=after, **how)
    said = transcribe(base(proxy), AUDIO, presign=False, pause_s=0.01)
    assert (said.exception, said.code) == expected and said.reason == (how.get("reason", "") if said.code else None)
    service.finished()


def test_refused_and_relayed(proxy, service):
    service.behave(refuse=403, code="AccessDeniedException", message="no such right")
    with pytest.raises(Refused) as refused:
        transcribe(base(proxy), AUDIO, presign=False)
    assert refused.value.status == 403 and b"no such right" in refused.value.body


@pytest.mark.parametrize("how", [{"pings": True}, {"fragment": 100}, {"padding": 100_000}, {"delay_s": 0.02}], ids=str)
def test_however_it_answers(proxy, service, how):
    service.behave(**how)
    said = transcribe(base(proxy), AUDIO, presign=False)
    session = whole(service.finished())
    assert said.finals == spoken(AUDIO) and session.pongs == len(said.messages) * bool(how.get("pings"))


def test_a_client_that_is_gone(proxy, service):
    with stream(proxy) as client:
        say(client, GOOD)
        wait_until(lambda: service.sessions and service.sessions[0].audio)
        client.reset()
        since = time.monotonic()
        session = service.finished()
    assert time.monotonic() - since < 1.5
    assert (session.close_code, session.signed_end, session.audio_end) == (1001, False, False)


def test_the_program_ends(proxy, service):
    with stream(proxy) as client:
        say(client, GOOD)
        wait_until(lambda: service.sessions and service.sessions[0].audio)
        stopping = threading.Thread(target=proxy.stop)
        stopping.start()
        assert heard(client)[1] == 1001
        client.send(close_frame(1001))
        session = service.finished()
        stopping.join(5)
    assert (session.audio, session.close_code, session.signed_end) == (b"abcd", 1001, False)


# --- time goes by

@pytest.fixture
def timed(authority, wall, clocked, run):
    """(service, start): both by the clock of the test."""
    with Service(authority, clock=wall) as service:
        yield service, lambda **env: run(**service.environment, **{**clocked(), **env})
    assert not service.wrong, service.wrong


def until_heard(session, count):
    wait_until(lambda: len(session.sizes) >= count)


def test_over_midnight(timed, wall):
    service, start = timed
    now = wall.now()
    wall.move(ms=int((now.replace(hour=23, minute=59, second=50, microsecond=0) - now).total_seconds() * 1000))
    with stream(start()) as client:
        for number in range(20):
            say(client, events.audio_event(b"%4d" % number))
            until_heard(service.opened(), number + 1)
            wall.move(1000)
        say(client, END)
        assert heard(client)[1] == 1000
        client.send(close_frame())
    session = whole(service.finished(), b"".join(b"%4d" % number for number in range(20)))
    days = {datetime.datetime.fromtimestamp(date / 1000, datetime.timezone.utc).day for date in session.dates}
    assert len(days) == 2


def test_an_hour(timed, wall):
    """The URL was good for five minutes, the stream is for as long as it goes on."""
    service, start = timed
    with stream(start()) as client:
        for number in range(0, 3600, 30):
            say(client, *[events.audio_event(b"%4d" % (number + each)) for each in range(30)])
            until_heard(service.opened(), number + 30)
            wall.move(30_000)
            wall.move_steady(30_000)
        say(client, END)
        heard(client)
        client.send(close_frame())
    session = whole(service.finished(), b"".join(b"%4d" % number for number in range(3600)))
    assert session.dates[-1] - session.dates[0] >= 3_600_000


def test_keys_that_are_renewed_in_mid_stream(timed, wall):
    """A stream goes on with those that it began with, past their end; a new one begins with the new ones."""
    service, start = timed
    given = Issuer(clock=wall)
    try:
        proxy = start(**given.container())
        given.give()
        given.same = True
        service.role = as_role(given.newest)
        with stream(proxy) as client:
            say(client, events.audio_event(b"once"))
            until_heard(service.opened(), 1)
            given.same = False
            wall.move(minutes=61)
            given.give()
            given.same, given.revoked = True, len(given.issued) - 1
            service.role = as_role(given.newest)
            with stream(proxy) as other:
                say(other, GOOD, END)
                heard(other)
                other.send(close_frame())
            assert whole(service.finished(), b"abcd").key == given.newest.key
            say(client, events.audio_event(b"more"), END)
            assert heard(client)[1] == 1000
            client.send(close_frame())
        assert whole(service.finished(), b"oncemore").key != given.newest.key
    finally:
        given.close()


def as_role(issued):
    return {"AWS_ACCESS_KEY_ID": issued.key, "AWS_SECRET_ACCESS_KEY": issued.secret, "AWS_SESSION_TOKEN": issued.token}


# --- many

def rss_kib(proxy):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{proxy.pid}/status").read_text())[1])


def test_fifty_at_once(run, service):
    proxy = run(binary=ROOT / "build" / "countersign", **service.environment)
    transcribe(base(proxy), AUDIO, presign=False)
    whole(service.finished())
    before, count, piece = rss_kib(proxy), 50, AUDIO[:3200]
    clients = [connect(proxy.port, target_of("/transcribestreaming", "stream-transcription", {})) for _ in range(count)]
    for _ in range(10):
        for client in clients:
            say(client, events.audio_event(piece))
    wait_until(lambda: sum(len(session.sizes) for session in service.sessions[1:]) == 10 * count)
    grown = rss_kib(proxy) - before
    assert grown < 8192, grown
    for client in clients:
        say(client, END)
    for client in clients:
        messages, code = heard(client)
        assert finals(messages) == spoken(piece * 10) and code == 1000
        client.send(close_frame())
    for _ in range(count):
        whole(service.finished(), piece * 10)


def test_ten_clients_in_a_hurry(proxy, service):
    said = []
    work = [threading.Thread(target=lambda each=each: said.append((each, transcribe(base(proxy), AUDIO[each:], presign=False).finals)))
            for each in range(10)]
    for each in work:
        each.start()
    for each in work:
        each.join()
    assert dict(said) == {each: spoken(AUDIO[each:]) for each in range(10)}


def test_a_service_that_does_not_read(proxy, service):
    """The client is stopped; once the service reads on, nothing is missing."""
    service.behave(reads=False)
    audio = os.urandom(24 << 20)
    with stream(proxy) as client:
        client.wire.sock.settimeout(20)
        sending = threading.Thread(target=say, args=[client, *[events.audio_event(piece) for piece in [*cut(audio, 32_000), b""]]])
        sending.start()
        sending.join(1)
        assert sending.is_alive()
        service.release()
        assert heard(client)[1] == 1000
        client.send(close_frame())
        sending.join()
    whole(service.finished(), audio)
