"""Event-stream messages at random, against botocore, which reads them, and an encoder by the specification."""

import random

import pytest
from botocore.eventstream import EventStreamBuffer, ParserError
from messages import FALSE, STRING, TRUE, draw_messages, encode, read_all, write_all

MESSAGES = draw_messages(1, 300)


def botocore_value(header):
    """What botocore makes of a header's value."""
    _, kind, value = header
    return kind == TRUE if kind in (TRUE, FALSE) else value.decode() if kind == STRING else value


def read_by_botocore(encoded):
    buffer = EventStreamBuffer()
    buffer.add_data(encoded)
    return list(buffer)


def test_written_as_the_specification_has_it():
    assert write_all(MESSAGES) == [encode(message) for message in MESSAGES]


def test_read_as_the_specification_has_it():
    assert read_all([encode(message) for message in MESSAGES]) == MESSAGES


def test_botocore_reads_what_is_written():
    for (headers, payload), encoded in zip(MESSAGES, write_all(MESSAGES), strict=True):
        read, = read_by_botocore(encoded)
        assert read.payload == payload
        assert read.headers == {header[0].decode(): botocore_value(header) for header in headers}


@pytest.mark.parametrize("seed", range(5))
def test_what_botocore_refuses_is_refused(seed):
    """And the other way round: a byte is changed, or the message cut."""
    draw = random.Random(seed)
    damaged = [damage(draw, encode(message)) for message in draw_messages(seed, 60)]
    for encoded, read in zip(damaged, read_all(damaged), strict=True):
        try:
            theirs = "message" if read_by_botocore(encoded) else "more"
        except ParserError:
            theirs = "bad"
        assert (read if isinstance(read, str) else "message") == theirs


def damage(draw, encoded):
    place = draw.randrange(len(encoded))
    changed = bytes([encoded[place] ^ draw.randrange(1, 256)])
    return draw.choice([encoded[:place], encoded[:place] + changed + encoded[place + 1:], encoded])
