"""An independent judge of SigV4: what AWS would say to a request, recomputed with botocore.

It takes the bytes of the request target and the headers as they arrived, brings the path and the query into
the form over which a service computes the signature, and lets botocore do the rest.
"""

import datetime
import json
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes
from xml.sax.saxutils import escape

from botocore.auth import SIGNED_HEADERS_BLACKLIST, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from . import verify4a

S3_FAMILY = {"s3", "s3-outposts", "s3-object-lambda", "s3express"}
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;_.-]+), Signature=(?P<signature>[0-9a-f]{64})")
AUTHORIZATION_4A = re.compile(
    r"AWS4-ECDSA-P256-SHA256 Credential=(?P<key>[^/]+)/(?P<day>\d{8})/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[a-z0-9;_.-]+), Signature=(?P<signature>[0-9a-f]+)")
HEX_HASH = re.compile(r"[0-9a-f]{64}")
PAYLOADS = {"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
UNSIGNED = {"ebs", "lex", "mediastore", "omics"}    # some of their operations
MAX_SKEW = datetime.timedelta(minutes=5)


@dataclass(frozen=True)
class Proof:
    """What an Authorization header says of itself."""

    key: str
    day: str
    region: str
    service: str
    signed: list
    signature: str

    @property
    def asymmetric(self):
        """Whether it is by SigV4A, whose scope names no region."""
        return self.region is None


@dataclass(eq=False)
class Refusal(Exception):
    """Why AWS would not take the request."""

    status: int
    code: str
    message: str
    service: str = "s3"

    def body(self):
        """The error as the service would write it: (content type, bytes)."""
        if self.service in S3_FAMILY:
            text = f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
            return "application/xml", text.encode()
        return "application/x-amz-json-1.1", json.dumps({"__type": self.code,
                                                         "message": self.message}).encode()


def text(raw):
    """Header bytes as botocore wants them: it encodes to UTF-8 again."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def parse(authorization):
    found = AUTHORIZATION.fullmatch(authorization) or AUTHORIZATION_4A.fullmatch(authorization)
    if not found:
        raise Refusal(403, "IncompleteSignature", f"not an Authorization of SigV4: {authorization!r}")
    parts = found.groupdict()
    return Proof(parts["key"], parts["day"], parts.get("region"), parts["service"],
                 parts["signed"].split(";"), parts["signature"])


def normal_path(path, service):
    """S3 finds the key by decoding the path once; the others take the path as it is on the wire."""
    if service in S3_FAMILY:
        return quote(unquote_to_bytes(path), safe="/~")
    return path.decode("ascii")


def normal_query(query):
    """Every name and value decoded once and encoded again; botocore sorts the pairs."""
    def encode(part):
        return quote(unquote_to_bytes(part), safe="-_.~")

    pairs = (pair.partition(b"=") for pair in query.split(b"&")) if query else ()
    return "&".join(f"{encode(name)}={encode(value)}" for name, _, value in pairs)


def rightly_signed(request, proof, role, timestamp, body=None):
    """Whether the signature is the one that the request should carry, by botocore.

    body: where no header tells its hash.
    """
    path, _, query = request.target.partition(b"?")
    kind = S3SigV4Auth if proof.service in S3_FAMILY else SigV4Auth
    signer = kind(Credentials(role["AWS_ACCESS_KEY_ID"], role["AWS_SECRET_ACCESS_KEY"]), proof.service,
                  proof.region)
    url = f"https://ignored{normal_path(path, proof.service)}?{normal_query(query)}"
    signed = AWSRequest(method=request.method, url=url, data=body)
    for name, value in request.headers:
        if name.lower() in proof.signed:
            signed.headers.add_header(name, text(value))
    signed.context["timestamp"] = timestamp
    canonical = signer.canonical_request(signed)
    if proof.asymmetric:
        return verify4a.verifies(canonical, proof, role, timestamp)
    return signer.signature(signer.string_to_sign(signed, canonical), signed) == proof.signature


def missing_from(proof, request):
    """Headers that ought to be signed and are not, and those that may not be and are."""
    names = {name.lower() for name, _ in request.headers}
    wanted = {name for name in names if name.startswith("x-amz-")} | {"host"}
    wanted |= names & {"content-type", "content-md5"}
    signed = set(proof.signed)
    return sorted(wanted - signed), sorted(signed & set(SIGNED_HEADERS_BLACKLIST) | signed - names)


def check_signed_headers(proof, request):
    unsigned, excess = missing_from(proof, request)
    if unsigned:
        raise Refusal(403, "AccessDenied", f"headers present that were not signed: {unsigned}", proof.service)
    if excess or proof.signed != sorted(set(proof.signed)):
        raise Refusal(403, "AccessDenied", f"signed headers: {proof.signed}, wrong: {excess}", proof.service)


def check_date(proof, timestamp, now):
    try:
        then = datetime.datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise Refusal(403, "AccessDenied", f"X-Amz-Date {timestamp!r}", proof.service) from None
    if abs(now - then) > MAX_SKEW or not timestamp.startswith(proof.day):
        raise Refusal(403, "RequestTimeTooSkewed", f"signed at {timestamp}, it is {now}", proof.service)


def only(request, name, service):
    """The one value of a header that must be there once."""
    values = request.all(name)
    if len(values) != 1:
        raise Refusal(403, "AccessDenied", f"{len(values)} headers {name}", service)
    return text(values[0])


def check_payload(proof, request):
    declared = only(request, "x-amz-content-sha256", proof.service)
    allowed = PAYLOADS if proof.service in S3_FAMILY else {"UNSIGNED-PAYLOAD"} if proof.service in UNSIGNED else ()
    if not HEX_HASH.fullmatch(declared) and declared not in allowed:
        raise Refusal(403, "InvalidSignatureException", f"payload {declared!r}", proof.service)


def role_of(proof, roles):
    """The one of the roles that the request is signed by."""
    for role in [roles] if isinstance(roles, dict) else roles:
        if proof.key == role["AWS_ACCESS_KEY_ID"]:
            return role
    raise Refusal(403, "InvalidAccessKeyId", f"key {proof.key}", proof.service)


def check_token(proof, request, role):
    """The role's session token in its header, and none in the one for a directory bucket's session; or so."""
    right, wrong = "x-amz-security-token", "x-amz-s3session-token"
    if role.get("IN_SESSION"):
        right, wrong = wrong, right
    tokens = [text(value) for value in request.all(right)]
    if tokens != [role["AWS_SESSION_TOKEN"]] * bool(role.get("AWS_SESSION_TOKEN")) or request.all(wrong):
        raise Refusal(403, "InvalidToken", f"{len(tokens)} tokens {right}, or a wrong one", proof.service)


def check_region_set(proof, request):
    sets = [text(value) for value in request.all("x-amz-region-set")]
    if sets != ["*"] * proof.asymmetric:
        raise Refusal(403, "AccessDenied", f"region sets {sets}", proof.service)


def check_head(request, roles, now=None, body=None):
    """The Proof of a rightly signed request; raises Refusal for any other.

    roles: one, or several of which any may sign. body: signed as it is, with no header that tells its hash.
    A role with IN_SESSION stands for the session of a directory bucket.
    """
    now = now or datetime.datetime.now(datetime.timezone.utc)
    proof = parse(only(request, "authorization", "s3"))
    role = role_of(proof, roles)
    timestamp = only(request, "x-amz-date", proof.service)
    check_date(proof, timestamp, now)
    check_token(proof, request, role)
    check_region_set(proof, request)
    check_signed_headers(proof, request)
    if body is None:
        check_payload(proof, request)
    if not rightly_signed(request, proof, role, timestamp, body):
        raise Refusal(403, "SignatureDoesNotMatch", f"expected another signature for {request.target!r}",
                      proof.service)
    return proof


def check_body(request, proof):
    """A hash that was promised in the head must be the body's own."""
    declared = text(request.all("x-amz-content-sha256")[0])
    if HEX_HASH.fullmatch(declared) and declared != request.body_sha256:
        status, code = (400, "XAmzContentSHA256Mismatch") if proof.service in S3_FAMILY else (
            403, "InvalidSignatureException")
        raise Refusal(status, code, f"the body is {request.body_sha256}", proof.service)
