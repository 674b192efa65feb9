#!/bin/sh
# inputs.sh ARCHITECTURE FLAGS: prints all that a build of the libraries depends on, for make to see whether it changed.
set -eu

case $1 in
x86_64) compiler=x86_64-linux-gnu-gcc musl=musl-dev:amd64 kernel=linux-libc-dev:amd64 ;;
arm64) compiler=aarch64-linux-gnu-gcc musl=musl-dev:arm64 kernel=linux-libc-dev-arm64-cross:all ;;
*) echo "inputs.sh: no architecture '$1'" >&2 && exit 2 ;;
esac

echo "flags: $2"
$compiler --version | head -n 1
dpkg-query -W "$musl" "$kernel"
cat build/layer/deps/sources/packages
sha256sum layer/toolchain.sh layer/openssl.sh layer/openssl_trim.py layer/inputs.sh
