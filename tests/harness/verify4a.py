"""An independent judge of SigV4A, by the cryptography package.

The key pair is derived from the secret key as awslabs/aws-c-auth does, source/key_derivation.c: a number of
HMAC-SHA256 in NIST SP 800-108's counter mode, tried again with the next counter where it is over n - 2.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ALGORITHM = "AWS4-ECDSA-P256-SHA256"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def public_key(key_id, secret):
    for counter in range(1, 255):
        text = b"\0\0\0\1" + ALGORITHM.encode() + b"\0" + key_id.encode() + bytes([counter]) + b"\0\0\1\0"
        number = int.from_bytes(hmac.digest(b"AWS4A" + secret.encode(), text, "sha256"), "big")
        if number <= ORDER - 2:
            return ec.derive_private_key(number + 1, ec.SECP256R1()).public_key()
    raise ValueError("no counter gives a key")


def verifies(canonical, proof, role, timestamp):
    """Whether the signature of the canonical request is by the role's key."""
    scope = f"{proof.day}/{proof.service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    signed = "\n".join((ALGORITHM, timestamp, scope, hashed)).encode()
    key = public_key(role["AWS_ACCESS_KEY_ID"], role["AWS_SECRET_ACCESS_KEY"])
    try:
        key.verify(bytes.fromhex(proof.signature), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
