"""A Lambda environment on this machine: it starts extensions and a function as Lambda does, and tells them
when an invocation comes and when the environment ends.

    with EmulatedLambda(folder_of_extensions, ["/path/bootstrap"], {"AWS_REGION": ...}) as lam:
        lam.start()
        print(lam.invoke({"hello": "world"}).payload)
        print(lam.shutdown())                   # {"countersign": 0}

What it takes from Lambda: every file in the folder is started with nothing but its path, in a process group
of its own; the function starts after all of them have registered; init ends when all have asked for their
next event; SHUTDOWN comes without an event identifier; who still runs 2.0 s later is killed.
Faults, hooks and odd events are for tests; without them it behaves as Lambda does.
"""

import json
import os
import signal
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from api import JSON, Api
from process import Process
from wire import Answer

INIT_SECONDS = 10.0
SHUTDOWN_SECONDS = 2.0
RUNTIME_SHARE = 0.3
ACCOUNT = "123456789012"
TRACE = "Root=1-5f35ae12-0c0fec141ab77a00bc047aa2;Parent=53995c3f42cd8ad8;Sampled=1"
ONLY_FOR_THE_FUNCTION = {
    "AWS_EXECUTION_ENV": "AWS_Lambda_provided.al2023", "_HANDLER": "function.handler",
    "LAMBDA_RUNTIME_DIR": "/var/runtime", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/emulated",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0", "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000", "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
    "_AWS_XRAY_DAEMON_PORT": "2000",
}


class Failed(Exception):
    """Lambda's own verdict on an environment: kind is its error type, such as Extension.Crash."""

    def __init__(self, kind, message):
        super().__init__(f"{kind}: {message}")
        self.kind, self.message = kind, message


@dataclass
class Response:
    """What a function answered; failed where it reported an error. seconds is what the caller waited."""
    payload: bytes
    failed: bool
    seconds: float

    def json(self):
        return json.loads(self.payload)


@dataclass
class Event:
    """One line of the emulator's own record: seconds since it was made, what happened, to whom."""
    at: float
    what: str
    who: str = ""


class EmulatedLambda:
    """extensions: a folder; bootstrap: the function's command, or None for an environment without one.

    environment holds the customer's variables and the role's credentials, and is all that the processes get
    beside what Lambda itself sets. kind is AWS_LAMBDA_INITIALIZATION_TYPE. managed refuses INVOKE, as Lambda
    does on managed instances. faults and on_call: see faults.py and api.py. cwd is the function's folder.
    """

    def __init__(self, extensions, bootstrap=None, environment=None, *, kind="on-demand", managed=None,
                 faults=None, on_call=None, on_line=lambda who, line: None, cwd="/",
                 init_seconds=INIT_SECONDS, account=ACCOUNT):
        self.begun = time.perf_counter()
        self.folder, self.bootstrap, self.cwd = Path(extensions), bootstrap, str(cwd)
        self.environment, self.kind, self.on_line = dict(environment or {}), kind, on_line
        self.init_seconds = init_seconds
        self.managed = kind == "lambda-managed-instances" if managed is None else managed
        self.processes, self.function, self.events = {}, None, []
        facts = {"name": "emulated", "version": "$LATEST", "handler": "function.handler", "account": account}
        self.api = Api(facts, self.now, faults, self.managed, on_call)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def now(self):
        """Seconds since this environment was made."""
        return time.perf_counter() - self.begun

    def record(self, what, who=""):
        self.events.append(Event(self.now(), what, who))

    def extension(self, name="countersign"):
        """The process of an extension, by its file name, as soon as there is one."""
        with self.api.changed:
            self.api.changed.wait_for(lambda: name in self.processes, 5)
        return self.processes[name]

    # Init

    def start(self):
        """Runs the init phase. Raises Failed, as Lambda reports it, when what failed has had time to end."""
        deadline = self.now() + self.init_seconds
        try:
            self._launch_extensions()
            self._await(self._all_registered, deadline, "registered")
            self._launch_function()
            self._await(self._all_ready, deadline, "ready")
        except Failed as failure:
            self.record(failure.kind)
            self._put_down()
            raise
        self.record("init done")

    def _launch_extensions(self):
        paths = sorted(path for path in self.folder.iterdir() if not path.is_dir())
        for path in paths:
            self.api.expect(path.name)
        for path in paths:
            name = path.name
            process = self._launch("Extension", name, [str(path)], self.variables(), "/")
            with self.api.changed:
                self.processes[name] = process
                self.api.changed.notify_all()

    def _launch_function(self):
        if self.bootstrap:
            variables = {**self.variables(), **ONLY_FOR_THE_FUNCTION, "LAMBDA_TASK_ROOT": self.cwd}
            self.function = self._launch("Runtime", "function", self.bootstrap, variables, self.cwd)

    def _launch(self, role, who, argv, variables, cwd):
        self.record("launch", who)
        try:
            return Process(argv, variables, cwd, on_exit=lambda: self._ended(who),
                           on_line=lambda line: self.on_line(who, line))
        except OSError as error:
            raise Failed(f"{role}.LaunchError", f"{argv[0]}: {error.strerror}") from error

    def _ended(self, who):
        self.record("exit", who)
        with self.api.changed:
            self.api.changed.notify_all()

    def variables(self):
        """The environment of an extension: nothing of this process's own gets in."""
        return {
            "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LANG": "en_US.UTF-8", "TZ": ":UTC",
            "LD_LIBRARY_PATH": "/lib64:/usr/lib64:/var/runtime:/var/task:/var/task/lib:/opt/lib",
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "emulated", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_INITIALIZATION_TYPE": self.kind,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server.port}",
            **{name: str(value) for name, value in self.environment.items()},
        }

    def _await(self, reached, deadline, what):
        """Waits for a state, or for something that shows that it will never come."""
        with self.api.changed:
            self.api.changed.wait_for(lambda: reached() or self._trouble(), max(0.0, deadline - self.now()))
            trouble = self._trouble()
            if trouble:
                raise trouble
            if not reached():
                raise Failed("Sandbox.Timedout", f"not all {what} in time")
        self.record(what)

    def _trouble(self):
        for name, party in self.api.extensions.items():
            if party.state in ("InitError", "ExitError"):
                return Failed(f"Extension.{party.state}", f"{name}: {party.error['errorType']}")
            if name in self.processes and self.processes[name].status is not None:
                return Failed("Extension.Crash", f"{name}: exit status {self.processes[name].status}")
        if self.api.runtime.state == "InitError":
            return Failed("Runtime.InitError", "the function could not start")
        if self.function and self.function.status is not None:
            return Failed("Runtime.ExitError", f"exit status {self.function.status}")
        return None

    def _all_registered(self):
        return all(party.state != "Started" for party in self.api.extensions.values())

    def _all_ready(self):
        parties = list(self.api.extensions.values()) + ([self.api.runtime] if self.bootstrap else [])
        return all(party.state == "Ready" and not party.inbox for party in parties)

    # Invocations

    def invoke(self, payload=None, timeout=30.0):
        """Runs the function once and waits, as Lambda does, until all who took part have asked for more."""
        identifier, deadline = str(uuid.uuid4()), self.now() + timeout
        self.api.invocation, self.api.response = identifier, None
        self.record("invoke", identifier)
        begun = self.now()
        self._tell_invoke(identifier, timeout)
        self.api.deliver(self.api.runtime, self._runtime_event(identifier, payload, timeout))
        self._await(lambda: self.api.response, deadline, "responded")
        body, failed = self.api.response
        response = Response(body, failed, self.now() - begun)
        self._await(self._all_ready, deadline, "idle")
        return response

    def _tell_invoke(self, identifier, timeout):
        event = {"eventType": "INVOKE", "deadlineMs": _unix_ms(timeout), "requestId": identifier,
                 "invokedFunctionArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:emulated",
                 "tracing": {"type": "X-Amzn-Trace-Id", "value": TRACE}}
        self.tell(event, subscribers="INVOKE")

    @staticmethod
    def _runtime_event(identifier, payload, timeout):
        return Answer(200, json.dumps(payload).encode(), {
            **JSON, "Lambda-Runtime-Aws-Request-Id": identifier, "Lambda-Runtime-Trace-Id": TRACE,
            "Lambda-Runtime-Deadline-Ms": str(_unix_ms(timeout)),
            "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:emulated"})

    def tell(self, event, subscribers=None):
        """Hands an event, a dict or raw bytes, to all extensions, or to those that asked for its kind."""
        for party in self.api.extensions.values():
            if subscribers is None or subscribers in party.events:
                headers = {**JSON, "Lambda-Extension-Event-Identifier": str(uuid.uuid4())}
                self.api.deliver(party, Answer(200, _body(event), headers))

    def freeze(self):
        """Stops every process where it is, as Lambda does between invocations."""
        self._signal_all(signal.SIGSTOP, "freeze")
        for process in self._running():
            while process.state() != "T":
                time.sleep(0.001)

    def thaw(self):
        self._signal_all(signal.SIGCONT, "thaw")

    def _signal_all(self, number, what):
        self.record(what)
        for process in self._running():
            process.signal(number)

    def _running(self):
        return [process for process in [*self.processes.values(), self.function]
                if process and process.status is None]

    # The end

    def shutdown(self, reason="spindown", event=None):
        """Ends the environment; returns the exit status of each extension, -9 for one that had to be killed.

        event, a dict or bytes, replaces the SHUTDOWN event; a deadlineMs in it does not move the real one.
        """
        end = self.now() + SHUTDOWN_SECONDS
        self.record("shutdown", reason)
        if self.function:
            self._end_function()
        if event is None:
            deadline = _unix_ms(end - self.now())
            event = {"eventType": "SHUTDOWN", "shutdownReason": reason, "deadlineMs": deadline}
        self.record("tell", "SHUTDOWN")
        for name, party in self.api.extensions.items():
            if "SHUTDOWN" in party.events:
                headers = {"Content-Type": "text/plain; charset=utf-8"}
                self.api.deliver(party, Answer(200, _body(event), headers))
            elif name in self.processes:
                self.processes[name].kill()
        return {name: self._end(process, end) for name, process in self.processes.items()}

    def _end_function(self):
        """The function hears SIGTERM where there is an extension at all, and has 600 ms."""
        if self.processes:
            self.function.signal(signal.SIGTERM)
            self.function.wait(SHUTDOWN_SECONDS * RUNTIME_SHARE)
        self.function.kill()

    def _end(self, process, end):
        if process.wait(max(0.0, end - self.now())) is None:
            self.record("kill", process.child.args[0])
        return process.kill()

    def _put_down(self):
        """After a failed init: what is still there has the shutdown's time to go by itself."""
        end = self.now() + SHUTDOWN_SECONDS
        for process in self._running():
            self._end(process, end)

    def close(self):
        """Whatever happened: no process and no port is left."""
        for process in [*self.processes.values(), self.function]:
            if process:
                process.kill()
        self.api.close()


def _body(event):
    return event if isinstance(event, bytes) else json.dumps(event, separators=(",", ":")).encode()


def _unix_ms(from_now):
    return int((time.time() + from_now) * 1000)


def install(program, folder, name="countersign"):
    """A folder of extensions with this program in it, under that name; returns the folder."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    os.symlink(Path(program).resolve(), folder / name)
    return folder
