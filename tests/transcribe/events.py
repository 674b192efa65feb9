"""Messages of application/vnd.amazon.eventstream, and the chain of signatures over them.

A message is its length (u32), its headers' length (u32), the CRC-32 of these, headers, payload, the CRC-32 of it all.
    https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
A signed event wraps a message: headers `:date` and `:chunk-signature`, the encoded message as payload.
Written from scratch: it judges the program, and botocore's decoder and known signatures judge it (test_events.py).
"""

import hashlib
import hmac
import json
import struct
import time
import zlib
from dataclasses import dataclass, field

TRUE, FALSE, BYTE, SHORT, INT, LONG, BYTES, TEXT, TIMESTAMP, UUID = range(10)
WIDTHS = {TRUE: 0, FALSE: 0, BYTE: 1, SHORT: 2, INT: 4, LONG: 8, TIMESTAMP: 8, UUID: 16}
AROUND = 16         # bytes of a message that are neither headers nor payload
MAX_HEADERS, MAX_PAYLOAD = 128 << 10, 16 << 20


class Malformed(AssertionError):
    """Bytes that are not exactly one message."""


@dataclass
class Message:
    """headers: [(name, type, value)] in their order; a value is str (TEXT), bytes (BYTES, UUID), bool or int."""

    headers: list = field(default_factory=list)
    payload: bytes = b""

    def get(self, name, default=None):
        """The value of that header."""
        return next((value for each, _, value in self.headers if each == name), default)

    @property
    def types(self):
        """{name: type}"""
        return {name: kind for name, kind, _ in self.headers}

    @property
    def json(self):
        return json.loads(self.payload)


def encode_header(name, kind, value):
    start = struct.pack("!B", len(name)) + name.encode() + struct.pack("!B", kind)
    if kind in (BYTES, TEXT):
        raw = value.encode() if kind == TEXT else value
        return start + struct.pack("!H", len(raw)) + raw
    if kind == UUID:
        return start + value
    return start + (value.to_bytes(WIDTHS[kind], "big", signed=True) if WIDTHS[kind] else b"")


def encode(headers, payload=b""):
    """headers: [(name, type, value)]."""
    block = b"".join(encode_header(*header) for header in headers)
    prelude = struct.pack("!II", AROUND + len(block) + len(payload), len(block))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + block + payload
    return message + struct.pack("!I", zlib.crc32(message))


def _decode_value(kind, block, at):
    """(value, where it ends)"""
    if kind in (BYTES, TEXT):
        (length,) = struct.unpack_from("!H", block, at)
        at, width = at + 2, length
    elif kind in WIDTHS:
        width = WIDTHS[kind]
    else:
        raise Malformed(f"type {kind} of a header")
    raw = block[at:at + width]
    if len(raw) != width:
        raise Malformed("a header that is longer than its block")
    if kind in (BYTES, UUID):
        return raw, at + width
    if kind == TEXT:
        return raw.decode("utf-8"), at + width
    return int.from_bytes(raw, "big", signed=True) if width else kind == TRUE, at + width


def _decode_headers(block):
    headers, at = [], 0
    while at < len(block):
        end = at + 1 + block[at]
        name, kind = block[at + 1:end].decode("utf-8"), block[end]
        value, at = _decode_value(kind, block, end + 1)
        if not name or name in {each for each, _, _ in headers}:
            raise Malformed(f"the header {name!r} is empty or there twice")
        headers.append((name, kind, value))
    return headers


def decode(data):
    """The Message that data is, to its last byte."""
    if len(data) < AROUND:
        raise Malformed(f"{len(data)} bytes")
    total, length, crc = struct.unpack_from("!III", data)
    if total != len(data) or length > min(total - AROUND, MAX_HEADERS) or total > AROUND + MAX_HEADERS + MAX_PAYLOAD:
        raise Malformed(f"{len(data)} bytes that say they are {total}, with {length} of headers")
    if crc != zlib.crc32(data[:8]) or struct.unpack("!I", data[-4:])[0] != zlib.crc32(data[:-4]):
        raise Malformed("a wrong checksum")
    try:
        headers = _decode_headers(data[12:12 + length])
    except (IndexError, struct.error, UnicodeDecodeError) as problem:
        raise Malformed(f"headers: {problem}") from None
    return Message(headers, data[12 + length:-4])


# --- What Transcribe's messages are -------------------------------------------------------------

def event(kind, payload, content_type="application/json"):
    return encode([(":content-type", TEXT, content_type), (":event-type", TEXT, kind),
                   (":message-type", TEXT, "event")], payload)


def audio_event(audio):
    return event("AudioEvent", audio, "application/octet-stream")


def exception(kind, message):
    return encode([(":content-type", TEXT, "application/json"), (":exception-type", TEXT, kind),
                   (":message-type", TEXT, "exception")], json.dumps({"Message": message}).encode())


# --- Signatures ---------------------------------------------------------------------------------

def _hmac(key, text):
    return hmac.digest(key, text.encode(), "sha256")


def signing_key(secret, day, region, service):
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def now_ms():
    return time.time_ns() // 1_000_000


class Chain:
    """The signatures of one stream, each over the one before; prior is the last one, in hex: at first the URL's."""

    def __init__(self, secret, region, seed, service="transcribe"):
        self.secret, self.region, self.service, self.prior = secret, region, service, seed

    def next(self, milliseconds, payload):
        """The signature (32 bytes) of the next event."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(milliseconds // 1000))
        date = encode_header(":date", TIMESTAMP, milliseconds)
        text = "\n".join([
            "AWS4-HMAC-SHA256-PAYLOAD", stamp, f"{stamp[:8]}/{self.region}/{self.service}/aws4_request", self.prior,
            hashlib.sha256(date).hexdigest(), hashlib.sha256(payload).hexdigest()])
        signature = _hmac(signing_key(self.secret, stamp[:8], self.region, self.service), text)
        self.prior = signature.hex()
        return signature

    def sign(self, payload, milliseconds=None):
        """The signed event around an encoded message; b"" for the last one, which says that the stream is whole."""
        when = now_ms() if milliseconds is None else milliseconds
        return encode([(":date", TIMESTAMP, when), (":chunk-signature", BYTES, self.next(when, payload))], payload)
