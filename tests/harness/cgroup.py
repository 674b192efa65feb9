"""A machine as small as a function's: so much memory for a program, or so much of a processor, by Linux's cgroups.

    with Small(tmp_path, memory=24 << 20) as small:
        proxy = Proxy(binary=small.launcher(binary))    # all that it does is within the limit
        small.hold(proxy.pid)
        ...

The group is made at the root of the hierarchy and goes with its last process: of version 1, or for the processor of
version 2. Version 2 counts sockets' buffers as the program's memory, and those grow at will on a loopback (120 MiB for
64 uploads), unlike in a small machine, where tcp_mem bounds them: what it killed would say nothing of the program.
Where no group can be made, as in most containers, the nearest thing takes its place, from hold() on:

  memory  the program may have no more addresses than it has then and the limit over (RLIMIT_AS), so allocations fail
          where the kernel would kill
  cpu     a thread stops the program and lets it go on (SIGSTOP, SIGCONT) in the same rhythm, whether or not it works
"""

import contextlib
import itertools
import os
import resource
import shlex
import signal
import threading
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000
NUMBERS = itertools.count(1)


class Small:
    """memory: bytes; cpu: the share of one processor. One of them."""

    def __init__(self, folder, memory=None, cpu=None):
        self.folder, self.memory, self.cpu = Path(folder), memory, cpu
        self.group = next(filter(None, (make(memory, cpu) for make in (_version_1, _version_2))), None)
        self.over = threading.Event()
        self.stutter, self.stops = None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        if self.stutter:
            self.stutter.join()
        if self.group:
            _remove(self.group)

    @property
    def is_group(self):
        return self.group is not None

    def launcher(self, binary, name="launcher"):
        """A program that takes its place in the group and then is binary.

        The group's memory is full from the start, of a file's pages that the kernel can take back.
        """
        file = self.folder / name
        enter = f"echo $$ >{shlex.quote(str(self.group / 'cgroup.procs'))}\n" if self.group else ""
        if self.group and self.memory:
            enter += f"cat {shlex.quote(str(self._pages()))} >/dev/null\n"
        file.write_text(f'#!/bin/sh\n{enter}exec {shlex.quote(str(binary))} "$@"\n')
        file.chmod(0o755)
        return file

    def _pages(self):
        """A file of the memory's size that is not in memory: its pages are counted where they are read first."""
        path = self.folder / "pages"
        with path.open("wb") as file:
            file.write(os.urandom(self.memory))
            file.flush()
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return path

    def hold(self, pid):
        """It runs: where there is no group, the limit begins."""
        if self.group:
            return
        if self.memory:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
            resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + self.memory,) * 2)
        else:
            self.stutter = threading.Thread(target=self._stutter, args=(pid,))
            self.stutter.start()

    def _stutter(self, pid):
        period = PERIOD_US / 1e6
        with contextlib.suppress(ProcessLookupError):
            while not self.over.is_set():
                time.sleep(period * self.cpu)
                os.kill(pid, signal.SIGSTOP)
                self.stops += 1
                time.sleep(period * (1 - self.cpu))
                os.kill(pid, signal.SIGCONT)

    def throttled(self):
        """In how many periods the program wanted more of the processor than its share."""
        if not self.group:
            return self.stops
        fields = dict(line.split() for line in (self.group / "cpu.stat").read_text().splitlines())
        return int(fields["nr_throttled"])

    def peak(self):
        """The most memory that it ever had, in bytes; None where there is no group."""
        return int((self.group / "memory.max_usage_in_bytes").read_text()) if self.group else None


def _write(group, name, value):
    (group / name).write_text(str(value))


def _version_1(memory, cpu):
    with contextlib.suppress(OSError):
        group = _fresh(ROOT / ("memory" if memory else "cpu"))
        with _removed_on_failure(group):
            if memory:
                _write(group, "memory.limit_in_bytes", memory)
            else:
                _write(group, "cpu.cfs_period_us", PERIOD_US)
                _write(group, "cpu.cfs_quota_us", int(PERIOD_US * cpu))
        return group
    return None


def _version_2(_, cpu):
    with contextlib.suppress(OSError):
        if cpu and "cpu" not in (ROOT / "cgroup.subtree_control").read_text().split():
            _write(ROOT, "cgroup.subtree_control", "+cpu")
        if cpu:
            group = _fresh(ROOT)
            with _removed_on_failure(group):
                _write(group, "cpu.max", f"{int(PERIOD_US * cpu)} {PERIOD_US}")
            return group
    return None


def _fresh(parent):
    """OSError where there is no such hierarchy, or it is not ours to write to."""
    group = parent / f"countersign-{os.getpid()}-{next(NUMBERS)}"
    if not (parent / "cgroup.procs").exists():
        raise FileNotFoundError(parent)
    group.mkdir()
    return group


@contextlib.contextmanager
def _removed_on_failure(group):
    try:
        yield
    except OSError:
        _remove(group)
        raise


def _remove(group):
    """What is still in it is a program that a test has left behind."""
    end = time.monotonic() + 10
    for pid in (group / "cgroup.procs").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    while group.exists() and time.monotonic() < end:
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        time.sleep(0.01)
