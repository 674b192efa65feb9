"""The published limits of CloudWatch's embedded metric format, as a checker of one line of output.

Sources: CloudWatch User Guide, "Specification: Embedded metric format" and "Metrics concepts"; CloudWatch API
Reference, Dimension, MetricDatum and PutMetricData; CloudWatch Logs User Guide, "CloudWatch Logs quotas".
"""

import json
import re
import time

UNITS = {"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
         "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits", "Percent", "Count", "None"}
UNITS |= {f"{unit}/Second" for unit in UNITS if unit.endswith(("bytes", "bits", "Bytes", "Bits")) or unit == "Count"}
NAMESPACE = re.compile(r"(?!:)(?!AWS/)[0-9A-Za-z._/#: -]{1,255}")
PRINTABLE = re.compile(r"(?!:)(?=.*[!-~])[ -~]+")
LARGEST_EVENT = 1 << 20
PAST_MS, FUTURE_MS = 14 * 24 * 3600 * 1000, 2 * 3600 * 1000


class NotAccepted(AssertionError):
    """What CloudWatch would not take, or would drop."""


def want(true, what):
    if not true:
        raise NotAccepted(what)


def once(pairs):
    names = [name for name, _ in pairs]
    want(len(names) == len(set(names)), f"members twice: {names}")
    return dict(pairs)


def check(line, now_ms=None):
    """The object in a line of output, where CloudWatch would take every metric in it; else NotAccepted."""
    want(len(line.encode()) <= LARGEST_EVENT and "\n" not in line.removesuffix("\n"), "size, or lines")
    want(line.startswith("{"), "something before the object")
    try:
        root = json.loads(line, object_pairs_hook=once)
    except ValueError as error:
        raise NotAccepted(f"no JSON: {error}") from error
    metadata = root.get("_aws")
    want(isinstance(metadata, dict) and set(metadata) == {"Timestamp", "CloudWatchMetrics"}, "_aws")
    check_timestamp(metadata["Timestamp"], time.time() * 1000 if now_ms is None else now_ms)
    want(isinstance(metadata["CloudWatchMetrics"], list) and metadata["CloudWatchMetrics"], "CloudWatchMetrics")
    for directive in metadata["CloudWatchMetrics"]:
        check_directive(directive, root)
    return root


def check_timestamp(stamp, now_ms):
    want(type(stamp) is int, f"Timestamp {stamp!r}")
    want(now_ms - PAST_MS <= stamp <= now_ms + FUTURE_MS, f"Timestamp {stamp}, it is {now_ms}")


def check_directive(directive, root):
    want(set(directive) == {"Namespace", "Dimensions", "Metrics"}, f"members of a directive: {set(directive)}")
    namespace = directive["Namespace"]
    want(isinstance(namespace, str) and NAMESPACE.fullmatch(namespace) and namespace.strip(), f"{namespace!r}")
    want(isinstance(directive["Dimensions"], list) and directive["Dimensions"], "no dimension sets")
    for names in directive["Dimensions"]:
        check_dimensions(names, root)
    metrics = directive["Metrics"]
    want(isinstance(metrics, list) and 1 <= len(metrics) <= 100, "the number of metrics")
    want(len({metric.get("Name") for metric in metrics}) == len(metrics), "a metric twice")
    for metric in metrics:
        check_metric(metric, root)


def check_dimensions(names, root):
    want(isinstance(names, list) and len(names) <= 30 and len(set(names)) == len(names), f"dimensions {names}")
    for name in names:
        want(isinstance(name, str) and len(name) <= 250 and PRINTABLE.fullmatch(name), f"dimension {name!r}")
        value = root.get(name)
        want(isinstance(value, str) and len(value) <= 1024 and re.fullmatch(r"(?=.*[!-~])[ -~]+", value),
             f"{name} is {value!r}")


def check_metric(metric, root):
    want(isinstance(metric, dict) and {"Name"} <= set(metric) <= {"Name", "Unit", "StorageResolution"}, f"{metric}")
    want(isinstance(metric["Name"], str) and len(metric["Name"]) <= 255 and PRINTABLE.fullmatch(metric["Name"]),
         f"{metric}")
    want(metric.get("Unit", "None") in UNITS and metric.get("StorageResolution", 60) in (1, 60), f"{metric}")
    value = root.get(metric["Name"])
    values = value if isinstance(value, list) else [value]
    want(1 <= len(values) <= 100, f"{metric['Name']}: {len(values)} values")
    for each in values:
        want(type(each) in (int, float) and abs(each) <= 2.0 ** 360 and each == each, f"{metric['Name']}: {each!r}")
