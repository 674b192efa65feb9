#!/usr/bin/env python3
"""Measures what a cold start costs: the static file as Lambda starts it, beside the dynamic build, run by run in turn.

    build/venv/bin/python tests/bench/cold.py [--quick] [--readme FILE]

On loopback: an Extensions API that answers at once, nginx as a warm TLS 1.3 origin, a function in Python, and for what
an invocation takes, the emulated Lambda of tests/lambda. Medians of fresh processes. The files are in the page cache, as
they are not in a new sandbox of Lambda's; what is compared shares that.

The exit status is 0 if the run itself worked, whatever the figures.
"""

import argparse
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

import measure
import plots
import servers
from functions import functions
from readme import NotWhole, draw, markdown, paste
from rows import Row, informs, judge, worst

sys.path.insert(1, str(servers.HERE.parent / "lambda"))

from emulator import EmulatedLambda, install  # noqa: E402
from harness.authority import Authority  # noqa: E402

DYNAMIC = servers.HERE.parents[1] / "build" / "countersign"
ARCHITECTURES = ("x86_64", "arm64")
MB = 1_000_000
HEADS = ["figure", "at least", "aim", "static file", "beside it", "verdict"]
IDLE_S = 0.2

# A function that asks for nothing, as small as a runtime can be.
FUNCTION = """
import http.client, os
c = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    c.request("GET", "/2018-06-01/runtime/invocation/next")
    event = c.getresponse()
    event.read()
    c.request("POST", f"/2018-06-01/runtime/invocation/{event.headers['Lambda-Runtime-Aws-Request-Id']}/response", b"1")
    c.getresponse().read()
"""


class Cold:
    """What all figures share. programs: the files that are compared, by the name of their column."""

    def __init__(self, folder, quick):
        self.folder = folder
        self.starts = 10 if quick else 41
        self.functions = 3 if quick else 9
        self.invocations = 100 if quick else 600
        self.authority = Authority(folder / "tls")
        self.origin = servers.Origin(folder / "origin", self.authority, 1)
        self.bars = []  # of the plot: (name, ms)
        self.programs = {"static": servers.static_file(folder / "opt"), "dynamic": DYNAMIC}

    def in_turn(self, take, rounds):
        """{column: [take(program) in each round]}, the order of the programs alternating."""
        taken = {column: [] for column in self.programs}
        for turn in range(rounds):
            for column in sorted(self.programs, reverse=turn % 2 == 0):
                taken[column].append(take(self.programs[column]))
        return taken

    @contextmanager
    def extension(self, program, **variables):
        """A fresh process that has registered: (its pid, its port, when it was started and registered, in ns)."""
        extensions, port = servers.Extensions(), servers.free_port()
        environment = {**extensions.environment(), "COUNTERSIGN_LISTEN": f"localhost:{port}", **variables}
        started = time.perf_counter_ns()
        pid = spawn(program, environment)
        try:
            yield pid, port, started, extensions.registration_ns()
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            extensions.stop()

    def toward_origin(self):
        """The customer's variables that lead to the origin."""
        return {"COUNTERSIGN_ENDPOINT": f"https://localhost:{self.origin.port}",
                "COUNTERSIGN_CA_BUNDLE": str(self.authority.bundle)}

    def close(self):
        self.origin.stop()


def spawn(program, environment):
    quiet = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]
    return os.posix_spawn(program, [str(program)], environment, file_actions=quiet)


def compare(figure, unit, taken, at_least, aim, digits=2):
    """A row of medians: the static file's is judged, the dynamic one's stands beside it."""
    value, other = median(taken["static"]), median(taken["dynamic"])
    return Row(figure, f"{value:.{digits}f} {unit}", f"{at_least} {unit}", f"{aim} {unit}", f"{other:.{digits}f} {unit}",
               judge(value, at_least, aim))


def sizes(_cold):
    for architecture in ARCHITECTURES:
        path = servers.LAYER / f"countersign-{architecture}.zip"
        with zipfile.ZipFile(path) as archive:
            file = archive.getinfo("extensions/countersign").file_size / MB
        zipped = path.stat().st_size / MB
        worse = worst([judge(file, 3.5, 2.5), judge(zipped, 1.6, 1.1)])
        yield Row(f"file; zip ({architecture})", f"{file:.2f} MB; {zipped:.2f} MB", "3.5 MB; 1.6 MB", "2.5 MB; 1.1 MB", "",
                  worse)


def registered(cold):
    def take(program):
        with cold.extension(program) as (_, _, started, ready):
            return (ready - started) / 1e6
    cold.in_turn(take, 3)
    yield compare("exec to registered", "ms", cold.in_turn(take, cold.starts), 5, 2)


def memory(cold):
    """Everything that is resident, also what of the file is shared or could be read again."""
    def idle(program):
        with cold.extension(program) as (pid, *_):
            time.sleep(IDLE_S)
            return measure.resident_kib(pid) / 1024

    def used(program):
        with cold.extension(program, **cold.toward_origin()) as (pid, port, *_):
            get_small(cold, port)
            time.sleep(IDLE_S)
            return measure.resident_kib(pid) / 1024
    yield compare("resident memory, idle", "MiB", cold.in_turn(idle, 5), 4, 3)
    yield informs(compare("  after one request", "MiB", cold.in_turn(used, 5), 0, 0))


def first_request(cold):
    """From exec to the last byte of a signed GET; the origin has its certificate and its pages warm."""
    def take(program):
        with cold.extension(program, **cold.toward_origin()) as (_, port, started, _):
            get_small(cold, port)
            return (time.perf_counter_ns() - started) / 1e6
    cold.in_turn(take, 3)
    taken = cold.in_turn(take, cold.starts)
    cold.bars += [(f"countersign, {'static file' if column == 'static' else 'dynamic build'}", median(taken[column]))
                  for column in ("static", "dynamic")]
    yield compare("exec to first signed GET", "ms", taken, 30, 15)


def get_small(cold, port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=servers.START_LIMIT_S)
    connection.request("GET", "/s3/bucket/small", headers=servers.Subject.headers)
    answer = connection.getresponse()
    if answer.read() != cold.origin.small:
        raise servers.ServerFailed(f"not the object's bytes: {answer.status}")
    connection.close()


def invocation(cold):
    """Three Lambdas in turn: with the layer, and twice without, which shows how much of a difference is chance."""
    bootstrap = [sys.executable, "-c", FUNCTION]
    empty = cold.folder / "no-extensions"
    empty.mkdir()
    folders = {"layer": install(cold.programs["static"], cold.folder / "extensions"), "none": empty, "again": empty}
    lams = {name: EmulatedLambda(folder, bootstrap, {**servers.ROLE, "COUNTERSIGN_LISTEN": "localhost:0"})
            for name, folder in folders.items()}
    taken = {name: [] for name in lams}
    try:
        for lam in lams.values():
            lam.start()
        names = list(lams)
        for turn in range(cold.invocations):
            for name in names[turn % 3:] + names[:turn % 3]:
                taken[name].append(lams[name].invoke().seconds * 1000)
    finally:
        for lam in lams.values():
            lam.close()
    middle = {name: median(values) for name, values in taken.items()}
    added, chance = middle["layer"] - middle["none"], middle["again"] - middle["none"]
    yield Row("added to an invoke without requests", f"{added:+.3f} ms", "< 0.2 ms", "", f"chance {chance:+.3f} ms",
              "at least" if added < 0.2 else "MISSED")


def cells_of(rows):
    return [[row.figure, row.at_least, row.aim, row.measured, row.ratio, row.verdict] for row in rows]


def table(rows):
    cells = [HEADS, *cells_of(rows)]
    widths = [max(map(len, column)) for column in zip(*cells)]
    cells.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in cells)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--readme", type=Path, metavar="FILE",
                        help="and put the table between its markers, the plot into docs/ beside it")
    options = parser.parse_args()
    model, cores, kernel, busy = measure.machine()
    machine = f"{model}, {cores} cores, Linux {kernel}, load {busy:.1f}; beside the static file: the dynamic build"
    print(f"{machine}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="countersign-cold-") as scratch:
        try:
            with closing(Cold(Path(scratch), options.quick)) as cold:
                rows = [row for figure in (sizes, registered, memory, first_request, functions, invocation)
                        for row in figure(cold)]
                picture = plots.cold_start(cold.bars)
        except (servers.ServerFailed, OSError) as error:
            sys.exit(f"bench-cold: {error}")
    print(table(rows))
    if options.readme:
        judged = [row for row in rows if row.verdict != "-"]
        try:
            paste(options.readme, "cold figures", markdown(HEADS, cells_of(judged)), machine)
        except NotWhole as error:
            sys.exit(f"bench-cold: {error}")
        draw(options.readme, {"cold-start": picture})


if __name__ == "__main__":
    main()
