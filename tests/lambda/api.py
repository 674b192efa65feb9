"""What Lambda says to a function and its extensions: the Runtime and the Extensions API, as state machines.

In: HTTP calls of the processes (through wire.Server), and deliver() and invoke() from the emulator.
Out: Lambda's answers, a record of every call, and a condition (changed) that tells of each change of state.
Status codes, error types and states are those of AWS's own Runtime Interface Emulator.
"""

import json
import re
import threading
import uuid
from collections import deque
from dataclasses import dataclass, field

from wire import Answer, Server

JSON = {"Content-Type": "application/json"}
EXTENSIONS_AT_MOST = 10
IDENTIFIER = "Lambda-Extension-Identifier"
ERROR_TYPE = "Lambda-Extension-Function-Error-Type"
CALLS = [
    ("POST", r"/2020-01-01/extension/register", "register"),
    ("GET", r"/2020-01-01/extension/event/next", "next"),
    ("POST", r"/2020-01-01/extension/init/error", "init/error"),
    ("POST", r"/2020-01-01/extension/exit/error", "exit/error"),
    ("GET", r"/2018-06-01/runtime/invocation/next", "runtime/next"),
    ("POST", r"/2018-06-01/runtime/invocation/([^/]+)/response", "runtime/response"),
    ("POST", r"/2018-06-01/runtime/invocation/([^/]+)/error", "runtime/error"),
    ("POST", r"/2018-06-01/runtime/init/error", "runtime/init/error"),
]


@dataclass
class Party:
    """An extension or the runtime: where it stands, and the answers that wait for its next call.

    Started -> Registered -> Ready <-> Running, or an error that ends it: InitError, ExitError.
    (The runtime goes from Started to Ready, and is Responded between its response and its next call.)
    """
    name: str
    external: bool = True
    state: str = "Started"
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    events: tuple = ()
    error: dict = None
    inbox: deque = field(default_factory=deque)


@dataclass
class Call:
    """A call that came: its name (CALLS), when, what was sent, and the status of a faithful answer."""
    name: str
    at: float
    headers: dict
    body: bytes
    peer: tuple
    status: int = None

    def json(self):
        return json.loads(self.body)


class Refused(Exception):
    """An error answer: its status, Lambda's errorType and errorMessage."""

    def __init__(self, kind, message, status=403):
        super().__init__(message)
        self.kind, self.status = kind, status

    def answer(self):
        body = json.dumps({"errorMessage": str(self), "errorType": self.kind}).encode()
        return Answer(self.status, body, dict(JSON))


class Api:
    """Both APIs on one port. function is what register tells; faults: a list of faults for a call's name."""

    def __init__(self, function, clock, faults=None, managed=False, on_call=None):
        self.function, self.clock, self.managed = function, clock, managed
        self.faults = {name: deque(script) for name, script in (faults or {}).items()}
        self.on_call = on_call or {}
        self.changed = threading.Condition()
        self.extensions = {}
        self.runtime = Party("runtime")
        self.invocation = self.response = None
        self.calls = []
        self.closed = False
        self.server = Server(self._handle)

    # What the emulator asks for

    def expect(self, name):
        """Lambda has found this file among the extensions: it must register by its name."""
        self.extensions[name] = Party(name)

    def deliver(self, party, answer):
        with self.changed:
            party.inbox.append(answer)
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.server.close()

    def named(self, name):
        """The calls of this name so far."""
        return [call for call in self.calls if call.name == name]

    # One call

    def _handle(self, exchange):
        name, detail = self._route(exchange.request)
        call = self._record(name, exchange.request)
        if hook := self.on_call.get(name):
            hook(call)
        script = self.faults.get(name)
        fault = script.popleft() if script else None
        if fault:
            fault(exchange, lambda: self._faithful(call, detail) or Answer(500))
        elif (answer := self._faithful(call, detail)) is not None:
            exchange.answer(answer)
        else:
            exchange.hang_up()

    def _record(self, name, request):
        call = Call(name, self.clock(), request.headers, request.body, request.peer)
        with self.changed:
            self.calls.append(call)
            self.changed.notify_all()
        return call

    @staticmethod
    def _route(request):
        for method, pattern, name in CALLS:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                return name, found.groups()
        return "unknown", ()

    def _faithful(self, call, detail):
        """Lambda's own answer; None where the emulator ends before there is one."""
        try:
            with self.changed:
                answer = self._act(call, *detail)
                self.changed.notify_all()
        except Refused as refused:
            answer = refused.answer()
        call.status = answer.status if answer else None
        return answer

    def _act(self, call, *detail):
        acts = {
            "register": self._register, "next": self._next,
            "init/error": lambda it: self._fail(it, "InitError", ["Registered"]),
            "exit/error": lambda it: self._fail(it, "ExitError", ["Registered", "Ready", "Running"]),
            "runtime/next": self._runtime_next, "runtime/init/error": self._runtime_init_error,
            "runtime/response": lambda it, asked: self._respond(it, asked, False),
            "runtime/error": lambda it, asked: self._respond(it, asked, True),
        }
        return acts[call.name](call, *detail) if call.name in acts else Answer(404, b"404 page not found\n")

    # The Extensions API

    def _register(self, call):
        name = call.headers.get("lambda-extension-name")
        if not name:
            raise Refused("Extension.InvalidExtensionName", "Empty extension name")
        events = self._asked_events(call)
        party = self.extensions.get(name)
        if party is None:
            party = self._internal(name, events)
        self._check_events(party, events)
        if party.state != "Started":
            raise _wrong_state(party, "Registered")
        party.state, party.events = "Registered", tuple(events)
        return Answer(200, json.dumps(self._facts(call)).encode(), {**JSON, IDENTIFIER: party.identifier})

    @staticmethod
    def _asked_events(call):
        try:
            events = json.loads(call.body).get("events") or []
        except (ValueError, AttributeError) as error:
            raise Refused("InvalidRequestFormat", str(error)) from error
        return events

    def _internal(self, name, events):
        """A name that is no file's is taken for a part of the runtime: it may not ask for SHUTDOWN."""
        if "SHUTDOWN" in events:
            raise Refused("Extension.InvalidEventType", "SHUTDOWN: not supported for an internal extension")
        if self.runtime.state != "Started":
            raise Refused("Extension.RegistrationClosed", "Extension registration closed already")
        if len(self.extensions) >= EXTENSIONS_AT_MOST:
            raise Refused("Extension.TooManyExtensions", f"Extension limit ({EXTENSIONS_AT_MOST}) reached")
        return self.extensions.setdefault(name, Party(name, external=False))

    def _check_events(self, party, events):
        allowed = {"SHUTDOWN"} if self.managed else {"INVOKE", "SHUTDOWN"}
        for event in events:
            if event not in allowed:
                raise Refused("Extension.InvalidEventType", f"{event}: event not supported for {party.name}")

    def _facts(self, call):
        features = call.headers.get("lambda-extension-accept-feature", "").split(",")
        facts = {"functionName": self.function["name"], "functionVersion": self.function["version"],
                 "handler": self.function["handler"]}
        if "accountId" in [feature.strip() for feature in features]:
            facts["accountId"] = self.function["account"]
        return facts

    def _caller(self, call):
        identifier = call.headers.get(IDENTIFIER.lower())
        if not identifier:
            raise Refused("Extension.MissingExtensionIdentifier", f"Missing {IDENTIFIER} header")
        try:
            uuid.UUID(identifier)
        except ValueError as error:
            raise Refused("Extension.InvalidExtensionIdentifier", f"Invalid {IDENTIFIER}") from error
        for party in self.extensions.values():
            if party.identifier == identifier:
                return party
        raise Refused("Extension.UnknownExtensionIdentifier", f"Unknown extension {identifier}")

    def _next(self, call):
        party = self._caller(call)
        if party.state not in ("Registered", "Running"):
            raise _wrong_state(party, "Ready")
        return self._wait(party)

    def _fail(self, call, state, allowed):
        party = self._caller(call)
        if ERROR_TYPE.lower() not in call.headers:
            raise Refused("Extension.MissingHeader", f"{ERROR_TYPE} not found")
        if party.state not in allowed:
            raise _wrong_state(party, state)
        party.state = state
        party.error = {"errorType": call.headers[ERROR_TYPE.lower()], "body": call.body}
        return Answer(202, b'{"status":"OK"}\n', dict(JSON))

    # The Runtime API

    def _runtime_next(self, _call):
        return self._wait(self.runtime)

    def _expect_runtime(self, state):
        if self.runtime.state != state:
            raise Refused("InvalidStateTransition", f"Transition from {self.runtime.state} is not allowed")

    def _respond(self, call, asked, failed):
        if asked != self.invocation:
            raise Refused("InvalidRequestID", "Invalid request ID", status=400)
        self._expect_runtime("Running")
        self.runtime.state, self.response = "Responded", (call.body, failed)
        return Answer(202, b'{"status":"OK"}\n', dict(JSON))

    def _runtime_init_error(self, call):
        self._expect_runtime("Started")
        self.runtime.state, self.runtime.error = "InitError", {"body": call.body}
        return Answer(202, b'{"status":"OK"}\n', dict(JSON))

    # Waiting

    def _wait(self, party):
        """Ready until something is in the inbox, then Running with it. Who goes away is not noticed."""
        party.state = "Ready"
        self.changed.notify_all()
        self.changed.wait_for(lambda: party.inbox or self.closed or party.state != "Ready")
        if party.state != "Ready":
            raise _wrong_state(party, "Running")
        if self.closed:
            return None
        party.state = "Running"
        return party.inbox.popleft()


def _wrong_state(party, wanted):
    return Refused("Extension.InvalidExtensionState",
                   f"State transition from {party.state} to {wanted} failed for extension {party.name}. "
                   "Error: State transition is not allowed")
