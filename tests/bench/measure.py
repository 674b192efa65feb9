"""What the kernel knows of a process: processor time and memory; and which cores it may use."""

import hashlib
import os
import time


def cpu_ns(pid):
    """User and system time of all its threads, those that have ended too, to the nanosecond."""
    scheduler_clock = (~pid << 3) | 2  # as clock_getcpuclockid(3) builds it
    return time.clock_gettime_ns(scheduler_clock)


def resident_kib(pid):
    return _field(f"/proc/{pid}/status", "VmRSS")


def proportional_kib(pid):
    """Pages shared with n other processes count for 1/n."""
    return _field(f"/proc/{pid}/smaps_rollup", "Pss")


def peak_kib(pid):
    return _field(f"/proc/{pid}/status", "VmHWM")


def reset_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w") as file:
        file.write("5")


def _field(path, name):
    with open(path) as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    raise KeyError(f"{path} has no {name}")


def hashing_s(length, chunk):
    """Processor time of the SHA-256 of so many bytes, chunk by chunk."""
    content = bytes(chunk)
    before = time.thread_time()
    for _ in range(length // chunk):
        hashlib.sha256(content).digest()
    return time.thread_time() - before


class Cores:
    """The last core is the proxy's, what drives it shares the others; a single core is shared by all."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        self.proxy = {self.all[-1]}
        self.rest = set(self.all[:-1]) or self.proxy

    def give_to_proxy(self, pid):
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), self.proxy)

    def keep_to_the_rest(self):
        """For this process and what it starts from now on."""
        os.sched_setaffinity(0, self.rest)

    def use_all(self):
        os.sched_setaffinity(0, self.all)


def machine():
    """(model of the processor, cores, kernel, load of the last minute)"""
    model = "unknown processor"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.lower().startswith(("model name", "cpu model")):
                model = line.split(":", 1)[1].strip()
                break
    return model, os.cpu_count(), os.uname().release, os.getloadavg()[0]
