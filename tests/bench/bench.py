#!/usr/bin/env python3
"""Measures the program beside nginx, and prints what it reaches of what it must.

    build/venv/bin/python tests/bench/bench.py [--quick] [--rounds N] [--only NAME]... [--json FILE] [--noise]

On loopback: wrk or curl -> the proxy, alone on one core -> nginx as a TLS 1.3 origin. The yardsticks are nginx
and, for small requests, HAProxy, as reverse proxies that do not sign, in the same place. Ratios within one run are
worth trusting; absolute figures differ between machines and between runs. --noise puts nginx in the program's place
too: what its ratios differ from 1.00 by is chance.

The exit status is 0 if the run itself worked, whatever the figures, and 1 if a server did not start, an
answer was wrong or a tool is missing. The program is build/countersign, or what BINARY names.

servers.py starts things, load.py asks, measure.py reads the kernel's counts; stage.py sets the scene for the
figures: figures.py lists them, small.py, shares.py, room.py, signing.py and freezes.py each take some.
"""

import argparse
import json
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import figures
import load
import measure
import servers
from readme import NotWhole, draw, markdown, paste
from stage import Stage, verify

from harness.authority import Authority

COLUMNS = ("figure", "at_least", "aim", "measured", "ratio", "verdict")


def main():
    options = arguments()
    subject = servers.Yardstick if options.noise else servers.Subject
    missing = [tool for tool in ("nginx", "haproxy", "wrk", "curl") if not shutil.which(tool)]
    if missing:
        sys.exit(f"bench: not installed: {', '.join(missing)}")
    if not options.noise and not servers.BINARY.exists():
        sys.exit(f"bench: no {servers.BINARY}: build it first")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: told to end"))
    machine = surroundings(options.noise)
    print(machine, flush=True)
    try:
        rows, plots = run(options, subject)
    except (servers.ServerFailed, load.WrongAnswer, subprocess.TimeoutExpired, OSError) as error:
        sys.exit(f"bench: {error}")
    print(table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    if options.readme:
        try:
            pasted(options, machine, rows, plots)
        except NotWhole as error:
            sys.exit(f"bench: {error}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer, shorter rounds of less data: some minutes")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of the CPU figures")
    parser.add_argument("--only", action="append", choices=figures.ALL, metavar="NAME",
                        help="one figure (may be repeated): " + ", ".join(figures.ALL))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rounds there too")
    parser.add_argument("--readme", type=Path, metavar="FILE",
                        help="and put the table between its markers, the plot into docs/ beside it")
    parser.add_argument("--noise", action="store_true", help="nginx against itself")
    options = parser.parse_args()
    if options.readme and (options.quick or options.only or options.noise):
        parser.error("README has the figures of a whole run")
    return options


def run(options, subject):
    rows = []
    with tempfile.TemporaryDirectory(prefix="countersign-bench-") as scratch:
        folder = Path(scratch)
        authority = Authority(folder / "tls")
        with closing(Stage(folder, authority, subject, options.quick, options.rounds)) as stage:
            verify(stage)
            for name in options.only or figures.ALL:
                rows += figures.ALL[name](stage)
                show_progress(name)
            return rows, stage.plots


def show_progress(name):
    if sys.stderr.isatty():
        print(f"{name} done", file=sys.stderr)


def surroundings(noise):
    """The machine and the versions: figures mean little without them."""
    programs = [] if noise else [(servers.BINARY, "--version")]
    programs += [("nginx", "-v"), ("haproxy", "-v"), ("wrk", "-v"), ("curl", "-V")]
    versions = [servers.version(*program) for program in programs]
    versions.append(" ".join(ssl.OPENSSL_VERSION.split()[:2]))
    model, cores, kernel, busy = measure.machine()
    alone = "" if cores > 1 else "\nOne core for all: the figures are worth little."
    return f"{model}, {cores} cores, Linux {kernel}, load {busy:.1f}\n{', '.join(versions)}{alone}\n"


def table(rows):
    cells = [[name.replace("_", " ") for name in COLUMNS]]
    cells += [[getattr(row, name) for name in COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells)]
    cells.insert(1, ["-" * width for width in widths])
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def pasted(options, machine, rows, plots):
    """README has all but what only informs."""
    cells = [[row.figure, row.at_least, row.aim, row.measured, row.ratio, row.verdict] for row in rows if row.verdict != "-"]
    heads = ["figure", "at least", "aim", "measured", "ratio to nginx", "verdict"]
    paste(options.readme, "figures", markdown(heads, cells), "; ".join(machine.strip().splitlines()))
    draw(options.readme, plots)


if __name__ == "__main__":
    main()
