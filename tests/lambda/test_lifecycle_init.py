"""The start of the extension: it listens, registers, and says in plain words why it cannot."""

import errno
import os
import shutil
import socket
import subprocess

import pytest

from emulator import Failed, install
from faults import hang_up, in_chunks, in_segments, raw, refusal, slowly, then_closes
from harness.proxy import BINARY, ROLE, SANITIZERS
from standins import get, healthy
from wire import free_port

IDENTIFIER = b"Lambda-Extension-Identifier: 8c4c3f9a-2f0b-4d6c-9a51-4c2f3c1d0e77\r\n"
BAD_CONFIGURATIONS = [
    ("COUNTERSIGN_MAX_BODY", "banana"), ("COUNTERSIGN_MAX_BODY", "-1"), ("COUNTERSIGN_TIMEOUT_MS", "soon"),
    ("COUNTERSIGN_LISTEN", "localhost:99999"), ("COUNTERSIGN_ENDPOINT", "ftp://localhost/"),
    ("COUNTERSIGN_AUTH", "maybe"), ("COUNTERSIGN_DRAIN", "perhaps"), ("COUNTERSIGN_LOG_LEVEL", "LOUD"),
]


def events_asked(lam):
    return [call.json().get("events", []) for call in lam.api.named("register")]


def refuses_to_start(lam):
    """Starts what cannot start; returns the errorMessage that Lambda got, or None where it got none."""
    with pytest.raises(Failed):
        lam.start()
    status = lam.extension().status
    assert status in (1, 2), f"exit status {status}:\n{lam.extension().text()}"
    assert lam.api.named("next") == []
    reports = lam.api.named("init/error")
    assert len(reports) <= 1
    return reports[0].json()["errorMessage"] if reports else None


# What it registers as, and for what

def test_listens_before_it_registers(emulated):
    port, reached = free_port(), []
    addresses = ["127.0.0.1", "::1"] if machine_has_ipv6() else ["127.0.0.1"]

    def probe(_call):
        for address in addresses:
            socket.create_connection((address, port), timeout=5).close()
            reached.append(address)
    lam = emulated({"COUNTERSIGN_LISTEN": f"localhost:{port}"}, on_call={"register": probe})
    lam.start()
    assert reached == addresses and lam.port == port


def machine_has_ipv6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_serves_a_function_that_asks_in_its_first_moment(emulated, tmp_path):
    bootstrap = tmp_path / "bootstrap"
    bootstrap.write_text("""#!/bin/sh
        health=$(curl -s "$PROXY/-/health")
        api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
        id=$(curl -s -o /dev/null -D - "$api/next" |
            sed -n 's/^Lambda-Runtime-Aws-Request-Id: \\([-0-9a-f]*\\).*/\\1/p')
        curl -s -o /dev/null --data-binary "$health" "$api/$id/response"
        exec curl -s "$api/next"
        """)
    bootstrap.chmod(0o755)
    port = free_port()
    lam = emulated({"COUNTERSIGN_LISTEN": f"localhost:{port}", "PROXY": f"http://localhost:{port}"},
                   bootstrap=[str(bootstrap)])
    lam.start()
    assert lam.invoke().json() == {"status": "ok"}
    assert lam.shutdown() == {"countersign": 0}


@pytest.mark.parametrize("put", [shutil.copy, os.symlink])
def test_takes_its_name_from_its_file(emulated, tmp_path, put):
    (tmp_path / "extensions").mkdir()
    put(BINARY.resolve(), tmp_path / "extensions" / "a-signer.of-ours")
    lam = emulated(extensions=tmp_path / "extensions")
    lam.start()
    names = [call.headers["lambda-extension-name"] for call in lam.api.named("register")]
    assert names == ["a-signer.of-ours"]
    assert lam.shutdown() == {"a-signer.of-ours": 0}


def test_asks_for_shutdown_alone(emulated):
    lam = emulated()
    lam.start()
    assert events_asked(lam) == [["SHUTDOWN"]]


def test_asks_for_invocations_where_it_drains_after_each(emulated):
    lam = emulated({"COUNTERSIGN_DRAIN": "on"})
    lam.start()
    assert [sorted(events) for events in events_asked(lam)] == [["INVOKE", "SHUTDOWN"]]


def test_never_asks_for_invocations_on_managed_instances(emulated):
    lam = emulated({"COUNTERSIGN_DRAIN": "on"}, kind="lambda-managed-instances")
    lam.start()
    assert events_asked(lam) == [["SHUTDOWN"]]


def test_registers_again_without_invoke_where_that_was_refused(emulated):
    lam = emulated({"COUNTERSIGN_DRAIN": "on"}, managed=True)
    lam.start()
    assert [sorted(events) for events in events_asked(lam)] == [["INVOKE", "SHUTDOWN"], ["SHUTDOWN"]]
    assert lam.shutdown() == {"countersign": 0}


# Nothing but Lambda's API before registration

def test_reaches_nothing_else_before_it_has_registered(emulated, upstream):
    seen = []
    lam = emulated({"COUNTERSIGN_ENDPOINT": upstream.url, "AWS_ENDPOINT_URL": upstream.url},
                   on_call={"register": lambda _call: seen.append(remotes(lam.extension().pid))},
                   faults={"register": [slowly(0.5)]})
    lam.start()
    assert upstream.requests == [] and upstream.server.connections == set()
    assert seen[0] <= {f"127.0.0.1:{lam.api.server.port}"}
    assert get(lam.port) == (200, b"done")


def remotes(pid):
    """Where a process has sockets to, TCP or UDP. (Where it hides itself, only root can see this.)"""
    try:
        targets = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    except PermissionError:
        return set()
    own = {target[len("socket:["):-1] for target in targets if target.startswith("socket:[")}
    families = ("tcp", "tcp6", "udp", "udp6")
    return {remote for family in families for inode, remote in sockets(family) if inode in own}


def sockets(family):
    """(inode, remote address) of every socket of a family that has a remote end."""
    with open(f"/proc/net/{family}", encoding="ascii") as table:
        rows = [line.split() for line in table.readlines()[1:]]
    for row in rows:
        address, port = row[2].split(":")
        if int(port, 16):
            packed = b"".join(bytes.fromhex(address[at:at + 8])[::-1] for at in range(0, len(address), 8))
            kind = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
            yield row[9], f"{socket.inet_ntop(kind, packed)}:{int(port, 16)}"


# Answers to register

@pytest.mark.parametrize("fault", [slowly(3), in_chunks, in_segments(), then_closes],
                         ids=["late", "chunks", "segments", "close"])
def test_registers_however_the_answer_comes(emulated, fault):
    lam = emulated(faults={"register": [fault]})
    lam.start()
    assert healthy(lam.port) and len(lam.api.named("register")) == 1
    assert lam.shutdown() == {"countersign": 0}


def answer(fields, body=b"{}", status=b"HTTP/1.1 200 OK"):
    """A fault: these bytes as an answer, with the identifier that makes a registration."""
    return raw(status + b"\r\n" + IDENTIFIER + fields + b"\r\n" + body)


LENGTH = b"Content-Length: 2\r\n"
GARBAGE = {
    "nothing": hang_up(), "a reset": hang_up(reset=True), "no HTTP": raw(b"banana\r\n\r\n"),
    "another protocol": raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "another version": answer(LENGTH, status=b"HTTP/3.7 200 OK"),
    "half a head": raw(b"HTTP/1.1 200 OK\r\n" + IDENTIFIER),
    "half a body": answer(b"Content-Length: 90\r\n", b'{"functionName"'),
    "no identifier": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "a huge identifier": raw(b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: " + b"8" * 30_000 + b"\r\n"
                             + LENGTH + b"\r\n{}"),
    "a huge head": answer(LENGTH + b"X: " + b"x" * 4_000_000 + b"\r\n"),
    "a huge body": answer(b"Content-Length: 16000000\r\n", b" " * 16_000_000),
    "an endless body": answer(b"", b"x" * 16_000_000),
    "a control in a header": answer(LENGTH + b"X: \x00\r\n"),
    "two lengths": answer(LENGTH + b"Content-Length: 3\r\n"),
    "a negative length": answer(b"Content-Length: -2\r\n"),
    "a bad chunk": answer(b"Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"),
    "202": answer(LENGTH, status=b"HTTP/1.1 202 OK"), "301": answer(LENGTH, status=b"HTTP/1.1 301 Moved"),
    "403": refusal(403, "Extension.InvalidExtensionName", "no"), "404": refusal(404), "500": refusal(500),
}


@pytest.mark.parametrize("fault", GARBAGE.values(), ids=GARBAGE)
def test_fails_cleanly_where_register_gives_it_nothing_to_use(emulated, fault):
    lam = emulated(faults={"register": [fault] * 3})
    assert refuses_to_start(lam) is None
    assert "register" in lam.extension().text()
    assert len(lam.api.named("register")) == 1


def test_repeats_a_refused_registration_once_at_most(emulated):
    refused = refusal(403, "Extension.InvalidEventType")
    lam = emulated({"COUNTERSIGN_DRAIN": "on"}, faults={"register": [refused] * 5})
    refuses_to_start(lam)
    assert len(lam.api.named("register")) == 2


# A start that cannot work

@pytest.mark.parametrize("name, value", BAD_CONFIGURATIONS)
def test_tells_lambda_which_variable_is_wrong(emulated, name, value):
    lam = emulated({name: value})
    message = refuses_to_start(lam)
    assert name in message and value in message
    report = lam.api.named("init/error")[0]
    assert report.headers["lambda-extension-function-error-type"].startswith("Extension.")
    assert report.status == 202 and name in lam.extension().text()


def test_tells_lambda_of_a_variable_that_it_does_not_know(emulated):
    message = refuses_to_start(emulated({"COUNTERSIGN_MAXBODY": "1"}))
    assert "COUNTERSIGN_MAXBODY" in message and "COUNTERSIGN_MAX_BODY" in message


def test_never_listens_for_the_network_without_a_token(emulated):
    message = refuses_to_start(emulated({"COUNTERSIGN_LISTEN": "0.0.0.0:0", "COUNTERSIGN_AUTH": "none"}))
    assert "COUNTERSIGN_AUTH" in message or "COUNTERSIGN_LISTEN" in message


def test_tells_lambda_that_its_port_is_taken(emulated):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        message = refuses_to_start(emulated({"COUNTERSIGN_LISTEN": f"localhost:{number}"}))
    assert str(number) in message and os.strerror(errno.EADDRINUSE).lower() in message.lower()


def test_reports_no_value_of_a_secret(emulated):
    lam = emulated({"COUNTERSIGN_MAX_BODY": "banana"})
    message = refuses_to_start(lam)
    for secret in (ROLE["AWS_SECRET_ACCESS_KEY"], ROLE["AWS_SESSION_TOKEN"]):
        assert secret not in message + lam.extension().text()


@pytest.mark.parametrize("fault", [refusal(403), refusal(500), hang_up(), raw(b"banana\r\n\r\n")],
                         ids=["403", "500", "nothing", "no HTTP"])
def test_ends_even_where_its_report_is_not_taken(emulated, fault):
    lam = emulated({"COUNTERSIGN_MAX_BODY": "banana"}, faults={"init/error": [fault]})
    refuses_to_start(lam)
    assert "COUNTERSIGN_MAX_BODY" in lam.extension().text()


def test_starts_without_credentials_and_says_so_to_who_asks(emulated):
    lam = emulated({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    lam.start()
    status, body = get(lam.port)
    assert status == 503 and b"NoCredentials" in body
    assert lam.shutdown() == {"countersign": 0}


# The same outside Lambda

def run_alone(**variables):
    """Runs the program where there is no Lambda; its exit status and the lines that it printed."""
    environment = {**ROLE, **SANITIZERS, "COUNTERSIGN_LISTEN": "localhost:0", **variables}
    done = subprocess.run([BINARY], env=environment, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("name, value", BAD_CONFIGURATIONS)
def test_outside_lambda_one_line_names_the_wrong_variable(name, value):
    status, lines = run_alone(**{name: value})
    assert status == 2 and len(lines) == 1
    assert name in lines[0] and value in lines[0]


def test_outside_lambda_an_unknown_variable_gets_the_nearest_name():
    status, lines = run_alone(COUNTERSIGN_MAXBODY="1")
    assert status == 2 and len(lines) == 1
    assert "COUNTERSIGN_MAXBODY" in lines[0] and "COUNTERSIGN_MAX_BODY" in lines[0]


def test_outside_lambda_a_taken_port_is_a_failure_at_run_time():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        status, lines = run_alone(COUNTERSIGN_LISTEN=f"localhost:{number}")
    assert status == 1 and str(number) in lines[-1]


def test_two_extensions_of_one_environment_do_not_meet(emulated, tmp_path):
    """A second copy cannot have the port: it fails, and with it the init, as Lambda has it."""
    port = free_port()
    for name in ("first", "second"):
        install(BINARY, tmp_path / "both", name)
    lam = emulated({"COUNTERSIGN_LISTEN": f"localhost:{port}"}, extensions=tmp_path / "both")
    with pytest.raises(Failed, match="Extension"):
        lam.start()
    reports = [call.json()["errorMessage"] for call in lam.api.named("init/error")]
    assert len(reports) == 1 and str(port) in reports[0]
