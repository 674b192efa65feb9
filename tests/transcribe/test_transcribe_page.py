"""POST /-/transcribe: audio in as it comes, what was heard out as it is heard."""

import hashlib
import json
import os
import re
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from harness import clock
from harness.client import WITH_TOKEN, Client, Cut, wait_until
from harness.proxy import BINARY, ROLE, SANITIZERS, TOKEN, Proxy

from talk import spoken, words

AUDIO = os.urandom(100_000)
PCM = "language-code=en-US&sample-rate=16000"


@pytest.fixture
def proxied(service, authority):
    """proxied(COUNTERSIGN_X=...) is the program before the service."""
    started = []

    def start(**env):
        started.append(Proxy({**service.environment, "COUNTERSIGN_CA_BUNDLE": authority.bundle, **env}))
        return started[-1]

    yield start
    for proxy in started:
        status = proxy.stop()
        print(proxy.text())
        assert status == 0


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def ask(proxy, query=PCM, audio=AUDIO, method="POST", headers=(), chunked=False, **how):
    with Client(proxy.port) as client:
        if chunked:
            client.send_request(method, f"/-/transcribe?{query}", [("Transfer-Encoding", "chunked"), *headers], **how)
            client.send(b"".join(chunk(audio[at:at + 7001]) for at in range(0, len(audio), 7001)) + b"0\r\n\r\n")
        else:
            client.send_request(method, f"/-/transcribe?{query}", headers, audio, **how)
        return client.answer(method)


def lines(answer):
    assert answer.status == 200 and answer.header("content-type") == "application/x-ndjson", answer
    assert answer.header("cache-control") == "no-store"
    found = [json.loads(line) for line in answer.body.decode().splitlines()]
    assert answer.body.endswith(b"\n")
    return found[:-1], found[-1]


def finals(results):
    return [result["text"] for result in results if not result["partial"]]


# --- what goes in, what comes out

@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("chunked", [False, True])
def test_all_of_it(service, proxied, method, chunked):
    results, end = lines(ask(proxied(), method=method, chunked=chunked))
    session = service.finished()
    assert finals(results) == spoken(AUDIO) and any(result["partial"] for result in results)
    assert end == {"ended": "complete"}
    assert session.audio_sha256 == hashlib.sha256(AUDIO).hexdigest()
    assert (session.signed, session.signed_end, session.audio_end, session.close_code) == (True, True, True, 1000)
    assert all(0 < size <= 32 * 1024 and size % 4 == 0 for size in session.sizes)
    assert session.parameters == {"language-code": "en-US", "sample-rate": "16000", "media-encoding": "pcm"}
    assert session.expires == 300 and session.region == ROLE["AWS_REGION"]


def test_every_result_has_its_times_and_words(service, proxied):
    results, _ = lines(ask(proxied(), audio=AUDIO[:3200]))
    assert {"partial", "start", "end", "text", "items"} <= set(results[-1])
    assert [item["text"] for item in results[-1]["items"]] == results[-1]["text"].split()


def test_only_what_is_final(service, proxied):
    results, end = lines(ask(proxied(), query=f"{PCM}&partial=false"))
    assert finals(results) == spoken(AUDIO) and len(results) == len(spoken(AUDIO)) and end["ended"] == "complete"


def test_plain_text(service, proxied):
    answer = ask(proxied(), query=f"{PCM}&format=text")
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert answer.body.decode() == "".join(f"{text}\n" for text in spoken(AUDIO))


@pytest.mark.parametrize("form, kind, head, mark", [("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n", "00:00:01.000 --> 00:00:02.000"),
                                                    ("srt", "application/x-subrip; charset=utf-8", "1\n", "00:00:01,000 --> 00:00:02,000")])
def test_subtitles(service, proxied, form, kind, head, mark):
    answer = ask(proxied(), query=f"{PCM}&format={form}")
    assert (answer.header("content-type"), answer.text.startswith(head)) == (kind, True)
    assert mark in answer.text and [text in answer.text for text in spoken(AUDIO)] == [True] * len(spoken(AUDIO))


def test_other_parameters_go_on_under_their_own_names(service, proxied):
    ask(proxied(), query="language-code=de-DE&vocabulary-name=mine&show-speaker-label=true&session-id=a%20b&sample-rate=8000")
    assert service.finished().parameters == {
        "language-code": "de-DE", "vocabulary-name": "mine", "show-speaker-label": "true", "session-id": "a b",
        "sample-rate": "8000", "media-encoding": "pcm"}


@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_the_region(service, proxied, region):
    ask(proxied(), query=PCM + (f"&region={region}" if region else ""))
    assert service.finished().region == (region or ROLE["AWS_REGION"])


@pytest.mark.parametrize("name, query, encoding", [
    ("wav", "language-code=en-US", "pcm"), ("wav", "language-code=en-US&media-encoding=pcm&sample-rate=16000", "pcm"),
    ("flac", PCM, "flac"), ("opus", "language-code=en-US&sample-rate=48000", "ogg-opus")])
@pytest.mark.parametrize("step", [None, 1, 777])
def test_recordings(service, proxied, recordings, name, query, encoding, step):
    """A WAV file's head is no audio; a file that says what it is need not be named."""
    whole = recordings[name].read_bytes()
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{query}", [("Content-Length", len(whole))])
        for at in range(0, min(len(whole), 4000), step) if step else ():
            client.send(whole[at:at + step])
        client.send(whole[-(-min(len(whole), 4000) // step) * step if step else 0:])
        lines(client.answer("POST"))
    session = service.finished()
    sent = recordings["pcm"].read_bytes() if name == "wav" else whole
    assert session.audio_sha256 == hashlib.sha256(sent).hexdigest()
    assert session.parameters["media-encoding"] == encoding
    assert session.parameters["sample-rate"] == ("48000" if name == "opus" else "16000")


def wav(audio, channels=1, rate=16000, bits=16, behind=b""):
    size = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * size, size, bits)
    return (b"RIFF" + struct.pack("<I", 36 + len(audio) + len(behind)) + b"WAVEfmt " + struct.pack("<I", 16) + form
            + b"data" + struct.pack("<I", len(audio)) + audio + behind)


def test_what_stands_behind_a_recording_is_no_audio(service, proxied):
    ask(proxied(), query="language-code=en-US", audio=wav(AUDIO, behind=b"LIST\4\0\0\0INFO"))
    assert service.finished().audio_sha256 == hashlib.sha256(AUDIO).hexdigest()


def test_two_channels(service, proxied):
    ask(proxied(), query="language-code=en-US", audio=wav(AUDIO, channels=2, rate=8000))
    found = service.finished().parameters
    assert (found["number-of-channels"], found["enable-channel-identification"], found["sample-rate"]) == ("2", "true", "8000")


# --- as it comes

def test_results_come_while_audio_is_still_sent(service, proxied):
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
        client.send(chunk(AUDIO[:3200]))
        answer = client.answer_head()
        pieces = client.pieces(answer, "POST")
        first = json.loads(next(pieces))
        assert first["partial"] and first["text"] == words(AUDIO[:3200])
        client.send(chunk(AUDIO[3200:6400]))
        assert json.loads(next(pieces))["text"] == words(AUDIO[:6400])
        client.send(b"0\r\n\r\n")
        rest = b"".join(pieces).decode().splitlines()
        assert json.loads(rest[-1]) == {"ended": "complete"}


def test_curl_from_a_pipe(service, proxied):
    proxy = proxied(COUNTERSIGN_AUTH="none")
    done = subprocess.run(["curl", "-sSf", "-T", "-", f"http://localhost:{proxy.port}/-/transcribe?{PCM}&format=text"],
                          input=AUDIO, capture_output=True, timeout=30, check=True)
    assert done.stdout.decode().splitlines() == spoken(AUDIO)


def test_a_connection_serves_on(service, proxied):
    with Client(proxied().port) as client:
        for _ in range(3):
            assert lines(client.ask("POST", f"/-/transcribe?{PCM}", (), AUDIO))[1] == {"ended": "complete"}
        assert client.ask("GET", "/-/health").status == 200


def test_tiny_pieces(service, proxied):
    audio = AUDIO[:3001]
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
        for at in range(0, len(audio), 7):
            client.send(chunk(audio[at:at + 7]))
        client.send(b"0\r\n\r\n")
        lines(client.answer("POST"))
    session = service.finished()
    assert session.audio_sha256 == hashlib.sha256(audio).hexdigest()    # the odd byte too
    assert all(size % 4 == 0 for size in session.sizes[:-1])


def resident_kib(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def test_fifty_streams_at_once(service, authority):
    """In less than 8 MiB more than one takes; the build that ships, for sanitizers keep what is freed."""
    binary = os.environ.get("RELEASE_BINARY", BINARY)
    with Proxy({**service.environment, "COUNTERSIGN_CA_BUNDLE": authority.bundle}, binary=binary) as proxy:
        def begin():
            client = Client(proxy.port)
            client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
            client.send(chunk(AUDIO[:6400]))
            pieces = client.pieces(client.answer_head(), "POST")
            return client, pieces, next(pieces)

        first = begin()
        before = resident_kib(proxy.process.pid)
        streams = [first] + [begin() for _ in range(50)]
        for _ in range(5):
            for client, _, _ in streams:
                client.send(chunk(AUDIO[:32_000]))
        sent = (AUDIO[:6400] + 5 * AUDIO[:32_000])
        for client, pieces, begun in streams:
            client.send(b"0\r\n\r\n")
            results = [json.loads(line) for line in (begun + b"".join(pieces)).decode().splitlines()]
            assert finals(results[:-1]) == spoken(sent) and results[-1] == {"ended": "complete"}
            client.close()
        assert resident_kib(proxy.process.pid) - before < 8 * 1024


# --- the end, and its reasons

@pytest.mark.parametrize("kind, status", [("BadRequestException", 400), ("LimitExceededException", 429),
                                          ("InternalFailureException", 500), ("ConflictException", 409),
                                          ("ServiceUnavailableException", 503)])
def test_an_exception_before_anything_was_heard_is_a_status(service, proxied, kind, status):
    service.behave(exception=kind, after=0)
    answer = ask(proxied())
    assert (answer.status, answer.error) == (status, ""), answer.text
    assert json.loads(answer.body) == {"__type": kind, "message": "as the test wants it"}


@pytest.mark.parametrize("after", [0, 2])
def test_a_long_message_is_told_too(service, proxied, after):
    """As far as it goes, and in whole JSON, however much of it has to be escaped."""
    service.behave(exception="BadRequestException", after=after, message='"\x01' * 400)
    answer = ask(proxied(), chunked=True)
    told = json.loads(answer.body.decode().splitlines()[-1])
    assert told["message"] == ('"\x01' * 400)[:511] and answer.status == (200 if after else 400)


def test_an_exception_later_is_a_line(service, proxied):
    service.behave(exception="LimitExceededException", after=2)
    results, end = lines(ask(proxied(), chunked=True))
    assert results and end == {"ended": "error", "code": "LimitExceededException", "message": "as the test wants it"}


@pytest.mark.parametrize("form", ["text", "vtt", "srt"])
def test_text_that_is_not_whole_does_not_look_so(service, proxied, form):
    service.behave(exception="LimitExceededException", after=2, final_bytes=1000)
    with pytest.raises(Cut):
        ask(proxied(), query=f"{PCM}&format={form}", chunked=True)


@pytest.mark.parametrize("how", [{"abort": True}, {"close": 1011}, {"close": 1000}])
def test_a_service_that_goes_early(service, proxied, how):
    """While audio is still to come even a close in good order is early."""
    for after in (2, 0):
        service.behave(after=after, **how)
        with Client(proxied().port) as client:
            client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
            client.send(chunk(AUDIO[:3200]) + (chunk(AUDIO[:40_000]) if after else b""))
            answer = client.answer("POST")
        if after:
            results, end = lines(answer)
            assert results and (end["ended"], end["code"]) == ("error", "UpstreamReset")
        else:
            assert answer.outcome == (502, "UpstreamReset")


def test_a_refused_handshake_is_relayed(service, proxied):
    service.behave(refuse=403, code="AccessDeniedException", message="User: arn:aws:sts::029608264753:assumed-role/r/s is not "
                   "authorized to perform: transcribe:StartStreamTranscriptionWebSocket")
    proxy = proxied()
    answer = ask(proxy)
    assert answer.status == 403 and "not authorized" in answer.text
    assert "transcribe:StartStreamTranscriptionWebSocket" in answer.header("x-countersign-hint")
    service.wrong.clear()


def test_silence(service, proxied):
    """Nothing at all comes from the service, not even an answer to a ping."""
    service.behave(reads=False)
    begun = time.monotonic()
    answer = ask(proxied(COUNTERSIGN_TIMEOUT_MS="300"))
    assert answer.outcome == (504, "UpstreamTimeout") and time.monotonic() - begun < 15
    service.release()
    service.wrong.clear()


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_client_that_vanishes_ends_the_stream(service, proxied, how):
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
        client.send(chunk(AUDIO[:6400]))
        client.answer_head()
        begun = time.monotonic()
        client.reset() if how == "reset" else client.close()
        session = service.finished()
    assert time.monotonic() - begun < 5 and not session.signed_end
    assert session.close_code == 1001
    service.wrong.clear()


def test_a_client_that_only_ends_its_half(service, proxied):
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", (), AUDIO)
        client.half_close()
        assert lines(client.answer("POST"))[1] == {"ended": "complete"}


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_a_client_that_ends_its_half_too_early(service, proxied, version):
    """There is no whole answer to audio that is not: not even one whose end only the connection's tells."""
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", [("Content-Length", len(AUDIO))], version=version)
        client.send(AUDIO[:6400])
        answer = client.answer_head()
        client.half_close()
        with pytest.raises((Cut, ConnectionError)):
            b"".join(client.pieces(answer, "POST"))
    assert not service.finished().signed_end
    service.wrong.clear()


def test_a_service_that_does_not_read_stops_the_client(service, proxied):
    """What is not taken stays with the client: the program holds little of it."""
    service.behave(reads=False)
    proxy = proxied(COUNTERSIGN_TIMEOUT_MS="20000")
    audio, sent = os.urandom(64 << 20), []
    with Client(proxy.port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", [("Content-Length", len(audio))])
        client.sock.settimeout(1.5)

        def pour():
            try:
                for at in range(0, len(audio), 1 << 16):
                    client.sock.sendall(audio[at:at + (1 << 16)])
                    sent.append(1 << 16)
            except OSError:
                pass
        thread = threading.Thread(target=pour)
        thread.start()
        thread.join(20)
        assert sum(sent) < 32 << 20
    service.release()
    service.wrong.clear()


def test_huge_and_fragmented_results(service, proxied):
    service.behave(padding=200_000, fragment=1000, pings=True)
    results, end = lines(ask(proxied()))
    assert finals(results) == spoken(AUDIO) and end == {"ended": "complete"}


def test_keys_that_end_in_mid_stream_do_not_cut_it(service, proxied, tmp_path):
    """A sixty-minute stream, by a clock that is moved: it goes on with the keys that it was begun with."""
    wall = clock.Clock(tmp_path / "clock")
    service.clock = wall
    library = clock.build(tmp_path)
    proxy = proxied(**clock.environment(library, wall.file, SANITIZERS["ASAN_OPTIONS"]))
    with Client(proxy.port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}&partial=false", [("Transfer-Encoding", "chunked")])
        for at in range(0, 96_000, 1600):
            client.send(chunk(AUDIO[at:at + 1600]))
            assert wait_until(lambda want=at + 1600: service.sessions and service.sessions[-1].audio_bytes >= want)
            wall.move(minutes=1)
        client.send(b"0\r\n\r\n")
        results, end = lines(client.answer("POST"))
    assert finals(results) == spoken(AUDIO[:96_000]) and end == {"ended": "complete"}


# --- who may, and what is wrong with what was asked

@pytest.mark.parametrize("query, audio, mark", [
    ("sample-rate=16000", AUDIO, "which language"), ("language-code=en-US", AUDIO, "sample-rate=16000"),
    (f"{PCM}&format=xml", AUDIO, "ndjson, text, vtt or srt"), (f"{PCM}&partial=no", AUDIO, "true or false"),
    ("language-code=en-US&sample-rate=fast", AUDIO, "8000 to 48000"), ("language-code=en-US&sample-rate=96000", AUDIO, "8000 to 48000"),
    (f"{PCM}&media-encoding=mp3", AUDIO, "pcm, flac or ogg-opus"), (f"{PCM}&region=EU%2F", AUDIO, "eu-west-1"),
    (f"{PCM}&X-Amz-Expires=1", AUDIO, "no parameter"), (f"{PCM}&x%2Damz-date=1", AUDIO, "no parameter"),
    ("language-code=en-US", wav(AUDIO, bits=24), "24"), (f"{PCM}&media-encoding=flac", wav(AUDIO), "WAV file"),
    ("language-code=en-US&sample-rate=8000", wav(AUDIO), "leave it out"), (f"{PCM}&x={'y' * 9000}", AUDIO, "too long"),
])
def test_what_is_wrong(service, proxied, query, audio, mark):
    answer = ask(proxied(), query=query, audio=audio)
    assert answer.outcome == (400, "BadRequest") and mark in answer.text
    assert not service.sessions


def test_other_methods_and_no_audio(service, proxied):
    proxy = proxied()
    answer = ask(proxy, method="GET", audio=None)
    assert answer.outcome == (405, "MethodNotAllowed") and answer.header("allow") == "POST, PUT"
    assert ask(proxy, audio=None).outcome == (411, "LengthRequired")
    answer = ask(proxy, audio=b"")
    assert answer.status in (200, 411)


def test_no_audio_after_all(service, proxied):
    """A chunked body without a byte is a stream in which nothing was said."""
    with Client(proxied().port) as client:
        client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
        client.send(b"0\r\n\r\n")
        assert lines(client.answer("POST")) == ([], {"ended": "complete"})


def test_a_body_that_is_no_http(service, proxied):
    for sent in (b"zz\r\n", chunk(AUDIO[:6400]) + b"zz\r\n"):
        with Client(proxied().port) as client:
            client.send_request("POST", f"/-/transcribe?{PCM}", [("Transfer-Encoding", "chunked")])
            client.send(sent)
            try:
                assert client.answer("POST").outcome == (400, "BadRequest")
            except Cut as cut:
                assert len(sent) > 10 and cut.answer
    service.wrong.clear()


@pytest.mark.parametrize("headers", [(), (("X-Countersign-Token", "wrong"),)])
def test_strangers(service, proxied, headers):
    answer = ask(proxied(COUNTERSIGN_AUTH="token"), headers=headers, token=False)
    assert answer.outcome == (401, "TokenRequired") and not service.sessions


def test_the_guard(service, proxied):
    answer = ask(proxied(COUNTERSIGN_ALLOW="s3:*"))
    assert answer.outcome == (403, "GuardDenied") and "transcribe:StartStreamTranscriptionWebSocket" in answer.text
    assert not service.sessions and not service.refused
    proxy = proxied(COUNTERSIGN_ALLOW="transcribe:StartStreamTranscriptionWebSocket")
    assert lines(ask(proxy))[1] == {"ended": "complete"}
    with Client(proxy.port) as client:
        policy = client.ask("GET", "/-/policy?format=iam", [WITH_TOKEN], token=False).text
    assert "transcribe:StartStreamTranscriptionWebSocket" in policy and TOKEN not in policy
