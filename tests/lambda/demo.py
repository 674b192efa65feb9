"""The main job, watched: a Lambda function in plain shell reaches S3 and Transcribe with its own role.

Everything is real but Lambda and AWS: the extension is the built program, the function is function.sh, and
the server that stands for AWS verifies every signature (verifier.py). Exit status 0 only if every step was
right.
"""

import http.client
import json
import math
import os
import re
import shutil
import signal
import struct
import sys
import tempfile
import time
import wave
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
try:
    from harness.authority import Authority
    from harness.proxy import BINARY, SANITIZERS
    from verifier import BUCKET, POLICY, ROLE, Verifier
except ModuleNotFoundError as missing:
    sys.exit(f"demo: {missing.name} is not there; `make demo` sets everything up")
from emulator import EmulatedLambda, Failed, install
from screen import Screen
from wire import free_port

SECONDS = 15
PORT = 2774
OBJECT = f"/{BUCKET}/calls/hello%20world.wav"
RIGHT = {
    "Upload the recording": "200", "Start a transcription of it": "200", "Read the transcription job": "200",
    "Download the recording": "200", "List the bucket": "200", "Delete the recording": "204",
}
SEEN_BY_THE_SERVER = [
    ("PUT", OBJECT, 200), ("POST", "/", 200), ("POST", "/", 200), ("POST", "/", 200), ("POST", "/", 200),
    ("GET", OBJECT, 200), ("GET", f"/{BUCKET}?list-type=2", 200), ("DELETE", OBJECT, 204),
]


class Stage:
    """What the demo needs on the way: a folder that goes at the end, the server, the screen."""

    def __init__(self, folder, screen, look=None):
        self.folder, self.screen, self.said = folder, screen, []
        self.look = look        # look(url, token) sees the proxy once all is done and recorded
        self.quiet = False      # what the function calls is judged, but not shown
        self.extensions = install(BINARY, folder / "extensions")
        self.task = folder / "task"
        self.task.mkdir()
        shutil.copy(HERE / "function.sh", self.task / "bootstrap")
        record(self.task / "hello.wav")
        self.server = Verifier(Authority(folder / "authority"), folder)

    def environment(self, port, **changes):
        """What Lambda gives extension and function: the role's credentials and the customer's variables."""
        return {
            **self.server.credentials, **SANITIZERS, "TMPDIR": self.folder,
            "COUNTERSIGN_LISTEN": f"localhost:{port}", "COUNTERSIGN_ENDPOINT": self.server.url,
            "COUNTERSIGN_CA_BUNDLE": self.server.bundle,
            "BUCKET": BUCKET, "PROXY": f"http://localhost:{port}", **changes}

    def emulate(self, environment, judge, title=None):
        """The function with its extension; judge(what, status, remark) says whether a call of it was right.

        Calls are shown as they come, under their own names or under the title.
        """
        def on_line(who, line):
            if who == "function" and line.startswith("CALL\t"):
                self.show(line.rstrip("\n").split("\t")[1:], judge, title)
            else:
                self.said.append(f"{who}: {line.rstrip()}")
        return EmulatedLambda(self.extensions, [str(self.task / "bootstrap")], environment,
                              cwd=self.task, on_line=on_line)

    def show(self, report, judge, title):
        what, method, url, sent, status, seconds, remark = report
        request = (f"{method} {url}", *sent.split(" | "))
        right = judge(what, status, remark)
        if self.quiet:
            check(self.screen, what, right, f"{status} {remark}")
            return
        text = re.sub(r"Code (.*?); Message (.*?);.*", r"\1: \2", remark).rstrip("; ")
        self.screen.step(title or what, request, (status, text), float(seconds), right)


    @staticmethod
    def run(lam):
        """One invocation, and all that the function had to say about it."""
        before = lam.function.text().count("JOB\t")
        response = lam.invoke({"do": "the job"})
        lam.function.wait_for(lambda text: text.count("JOB\t") > before)
        return response


def record(path, seconds=2, rate=16000):
    """A small recording: a tone that rises from 440 to 660 Hz, 16 bit mono."""
    samples = (math.sin(2 * math.pi * (440 + 55 * at / rate) * at / rate) for at in range(seconds * rate))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(struct.pack("<h", int(12000 * sample)) for sample in samples))


def ask(port, path, headers=None):
    """A GET to the proxy, without curl: status, headers, body, seconds."""
    begun = time.perf_counter()
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(), time.perf_counter() - begun
    finally:
        connection.close()


def main_job(stage, port):
    """The function does its job; then who it is, what is refused, and the end of the environment."""
    screen, before = stage.screen, len(stage.server.requests())
    with stage.emulate(stage.environment(port), lambda what, status, _: RIGHT[what] == status) as lam:
        lam.start()
        introduce(stage, lam, port)
        screen.title("The function's job")
        response = stage.run(lam)
        check(screen, "the function's own verdict", not response.failed, response.payload)
        seen = stage.server.requests()[before:]
        check(screen, "what the server was asked for", seen == SEEN_BY_THE_SERVER, repr(seen))
        screen.title("Who the function is")
        identity(stage, port)
        screen.title("What is refused")
        without_token(stage, port)
        with_wrong_key(stage, free_port())
        screen.title("What the function used")
        repeat(stage, lam)
        used = policy(stage, port)
        screen.title("The end")
        shut_down(stage, lam)
    screen.title("The same with exactly that policy")
    least_privilege(stage, used)


def introduce(stage, lam, port):
    events = ", ".join(lam.api.extensions["countersign"].events)
    launched = next(event.at for event in lam.events if event.what == "launch")
    registered = lam.api.named("register")[0].at
    screen = stage.screen
    screen.fact("server", f"{stage.server.name} at {stage.server.url}: TLS by a test authority; it verifies "
                          "each signature (seen to refuse a wrong secret, a wrong token, another action)")
    actions = [action for statement in POLICY["Statement"] for action in _list(statement["Action"])]
    screen.fact("role", f"{ROLE}, which may do {len(actions)} things: {', '.join(actions)}")
    screen.fact("extension", f"serves localhost:{port}; registered as countersign for {events}, "
                             f"{(registered - launched) * 1000:.0f} ms after its start")
    screen.fact("function", "/bin/sh and curl: it has no SDK and signs nothing; it knows localhost:"
                            f"{port} and $AWS_SESSION_TOKEN")


def identity(stage, port):
    token = stage.server.credentials["AWS_SESSION_TOKEN"]
    status, _, body, seconds = ask(port, "/-/identity", {"X-Countersign-Token": token})
    try:
        facts = json.loads(body)
    except ValueError:
        facts = {}
    account, secret = stage.server.role.split(":")[4], stage.server.credentials["AWS_SECRET_ACCESS_KEY"]
    right = status == 200 and account in body and token not in body and secret not in body
    lines = json.dumps(facts, indent=2, ensure_ascii=False).splitlines() if facts else [body]
    stage.screen.step("Ask the proxy", (f"GET http://localhost:{port}/-/identity",
                                        "X-Countersign-Token: $AWS_SESSION_TOKEN"),
                      (status, "OK" if right else "not as it should be"), seconds, right, lines)


def without_token(stage, port):
    before = len(stage.server.requests())
    path = f"/s3/{BUCKET}?list-type=2"
    status, headers, body, seconds = ask(port, path)
    code, text = headers.get("X-Countersign-Error", "no error code"), _tag(body, "Message") or body
    reached = len(stage.server.requests()) > before
    right = (status, code) == (401, "TokenRequired") and "X-Countersign-Token" in text and not reached
    stage.screen.step("The same bucket without the token: the proxy refuses",
                      (f"GET http://localhost:{port}{path}",), (status, f"{code}: {text}"), seconds, right)


def with_wrong_key(stage, port):
    """A second function, whose secret is wrong: its first call must fail at the server, and so must it."""
    screen, calls = stage.screen, []

    def judge(what, status, remark):
        calls.append(what)
        return status == "403" and "SignatureDoesNotMatch" in remark and "by the proxy" not in remark
    environment = stage.environment(port, AWS_SECRET_ACCESS_KEY="this/is/not/the/secret/of/the/role/XXXX")
    with stage.emulate(environment, judge, "A function with a wrong key: the server refuses") as lam:
        lam.start()
        response = stage.run(lam)
        check(screen, "the function with a wrong key", response.failed and len(calls) == 1, response.payload)
        ended = lam.shutdown()
        check(screen, "the end of its extension", ended == {"countersign": 0}, lam.extension().text())


def repeat(stage, lam):
    """Twice more, for a job's name is another each time: what varies is told from what does not."""
    stage.quiet = True
    for _ in range(2):
        check(stage.screen, "the function's job once more", not stage.run(lam).failed, lam.function.text())
    stage.quiet = False


def policy(stage, port):
    """Shows what was used as a policy, and returns it as IAM has it."""
    token = {"X-Countersign-Token": stage.server.credentials["AWS_SESSION_TOKEN"]}
    document = json.loads(ask(port, "/-/policy", token)[2])
    status, _, body, seconds = ask(port, "/-/policy?format=serverless", token)
    right = status == 200 and "iamRoleStatements" in body and "s3:PutObject" in body
    stage.screen.step("Ask the proxy for it", (f"GET http://localhost:{port}/-/policy?format=serverless",),
                      (status, "OK" if right else "not as it should be"), seconds, right, body.splitlines())
    return document


def least_privilege(stage, document):
    """A role with that policy and no more: the function's job passes, and one action more is denied."""
    screen, port = stage.screen, free_port()
    folder = stage.folder / "least"
    folder.mkdir()
    with Verifier(Authority(folder / "authority"), folder, as_moto_reads(document)) as server:
        stage.server, first = server, stage.server
        try:
            with stage.emulate(stage.environment(port), lambda what, status, _: RIGHT[what] == status) as lam:
                lam.start()
                stage.quiet, begun = True, time.perf_counter()
                right = not stage.run(lam).failed
                stage.quiet = False
                screen.step("The function's job, by a role with that policy alone", ("all of its calls",),
                            ("200" if right else "403", "OK" if right else "denied"), time.perf_counter() - begun, right)
                one_more(stage, port)
                if stage.look:
                    stage.look(f"http://localhost:{port}", server.credentials["AWS_SESSION_TOKEN"])
                check(screen, "the end of its extension", lam.shutdown() == {"countersign": 0}, lam.extension().text())
        finally:
            stage.server = first


def as_moto_reads(document):
    """moto looks at resources for S3 alone: others it asks for as "*"."""
    statements = [{**each, "Resource": each["Resource"] if each["Action"][0].startswith("s3:") else "*"}
                  for each in document["Statement"]]
    return {**document, "Statement": statements}


def one_more(stage, port):
    token, path = {"X-Countersign-Token": stage.server.credentials["AWS_SESSION_TOKEN"]}, f"/s3/{BUCKET}?acl"
    status, headers, _, seconds = ask(port, path, token)
    hint = headers.get("X-Countersign-Hint", "no hint")
    denied = json.loads(ask(port, "/-/denied", token)[2])["denied"]
    right = status == 403 and "s3:GetBucketAcl" in hint and [each["action"] for each in denied] == ["s3:GetBucketAcl"]
    stage.screen.step("One action more is denied", (f"GET http://localhost:{port}{path}",), (status, hint), seconds, right)


def shut_down(stage, lam):
    status = lam.shutdown("spindown")["countersign"]
    at = {(event.what, event.who): event.at for event in lam.events}
    seconds = at["exit", "countersign"] - at["tell", "SHUTDOWN"]
    output = lam.extension().text() + lam.function.text()
    stage.screen.step("Lambda ends the environment", ("SHUTDOWN spindown",),
                      (status, "is the extension's exit status"), seconds, status == 0)
    hidden = (stage.server.credentials[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
    check(stage.screen, "no secret in any log", not any(value in output for value in hidden), "found one")


def check(screen, what, right, detail):
    """Something that must hold and is worth a line only where it does not."""
    if not right:
        screen.wrong.append(f"{what}: {detail}")


def _list(value):
    return value if isinstance(value, list) else [value]


def _tag(text, name):
    found = re.search(f"<{name}>(.*?)</{name}>", text, re.S)
    return found and found.group(1)


def give_up(number, _frame):
    raise SystemExit(f"demo: not done within {SECONDS} s" if number == signal.SIGALRM else 128 + number)


def clean_environment():
    """Nothing of this machine's own AWS set-up or HTTP proxy takes part."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            del os.environ[name]
    os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
                      AWS_EC2_METADATA_DISABLED="true")


def perform(screen, look=None):
    with tempfile.TemporaryDirectory(prefix="countersign-demo-") as folder:
        stage = Stage(Path(folder), screen, look)
        try:
            stage.server.start()
            check(screen, "the server verifies", stage.server.is_strict(), "it took what it must refuse")
            signal.alarm(SECONDS)
            begun = time.perf_counter()
            main_job(stage, free_port(PORT))
        except Failed as failure:
            screen.wrong.append(str(failure))
        finally:
            signal.alarm(0)
            stage.server.close()
        return screen.verdict(time.perf_counter() - begun, stage.said)


def main():
    if not BINARY.exists():
        sys.exit(f"demo: {BINARY.name} is not built yet; `make demo` does it")
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, give_up)
    clean_environment()
    sys.stdout.reconfigure(errors="replace")
    screen = Screen()
    screen.title("A Lambda function that signs nothing, and a proxy that signs with the function's role")
    try:
        return 0 if perform(screen) else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
