#!/usr/bin/env bash
# Everything that must pass. Each step says how long it took; the first that fails
# ends the run.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
  local name=$1 began=$SECONDS
  shift
  printf '== %s\n' "$name"
  "$@"
  printf '== %s: %ss\n' "$name" "$((SECONDS - began))"
}

formatted() {
  local files
  files=$(gofmt -l $(git ls-files '*.go'))
  [ -z "$files" ] || { printf 'gofmt would change:\n%s\n' "$files" >&2; return 1; }
}

# Packages in which goroutines share state: they run again under the race detector.
concurrent=(./crypto/sm ./crypto/keys ./gateway/ledger ./gateway/exchange ./gateway/postgres ./gateway/httpapi ./connectors/...)

# Where Chromium can be had, the journeys through the pages must pass (deploy/setup.sh test).
journeys=$(command -v chromium chromium-browser google-chrome | head -1 | sed "s/.\+/1/" || true)

step 'formatting' formatted
step 'building'   go build ./...
step 'vet'        go vet ./...
step 'real Vault' deploy/vault/build.sh
step 'pages'      npm --prefix gateway/web test --silent
step 'tests'      env KAPOK_JOURNEYS="$journeys" go test -timeout 30m ./...
step 'race'       go test -race -timeout 20m "${concurrent[@]}"
step 'soak'       env KAPOK_SOAK=20000 go test -run '^TestSoak' -count=1 ./crypto/sm
# Counted, not timed: at the end of a timed run the go command may report its own
# deadline as a failure.
step 'fuzz'       env FUZZTIME="${FUZZTIME:-4000x}" deploy/fuzz.sh
