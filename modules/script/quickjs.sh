#!/bin/sh
# Put the source of QuickJS, patched, into TARGET: quickjs.sh CACHE TARGET.
#
# It is the upstream archive of Debian 13's source package. It is taken from the mirrors that
# this machine's apt uses, by apt's own downloader, which knows its proxies and certificates,
# and which checks the sum below: the one that the signed description of the package
# (quickjs_2025.04.26-1.dsc) has. So it needs no index of Debian 13 and changes nothing of
# the machine's apt. An archive in CACHE is used without asking anybody.
set -eu

cache=$1
target=$2
archive=quickjs_2025.04.26.orig.tar.xz
sum=ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe
pool=pool/main/q/quickjs
patch=$(dirname "$0")/quickjs.patch
helper=/usr/lib/apt/apt-helper

# The last one keeps what Debian 13 may have replaced one day.
mirrors() {
    {
        apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep '/debian/*$' || true
        echo http://deb.debian.org/debian/
        echo http://snapshot.debian.org/archive/debian/20250601T000000Z/
    } | sed 's|/*$|/|' | awk '!seen[$0]++'
}

is_right() {
    [ -f "$1" ] && echo "$sum  $1" | sha256sum --check --status
}

fetch() {
    for mirror in $(mirrors); do
        echo "fetching $mirror$pool/$archive"
        if "$helper" -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=30 \
            download-file "$mirror$pool/$archive" "$1" "SHA256:$sum" >"$1.log" 2>&1 && is_right "$1"; then
            return 0
        fi
        sed 's/^/    /' "$1.log" >&2
        rm -f "$1"
    done
    echo "cannot fetch QuickJS: put $archive (sha256 $sum) into $cache and run make again" >&2
    return 1
}

mkdir -p "$cache"
work=$(mktemp -d "$cache/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT

if ! is_right "$cache/$archive"; then
    fetch "$work/$archive"
    mv "$work/$archive" "$cache/$archive"
fi
mkdir "$work/source"
tar -xJf "$cache/$archive" -C "$work/source" --strip-components=1 --touch
patch -d "$work/source" -p1 -F0 -s <"$patch"

# Another make may have been faster; what it made is the same.
if [ ! -d "$target" ] || [ ! -f "$target/quickjs.c" ]; then
    rm -rf "$target"
    mv -T "$work/source" "$target" 2>/dev/null || [ -f "$target/quickjs.c" ]
fi
touch "$target"/quickjs.[ch]
