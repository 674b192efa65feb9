"""The C tests: each case of a cmocka program is an item here, and so is each program's own end.

The programs run once, when pytest collects: only then is it known which cases there are.
A replay is a fuzz target that is given every file of its corpus; all of it is one item.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "asan"
TIMEOUT_S = 300
RESULT = re.compile(r"(?P<outcome>ok|not ok) \d+ (?:- )?(?P<name># SKIP \S+|\S+)")
PLAN = re.compile(r"1\.\.(\d+)")


class Program:
    """One finished run: its exit status (None: not built, or ended by the clock), output, and cases."""

    def __init__(self, path, *arguments):
        self.name = path.name
        self.status, self.output = run(path, *arguments)
        self.planned = sum(int(match[1]) for match in map(PLAN.fullmatch, self.output.splitlines()) if match)
        self.cases = self.read_cases()

    def read_cases(self):
        """(name, outcome, text) of each case; the text is what stands around its line, back to the last case's."""
        cases, text = [], []
        for line in self.output.splitlines():
            match = RESULT.match(line)
            if match:
                cases.append((match["name"], match["outcome"], text := [*text, line]))
                text = []
            elif cases and line.startswith("# "):
                cases[-1][2].append(line)
            else:
                text.append(line)
        return [(name, outcome, "\n".join(text)) for name, outcome, text in cases]


def run(path, *arguments):
    if not path.exists():
        return None, f"{path} is not built: make test-programs"
    environment = {
        **os.environ,
        "CMOCKA_MESSAGE_OUTPUT": "TAP",
        "ASAN_OPTIONS": "detect_leaks=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    }
    try:
        done = subprocess.run([str(path), *arguments], cwd=ROOT, env=environment, timeout=TIMEOUT_S, text=True,
                              errors="replace", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired as expired:
        return None, f"{(expired.stdout or b'').decode(errors='replace')}\nended after {TIMEOUT_S} s"
    return done.returncode, done.stdout


def run_unit_test(source):
    return Program(BUILD / "unit" / source.stem)


def run_replay(source):
    return Program(BUILD / "fuzz" / source.stem, f"tests/fuzz/corpus/{source.stem.removeprefix('fuzz_')}")


with ThreadPoolExecutor(2) as pool:
    UNIT_TESTS = list(pool.map(run_unit_test, sorted((ROOT / "tests" / "unit").glob("test_*.c"))))
    REPLAYS = list(pool.map(run_replay, sorted((ROOT / "tests" / "fuzz").glob("fuzz_*.c"))))

CASES = [pytest.param(*case, id=f"{program.name}-{case[0]}") for program in UNIT_TESTS for case in program.cases]


@pytest.mark.parametrize("name, outcome, text", CASES)
def test_case(name, outcome, text):
    if outcome != "ok":
        pytest.fail(text, pytrace=False)


@pytest.mark.parametrize("program", UNIT_TESTS + REPLAYS, ids=lambda program: program.name)
def test_program(program):
    """It has a case, ran all it has, and ended as they did: no crash, no leak after the last."""
    all_ran = program.planned > 0 and len(program.cases) == program.planned
    ended_well = program.status == 0 or any(outcome != "ok" for _, outcome, _ in program.cases)
    if not (all_ran and ended_well):
        pytest.fail(f"{program.name}: {len(program.cases)} of {program.planned} cases, "
                    f"exit status {program.status}\n{program.output}", pytrace=False)
