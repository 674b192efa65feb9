"""Raw requests of every odd kind, whole, in pieces and with another behind them: refused or sent on.

The tables are in strict_heads and strict_bodies. A request that is refused never reaches the upstream, and
nothing after it on its connection is taken for a request. One that passes is written anew, and what follows
it is intact.
"""

import pytest
import strict_bodies
import strict_heads
from strict_stage import FINAL, FOLLOWER, FOLLOWER_LINE, assert_arrived, refusal, stages

CASES = strict_heads.CASES + strict_bodies.CASES


whole_stage, stage = stages()


def assert_refused(stage, case, wire, answer, followed):
    """Nothing of it arrives; what follows is read only where the end of what was refused is beyond doubt."""
    assert refusal(answer) in case.outcome.statuses, answer
    if answer.status in FINAL or case.method == b"CONNECT":
        assert wire.rest() == b"", "something after the end"
        assert_upload_ended(stage)
        return
    wire.finish()
    following = wire.response()
    if following:
        assert followed and following.status == 200 and wire.rest() == b""
        assert [message.line for message in stage.upstream.taken()] == [FOLLOWER_LINE]


def assert_upload_ended(stage):
    """A body that was being sent on when it turned out to be odd: its connection ends, so it never counts."""
    for connection in stage.upstream.connections[-1:]:
        if connection.head_came.is_set() and not connection.whole.is_set():
            assert connection.ended.wait(2), "an upload left open"


def assert_passed(stage, case, wire, answer, followed):
    expected = case.outcome.arrival
    first, *others = stage.upstream.taken()
    assert expected, f"not refused: {first}"
    assert (answer.status, answer.body) == (200, b"" if case.method == b"HEAD" else b"ok")
    assert_arrived(first, expected, stage.upstream)
    if expected.last:
        assert wire.rest() == b"" and not others
        return
    wire.finish()
    following = wire.response()
    assert bool(following) == followed
    if followed:
        others += stage.upstream.taken()
        assert (following.status, following.body, wire.rest()) == (200, b"ok", b"")
    assert [message.line for message in others] == [FOLLOWER_LINE] * followed


@pytest.mark.parametrize("how", ["whole", "in pieces", "followed"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_request(stage, case, how):
    followed = how == "followed"
    step = max(1, len(case.sent) // 400) if how == "in pieces" else None
    with stage.client() as wire:
        wire.send(case.sent + FOLLOWER * followed, step)
        answer = wire.response(case.method)
        assert answer and not answer.cut, "no answer"
        assert not answer.interim or b"100-continue" in case.sent.lower() and b"HTTP/1.0" not in case.sent
        outcome = assert_passed if answer.status == 200 else assert_refused
        outcome(stage, case, wire, answer, followed)
    stage.settle()


def test_every_name_is_one_cases_own():
    assert len({case.name for case in CASES}) == len(CASES)
