#!/usr/bin/env bash
# `make run-vault`: the demonstration of `make run`, with the long-lived keys in a
# real Vault. Both stop together; both find their data again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$here/../..
export KAPOK_VAULT_DIR=${KAPOK_VAULT_DIR:-$project/var/vault}

"$here/start.sh" &
starting=$!
trap 'kill "$starting" 2>/dev/null || true; wait "$starting" || true' EXIT
trap 'exit 0' INT TERM

rm -f "$KAPOK_VAULT_DIR/ready"
until [ -f "$KAPOK_VAULT_DIR/ready" ]; do
  kill -0 "$starting" 2>/dev/null || exit 1
  sleep 0.2
done

cd "$project"
bin/kapok dev --data var/dev-vault --vault "$KAPOK_VAULT_DIR" \
  --sandbox bin/kapok-sandbox --verify bin/kapok-verify --demo
