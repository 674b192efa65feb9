"""The end-to-end tests once more, with the static file in place of the sanitized one: musl and the trimmed OpenSSL."""

import os
import re
import subprocess
import sys

import pytest

import machine

TESTS = machine.ROOT / "tests" / "e2e"
COUNT = re.compile(r"(\d+) passed|^\d+ deselected in", re.M)
NONE_LEFT = 5   # pytest's status where all of a file's tests are left out


@pytest.mark.parametrize("name", sorted(path.name for path in TESTS.glob("test_*.py")))
def test_with_the_static_file(name, unpacked):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "layer.without_preload", TESTS / name]
    program = str(unpacked(machine.NATIVE) / "countersign")
    environment = {**os.environ, "BINARY": program, "RELEASE_BINARY": program}
    done = subprocess.run(command, cwd=machine.ROOT, env=environment, text=True, timeout=500,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode in (0, NONE_LEFT), done.stdout
    assert COUNT.search(done.stdout) and "skipped" not in done.stdout
