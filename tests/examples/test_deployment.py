"""Each deployment tool takes its example, and makes the same product of it with the same small role."""

import json
import re
import stat
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from cloud import TEXT
from deployment import PYTHON, Deployment
from functions import COMMANDS, EXAMPLES, WRAPPER, Stage
from policies import (
    allowed, as_list, functions_of, named, needs, of_cloudformation, of_terraform, resolve, statements_of)

CLOUDFORMATION = ["sam", "serverless", "cdk-typescript", "cdk-python"]
TOOLS = [*CLOUDFORMATION, "terraform"]
PRODUCT = {
    "shell": ("provided.al2023", "memo"), "python": ("python3.13", "app.handler"),
    "node": ("nodejs22.x", "index.handler"),
}
# CDK writes down a dependency that there is anyway.
LINT = [PYTHON.with_name("cfn-lint"), "--ignore-checks", "W3005", "--regions", "us-east-1", "--"]


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    return Deployment(tmp_path_factory.mktemp("deployment"))


class Made(dict):
    """What each tool makes of its example: made[tool] waits for it. Two at a time, for they take seconds."""

    def __init__(self, deployment):
        pool = ThreadPoolExecutor(2)
        super().__init__((tool, pool.submit(getattr(deployment, tool.replace("-", "_")))) for tool in reversed(TOOLS))
        pool.shutdown(wait=False)

    def __getitem__(self, tool):
        return super().__getitem__(tool).result()


@pytest.fixture(scope="module")
def made(deployment):
    return Made(deployment)


def statements(made, tool):
    return of_terraform(made[tool]) if tool == "terraform" else of_cloudformation(made[tool])


# --- the tools' own checks

@pytest.mark.parametrize("tool", CLOUDFORMATION)
def test_cloudformation_is_valid(made, tool, tmp_path):
    template = tmp_path / "template.json"
    template.write_text(json.dumps(made[tool]))
    done = subprocess.run([*LINT, template], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sam_is_valid_as_it_is_written():
    done = subprocess.run([*LINT, EXAMPLES / "sam" / "template.yaml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# --- the role

@pytest.fixture(scope="module")
def needed(cloud, tmp_path_factory):
    """What the functions need, by the requests that each of them makes through the proxy."""
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    found = {}
    cloud.hurry()
    for name in COMMANDS:
        cloud.allow(everything)
        stage = Stage(cloud, tmp_path_factory.mktemp(name))
        try:
            assert stage.run(name).json() == {"text": TEXT}
        finally:
            stage.close()
        found[name] = needs(cloud.requests)
    return found


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_role_may_do_what_the_requests_need_and_nothing_else(made, needed, tool, name):
    assert allowed(statements(made, tool)) == needed[name]


@pytest.mark.parametrize("tool", TOOLS)
def test_with_that_role_the_function_works(made, cloud, stage, tool):
    cloud.hurry()
    cloud.allow(statements_of(allowed(statements(made, tool))))
    assert stage.run("python").json() == {"text": TEXT}


def test_the_readme_shows_that_role(made):
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    shown = [json.loads(snippet)["Statement"] for snippet in re.findall(r"^```json\n(.*?)^```$", text, re.S | re.M)]
    wide, small = shown
    assert any("*" in action for statement in wide for action in as_list(statement["Action"]))
    assert allowed(small) == allowed(statements(made, "sam"))


def test_what_the_readme_links_to_is_there():
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert len(links) >= 4 and not [link for link in links if not (EXAMPLES / link).is_file()]
    folders = re.findall(r"^\| `([a-z-]+)` \|", text, re.M)
    assert sorted(folders) == sorted(TOOLS) and all((EXAMPLES / folder).is_dir() for folder in folders)


# --- the product

def product_of(template):
    """{language: (runtime, handler, ...)} of a CloudFormation template."""
    found = {}
    for name, function in functions_of(template).items():
        it = function["Properties"]
        [language] = [language for language in PRODUCT if name.lower().startswith(language)]
        assert (it["Timeout"], it["MemorySize"], it["Architectures"]) == (300, 256, ["x86_64"])
        assert it["Environment"]["Variables"] == {"BUCKET": "the-bucket"}
        [layer] = it["Layers"]
        assert resolve(template, template["Resources"])[layer]["Type"] == "AWS::Lambda::LayerVersion"
        found[language] = (it["Runtime"], it["Handler"])
    return found


@pytest.mark.parametrize("tool", CLOUDFORMATION)
def test_the_product_is_the_same(made, tool):
    assert product_of(made[tool]) == PRODUCT


def test_the_product_of_terraform_is_the_same(made):
    functions = made["terraform"]["locals"][0]["functions"]
    assert {name: (it["runtime"], it["handler"]) for name, it in functions.items()} == PRODUCT
    [function] = named(made["terraform"]["resource"], "aws_lambda_function").values()
    assert (function["timeout"], function["memory_size"], function["architectures"]) == (300, 256, ["x86_64"])
    assert function["layers"] == ["${aws_lambda_layer_version.countersign.arn}"]
    assert function["role"] == "${aws_iam_role.memos.arn}"
    assert function["environment"] == [{"variables": {"BUCKET": "${aws_s3_bucket.memos.bucket}"}}]


@pytest.mark.parametrize("language", PRODUCT)
def test_serverless_packs_each_function_with_its_files(made, deployment, language):
    sources = EXAMPLES / "functions" / language
    with zipfile.ZipFile(deployment.root / "serverless" / ".serverless" / f"{language}.zip") as code:
        assert {name: code.read(name) for name in code.namelist()} == {
            file.name: file.read_bytes() for file in sources.iterdir()}
        assert {each.filename: each.external_attr >> 16 & stat.S_IXUSR for each in code.infolist()} == {
            file.name: file.stat().st_mode & stat.S_IXUSR for file in sources.iterdir()}


def files_of(folder):
    return frozenset((file.name, file.read_bytes()) for file in folder.iterdir())


@pytest.mark.parametrize("tool", ["cdk-typescript", "cdk-python"])
def test_the_cdk_takes_the_layer_and_the_functions(made, deployment, tool):
    assets = sorted((deployment.root / tool / "cdk.out").glob("asset.*"))
    packed = {files_of(asset) for asset in assets if asset.is_dir()}
    assert packed == {files_of(EXAMPLES / "functions" / language) for language in PRODUCT}
    assert [asset.read_bytes() for asset in assets if asset.is_file()] == [deployment.layer.read_bytes()]


@pytest.mark.parametrize("file", [
    "sam/template.yaml", "serverless/serverless.yml", "cdk-typescript/app.ts", "cdk-python/app.py",
    "terraform/main.tf"])
def test_every_tool_takes_the_layer_that_make_builds(file):
    text = (EXAMPLES / file).read_text()
    assert text.count("build/layer/") == text.count("/../../../build/layer/countersign-x86_64.zip") + len(
        re.findall(r"""["' ]\.\./\.\./\.\./build/layer/countersign-x86_64\.zip""", text)) > 0


def test_the_layer_has_the_wrapper_at_its_root(deployment):
    with zipfile.ZipFile(deployment.layer) as layer:
        assert sorted(layer.namelist()) == ["countersign-env", "extensions/countersign"]
        assert layer.read("countersign-env") == WRAPPER.read_bytes()
