"""The emulated Lambda itself, by an extension and a function in shell and by calls that break its rules."""

import http.client
import json
import signal
import uuid

import pytest

from emulator import EmulatedLambda, Failed
from faults import hang_up, in_chunks, in_segments, lose, refusal

EXTENSION = r"""#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension
name="Lambda-Extension-Name: ${0##*/}"
id=$(curl -s -o /dev/null -D - -H "$name" -d "{\"events\":[$EVENTS]}" "$api/register" |
    sed -n 's/^Lambda-Extension-Identifier: \([-0-9a-f]*\).*/\1/p')
echo "arguments $# as ${0##*/}"
env
trap 'echo a signal came' TERM
while event=$(curl -s -H "Lambda-Extension-Identifier: $id" "$api/event/next"); do
    echo "event $event"
    case $event in *SHUTDOWN*) $AT_SHUTDOWN; exit 0 ;; esac
done
"""
FUNCTION = r"""#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
work=$(mktemp -d) && trap 'rm -r "$work"' EXIT && trap 'exit 0' TERM
while curl -s -D "$work/head" -o "$work/event" "$api/next"; do
    id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: \([-0-9a-f]*\).*/\1/p' "$work/head")
    curl -s -o /dev/null --data-binary "@$work/event" "$api/$id/${END:-response}"
done
"""


def script(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def shell(tmp_path):
    """Makes an environment of an extension and a function in shell."""
    made = []

    def make(environment=None, **options):
        script(tmp_path / "extensions" / "watcher", EXTENSION)
        bootstrap = [str(script(tmp_path / "task" / "bootstrap", FUNCTION))]
        given = {"EVENTS": '"INVOKE","SHUTDOWN"', "AT_SHUTDOWN": "true", **(environment or {})}
        task = tmp_path / "task"
        made.append(EmulatedLambda(tmp_path / "extensions", bootstrap, given, cwd=task, **options))
        return made[-1]
    yield make
    for lam in made:
        lam.close()


class Caller:
    """Speaks to the API as an extension would, with nothing done for it."""

    def __init__(self, lam):
        self.port, self.identifier = lam.api.server.port, None

    def call(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.identifier:
            headers.setdefault("Lambda-Extension-Identifier", self.identifier)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, "/2020-01-01/extension/" + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())
        finally:
            connection.close()

    def register(self, name="watcher", events=("SHUTDOWN",), **headers):
        status, got, body = self.call("POST", "register", json.dumps({"events": events}),
                                      Lambda_Extension_Name=name, **headers)
        self.identifier = got["Lambda-Extension-Identifier"] or self.identifier
        return status, body

    def kind(self, *arguments, **headers):
        """The error type of a call that must be refused with 403."""
        status, _, body = self.call(*arguments, **headers)
        assert status == 403 and body["errorMessage"]
        return body["errorType"]


@pytest.fixture
def lam(tmp_path):
    """An environment in which an extension named watcher is awaited, and nothing runs."""
    with EmulatedLambda(tmp_path) as made:
        made.api.expect("watcher")
        yield made


def test_runs_the_whole_life_of_an_environment(shell):
    lam = shell()
    lam.start()
    assert lam.invoke({"hello": "world"}).json() == {"hello": "world"}
    assert lam.invoke([1]).json() == [1]
    assert lam.shutdown() == {"watcher": 0}
    text = lam.extension("watcher").text()
    assert text.count('"eventType":"INVOKE"') == 2 and '"shutdownReason":"spindown"' in text
    assert "arguments 0 as watcher" in text and "a signal came" not in text
    order = [(event.what, event.who) for event in lam.events if event.what in ("launch", "registered")]
    assert order == [("launch", "watcher"), ("registered", ""), ("launch", "function")]


def test_gives_an_extension_only_its_variables(shell, monkeypatch):
    monkeypatch.setenv("OF_THIS_MACHINE", "1")
    lam = shell({"CUSTOMER": "1"})
    lam.start()
    text = lam.extension("watcher").wait_for(lambda text: "CUSTOMER=1" in text and text)
    assert "AWS_LAMBDA_FUNCTION_NAME=emulated\n" in text
    assert not [name for name in ("OF_THIS_MACHINE", "_HANDLER", "LAMBDA_TASK_ROOT", "AWS_EXECUTION_ENV")
                if f"\n{name}=" in text]


def test_kills_an_extension_that_outstays_its_shutdown(shell):
    lam = shell({"AT_SHUTDOWN": "sleep 60"})
    lam.start()
    assert lam.shutdown() == {"watcher": -signal.SIGKILL}


def test_kills_at_once_what_did_not_ask_for_shutdown(shell):
    lam = shell({"EVENTS": '"INVOKE"'})
    lam.start()
    assert lam.shutdown() == {"watcher": -signal.SIGKILL}
    assert "kill" not in [event.what for event in lam.events]


def test_freezes_and_thaws(shell):
    lam = shell()
    lam.start()
    lam.freeze()
    assert [process.state() for process in (lam.extension("watcher"), lam.function)] == ["T", "T"]
    lam.thaw()
    assert lam.invoke(1).json() == 1


def test_tells_an_error_of_the_function_from_its_answer(shell):
    lam = shell({"END": "error"})
    lam.start()
    assert lam.invoke("no").failed


def test_reports_an_extension_that_ends_by_itself(tmp_path):
    script(tmp_path / "extensions" / "short", "#!/bin/sh\nexit 0\n")
    with EmulatedLambda(tmp_path / "extensions") as lam, pytest.raises(Failed, match="Extension.Crash"):
        lam.start()


def test_reports_a_file_that_cannot_run(tmp_path):
    script(tmp_path / "extensions" / "text", "no program").chmod(0o644)
    with EmulatedLambda(tmp_path / "extensions") as lam, pytest.raises(Failed, match="Extension.LaunchError"):
        lam.start()


def test_waits_in_vain_for_a_name_that_is_no_files(tmp_path):
    script(tmp_path / "extensions" / "watcher", EXTENSION.replace("${0##*/}", "another"))
    with EmulatedLambda(tmp_path / "extensions", environment={"EVENTS": ""}, init_seconds=1.0) as lam:
        with pytest.raises(Failed, match="Sandbox.Timedout"):
            lam.start()


def test_registers_once(lam):
    caller = Caller(lam)
    status, facts = caller.register(Lambda_Extension_Accept_Feature="other, accountId")
    assert status == 200 and facts == {"functionName": "emulated", "functionVersion": "$LATEST",
                                       "handler": "function.handler", "accountId": "123456789012"}
    assert caller.register()[1]["errorType"] == "Extension.InvalidExtensionState"


def test_lets_a_failed_registration_be_repeated(lam):
    caller = Caller(lam)
    assert caller.register(events=["BANANA"])[1]["errorType"] == "Extension.InvalidEventType"
    assert caller.call("POST", "register", "{'events'}", Lambda_Extension_Name="watcher")[2]["errorType"] == (
        "InvalidRequestFormat")
    assert caller.register(name="")[1]["errorType"] == "Extension.InvalidExtensionName"
    assert caller.register()[0] == 200


def test_refuses_invoke_on_managed_instances(tmp_path):
    with EmulatedLambda(tmp_path, kind="lambda-managed-instances") as lam:
        lam.api.expect("watcher")
        assert Caller(lam).register(events=["INVOKE"])[1]["errorType"] == "Extension.InvalidEventType"


def test_takes_another_name_for_an_internal_extension(lam):
    assert Caller(lam).register("other")[1]["errorType"] == "Extension.InvalidEventType"
    assert Caller(lam).register("other", ["INVOKE"])[0] == 200


def test_knows_its_extensions_by_their_identifiers(lam):
    caller = Caller(lam)
    assert caller.kind("GET", "event/next") == "Extension.MissingExtensionIdentifier"
    for given, kind in [("banana", "Invalid"), (str(uuid.uuid4()), "Unknown")]:
        error = caller.kind("GET", "event/next", Lambda_Extension_Identifier=given)
        assert error == f"Extension.{kind}ExtensionIdentifier"


def test_takes_one_next_at_a_time(tmp_path):
    with EmulatedLambda(tmp_path, faults={"next": [lose(0.1)]}) as lam:
        lam.api.expect("watcher")
        caller = Caller(lam)
        caller.register()
        with pytest.raises(http.client.RemoteDisconnected):
            caller.call("GET", "event/next")
        assert caller.kind("GET", "event/next") == "Extension.InvalidExtensionState"


@pytest.mark.parametrize("path", ["init/error", "exit/error"])
def test_takes_nothing_after_an_error(lam, path):
    caller = Caller(lam)
    caller.register()
    assert caller.kind("POST", path, "{}") == "Extension.MissingHeader"
    status, _, body = caller.call("POST", path, "{}", Lambda_Extension_Function_Error_Type="Extension.Why")
    assert (status, body) == (202, {"status": "OK"})
    assert lam.api.extensions["watcher"].error["errorType"] == "Extension.Why"
    assert caller.kind("GET", "event/next") == "Extension.InvalidExtensionState"


def test_plays_the_faults_in_their_order(tmp_path):
    script_of_faults = {"register": [refusal(500), hang_up(), hang_up(reset=True), in_chunks, in_segments()]}
    with EmulatedLambda(tmp_path, faults=script_of_faults) as lam:
        lam.api.expect("watcher")
        caller = Caller(lam)
        assert caller.register()[0] == 500
        for ending in (http.client.RemoteDisconnected, ConnectionResetError):
            with pytest.raises(ending):
                caller.register()
        assert caller.register()[0] == 200
        assert caller.register()[0] == 403
