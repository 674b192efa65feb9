"""Raw answers of every odd kind, whole and in pieces: relayed, or 502, or cut where the client has a part.

The table is in strict_answers. What an odd answer came on is never used again, and no byte of it is taken for
the next answer.
"""

import pytest
from strict_answers import CASES, FIRST
from strict_stage import HEAD, KEY, OWN_DOWNWARDS, as_pairs, assert_relayed, refusal, stages, without


whole_stage, stage = stages()


def request(case):
    first = case.method + b" " + KEY + b" HTTP/1.%d\r\n" % case.minor
    return first + HEAD + b"TE: trailers\r\nConnection: TE\r\n\r\n"


def receive(stage, case, wire):
    """The answer as the client gets it; a late part of it is sent when the client has the first."""
    wire.send(request(case))
    if len(case.sent) == 2:
        wire.wait_for(FIRST)
        stage.upstream.release()
    return wire.response(case.method)


def assert_interim(answer, expected):
    """An unasked 100 may go on or not; others go on to who can read them."""
    came = [message for message in answer.interim if message.status != 100]
    assert [message.status for message in came] == [status for status, *_ in expected]
    for message, (_, *fields) in zip(came, expected, strict=True):
        assert without(message.fields, OWN_DOWNWARDS) == as_pairs(fields)


def assert_outcome(answer, outcome, minor):
    """Returns whether the upstream connection must serve another request, must not, or may (None)."""
    if answer.cut:
        assert outcome.cut and answer.status == 200, answer
    elif answer.values(b"X-Countersign-Error"):
        assert refusal(answer, outcome.codes) in outcome.statuses, answer
        assert len(answer.interim) < 5000 and (minor or not answer.interim)
    else:
        assert outcome.arrival, f"relayed: {answer}"
        assert_relayed(answer, outcome.arrival, minor)
        assert_interim(answer, outcome.arrival.interim)
        return outcome.arrival.reused
    return False


@pytest.mark.parametrize("how", ["whole", "in pieces"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_answer(stage, case, how):
    whole = how == "whole"
    stage.upstream.script(list(case.sent), case.then, None if whole else max(1, len(case.sent[-1]) // 400))
    with stage.client() as wire:
        answer = receive(stage, case, wire)
        assert answer, "no answer"
        reused = assert_outcome(answer, case.outcome if whole else case.in_pieces or case.outcome, case.minor)
        asked = stage.upstream.taken()
        assert 1 <= len(asked) <= 2, asked
        connection = stage.upstream.connection_of(asked[-1])
        if reused is False:
            assert connection.ended.wait(2), "its connection is still open"
        wire.finish()
        assert wire.rest() == b"", "more than the answer"
    stage.upstream.script()
    follower = stage.ask()
    if reused is not None:
        assert (follower.connection == connection.number) == reused
    stage.settle()


def test_every_name_is_one_cases_own():
    assert len({case.name for case in CASES}) == len(CASES)
