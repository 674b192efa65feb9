"""A wall clock of the test's own for the program, to be moved while it runs (see clock.c)."""

import datetime
import mmap
import os
import struct
import subprocess
import threading
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


def build(folder):
    """Compiles the library; returns its path."""
    library = Path(folder) / "clock.so"
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


class Clock:
    """Runs as the real one does, ahead of it by what it was moved; folder holds the file that tells the program."""

    def __init__(self, library, folder):
        self.library, self.file = library, Path(folder) / "clock"
        self.ahead_ms = 0
        self._moving = threading.Lock()
        self.file.write_bytes(struct.pack("=q", 0))
        with open(self.file, "r+b") as file:
            self._mapped = mmap.mmap(file.fileno(), 8)

    def move(self, **by):
        """Forwards by a timedelta's arguments: move(minutes=5)."""
        with self._moving:
            self.ahead_ms += int(datetime.timedelta(**by) / datetime.timedelta(milliseconds=1))
            self._mapped[:] = struct.pack("=q", self.ahead_ms)

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(milliseconds=self.ahead_ms)

    def environment(self, asan_options=""):
        """What the program needs in its environment."""
        return {"LD_PRELOAD": self.library, "CLOCK_FILE": self.file,
                "ASAN_OPTIONS": f"{asan_options}:verify_asan_link_order=0"}
