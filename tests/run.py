#!/usr/bin/env python3
"""run.py [FILE or FOLDER...]: runs the tests, a few files at a time, each in a pytest process of its own.

Without arguments: all in the folders of pytest.ini. Prints a line for each file and the whole output of one that
failed. The last line, alone, is the count: `N passed, N failed`. A skipped test, a file without a test and a process
that broke or hung count as failures: nothing goes missing in silence. The exit status is 0 only if all passed.
"""

import configparser
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "test"
AT_ONCE = int(os.environ.get("TEST_JOBS", min(os.cpu_count() or 1, 3)))
TIMEOUT_S = int(os.environ.get("TEST_TIMEOUT", 900))


def find_files(places):
    """The test files there, in the order of the places; in a folder the largest first, as it may last longest."""
    for place in places:
        yield from sorted(place.rglob("test_*.py"), key=lambda file: -file.stat().st_size) if place.is_dir() else [place]


def usual_places():
    ini = configparser.ConfigParser()
    ini.read(ROOT / "tests" / "pytest.ini")
    return [ROOT / "tests" / folder for folder in ini["pytest"]["testpaths"].split()]


def read_report(path):
    """(passed, failed, reasons of the skipped) of a junit report."""
    passed, failed, skipped = 0, 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        outcomes = {child.tag: child for child in case}
        if "failure" in outcomes or "error" in outcomes:
            failed += 1
        elif "skipped" in outcomes:
            skipped.append(f"skipped: {case.get('name')}: {outcomes['skipped'].get('message')}")
        else:
            passed += 1
    return passed, failed, skipped


def run_pytest(file, report):
    """(exit status, output) of pytest on one file, ended with all its children if it hangs."""
    command = [sys.executable, "-m", "pytest", "-q", str(file), f"--junitxml={report}"]
    environment = {
        "BINARY": str(ROOT / "build" / "asan" / "countersign"),
        "RELEASE_BINARY": str(ROOT / "build" / "countersign"),
        **os.environ,
    }
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            output, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\nended after {TIMEOUT_S} s\n"
    return process.returncode, output


def run_file(file):
    """Runs one file, prints how it went, returns (passed, failed)."""
    name = str(file.relative_to(ROOT))
    report = REPORTS / (name.replace("/", "-") + ".xml")
    report.unlink(missing_ok=True)
    started = time.monotonic()
    status, output = run_pytest(file, report)
    passed, failed, skipped = read_report(report) if report.exists() else (0, 0, [])
    failed += len(skipped)
    if failed == 0 and (status != 0 or passed == 0):
        failed = 1
        skipped.append(f"pytest ended with status {status} after {passed} tests")
    lines = [f"  {'FAIL' if failed else 'ok':6} {name}: {passed} of {passed + failed} ({time.monotonic() - started:.1f} s)"]
    if failed:
        lines += [output.rstrip(), *skipped]
    print("\n".join(lines), flush=True)
    return passed, failed


def main():
    files = list(find_files([Path(argument).resolve() for argument in sys.argv[1:]] or usual_places()))
    REPORTS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counts = list(pool.map(run_file, files))
    passed, failed = (sum(column) for column in zip(*counts)) if counts else (0, 0)
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
