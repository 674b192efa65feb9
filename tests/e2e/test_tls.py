"""Servers that are difficult in TLS: they begin anew amid an answer, change keys again and again, ask who we are, or show
certificates that must not hold, or that somebody has revoked. Broken handshakes are in test_worst_days, versions,
names and dates in test_upstream.

Whether a certificate was revoked is not asked: neither by OCSP, stapled or not, nor by lists. AWS's SDKs and curl do not
either; it would need a further server to be reached before each connection, or trust where that cannot be. Who names an
authority of his own in COUNTERSIGN_CA_BUNDLE takes an authority back by taking it out of that file.
"""

import contextlib
import datetime
import itertools
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from harness.client import Cut
from harness.s_server import SServer
from harness.upstream import Upstream

UNTRUSTED = (502, "UpstreamTls")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
NUMBERS = itertools.count(1)


# --- amid a connection

@pytest.fixture
def s_server(authority, stage):
    """s_server(options) is (server, stage)."""
    made = []

    def start(*options):
        made.append(SServer(*authority.issue("localhost", label=f"s-server-{next(NUMBERS)}"), *options))
        return made[-1], stage(COUNTERSIGN_ENDPOINT=made[-1].url, COUNTERSIGN_TIMEOUT_MS=5000)

    yield start
    for each in made:
        each.__exit__()


@pytest.mark.parametrize("command", ["r", "R"], ids=["for its own sake", "to see a certificate"])
@pytest.mark.parametrize("where", ["before its answer", "amid its answer", "on an idle connection"])
def test_a_server_that_renegotiates(s_server, where, command):
    """It is told no. OpenSSL's server ends the connection then: the client sees that, and the next one is served."""
    server, here = s_server("-tls1_2")
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        server.heard("GET /b/k ")
        if where != "before its answer":
            server.say(HEAD + b"hello")
        if where == "on an idle connection":
            server.say(b"world")
            assert client.answer().body == b"helloworld"
        server.do(command)
        server.heard("no renegotiation")
        if where == "before its answer":
            assert client.answer().outcome == (502, "UpstreamReset")
        elif where == "amid its answer":
            with pytest.raises(Cut):
                client.answer()
    assert_served(here, server)


def assert_served(here, server):
    with here.client() as client:
        client.send_request("PUT", "/s3/b/k", [], b"sent afterwards")
        server.heard("sent afterwards")
        server.say(HEAD + b"helloworld")
        assert client.answer().body == b"helloworld"


@pytest.mark.parametrize("command", ["k", "K"], ids=["its own", "both sides'"])
def test_a_server_that_changes_its_keys_again_and_again(s_server, command):
    server, here = s_server("-tls1_3")
    with here.client() as client:
        client.send_request("GET", "/s3/b/k")
        server.heard("GET /b/k ")
        server.say(HEAD)
        pieces = client.pieces(client.answer_head())
        for number in range(10):
            server.do(command)
            server.say(b"%d" % number)
            assert next(pieces) == b"%d" % number
    assert_served(here, server)


@pytest.mark.parametrize("start", [b"\x16\3\3\x3f\0", b"\x15\3\3\0\2\1\x5a" * 4], ids=["of one record", "of warnings"])
def test_a_handshake_that_trickles(stage, start):
    """Always a byte in time, and never a handshake: all of it together has COUNTERSIGN_CONNECT_TIMEOUT_MS."""
    over = threading.Event()

    def trickle():
        sock, _ = listener.accept()
        with sock, contextlib.suppress(OSError):
            for byte in itertools.cycle(start):
                sock.sendall(bytes([byte]))
                if over.wait(0.02):
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=trickle, daemon=True).start()
        here = stage(COUNTERSIGN_ENDPOINT=f"https://localhost:{listener.getsockname()[1]}",
                     COUNTERSIGN_CONNECT_TIMEOUT_MS=600)
        assert here.ask("GET", "/s3/b/k").status in (502, 504)
        over.set()


@pytest.mark.parametrize("must", [False, True], ids=["if there is one", "in any case"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_server_that_asks_for_a_certificate(stage, authority, version, must):
    """The program has none to show: a server that insists is not served, and the client is told."""
    context = authority.server_context("localhost", label=f"asks-{version.name}-{must}")
    context.minimum_version = context.maximum_version = version
    context.load_verify_locations(authority.bundle)
    context.verify_mode = ssl.CERT_REQUIRED if must else ssl.CERT_OPTIONAL
    here = stage(upstream=Upstream(authority, context=context))
    answer = here.ask("PUT", "/s3/b/k", [], b"body")
    assert answer.status == (502 if must else 200)
    assert len(here.upstream.requests) == (not must)


# --- certificates

def certificate(authority, *extensions, names=("localhost",), key=None, issuer=None):
    """(certificate, its file, its key's); extensions: (extension, critical); issuer: (certificate, key)."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    above, signer = issuer or (authority.certificate, authority.key)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(above.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    made = builder.sign(signer, hashes.SHA256())
    file, private = (authority.folder / f"tls-{next(NUMBERS)}.{kind}" for kind in ("pem", "key"))
    chain = [made] if issuer is None else [made, above]
    file.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain))
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                          serialization.NoEncryption()))
    return made, file, private


def below(authority, **constraints):
    """(certificate, key) of one that the authority has signed, and that signs another."""
    key = ec.generate_private_key(ec.SECP256R1())
    made, _, _ = certificate(authority, (x509.BasicConstraints(**constraints), True), names=["below"], key=key)
    return made, key


MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\0")
FOR_CLIENTS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
BAD = {
    "signed by a server's own": lambda authority: certificate(
        authority, issuer=below(authority, ca=False, path_length=None)),
    "for clients alone": lambda authority: certificate(authority, (FOR_CLIENTS, False)),
    "a critical field that nobody knows": lambda authority: certificate(authority, (UNKNOWN, True)),
    "a short key": lambda authority: certificate(authority, key=rsa.generate_private_key(65537, 1024)),
    "a NUL in its name": lambda authority: certificate(authority, names=["localhost\0.evil.example"]),
    "a name within a name": lambda authority: certificate(authority, names=["localhost.evil.example", "xlocalhost"]),
    "a star alone": lambda authority: certificate(authority, names=["*"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_certificate_that_must_not_hold(stage, authority, name):
    _, file, key = BAD[name](authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(file, key)
    here = stage(upstream=Upstream(authority, context=context))
    assert here.ask("PUT", "/s3/b/k", [], b"secret").outcome == UNTRUSTED
    assert not here.upstream.requests


def test_a_certificate_by_way_of_another_authority(stage, authority):
    """The other side of "signed by a server's own": the chain is right."""
    _, file, key = certificate(authority, issuer=below(authority, ca=True, path_length=0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    assert stage(upstream=Upstream(authority, context=context)).ask("GET", "/s3/b/k").status == 200


def stapled(authority, made, status, folder):
    """The authority's word on a certificate, for a server to staple."""
    now = datetime.datetime.now(datetime.timezone.utc)
    gone = status == ocsp.OCSPCertStatus.REVOKED
    word = ocsp.OCSPResponseBuilder().add_response(
        made, authority.certificate, hashes.SHA256(), status, now, now + datetime.timedelta(days=1),
        now if gone else None, x509.ReasonFlags.key_compromise if gone else None).responder_id(
            ocsp.OCSPResponderEncoding.NAME, authority.certificate).sign(authority.key, hashes.SHA256())
    file = folder / "staple.der"
    file.write_bytes(word.public_bytes(serialization.Encoding.DER))
    return file


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("status", [ocsp.OCSPCertStatus.REVOKED, ocsp.OCSPCertStatus.GOOD, None],
                         ids=["revoked", "good", "no word"])
def test_whether_a_certificate_was_revoked_is_not_asked(stage, authority, tmp_path, status, version):
    """Not even where it says itself that a word must be stapled to it (RFC 7633)."""
    made, file, key = certificate(authority, (MUST_STAPLE, False))
    staple = ["-status_file", stapled(authority, made, status, tmp_path)] if status else []
    with SServer(file, key, version, *staple) as server:
        assert_served(stage(COUNTERSIGN_ENDPOINT=server.url), server)
