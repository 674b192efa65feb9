"""The judge of a relay that stands between two raw WebSockets: what is right comes out as it went in, and what is wrong
never does: the relay closes towards its sender with the code of the case.

    sender, receiver = (client, upstream) if case.role == "client" else (upstream, client)
    judge(case, sender, receiver)
"""

from raw_websocket import CLOSE, close_frame, code_of, reassembled


def judge(case, sender, receiver, exact=True):
    """exact: each frame comes out as one; else each message does, however it is cut into frames."""
    sender.send_bytes(case.sent, case.step)
    whole = not case.codes and not case.cut
    if whole and not case.closes or case.inside:
        sender.send(close_frame())
    if case.cut or case.tolerated:
        sender.finish()
    came = list(receiver.frames())
    if whole:
        expected = [*case.relayed] + [close_frame()] * (not case.closes)
        compare(came, expected, exact)
        _shake_hands(sender, receiver, came[-1])
        return
    if came and came[-1].opcode == CLOSE and (case.cut or case.codes):
        closed = came.pop()
        if case.inside and code_of(closed) not in case.codes:
            return          # passed on: the receiver is the one to judge
    if (case.inside or case.tolerated) and len(came) > len(case.relayed):
        compare(came[:len(case.relayed)], case.relayed, exact)
        return
    compare(came, case.relayed, exact)
    if case.codes and not case.tolerated:
        assert code_of(_close_of(sender)) in case.codes


def compare(came, expected, exact):
    if exact:
        assert came == list(expected)
        return
    assert reassembled(came) == reassembled(expected)
    assert [frame for frame in came if frame.opcode >= CLOSE] == [frame for frame in expected if frame.opcode >= CLOSE]


def _close_of(peer):
    """The close frame that comes to that end."""
    closed = [frame for frame in peer.frames() if frame.opcode == CLOSE]
    assert len(closed) == 1, "no close frame came"
    return closed[0]


def _shake_hands(sender, receiver, closed):
    """The answer to a close comes back as it is, and then both streams end."""
    receiver.send(closed)
    assert _close_of(sender) == closed
    server, client = (receiver, sender) if receiver.role == "server" else (sender, receiver)
    server.wire.sock.close()
    client.wire.rest()      # what was sent behind the close may come or not; Silence where the stream does not end
