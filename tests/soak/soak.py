#!/usr/bin/env python3
"""A long run under mixed traffic, faults and freezes: nothing that may not be lost is, and nothing grows.

    SOAK_SECONDS=3600 make soak

Two programs run, one with keys of its environment, one whose keys are renewed every half minute, and each has a server
that checks every signature. Clients send and fetch objects of any size, chunked, signed by chunks, of unknown length,
have audio transcribed, ask for pages, go away half-way. The server resets, throttles and breaks off where a client asks
it to. Meanwhile the programs are frozen for seconds, their servers' connections ended, their keys called expired.

Whatever a client got is compared; only around the ends of connections may a request fail, and then it must say so.
Every few seconds all clients rest, and memory and descriptors are taken. The exit status is 0 if all held.
"""

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent), str(HERE.parent / "transcribe")]

from growth import Series, descriptors, resident_mib  # noqa: E402
from store import Store  # noqa: E402
from traffic import Traffic, Wrong  # noqa: E402

from harness.authority import Authority  # noqa: E402
from harness.issuer import Issuer  # noqa: E402
from harness.proxy import TOKEN, Proxy  # noqa: E402
from harness.upstream import Upstream  # noqa: E402
from service import Service  # noqa: E402

SECONDS = float(os.environ.get("SOAK_SECONDS", 600))
SEED = int(os.environ.get("SOAK_SEED", time.time()))
WARM_S = min(120, SECONDS / 3)
REST_EVERY_S, CALM_S = max(2, min(10, SECONDS / 60)), 0.4
LINE_EVERY_S = min(60, SECONDS / 5)
IDLE_S = 3              # after which the program closes a kept connection
KEY_LIFE_S = 330        # they are renewed five minutes before their end
EXCUSED_S = 1.5         # a connection's end may reach the program so much later
MOST_MIB, MOST_FILES = 1.0, 4
CLIENTS = 5, 3
SETTINGS = {"COUNTERSIGN_IDLE_MS": IDLE_S * 1000, "COUNTERSIGN_RETRIES": 3, "COUNTERSIGN_TIMEOUT_MS": 20_000}


class Side:
    """A program, its server, its clients, and when its connections were last ended."""

    def __init__(self, name, authority, clients, transcribe=None, issuer=None):
        self.name, self.issuer, self.store = name, issuer, Store()
        self.upstream = Upstream(authority, self.store, **({"role": issuer.roles} if issuer else {}))
        env = {"COUNTERSIGN_ENDPOINT": self.upstream.url, "COUNTERSIGN_CA_BUNDLE": authority.bundle, **SETTINGS}
        env |= transcribe.environment if transcribe else {}
        env |= issuer.container() if issuer else {}
        self.proxy = Proxy(env)
        self.ended_at = 0.0
        seeds = random.Random(f"{SEED} {name}")
        self.traffic = [Traffic(number, self.proxy, self.store, random.Random(seeds.random()), transcribe is not None)
                        for number in range(clients)]
        self.memory = Series(f"{name}, resident memory", "MiB", MOST_MIB)
        self.files = Series(f"{name}, descriptors", "", MOST_FILES)

    def end_connections(self, reset):
        self.ended_at = time.monotonic() + EXCUSED_S
        self.upstream.hang_up(reset)
        self.ended_at = time.monotonic() + EXCUSED_S

    def expire_keys(self):
        """An upload that is under way with them cannot be repeated, so this excuses as an end does."""
        self.ended_at = time.monotonic() + EXCUSED_S
        self.upstream.expired.add(self.issuer.newest.key)

    def forget(self):
        """What the server remembers for tests would grow without end."""
        del self.upstream.requests[:-1]
        self.upstream.connections[:] = self.upstream.open_connections()
        for connection in list(self.upstream.connections):
            connection.requests.clear()

    def sample(self, at):
        self.memory.samples.append((at, resident_mib(self.proxy.pid)))
        self.files.samples.append((at, descriptors(self.proxy.pid)))


class Soak:
    def __init__(self, sides, service):
        self.sides, self.service = sides, service
        self.random = random.Random(SEED)
        self.over, self.open = threading.Event(), threading.Event()
        self.open.set()
        self.done, self.events = Counter(), Counter()
        self.wrong, self.lock, self.working = [], threading.Lock(), 0
        self.began = time.monotonic()

    def elapsed(self):
        return time.monotonic() - self.began

    # --- the clients' threads

    def work(self, side, traffic):
        while not self.over.is_set():
            self.open.wait()
            with self.lock:
                if not self.open.is_set():
                    continue
                self.working += 1
            try:
                self.one(side, traffic)
            finally:
                with self.lock:
                    self.working -= 1

    def one(self, side, traffic):
        kind, began = traffic.next(), time.monotonic()
        try:
            kind()
            outcome = "right"
        except Wrong as wrong:
            outcome = "wrong"
            self.note(f"{side.name}: {kind.__name__}: {wrong}")
        except Exception as failure:    # whatever it is: a client's failure must not end the soak unseen
            outcome = "excused" if began <= side.ended_at else "wrong"
            if outcome == "wrong":
                self.note(f"{side.name}: {kind.__name__}: {failure!r}, after {time.monotonic() - began:.1f} s")
        with self.lock:
            self.done[outcome] += 1
            self.done[kind.__name__] += 1

    def note(self, text):
        with self.lock:
            self.wrong.append(text)
        print(f"  WRONG at {self.elapsed():.1f} s: {text}", flush=True)

    # --- what happens to them

    def trouble(self):
        every = max(2, min(12, SECONDS / 40))
        while not self.over.wait(every * self.random.uniform(0.5, 1.5)):
            side = self.random.choice(self.sides)
            what = self.random.choice(("freeze", "freeze", "freeze and end", "end", "expire" if side.issuer else "freeze"))
            if "freeze" in what:
                side.proxy.freeze()
                self.over.wait(self.random.uniform(0.5, 4))
            if "end" in what:
                side.end_connections(self.random.random() < 0.5)
            if what == "expire":
                side.expire_keys()
            side.proxy.thaw()
            self.events[what] += 1

    def rest(self):
        """All clients stop for a moment; then what is in use is in use for good."""
        self.open.clear()
        while self.working:
            time.sleep(0.01)
        time.sleep(CALM_S)
        for side in self.sides:
            side.sample(self.elapsed())
            side.forget()
        del self.service.sessions[:-1]
        self.open.set()

    def line(self):
        events = ", ".join(f"{count} {what}" for what, count in sorted(self.events.items()))
        moved = sum(traffic.bytes for side in self.sides for traffic in side.traffic) / (1 << 30)
        now = "; ".join(f"{side.memory.last:.2f} MiB, {side.files.last} files" for side in self.sides)
        print(f"  {self.elapsed() / 60:5.1f} min  {self.done['right']} right, {self.done['wrong']} wrong, "
              f"{self.done['excused']} excused; {moved:.2f} GiB; {events or 'no trouble yet'}; "
              f"{sum(side.store.faults for side in self.sides)} faults; keys {len(self.sides[1].issuer.issued)}; {now}",
              flush=True)

    def run(self):
        workers = [threading.Thread(target=self.work, args=(side, traffic), daemon=True)
                   for side in self.sides for traffic in side.traffic]
        troubles = threading.Thread(target=self.trouble, daemon=True)
        for thread in [*workers, troubles]:
            thread.start()
        next_line = LINE_EVERY_S
        while self.elapsed() < SECONDS and not self.over.is_set():
            time.sleep(REST_EVERY_S)
            self.rest()
            if self.elapsed() >= next_line:
                self.line()
                next_line += LINE_EVERY_S
        self.over.set()
        for thread in [troubles, *workers]:
            thread.join(90)
            if thread.is_alive():
                self.note("a client is still waiting for its answer")

    # --- the verdict

    def judge(self):
        for side in self.sides:
            before = side.files.samples[0][1]
            time.sleep(IDLE_S + 2)
            left = descriptors(side.proxy.pid)
            if left > side.at_start + 1:
                self.note(f"{side.name}: {left} descriptors at the end, {side.at_start} at the start ({before} in use)")
            self.wrong += [f"{side.name}: {path} was stored" for each in side.traffic for path in each.never_stored()]
            self.wrong += [f"{side.name}: refused {refusal}" for _, refusal in side.upstream.refused[:5]]
            if side.store.uploads:
                self.note(f"{side.name}: {len(side.store.uploads)} uploads in parts were left behind")
            for series in (side.memory, side.files):
                print(f"  {series.said(WARM_S)}")
                if series.grows(WARM_S):
                    self.note(f"{series.name} grows")
        self.wrong += [f"Transcribe: {each}" for each in self.service.wrong[:5]]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("soak: told to end"))
    print(f"soak of {SECONDS:g} s, seed {SEED}, load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="countersign-soak-") as folder, ExitStack() as stack:
        authority = Authority(Path(folder))
        service = stack.enter_context(Service(authority))
        issuer = stack.enter_context(Issuer(lifetime=KEY_LIFE_S))
        issuer.container_token = TOKEN
        sides = [Side("fixed keys", authority, CLIENTS[0], transcribe=service),
                 Side("renewed keys", authority, CLIENTS[1], issuer=issuer)]
        for side in sides:
            stack.callback(side.upstream.close)
            side.at_start = descriptors(side.proxy.pid)
        soak = Soak(sides, service)
        soak.run()
        soak.judge()
        for side in sides:
            if status := side.proxy.stop():
                soak.note(f"{side.name}: exit status {status}:\n{side.proxy.text()[-2000:]}")
    kinds = {name: count for name, count in sorted(soak.done.items()) if name not in ("right", "wrong", "excused")}
    print("  " + ", ".join(f"{name} {count}" for name, count in kinds.items()))
    if soak.wrong:
        sys.exit(f"soak: FAILED, {len(soak.wrong)} things were wrong, the first: {soak.wrong[0]}")
    print(f"soak: held: {soak.done['right']} right, {soak.done['excused']} excused, nothing lost, nothing grows")


if __name__ == "__main__":
    main()
