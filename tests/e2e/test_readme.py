"""README.md and docs are true: their snippets run, and their tables are the program's."""

import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from harness.proxy import ROLE, ROOT, TOKEN
from harness.upstream import Objects, Response

sys.path.append(str(ROOT / "tests" / "bench"))
import readme  # noqa: E402

README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE, LANGUAGES = ((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("reference", "languages"))
ALL = "\n".join((README, REFERENCE, LANGUAGES))
OBJECT = "/my-bucket/calls/call.wav"
RECORDING = b"RIFF" + bytes(range(256)) * 300


def section(title):
    """The text from a heading to the next one of any level; a # within a snippet is none."""
    text = re.split(rf"^#+ {re.escape(title)}.*$", ALL, flags=re.M)[1]
    return re.split(r"^#+ [A-Z]", text, flags=re.M)[0]


def snippets(title, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", section(title), re.S | re.M)


def rows(title):
    """The cells of the rows of a section's tables, without the tables' heads."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    heads = {at - 1 for at, line in enumerate(lines) if line.startswith("|---")}
    return [[cell.strip() for cell in line.strip("|").split("|")] for at, line in enumerate(lines)
            if at not in heads and not line.startswith("|---")]


def quoted(text):
    return re.findall(r"`([^`]+)`", text)


# --- snippets

class Services:
    """S3 in memory, and a Transcribe that has one state of a job for each operation."""

    def __init__(self):
        self.objects, self.jobs = Objects(), []

    def __call__(self, request):
        target = request.header("x-amz-target")
        if not target:
            return self.objects(request)
        name = json.loads(request.read())["TranscriptionJobName"]
        self.jobs.append((target, request.proof.service, name))
        state = "IN_PROGRESS" if target.endswith("StartTranscriptionJob") else "COMPLETED"
        body = {"TranscriptionJob": {"TranscriptionJobName": name, "TranscriptionJobStatus": state}}
        return Response(body=json.dumps(body).encode(), headers=(("Content-Type", "application/x-amz-json-1.1"),))


class Function:
    """A folder with a recording, the program before Services, and what a function's environment tells a snippet."""

    def __init__(self, start, folder):
        self.services, self.folder = Services(), folder
        self.here = start(self.services)
        (folder / "call.wav").write_bytes(RECORDING)

    def run(self, command, snippet):
        """What the snippet prints; it must end well."""
        snippet = snippet.replace("localhost:2774", f"localhost:{self.here.port}")
        done = subprocess.run([*command, snippet], cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
                              env={"PATH": os.environ["PATH"], "AWS_SESSION_TOKEN": TOKEN})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def stored(self):
        return self.services.objects.stored

    @property
    def copy(self):
        return (self.folder / "copy.wav").read_bytes()


@pytest.fixture
def function(stage, tmp_path):
    return Function(stage, tmp_path)


def test_curl(function):
    [snippet] = snippets("curl", "sh")
    printed = function.run(["sh", "-eu", "-c"], snippet)
    assert function.stored == {OBJECT: RECORDING} and function.copy == RECORDING
    assert function.services.objects.types == {OBJECT: "audio/wav"}
    assert function.services.jobs == [("Transcribe.StartTranscriptionJob", "transcribe", "call-1"),
                                      ("Transcribe.GetTranscriptionJob", "transcribe", "call-1")]
    assert "IN_PROGRESS" in printed and "COMPLETED" in printed


def test_python(function):
    [snippet] = snippets("Python", "python")
    printed = function.run([sys.executable, "-I", "-c"], snippet)
    assert function.stored == {OBJECT: RECORDING} and function.copy == RECORDING
    assert function.services.jobs == [("Transcribe.StartTranscriptionJob", "transcribe", "call-1")]
    assert json.loads(printed)["TranscriptionJob"]["TranscriptionJobStatus"] == "IN_PROGRESS"


def test_http_proxy(function):
    [snippet] = snippets("An AWS SDK", "sh")
    function.stored["/calls/call.wav"] = RECORDING
    function.services.objects.types["/calls/call.wav"] = "audio/wav"
    function.run(["sh", "-eu", "-c"], snippet)
    assert function.copy == RECORDING
    assert function.here.last.header("host") == "my-bucket.s3.us-east-1.amazonaws.com"


def test_login_tokens(stage, tmp_path):
    """Each client is handed a token for its server: by a stand-in that prints what it was given."""
    snippet, _ = snippets("Pages", "sh")    # the other is of jobs: tests/transcribe/test_job.py
    host = "server.abcdef.eu-west-1.rds.amazonaws.com"
    for client in ("psql", "mysql", "redis-cli", "rpk"):
        stand_in = tmp_path / client
        stand_in.write_text('#!/bin/sh\necho "$PGPASSWORD$MYSQL_PWD$REDISCLI_AUTH" "$@"\n')
        stand_in.chmod(0o755)
    snippet = snippet.replace("localhost:2774", f"localhost:{stage().port}")
    done = subprocess.run(["sh", "-eu", "-c", snippet], capture_output=True, text=True, timeout=60, check=False, env={
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "AWS_SESSION_TOKEN": TOKEN, "HOST": host, "PGPASSWORD": "", "MYSQL_PWD": "",
        "REDISCLI_AUTH": ""})
    postgres, mysql, redis, kafka = done.stdout.splitlines()
    assert postgres.startswith(f"{host}:5432/?Action=connect&DBUser=app&") and postgres.split()[1] == f"host={host}"
    assert mysql.startswith(f"{host}:3306/?Action=connect&DBUser=app&") and redis.startswith("my-cache/?Action=connect&User=app&")
    assert re.search(r"token:aHR0cHM6Ly9rYWZrYS5ldS13ZXN0LTEuYW1h[\w-]+$", kafka)    # https://kafka.eu-west-1.ama


@pytest.mark.parametrize("title, language", [("curl", "sh"), ("Python", "python"), ("Node", "js"), ("Go", "go"), ("PHP", "php")])
def test_every_language_does_the_same(title, language):
    [snippet] = snippets(title, language)
    for part in ("X-Countersign-Token", "AWS_SESSION_TOKEN", "http://localhost:2774", "/my-bucket/calls/call.wav",
                 "audio/wav", "copy.wav", "Transcribe.StartTranscriptionJob", "application/x-amz-json-1.1"):
        assert part in snippet
    if language not in ("sh", "js"):
        assert not re.search(r"boto|aws-sdk|GuzzleHttp", snippet)


def test_the_small_policy_is_small():
    wide, small = (json.loads(text) for text in snippets("Why not", "json"))
    assert any("*" in action for statement in wide["Statement"] for action in statement["Action"])
    actions = [action for statement in small["Statement"] for action in statement["Action"]]
    assert actions and not [action for action in actions if "*" in action]
    assert [statement["Resource"] for statement in small["Statement"] if "s3:PutObject" in statement["Action"]] == [
        "arn:aws:s3:::my-bucket/calls/*"]


# --- configuration

VARIABLES = {quoted(name)[0]: default for name, default, _ in rows("Configuration")}
ALLOWED = {
    "COUNTERSIGN_ALLOW": "s3:GetObject arn:aws:s3:::photos/*","COUNTERSIGN_SDK_SERVICES": "sqs", "COUNTERSIGN_PREWARM": "s3,transcribe", "COUNTERSIGN_METRICS": "Countersign",
           "COUNTERSIGN_ROLE_ARN": "arn:aws:iam::123456789012:role/other",
           
    "COUNTERSIGN_HOSTS": "proxy.internal", "COUNTERSIGN_ENDPOINT_<SERVICE>": "http://storage.example:9000",
    "COUNTERSIGN_ENDPOINT": "https://storage.example", "COUNTERSIGN_CA_BUNDLE": None,
}


def check(run, env):
    proxy = run({"COUNTERSIGN_LISTEN": None, "COUNTERSIGN_CA_BUNDLE": None, **env}, args=["--check"], wait=False)
    proxy.process.wait(20)
    return proxy.stop(), proxy.text()


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_of_the_table_is_known(run, authority, name):
    value = ALLOWED.get(name, VARIABLES[name].strip("`")) or authority.bundle
    status, text = check(run, {name.replace("<SERVICE>", "BEDROCK_RUNTIME"): value})
    assert status == 0, text
    assert "<SERVICE>" not in name or "bedrock-runtime ->" in text


def test_defaults_are_what_check_prints(run):
    status, text = check(run, {})
    printed = dict(re.findall(r"^(COUNTERSIGN_\w+) +(.*)$", text, re.M))
    assert status == 0 and len(printed) > 5
    assert set(printed) <= set(VARIABLES)
    bundle = printed.pop("COUNTERSIGN_CA_BUNDLE")
    assert bundle == f"({VARIABLES['COUNTERSIGN_CA_BUNDLE']})"
    assert printed == {name: VARIABLES[name].strip("`") for name in printed}


def test_the_table_has_all():
    """extension/config.c has the list of names against which typing errors are found."""
    source = (ROOT / "extension" / "config.c").read_text(encoding="utf-8")
    known = re.search(r"\bknown\[\] = \{(.*?)\};", source, re.S)[1]
    names = {"COUNTERSIGN_" + name for name in re.findall(r'"(\w+)"', known)}
    assert names == set(VARIABLES) - {"COUNTERSIGN_ENDPOINT_<SERVICE>"}


# --- the other tables

def test_every_error_code_is_the_programs_and_the_other_way_round():
    source = (ROOT / "proxy" / "base" / "err.h").read_text(encoding="utf-8")
    made = {(int(status), code) for status, code in re.findall(r'X\(\w+, (\d+), "(\w+)"\)', source)}
    told = {(int(status), code) for status, codes, _ in rows("Errors") for code in quoted(codes)}
    assert made == told and len(made) > 10


def test_every_page_is_there(shared):
    pages = [quoted(page)[0].split() for page, _ in rows("Pages")]
    assert len(pages) >= 3
    others = {"/-/transcribe": 411, "/-/transcribe/BUCKET/KEY": 400}    # these want audio, and to know its language
    for method, path in pages:
        needed = "?url=/s3/bucket/key" if path == "/-/presign" else ""
        if path != "/-/transcribe/JOB":     # which needs a Transcribe that knows of one
            assert shared.ask(method, path.replace("KIND", "msk") + needed).status == others.get(path, 200)
    assert shared.ask("GET", "/-/health", token=False).text == quoted(rows("Pages")[0][1])[0] + "\n"


def test_every_page_is_told(shared):
    told = {re.match(r"/-/\w*", quoted(page)[0].split()[1])[0] for page, _ in rows("Pages")}
    listed = shared.ask("GET", "/-/nothing").text
    assert set(re.findall(r"/-/\w*", listed)) == told


def test_exit_statuses(run):
    """2 for a wrong configuration, after one line that says which."""
    assert {name for name, _ in rows("Limits") if name.startswith("exit")} == {f"exit status {n}" for n in range(3)}
    status, text = check(run, {"COUNTERSIGN_MAX_BODY": "much"})
    assert status == 2 and len(text.strip().splitlines()) == 1 and "COUNTERSIGN_MAX_BODY=much" in text


def test_every_path_of_the_map_exists():
    paths = {path for path in quoted(section("The source")) if "/" in path}
    assert len(paths) > 15
    assert not [path for path in paths if not (ROOT / path).exists()]


# --- figures

def figures(mark):
    """(table, what stands below it) between the markers."""
    text = README.split(f"<!-- {mark} -->\n")[1].split(f"\n<!-- /{mark} -->")[0]
    table, _, machine = text.partition("\n\n")
    return table, machine


@pytest.mark.parametrize("mark", readme.TABLES)
def test_the_figures_are_those_that_the_bench_takes(mark):
    table, machine = figures(mark)
    assert readme.names(table) == readme.TABLES[mark]
    assert re.match(r"[^\n]+, \d+ cores, Linux [^\n]+, load [\d.]+[^\n]*\.$", machine)


@pytest.mark.parametrize("mark", readme.TABLES)
def test_a_figure_that_is_aimed_at_something_is_judged(mark):
    heads, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in figures(mark)[0].splitlines())
    assert (heads[0], heads[-1]) == ("figure", "verdict") and len({len(line) for line in lines}) == 1
    for line in lines:
        assert (line[-1] in ("aim", "at least", "met", "MISSED")) == bool(line[1] or line[2]), line


def test_a_table_of_other_rows_is_not_pasted(tmp_path):
    file = tmp_path / "README.md"
    file.write_text(README, encoding="utf-8")
    table, machine = figures("figures")
    readme.paste(file, "figures", table, machine.removesuffix("."))
    assert file.read_text(encoding="utf-8") == README
    with pytest.raises(readme.NotWhole):
        readme.paste(file, "figures", "\n".join(table.splitlines()[:-1]), machine)
    assert file.read_text(encoding="utf-8") == README


@pytest.mark.parametrize("name", readme.PLOTS)
def test_the_plots_are_there_and_need_nothing_else(name):
    assert f"](docs/{name}.svg)" in README
    root = ElementTree.fromstring((ROOT / "docs" / f"{name}.svg").read_text(encoding="utf-8"))
    kinds = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()}
    assert {"svg", "text"} < kinds <= {"svg", "text", "path", "rect"}
    assert not [value for element in root.iter() for value in element.attrib.values() if "url(" in value or "//" in value]


# --- the rest

def test_the_two_commands_come_first():
    [commands] = re.findall(r"^```\n(make .*?)^```$", section("Two commands"), re.S | re.M)
    assert commands.split("\n") == ["make demo", "make test", ""]
    assert README.index("make demo") < README.index("## Use it")


def test_the_file_is_plain():
    assert README.count("<!-- figures -->") == README.count("<!-- /figures -->") == 1
    assert len(README.splitlines()) < 350
    assert not [secret for secret in (ROLE["AWS_SECRET_ACCESS_KEY"], TOKEN) if secret in README]
