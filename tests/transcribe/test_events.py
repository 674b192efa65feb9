"""The tests' own event streams, judged by botocore's decoder and by signatures that are known."""

import datetime
import struct
import zlib

import botocore.eventstream
import pytest

import events

ALL_TYPES = [
    ("yes", events.TRUE, True), ("no", events.FALSE, False), ("byte", events.BYTE, -7), ("short", events.SHORT, -300),
    ("int", events.INT, 70000), ("long", events.LONG, -5_000_000_000), ("bytes", events.BYTES, b"\0\xff"),
    ("text", events.TEXT, "h\u00e9llo"), ("when", events.TIMESTAMP, 1234567890123), ("id", events.UUID, bytes(range(16)))]

# Of the key "secret" in us-east-1 for "demo": events of 1981-01-16, one a second from 06:30:01.
START = datetime.datetime(1981, 1, 16, 6, 30, tzinfo=datetime.timezone.utc)
SEED = "e1d8e8c8815e60969f2a34765c9a15945ffc0badbaa4b7e3b163ea19131e949b"
KNOWN = [
    (b"A", "7aabf85b765e6a4d0d500b6e968657b14726fa3e1eb7e839302728ffd77629a5"),
    (b"B", "f72aa9642f571d24a6e1ae42f10f073ad9448d8a028b6bcd82da081335adda02"),
    (b"C", "632af120435b57ec241d8bfbb12e496dfd5e2730a1a02ac0ab6eaa230ae02e9a"),
    (b"", "c6f679ddb3af68f5e82f0cf6761244cb2338cf11e7d01a24130aea1b7c17e53e")]


def by_botocore(data):
    buffer = botocore.eventstream.EventStreamBuffer()
    buffer.add_data(data)
    (message,) = list(buffer)
    return message


@pytest.mark.parametrize("payload", [b"", b"x", bytes(range(256)) * 300])
def test_botocore_reads_the_same(payload):
    data = events.encode(ALL_TYPES, payload)
    theirs, ours = by_botocore(data), events.decode(data)
    assert theirs.headers == {name: value for name, _, value in ALL_TYPES}
    assert theirs.payload == ours.payload == payload
    assert ours.headers == ALL_TYPES


def test_transcribe_s_own_messages():
    audio, refusal = by_botocore(events.audio_event(b"pcm")), by_botocore(events.exception("ConflictException", "no"))
    assert audio.headers == {":content-type": "application/octet-stream", ":event-type": "AudioEvent",
                             ":message-type": "event"}
    assert audio.payload == b"pcm"
    assert refusal.headers[":exception-type"] == "ConflictException" and refusal.payload == b'{"Message": "no"}'


def resum(data):
    """With right checksums again."""
    data = data[:8] + struct.pack("!I", zlib.crc32(data[:8])) + data[12:-4]
    return data + struct.pack("!I", zlib.crc32(data))


GOOD = events.encode([("a", events.TEXT, "b")], b"payload")


@pytest.mark.parametrize("data", [
    b"", GOOD[:-1], GOOD + b"x", GOOD * 2, GOOD[:9] + b"\0" + GOOD[10:], GOOD[:-1] + b"\0",
    GOOD[:20] + b"?" + GOOD[21:], resum(GOOD[:4] + b"\0\0\0\x05" + GOOD[8:]), resum(GOOD[:4] + b"\0\0\xff\0" + GOOD[8:]),
    events.encode([("a", events.TRUE, True)] * 2), events.encode([("", events.TRUE, True)]),
    resum(GOOD[:14] + b"\x0b" + GOOD[15:]), events.encode([("a", events.BYTES, b"x" * 300)])[:-200]])
def test_what_is_no_message(data):
    with pytest.raises(events.Malformed):
        events.decode(data)


def test_known_signatures():
    chain = events.Chain("secret", "us-east-1", SEED, "demo")
    for second, (payload, signature) in enumerate(KNOWN, 1):
        when = int((START + datetime.timedelta(seconds=second)).timestamp() * 1000)
        signed = events.decode(chain.sign(payload, when))
        assert signed.headers == [(":date", events.TIMESTAMP, when),
                                  (":chunk-signature", events.BYTES, bytes.fromhex(signature))]
        assert signed.payload == payload


