"""A resolver of the test's own for the program: AWS's names lead to a server on loopback (see names.c)."""

import os
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("names.c")


def build(folder):
    """Compiles the library; returns its path."""
    library = Path(folder) / "names.so"
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"],
                   check=True)
    return library


def environment(library, names, port=None, asan_options=""):
    """What the program needs in its environment: names maps a host to its addresses, port stands for 443."""
    listed = ",".join(f"{host}={'+'.join([addresses] if isinstance(addresses, str) else addresses)}"
                      for host, addresses in names.items())
    env = {"LD_PRELOAD": library, "NAMES": listed, "ASAN_OPTIONS": f"{asan_options}:verify_asan_link_order=0"}
    return {**env, "NAMES_443": port} if port else env
