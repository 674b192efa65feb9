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
    cost = {proxy.name: [median(rounds) for rounds in counts.values()] for proxy, counts in taken.items()}
    ours, *others = cost.values()
    beside = {name: [our / their for our, their in zip(ours, theirs)] for name, theirs in list(cost.items())[1:]}
    to_nginx, to_haproxy = beside["nginx"], beside.get("HAProxy", [0])
    verdicts = [judge(ratio, 1.3, 0.9 if below < 1 else 0) for ratio, below in zip(to_nginx, to_haproxy)]
    said = ", ".join(f"{name} {_listed(values)}" for name, values in list(cost.items())[1:])
    ratios = _listed(to_nginx, 2)
    if "HAProxy" in beside:
        ratios += f" (to HAProxy {_listed(to_haproxy, 2)})"
    return Row(f"CPU per 1 KiB {way}, 1 / 16 / 64 connections", f"{_listed(ours)} µs ({said})", "1.3 x nginx",
               "0.9 x nginx, below HAProxy", ratios, worst(verdicts),
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
    return [_added(reports, ("p50", "p99"))]


def _added(reports, percentiles):
    names = [target.name for target in reports]
    added, verdicts, ratios = {name: [] for name in names}, [], []
    for percentile in percentiles:
        *taken, direct = (median(run[percentile] for run in runs) for runs in reports.values())
        for name, value in zip(names, [*(each - direct for each in taken), direct]):
            added[name].append(value)
        ours, nginx = added[names[0]][-1], added[names[1]][-1]
        verdicts.append("met" if ours < nginx else "MISSED")
        ratios.append(f"{ours / nginx:.2f}" if nginx > 0 else "-")
    said = ", ".join(f"{name} {_listed(added[name], 0)}" for name in names[1:])
    return Row(f"time added to a direct GET, {' / '.join(percentiles)}", f"{_listed(added[names[0]], 0)} µs ({said})", "",
               "below nginx", " / ".join(ratios), worst(verdicts), {target.name: runs for target, runs in reports.items()})
