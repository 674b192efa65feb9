"""COUNTERSIGN_PREWARM: connections stand before the first request, but nothing is begun before registration."""

import os
import re
import subprocess
import threading
import time

import pytest

from emulator import Failed, install
from faults import slowly
from harness import names
from harness.authority import Authority
from harness.issuer import Issuer
from harness.proxy import BINARY, ROLE, SANITIZERS, TOKEN, Proxy
from harness.upstream import Response
from harness.upstream import Upstream as Server
from standins import eventually, get, healthy
from wire import free_port

LEVEL = re.compile(r"^\[(\w+)\]\t[^\t]*\t[^\t]*\t(.*)$", re.MULTILINE)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return names.build(tmp_path_factory.mktemp("names"))


@pytest.fixture
def server(authority):
    with Server(authority) as made:
        yield made


@pytest.fixture
def issuer():
    with Issuer() as made:
        made.container_token = TOKEN
        yield made
        assert not made.wrong


def environment(authority, url, prewarm="s3", **more):
    return {"COUNTERSIGN_PREWARM": prewarm, "COUNTERSIGN_ENDPOINT": url, "COUNTERSIGN_LOG_LEVEL": "DEBUG",
            "COUNTERSIGN_CA_BUNDLE": authority.bundle, **more}


def ready(server, count=1):
    """Connections of which the server has seen the whole handshake."""
    eventually(lambda: len([each for each in server.connections if each.version]) == count,
               what=f"connection {count}")


def lines(lam):
    """(level, message) of every line that the program has printed."""
    return LEVEL.findall(lam.extension().text())


def failures(lam):
    return [level for level, message in lines(lam) if "failed" in message]


# --- when, and what for

def test_connects_once_it_is_registered(emulated, authority, server):
    seen = []
    lam = emulated(environment(authority, server.url), faults={"register": [slowly(0.7)]}, on_call={
        "register": lambda _call: seen.append(("register", len(server.connections))),
        "next": lambda _call: seen.append("next")})
    made = []
    server.context.sni_callback = lambda *_: made.append(lam.api.extensions["countersign"].state)
    lam.start()
    ready(server)
    assert seen == [("register", 0), "next"] and made[0] != "Started"
    assert not server.requests
    assert lam.shutdown() == {"countersign": 0}


def test_nothing_is_connected_where_registration_fails(emulated, authority, server):
    def refuse(exchange, _faithful):
        time.sleep(0.5)
        exchange.hang_up()

    lam = emulated(environment(authority, server.url), faults={"register": [refuse]})
    with pytest.raises(Failed):
        lam.start()
    assert not server.connections


def test_the_first_request_uses_the_connection(emulated, authority, server):
    lam = emulated(environment(authority, server.url))
    lam.start()
    ready(server)
    assert get(lam.port)[0] == 200
    assert [request.connection.number for request in server.requests] == [1]
    assert len(server.connections) == 1


def test_each_service_has_a_connection_of_its_own(emulated, authority, server):
    with Server(authority) as other:
        lam = emulated(environment(authority, server.url, "s3, transcribe",
                                   COUNTERSIGN_ENDPOINT_TRANSCRIBE=other.url))
        lam.start()
        for each in (server, other):
            ready(each)
        assert get(lam.port)[0] == get(lam.port, "/transcribe/")[0] == 200
        assert len(server.connections) == len(other.connections) == 1


def test_services_at_one_endpoint_share_the_connection(emulated, authority, server):
    lam = emulated(environment(authority, server.url, "s3,transcribe,sqs"))
    lam.start()
    ready(server)
    assert get(lam.port, "/sqs/")[0] == 200
    assert len(server.connections) == 1


def test_nothing_is_connected_unasked(emulated, authority, server):
    lam = emulated(environment(authority, server.url, ""))
    lam.start()
    assert healthy(lam.port)
    time.sleep(0.3)
    assert not server.connections


def test_nothing_is_connected_before_a_snapshot(emulated, authority, server, issuer):
    """What is made before it is of no use after it."""
    lam = emulated(environment(authority, server.url, **issuer.container()), kind="snap-start")
    server.role = issuer.roles
    lam.start()
    assert healthy(lam.port)
    time.sleep(0.3)
    assert not server.connections and issuer.count() == 0
    assert get(lam.port)[0] == 200


def test_the_proxy_answers_while_it_connects(emulated, authority, server):
    """A request to that server waits for the connection that is on its way; nobody else waits."""
    gate, begun = threading.Event(), threading.Event()

    def on_hello(*_):
        begun.set()
        gate.wait(20)

    server.context.sni_callback = on_hello
    lam = emulated(environment(authority, server.url))
    lam.start()
    assert begun.wait(20)
    assert healthy(lam.port)
    threading.Timer(0.3, gate.set).start()
    assert get(lam.port)[0] == 200
    assert len(server.connections) == 1


def test_stand_alone_it_connects_too(authority, server):
    with Proxy(environment(authority, server.url)):
        ready(server)
    assert not server.requests


# --- the connection may have died before its first request

def test_a_connection_that_died_unheard_costs_no_error(emulated, authority):
    """It has served nobody, but it has been idle: a freeze may lie between."""
    def forgetful(request):
        return None if request.connection.number == 1 else Response()

    with Server(authority, forgetful) as server:
        lam = emulated(environment(authority, server.url))
        lam.start()
        ready(server)
        lam.freeze()
        lam.thaw()
        assert get(lam.port)[0] == 200
        assert [request.connection.number for request in server.requests] == [1, 2]


def test_a_connection_that_ended_in_a_freeze_is_not_used(emulated, authority, server):
    lam = emulated(environment(authority, server.url))
    lam.start()
    ready(server)
    lam.freeze()
    server.hang_up()
    assert server.connections[0].closed.wait(20)
    lam.thaw()
    assert get(lam.port)[0] == 200
    assert [request.connection.number for request in server.requests] == [2]


# --- keys

def test_keys_are_fetched_once(emulated, authority, server, issuer):
    asked = []
    server.role = issuer.roles
    lam = emulated(environment(authority, server.url, **issuer.container()), faults={"register": [slowly(0.5)]},
                   on_call={"register": lambda _call: asked.append(issuer.count())})
    lam.start()
    ready(server)
    eventually(lambda: issuer.count() == 1, what="the fetch")
    assert asked == [0]
    assert [get(lam.port)[0] for _ in range(3)] == [200] * 3
    assert issuer.count() == 1


def test_a_further_role_is_assumed_once(emulated, authority, server, issuer):
    """The keys that assume it are fetched, it is assumed, and the first request finds all that done."""
    server.role = issuer.roles
    lam = emulated(environment(authority, server.url, **issuer.container(), **issuer.further_role()))
    lam.start()
    ready(server)
    eventually(lambda: lam.extension().text().count("new credentials") == 1, what="the keys")
    assert [get(lam.port)[0] for _ in range(2)] == [200] * 2
    assert issuer.count("container") == issuer.count("assume role") == len(server.connections) == 1
    assert {request.proof.key for request in server.requests} == {issuer.newest.key}


def test_a_request_waits_for_the_keys_that_are_being_fetched(emulated, authority, server, issuer):
    server.role = issuer.roles
    issuer.gate.clear()
    lam = emulated(environment(authority, server.url, **issuer.container()))
    lam.start()
    eventually(lambda: issuer.count() == 1, what="the fetch")
    threading.Timer(0.3, issuer.gate.set).start()
    assert get(lam.port)[0] == 200
    assert issuer.count() == 1


def test_keys_that_cannot_be_fetched_are_a_line_for_debugging(emulated, authority, server, issuer):
    """Nobody has asked for anything yet, so nobody has anything to complain about."""
    lam = emulated(environment(authority, server.url, **issuer.container()))
    issuer.container_token = "another"
    server.role = issuer.roles
    lam.start()
    eventually(lambda: failures(lam) or "could not be fetched" in lam.extension().text(), what="a line")
    assert {level for level, _ in lines(lam)} <= {"DEBUG", "INFO"}
    assert get(lam.port)[0] == 503
    time.sleep(1.1)
    issuer.container_token = TOKEN
    assert get(lam.port)[0] == 200


# --- failures

def test_nobody_listens(emulated, authority):
    port = free_port()
    lam = emulated(environment(authority, f"https://localhost:{port}"))
    fails(lam)
    with Server(authority, port=port):
        assert get(lam.port)[0] == 200
    assert lam.shutdown() == {"countersign": 0}


def fails(lam):
    """Starts it; one line tells of the failure, at DEBUG, and nothing is worse than INFO."""
    lam.start()
    eventually(lambda: failures(lam), what="a line about the failure")
    assert failures(lam) == ["DEBUG"], lines(lam)
    assert {level for level, _ in lines(lam)} <= {"DEBUG", "INFO"}
    assert healthy(lam.port)


def test_a_server_that_is_not_trusted(emulated, authority, tmp_path):
    with Server(Authority(tmp_path / "other")) as server:
        lam = emulated(environment(authority, server.url))
        fails(lam)
        server.context = authority.server_context("localhost", label="trusted")
        assert get(lam.port)[0] == 200


def test_a_server_without_tls(emulated, authority):
    with Server(None) as server:
        fails(emulated(environment(authority, server.url.replace("http:", "https:"))))


def test_a_name_that_is_not_known(emulated, authority, library, tmp_path):
    file = tmp_path / "names"
    with Server(authority, host="storage.test") as server:
        lam = emulated(environment(authority, server.url, **names.environment(
            library, {}, asan_options=SANITIZERS["ASAN_OPTIONS"], file=file)))
        fails(lam)
        names.change(file, {"storage.test": "127.0.0.1"})
        assert get(lam.port)[0] == 200


def test_a_handshake_that_never_ends(emulated, authority, server):
    gate = threading.Event()
    server.context.sni_callback = lambda *_: gate.wait(20) and None
    lam = emulated(environment(authority, server.url, COUNTERSIGN_CONNECT_TIMEOUT_MS="300"))
    fails(lam)
    gate.set()
    assert get(lam.port)[0] == 200


def test_one_that_fails_does_not_keep_another_from_being_made(emulated, authority, server):
    lam = emulated(environment(authority, server.url, "sqs,s3",
                               COUNTERSIGN_ENDPOINT_SQS=f"https://localhost:{free_port()}"))
    fails(lam)
    ready(server)


def test_its_failure_is_silent_at_the_usual_level(emulated, authority):
    lam = emulated(environment(authority, f"https://localhost:{free_port()}", COUNTERSIGN_LOG_LEVEL=None))
    lam.start()
    assert healthy(lam.port)
    assert lam.shutdown() == {"countersign": 0}
    assert [level for level, message in lines(lam) if not message.startswith(("listening", "signs with"))] == []


# --- what cannot be

@pytest.mark.parametrize("prewarm", ["s3,S4", "s3,,sqs", "s3,", "s3;sqs", "s3 sqs", "https://localhost",
                                     "../s3", "s3.banana", "-", " "])
def test_no_such_service(emulated, authority, server, prewarm):
    lam = emulated(environment(authority, server.url, prewarm))
    with pytest.raises(Failed, match="BadConfiguration"):
        lam.start()
    message, = [call.json()["errorMessage"] for call in lam.api.named("init/error")]
    assert f"COUNTERSIGN_PREWARM={prewarm}" in message and lam.extension().status == 2
    assert not server.connections


def test_no_region(authority, tmp_path):
    """A service has no endpoint where nobody says in which region."""
    env = {**ROLE, **SANITIZERS, "PATH": os.environ["PATH"], "COUNTERSIGN_PREWARM": "transcribe"}
    del env["AWS_REGION"]
    program = install(BINARY, tmp_path / "alone") / "countersign"
    done = subprocess.run([program], env=env, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and "COUNTERSIGN_PREWARM=transcribe" in done.stdout + done.stderr
    assert "AWS_REGION" in done.stdout + done.stderr
