"""The judge of a presigned GET for Transcribe streaming: its signature is recomputed with botocore."""

import datetime
from dataclasses import dataclass
from types import SimpleNamespace
from urllib.parse import parse_qsl

from harness import signer, verify
from harness.verify import Refusal

SERVICE = "transcribe"
MAX_EXPIRES = 300
SKEW_S = 300
NEEDED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders",
          "X-Amz-Signature")


@dataclass
class Proof:
    """What the query says of itself."""

    key: str
    day: str
    region: str
    service: str
    signed: list
    signature: str
    expires: int = 0
    asymmetric: bool = False


def _refuse(why, code="InvalidSignatureException", status=403):
    raise Refusal(status, code, why, SERVICE)


def _only(pairs, name):
    values = [value for each, value in pairs if each == name]
    if len(values) != 1:
        _refuse(f"{name} is there {len(values)} times", "IncompleteSignatureException")
    return values[0]


def _parse(pairs):
    """(Proof, date)"""
    given = {name: _only(pairs, name) for name in NEEDED}
    scope = given["X-Amz-Credential"].split("/")
    if given["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[4] != "aws4_request":
        _refuse(f"algorithm or credential: {given}", "IncompleteSignatureException")
    if not given["X-Amz-Expires"].isdigit() or not 1 <= int(given["X-Amz-Expires"]) <= MAX_EXPIRES:
        _refuse(f"expires after {given['X-Amz-Expires']}")
    proof = Proof(*scope[:4], given["X-Amz-SignedHeaders"].split(";"), given["X-Amz-Signature"],
                  int(given["X-Amz-Expires"]))
    if proof.service != SERVICE or proof.signed != ["host"]:
        _refuse(f"signed for {proof.service}, headers {proof.signed}")
    return proof, given["X-Amz-Date"]


def _check_date(proof, date, now):
    try:
        then = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc).timestamp()
    except ValueError:
        _refuse(f"X-Amz-Date {date!r}")
    if then - now > SKEW_S or now > then + proof.expires or not date.startswith(proof.day):
        _refuse(f"signed at {date} for {proof.expires} s, it is {datetime.datetime.fromtimestamp(now, datetime.timezone.utc)}")


def check(target, headers, role, now):
    """The Proof of a rightly presigned GET of target; raises Refusal for any other. now: seconds since 1970."""
    path, _, query = target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    proof, date = _parse(pairs)
    if proof.key != role["AWS_ACCESS_KEY_ID"]:
        _refuse(f"key {proof.key}", "UnrecognizedClientException")
    tokens = [value for name, value in pairs if name == "X-Amz-Security-Token"]
    if tokens != [role["AWS_SESSION_TOKEN"]] * bool(role.get("AWS_SESSION_TOKEN")):
        _refuse(f"{len(tokens)} tokens, or a wrong one", "UnrecognizedClientException")
    _check_date(proof, date, now)
    hosts = [value for name, value in headers if name.lower() == "host"]
    if len(hosts) != 1:
        _refuse(f"hosts {hosts}")
    unsigned = "&".join(part for part in query.split("&") if not part.startswith("X-Amz-Signature="))
    request = SimpleNamespace(method="GET", target=f"{path}?{unsigned}".encode(), headers=[("host", hosts[0].encode())])
    if not verify.rightly_signed(request, proof, role, date):
        _refuse(f"expected another signature for {target!r} at {hosts[0]}")
    return proof


def presign(url, keys=None, region="us-east-1", **how):
    """(target, signature) of a GET of that URL, by botocore. how: age, expires, as signer.sign has them."""
    target, _ = signer.sign("GET", url, keys=keys, service=SERVICE, region=region, form="query",
                            **{"expires": MAX_EXPIRES, **how})
    return target, target.rpartition("X-Amz-Signature=")[2]
