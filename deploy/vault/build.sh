#!/bin/sh
# Builds Vault 1.21.0 from the Go module proxy, once: about six minutes and
# 140 MB. The binary is kept in the user's cache, so another clone finds it.
# Vault is under BUSL-1.1: a tool for tests and trials here, never shipped.
#
# Prints the binary's path. KAPOK_VAULT names another binary and skips the build.
set -eu

version=1.21.0

if [ -n "${KAPOK_VAULT:-}" ]; then
    echo "$KAPOK_VAULT"
    exit 0
fi

folder=${XDG_CACHE_HOME:-$HOME/.cache}/kapok/vault-$version
binary=$folder/vault
if [ -x "$binary" ]; then
    echo "$binary"
    exit 0
fi

mkdir -p "$folder"
cd "$(dirname "$0")"
echo "building Vault $version into $folder (about six minutes, once)" >&2

# The name ends in the process id, and a rename puts the binary in its place:
# two builds at once cost time and harm nothing, a broken one leaves nothing.
partial=$folder/vault.$$
trap 'rm -f "$partial"' EXIT
nice -n 10 go build -tags minimal -trimpath -ldflags '-s -w' -o "$partial" github.com/hashicorp/vault >&2
mv "$partial" "$binary"
echo "$binary"
