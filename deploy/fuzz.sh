#!/usr/bin/env bash
# Runs every fuzz function for FUZZTIME, package by package. A run that finds no
# fuzz function at all fails: it would otherwise pass for ever after a rename.
set -euo pipefail
cd "$(dirname "$0")/.."
fuzztime=${FUZZTIME:-3s}
found=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for folder in $(git ls-files '*_test.go' | xargs grep -lE '^func Fuzz' | xargs -n1 dirname | sort -u); do
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$folder"/*_test.go | sed 's/^func //' | sort); do
    found=$((found + 1))
    printf '%s %s: ' "$folder" "$target"
    go test -run '^$' -fuzz "^${target}\$" -fuzztime "$fuzztime" -fuzzminimizetime 5x -parallel 2 "./$folder" >"$log" 2>&1 || { cat "$log"; exit 1; }
    tail -n 1 "$log"
  done
done
[ "$found" -gt 0 ] || { echo 'fuzz: found no fuzz function' >&2; exit 1; }
echo "$found fuzz functions ran for $fuzztime each"
