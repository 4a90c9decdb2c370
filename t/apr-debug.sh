#!/bin/sh
# APR whose pools take each allocation from malloc and give it back when they are cleared:
# t/apr-debug.sh CACHE TARGET makes TARGET/libapr-1.so.0. With the ordinary APR a sanitizer
# sees large blocks only: whoever writes behind an allocation, or reads one whose pool is
# gone, stays within a block; and what only a pool refers to looks lost, as Debian's pools lie
# in memory that is mapped.
#
# It is upstream's archive in Debian 12's source package, by apt's own downloader, with the
# sum of the package's signed description. The library takes the place of any APR 1.7.
set -eu

cache=$1
target=$2
archive=apr_1.7.2.orig.tar.bz2
sum=75e77cc86776c030c0a5c408dfbd0bf2a0b75eed5351e52d5439fa1e5509a43e
helper=/usr/lib/apt/apt-helper

is_right() {
    [ -f "$1" ] && echo "$sum  $1" | sha256sum --check --status
}

mkdir -p "$cache" "$target"
cache=$(cd "$cache" && pwd)
target=$(cd "$target" && pwd)
work=$(mktemp -d "$cache/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! is_right "$cache/$archive"; then
    for mirror in http://deb.debian.org/debian http://snapshot.debian.org/archive/debian/20250601T000000Z; do
        "$helper" -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
            download-file "$mirror/pool/main/a/apr/$archive" "$work/$archive" "SHA256:$sum" >"$work/log" 2>&1 && break
        sed 's/^/    /' "$work/log" >&2
    done
    is_right "$work/$archive" || {
        echo "cannot fetch APR: put $archive (sha256 $sum) into $cache and run make again" >&2
        exit 1
    }
    mv "$work/$archive" "$cache/$archive"
fi

echo compiling APR with pools that can be looked into
mkdir "$work/source"
tar -xjf "$cache/$archive" -C "$work/source" --strip-components=1
cd "$work/source"
{
    ./configure --enable-pool-debug=yes --enable-nonportable-atomics --disable-static \
        CFLAGS="-O1 -g -fno-omit-frame-pointer" && make -s
} >"$work/log" 2>&1 || {
    tail -20 "$work/log" >&2
    exit 1
}
cp .libs/libapr-1.so.0 "$target/.new.$$"
mv -f "$target/.new.$$" "$target/libapr-1.so.0"
