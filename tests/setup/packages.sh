#!/bin/sh
# packages.sh GROUP: installs those Debian packages of a group that are not there yet.
# The Makefile runs it once per group and again when this file changes. Asks nothing of the
# package manager when all is there. Elsewhere than on Debian the packages are taken for granted.
set -eu

case $1 in
build) needs="gcc libc6-dev pkg-config libuv1-dev libssl-dev libcjson-dev ca-certificates python3 python3-pip" ;;
python) needs="python3 python3-venv ca-certificates" ;;
test) needs="libcmocka-dev curl openssl espeak-ng sox opus-tools" ;;
demo) needs="curl" ;;
examples) needs="busybox curl dash shellcheck" ;;
clients) needs="curl rclone s3cmd openjdk-17-jdk-headless maven" ;;
browser) needs="chromium fonts-dejavu-core" ;;
lint) needs="clang clang-tidy clang-format cppcheck python3" ;;
fuzz) needs="clang libclang-rt-dev" ;;
bench) needs="nginx haproxy wrk curl" ;;
layer) needs="gcc musl-tools linux-libc-dev gcc-aarch64-linux-gnu musl-dev:arm64 linux-libc-dev-arm64-cross make perl patch xz-utils python3" ;;
layer-test) needs="binutils binutils-aarch64-linux-gnu qemu-user-static strace unzip gcc libc6-dev" ;;
*) echo "packages.sh: no group '$1'" >&2 && exit 2 ;;
esac

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "No apt-get here; these (as Debian calls them) must be installed already: $needs" >&2
    exit 0
fi

# One at a time: make -j may ask for two groups at once.
mkdir -p build/setup
exec 9>build/setup/lock
flock 9

missing=
for package in $needs; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" != 0 ]; then
    root="sudo"
    command -v sudo >/dev/null || { echo "Please install as root:$missing" >&2 && exit 1; }
fi

# A package may bring a service (nginx does): the policy file is Debian's own way not to start it.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap '$root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
    $root chmod 755 $policy
fi

# Another architecture's packages are found once apt has heard of it.
case "$missing " in *:arm64\ *) $root dpkg --add-architecture arm64 ;; esac

printf '  %-6s%s\n' APT "$missing"
log=build/setup/$1.log
{
    $root apt-get update -q &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
} >"$log" 2>&1 9>&- || { cat "$log" >&2 && exit 1; }
