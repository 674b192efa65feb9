"""Each figure of the table: how it is taken, and what it has to reach.

A function here gets the stage, does its runs and returns rows. The two proxies are asked in turn, A B then
B A, so that what else the machine does falls on both; medians are of rounds.
"""

import os
import signal
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

import bodies
import load
import measure
import servers
from stage import GIB, get_small


@dataclass
class Row:
    figure: str
    measured: str
    at_least: str = ""
    aim: str = ""
    ratio: str = ""
    verdict: str = ""
    raw: dict = field(default_factory=dict)


def requests(stage):
    """Processor time of a 1 KiB GET. Only 16 connections are judged; 1 and 64 show the shape."""
    rows = []
    with stage.start_both() as proxies:
        for proxy in proxies:
            load.wrk(f"{proxy.bucket}/small", proxy.headers, 16, 1)
        for connections, rounds in (16, stage.rounds), (1, stage.side_rounds), (64, stage.side_rounds):
            cost = {proxy: [] for proxy in proxies}
            for proxy in stage.turns(proxies, rounds):
                before = measure.cpu_ns(proxy.pid)
                report = load.wrk(f"{proxy.bucket}/small", proxy.headers, connections, 1)
                cost[proxy].append((measure.cpu_ns(proxy.pid) - before) / report["requests"] / 1000)
            plural = "" if connections == 1 else "s"
            row = _against(f"CPU per 1 KiB GET, {connections} connection{plural}", "µs", *cost.values())
            rows.append(row if connections == 16 else _informs(row))
    return rows


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
    rows = [_against(f"CPU per GiB, {way} of {stage.large_name}", "s", *cost[way].values()) for way in cost]
    for way, grown in growth.items():
        row = _limit(f"memory growth in a {way} of {stage.large_name}", max(grown[subject]), 1, 0.5, "MiB")
        others = max(most for proxy, values in grown.items() if proxy is not subject for most in values)
        row.measured += f" (nginx {others:.2f})"
        row.raw = {"rounds": grown[subject]}
        rows.append(row)
    return rows


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
    row = _limit(figure, taken / (beside + hashing), 1.5, 1.2)
    row.measured += f" ({name}{f', {taken / beside:.2f} x plain alone' if hashing else ''})"
    return row


def _fattest(figure, growth):
    most, name = max((max(rounds), form.name) for form, rounds in growth.items() if not form.parts)
    row = _limit(figure, most, 1, 0.5, "MiB")
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
    row = _limit("new TLS connections per 1,000 requests", per_1000, 2, 1)
    row.measured += f" (nginx {nginx_per_1000:.2f})"
    row.raw = {"requests": counted}
    opening = Row("  opened from cold, 16 connections", f"{opened} (nginx {nginx_opened})", verdict="-")
    return [row, opening]


def memory(stage):
    """Resident at rest, medians of fresh starts; judged with one root, and told with all of the system's."""
    idle = [_idle(stage) for _ in range(3)]
    rows = [_resident("after start", [start for start, _ in idle])]
    rows.append(_resident("after one request", [used for _, used in idle]))
    if roots := stage.all_roots():
        rows.append(_informs(_resident("the system's roots", [_idle(stage, roots)[1] for _ in range(3)])))
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


def _resident(when, pairs):
    resident, proportional = zip(*pairs)
    row = _limit(f"resident memory idle, {when}", median(resident), 9, 7, "MiB")
    row.measured += f" (Pss {median(proportional):.2f})"
    row.raw = {"resident": resident, "proportional": proportional}
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
    row = _limit("exec to registered", median(taken), 6, 3, "ms")
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


def latency(stage):
    """What a proxy adds to one request at a time: for information."""
    with stage.start_both() as proxies:
        reports = {target: [] for target in (*proxies, stage.origin)}
        for target in stage.turns(list(reports), 1 if stage.quick else 5):
            reports[target].append(load.wrk(f"{target.bucket}/small", target.headers, 1, 1))
    rows = []
    for percentile in ("p50", "p99"):
        subject, nginx, direct = (median(run[percentile] for run in runs) for runs in reports.values())
        rows.append(Row(
            f"latency added to direct, 1 connection, {percentile}",
            f"{subject - direct:.0f} µs (nginx {nginx - direct:.0f}, direct {direct:.0f})", verdict="-"))
    return rows


def _against(figure, unit, ours, theirs):
    """A cost beside nginx's in the same rounds."""
    ratio = median(ours) / median(theirs)
    by_round = [our / their for our, their in zip(ours, theirs)]
    digits = 1 if unit == "µs" else 2
    return Row(
        figure, f"{median(ours):.{digits}f} {unit} (nginx {median(theirs):.{digits}f})",
        "1.3 x nginx", "below nginx", f"{ratio:.2f} (by round {median(by_round):.2f})",
        _verdict(ratio, 1.3, 1),
        {"rounds": ours, "nginx": theirs, "ratio": ratio, "ratio by round": by_round,
         "ratio of best": min(ours) / min(theirs)})


def _limit(figure, value, at_least, aim, unit=""):
    said = f" {unit}" if unit else ""
    return Row(
        figure, f"{value:.2f}{said}", f"{at_least}{said}", f"{aim}{said}",
        verdict=_verdict(value, at_least, aim), raw={"value": value})


def _informs(row):
    row.at_least, row.aim, row.verdict = "", "", "-"
    return row


def _verdict(value, at_least, aim):
    return "aim" if value <= aim else "at least" if value <= at_least else "MISSED"


# In the table's order; the names are those of --only.
ALL = {
    "requests": requests,
    "bulk": bulk,
    "forms": forms,
    "connections": connections,
    "memory": memory,
    "start": start,
    "first-byte": first_byte,
    "latency": latency,
}
