"""The zips and what lies beside them: names, modes, sums, the bill of materials."""

import hashlib
import json
import stat
import subprocess
import sys
import zipfile

import machine

FILES = ["countersign-env", "extensions/countersign"]
WRITER = machine.ROOT / "layer" / "zip.py"
BOM = machine.LAYER / "countersign.cdx.json"
LIMITS = {"file": 3_500_000, "zip": 1_600_000}


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def entries(architecture):
    with zipfile.ZipFile(machine.archive(architecture)) as opened:
        assert opened.testzip() is None
        return {entry.filename: (entry, opened.read(entry)) for entry in opened.infolist()}


def test_names_and_modes(architecture):
    found = entries(architecture)
    assert sorted(found) == FILES
    for entry, _ in found.values():
        assert entry.create_system == 3
        assert stat.filemode(entry.external_attr >> 16) == "-rwxr-xr-x"


def test_nothing_of_the_day_or_the_machine(architecture):
    for entry, _ in entries(architecture).values():
        assert entry.date_time == (1980, 1, 1, 0, 0, 0)
        assert (entry.extra, entry.comment) == (b"", b"")


def test_written_again_it_is_the_same(architecture, tmp_path):
    for name, (_, data) in entries(architecture).items():
        (tmp_path / name.rpartition("/")[2]).write_bytes(data)
    names = [f"{name}={tmp_path / name.rpartition('/')[2]}" for name in reversed(FILES)]
    subprocess.run([sys.executable, WRITER, tmp_path / "again.zip", *names], check=True)
    assert (tmp_path / "again.zip").read_bytes() == machine.archive(architecture).read_bytes()


def test_the_unzip_of_others_agrees(architecture, tmp_path):
    """Modes are what unzip makes of them, too."""
    subprocess.run([machine.tool("unzip"), "-q", machine.archive(architecture), "-d", tmp_path], check=True)
    for name in FILES:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o755


def test_sizes(architecture):
    assert len(entries(architecture)["extensions/countersign"][1]) < LIMITS["file"]
    assert machine.archive(architecture).stat().st_size < LIMITS["zip"]


def test_wrapper_is_the_one_of_the_source(architecture):
    _, data = entries(architecture)["countersign-env"]
    assert data == (machine.ROOT / "layer" / "countersign-env").read_bytes()
    assert data.startswith(b"#!/bin/sh\n")


def test_sums():
    subprocess.run([machine.tool("sha256sum"), "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=machine.LAYER, check=True)
    listed = {line.split()[1] for line in (machine.LAYER / "SHA256SUMS").read_text(encoding="ascii").splitlines()}
    assert listed == {"countersign-x86_64.zip", "countersign-arm64.zip", "countersign.cdx.json"}


def test_bill_of_materials():
    bom = json.loads(BOM.read_text(encoding="utf-8"))
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
    libraries = {part["name"]: part for part in bom["components"] if part["type"] == "library"}
    assert set(libraries) == {"openssl", "libuv", "cjson", "llhttp", "musl", "gcc", "ca-certificates"}
    for part in libraries.values():
        assert part["version"] and part["purl"] and part["licenses"]
    assert all(libraries[name]["hashes"] for name in ("openssl", "libuv", "cjson", "llhttp"))


def test_bill_of_materials_names_the_files(architecture):
    bom = json.loads(BOM.read_text(encoding="utf-8"))
    archive = machine.archive(architecture)
    part = next(part for part in bom["components"] if part["bom-ref"] == archive.name)
    assert part["hashes"] == [{"alg": "SHA-256", "content": sha256(archive.read_bytes())}]
    listed = {each["name"]: each["hashes"][0]["content"] for each in part["components"]}
    assert listed == {name: sha256(data) for name, (_, data) in entries(architecture).items()}
