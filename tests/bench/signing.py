"""One signature by the release's own objects, alone: tests/bench/signing.c measures, this judges."""

import subprocess
from statistics import median

import servers
from rows import Row

PROGRAM = servers.HERE.parents[1] / "build" / "bench" / "signing"
MOST_US, MOST_HASHES = 4, 12


def signing(stage):
    if stage.subject is servers.Yardstick:
        return []
    if not PROGRAM.exists():
        raise servers.ServerFailed(f"no {PROGRAM}: make bench builds it")
    runs = [_run(stage) for _ in range(1 if stage.quick else 5)]
    taken_ns, hash_ns, hashes, own, openssl = (median(values) for values in zip(*runs))
    met = taken_ns <= MOST_US * 1000 and hashes <= MOST_HASHES and own + openssl == 0
    said = (f"{taken_ns / 1000:.2f} µs (SHA-256 of 64 bytes {hash_ns / 1000:.2f}), {hashes:.0f} hashes, "
            f"allocations {own:.0f} (OpenSSL's {openssl:.0f})")
    return [Row("signing a GET, its key derived already", said, "",
                f"{MOST_US} µs, {MOST_HASHES} hashes, no allocation", verdict="met" if met else "MISSED",
                raw={"runs": runs})]


def _run(stage):
    with stage.on_proxys_core():
        done = subprocess.run([PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    return [float(word) for word in done.stdout.split()]
