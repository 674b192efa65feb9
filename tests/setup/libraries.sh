#!/bin/sh
# libraries.sh: prints where the C libraries are, as variables for the Makefile:
# LIBRARY_CFLAGS, LIBRARIES, LLHTTP_SOURCES (empty where the system has a recent llhttp).
# Otherwise llhttp's C sources come, pinned by hash, from the Python package that carries them.
set -eu

VERSION=9.3.0.0
SHA256=0d989363e7fb6f270b9d49956e7a3945c26778f8c70a166815264309ac6a8295
libraries="libuv openssl libcjson"
directory=build/deps/llhttp

download() {
    rm -rf $directory && mkdir -p $directory
    printf 'llhttp==%s --hash=sha256:%s\n' $VERSION $SHA256 >$directory/requirement.txt
    python3 -m pip download --quiet --disable-pip-version-check --require-hashes \
        --no-deps --no-binary :all: --dest $directory --requirement $directory/requirement.txt >&2
    tar -xzf $directory/llhttp-$VERSION.tar.gz -C $directory --strip-components=2 \
        --wildcards '*/lib/*.[ch]'
}

if pkg-config --atleast-version=9 libllhttp; then
    libraries="$libraries libllhttp"
    sources=
    include=
else
    download
    sources="$directory/api.c $directory/http.c $directory/llhttp.c"
    include="-isystem $directory"
fi

# -isystem: their headers are not ours to warn about.
cat <<TEXT
LIBRARY_CFLAGS := $(pkg-config --cflags $libraries | sed 's/-I */-isystem /g') $include
LIBRARIES := $(pkg-config --libs $libraries)
LLHTTP_SOURCES := $sources
TEXT
