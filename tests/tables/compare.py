#!/usr/bin/env python3
"""compare.py [CORPUS]: holds the tables of proxy/aws against the botocore that this Python has, and prints what differs.

What is new is written as the rows would have it, but for the column iam.
Asked are what each service is called and speaks; the host of each service in every region, plain, dual-stack, FIPS and
both, and what that host is read as; and every host that a rule set could lead to besides. CORPUS: the folder
tests/functional/endpoint-rules of botocore's sources, whose cases are asked too.
The exit status is 1 if anything differs. `make compare-aws` asks the newest botocore of PyPI.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import botocore
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError
from botocore.loaders import create_loader

ROOT = Path(__file__).resolve().parents[2]
ASKER = ROOT / "build" / "asan" / "tables" / "ask"

VARIANTS = {"n": (False, False), "d": (True, False), "f": (False, True), "x": (True, True)}
ONCE = ("s3", "s3-outposts", "s3-object-lambda", "s3express")
PROTOCOLS = {"smithy-rpc-v2-cbor": "cbor"}
OTHER_AUTHS = ("v2", "bearer")
# Where the hosts of a service are when it has no rule.
DEFAULTS = {"n": "{p}.{r}.{s}", "d": "{p}.{r}.{s}", "f": "{p}-fips.{r}.{s}", "x": "{p}-fips.{r}.{s}"}
# Services whose own name is the prefix of another; the prefix wins, theirs is longer.
BY_PREFIX = ("sso", "sms-voice")

loader = create_loader()


def ask(questions):
    """The answers of build/asan/tables/ask, as lists of columns."""
    lines = "".join("\t".join(question) + "\n" for question in questions)
    done = subprocess.run([str(ASKER)], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


class Service:
    def __init__(self, name):
        self.name = name
        self.model = loader.load_service_model(name, "service-2")["metadata"]
        self.rules = loader.load_service_model(name, "endpoint-rule-set-1")
        self.prefix = self.model["endpointPrefix"]
        self.signing = self.model.get("signingName", self.prefix)
        self.id = self.model["serviceId"]
        version = self.model["signatureVersion"]
        self.auth = {version} if version in OTHER_AUTHS else {"sigv4"}
        if "aws.auth#sigv4a" in self.model.get("auth", []):
            self.auth.add("sigv4a")
        self.takes_sigv4 = "sigv4" in self.auth
        self.target = self.model.get("targetPrefix", "")
        self.protocols = [PROTOCOLS.get(each, each) for each in self.model.get("protocols", [self.model["protocol"]])]
        self.provider = EndpointProvider(self.rules, loader.load_data("partitions"))
        self.builtins = {rule["builtIn"]: parameter for parameter, rule in self.rules["parameters"].items()
                         if "builtIn" in rule}

    def resolve(self, region, variant):
        """(host, [(scheme, signing name, region or None)]), or None where the rule set has none without more."""
        dual, fips = VARIANTS[variant]
        wanted = {"AWS::Region": region, "AWS::UseDualStack": dual, "AWS::UseFIPS": fips}
        parameters = {name: wanted[builtin] for builtin, name in self.builtins.items() if builtin in wanted}
        try:
            endpoint = self.provider.resolve_endpoint(**parameters)
        except BotoCoreError:
            return None
        return host_of(endpoint.url), self.schemes(endpoint.properties.get("authSchemes"), region)

    def schemes(self, given, region):
        found = []
        for scheme in given or [{}]:
            regions = scheme.get("signingRegionSet")
            found.append((scheme.get("name", "sigv4"), scheme.get("signingName", self.signing),
                          "*" if regions else scheme.get("signingRegion", region)))
        return found


def host_of(url):
    return url.split("://")[1].split("/")[0]


def services():
    return [Service(name) for name in loader.list_available_services("service-2")]


def regions():
    """{partition: its regions}."""
    return {partition["id"]: [region for region in partition["regions"] if not region.endswith("-global")]
            for partition in loader.load_data("partitions")["partitions"]}


def plain(name):
    return re.sub("[ _]", "-", name).lower()


# --- what a service is called, and speaks

def compare_models(services):
    questions = [("service", name) for service in services for name in (path_name(service), service.id)]
    answers = iter(ask(questions))
    for service in services:
        by_name, by_id = next(answers), next(answers)
        if not by_name[0]:
            yield f"{service.name}: new: {row_of(service)}"
        elif by_id[0] != by_name[0] and service.name not in BY_PREFIX:
            yield f"{service.name}: id {service.id!r} leads to {by_id[0] or 'nothing'}"
        if by_name[0]:
            yield from compare_model(service, by_name)


def compare_model(service, found):
    prefix, name, signing, _, protocols, target, auth = found
    told = {"prefix": (prefix, service.prefix)}
    if service.takes_sigv4:
        told["signing"] = (signing, service.signing)
    if name == service.name:
        told["target"] = (target, service.target)
        told["auth"] = (sorted(auth.split(",")), sorted(service.auth))
    for what, (ours, theirs) in told.items():
        if ours != theirs:
            yield f"{service.name}: {what} is {theirs!r}, here {ours!r}"
    if name == service.name and not set(service.protocols) <= set(protocols.split(",")):
        yield f"{service.name}: speaks {service.protocols}, here {protocols}"


def row_of(service):
    """The row for a service that has none, but for its hosts; and the row for a name that leads there."""
    protocols = ",".join(service.protocols)
    columns = [service.prefix, *(value if value and value != default else "-" for value, default in [
        (service.name, service.prefix), (service.signing, service.prefix), ("-", ""), (protocols, "rest-json"),
        (service.target, ""), (",".join(sorted(service.auth)), "sigv4")])]
    rows = [" ".join(columns).rstrip(" -")]
    rows += [f"{name} {service.prefix}" for name in sorted({plain(service.id), service.name} - {service.prefix})]
    return ", ".join(f'ROW("{row}")' for row in rows)


# --- where a service path leads, and what that host is read as

def compare_hosts(services, regions):
    """regions: as of regions(), or fewer of each partition."""
    every = [region for of_one in regions.values() for region in of_one]
    cases = [(service, region, variant, resolved) for service in services for region in every
             for variant in VARIANTS if (resolved := service.resolve(region, variant))]
    there = ask([("name", path_name(service), region, variant) for service, region, variant, _ in cases])
    back = ask([("host", host, "/", region) for _, region, _, (host, _) in cases])
    other = {}
    for (service, region, variant, (host, schemes)), ours, read in zip(cases, there, back, strict=True):
        usual = DEFAULTS[variant]
        template = template_of(host, service, region, variant)
        if ours[0] != host and (ours[0] or template != usual):
            other.setdefault(service.name, []).append((template, variant, region))
        elif ours[0] and not right(service, ours[1], ours[2], schemes):
            yield f"{service.name} {region} {variant}: signed {schemes}, here {ours[1:]}"
        if ours[0] == host and (read[0] != "service" or not right(service, read[1], read[2] or region, schemes)):
            yield f"{service.name} {region} {variant}: {host} is signed {schemes}, read as {read}"
    for name, found in other.items():
        yield f"{name}: hosts: " + " ".join(rules_of(found, regions))


def template_of(host, service, region, variant):
    """The host as the column `hosts` writes it."""
    partition = next(each for each in loader.load_data("partitions")["partitions"]
                     if re.match(each["regionRegex"], region))["outputs"]
    suffixes = [(partition["dnsSuffix"], "{n}" if variant in "dx" else "{s}"),
                (partition["dualStackDnsSuffix"], "{d}" if variant in "nf" else "{s}")]
    for suffix, letter in suffixes:
        if host.endswith("." + suffix):
            host = host.removesuffix(suffix) + letter
    if host.startswith(service.prefix):
        host = "{p}" + host.removeprefix(service.prefix)
    return host.replace(f".{region}.", ".{r}.").replace(f".{partition['implicitGlobalRegion']}.", ".{g}.")


def rules_of(found, regions):
    """VARIANTS[/SCOPE]=TEMPLATE of each template, and each scope that variants share."""
    templates = {template for template, _, _ in found}
    scopes = {}
    for template, variant, region in found:
        # In the global region itself both say the same.
        by_global = template.replace("{r}", "{g}")
        scopes.setdefault((by_global if by_global in templates else template, variant), []).append(region)
    rules = {}
    for (template, variant), scope in scopes.items():
        rules.setdefault((template, tuple(scope)), []).append(variant)
    for (template, scope), letters in rules.items():
        whole = [partition for partition, of_one in regions.items() if set(of_one) <= set(scope)]
        single = [region for region in scope if all(region not in regions[partition] for partition in whole)]
        names = [] if len(whole) == len(regions) else [each.removeprefix("aws-") for each in whole] + single
        yield "".join(letters) + ("/" + ",".join(names) if names else "") + "=" + template


def path_name(service):
    """A name that means just this service; its own, unless that is another's prefix."""
    return service.prefix if service.name in BY_PREFIX else service.name


def right(service, signing, region, schemes):
    """Whether one of the schemes is signed so; where all regions may sign, one may."""
    return not service.takes_sigv4 or any(signing == name and theirs in (region, "*") for _, name, theirs in schemes)


# --- every host that a rule set could lead to

def urls(rules):
    if isinstance(rules, dict):
        if isinstance(rules.get("url"), str):
            yield rules["url"], (rules.get("properties") or {}).get("authSchemes")
        for inner in rules.values():
            yield from urls(inner)
    elif isinstance(rules, list):
        for inner in rules:
            yield from urls(inner)


def filled(url, region, dns, dual):
    """A host by a template, whatever an unknown part is; None where that is more than labels."""
    url = re.sub(r"\{\w+#dnsSuffix\}", dns, url)
    url = re.sub(r"\{\w+#dualStackDnsSuffix\}", dual, url)
    url = re.sub(r"\{(Region|\w+#(region|implicitGlobalRegion))\}", region, url)
    url = url.replace("{OperationType}", "data")
    if re.search(r"\{(Endpoint|\w*[uU]rl#\w+)\}", url):
        return None
    return host_of(re.sub(r"\{[^}]*\}", "x1", url))


def compare_urls(services):
    cases = {}
    for service in services:
        for url, given in urls(service.rules["rules"]):
            host = filled(url, "us-east-1", "amazonaws.com", "api.aws")
            if host and host.split(":")[0] != "localhost":
                names = {scheme.get("signingName", service.signing) for scheme in given or [{}]
                         if isinstance(scheme, dict)}
                cases.setdefault((service, host), (url, names))
    answers = ask([("host", host, "/", "us-east-1") for _, host in cases])
    for ((service, host), (url, names)), (kind, signing, *_) in zip(cases.items(), answers, strict=True):
        if kind != "service" or (service.takes_sigv4 and signing not in names):
            yield f"{service.name}: {url}: {host} is signed by {names}, here {kind} {signing}"


# --- botocore's own cases

def corpus_cases(folder):
    for file in sorted(Path(folder).glob("*/endpoint-tests-1.json")):
        service = Service(file.parent.name)
        for case in json.loads(file.read_text(encoding="utf-8"))["testCases"]:
            endpoint = case["expect"].get("endpoint")
            if endpoint and not case["params"].get("Endpoint") and not host_of(endpoint["url"]).startswith("localhost"):
                region = case["params"].get("Region", "us-east-1")
                yield service, region, endpoint


def compare_corpus(folder):
    cases = [(service, region, host_of(endpoint["url"]), "/" + "/".join(endpoint["url"].split("/")[3:]),
              service.schemes((endpoint.get("properties") or {}).get("authSchemes"), region))
             for service, region, endpoint in corpus_cases(folder)]
    answers = ask([("host", host, path, region) for _, region, host, path, _ in cases])
    for (service, region, host, _, schemes), read in zip(cases, answers, strict=True):
        if read[0] != "service" or not right(service, read[1], read[2] or region, schemes):
            yield f"{service.name} {region}: {host} is signed {schemes}, read as {read}"
    yield from [] if cases else [f"{folder}: no cases"]


def differences(services, regions):
    yield from compare_models(services)
    yield from compare_hosts(services, regions)
    yield from compare_urls(services)


def main():
    known, everywhere = services(), regions()
    found = list(differences(known, everywhere))
    for folder in sys.argv[1:]:
        found += compare_corpus(folder)
    print("\n".join(found) or "Nothing is new.")
    print(f"botocore {botocore.__version__}: {len(known)} services, {sum(map(len, everywhere.values()))} regions, {len(found)} differences")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
