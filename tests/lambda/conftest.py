"""The real program as an extension of an emulated Lambda, for every test in this folder."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emulator import EmulatedLambda, install  # noqa: E402
from harness.proxy import BINARY, LISTENING, ROLE, SANITIZERS  # noqa: E402
from standins import Upstream  # noqa: E402

ACCOUNT = "029608264753"    # that the role's key is of


class Environment(EmulatedLambda):
    """An emulated Lambda that knows where its extension listens."""

    @property
    def port(self):
        return int(self.extension().wait_for(LISTENING.search)[1])


@pytest.fixture
def emulated(tmp_path):
    """Makes emulated Lambdas whose extension is the program, on a free port; none outlives its test.

    make(environment, **options of EmulatedLambda): a value of None takes a variable away. What a sanitizer
    finds fails the test.
    """
    made = []

    def make(environment=None, extensions=None, **options):
        folder = extensions or install(BINARY, tmp_path / f"extensions-{len(made)}")
        merged = {**ROLE, **SANITIZERS, "COUNTERSIGN_LISTEN": "localhost:0", **(environment or {})}
        given = {name: value for name, value in merged.items() if value is not None}
        made.append(Environment(folder, environment=given, **{"account": ACCOUNT, **options}))
        return made[-1]
    yield make
    for lam in made:
        lam.close()
    for process in [process for lam in made for process in lam.processes.values()]:
        print(process.text())
        for mark in ("AddressSanitizer", "LeakSanitizer", "runtime error:"):
            assert mark not in process.text()


@pytest.fixture
def upstream():
    """A server that stands for AWS and answers when the test lets it; see standins.Upstream."""
    made = Upstream()
    yield made
    made.close()
