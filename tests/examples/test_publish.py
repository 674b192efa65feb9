"""make publish: what it would have the AWS CLI do, by a stand-in that takes down what it is asked."""

import os
import re
import shlex
import shutil
import subprocess
import zipfile

import botocore.session
import pytest
from functions import ROOT

STAND_IN = """#!/bin/sh
for word; do printf '%s\\0' "$word"; done >>"$RECORD"
printf '\\n' >>"$RECORD"
case "$1 $2" in
"ec2 describe-regions") printf 'eu-west-1\\tus-east-1\\n' ;;
"lambda publish-layer-version")
    [ "$4" != us-gov-east-1 ] && printf 'arn:aws:lambda:%s:123456789012:layer:%s:7\\n' "$4" "$6" ;;
"lambda add-layer-version-permission") printf '{}\\n' ;;
*) exit 1 ;;
esac
"""
ARCHITECTURES = ["x86_64", "arm64"]


class Place:
    """A tree with publish.sh, the layers that make would build, and an aws in the PATH."""

    def __init__(self, root):
        self.root, self.record = root, root / "asked"
        for folder in ("layer", "build/layer", "bin"):
            (root / folder).mkdir(parents=True)
        shutil.copy(ROOT / "layer" / "publish.sh", root / "layer")
        for architecture in ARCHITECTURES:
            with zipfile.ZipFile(self.zip(architecture), "w") as layer:
                layer.writestr("extensions/countersign", architecture)
        (root / "bin" / "aws").write_text(STAND_IN)
        (root / "bin" / "aws").chmod(0o755)

    def zip(self, architecture):
        return self.root / "build" / "layer" / f"countersign-{architecture}.zip"

    def run(self, **variables):
        environment = {"PATH": f"{self.root / 'bin'}:{os.defpath}", "RECORD": str(self.record), **variables}
        done = subprocess.run([self.root / "layer" / "publish.sh"], cwd="/", env=environment,
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    @property
    def asked(self):
        """The calls of aws so far: lists of arguments."""
        lines = self.record.read_text().split("\0\n")[:-1] if self.record.exists() else []
        return [line.split("\0") for line in lines]


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path / "a tree")


def options(call):
    """{option: value} of a call, after its two words."""
    return dict(zip(call[2::2], call[3::2], strict=True))


def test_one_region(place):
    status, out, err = place.run(REGION="eu-west-1")
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        f"arn:aws:lambda:eu-west-1:123456789012:layer:countersign-{each}:7" for each in ARCHITECTURES]
    assert [call[:2] for call in place.asked] == [["lambda", "publish-layer-version"]] * 2
    for architecture, call in zip(ARCHITECTURES, place.asked):
        assert options(call) == {
            "--region": "eu-west-1", "--layer-name": f"countersign-{architecture}",
            "--compatible-architectures": architecture,
            "--zip-file": f"fileb://build/layer/countersign-{architecture}.zip", "--license-info": "MIT",
            "--description": "Signs plain HTTP requests to AWS with the function's own role",
            "--output": "text", "--query": "LayerVersionArn"}
    assert "MIT" in (ROOT / "LICENSE").read_text()


def test_every_region(place):
    status, out, _ = place.run(ALL="1")
    assert status == 0 and len(out.splitlines()) == 4
    assert place.asked[0][:2] == ["ec2", "describe-regions"]
    assert [options(call)["--region"] for call in place.asked[1:]] == ["eu-west-1"] * 2 + ["us-east-1"] * 2


def test_a_name_and_an_architecture(place):
    place.zip("x86_64").unlink()
    assert place.run(REGION="eu-west-1 eu-west-2", NAME="signer", ARCHITECTURES="arm64")[0] == 0
    assert [(options(call)["--region"], options(call)["--layer-name"]) for call in place.asked] == [
        ("eu-west-1", "signer-arm64"), ("eu-west-2", "signer-arm64")]


@pytest.mark.parametrize("how, more", [
    ({"PUBLIC": "1"}, {"--statement-id": "public"}),
    ({"ORGANIZATION": "o-abc123"}, {"--statement-id": "organization", "--organization-id": "o-abc123"}),
])
def test_others_may_use_it_only_where_that_is_said(place, how, more):
    assert place.run(REGION="eu-west-1", ARCHITECTURES="arm64", **how)[:2] == (
        0, "arn:aws:lambda:eu-west-1:123456789012:layer:countersign-arm64:7\n")
    published, shared = place.asked
    assert shared[:2] == ["lambda", "add-layer-version-permission"]
    assert options(shared) == {
        "--region": "eu-west-1", "--layer-name": options(published)["--layer-name"], "--version-number": "7",
        "--action": "lambda:GetLayerVersion", "--principal": "*", "--output": "text", "--query": "Statement", **more}


def test_a_dry_run_prints_the_same_and_does_nothing(place):
    status, out, _ = place.run(ALL="1", PUBLIC="1", DRY_RUN="1")
    assert status == 0 and [call[:2] for call in place.asked] == [["ec2", "describe-regions"]]
    shown = [shlex.split(line) for line in out.splitlines()]
    place.record.unlink()
    assert place.run(ALL="1", PUBLIC="1")[0] == 0
    done = [["aws", *call] for call in place.asked[1:]]
    assert [[word.replace("VERSION", "7") for word in line] for line in shown] == done


def test_a_dry_run_of_one_region_needs_no_aws(place):
    (place.root / "bin" / "aws").unlink()
    status, out, _ = place.run(REGION="eu-west-1", DRY_RUN="1")
    assert status == 0 and out.count("aws lambda publish-layer-version") == 2


@pytest.mark.parametrize("variables, words", [
    ({}, "REGION=eu-west-1, or ALL=1"), ({"REGION": "eu-west-1", "ALL": "1"}, "exclude each other"),
    ({"REGION": "eu-west-1", "PUBLIC": "1", "ORGANIZATION": "o-1"}, "exclude each other"),
])
def test_what_is_not_clear_is_refused(place, variables, words):
    status, out, err = place.run(**variables)
    assert status == 2 and out == "" and err.startswith("publish: ") and words in err and place.asked == []


def test_a_missing_layer_and_a_missing_cli_are_told(place):
    (place.root / "bin" / "aws").unlink()
    status, _, err = place.run(REGION="eu-west-1")
    assert status == 2 and "aws, is not in the PATH" in err
    place.zip("arm64").unlink()
    status, _, err = place.run(REGION="eu-west-1")
    assert status == 2 and "build/layer/countersign-arm64.zip is not there; make layer" in err


def test_it_stops_at_the_first_region_that_fails(place):
    status, out, _ = place.run(REGION="eu-west-1 us-gov-east-1 us-east-1", PUBLIC="1")
    assert status != 0 and [line.split(":")[3] for line in out.splitlines()] == ["eu-west-1"] * 2
    assert options(place.asked[-1])["--region"] == "us-gov-east-1"


def test_the_cli_knows_every_option(place):
    """The CLI's options are the API's members in lower case; --zip-file is its own for a layer's content."""
    place.run(REGION="eu-west-1", PUBLIC="1")
    model = botocore.session.get_session().get_service_model("lambda")
    for call in place.asked:
        operation = "".join(word.capitalize() for word in call[1].split("-"))
        members = model.operation_model(operation).input_shape.members
        known = {"--" + re.sub(r"(?<!^)([A-Z])", r"-\1", member).lower() for member in members}
        assert set(options(call)) <= known | {"--region", "--output", "--query", "--zip-file"}


def test_make_publish_is_that_script():
    done = subprocess.run(["make", "--dry-run", "--no-print-directory", "publish"], cwd=ROOT,
                          env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.splitlines()[-1].strip() == "layer/publish.sh"
