"""README's "Attach it": four lines for each deployment tool, and they are those of the examples."""

import re

import pytest
from functions import EXAMPLES, ROOT

FILES = ["sam/template.yaml", "serverless/serverless.yml", "cdk-typescript/app.ts", "cdk-python/app.py",
         "terraform/main.tf", "functions/container/Dockerfile"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = re.split(r"^## ", README.partition("\n## Attach it\n")[2], flags=re.M)[0]
SNIPPETS = re.findall(r"^```\w+\n(.*?)^```$", SECTION, re.S | re.M)


def test_every_tool_has_its_lines():
    assert len(SNIPPETS) == len(FILES)


@pytest.mark.parametrize("file, snippet", list(zip(FILES, SNIPPETS)))
def test_the_lines_are_the_examples(file, snippet):
    lines = snippet.splitlines()
    assert len(lines) == (1 if file.endswith("Dockerfile") else 4)
    assert not [line for line in lines if line not in (EXAMPLES / file).read_text(encoding="utf-8").splitlines()]
