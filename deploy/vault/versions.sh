#!/usr/bin/env bash
# Makes and destroys versions of Kapok's wrapping and look-up keys. It needs
# VAULT_ADDR and the VAULT_TOKEN of a key officer (policy kapok-key-officer), who
# never sees a key: transit makes it and shows it wrapped.
#
#   versions.sh list    wrapping|lookup
#   versions.sh rotate  wrapping|lookup            a new version, in force within a minute
#   versions.sh destroy wrapping|lookup VERSION    an older version, for good
#
# Destroying a wrapping key erases what only it wraps, but for Vault's own backups;
# rewrap first what is to stay.
set -euo pipefail

vault=${VAULT:-vault}
command=${1:?list, rotate or destroy} name=${2:?wrapping or lookup}
case $name in
  wrapping) bits=128 ;; # SM4
  lookup)   bits=256 ;; # HMAC-SM3
  *) echo "versions.sh: wrapping or lookup" >&2; exit 2 ;;
esac

entry=$("$vault" read -format=json "kapok/data/keys/$name")
versions=$(sed -nE 's/^ *"([0-9]+)": "(vault:[^"]+)",?$/\1=\2/p' <<<"$entry" | sort -n)
written=$(sed -nE 's/^ *"version": ([0-9]+),?$/\1/p' <<<"$entry")
newest=$(tail -n1 <<<"$versions" | cut -d= -f1)
[ -n "$newest" ] && [ -n "$written" ] || { echo "versions.sh: keys/$name cannot be read" >&2; exit 1; }

# -cas: when another officer was quicker, this fails and changes nothing.
put() { "$vault" kv put -cas="$written" -mount=kapok "keys/$name" "$@" >/dev/null; }

case $command in
  list)
    cut -d= -f1 <<<"$versions"
    ;;
  rotate)
    wrapped=$("$vault" write -field=ciphertext transit/datakey/wrapped/kapok bits="$bits")
    put $versions "$((newest + 1))=$wrapped"
    echo "$name: version $((newest + 1)) is in force"
    ;;
  destroy)
    version=${3:?which version}
    [ "$version" != "$newest" ] || { echo "versions.sh: version $version is in force" >&2; exit 1; }
    grep -q "^$version=" <<<"$versions" || { echo "versions.sh: there is no version $version" >&2; exit 1; }
    put $(grep -v "^$version=" <<<"$versions")
    # KV keeps what was overwritten: every earlier version of the entry goes too.
    "$vault" kv destroy -mount=kapok -versions="$(seq -s, 1 "$written")" "keys/$name" >/dev/null
    echo "$name: version $version is destroyed"
    ;;
  *) echo "versions.sh: list, rotate or destroy" >&2; exit 2 ;;
esac
