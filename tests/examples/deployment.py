"""The deployment tools on the examples, as far as they go without an account: each gives a template.

They work on a copy, so that nothing is left among the sources, and in an environment of their own: no account,
no home, and where they would ask AWS a port at which nobody listens. Serverless alone must ask one thing, what
stack there is so far; here it is told that there is none.
"""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from functions import BINARY, EXAMPLES, ROOT, WRAPPER
from wire import Answer, Server

PYTHON = ROOT / "build" / "venv-examples" / "bin" / "python"
NODE_FOLDER = ROOT / "build" / "node"
NO_STACK = b"""<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>ValidationError</Code><Message>Stack with id voice-memos-dev does not exist</Message></Error></ErrorResponse>"""


class Deployment:
    """root is the copy: it stands to its build/layer as the repository does."""

    def __init__(self, root):
        self.root, self.home = root / "layer" / "examples", root / "home"
        shutil.copytree(EXAMPLES, self.root, symlinks=True)
        (self.root / "node_modules").symlink_to(NODE_FOLDER / "node_modules")
        self.home.mkdir()
        self.layer = root / "build" / "layer" / "countersign-x86_64.zip"
        pack_layer(self.layer)

    def run(self, folder, *command, **variables):
        environment = {
            "PATH": f"{NODE_FOLDER / 'bin'}:{PYTHON.parent}:{os.defpath}", "HOME": str(self.home), "CI": "1",
            "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true", "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off",
            "PYTHONDONTWRITEBYTECODE": "1", **variables}
        done = subprocess.run(command, cwd=self.root / folder, env=environment, capture_output=True, text=True,
                              timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def npx(self, folder, program, *arguments, **variables):
        return self.run(folder, self.root / "node_modules" / ".bin" / program, *arguments, **variables)

    # Each returns what the tool makes of the example, as a dict.

    def sam(self):
        return json.loads(self.run("sam", PYTHON, Path(__file__).with_name("tools.py"), "sam", "template.yaml"))

    def terraform(self):
        return json.loads(self.run("terraform", PYTHON, Path(__file__).with_name("tools.py"), "terraform", "main.tf"))

    def cdk_typescript(self):
        return self._synthesize("cdk-typescript")

    def cdk_python(self):
        return self._synthesize("cdk-python")

    def _synthesize(self, folder):
        self.npx(folder, "cdk", "synth", "--no-notices", "--no-version-reporting", "--quiet")
        return json.loads((self.root / folder / "cdk.out" / "VoiceMemos.template.json").read_text())

    def serverless(self):
        cloudformation = Server(lambda exchange: exchange.answer(Answer(400, NO_STACK, {"Content-Type": "text/xml"})))
        try:
            self.npx("serverless", "serverless", "package",
                     AWS_ENDPOINT_URL_CLOUDFORMATION=f"http://127.0.0.1:{cloudformation.port}")
        finally:
            cloudformation.close()
        return json.loads((self.root / "serverless/.serverless/cloudformation-template-update-stack.json").read_text())


def pack_layer(path):
    """A layer as the release has it: the program and the wrapper, both to be run."""
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as layer:
        layer.write(BINARY, "extensions/countersign")
        layer.write(WRAPPER, "countersign-env")
