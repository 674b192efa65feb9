#!/bin/sh
# sources.sh DIRECTORY: the libraries' sources for the static build, from the distribution's own source packages.
# Into DIRECTORY: openssl/, libuv/ and cjson/, unpacked and with Debian's patches applied, and `packages`, a line
# "name|version|file|sha256|patches" for each tarball, from which the bill of materials is made.
# apt checks every signature and hash. Its configuration stays as it is: the list of source packages, derived from
# the machine's own mirror, and all that apt writes are in DIRECTORY. A mirror that does not have a package's
# patches does not stop the build: the upstream release alone is built then, and `packages` says so.
set -eu

directory=$1
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
rm -rf "$directory"
mkdir -p "$directory/apt/lists/partial" "$directory/apt/cache/archives/partial" "$directory/apt/files"
directory=$(cd "$directory" && pwd)

# Where this machine's binary packages come from, their sources do too. The release first, then its updates: of equal
# versions apt takes the first.
list_mirrors() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(CREATED_BY) $(ORIGIN) $(COMPONENT) $(REPO_URI) $(RELEASE)' |
        sed -n 's/^Packages Debian main //p' | sort -u -k 2
}

root=
[ "$(id -u)" = 0 ] || root=sudo
mirrors=$(list_mirrors)
if [ -z "$mirrors" ]; then
    $root apt-get -q update >&2
    mirrors=$(list_mirrors)
fi
[ -n "$mirrors" ] || { echo "sources.sh: apt knows no mirror of Debian" >&2 && exit 1; }
signed=
[ ! -e $keyring ] || signed="[signed-by=$keyring]"
echo "$mirrors" | sed "s|.*|deb-src $signed & main|" >"$directory/apt/sources.list"

# APT::Sandbox::User: its usual user may not write here.
fetch() {
    apt-get -q -o Dir::Etc::sourcelist="$directory/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$directory/apt/lists" -o Dir::Cache="$directory/apt/cache" \
        -o APT::Sandbox::User=root -o APT::Get::Only-Source=true "$@"
}

# Debian's own patches, in the order of their list.
patch_source() {
    tar -xJOf "$1" debian/patches/series | sed 's/[[:space:]]*#.*//; /^$/d' >"$directory/apt/series"
    while read -r name _; do
        tar -xJOf "$1" "debian/patches/$name" | patch --quiet --strip=1 --directory="$2"
    done <"$directory/apt/series"
}

# unpack NAME PACKAGE
unpack() {
    mkdir "$directory/apt/files/$1" "$directory/$1"
    cd "$directory/apt/files/$1"
    version=$(fetch source --print-uris "$2" | sed -n "s/^.* $2_\(.*\)\.dsc .*$/\1/p")
    patches=applied
    fetch source --download-only "$2" >log 2>&1 || {
        patches=unavailable
        fetch source --download-only --tar-only "$2" >>log 2>&1
    } || { cat log >&2 && exit 1; }
    tarball=$(echo "$2"_*.orig.tar.*z)
    tar -xf "$tarball" -C "$directory/$1" --strip-components=1
    if [ $patches = applied ]; then
        patch_source "$2"_*.debian.tar.xz "$directory/$1"
    else
        echo "         The mirror has no Debian patches for $2 $version: its upstream release is built." >&2
    fi
    printf '%s|%s|%s|%s|%s\n' "$1" "$version" "$tarball" "$(sha256sum "$tarball" | cut -d ' ' -f 1)" $patches \
        >>"$directory/packages"
}

fetch update >"$directory/apt/log" 2>&1 || { cat "$directory/apt/log" >&2 && exit 1; }
unpack openssl openssl
unpack libuv libuv1
unpack cjson cjson
rm -rf "$directory/apt"
