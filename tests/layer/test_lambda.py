"""The layer in an emulated Lambda: unpacked to /opt, started by its path alone, with Lambda's environment."""

import http.client

import pytest

import machine
from emulator import EmulatedLambda
from harness.proxy import ROLE
from job import Wrapped, port_of, serve, settings

RESOLVER = ("/etc/resolv.conf", b"nameserver 127.0.0.1\n")


@pytest.fixture
def opt():
    """/opt as Lambda makes it, for one architecture."""
    laid = []

    def lay_out(architecture):
        laid.append(machine.lay_out(architecture))
        return laid[-1]
    yield lay_out
    for _ in laid:
        machine.leave()


def test_started_by_its_path_in_opt(opt, upstream, authority):
    extensions = opt(machine.NATIVE)
    assert str(extensions) == "/opt/extensions"
    assert sorted(str(path) for path in extensions.rglob("*")) == ["/opt/extensions/countersign"]
    serve(EmulatedLambda(extensions, environment=settings(upstream, authority.bundle)), upstream)


def test_arm64_file_under_qemu(opt, upstream, authority):
    extensions = opt("arm64")
    environment = settings(upstream, authority.bundle)
    serve(Wrapped(extensions, [machine.tool("qemu-aarch64-static")], environment=environment, init_seconds=30), upstream)


@pytest.mark.parametrize("files", [(), (RESOLVER,)], ids=["nothing", "resolv.conf"])
def test_almost_empty_root(files, tmp_path, upstream, authority):
    """No CA bundle, no /tmp, no /proc, no /etc/hosts: `localhost` to listen on needs none of them."""
    bundle = "/var/task/ca.pem"
    root = machine.empty_root(machine.NATIVE, tmp_path / "root", [*files, (bundle, authority.bundle.read_bytes())])
    environment = settings(upstream, bundle, url=f"https://127.0.0.1:{upstream.port}")
    before = [machine.tool("chroot"), str(root)]
    serve(Wrapped(root / "opt/extensions", before, "/opt/extensions", environment=environment), upstream)


def test_without_any_bundle_the_roots_are_its_own(tmp_path, upstream):
    """A server that Amazon's roots do not vouch for is refused, in words, and not for want of a file."""
    root = machine.empty_root(machine.NATIVE, tmp_path / "root")
    environment = {**settings(upstream, None, url=f"https://127.0.0.1:{upstream.port}")}
    del environment["COUNTERSIGN_CA_BUNDLE"]
    before = [machine.tool("chroot"), str(root)]
    with Wrapped(root / "opt/extensions", before, "/opt/extensions", environment=environment) as lam:
        lam.start()
        connection = http.client.HTTPConnection("127.0.0.1", port_of(lam), timeout=20)
        connection.request("GET", "/s3/bucket/key", headers={"X-Countersign-Token": ROLE["AWS_SESSION_TOKEN"]})
        answer = connection.getresponse()
        assert (answer.status, answer.headers["X-Countersign-Error"]) == (502, "UpstreamTls")
        assert b"unable to get local issuer certificate" in answer.read()
        connection.close()
        assert lam.shutdown() == {"countersign": 0}
    assert upstream.requests == []
