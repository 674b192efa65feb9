"""Event-stream messages at random, and what build/asan/streams/ask makes of them.

A message is (headers, payload); a header is (name, type, value): bool, int or bytes, by its type.
"""

import random
import struct
import subprocess
import zlib
from pathlib import Path

ASK = Path(__file__).resolve().parents[2] / "build" / "asan" / "streams" / "ask"
TRUE, FALSE, BYTE, INT16, INT32, INT64, BYTES, STRING, TIMESTAMP, UUID = range(10)
NUMBERS = {BYTE: "b", INT16: "h", INT32: "i", INT64: "q", TIMESTAMP: "q"}


LATEST_DATE = 8_640_000_000_000_000  # of JavaScript


def draw_value(draw, kind):
    if kind in NUMBERS:
        end = LATEST_DATE if kind == TIMESTAMP else 2**(8 * struct.calcsize(">" + NUMBERS[kind]) - 1)
        return draw.choice([0, -1, end - 1, -end, draw.randrange(-end, end)])
    if kind == STRING:
        return "".join(draw.choice("aZ9 -:/\t€😀ä\0") for _ in range(draw.choice([0, 1, 7, 300]))).encode()
    return draw.randbytes({BYTES: draw.choice([0, 1, 32, 3000]), UUID: 16}.get(kind, 0))


def draw_message(draw):
    names = {"".join(draw.choice(":-abcä") for _ in range(draw.choice([1, 2, 9, 100]))).encode()
             for _ in range(draw.choice([0, 1, 3, 12]))}
    kinds = [(name, draw.randrange(10)) for name in sorted(names)]
    headers = [(name, kind, draw_value(draw, kind)) for name, kind in kinds]
    return headers, draw.randbytes(draw.choice([0, 1, 5, 500, 20000]))


def draw_messages(seed, count):
    draw = random.Random(seed)
    return [draw_message(draw) for _ in range(count)]


def encode_value(kind, value):
    if kind in NUMBERS:
        return struct.pack(">" + NUMBERS[kind], value)
    return struct.pack(">H", len(value)) + value if kind in (BYTES, STRING) else value


def encode(message):
    """By the specification, with the sums of zlib."""
    headers, payload = message
    block = b"".join(bytes([len(name)]) + name + bytes([kind]) + encode_value(kind, value)
                     for name, kind, value in headers)
    start = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    text = start + struct.pack(">I", zlib.crc32(start)) + block + payload
    return text + struct.pack(">I", zlib.crc32(text))


# --- ask

def header_column(header):
    name, kind, value = header
    return f"{name.hex()}:{kind}:{value if kind in NUMBERS else value.hex()}"


def read_header(column):
    name, kind, value = column.split(":")
    kind = int(kind)
    return bytes.fromhex(name), kind, int(value) if kind in NUMBERS else bytes.fromhex(value)


def ask(questions):
    """The columns of each answer."""
    lines = "".join("\t".join(question) + "\n" for question in questions)
    done = subprocess.run([str(ASK)], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [line.split("\t") for line in done.stdout.split("\n")[:-1]]


def write_all(messages):
    """Each message's bytes."""
    questions = [["write", payload.hex(), *map(header_column, headers)] for headers, payload in messages]
    return [bytes.fromhex(answer) for answer, in ask(questions)]


def read_all(encoded):
    """Each message, or the first word of the answer where it is none."""
    answers = zip(encoded, ask([["read", each.hex()] for each in encoded]), strict=True)
    return [read_answer(each, answer) for each, answer in answers]


def read_answer(encoded, answer):
    if answer[0] != "message":
        return answer[0]
    _, used, payload, *headers = answer
    assert int(used) == len(encoded)
    return list(map(read_header, headers)), bytes.fromhex(payload)
