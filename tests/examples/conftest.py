"""What the tests of the examples start from: AWS on loopback, and each function beside the real program."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lambda"))

from cloud import Cloud  # noqa: E402
from functions import Stage  # noqa: E402


@pytest.fixture(scope="module")
def cloud():
    with Cloud() as made:
        yield made


@pytest.fixture
def stage(cloud, tmp_path):
    """Runs functions in emulated Lambdas whose extension is the program; all end with the test."""
    made = Stage(cloud, tmp_path)
    yield made
    made.close()
