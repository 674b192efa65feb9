"""Small requests: what each costs, and what time a proxy adds to it. Beside nginx and HAProxy, in turn."""

from statistics import median

import load
import measure
import servers
from rows import Row, judge, worst

CONNECTIONS = 1, 16, 64
WAYS = {"GET": "small", "PUT": "kept"}


def requests(stage):
    """Processor time of a GET and of a PUT of 1 KiB; the worst of all numbers of connections is judged."""
    with stage.start_all() as proxies:
        for proxy in proxies:
            for way, key in WAYS.items():
                load.wrk(f"{proxy.bucket}/{key}", proxy.headers, 16, 1, way)
        return [_cost(stage, proxies, way) for way in WAYS]


def _cost(stage, proxies, way):
    taken = {proxy: {count: [] for count in CONNECTIONS} for proxy in proxies}
    for proxy in stage.turns(proxies, stage.rounds):
        for count, rounds in taken[proxy].items():
            before = measure.cpu_ns(proxy.pid)
            report = load.wrk(f"{proxy.bucket}/{WAYS[way]}", proxy.headers, count, 1, way)
            rounds.append((measure.cpu_ns(proxy.pid) - before) / report["requests"] / 1000)
    ours, nginx, haproxy = ([median(rounds) for rounds in counts.values()] for counts in taken.values())
    to_nginx, to_haproxy = ([our / their for our, their in zip(ours, theirs)] for theirs in (nginx, haproxy))
    verdicts = [judge(ratio, 1.3, 0.9 if below < 1 else 0) for ratio, below in zip(to_nginx, to_haproxy)]
    return Row(f"CPU per 1 KiB {way}, {_listed(CONNECTIONS, 0)} connections",
               f"{_listed(ours)} µs (nginx {_listed(nginx)}, HAProxy {_listed(haproxy)})", "1.3 x nginx",
               "0.9 x nginx, below HAProxy", f"{_listed(to_nginx, 2)} (to HAProxy {_listed(to_haproxy, 2)})", worst(verdicts),
               {proxy.name: list(counts.values()) for proxy, counts in taken.items()})


def _listed(values, digits=1):
    return " / ".join(f"{value:.{digits}f}" for value in values)


def latency(stage):
    """What a proxy adds to a direct GET of 1 KiB, one at a time."""
    with stage.start_all() as proxies:
        targets = [*proxies, stage.origin]
        reports = {target: [] for target in targets}
        for target in targets:
            load.wrk(f"{target.bucket}/small", target.headers, 1, 1)
        for target in stage.turns(targets, stage.side_rounds):
            reports[target].append(load.wrk(f"{target.bucket}/small", target.headers, 1, 1))
    by_percentile = {each: [median(run[each] for run in runs) for runs in reports.values()] for each in ("p50", "p99")}
    added = [[value - direct for value in values] for *values, direct in by_percentile.values()]
    ours, nginx, haproxy = zip(*added)
    return [Row(f"time added to a direct GET, {' / '.join(by_percentile)}",
                f"{_listed(ours, 0)} µs (nginx {_listed(nginx, 0)}, HAProxy {_listed(haproxy, 0)}, direct "
                f"{_listed([values[-1] for values in by_percentile.values()], 0)})", "", "below nginx",
                _listed([our / max(their, 1) for our, their in zip(ours, nginx)], 2),
                "met" if all(our < their for our, their in zip(ours, nginx)) else "MISSED",
                {target.name: runs for target, runs in reports.items()})]
