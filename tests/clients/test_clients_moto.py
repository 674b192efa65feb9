"""Real clients with a role's session against moto, and the keys that are no paths: the same as directly."""

import pytest
import servers
from clients import ALL
from comparison import compare
from hard_keys import HARD, NOT_PATHS
from verifier import BUCKET, Verifier

KEYS = HARD[::6] + NOT_PATHS


@pytest.fixture(scope="module")
def server(authority, tmp_path_factory):
    verifier = Verifier(authority, tmp_path_factory.mktemp("moto"))
    try:
        verifier.start()
        assert verifier.is_strict()
        made = servers.moto(verifier, BUCKET, KEYS)
        yield made
        made.close()
    finally:
        verifier.close()


@pytest.mark.parametrize("client", ALL)
def test_the_same_as_directly(client, server, tmp_path):
    compare(client, server, tmp_path)
