"""Helpers of the lifecycle tests: a server for the program to reach, clients that reach the program."""

import http.client
import threading
import time

from harness.proxy import TOKEN
from wire import Answer, Server


class Upstream:
    """A server without TLS that stands for AWS. It answers 200 "done", but not before gate is set.

    arrived is set by the first request; connections tells how many ever came.
    """

    def __init__(self):
        self.arrived, self.gate, self.requests = threading.Event(), threading.Event(), []
        self.gate.set()
        self.server = Server(self._answer)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.port}"

    def _answer(self, exchange):
        self.requests.append(exchange.request)
        self.arrived.set()
        self.gate.wait(30)
        exchange.answer(Answer(200, b"done"))

    def drop_connections(self):
        """Ends every connection from this side, as an idle one is ended by its server."""
        self.server.drop()

    def close(self):
        self.gate.set()
        self.server.close()


def get(port, path="/s3/bucket/key", timeout=20):
    """(status, body) of a GET through the program, with the token; OSError where it is refused or cut."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path, headers={"X-Countersign-Token": TOKEN})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.HTTPException as error:
        raise ConnectionError(repr(error)) from error
    finally:
        connection.close()


def healthy(port):
    return get(port, "/-/health")[0] == 200


class InFlight:
    """A request that is on its way; result() waits for what became of it: (status, body), or the OSError."""

    def __init__(self, port, path="/s3/bucket/key"):
        self.outcome = None
        self.thread = threading.Thread(target=self._run, args=(port, path), daemon=True)
        self.thread.start()

    def _run(self, port, path):
        try:
            self.outcome = get(port, path)
        except OSError as error:
            self.outcome = error

    def result(self):
        self.thread.join(30)
        assert not self.thread.is_alive(), "the request hangs"
        return self.outcome


def eventually(true, seconds=20.0, what="what should happen"):
    """Waits for a condition; fails where it never holds. The time is only there to notice a hang."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"{what} did not happen"
        time.sleep(0.01)
