"""The container image: what its Dockerfile copies makes a function with its extension. No image is built here."""

import json
import re
import shutil
import zipfile

from cloud import TEXT
from deployment import pack_layer
from functions import COMMANDS, EVENT, EXAMPLES
from wire import free_port

DOCKERFILE = (EXAMPLES / "functions" / "container" / "Dockerfile").read_text(encoding="utf-8")


def build(root, contexts):
    """Carries out the COPYs into root, each from its context; returns what CMD says. FROM adds nothing here."""
    for line in re.findall(r"^(?!#)(.+)$", DOCKERFILE, re.M):
        instruction, *words = line.split()
        if instruction == "COPY":
            flags = dict(word.removeprefix("--").split("=") for word in words if word.startswith("--"))
            source, target = [word for word in words if not word.startswith("--")]
            source = contexts[flags.get("from", "")] / source
            place = root / target.lstrip("/") / (source.name if target.endswith("/") else "")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
            place.chmod(int(flags.get("chmod", "644"), 8))
        elif instruction == "CMD":
            command = json.loads(line.removeprefix("CMD"))
        else:
            assert instruction == "FROM" and words == ["public.ecr.aws/lambda/python:3.13"]
    return command


def test_the_image_is_a_function_with_its_extension(stage, cloud, tmp_path):
    pack_layer(tmp_path / "layer" / "layer.zip")
    with zipfile.ZipFile(tmp_path / "layer" / "layer.zip") as layer:
        layer.extractall(tmp_path / "layer" / "x86_64")
    root = tmp_path / "root"
    assert build(root, {"": EXAMPLES / "functions", "countersign": tmp_path / "layer" / "x86_64"}) == ["app.handler"]
    assert [file.name for file in (root / "opt" / "extensions").iterdir()] == ["countersign"]

    task, port = root / "var" / "task", free_port()
    app = task / "app.py"
    app.write_text(app.read_text().replace("localhost:2774", f"localhost:{port}"))
    cloud.hurry()
    cloud.allow([{"Effect": "Allow", "Action": "*", "Resource": "*"}])
    answer = stage.invoke(COMMANDS["python"](task), task, port, EVENT, extensions=root / "opt" / "extensions")
    assert answer.json() == {"text": TEXT}


def test_the_command_that_builds_it_names_its_contexts():
    command = re.sub(r"\\\n#\s*", "", DOCKERFILE)
    assert re.search(r"unzip build/layer/countersign-x86_64\.zip -d (\S+)", command)[1] == re.search(
        r"--build-context countersign=(\S+)", command)[1]
    assert re.search(r"--file layer/examples/functions/container/Dockerfile .* layer/examples/functions$",
                     command, re.M)
