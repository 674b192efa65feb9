#!/usr/bin/env python3
"""zip.py OUT NAME=FILE...: an archive of executables, the same bytes from the same files wherever and whenever it is made.

Every entry has mode 0755, the oldest date that a zip can hold, and is deflated as small as zlib can.
"""

import os
import sys
import zipfile
from pathlib import Path

MODE = 0o100755
UNIX = 3


def add(archive, name, path):
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.external_attr = UNIX, MODE << 16
    archive.writestr(entry, Path(path).read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)


def main():
    out, *entries = sys.argv[1:]
    with zipfile.ZipFile(f"{out}.new", "w") as archive:
        for name, _, path in (entry.partition("=") for entry in sorted(entries)):
            add(archive, name, path)
    os.replace(f"{out}.new", out)


if __name__ == "__main__":
    main()
