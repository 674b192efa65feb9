"""Name servers on their worst day: a look-up that never ends, or whose answer comes when nobody waits for it any more.

Who asks for such a name is told so in time; other names are looked up meanwhile, and nothing of it holds the program's
end up. The resolver is the harness's own (names.c): what it holds it answers once the list says so, and it holds its
thread as a real one does. Slow names, names that move and dead addresses are in test_worst_days and test_upstream.
"""

import time

import pytest
from harness import names
from harness.client import wait_until
from harness.proxy import SANITIZERS
from harness.upstream import Upstream

SILENT = (504, "UpstreamTimeout")
SERVICES = ["sqs", "sns", "lambda", "kms", "ssm", "logs", "events", "dynamodb", "kinesis", "firehose", "batch", "glue"]
HERE = "127.0.0.1"


class Resolver:
    """The names of a test's program: held ones, until release() gives them their address."""

    def __init__(self, library, file):
        self.file, self.names = file, {"storage.test": HERE}
        self.env = names.environment(library, self.names, None, SANITIZERS["ASAN_OPTIONS"], file)

    def hold(self, *hosts):
        self.change(dict.fromkeys(hosts, "held"))

    def release(self):
        self.change({host: HERE for host, address in self.names.items() if address == "held"})

    def change(self, more):
        self.names |= more
        names.change(self.file, self.names)


@pytest.fixture
def resolver(library, tmp_path):
    made = Resolver(library, tmp_path / "names")
    yield made
    made.release()


@pytest.fixture
def held(stage, resolver):
    """held(3) is a stage whose first three services have names that the resolver holds; S3's it knows."""
    def start(count, **env):
        upstream = Upstream(host="storage.test")
        resolver.hold(*(f"{service}.test" for service in SERVICES[:count]))
        endpoints = {f"COUNTERSIGN_ENDPOINT_{service.upper()}": f"http://{service}.test:{upstream.port}"
                     for service in SERVICES[:count]}
        return stage(upstream=upstream, **{"COUNTERSIGN_CONNECT_TIMEOUT_MS": 1000, "COUNTERSIGN_LOG_LEVEL": "TRACE",
                                           **endpoints, **resolver.env, **env})

    return start


def ask_all(here, services, times=1):
    """Clients that have asked each of these services, so many times."""
    clients = [(here.client(), f"/{service}/") for service in services for _ in range(times)]
    for client, target in clients:
        client.send_request("GET", target)
    return [client for client, _ in clients]


def outcomes(clients):
    found = [client.answer().outcome for client in clients]
    for client in clients:
        client.close()
    return found


def connecting(here, count):
    return wait_until(lambda: here.proxy.text().count("\tconnect\n") >= count)


@pytest.mark.parametrize("count, times", [(1, 1), (1, 40), (3, 10)], ids=["one", "one, again and again", "several"])
def test_names_that_are_never_found_hold_no_other_up(held, count, times):
    here = held(count)
    clients = ask_all(here, SERVICES[:count], times)
    assert connecting(here, len(clients))
    assert here.ask("PUT", "/s3/b/k", [], b"body").status == 200
    assert outcomes(clients) == [SILENT] * len(clients)
    assert here.ask("GET", "/s3/b/k", [("Connection", "close")]).status == 200


def test_a_name_that_is_asked_for_again_after_each_timeout(held):
    """The look-ups that nobody waits for any more do not add up."""
    here = held(1, COUNTERSIGN_CONNECT_TIMEOUT_MS=100)
    for _ in range(12):
        assert here.ask("GET", "/sqs/").outcome == SILENT
    assert here.ask("GET", "/s3/b/k").status == 200


def test_more_names_that_are_never_found_than_are_looked_up_at_once(held, resolver):
    """Then no other can be looked up: who asks is told in time, and all is well as soon as the names are found."""
    here = held(len(SERVICES))
    clients = ask_all(here, SERVICES)
    assert connecting(here, len(clients))
    assert here.ask("GET", "/s3/b/k").outcome == SILENT
    assert here.ask("GET", "/-/health").status == 200
    assert outcomes(clients) == [SILENT] * len(clients)
    resolver.release()
    for target in ("/s3/b/k", *(f"/{service}/" for service in SERVICES)):
        assert wait_until(lambda: here.ask("GET", target).status == 200)


def test_a_connection_that_is_open_needs_no_name(held):
    here = held(len(SERVICES))
    assert here.ask("GET", "/s3/b/k").status == 200
    clients = ask_all(here, SERVICES)
    assert connecting(here, len(clients))
    for _ in range(3):
        assert here.ask("GET", "/s3/b/k").status == 200
    assert outcomes(clients) == [SILENT] * len(clients)


def test_a_question_that_was_lost(held, resolver):
    """As in a freeze: who asks soon waits for the same answer, and then it is asked once more."""
    here = held(1)
    resolver.change({"sqs.test": "lost"})
    first, = ask_all(here, ["sqs"])
    assert wait_until(lambda: "sqs.test is lost" in here.proxy.text())
    resolver.change({"sqs.test": HERE})
    assert outcomes([first]) == [SILENT]
    assert wait_until(lambda: here.ask("GET", "/sqs/").status == 200)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_an_answer_that_comes_when_its_client_has_left(held, resolver, reset):
    here = held(1)
    client, = ask_all(here, ["sqs"])
    assert connecting(here, 1)
    client.reset() if reset else client.close()
    time.sleep(0.1)
    resolver.release()
    assert here.ask("GET", "/sqs/").status == 200
    assert len(here.upstream.requests) == (1 if reset else 2)   # closing is a half-close: it may still read its answer


def test_an_answer_that_comes_when_its_request_has_timed_out(held, resolver):
    here = held(1, COUNTERSIGN_CONNECT_TIMEOUT_MS=200)
    assert outcomes(ask_all(here, ["sqs"], 3)) == [SILENT] * 3
    resolver.release()
    assert wait_until(lambda: here.ask("GET", "/sqs/").status == 200)
    assert len(here.upstream.requests) == 1


# --- the end of the program

def test_a_look_up_that_nobody_waits_for_does_not_hold_the_end_up(held):
    """Nor does one that is waited for: see test_lifecycle_shutdown, where the grace is short."""
    here = held(1, COUNTERSIGN_CONNECT_TIMEOUT_MS=200)
    assert here.ask("GET", "/sqs/").outcome == SILENT
    assert here.proxy.stop() == 0       # before the resolver lets go


def test_an_answer_that_comes_when_the_end_has_begun(held, resolver):
    """What is under way may end, so it is still asked of the server that was found."""
    here = held(1, COUNTERSIGN_CONNECT_TIMEOUT_MS=5000)
    client, = ask_all(here, ["sqs"])
    assert connecting(here, 1)
    here.proxy.process.terminate()
    assert wait_until(lambda: "shutting down" in here.proxy.text())
    resolver.release()
    assert client.answer().status == 200
    client.close()
    assert here.proxy.process.wait(20) == 0
