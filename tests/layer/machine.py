"""The zips as Lambda lays them out, and the ways to run what is in them.

Lambda unpacks a layer to /opt. So that the tests can do the same without touching this machine's /opt, enter() gives
this process, and what it starts, a mount namespace of its own. Root does it as it is; anybody else as root of a user
namespace. Where the machine allows neither, it says so, and the tests fail.
"""

import ctypes
import os
import platform
import shutil
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYER = ROOT / "build" / "layer"
OPT = Path("/opt")
NATIVE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
# How to run the file of an architecture: as it is, or by QEMU.
RUNNERS = {"x86_64": ["/usr/bin/qemu-x86_64-static"], "arm64": ["/usr/bin/qemu-aarch64-static"], NATIVE: []}
ARCHITECTURES = ("x86_64", "arm64")

NEW_NAMESPACE, NEW_USER = 0x00020000, 0x10000000
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18
LIBC = ctypes.CDLL(None, use_errno=True)


def archive(architecture):
    return LAYER / f"countersign-{architecture}.zip"


def unpack(architecture, folder):
    """As Lambda does: every entry with its mode, owned by whoever unpacks."""
    with zipfile.ZipFile(archive(architecture)) as opened:
        for entry in opened.infolist():
            path = Path(opened.extract(entry, folder))
            path.chmod(entry.external_attr >> 16 & 0o7777)
    return Path(folder)


def enter():
    """A mount namespace for this process, whose mounts nobody else sees. Once, before there is a second thread."""
    user, group = os.geteuid(), os.getegid()
    _must("unshare", LIBC.unshare(NEW_NAMESPACE | (NEW_USER if user else 0)))
    if user:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    mount("none", "/", None, RECURSIVE | PRIVATE)


def mount(source, target, kind, flags=0):
    arguments = [str(each).encode() if each is not None else None for each in (source, target, kind)]
    _must(f"mount {target}", LIBC.mount(*arguments, ctypes.c_ulong(flags), None))


def lay_out(architecture):
    """/opt with the layer in it and nothing else; returns the folder of extensions."""
    if not OPT.is_dir():
        raise AssertionError("this machine has no /opt to mount the layer on")
    mount("tmpfs", OPT, "tmpfs")
    return unpack(architecture, OPT) / "extensions"


def leave():
    """The machine's own /opt again."""
    _must("umount /opt", LIBC.umount2(str(OPT).encode(), 2))


def empty_root(architecture, folder, files=()):
    """A root folder with the layer in /opt, the files given as (path, bytes), and not one more."""
    unpack(architecture, folder / "opt")
    for path, data in files:
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def tool(name):
    """A program of this machine that a test cannot do without."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert found, f"{name} is not installed"
    return found


def _must(what, result):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}; the tests of the layer need a mount namespace")
