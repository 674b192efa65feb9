#!/usr/bin/env python3
"""openssl_trim.py SOURCE: takes out of OpenSSL's tables what neither a TLS client nor the signer asks for.

What no table names, the linker drops; and what is not there need not be set up at the first handshake. Configure's own
options cannot do it: they know no cipher modes, no key formats and none of the default provider's rarer functions.
In: a copy of OpenSSL's source, which is changed. A table without any of the rows that are to stay is an error.
"""

import re
import sys
from pathlib import Path

# Of the default provider: PROV_NAMES_x in each table. ECB and CTR are the random generator's; HMAC as a kind of key
# is what a session is resumed with.
PROVIDER = {
    "digests": "SHA1 SHA2_224 SHA2_256 SHA2_384 SHA2_512 MD5 MD5_SHA1",
    "ciphers": "AES_256_ECB AES_128_ECB AES_256_CTR AES_128_CTR AES_256_GCM AES_128_GCM ChaCha20 ChaCha20_Poly1305",
    "macs": "HMAC",
    "kdfs": "HKDF TLS1_3_KDF TLS1_PRF",
    "keyexch": "ECDH X25519",
    "rands": "CTR_DRBG SEED_SRC",
    "signature": "RSA ED25519 ECDSA HMAC",
    "asym_cipher": "",
    "asym_kem": "",
    "keymgmt": "RSA RSA_PSS EC X25519 ED25519 HMAC",
}
ROW = re.compile(r"^    (?:\{ |ALGC?\()PROV_NAMES_(\w+),[^;{]*?[)}],\n", re.MULTILINE)
# Keys come out of certificates and, as the signer's, out of numbers; none is ever written.
DECODERS = {("EC", "SubjectPublicKeyInfo"), ("RSA", "SubjectPublicKeyInfo"), ("RSA-PSS", "SubjectPublicKeyInfo"),
            ("ED25519", "SubjectPublicKeyInfo"), ("X25519", "SubjectPublicKeyInfo"), ("DER", "SubjectPublicKeyInfo"),
            ("EC", "PrivateKeyInfo"), ("RSA", "PrivateKeyInfo")}
DECODER = re.compile(r'^DECODER(?:_w_structure)?\("([\w-]+)", der, (\w+),.*\),\n|^DECODER\(.*\),\n', re.MULTILINE)
STORE = re.compile(r"^STORE\(.*\)\n", re.MULTILINE)
ENCODER = re.compile(r"^ENCODER\w*\([^)]*\),\n", re.MULTILINE)
# The older interface's tables, by which names are known.
CIPHERS = {"aes_128_gcm", "aes_256_gcm", "aes_128_ecb", "aes_256_ecb", "aes_128_ctr", "aes_256_ctr", "chacha20",
           "chacha20_poly1305"}
DIGESTS = {"md5", "md5_sha1", "sha1", "sha224", "sha256", "sha384", "sha512"}
NAMED = re.compile(r"^ +EVP_add_(?:cipher|digest)\(EVP_(\w+)\(\)\);\n", re.MULTILINE)
# Half of the names of objects: SET, S/MIME, CMP, CMC, WAP, curves over GF(2^m), GOST, ciphers that are not built.
OBJECT = re.compile(r'^    \{(?:"[^"]*", "[^"]*", |NULL, NULL, )NID_(\w+)(?:, \d+, &so\[\d+\])?\},\n|'
                    r"^    \{ NULL, NULL, NID_(undef) \},\n", re.MULTILINE)
ABSENT = "    { NULL, NULL, NID_undef },\n"
STRANGE = re.compile(r"(set(ct|ext|Attr|Cext|_)|id_(set|smime|it|reg|cmc|cct|alg|aca|tc26|Gost\w*|mod|pkix1)_|wap_wsg|"
                     r"c2[a-z]nb|X9_62_c2|sect\d|dstu|uacurve|ms_|ipsec|joint|blake2|siphash|magma|kuznyechik|"
                     r"(camellia|aria|seed|sm4|bf|cast5|rc2|rc5|idea|des|desx)_(?!.*(cbc|gcm|ccm)$))")
INDEX = re.compile(r"^ +(\d+), +/\* .* \*/\n", re.MULTILINE)
TABLE = re.compile(r"#define (NUM_(?:SN|LN|OBJ)) \d+\n(static const unsigned int \w+\[\w+\] = \{\n)(.*?)(?=^\};)",
                   re.MULTILINE | re.DOTALL)
# X448 and Ed448 are in no table any more; the code of their smaller kin still names them.
CURVE448 = """#include "crypto/ecx.h"

int ossl_ed448_public_from_private(OSSL_LIB_CTX *ctx, uint8_t out[57], const uint8_t key[57], const char *propq)
{
    return 0;
}

int ossl_ed448_sign(OSSL_LIB_CTX *ctx, uint8_t *out, const uint8_t *message, size_t bytes, const uint8_t public[57],
    const uint8_t private[57], const uint8_t *context, size_t context_bytes, const char *propq)
{
    return 0;
}

int ossl_ed448_verify(OSSL_LIB_CTX *ctx, const uint8_t *message, size_t bytes, const uint8_t signature[114],
    const uint8_t public[57], const uint8_t *context, size_t context_bytes, const char *propq)
{
    return 0;
}

int ossl_x448(uint8_t out[56], const uint8_t private[56], const uint8_t public[56])
{
    return 0;
}

void ossl_x448_public_from_private(uint8_t out[56], const uint8_t private[56])
{
    OPENSSL_cleanse(out, 56);
}
"""
CURVE448_REST = ("eddsa.c", "scalar.c", "f_generic.c", "curve448_tables.c", "arch_64/f_impl64.c")


def edit(path, row, stays):
    """Drops every row of a file for whose match stays() is false."""
    text = path.read_text(encoding="utf-8")
    kept = [bool(stays(match)) for match in row.finditer(text)]
    if not kept:
        sys.exit(f"openssl_trim.py: {path} has no rows of the expected form")
    path.write_text(row.sub(lambda match: match[0] if stays(match) else "", text), encoding="utf-8")
    return sum(kept)


def trim_provider(path):
    text = path.read_text(encoding="utf-8")
    for table, names in PROVIDER.items():
        wanted = set(names.split())
        begin = text.index(f" deflt_{table}[] = {{\n")
        end = text.index("\n};\n", begin)
        rows = text[begin:end]
        missing = wanted - set(ROW.findall(rows))
        if missing:
            sys.exit(f"openssl_trim.py: {path} has no {', '.join(sorted(missing))} in deflt_{table}")
        text = text[:begin] + ROW.sub(lambda match: match[0] if match[1] in wanted else "", rows) + text[end:]
    path.write_text(text, encoding="utf-8")


def trim_objects(path):
    """An object's number is its place in the table, so what goes leaves a gap, as OpenSSL's own gaps are."""
    text = path.read_text(encoding="utf-8")
    names = [match[1] or match[2] for match in OBJECT.finditer(text)]
    gone = {str(number) for number, name in enumerate(names) if STRANGE.match(name)}
    if len(names) != int(re.search(r"#define NUM_NID (\d+)", text)[1]) or len(gone) < 300:
        sys.exit(f"openssl_trim.py: {path} is not as expected: {len(names)} objects, {len(gone)} to go")

    def shorten(table):
        kept = [match[0] for match in INDEX.finditer(table[3]) if match[1] not in gone]
        return f"#define {table[1]} {len(kept)}\n{table[2]}{''.join(kept)}"
    text = OBJECT.sub(lambda match: ABSENT if STRANGE.match(match[1] or match[2]) else match[0], text)
    path.write_text(TABLE.sub(shorten, text), encoding="utf-8")


def trim_curve448(folder):
    (folder / "curve448.c").write_text(CURVE448, encoding="utf-8")
    for name in CURVE448_REST:
        (folder / name).write_text("extern int nothing;\n", encoding="utf-8")


def main():
    source = Path(sys.argv[1])
    trim_provider(source / "providers" / "defltprov.c")
    trim_curve448(source / "crypto" / "ec" / "curve448")
    trim_objects(source / "crypto" / "objects" / "obj_dat.h")
    edit(source / "providers" / "encoders.inc", ENCODER, lambda match: False)
    edit(source / "providers" / "stores.inc", STORE, lambda match: False)
    counts = [edit(source / "providers" / "decoders.inc", DECODER, lambda match: match.groups() in DECODERS),
              edit(source / "crypto" / "evp" / "c_allc.c", NAMED, lambda match: match[1] in CIPHERS),
              edit(source / "crypto" / "evp" / "c_alld.c", NAMED, lambda match: match[1] in DIGESTS)]
    if counts != [len(DECODERS), len(CIPHERS), len(DIGESTS)]:
        sys.exit(f"openssl_trim.py: {counts} rows stayed, not all that should")


if __name__ == "__main__":
    main()
