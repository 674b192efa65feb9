"""Where each second of a large GET and PUT goes: the cipher, copies, the kernel, the program itself.

With perf, by samples of the processor's clock and the library or kernel function that they fell in. Without it,
the kernel's share is the system time of the process, and what the cipher and a copy cost is measured by themselves,
AES-128-GCM by `openssl speed` and one memcpy by Python, and taken off the user time: so the table says by which.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from statistics import median

import bodies
import load
from rows import Row
from stage import GIB, MIB

KERNEL_COPIES = re.compile(r"copy|rep_movs|memcpy|memmove")
LIBRARY_COPIES = re.compile(r"mem(cpy|move|set)")
PARTS = "cipher", "copies", "kernel", "TLS records", "rest"
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def shares(stage):
    """One row: it tells, and is not judged."""
    by = _by_perf if shutil.which("perf") and _perf_works(stage) else _by_sums
    how = "samples of perf" if by is _by_perf else "getrusage, openssl speed and a memcpy"
    with stage.start_both() as proxies:
        said = [f"{way}: {'; '.join(f'{proxy.name} {by(stage, proxy, way)}' for proxy in proxies)}" for way in ("GET", "PUT")]
    return [Row(f"where a second of a GET or PUT goes, by {how}", ". ".join(said))]


def transfer(stage, proxy, way):
    if way == "GET":
        load.download(f"{proxy.bucket}/large", proxy.headers, stage.large)
    else:
        load.upload(f"{proxy.bucket}/put/large", proxy.headers, stage.origin.large_file)


def _perf_works(stage):
    done = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-o", stage.folder / "perf.try", "true"],
                          capture_output=True, check=False)
    return done.returncode == 0


def _by_perf(stage, proxy, way):
    file = stage.folder / f"perf.{proxy.name}.{way}"
    perf = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "1999", "-p", str(proxy.pid), "-o", file],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    transfer(stage, proxy, way)
    perf.send_signal(signal.SIGINT)
    perf.wait(20)
    report = subprocess.run(["perf", "report", "-q", "--stdio", "--no-children", "-F", "sample,dso,sym", "-t", "|", "-i", file],
                            capture_output=True, text=True, check=True)
    counted = Counter()
    for line in report.stdout.splitlines():
        if line.count("|") >= 2:
            samples, library, function = (cell.strip() for cell in line.split("|")[:3])
            counted[_part(library, function)] += int(samples)
    return _said(counted)


def _part(library, function):
    if library.startswith("[kernel"):
        return "copies" if KERNEL_COPIES.search(function) else "kernel"
    if "libcrypto" in library:
        return "cipher"
    if "libssl" in library:
        return "TLS records"
    return "copies" if LIBRARY_COPIES.search(function) else "rest"


def _by_sums(stage, proxy, way):
    user, system = _times(proxy.pid)
    transfer(stage, proxy, way)
    user, system = (after - before for after, before in zip(_times(proxy.pid), (user, system)))
    gib = stage.large / GIB
    cipher, copy = _cipher_s_per_gib() * gib, _copy_s_per_gib() * gib
    return _said(Counter({"cipher": cipher, "copies": copy, "kernel": system, "rest": max(0, user - cipher - copy)}))


def _times(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) * TICK_S, int(fields[12]) * TICK_S


def _cipher_s_per_gib():
    done = subprocess.run(["openssl", "speed", "-evp", "aes-128-gcm", "-bytes", "16384", "-seconds", "1"],
                          capture_output=True, text=True, check=True)
    return GIB / (float(done.stdout.split()[-1].removesuffix("k")) * 1000)


def _copy_s_per_gib():
    """Of pieces that fit the cache, as a proxy's buffers do."""
    source, target, taken = bytes(bodies.CHUNK), bytearray(bodies.CHUNK), []
    for _ in range(5):
        before = time.thread_time()
        for _ in range(64 * MIB // bodies.CHUNK):
            target[:] = source
        taken.append((time.thread_time() - before) * GIB / (64 * MIB))
    return median(taken)


def _said(counted):
    whole = sum(counted.values()) or 1
    return ", ".join(f"{part} {100 * counted[part] / whole:.0f} %" for part in PARTS if counted[part] * 200 > whole)
