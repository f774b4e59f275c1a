#!/usr/bin/env bash
# `make run-vault`: the demonstration of `make run`, with the long-lived keys in a
# real Vault. Both stop together; both find their data again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$here/../..
export KAPOK_VAULT_DIR=${KAPOK_VAULT_DIR:-$project/var/vault}

"$here/start.sh" &
vault=$!
kapok=
# Kapok first, while Vault is still there.
stop() {
  [ -z "$kapok" ] || { kill "$kapok" 2>/dev/null || true; wait "$kapok" || true; }
  kill "$vault" 2>/dev/null || true
  wait "$vault" || true
}
trap stop EXIT
trap 'exit 0' INT TERM

rm -f "$KAPOK_VAULT_DIR/ready"
until [ -f "$KAPOK_VAULT_DIR/ready" ]; do
  kill -0 "$vault" 2>/dev/null || exit 1
  sleep 0.2
done

# What the sandbox's national platform expects of its callers; a real key is stored
# by hand, see README.md.
VAULT_ADDR=$(cat "$KAPOK_VAULT_DIR/address") VAULT_TOKEN=$(cat "$KAPOK_VAULT_DIR/root-token") \
  "$("$here/build.sh")" kv put -mount=kapok connectors/national-platform-app-key value=sandbox-app-key-440106 >/dev/null
  "$("$here/build.sh")" kv put -mount=kapok connectors/disability-api-key value=sandbox-bureau-key-440106 >/dev/null

# A data folder of its own: other keys than those of `make run`.
cd "$project"
bin/kapok dev --data var/dev-vault --keys vault --vault-address "$(cat "$KAPOK_VAULT_DIR/address")" \
  --vault-role-id "$KAPOK_VAULT_DIR/role-id" --vault-secret-id "$KAPOK_VAULT_DIR/secret-id" \
  --sandbox bin/kapok-sandbox --verify bin/kapok-verify --demo "$@" &
kapok=$!
wait "$kapok"
