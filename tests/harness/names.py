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


def listed(names):
    """The names as names.c reads them: names maps a host to its addresses."""
    return ",".join(f"{host}={'+'.join([addresses] if isinstance(addresses, str) else addresses)}"
                    for host, addresses in names.items())


def environment(library, names, port=None, asan_options="", file=None):
    """What the program needs in its environment: port stands for 443; file holds the names, and may change()."""
    env = {"LD_PRELOAD": library, "NAMES": listed(names),
           "ASAN_OPTIONS": f"{asan_options}:verify_asan_link_order=0"}
    if file:
        change(file, names)
        env["NAMES_FILE"] = file
    return {**env, "NAMES_443": port} if port else env


def change(file, names):
    """From now on these are the names, at once for all that read the file."""
    fresh = Path(file).with_suffix(".fresh")
    fresh.write_text(listed(names))
    fresh.replace(file)
