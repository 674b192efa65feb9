"""The examples' functions as Lambda runs them: in an emulated Lambda, with the real program as its extension."""

import base64
import re
import shutil
import sys
from pathlib import Path

from cloud import BUCKET
from emulator import EmulatedLambda, install
from harness.proxy import BINARY, ROOT, SANITIZERS
from wire import free_port

HERE = Path(__file__).resolve().parent
EXAMPLES = ROOT / "layer" / "examples"
NODE = ROOT / "build" / "node" / "bin" / "node"
WRAPPER = ROOT / "layer" / "countersign-env"
AUDIO = b"RIFF" + bytes(range(256)) * 40
EVENT = {"audio": base64.b64encode(AUDIO).decode()}
# What Lambda starts for each: the function's own program, or the runtime's.
COMMANDS = {
    "shell": lambda task: [str(task / "bootstrap")],
    "python": lambda task: [sys.executable, "-I", str(HERE / "runtime.py"), "app.handler"],
    "node": lambda task: [str(NODE), str(HERE / "runtime.mjs"), "index.handler"],
}


class Stage:
    """Makes emulated Lambdas before a cloud. What a sanitizer finds in the program fails the test."""

    def __init__(self, cloud, folder):
        self.cloud, self.folder, self.made = cloud, folder, []

    def run(self, name, source=None, **variables):
        """One invocation of an example's function; source is its folder where it is not the example's own."""
        task = self.folder / f"task-{len(self.made)}"
        shutil.copytree(source or EXAMPLES / "functions" / name, task)
        port = free_port()
        for file in task.iterdir():
            file.write_text(file.read_text().replace("localhost:2774", f"localhost:{port}"))
        return self.invoke(COMMANDS[name](task), task, port, EVENT, **variables)

    def invoke(self, command, task, port, event=None, extensions=None, **variables):
        extensions = extensions or install(BINARY, self.folder / f"extensions-{len(self.made)}")
        environment = {**self.cloud.credentials, **SANITIZERS, "TMPDIR": self.folder, "BUCKET": BUCKET,
                       "COUNTERSIGN_LISTEN": f"localhost:{port}", "COUNTERSIGN_ENDPOINT": self.cloud.url, **variables}
        self.made.append(EmulatedLambda(extensions, command, environment, cwd=task))
        lam = self.made[-1]
        lam.start()
        answer = lam.invoke(event, timeout=60)
        assert lam.shutdown() == {"countersign": 0}, lam.extension().text()
        return answer

    def close(self):
        for lam in self.made:
            lam.close()
            text = "".join(process.text() for process in [*lam.processes.values(), lam.function] if process)
            print(text)
            assert not re.search("AddressSanitizer|LeakSanitizer|runtime error:", text)
