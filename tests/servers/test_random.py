"""Requests drawn at random, each signed by botocore and by the proxy: both accepted, and the same object at the end.

DRAWS of them (10,000), from SEED (fixed). A difference tells its seed and number, and what was sent both ways.
"""

import multiprocessing
import os
import re
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from draws import Dice
from harness.gateway import Store
from ways import Directly, Proxied

DRAWS = int(os.environ.get("DRAWS", 10_000))
SEED = int(os.environ.get("SEED", 20_261_125))
WORKERS = 4
FRAMINGS = ["plain", "hashed", "http", "trailer", "chunks", "trailer-http", "chunks-http", "chunks-trailer"]
PROOFS = ["proof token", "proof basic", "proof signed", "proof presigned"]
METHODS = ["PUT", "GET", "HEAD", "DELETE", "POST"]
# Told anew for each request, or of the connection and not of the object.
OF_THE_MOMENT = {"date", "last-modified", "x-amz-request-id", "x-amz-id-2", "server", "connection", "keep-alive",
                 "transfer-encoding", "content-length"}
MOMENTS = re.compile(rb"<(RequestId|HostId|LastModified|Resource)>[^<]*</\1>")
# What a right request may be answered: nothing there, a condition that does not hold, a range past the end.
ACCEPTED = {200, 204, 206, 304, 404, 412, 416}


def comparable(answer, bucket):
    """(status, headers, body) without what differs from one request to the next."""
    headers = sorted({(name.lower(), plain(value)) for name, value in answer.headers
                      if name.lower() not in OF_THE_MOMENT})
    body = MOMENTS.sub(b"", answer.body).replace(bucket.encode(), b"BUCKET")
    return answer.status, [each for each in headers if each != ("content-encoding", "")], body


def plain(encoding):
    """The server keeps the aws-chunked of an upload, which S3 does not; the proxy may open such an upload."""
    return encoding.removeprefix("aws-chunked").removeprefix(",")


def same(first, second):
    """Whether two objects are, or are both not there."""
    objects = []
    for each in filter(None, (first, second)):
        encoding = each[1].pop("user.content-encoding", b"")
        objects.append((*each, plain(encoding.decode())))
    return len(objects) != 1 and all(each == objects[0] for each in objects)


def tell(draw, way, answer):
    method, target, headers, _, _ = way.request(draw)
    return f"{method} {target}\n  {headers}\n  {answer.status} {answer.headers}\n  {answer.body[:300]}"


class Work:
    """One worker's share: its own seed, buckets and connections."""

    def __init__(self, place, number):
        self.store, self.seed = place.store, SEED + number
        self.ways = (Directly(f"directly-{number}", place.port, place.bundle),
                     Proxied(f"proxied-{number}", *place.proxy_ports))
        self.counts = Counter()

    def run(self, draws):
        dice = Dice(self.seed)
        for way in self.ways:
            (self.store.root / way.bucket).mkdir()
        for number in range(draws):
            difference = self._differs(dice.draw())
            if difference:
                return f"SEED {self.seed}, draw {number}: {difference}", self.counts
        return self._different_in_the_end(dice), self.counts

    def _differs(self, draw):
        answers = [way.ask(draw) for way in self.ways]
        self.counts.update([answers[0].status, draw.method, draw.framing, f"proof {draw.proof}"])
        first, second = (comparable(answer, way.bucket) for answer, way in zip(answers, self.ways))
        objects = self._objects(draw.key)
        if first == second and first[0] in ACCEPTED and same(*objects):
            return None
        draw.content = draw.content and draw.content[:30]
        return "\n".join([str(draw), *map(tell, [draw] * 2, self.ways, answers), f"objects: {str(objects)[:200]}"])

    def _objects(self, key):
        return [self.store.find(way.bucket, key) if key else None for way in self.ways]

    def _different_in_the_end(self, dice):
        for key in dice.keys:
            first, second = self._objects(key)
            self.counts["objects"] += first is not None
            if not same(first, second):
                return f"SEED {self.seed}: in the end {key} is {first} and {second}"
        return None


@dataclass
class Place:
    """Where the server and the proxy are, for another process."""

    port: int
    proxy_ports: tuple
    bundle: Path
    store: Store


def work(place, number):
    return Work(place, number).run(DRAWS // WORKERS)


def test_random_requests(gateway, kept_gateway):
    started = time.monotonic()
    with kept_gateway.proxy() as kept, gateway.proxy() as proxy:
        place = Place(kept_gateway.port, (kept.port, proxy.port), gateway.bundle, gateway.store)
        with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as pool:
            shares = [pool.submit(work, place, number) for number in range(WORKERS)]
            found = [share.result() for share in shares]
    differences = [difference for difference, _ in found if difference]
    assert not differences, "\n".join(differences)
    total = sum((counts for _, counts in found), Counter())
    print(f"{DRAWS / (time.monotonic() - started):.0f} draws a second: {total}")
    assert sum(total[status] for status in (200, 204, 206)) > DRAWS * 0.7
    assert all(total[each] >= DRAWS // 100 for each in [*FRAMINGS, *PROOFS, *METHODS]), total
    assert total["objects"] > 50
