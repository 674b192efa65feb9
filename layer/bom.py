#!/usr/bin/env python3
"""bom.py PACKAGES VERSION ZIP...: the bill of materials of these zips (CycloneDX JSON) to standard output.

In: sources.sh's list of tarballs; what dpkg and tests/setup/libraries.sh say of the rest. Out: the same text for the same
inputs, so without a serial number and a date.
"""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

LICENSES = {"openssl": "Apache-2.0", "libuv": "MIT", "cjson": "MIT", "llhttp": "MIT", "musl": "MIT",
            "gcc": "GPL-3.0-or-later WITH GCC-exception-3.1", "ca-certificates": "MPL-2.0"}
WHAT = {"gcc": "start code and libgcc", "ca-certificates": "Amazon's root certificates"}


def digest(data):
    return [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]


def library(name, version, purl, **more):
    described = {"description": WHAT[name]} if name in WHAT else {}
    return {"type": "library", "bom-ref": name, "name": name, "version": version, **described,
            "licenses": [{"expression": LICENSES[name]}], "purl": purl, **more}


def read_tarballs(path):
    """The libraries that are built from source packages."""
    for line in Path(path).read_text(encoding="ascii").splitlines():
        name, version, tarball, sha256, patches = line.split("|")
        source = tarball.partition("_")[0]
        properties = [{"name": "countersign:source", "value": tarball}, {"name": "countersign:patches", "value": patches}]
        yield library(name, version, f"pkg:deb/debian/{source}@{version}?arch=source",
                      hashes=[{"alg": "SHA-256", "content": sha256}], properties=properties)


def read_packages():
    """What comes from installed packages."""
    for name, package in {"musl": "musl-dev", "gcc": "gcc-12", "ca-certificates": "ca-certificates"}.items():
        version = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", package], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.splitlines()[0]
        yield library(name, version, f"pkg:deb/debian/{package}@{version}")


def read_llhttp():
    script = Path("tests/setup/libraries.sh").read_text(encoding="utf-8")
    version, sha256 = (re.search(rf"^{name}=(\S+)$", script, re.MULTILINE)[1] for name in ("VERSION", "SHA256"))
    return library("llhttp", version, f"pkg:pypi/llhttp@{version}", hashes=[{"alg": "SHA-256", "content": sha256}])


def program(version, path):
    """The program as it lies in one of the zips, which are listed with it."""
    path = Path(path)
    architecture = path.stem.partition("-")[2]
    with zipfile.ZipFile(path) as archive:
        files = [{"type": "file", "name": name, "hashes": digest(archive.read(name))} for name in archive.namelist()]
    return {"type": "application", "bom-ref": path.name, "name": "countersign", "version": version,
            "description": f"for {architecture}", "licenses": [{"expression": "MIT"}],
            "hashes": digest(path.read_bytes()), "components": files,
            "properties": [{"name": "countersign:file", "value": path.name}]}


def main():
    packages, version, *zips = sys.argv[1:]
    libraries = sorted([*read_tarballs(packages), *read_packages(), read_llhttp()], key=lambda part: part["name"])
    programs = [program(version, path) for path in zips]
    names = [part["bom-ref"] for part in libraries]
    print(json.dumps({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "countersign", "name": "countersign",
                                   "version": version}},
        "components": [*programs, *libraries],
        "dependencies": [{"ref": "countersign", "dependsOn": [each["bom-ref"] for each in programs]},
                         *({"ref": each["bom-ref"], "dependsOn": names} for each in programs)],
    }, indent=2))


if __name__ == "__main__":
    main()
