"""What all figures share: the sizes of the run, the cores, the origin, and how a proxy comes and goes."""

import itertools
import os
import ssl
from contextlib import contextmanager
from pathlib import Path

import load
import measure
import servers

MIB = 1 << 20
GIB = 1 << 30


class Stage:
    """folder takes what is written; subject is the kind of proxy that is judged; rounds None: the usual."""

    def __init__(self, folder, authority, subject, quick, rounds):
        self.folder, self.authority, self.subject, self.quick = folder, authority, subject, quick
        # Many short rounds: what disturbs one is then lost in the median.
        self.rounds = rounds or (1 if quick else 9)
        self.side_rounds = 3 if quick else 15
        self.bulk_rounds = rounds or (5 if quick else 11)
        self.form_rounds = rounds or (2 if quick else 3)
        self.starts = 20 if quick else 50
        self.large = 256 * MIB if quick else GIB
        self.cores = measure.Cores()
        self.cores.keep_to_the_rest()
        self.plots = {}  # {name of a file in docs/: what is to be drawn there}
        self.numbers = itertools.count()
        self.origin = servers.Origin(folder, authority, self.large)

    @property
    def large_name(self):
        return "256 MiB" if self.quick else "1 GiB"

    @contextmanager
    def start(self, kind, port=None, roots=None, settings=None):
        """A fresh proxy of that kind on the proxy's core, before the origin or another port."""
        folder = self.folder / f"proxy{next(self.numbers)}"
        proxy = kind(folder, roots or self.authority.bundle, port or self.origin.port, settings or {})
        try:
            self.cores.give_to_proxy(proxy.pid)
            yield proxy
        finally:
            proxy.stop()

    @contextmanager
    def on_proxys_core(self):
        """For a short program that is measured by itself."""
        os.sched_setaffinity(0, self.cores.proxy)
        try:
            yield
        finally:
            self.cores.keep_to_the_rest()

    @contextmanager
    def start_both(self):
        """The subject and the yardstick, each after its first request."""
        with self.start(self.subject) as subject, self.start(servers.Yardstick) as yardstick:
            get_small(self, subject)
            get_small(self, yardstick)
            yield subject, yardstick

    @contextmanager
    def start_all(self):
        """These two and HAProxy, the second yardstick of small requests."""
        with self.start_both() as both, self.start(servers.Haproxy) as haproxy:
            get_small(self, haproxy)
            yield *both, haproxy

    def all_roots(self):
        """A bundle of the origin's root and those of the system, or None where it has none."""
        system = ssl.get_default_verify_paths().cafile
        if system is None:
            return None
        bundle = self.folder / "all-roots.pem"
        bundle.write_bytes(self.authority.bundle.read_bytes() + Path(system).read_bytes())
        return bundle

    def turns(self, proxies, rounds):
        """Round by round, every proxy once, in alternating order."""
        for turn in range(rounds):
            yield from (proxies if turn % 2 == 0 else reversed(proxies))

    def close(self):
        self.origin.stop()


def verify(stage):
    """Right bytes through both, both ways, and signed by the one that signs: before anything is measured."""
    sent = os.urandom(300_000)
    file = stage.folder / "sent"
    file.write_bytes(sent)
    expected = f"{len(sent)} {servers.sha256(sent)}"
    with stage.start_both() as proxies:
        for proxy in proxies:
            answer = load.upload(f"{proxy.bucket}/put/some", proxy.headers, file)
            if answer != expected:
                raise load.WrongAnswer(f"PUT by {proxy.name}: the origin had {answer}, not {expected}")
            signature = load.get(f"{proxy.bucket}/signature", proxy.headers)
            if signature.startswith(b"AWS4-HMAC-SHA256 Credential=") != proxy.signs:
                raise load.WrongAnswer(f"{proxy.name} sent the signature {signature!r}")


def get_small(stage, proxy):
    if load.get(f"{proxy.bucket}/small", proxy.headers) != stage.origin.small:
        raise load.WrongAnswer(f"GET by {proxy.name}: not the object's bytes")
