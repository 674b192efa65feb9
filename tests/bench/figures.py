"""Each figure of the table: how it is taken, and what it has to reach.

A function here gets the stage, does its runs and returns rows. The two proxies are asked in turn, A B then
B A, so that what else the machine does falls on both; medians are of rounds.
"""

import os
import signal
import time
from collections import defaultdict
from contextlib import ExitStack
from statistics import median

import bodies
import load
import measure
import servers
from freezes import freezes
from room import room, sweep
from rows import Row, against, informs, limit
from shares import shares
from signing import signing
from small import latency, requests
from stage import GIB, get_small


def bulk(stage):
    """Processor time of a large GET and PUT, and what the subject's memory grows by meanwhile."""
    with stage.start_both() as proxies:
        subject, _ = proxies
        idle = {proxy: measure.resident_kib(proxy.pid) for proxy in proxies}
        cost = {way: {proxy: [] for proxy in proxies} for way in ("GET", "PUT")}
        growth = {way: {proxy: [] for proxy in proxies} for way in ("GET", "PUT")}
        for proxy in stage.turns(proxies, stage.bulk_rounds):
            for way in ("GET", "PUT"):
                measure.reset_peak(proxy.pid)
                before = measure.cpu_ns(proxy.pid)
                _transfer(stage, proxy, way)
                cost[way][proxy].append((measure.cpu_ns(proxy.pid) - before) / 1e9 / (stage.large / GIB))
                growth[way][proxy].append((measure.peak_kib(proxy.pid) - idle[proxy]) / 1024)
    rows = [against(f"CPU per GiB, {way} of {stage.large_name}", "s", *cost[way].values(), aim)
            for way, aim in (("GET", 0.8), ("PUT", 0.6))]
    worst_growth = [max(most for grown in growth.values() for most in grown[proxy]) for proxy in proxies]
    row = limit(f"memory growth in a GET or PUT of {stage.large_name}", worst_growth[0], 1, 0.5, "MiB")
    row.measured += f" (nginx {worst_growth[1]:.2f})"
    row.raw = {way: grown[subject] for way, grown in growth.items()}
    return [*rows, row]


def _transfer(stage, proxy, way):
    if way == "GET":
        load.download(f"{proxy.bucket}/large", proxy.headers, stage.large)
    else:
        _put(stage, proxy, bodies.Body(stage.origin.large_file, proxy.headers, stage.large))


def _put(stage, proxy, body):
    before = stage.origin.sink.got
    load.upload(f"{proxy.bucket}/put/large", body.headers, body.file)
    got = stage.origin.sink.got - before
    if got != body.arrives:
        raise load.WrongAnswer(f"PUT of {body.file} by {proxy.name}: {got} bytes arrived, not {body.arrives}")


def forms(stage):
    """Processor time of a large PUT in each form beside the plain one, and what memory grows by.

    All have a proxy of their own: what one leaves behind in memory must not hide what the next takes. Who checks
    signed chunks hashes their content, so these are judged beside a plain PUT and the hash, by the same library.
    """
    if stage.subject is servers.Yardstick:
        return []
    cost, growth, hashing = defaultdict(list), defaultdict(list), []
    with ExitStack() as proxies:
        ready = [_prepare(stage, proxies, form) for form in bodies.FORMS]
        for form, proxy, body, idle in stage.turns(ready, stage.form_rounds):
            measure.reset_peak(proxy.pid)
            before = measure.cpu_ns(proxy.pid)
            _put(stage, proxy, body)
            cost[form].append((measure.cpu_ns(proxy.pid) - before) / 1e9 / (stage.large / GIB))
            growth[form].append((measure.peak_kib(proxy.pid) - idle) / 1024)
            if form.signed:
                hashing.append(measure.hashing_s(GIB >> 3, bodies.CHUNK) * 8)
    plain, *_ = bodies.FORMS
    title = f"CPU of a PUT of {stage.large_name}"
    return [
        _dearest(f"{title}, other forms beside plain", cost, plain),
        _dearest(f"{title}, signed chunks beside plain and SHA-256", cost, plain, median(hashing)),
        _fattest(f"memory growth in a PUT of {stage.large_name} in any form but parts", growth),
        *(_form(form, cost[form], median(cost[plain]), growth[form]) for form in bodies.FORMS),
        Row("  SHA-256 alone", f"{median(hashing):.2f} s per GiB", verdict="-", raw={"rounds": hashing})]


def _prepare(stage, proxies, form):
    proxy = proxies.enter_context(stage.start(stage.subject, settings=form.settings))
    get_small(stage, proxy)
    body = form.make(stage.folder, stage.large, f"{proxy.bucket}/put/large")
    return form, proxy, body, measure.resident_kib(proxy.pid)


def _dearest(figure, cost, plain, hashing=0):
    """Of the signed forms where there is hashing, else of the others."""
    taken, name = max((median(rounds), form.name) for form, rounds in cost.items() if form.signed == (hashing > 0))
    beside = median(cost[plain])
    row = limit(figure, taken / (beside + hashing), 1.5, 1.2)
    row.measured += f" ({name}{f', {taken / beside:.2f} x plain alone' if hashing else ''})"
    return row


def _fattest(figure, growth):
    most, name = max((max(rounds), form.name) for form, rounds in growth.items() if not form.parts)
    row = limit(figure, most, 1, 0.5, "MiB")
    row.measured += f" ({name})"
    return row


def _form(form, cost, plain, growth):
    said = f"{median(cost):.2f} s per GiB, {median(cost) / plain:.2f} x plain, +{max(growth):.2f} MiB"
    return Row(f"  {form.name}", said, verdict="-", raw={"rounds": cost, "growth": growth})


def connections(stage):
    """New TLS connections as the origin counts them.

    The counts are read while wrk runs: when it ends it drops 16 requests half-way, and their connections go.
    """
    rows = []
    for kind in (stage.subject, servers.Yardstick):
        with stage.start(kind) as proxy:
            at_start, _ = stage.origin.counts()
            seconds = 2 if stage.quick else 4
            with load.background(load.wrk, f"{proxy.bucket}/small", proxy.headers, 16, seconds) as run:
                time.sleep(0.5)
                warm, first = stage.origin.counts()
                time.sleep(seconds - 1)
                accepted, last = stage.origin.counts()
            run.result()
            rows.append((1000 * (accepted - warm) / (last - first), warm - at_start, last - first))
    (per_1000, opened, counted), (nginx_per_1000, nginx_opened, _) = rows
    row = limit("new TLS connections per 1,000 requests", per_1000, 2, 1)
    row.measured += f" (nginx {nginx_per_1000:.2f})"
    row.raw = {"requests": counted}
    opening = Row("  opened from cold, 16 connections", f"{opened} (nginx {nginx_opened})", verdict="-")
    return [row, opening]


def memory(stage):
    """Resident at rest, medians of fresh starts; judged with one root, and told with all of the system's."""
    idle = [_idle(stage) for _ in range(3)]
    rows = [_resident("dynamic build: idle; after one request", idle)]
    if roots := stage.all_roots():
        rows.append(informs(_resident("with the system's roots", [_idle(stage, roots) for _ in range(3)])))
    return rows


def _idle(stage, roots=None):
    """Two pairs of MiB, resident and proportional: fresh, and after one request."""
    pairs = []
    with stage.start(stage.subject, roots=roots) as proxy:
        for use in (lambda *_: None, get_small):
            use(stage, proxy)
            time.sleep(0.2)
            pairs.append((measure.resident_kib(proxy.pid) / 1024, measure.proportional_kib(proxy.pid) / 1024))
    return pairs


def _resident(which, taken):
    """taken: of each start, the pairs of _idle()."""
    (fresh, fresh_shared), (used, used_shared) = ([median(values) for values in zip(*pairs)] for pairs in zip(*taken))
    row = limit(f"resident memory, {which}", used, 9, 7, "MiB")
    row.measured = f"{fresh:.2f}; {used:.2f} MiB (Pss {fresh_shared:.2f}; {used_shared:.2f})"
    row.raw = {"starts": taken}
    return row


def start(stage):
    """From just before posix_spawn to the registration's arrival; /bin/true until its end is the floor."""
    if stage.subject is servers.Yardstick:
        return [Row("exec to registered", "-", "6 ms", "3 ms", verdict="-")]
    stage.cores.use_all()
    try:
        floor = [_nothing_ms() for _ in range(stage.starts)]
        taken = [_registered_ms() for _ in range(stage.starts)]
    finally:
        stage.cores.keep_to_the_rest()
    row = limit("exec to registered", median(taken), 6, 3, "ms")
    row.measured += f" (/bin/true {median(floor):.2f})"
    row.raw = {"starts": taken, "floor": floor}
    return [row]


def _nothing_ms():
    before = time.perf_counter_ns()
    os.waitpid(_spawn("/bin/true", {}), 0)
    return (time.perf_counter_ns() - before) / 1e6


def _registered_ms():
    extensions = servers.Extensions()
    environment = extensions.environment()
    before = time.perf_counter_ns()
    pid = _spawn(servers.BINARY, environment)
    try:
        return (extensions.registration_ns() - before) / 1e6
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        extensions.stop()


def _spawn(program, environment):
    quiet = [(os.POSIX_SPAWN_OPEN, descriptor, os.devnull, os.O_RDWR, 0) for descriptor in (0, 1, 2)]
    return os.posix_spawn(program, [str(program)], environment, file_actions=quiet)


def first_byte(stage):
    """An origin that holds the second byte back until the client has told that it has the first."""
    origin = servers.Hesitant(stage.authority)
    try:
        with stage.start(stage.subject, origin.port) as proxy:
            before = time.perf_counter()
            asker = load.Asker(proxy.port, "/s3/bucket/slow", proxy.headers)
            relayed = asker.body_until(1, limit_s=3) == origin.BODY[:1]
            taken = time.perf_counter() - before
            origin.release()
            whole = asker.body_until(2, limit_s=3)
            asker.close()
        if whole != origin.BODY:
            raise load.WrongAnswer(f"the first byte's answer ended as {whole!r}: {asker.answer[:300]!r}")
    finally:
        origin.stop()
    said, verdict = (f"yes, after {taken * 1000:.1f} ms", "met") if relayed else ("no", "MISSED")
    return [Row("first byte of a GET before the second came", said, "yes", verdict=verdict)]


# In the table's order; the names are those of --only.
ALL = {
    "requests": requests,
    "latency": latency,
    "bulk": bulk,
    "shares": shares,
    "forms": forms,
    "connections": connections,
    "memory": memory,
    "room": room,
    "sweep": sweep,
    "start": start,
    "first-byte": first_byte,
    "signing": signing,
    "freezes": freezes,
}
