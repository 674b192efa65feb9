"""What one end of a WebSocket may send, and what becomes of it: as the groups 1 to 7 of the Autobahn test suite have it
(https://github.com/crossbario/autobahn-testsuite), each for a client and for a server that sends.

CASES is for whoever receives: a relay passes on `relayed` and, where there are `codes`, fails the connection with one.
"""

from dataclasses import dataclass

from raw_websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, close_frame, switch


@dataclass(frozen=True)
class Case:
    """One thing that is sent."""

    name: str
    role: str                   # of the sender, client or server
    sent: bytes
    relayed: tuple = ()         # frames that come out on the other side, before the fault where there is one
    codes: tuple = ()           # with one of these the receiver closes; () where nothing is wrong
    step: int = None            # bytes sent at a time
    inside: bool = False        # only who looks into text and reasons sees what is wrong: a relay may pass it on
    tolerated: bool = False     # some receivers take what the RFC forbids, or close by a limit of their own
    cut: bool = False           # the sender's stream ends behind it, without a close frame

    @property
    def closes(self):
        """The close frame that the sender sends rightly, or None."""
        return next((frame for frame in self.relayed if frame.opcode == CLOSE), None)

    def __str__(self):
        return f"{self.name} {self.role}".replace(" ", "-")


def _both(name, *frames, relayed=None, tail=b"", **how):
    """The case for either role; relayed: how many of the frames come out, all where nothing is wrong."""
    count = relayed if relayed is not None else 0 if how.get("codes") else len(frames)
    for role in ("client", "server"):
        sent = b"".join(frame.encode(role) for frame in frames) + tail
        yield Case(name, role, sent, tuple(frames[:count]), **how)


def _wrong(name, *frames, code=1002, **how):
    """The same where the last frame is the one that is wrong."""
    return _both(name, *frames, **{"relayed": len(frames) - 1, "codes": (code,), **how})


def _text(number):
    return ("the quick brown fox, " * (number // 21 + 1)).encode()[:number]


def _bytes(number):
    return (bytes(range(256)) * (number // 256 + 1))[:number]


def framing():
    for number, length in enumerate((0, 125, 126, 127, 128, 65535, 65536), 1):
        yield from _both(f"1.1.{number} text of {length}", Frame(TEXT, _text(length)))
        yield from _both(f"1.2.{number} binary of {length}", Frame(BINARY, _bytes(length)))
    yield from _both("1.1.8 text of 65536 in pieces", Frame(TEXT, _text(65536)), step=997)
    yield from _both("1.2.8 binary of 65536 in pieces", Frame(BINARY, _bytes(65536)), step=997)
    yield from _both("1.2.9 binary of 126 byte for byte", Frame(BINARY, _bytes(126)), step=1)
    for number, (length, width) in enumerate(((0, 2), (125, 2), (125, 8), (126, 8), (65535, 8)), 1):
        yield from _wrong(f"1.3.{number} length {length} in {width} bytes",
                          Frame(BINARY, _bytes(length), width=width), tolerated=True)
    yield from _wrong("1.3.6 length with the highest bit", Frame(BINARY, b"x", claim=1 << 63), codes=(1002, 1009))
    yield from _wrong("1.3.7 length of 2^62", Frame(BINARY, b"x", claim=1 << 62), codes=(1009,), tolerated=True)
    for role, masked in (("client", False), ("server", True)):
        for number, frame in enumerate((Frame(BINARY, b"data", masked=masked), Frame(PING, b"", masked=masked),
                                        Frame(CLOSE, b"\x03\xe8", masked=masked)), 1):
            yield Case(f"1.4.{number} {'' if masked else 'not '}masked", role,
                       frame.encode(role), codes=(1002,))


def pings():
    for number, payload in enumerate((b"", b"Hello", b"\0\xff\xfe\xfd\xfc\xfb\0\xff", b"*" * 125), 1):
        yield from _both(f"2.{number} ping of {len(payload)}", Frame(PING, payload))
    yield from _wrong("2.5 ping of 126", Frame(PING, b"*" * 126))
    yield from _both("2.6 ping of 125 byte for byte", Frame(PING, b"*" * 125), step=1)
    yield from _both("2.7 pong that nobody asked for", Frame(PONG))
    yield from _both("2.8 the same with a payload", Frame(PONG, b"unasked"))
    yield from _both("2.9 pong, then ping", Frame(PONG, b"unasked"), Frame(PING, b"asked"))
    yield from _both("2.10 ten pings", *(Frame(PING, b"%d" % number) for number in range(10)))
    yield from _both("2.11 ten pings byte for byte", *(Frame(PING, b"%d" % number) for number in range(10)), step=1)
    yield from _wrong("2.12 pong of 126", Frame(PONG, b"*" * 126))


def reserved():
    for rsv in range(1, 8):
        for name, frame in (("text", Frame(TEXT, b"x", rsv=rsv)), ("binary", Frame(BINARY, b"x", rsv=rsv)),
                            ("ping", Frame(PING, b"x", rsv=rsv)), ("close", Frame(CLOSE, b"\x03\xe8", rsv=rsv))):
            yield from _wrong(f"3.{rsv} reserved bits {rsv} of {name}", Frame(TEXT, b"before"), frame)


def opcodes():
    for opcode in (*range(3, 8), *range(11, 16)):
        group = 1 if opcode < 8 else 2
        yield from _wrong(f"4.{group}.1 opcode {opcode}", Frame(opcode))
        yield from _wrong(f"4.{group}.2 opcode {opcode} with a payload", Frame(TEXT, b"before"), Frame(opcode, b"reserved"))


def fragments():
    first, middle, last = Frame(TEXT, b"one ", False), Frame(CONTINUATION, b"two ", False), Frame(CONTINUATION, b"three")
    ping = Frame(PING, b"between")
    yield from _wrong("5.1 ping in two frames", Frame(PING, b"one", False), Frame(CONTINUATION, b"two"), relayed=0)
    yield from _wrong("5.2 pong in two frames", Frame(PONG, b"one", False), Frame(CONTINUATION, b"two"), relayed=0)
    yield from _wrong("5.2.1 close in two frames", Frame(CLOSE, b"\x03\xe8", False), Frame(CONTINUATION), relayed=0)
    yield from _both("5.3 text in two frames", first, last)
    yield from _both("5.4 text in three frames", first, middle, last)
    yield from _both("5.5 the same byte for byte", first, middle, last, step=1)
    yield from _both("5.6 ping between two frames", first, ping, last)
    yield from _both("5.7 pong between two frames", first, Frame(PONG, b"between"), last)
    yield from _both("5.8 pings between, byte for byte", first, ping, middle, ping, last, step=1)
    for number, fin in enumerate((True, False), 9):
        yield from _wrong(f"5.{number} nothing to continue", Frame(CONTINUATION, b"lost", fin))
    yield from _wrong("5.11 nothing to continue, behind a message", Frame(TEXT, b"whole"), last)
    yield from _wrong("5.12 continued once too often", first, last, last)
    yield from _both("5.13 empty frames", Frame(TEXT, b"", False), Frame(CONTINUATION, b"", False), Frame(CONTINUATION))
    yield from _both("5.14 an empty last frame", Frame(BINARY, b"all", False), Frame(CONTINUATION))
    yield from _wrong("5.15 a text within another", first, Frame(TEXT, b"new"))
    yield from _wrong("5.16 a binary within a text", first, middle, Frame(BINARY, b"new", False))
    yield from _both("5.17 binary in a thousand frames", Frame(BINARY, b"0", False),
                     *(Frame(CONTINUATION, b"%d" % number, False) for number in range(998)), Frame(CONTINUATION, b"!"))
    yield from _both("5.18 two messages in frames", first, last, Frame(BINARY, b"\0", False), middle, last)
    yield from _both("5.19 large frames", Frame(BINARY, _bytes(65536), False), Frame(CONTINUATION, _bytes(65535)))
    yield from _both("5.20 close between two frames", first, close_frame())


GOOD_TEXTS = ["h\u00e9llo", "\u03ba\u1f79\u03c3\u03bc\u03b5", "\u20ac", "\U00010000", "\U0010ffff", "\ufffe", "\uffff", "\u07ff",
              "\ud7ff", "\ue000", "\ufffd", "\0"]
BAD_TEXTS = ["cebae1bdb9cf83cebcceb5eda080656469746564", "80", "bf", "8080", "c0af", "e080af", "f08080af", "c1bf", "e09fbf",
             "f08fbfbf", "eda080", "edbfbf", "f4908080", "f888808080", "fe", "ff", "c3", "e282", "f09f98", "c328", "e228a1",
             "f0288cbc"]


def texts():
    for number, text in enumerate(GOOD_TEXTS, 1):
        yield from _both(f"6.1.{number} text {ascii(text)}", Frame(TEXT, text.encode()))
    whole = "\u20ac\U0001f600".encode()
    yield from _both("6.2.1 characters over frames", *(
        Frame(CONTINUATION if at else TEXT, whole[at:at + 1], at == len(whole) - 1) for at in range(len(whole))))
    yield from _both("6.2.2 the same byte for byte", *(
        Frame(CONTINUATION if at else TEXT, whole[at:at + 1], at == len(whole) - 1) for at in range(len(whole))), step=1)
    yield from _both("6.2.3 binary is no text", Frame(BINARY, b"\xff\xfe\x80"))
    for number, bad in enumerate(BAD_TEXTS, 1):
        yield from _wrong(f"6.3.{number} bad text {bad}", Frame(TEXT, bytes.fromhex(bad)), code=1007, inside=True)
    yield from _wrong("6.4.1 bad text in the second frame", Frame(TEXT, b"good", False), Frame(CONTINUATION, b"\xff"),
                      code=1007, inside=True)
    yield from _wrong("6.4.2 a text that ends within a character", Frame(TEXT, b"\xe2", False), Frame(CONTINUATION, b"\x82"),
                      code=1007, inside=True)


def closes():
    yield from _both("7.1.1 a message, then close", Frame(TEXT, b"Hello"), close_frame())
    yield from _both("7.1.2 close twice", close_frame(), close_frame(), relayed=1)
    yield from _both("7.1.3 ping behind close", close_frame(), Frame(PING), relayed=1)
    yield from _both("7.1.4 text behind close", close_frame(), Frame(TEXT, b"late"), relayed=1)
    yield from _both("7.1.5 continuation behind close", Frame(TEXT, b"one", False), close_frame(),
                     Frame(CONTINUATION, b"two"), relayed=2)
    yield from _both("7.1.6 close behind 256 KiB", Frame(BINARY, _bytes(262144)), close_frame())
    yield from _both("7.3.1 close without a code", Frame(CLOSE))
    yield from _wrong("7.3.2 close of one byte", Frame(CLOSE, b"a"), inside=True)
    yield from _both("7.3.3 close with a code", close_frame())
    yield from _both("7.3.4 close with a reason", close_frame(1000, b"Hello World!"))
    yield from _both("7.3.5 close with the longest reason", close_frame(1000, b"*" * 123))
    yield from _wrong("7.3.6 close with a longer one", close_frame(1000, b"*" * 124))
    yield from _wrong("7.5.1 close with a bad reason", close_frame(1000, b"\xce\xba\xed\xa0\x80"), code=1007, inside=True)
    for number, code in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
        yield from _both(f"7.7.{number} code {code}", close_frame(code))
    for number, code in enumerate((0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999), 1):
        yield from _wrong(f"7.9.{number} code {code}", close_frame(code), inside=True)
    for number, code in enumerate((5000, 65535), 1):
        yield from _wrong(f"7.13.{number} code {code}", close_frame(code), inside=True)


def ends():
    """Not of Autobahn: the stream ends and no close frame came."""
    yield from _both("8.1 the end behind a message", Frame(TEXT, b"Hello"), cut=True)
    yield from _both("8.2 the end within a message", Frame(TEXT, b"Hello", False), cut=True)
    yield from _both("8.3 the end within a head", tail=b"\x82", cut=True)
    yield from _both("8.4 the end within a length", tail=b"\x82\x7e\x01", cut=True)
    yield from _both("8.5 the end at once", cut=True)


CASES = [case for group in (framing, pings, reserved, opcodes, fragments, texts, closes, ends) for case in group()]


# --- Handshakes -----------------------------------------------------------------------------------

# (name, changes of raw_websocket.request): what a server that takes WebSockets does not take, or may take.
BAD_REQUESTS = [
    ("no key", {"Sec_WebSocket_Key": None}), ("a short key", {"Sec_WebSocket_Key": "c2hvcnQ="}),
    ("a key that is no base64", {"Sec_WebSocket_Key": "*" * 24}), ("no version", {"Sec_WebSocket_Version": None}),
    ("version 8", {"Sec_WebSocket_Version": "8"}), ("another upgrade", {"Upgrade": "h2c"}),
    ("no upgrade", {"Upgrade": None}), ("connection without upgrade", {"Connection": "keep-alive"}),
]
GOOD_REQUESTS = [
    ("as it is", {}), ("in other letters", {"Upgrade": "WebSocket", "Connection": "upgrade"}),
    ("more in Connection", {"Connection": "keep-alive, Upgrade"}), ("byte for byte", {"step": 1}),
]


def _answer(raw):
    return lambda _: raw.replace(b"\n", b"\r\n")


def _changed(old, new):
    def answer(head):
        raw = switch(head)
        assert old in raw
        return raw.replace(old, new)
    return answer


# (name, RawServer's answer): what a client must not take for a WebSocket.
BAD_ANSWERS = [
    ("another accept", _changed(b"Accept: ", b"Accept: x")),
    ("no accept", _changed(b"Sec-WebSocket-Accept", b"X-Nothing")),
    ("no upgrade", _changed(b"Upgrade: websocket\r\n", b"")),
    ("another upgrade", _changed(b"Upgrade: websocket", b"Upgrade: h2c")),
    ("no connection", _changed(b"Connection: Upgrade\r\n", b"")),
    ("an extension that nobody offered", _changed(b"\r\n\r\n", b"\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")),
    ("a protocol that nobody offered", _changed(b"\r\n\r\n", b"\r\nSec-WebSocket-Protocol: chat\r\n\r\n")),
    ("200", _answer(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok")),
    ("403", _answer(b'HTTP/1.1 403 Forbidden\nContent-Type: application/json\nContent-Length: 16\n\n{"Message":"no"}')),
    ("a head that is cut", _answer(b"HTTP/1.1 101 Switching Protocols\nUpgrade: webso")),
]
