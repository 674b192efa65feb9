"""tools.py sam|terraform FILE: prints as JSON what AWS's SAM translator or the HCL parser makes of a file.

Runs where these are installed, build/venv-examples. The translator gets what `sam package` would give it: in
place of each local path an address in S3; a path that does not exist is an error.
"""

import json
import sys
from pathlib import Path

MANAGED_POLICIES = {"AWSLambdaBasicExecutionRole": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}


class Policies:
    """The names of AWS's own policies, which the translator otherwise asks IAM for."""

    @staticmethod
    def load():
        return MANAGED_POLICIES


def sam(path):
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

    template = yaml_parse(path.read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in {"CodeUri", "ContentUri"} & set(properties):
            local = (path.parent / properties[name]).resolve(strict=True)
            properties[name] = f"s3://packaged/{local.name}"
    return transform(template, {}, Policies())


def terraform(path):
    import hcl2

    with open(path, encoding="utf-8") as file:
        return _plain(hcl2.load(file))


def _plain(value):
    """Without the quotes that the parser leaves around names and texts, and without its marks."""
    if isinstance(value, dict):
        return {_plain(name): _plain(each) for name, each in value.items() if not name.startswith("__")}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    quoted = isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else value


if __name__ == "__main__":
    print(json.dumps({"sam": sam, "terraform": terraform}[sys.argv[1]](Path(sys.argv[2]))))
