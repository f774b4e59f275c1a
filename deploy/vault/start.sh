#!/usr/bin/env bash
# Starts a real Vault for trials and tests, with Kapok's engine, and stays until it
# is stopped. Its data stay in the folder and are found again. For trials only: one
# unseal key, which lies beside the data, and no TLS.
#
#   KAPOK_VAULT_DIR    where it lives          (default var/vault in the project)
#   KAPOK_VAULT_PORT   on which port of 127.0.0.1 it listens, and on the next
#                      one for itself          (default 8200)
#
#   KAPOK_VAULT_STDIN  1: also stop when standard input ends, so that it does not
#                      outlive who started it
#
# In the folder: address, role-id and secret-id for Kapok, root-token for a look around.
# A file "ready" appears when Vault is ready.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${KAPOK_VAULT_DIR:-$here/../../var/vault}
port=${KAPOK_VAULT_PORT:-8200}

umask 077
mkdir -p "$dir/data" "$dir/plugins"
dir=$(cd "$dir" && pwd)
rm -f "$dir/ready"

if [ "${KAPOK_VAULT_STDIN:-}" = 1 ]; then
  exec 3<&0
  (cat <&3 >/dev/null; kill -TERM $$) &
fi

VAULT=$("$here/build.sh")
(cd "$here/../.." && go build -trimpath -o "$dir/plugins/new" ./cmd/vault-plugin-gm)
PLUGIN=$dir/plugins/vault-plugin-gm-$(openssl dgst -sha256 -r "$dir/plugins/new" | cut -c1-12)
mv "$dir/plugins/new" "$PLUGIN"
export VAULT PLUGIN VAULT_ADDR=http://127.0.0.1:$port

cat > "$dir/vault.hcl" <<CONFIG
storage "raft" {
  path    = "$dir/data"
  node_id = "trial"
}
listener "tcp" {
  address     = "127.0.0.1:$port"
  tls_disable = true
}
api_addr         = "$VAULT_ADDR"
cluster_addr     = "http://127.0.0.1:$((port + 1))"
plugin_directory = "$dir/plugins"
disable_mlock    = true
CONFIG

"$VAULT" server -config="$dir/vault.hcl" >"$dir/vault.log" 2>&1 &
server=$!
trap 'rm -f "$dir/ready"; kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT
trap 'exit 0' INT TERM

answers() { # status: 0 unsealed, 2 sealed, anything else: not yet there
  local status=0
  "$VAULT" status >/dev/null 2>&1 || status=$?
  [ "$status" = 0 ] || [ "$status" = 2 ]
}
for _ in $(seq 300); do
  answers && break
  kill -0 "$server" 2>/dev/null || { tail -5 "$dir/vault.log" >&2; exit 1; }
  sleep 0.1
done

if [ ! -s "$dir/init" ]; then
  "$VAULT" operator init -key-shares=1 -key-threshold=1 >"$dir/init"
fi
"$VAULT" operator unseal "$(awk '/^Unseal Key 1:/ {print $4}' "$dir/init")" >/dev/null
awk '/^Initial Root Token:/ {print $4}' "$dir/init" >"$dir/root-token"
VAULT_TOKEN=$(cat "$dir/root-token")
export VAULT_TOKEN

# An unsealed Vault takes a moment to become active.
for _ in $(seq 100); do
  "$VAULT" read sys/mounts >/dev/null 2>&1 && break
  sleep 0.1
done

# The seals of the example catalogue, of the node's annotated copies, and of who makes seals.
SEALS=${SEALS:-seal-maker=电子印章制作 annotated-copies=电子证照加注件专用章 tianhe-minzheng-seal=广州市天河区民政局} "$here/provision.sh"
find "$dir/plugins" -type f ! -path "$PLUGIN" -delete # earlier builds, now that none is registered
"$VAULT" read -field=role_id auth/approle/role/kapok-gateway/role-id >"$dir/role-id"
"$VAULT" write -f -field=secret_id auth/approle/role/kapok-gateway/secret-id >"$dir/secret-id"

echo "$VAULT_ADDR" >"$dir/address"

touch "$dir/ready"
echo "Vault is ready at $VAULT_ADDR; its files are in $dir (for trials only)"
wait "$server"
