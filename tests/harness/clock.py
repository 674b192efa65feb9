"""Clocks of the test's own for the program: the test moves them, forwards or backwards (see clock.c)."""

import datetime
import mmap
import os
import struct
import subprocess
import threading
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def build(folder):
    """Compiles the library; returns its path."""
    library = Path(folder) / "clock.so"
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


def environment(library, file, asan_options="", beside=None):
    """What the program needs in its environment; beside is that of another such library, kept in force."""
    env = {"ASAN_OPTIONS": f"{asan_options}:verify_asan_link_order=0", **(beside or {})}
    preload = f"{library}:{env['LD_PRELOAD']}" if "LD_PRELOAD" in env else library
    return {**env, "LD_PRELOAD": preload, "CLOCK_FILE": file}


class Clock:
    """The file that says by how much the clocks are moved; made anew where there is none."""

    def __init__(self, file):
        self.file = Path(file)
        self._moving = threading.Lock()
        if not self.file.exists():
            self.file.write_bytes(bytes(mmap.PAGESIZE))
        with open(self.file, "r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 0)

    def _add(self, index, ms):
        with self._moving:
            before, = struct.unpack_from("=q", self._map, index * 8)
            struct.pack_into("=q", self._map, index * 8, before + ms)

    def move(self, ms=0, **by):
        """Moves the wall clock from where it is: by milliseconds, or as timedelta has it (minutes=5)."""
        self._add(0, ms + datetime.timedelta(**by) // datetime.timedelta(milliseconds=1))

    def move_steady(self, ms):
        """The same for the monotonic clocks."""
        self._add(1, ms)

    def now(self):
        """The program's date."""
        ms, = struct.unpack_from("=q", self._map, 0)
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(milliseconds=ms)
