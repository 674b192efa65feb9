"""The secret key and the session token are nowhere that they need not be: not in logs, answers, pages, requests, or
for who would look into the program."""

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from harness.client import Client, Cut, ask, wait_until
from harness.proxy import BINARY, ROLE, TOKEN
from harness.signer import credentials, sign
from harness.upstream import Response, error

RELEASE = os.environ.get("RELEASE_BINARY", BINARY)      # under the sanitizer a debugger may look in
SECRET = ROLE["AWS_SECRET_ACCESS_KEY"]
NOBODY = 65534
LEVELS = ["TRACE", "DEBUG", "INFO"]     # the others say the less of the same
PAGES = ["health", "identity", "metrics", "permissions", "policy", "console", "unused", "no-such-page", "presign",
         "token/rds", "presign?url=nowhere", "presign?url=https://evil.example/", "token/rds?host=a", "token/nothing"]
GRANTING = ["presign?url=/s3/b/k", "token/rds?host=db.example.com&port=5432&user=me", "token/msk"]


def forms(text):
    """The text, and how it may have been written."""
    raw = text.encode()
    return {text, quote(text, safe=""), base64.b64encode(raw).decode().rstrip("="), raw.hex(), text.replace("/", "\\/"),
            base64.b64encode(b"x:" + raw).decode()}


def assert_none_of(texts, where):
    for text in texts:
        for form in forms(text):
            assert form not in where, form


def moody(request):
    """An AWS that denies, errs and breaks off."""
    kind = request.path.rpartition("/")[2]
    if kind == "reset":
        return Response(reset=True)
    if kind == "cut":
        return Response(body=b"half", length=8, hang_up=True)
    answers = {"denied": error(403, "AccessDenied"), "expired": error(400, "ExpiredToken"),
               "late": error(403, "RequestTimeTooSkewed"), "busy": error(503, "SlowDown"),
               "broken": error(500, "InternalError")}
    return answers.get(kind, Response(body=b"fine"))


def ask_everything(here):
    """The text of all answers."""
    texts = []

    def note(*request, **how):
        with contextlib.suppress(Cut):
            answer = here.ask(*request, **how)
            texts.append(f"{answer.headers} {answer.text}")

    for kind in ("fine", "denied", "expired", "late", "busy", "broken", "reset", "cut"):
        note("GET", f"/s3/b/{kind}")
        note("PUT", f"/s3/b/{kind}", [], b"body")
        note("POST", f"/transcribe/{kind}", [("Content-Type", "application/x-amz-json-1.1")], b"{}")
    for page in PAGES:
        note("GET", f"/-/{page}")
        note("POST", f"/-/{page}", [], b"x")
        note("GET", f"/-/{page}", token=False)
        note("GET", f"/-/{page}", [("X-Countersign-Token", TOKEN[:-1])], token=False)
    note("GET", "/s3/b/k", host="evil.example")
    note("GET", "/no_such/")
    note("TRACE", "/s3/b/k", [("X-Mine", TOKEN)])
    note("GET", f"/s3/b/k?X-Amz-Security-Token={quote(TOKEN, safe='')}&X-Amz-Signature=0", token=False)
    for form in ("header", "query"):
        for keys in (credentials(secret_key="another"), credentials(access_key="ASIAQNZGKIQY56JQ9ABC")):
            target, headers = sign("GET", f"http://localhost:{here.port}/s3/b/k", keys=keys, form=form)
            note("GET", target, headers, token=False)
    with Client(here.port) as client:
        client.send(f"GET /s3/b/k HTTP/1.1\r\nHost: localhost\r\nX-Countersign-Token: {TOKEN}\r\nodd {TOKEN}\r\n\r\n")
        texts.append(client.answer().text)
    return "\n".join(texts)


@pytest.mark.parametrize("shape", ["Text", "JSON"])
@pytest.mark.parametrize("level", LEVELS)
def test_nowhere_at_any_level(stage, level, shape):
    here = stage(moody, COUNTERSIGN_LOG_LEVEL=level, AWS_LAMBDA_LOG_FORMAT=shape, COUNTERSIGN_POLICY="log",
                 COUNTERSIGN_TIMEOUT_MS=2000)
    answers = ask_everything(here)
    assert "AccessDenied" in answers and "TokenRequired" in answers and "BadRequest" in answers
    granted = [here.ask("GET", f"/-/{page}").text for page in GRANTING]
    assert here.proxy.stop(signal.SIGTERM) == 0
    assert_none_of([SECRET, TOKEN], answers)
    assert_none_of([SECRET, TOKEN], here.proxy.text())
    for text in granted:
        assert_none_of([SECRET], text)
    for request in here.upstream.requests:
        assert_none_of([SECRET], f"{request.target} {request.headers} {request.body} {request.trailers}")
        told = [(name, value) for name, value in request.headers if name.lower() != "x-amz-security-token"]
        assert_none_of([TOKEN], f"{request.target} {told} {request.body}")
    here.expect_refusals = True


def test_the_configuration_that_is_printed_has_none(run):
    proxy = run({"COUNTERSIGN_LOG_LEVEL": "TRACE"}, args=["--check"], wait=False)
    assert proxy.process.wait(20) == 0
    proxy.stop()
    assert "COUNTERSIGN_LISTEN" in proxy.text()
    assert_none_of([SECRET, TOKEN], proxy.text())


# --- who would look into it: others of the same user

def spying(pid):
    """What another process of that user finds, or why not; also of root's tests, which may look anywhere."""
    script = f"open('/proc/{pid}/mem', 'rb'); open('/proc/{pid}/environ', 'rb').read()"
    identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    found = subprocess.run(["python3", "-c", script], capture_output=True, text=True, **identity)
    return found.stderr.strip().rpartition("\n")[2]


@pytest.fixture
def as_somebody():
    """as_somebody(*command, **env) starts a program as a user who is not root."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)

        def start(program, *arguments, **env):
            copy = shutil.copy(program, folder)
            identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
            process = subprocess.Popen([copy, *arguments], env=env, cwd="/", stdout=subprocess.DEVNULL, **identity)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        yield start


def asked_health(path):
    return ask(path, "GET", "/-/health", host="localhost").status


def test_its_memory_is_its_own(as_somebody):
    """Nor is its environment to be seen, where the keys are."""
    socket_folder = tempfile.mkdtemp()
    os.chmod(socket_folder, 0o777)
    path = f"{socket_folder}/socket"
    try:
        proxy = as_somebody(RELEASE, **ROLE, COUNTERSIGN_LISTEN=f"unix:{path}", AWS_EC2_METADATA_DISABLED="true")
        assert wait_until(lambda: os.path.exists(path) and asked_health(path) == 200)
        assert "PermissionError" in spying(proxy.pid)
    finally:
        shutil.rmtree(socket_folder)


def test_the_memory_of_others_is_not(as_somebody):
    """So the test before can fail."""
    assert spying(as_somebody("/bin/sleep", "60").pid) == ""
