"""A machine without a disk to write to: all that is mounted is read-only, /tmp too, or the log's disk is full.

Where namespaces can be had (root with CAP_SYS_ADMIN) that is so for the program; everywhere it may write no byte to any
file (RLIMIT_FSIZE). Output that is closed, or that nobody reads, is in test_resources
and test_logs.
"""

import base64
import hashlib
import os
import resource
import shlex
import subprocess

import pytest
from harness.client import Client, ask, free_port, wait_until
from harness.proxy import BINARY, ROLE, SANITIZERS
from harness.upstream import Upstream
from harness.uploads import Uploads

MIB = 1 << 20
LONG = os.urandom(9 * MIB)      # goes in parts
CHUNKED = ("Transfer-Encoding", "chunked")
MD5 = ("Content-MD5", base64.b64encode(hashlib.md5(LONG).digest()).decode())
READ_ONLY = """
mount --make-rprivate / || exit 99
while read -r _ place _ flags _; do
    case $place:$flags in
    /proc* | /sys* | /dev* | *:ro,*) ;;
    *) mount -o remount,bind,ro "$place" || exit 99 ;;
    esac
done </proc/mounts
"""


def read_only(script):
    """The command that runs this in a read-only file system, or as it is where there is none to be had."""
    tried = subprocess.run(["unshare", "--mount", "sh", "-c", READ_ONLY + "! touch /tmp/x && ! touch /x"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ["unshare", "--mount", "sh", "-c", READ_ONLY + script] if tried.returncode == 0 else ["sh", "-c", script]


def write_nothing():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.fixture
def diskless(authority):
    """diskless(stdout, ...) is (process, port, s3): a program that can write to no file."""
    s3, started = Uploads(), []

    def start(stdout=subprocess.DEVNULL, **env):
        port = free_port()
        process = subprocess.Popen(
            read_only(f"exec {shlex.quote(str(BINARY))}"), stdin=subprocess.DEVNULL, stdout=stdout, cwd="/",
            preexec_fn=write_nothing,
            env={**ROLE, **SANITIZERS, "PATH": os.environ["PATH"], "COUNTERSIGN_LISTEN": f"127.0.0.1:{port}",
                 "COUNTERSIGN_LOG_LEVEL": "TRACE", "COUNTERSIGN_ENDPOINT": upstream.url,
                 "COUNTERSIGN_CA_BUNDLE": str(authority.bundle), **env})
        started.append(process)
        assert wait_until(lambda: ask(port, "GET", "/-/health").status == 200)
        return process, port, s3

    with Upstream(authority, s3) as upstream:
        yield start
    for process in started:
        process.kill()


def in_chunks(body):
    return [b"%x\r\n%b\r\n" % (MIB, body[at:at + MIB]) for at in range(0, len(body), MIB)] + [b"0\r\n\r\n"]


def serve_all(port, s3):
    """All that holds something of a body: short ones, streamed and held ones, parts."""
    with Client(port) as client:
        assert client.ask("PUT", "/s3/b/short", [], b"body").status == 200
        assert client.ask("PUT", "/s3/b/long", [], LONG).status == 200
        assert client.ask("PUT", "/s3/b/parts", [CHUNKED], in_chunks(LONG)).status == 200
        assert client.ask("PUT", "/s3/b/held", [CHUNKED, MD5], in_chunks(LONG)).status == 200
        assert client.ask("GET", "/-/policy").status == 200
    assert s3.objects["/b/short"].content == b"body"
    assert {s3.objects[f"/b/{name}"].content == LONG for name in ("long", "parts", "held")} == {True}
    assert s3.objects["/b/parts"].sizes and not s3.objects["/b/held"].sizes


@pytest.mark.parametrize("policy", ["record", "log"])
def test_nothing_is_written_to_a_disk(diskless, policy):
    process, port, s3 = diskless(COUNTERSIGN_POLICY=policy)
    serve_all(port, s3)
    process.terminate()
    assert process.wait(20) == 0


def test_a_log_whose_disk_is_full(diskless):
    with open("/dev/full", "wb") as full:
        process, port, s3 = diskless(full)
        serve_all(port, s3)
        process.terminate()
        assert process.wait(20) == 0


def test_a_log_in_a_file_that_may_not_grow(diskless, tmp_path):
    """Such as one at its quota's end: a signal comes with it, which must not be the program's."""
    with (tmp_path / "log").open("wb") as file:
        process, port, s3 = diskless(file)
        serve_all(port, s3)
        process.terminate()
        assert process.wait(20) == 0
