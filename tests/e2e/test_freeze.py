"""The environment is frozen and thawed: connections that died meanwhile, a clock that has jumped, any phase."""

import threading

import pytest
from harness import names
from harness.clock import HOUR, SECOND
from harness.client import Client, Cut, wait_until
from harness.proxy import TOKEN
from harness.upstream import Gone, Response, Upstream, mute

CUT, SILENT = (502, "UpstreamReset"), (504, "UpstreamTimeout")
LONG = b"0123456789abcdef" * 25_000
JSON_TYPE = ("Content-Type", "application/x-amz-json-1.1")
REQUESTS = {
    "GET": ("GET", "/s3/b/k", [], None),
    "HEAD": ("HEAD", "/s3/b/k", [], None),
    "short PUT": ("PUT", "/s3/b/k", [], b"body"),
    "streamed PUT": ("PUT", "/s3/b/k", [], LONG),
    "conditional PUT": ("PUT", "/s3/b/k", [("If-None-Match", "*")], b"body"),
    "held POST": ("POST", "/transcribe/", [JSON_TYPE], b"{}"),
}
ONCE = ("streamed PUT", "conditional PUT")
REPEATABLE = [name for name in REQUESTS if name not in ONCE]


@pytest.fixture
def frozen(stage, clocked, wall):
    """frozen(...) is a stage whose program has wall's clock, as its upstream has."""
    def start(handler=None, beside=None, **how):
        here = stage(handler, **clocked(beside), **how)
        here.upstream.clock = wall
        return here

    return start


def sleep_through(here, wall, meanwhile=lambda: None, ms=HOUR):
    """A freeze of an hour, as the program sees it: both of its clocks have gone on."""
    here.proxy.freeze()
    meanwhile()
    wall.move(ms)
    wall.move_steady(ms)
    here.proxy.thaw()


def numbers(here):
    """Which connection each request came on, in order."""
    return [request.connection.number for request in here.upstream.requests]


def all_gone(upstream):
    return lambda: not upstream.open_connections()


# --- connections that ended meanwhile

def ends(reset):
    def end(here):
        here.upstream.hang_up(reset)
        assert wait_until(all_gone(here.upstream))

    return end


@pytest.mark.parametrize("tls", [True, False], ids=["TLS", "plain"])
@pytest.mark.parametrize("end", [ends(False), ends(True)], ids=["closed", "reset"])
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_connection_that_ended_in_a_freeze_is_not_used(stage, tls, end, request_):
    here = stage(tls=tls)
    with here.client() as client:
        assert client.ask("GET", "/s3/first").status == 200
        here.proxy.freeze()
        end(here)
        here.proxy.thaw()
        assert client.ask(*request_).status == 200
    assert numbers(here) == [1, 2]
    assert here.last.body == (request_[3] or b"")


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_connection_whose_end_was_not_heard_costs_nobody_an_error(stage, name):
    """The server has forgotten it, and says so only to the first byte that comes."""
    def forgetful(request):
        return None if len(request.connection.requests) > 1 else Response()

    here = stage(forgetful)
    with here.client() as client:
        assert client.ask("GET", "/s3/first").status == 200
        here.proxy.freeze()
        here.proxy.thaw()
        assert client.ask(*REQUESTS[name]).status == 200
    assert numbers(here) == [1, 1, 2]


@pytest.mark.parametrize("end", [ends(False), ends(True)], ids=["closed", "reset"])
def test_many_connections_that_ended_in_a_freeze(stage, end):
    """Not one after the other is tried: all are seen to be dead."""
    gate = threading.Event()

    def handler(request):
        gate.wait(20)
        return Response()

    here = stage(handler)
    clients = [Client(here.port) for _ in range(8)]
    for client in clients:
        client.send_request("GET", "/s3/b/k")
    assert wait_until(lambda: len(here.upstream.requests) == 8)
    gate.set()
    assert [client.answer().status for client in clients] == [200] * 8
    here.proxy.freeze()
    end(here)
    here.proxy.thaw()
    for client in clients:
        assert client.ask("PUT", "/s3/b/k", [("If-None-Match", "*")], b"body").status == 200
        client.close()
    assert min(numbers(here)[8:]) > 8


# --- a clock that has jumped

def rest(here):
    """Makes a first request, and waits until its connection is idle: the answer came a moment before that."""
    assert here.ask("GET", "/s3/first").status == 200
    assert here.ask("GET", "/-/health").status == 200


@pytest.mark.parametrize("name", REQUESTS)
def test_an_idle_connection_is_too_old_by_the_wall_clock(frozen, wall, name):
    here = frozen(COUNTERSIGN_IDLE_MS=20_000)
    rest(here)
    wall.move(21 * SECOND)
    assert here.ask(*REQUESTS[name]).status == 200
    assert numbers(here) == [1, 2]
    assert here.upstream.connections[0].closed.wait(20)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_connection_that_cannot_be_proven_alive_serves_what_can_be_repeated(frozen, wall, name):
    here = frozen(COUNTERSIGN_IDLE_MS=60_000)
    rest(here)
    wall.move(5 * SECOND)
    assert here.ask(*REQUESTS[name]).status == 200
    assert numbers(here) == [1, 2 if name in ONCE else 1]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_connection_of_a_moment_ago_serves_all(frozen, name):
    here = frozen()
    assert here.ask("GET", "/s3/first").status == 200
    assert here.ask(*REQUESTS[name]).status == 200
    assert numbers(here) == [1, 1]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_connection_is_not_used_where_the_clock_went_back(frozen, wall, name):
    here = frozen()
    rest(here)
    wall.move(-HOUR)
    assert here.ask(*REQUESTS[name]).status == 200
    assert numbers(here) == [1, 2]


def test_a_connection_from_a_later_day_does_not_stay_open(frozen, wall):
    """Where the clock went back it has no age, and no age must not mean for ever."""
    here = frozen(COUNTERSIGN_IDLE_MS=500)
    rest(here)
    wall.move(-HOUR)
    assert here.upstream.connections[0].closed.wait(20)


@pytest.mark.parametrize("ms", [HOUR, -HOUR, 20 * HOUR], ids=["forth", "back", "tomorrow"])
def test_signatures_are_of_the_new_time(frozen, wall, ms):
    """The upstream takes none that is five minutes off."""
    here = frozen()
    for _ in range(3):
        assert here.ask("GET", "/s3/b/k").status == 200
        wall.move(ms)
    assert here.ask("PUT", "/s3/b/k", [], b"body").status == 200
    assert len({request.proof.day for request in here.upstream.requests}) > (ms == 20 * HOUR)


@pytest.mark.parametrize("ms", [HOUR, -HOUR], ids=["forth", "back"])
def test_deadlines_hold_where_the_clock_jumps(frozen, wall, ms):
    gate = threading.Event()
    here = frozen(mute(gate), COUNTERSIGN_TIMEOUT_MS=500)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: here.upstream.requests)
        wall.move(ms)
        assert client.answer().outcome == SILENT
    assert here.ask("GET", "/s3/b/k").outcome == SILENT
    gate.set()


@pytest.mark.parametrize("ms, used", [(0, "127.0.0.1"), (11 * SECOND, "127.0.0.2"), (-HOUR, "127.0.0.2")],
                         ids=["at once", "later", "the clock went back"])
def test_a_name_is_looked_up_again(stage, clocked, wall, named_by_file, authority, ms, used):
    """Addresses are kept for a while, by the wall clock; one from a later time is of no known age."""
    here, moved = two_addresses(stage, clocked(named_by_file({"storage.test": "127.0.0.1"})), authority, wall)
    assert here.ask("GET", "/s3/b/k").status == 200
    named_by_file({"storage.test": "127.0.0.2"})
    wall.move(ms)
    assert here.ask("GET", "/s3/b/k").status == 200
    assert len(moved.requests) == (used == "127.0.0.2")


@pytest.fixture
def named_by_file(library, tmp_path):
    """The environment in which these names are known; called again it changes them."""
    return lambda hosts: names.environment(library, hosts, file=tmp_path / "names")


def two_addresses(stage, env, authority, wall):
    """A stage, and a second server at the same port of 127.0.0.2; both close after each answer."""
    def handler(request):
        return Response(close=True)

    first = Upstream(authority, handler, host="storage.test")
    second = Upstream(authority, handler, host="storage.test", address="127.0.0.2", port=first.port)
    first.clock = second.clock = wall
    return stage(upstream=first, **env), second


# --- a freeze of an hour in every phase, which costs no timeout

def test_half_a_head(frozen, wall):
    here = frozen(COUNTERSIGN_TIMEOUT_MS=2000)
    with here.client() as client:
        head = client.head("GET", "/s3/b/k")
        client.send(head[:len(head) // 2])
        sleep_through(here, wall)
        client.send(head[len(head) // 2:])
        assert client.answer().status == 200


def half_an_upload(here, client, method="PUT", target="/s3/b/k", headers=()):
    client.send_request(method, target, [*headers, ("Content-Length", len(LONG))])
    client.send(LONG[:200_000])


def test_half_a_streamed_body(frozen, wall):
    here = frozen(lambda request: Response(body=request.read()), COUNTERSIGN_TIMEOUT_MS=2000)
    with here.client() as client:
        half_an_upload(here, client)
        assert wait_until(lambda: here.upstream.requests and here.last.body_length == 200_000)
        sleep_through(here, wall)
        client.send(LONG[200_000:])
        assert client.answer().body == LONG
    assert here.last.body == LONG


def test_half_a_held_body(frozen, wall):
    """It is signed after the freeze, so by the time after it."""
    here = frozen(COUNTERSIGN_TIMEOUT_MS=2000)
    with here.client() as client:
        half_an_upload(here, client, "POST", "/transcribe/", [JSON_TYPE])
        sleep_through(here, wall)
        client.send(LONG[200_000:])
        assert client.answer().status == 200
    assert here.last.body == LONG


@pytest.mark.parametrize("when", ["in the freeze", "after it"])
def test_an_answer_that_is_awaited(frozen, wall, when):
    gate = threading.Event()

    def handler(request):
        gate.wait(20)
        return Response(body=b"whole")

    here = frozen(handler, COUNTERSIGN_TIMEOUT_MS=2000)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: here.upstream.requests)
        sleep_through(here, wall, gate.set if when == "in the freeze" else lambda: None)
        gate.set()
        assert client.answer().body == b"whole"


@pytest.mark.parametrize("when", ["in the freeze", "after it"])
def test_half_an_answer(frozen, wall, when):
    gate = threading.Event()

    def body():
        yield LONG[:200_000]
        gate.wait(20)
        yield LONG[200_000:]

    here = frozen(lambda request: Response(body=body(), length=len(LONG)), COUNTERSIGN_TIMEOUT_MS=2000)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        pieces = client.pieces(client.answer_head())
        came = next(pieces)
        sleep_through(here, wall, gate.set if when == "in the freeze" else lambda: None)
        gate.set()
        assert came + b"".join(pieces) == LONG


@pytest.mark.parametrize("when", ["in the freeze", "after it"])
@pytest.mark.parametrize("name", ["GET", "streamed PUT", "held POST"])
def test_a_handshake_under_way(frozen, wall, authority, when, name):
    gate, begun = threading.Event(), threading.Event()
    upstream = Upstream(authority, context=slow_context(authority, begun, gate))
    here = frozen(upstream=upstream, COUNTERSIGN_CONNECT_TIMEOUT_MS=2000, COUNTERSIGN_TIMEOUT_MS=2000)
    with here.client() as client:
        client.send_request(*REQUESTS[name])
        assert begun.wait(20)
        sleep_through(here, wall, gate.set if when == "in the freeze" else lambda: None)
        threading.Timer(0.3, gate.set).start()
        assert client.answer().status == 200
    assert here.last.body == (REQUESTS[name][3] or b"")


def slow_context(authority, begun, gate):
    """Servers that have heard the client's hello, and go on once the gate is open."""
    context = authority.server_context("localhost")

    def on_hello(*_):
        begun.set()
        gate.wait(20)

    context.sni_callback = on_hello
    return context


def test_a_handshake_that_never_ends_is_given_up_after_a_freeze(frozen, wall, authority):
    gate, begun = threading.Event(), threading.Event()
    upstream = Upstream(authority, context=slow_context(authority, begun, gate))
    here = frozen(upstream=upstream, COUNTERSIGN_CONNECT_TIMEOUT_MS=500)
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert begun.wait(20)
        sleep_through(here, wall)
        assert client.answer().outcome == SILENT
    gate.set()
    assert here.ask("GET", "/s3/b/k").status == 200


@pytest.mark.parametrize("name", ["GET", "streamed PUT", "held POST"])
def test_a_lookup_under_way(frozen, wall, named, authority, name):
    upstream = Upstream(authority, host="slow.test")
    here = frozen(upstream=upstream, beside=named({"slow.test": ["slow", "127.0.0.1"]}),
                  COUNTERSIGN_CONNECT_TIMEOUT_MS=3000, COUNTERSIGN_LOG_LEVEL="TRACE")
    with here.client() as client:
        client.send_request(*REQUESTS[name])
        assert wait_until(lambda: "\tconnect\n" in here.proxy.text())
        sleep_through(here, wall)
        assert client.answer().status == 200
    assert here.last.body == (REQUESTS[name][3] or b"")


@pytest.mark.parametrize("when", ["in the freeze", "after it"])
def test_keys_that_are_being_fetched(frozen, wall, issuer, when):
    issuer.lifetime = 2 * 3600      # longer than the freeze
    issuer.container_token = TOKEN
    issuer.gate.clear()
    here = frozen(**issuer.container(), COUNTERSIGN_TIMEOUT_MS=2000)
    here.upstream.role = issuer.roles
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        assert wait_until(lambda: issuer.count() == 1)
        sleep_through(here, wall, issuer.gate.set if when == "in the freeze" else lambda: None)
        threading.Timer(0.3, issuer.gate.set).start()
        assert client.answer().status == 200
    assert issuer.count() == 1


# --- what breaks in a freeze breaks as it would without one

def whole_uploads(here):
    return [request for request in here.upstream.requests if request.complete and request.method == "PUT"]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_server_that_goes_amid_an_upload(frozen, wall, reset):
    here = frozen(lambda request: Response(body=request.read()))
    with here.client() as client:
        half_an_upload(here, client)
        assert wait_until(lambda: here.upstream.requests and here.last.body_length == 200_000)
        sleep_through(here, wall, lambda: ends(reset)(here))
        try:
            client.send(LONG[200_000:])
            assert client.answer().outcome == CUT
        except (ConnectionError, Cut):
            pass
    assert not whole_uploads(here) and len(here.upstream.requests) == 1
    assert here.ask("PUT", "/s3/b/k", [], LONG).body == LONG


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_server_that_goes_while_it_is_awaited(frozen, wall, reset):
    def handler(request):
        return None if request.wire.ended(20) else Response()

    here = frozen(handler)
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [], b"")
        assert wait_until(lambda: here.upstream.requests)
        sleep_through(here, wall, lambda: ends(reset)(here))
        assert client.answer().outcome == CUT
    assert len(here.upstream.requests) == 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_server_that_goes_amid_its_answer(frozen, wall, reset):
    gate = threading.Event()

    def body():
        yield LONG[:200_000]
        gate.wait(20)
        if reset:
            raise Gone("the reset goes out when this connection is closed")
        yield LONG[200_000:]

    here = frozen(lambda request: Response(body=body(), length=len(LONG)))

    def end():
        here.upstream.hang_up(reset)
        gate.set()
        assert wait_until(all_gone(here.upstream))

    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        answer = client.answer_head()
        pieces = client.pieces(answer)
        next(pieces)
        sleep_through(here, wall, end)
        with pytest.raises(Cut):
            list(pieces)
    assert here.ask("GET", "/-/health").status == 200


@pytest.mark.parametrize("leave", [Client.close, Client.reset, Client.half_close],
                         ids=["close", "reset", "half close"])
def test_a_client_that_goes_amid_its_upload_leaves_no_object(frozen, wall, leave):
    here = frozen(lambda request: Response(body=request.read()))
    with here.client() as client:
        half_an_upload(here, client)
        assert wait_until(lambda: here.upstream.requests and here.last.body_length == 200_000)
        sleep_through(here, wall, lambda: leave(client))
        assert here.upstream.connections[0].closed.wait(20)
    assert not whole_uploads(here)
    assert here.ask("PUT", "/s3/b/k", [], LONG).body == LONG


def test_freezes_in_a_row(frozen, wall):
    """Uploads and downloads by several clients, with a freeze and a jump again and again."""
    def pieces():
        for at in range(0, len(LONG), 10_000):
            yield LONG[at:at + 10_000]

    here = frozen(lambda request: Response(body=request.read() or pieces(), length=len(LONG)))
    wrong = []

    def work(number):
        with here.client() as client:
            for turn in range(6):
                body = LONG if (turn + number) % 2 else None
                answer = client.ask("PUT" if body else "GET", "/s3/b/k", [], body)
                if answer.body != LONG:
                    wrong.append(answer.outcome)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for ms in (SECOND, 6 * SECOND, -6 * SECOND, 30 * SECOND, -30 * SECOND, 0):
        sleep_through(here, wall, ms=ms)
        threading.Event().wait(0.05)
    for worker in workers:
        worker.join(60)
    assert not wrong and len(here.upstream.requests) == 18
