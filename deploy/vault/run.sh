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

# What the sandbox's sources expect of their callers; a real key is stored by hand, see
# README.md.
export VAULT_ADDR VAULT_TOKEN
VAULT_ADDR=$(cat "$KAPOK_VAULT_DIR/address")
VAULT_TOKEN=$(cat "$KAPOK_VAULT_DIR/root-token")
program=$("$here/build.sh")
while read -r name value; do
  "$program" kv put -mount=kapok "connectors/$name" value="$value" >/dev/null
done <<'SECRETS'
national-platform-app-key sandbox-app-key-440106
disability-api-key sandbox-bureau-key-440106
tif-token-thrs-ywt sandbox-tif-token-440106
licence-app-secret-thrs-zhck sandbox-licence-app-secret-440106
licence-app-password-thrs-zhck sandbox-licence-app-password-440106
share-token-thrs sandbox-share-token-thrs
province-share-token sandbox-share-token-440106
province-share-key 4c1fe73923bc113accaa8c97ac78f6c395cee0e89652ec5356c9d5c2ab4e640c
province-licence-secret sandbox-licence-secret-440106
province-licence-password sandbox-licence-password-440106
SECRETS
unset VAULT_ADDR VAULT_TOKEN # Kapok signs in by its role

# A data folder of its own: other keys than those of `make run`.
cd "$project"
bin/kapok dev --data var/dev-vault --keys vault --vault-address "$(cat "$KAPOK_VAULT_DIR/address")" \
  --vault-role-id "$KAPOK_VAULT_DIR/role-id" --vault-secret-id "$KAPOK_VAULT_DIR/secret-id" \
  --sandbox bin/kapok-sandbox --verify bin/kapok-verify --demo "$@" &
kapok=$!
wait "$kapok"
