"""Functions that get one object and end: by way of the program, and with an AWS SDK in them. Time and memory.

Each is a fresh process. The layer's side has the start of the extension in it, in time and in memory: Lambda starts
the function once that has registered. Node's rows are there where build/node is (`make test-examples-programs`).
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from statistics import median

import measure
import servers
from rows import Row

NODE = servers.HERE.parents[1] / "build" / "node"

THROUGH_LAYER = """
import http.client, os
c = http.client.HTTPConnection("localhost", int(os.environ["PORT"]))
c.request("GET", "/s3/bucket/small", headers={"X-Countersign-Token": os.environ["AWS_SESSION_TOKEN"]})
print(len(c.getresponse().read()), flush=True)
"""
IN_PROCESS = """
import boto3, os
s3 = boto3.client("s3", endpoint_url=os.environ["ORIGIN"])
print(len(s3.get_object(Bucket="bucket", Key="small")["Body"].read()), flush=True)
"""
# What no proxy can make faster: the interpreter and the module by which the function speaks HTTP.
IMPORT_ONLY = """
import http.client
print(1024, flush=True)
"""
NODE_THROUGH_LAYER = """
const headers = { "X-Countersign-Token": process.env.AWS_SESSION_TOKEN };
require("node:http").get({ host: "localhost", port: process.env.PORT, path: "/s3/bucket/small", headers }, (answer) => {
  let length = 0;
  answer.on("data", (piece) => { length += piece.length; });
  answer.on("end", () => { console.log(length); });
});
"""
NODE_IN_PROCESS = """
const { S3Client, GetObjectCommand } = require("@aws-sdk/client-s3");
const s3 = new S3Client({ endpoint: process.env.ORIGIN, forcePathStyle: true });
s3.send(new GetObjectCommand({ Bucket: "bucket", Key: "small" }))
  .then((answer) => answer.Body.transformToByteArray())
  .then((bytes) => console.log(bytes.length));
"""
NODE_ALONE = """
require("node:http");
console.log(1024);
"""
# They stay until their memory has been looked at.
STAY = {"Python": "import sys; sys.stdin.read()", "Node": "process.stdin.resume();"}


@dataclass
class Taken:
    """Milliseconds to the object, and MiB at the most, of each run."""

    ms: list = field(default_factory=list)
    mib: list = field(default_factory=list)


def functions(cold):
    yield from _rows(cold, "Python", "boto3", [sys.executable, "-c"], (THROUGH_LAYER, IN_PROCESS, IMPORT_ONLY),
                     "http.client")
    if (NODE / "ready").exists():
        yield from _rows(cold, "Node", "JS SDK v3", [NODE / "bin" / "node", "-e"],
                         (NODE_THROUGH_LAYER, NODE_IN_PROCESS, NODE_ALONE), "node:http")


def _rows(cold, language, sdk, command, scripts, module):
    scripts = [script + STAY[language] for script in scripts]
    through, alone, floor = Taken(), Taken(), Taken()
    _run(cold, command, scripts[1], Taken())
    for _ in range(cold.functions):
        with cold.extension(cold.programs["static"], **cold.toward_origin()) as (pid, port, started, _):
            _run(cold, command, scripts[0], through, started, PORT=str(port))
            through.mib[-1] += measure.peak_kib(pid) / 1024
        _run(cold, command, scripts[1], alone)
        _run(cold, command, scripts[2], floor)
    ours, theirs = median(through.ms), median(alone.ms)
    cold.bars += [(f"{language}, countersign", ours), (f"{language}, {sdk}", theirs)]
    factor = theirs / ours
    row = Row(f"{language}, exec to first object; memory",
              f"{factor:.1f} x faster ({ours:.0f} ms); {median(through.mib):.0f} MiB",
              ratio=f"{sdk} {theirs:.0f} ms; {median(alone.mib):.0f} MiB")
    if language == "Python":    # of Node's time its own start is most: told, not judged
        row.at_least, row.aim = "4 x faster", "8 x"
        row.verdict = "aim" if factor >= 8 else "at least" if factor >= 4 else "MISSED"
    yield row
    yield Row(f"  {language} and {module} alone", f"{median(floor.ms):.0f} ms; {median(floor.mib):.0f} MiB", ratio="",
              verdict="-")


def _run(cold, command, script, taken, started=None, **variables):
    started = started or time.perf_counter_ns()
    environment = {
        **servers.ROLE, "PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1",
        "ORIGIN": f"https://localhost:{cold.origin.port}", "AWS_CA_BUNDLE": str(cold.authority.bundle),
        "NODE_EXTRA_CA_CERTS": str(cold.authority.bundle), "NODE_PATH": str(NODE / "node_modules"),
        "AWS_EC2_METADATA_DISABLED": "true", **variables}
    with subprocess.Popen([*command, script], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline()
        taken.ms.append((time.perf_counter_ns() - started) / 1e6)
        if line:
            taken.mib.append(measure.peak_kib(process.pid) / 1024)
        process.kill()
    if int(line or 0) != len(cold.origin.small):
        raise servers.ServerFailed(f"the function did not get its object: {line!r}")
