"""countersign-env by itself, in every shell that may be /bin/sh in a function: what it sets, and what it leaves."""

import re
import shutil
import subprocess
import sys

import botocore.session
import pytest
from functions import ROOT, WRAPPER

SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"], "bash": ["bash", "--posix"]}
BASE = {"PATH": "/nowhere", "LANG": "en_US.UTF-8", "AWS_SESSION_TOKEN": "token/with+odd==", "MINE": " a\nb "}
DEFAULT = {"S3": "http://127.0.0.1:2774/s3", "TRANSCRIBE": "http://127.0.0.1:2774/transcribe"}
# Prints its environment and its arguments as they came; it is what the wrapper becomes.
SHOW = [sys.executable, "-I", "-c", "import os, sys; sys.stdout.buffer.write(repr((dict(os.environb), "
        "[os.fsencode(each) for each in sys.argv[1:]])).encode())"]
# What shells themselves leave in an environment.
OF_THE_SHELL = {b"_", b"PWD", b"OLDPWD", b"SHLVL", b"LC_CTYPE"}


@pytest.fixture(params=SHELLS)
def wrap(request):
    """Runs the wrapper in that shell: ({name: endpoint}, other variables, arguments, lines of standard error)."""
    program, *options = SHELLS[request.param]

    def run(*arguments, **variables):
        done = subprocess.run([shutil.which(program), *options, str(WRAPPER), *SHOW, *arguments],
                              env={**BASE, **variables}, capture_output=True, timeout=20, check=True)
        environment, seen = eval(done.stdout)
        endpoints = {name.decode().removeprefix("AWS_ENDPOINT_URL_"): value.decode()
                     for name, value in environment.items() if name.startswith(b"AWS_ENDPOINT_URL_")}
        others = {name.decode(): value for name, value in environment.items()
                  if not name.startswith(b"AWS_ENDPOINT_URL_") and name not in OF_THE_SHELL}
        return endpoints, others, seen, done.stderr.decode(errors="replace").splitlines()

    return run


def test_points_s3_and_transcribe_here(wrap):
    endpoints, _, arguments, said = wrap()
    assert endpoints == DEFAULT and arguments == [] and said == []


def test_changes_nothing_else(wrap):
    """A shell's variable that came from the environment goes back there, so none of its own may be a function's."""
    settings = {"COUNTERSIGN_LISTEN": "unix:/s,localhost:1", "COUNTERSIGN_SDK_SERVICES": "sqs,SES=email,logs,?"}
    assigned = set(re.findall(r"\b([A-Za-z_]+)=|\bfor (\w+)", re.sub("#.*", "", WRAPPER.read_text())))
    mine = {name: "mine" for pair in assigned for name in pair if name and not name.startswith("countersign_")}
    _, others, _, _ = wrap(**{**mine, **settings})
    assert others == {name: value.encode() for name, value in {**BASE, **mine, **settings}.items()}


def test_arguments_are_untouched(wrap):
    odd = ["", " ", "a b", "a\nb\n", "*", "$HOME", "`id`", "'", '"', "\\n", "-n", "--", "é\x7f", "$(exit 1)", ",", ""]
    assert wrap(*odd)[2] == [each.encode() for each in odd]


def test_what_is_set_stays(wrap):
    mine = "http://storage.internal:9000/a?b=c d"
    endpoints, *_ = wrap(AWS_ENDPOINT_URL_S3=mine, AWS_ENDPOINT_URL="http://other", COUNTERSIGN_SDK_SERVICES="s3,sqs",
                         AWS_ENDPOINT_URL_SQS="x")
    assert endpoints == {**DEFAULT, "S3": mine, "SQS": "x"}


def test_what_is_set_to_nothing_is_taken_away(wrap):
    """An SDK is thus kept at AWS itself, by none of its own reading of an empty address."""
    assert wrap(AWS_ENDPOINT_URL_S3="")[0] == {"TRANSCRIBE": DEFAULT["TRANSCRIBE"]}


@pytest.mark.parametrize("listen, at", [
    ("", "http://127.0.0.1:2774"),
    ("localhost:4000", "http://127.0.0.1:4000"), ("LocalHost:4000", "http://127.0.0.1:4000"),
    ("127.0.0.1:80", "http://127.0.0.1:80"), ("[::1]:2774", "http://[::1]:2774"), ("[::]:2774", "http://[::1]:2774"),
    ("0.0.0.0:2774", "http://127.0.0.1:2774"), ("10.0.0.7:2774", "http://10.0.0.7:2774"),
    ("unix:/tmp/s.sock, localhost:5000,localhost:6000", "http://127.0.0.1:5000"),
    ("unix:/a:1,127.0.0.2:1", "http://127.0.0.2:1"),
    ("localhost:0,127.0.0.1:7000", "http://127.0.0.1:7000"),
])
def test_the_address_is_the_listeners(wrap, listen, at):
    endpoints, _, _, said = wrap(COUNTERSIGN_LISTEN=listen)
    assert endpoints == {"S3": f"{at}/s3", "TRANSCRIBE": f"{at}/transcribe"} and said == []


@pytest.mark.parametrize("listen", ["unix:/tmp/s.sock", "localhost:0", "nonsense", "*"])
def test_without_an_address_the_function_starts_all_the_same(wrap, listen):
    endpoints, _, arguments, said = wrap("a", COUNTERSIGN_LISTEN=listen)
    assert endpoints == {} and arguments == [b"a"]
    assert len(said) == 1 and said[0].startswith("countersign-env: COUNTERSIGN_LISTEN ")


@pytest.mark.parametrize("value, more", [
    ("dynamodb", {"DYNAMODB": "dynamodb"}), ("", {}), (" ,, ", {}),
    ("sqs,sns", {"SQS": "sqs", "SNS": "sns"}), (" sqs\n\tsns ,kms", {"SQS": "sqs", "SNS": "sns", "KMS": "kms"}),
    ("bedrock-runtime", {"BEDROCK_RUNTIME": "bedrock-runtime"}), ("route53", {"ROUTE53": "route53"}),
    ("SES=email,sesv2=email", {"SES": "email", "SESV2": "email"}),
    ("Cost-Explorer=ce", {"COST_EXPLORER": "ce"}), ("DYNAMODB=dynamodb.eu-west-1", {"DYNAMODB": "dynamodb.eu-west-1"}),
    ("abcdefghijklmnopqrstuvwxyz-0189", {"ABCDEFGHIJKLMNOPQRSTUVWXYZ_0189": "abcdefghijklmnopqrstuvwxyz-0189"}),
])
def test_more_services(wrap, value, more):
    endpoints, _, _, said = wrap(COUNTERSIGN_SDK_SERVICES=value)
    assert endpoints == {**DEFAULT, **{name: f"http://127.0.0.1:2774/{path}" for name, path in more.items()}}
    assert said == []


@pytest.mark.parametrize("odd", [
    "all", "*", "/etc/*", "a;b", "$(touch)", "`x`", "a'b", 'a"b', "a=", "=a", "a=b=c", "=", "Sqs", "SQS", "a/b",
    "ü", "a\\b", "S3}=s3", "A=c/", "\udcff\udcfe", "a" * 500 + "!", "x=../s3", "%s%n", "-n!",
])
def test_what_is_no_service_is_passed_over_with_a_line(wrap, odd):
    endpoints, _, arguments, said = wrap("a", COUNTERSIGN_SDK_SERVICES=f"sqs,{odd},sns")
    assert arguments == [b"a"]
    assert {name: endpoints.pop(name) for name in ("S3", "TRANSCRIBE", "SQS", "SNS")} == {
        **DEFAULT, "SQS": "http://127.0.0.1:2774/sqs", "SNS": "http://127.0.0.1:2774/sns"}
    assert endpoints == {} and len(said) == 1
    assert re.fullmatch(r"countersign-env: COUNTERSIGN_SDK_SERVICES: entry 2 is not .*", said[0])


def test_its_names_are_those_of_the_sdks(wrap):
    """For each service that the wrapper knows by another name, and some that it does not."""
    table = dict(re.findall(r"^    ([a-z-]+)\) point ([A-Z_0-9]+) ", WRAPPER.read_text(), re.M))
    session = botocore.session.get_session()
    models = [session.get_service_model(name) for name in (
        "cognito-idp", "events", "logs", "cloudwatch", "secretsmanager", "stepfunctions", "dynamodb", "sqs", "sns",
        "ssm", "kms", "lambda", "kinesis", "sts", "bedrock-runtime", "firehose", "rekognition", "polly", "translate")]
    names = {model.endpoint_prefix: model.service_id.upper().replace(" ", "_").replace("-", "_") for model in models}
    assert len(table) >= 6 and table.items() <= names.items()
    endpoints = wrap(COUNTERSIGN_SDK_SERVICES=",".join(names))[0]
    assert endpoints == {**DEFAULT, **{name: f"http://127.0.0.1:2774/{path}" for path, name in names.items()}}


def test_without_a_command_it_says_so():
    done = subprocess.run([WRAPPER], env=BASE, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "AWS_LAMBDA_EXEC_WRAPPER" in done.stderr and done.stdout == ""


def test_it_becomes_the_command():
    """The runtime has the process that Lambda started, so that it hears Lambda's signals."""
    command = [WRAPPER, sys.executable, "-c", "import os; print(os.getpid())"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.read() == f"{child.pid}\n"
    assert subprocess.run([WRAPPER, "/bin/sh", "-c", "exit 7"], check=False).returncode == 7


@pytest.mark.parametrize("file", [
    "layer/countersign-env", "layer/publish.sh", "layer/examples/functions/shell/bootstrap",
    "layer/examples/functions/shell/memo"])
def test_shell_scripts_are_clean(file):
    done = subprocess.run(["shellcheck", "--shell=sh", ROOT / file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (ROOT / file).stat().st_mode & 0o111 == 0o111
