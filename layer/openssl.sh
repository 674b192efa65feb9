#!/bin/sh
# openssl.sh ARCHITECTURE SOURCE TOOLCHAIN DIRECTORY: libssl.a, libcrypto.a and include/ for ARCHITECTURE into DIRECTORY.
# Only what a TLS 1.2 and 1.3 client and a signer use is built; the assembler and its choice by the
# processor's features at run time stay. CFLAGS are the caller's. (openssl_trim.py takes out what no option does.)
set -eu

case $1 in
x86_64) target=linux-x86_64 ;;
arm64) target=linux-aarch64 ;;
*) echo "openssl.sh: no architecture '$1'" >&2 && exit 2 ;;
esac
PATH=$(cd "$3" && pwd):$PATH

# What is not built, by kind: ways to load code, protocols, formats, algorithms, the rest.
without="shared pic module dso engine dynamic-engine legacy autoload-config
    ssl3 ssl3-method tls1 tls1-method tls1_1 tls1_1-method dtls srp psk srtp
    nextprotoneg ktls comp dgram sock
    cmp cms ct ocsp rfc3779 ts
    aria bf blake2 camellia cast des dh dsa ec2m gost idea md2 md4 mdc2 ocb rc2 rc4 rc5 rmd160
    scrypt seed siphash siv sm2 sm3 sm4 whirlpool multiblock
    tests async filenames posix-io ssl-trace trace ui-console secure-memory egd afalgeng"

rm -rf "$4"
mkdir -p "$4"
cp -R "$2" "$4/build"
python3 layer/openssl_trim.py "$4/build"
cd "$4/build"

# Arithmetic, ciphers, hashes and records are made fast; what runs once for a connection, or never, is made small.
cat >cc <<'TEXT'
#!/bin/sh
for source; do :; done
case $source in
crypto/aes/* | crypto/bn/* | crypto/buffer/* | crypto/chacha/* | crypto/ec/* | crypto/evp/* | crypto/hmac/* | \
    crypto/lhash/* | crypto/mem.c | crypto/modes/* | crypto/poly1305/* | crypto/rsa/* | crypto/sha/* | \
    crypto/threads_pthread.c | providers/implementations/ciphers/* | providers/implementations/digests/* | \
    providers/implementations/macs/* | ssl/record/*) exec musl-cc "$@" ;;
*) exec musl-cc "$@" -Os ;;
esac
TEXT
chmod 755 cc
{
    # shellcheck disable=SC2046,SC2086
    ./Configure $target --prefix=/nonexistent --openssldir=/nonexistent --libdir=lib \
        CC=./cc AR=ar RANLIB=ranlib CFLAGS="$CFLAGS" \
        $(printf 'no-%s ' $without) &&
        make build_generated &&
        make libssl.a libcrypto.a
} >../log 2>&1 || { tail -n 40 ../log >&2 && exit 1; }
mv libssl.a libcrypto.a ..
mkdir ../include
mv include/openssl ../include/
cd .. && rm -rf build
