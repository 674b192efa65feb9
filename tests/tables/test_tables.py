"""The tables of AWS: every row of a sample, the botocore that is installed, and what the tables owe each other."""

import re
from pathlib import Path

import compare
import pytest

HERE = Path(__file__).parent
TABLES = HERE.parents[1] / "proxy" / "aws"
# One of each partition, and those that rules tell apart. The whole is for `make compare-aws`.
REGIONS = ["us-east-1", "us-west-1", "us-west-2", "ca-central-1", "eu-west-1", "cn-north-1", "cn-northwest-1",
           "us-gov-west-1", "us-gov-east-1", "eusc-de-east-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1",
           "us-isof-south-1"]


@pytest.fixture(scope="module")
def services():
    return compare.services()


# --- the sample

def sample():
    """(host, path, signing name, region, schemes, whether the path is encoded twice) of each row."""
    lines = (HERE / "endpoints.tsv").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            host, path, _, signing, region, schemes, twice = line.split("\t")
            yield host, "/" if path == "-" else path, signing, region, schemes.split(","), twice == "yes"


def test_every_row_of_the_sample():
    rows = list(sample())
    homes = ["us-gov-east-1" if "us-gov" in region else "ap-southeast-7" for *_, region, _, _ in rows]
    answers = compare.ask([("host", host, path, home) for (host, path, *_), home in zip(rows, homes, strict=True)])
    wrong = [(row, answer) for row, answer in zip(rows, answers, strict=True) if not fits(row, answer)]
    assert len(rows) == 600 and wrong == []


def fits(row, answer):
    _, _, signing, region, schemes, twice = row
    kind, its_signing, its_region, scheme, encoded = answer
    known = ["session" if each == "s3express" else each for each in schemes]
    right_region = its_region == "*" if scheme == "sigv4a" else (its_region or "client") in region.split("|")
    return (kind, its_signing, encoded) == ("service", signing, "twice" if twice else "once") \
        and scheme in known and right_region


# --- botocore

def test_what_botocore_calls_a_service(services):
    assert list(compare.compare_models(services)) == []


def test_where_botocore_sends_requests(services):
    some = {name: [region for region in of_one if region in REGIONS] for name, of_one in compare.regions().items()}
    assert sum(map(len, some.values())) == len(REGIONS)
    assert list(compare.compare_hosts(services, some)) == []


def test_where_else_botocore_could_send_them(services):
    assert list(compare.compare_urls(services)) == []


# --- among themselves

def rows(name):
    text = (TABLES / name).read_text(encoding="utf-8")
    literals = re.findall(r'^ROW\((.*?)\)$', text, re.MULTILINE | re.DOTALL)
    return ["".join(re.findall(r'"(.*?)"', literal)).split(" ") for literal in literals]


def test_parents_are_the_last_labels_of_all_rows():
    firsts = [row[0] for name in ("service_rows.def", "host_rows.def", "host_patterns.def") for row in rows(name)]
    parents = {first.rsplit(".", 1)[1] for first in firsts if "." in first}
    assert [row[0] for row in rows("host_parents.def")] == sorted(parents)


def test_names_lead_to_services_and_are_no_prefixes():
    services = [(row + ["-"])[:2] for row in rows("service_rows.def")]
    prefixes = {prefix for prefix, _ in services}
    named = {(prefix, prefix if name == "-" else name) for prefix, name in services}
    for name, prefix, *service in rows("service_names.def"):
        assert name not in prefixes and prefix in prefixes
        assert not service or (prefix, service[0]) in named


def test_services_of_one_prefix_sign_alike():
    signing = {}
    for prefix, _, name, *_ in (row + ["-"] * 3 for row in rows("service_rows.def")):
        assert signing.setdefault(prefix, name) == name


def test_no_name_is_in_the_tables_twice():
    names = [row[0] if row[1] == "-" else row[1] for row in (row + ["-"] for row in rows("service_rows.def"))]
    assert sorted(names) == sorted(set(names))


def test_the_tables_are_small():
    """Their text, with a place for each row, is what they take of the program."""
    names = ("service_rows.def", "service_names.def", "host_rows.def", "host_patterns.def", "host_parents.def")
    sizes = [sum(len(" ".join(row)) + 1 + 2 for row in rows(name)) for name in names]
    assert sum(sizes) < 40 * 1024
