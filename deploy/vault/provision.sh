#!/usr/bin/env bash
# Prepares a running, unsealed Vault for Kapok. Safe to run again: what is there
# stays as it is. It needs VAULT_ADDR and VAULT_TOKEN of an administrator, and the
# plugin's binary in Vault's plugin_directory.
#
#   PLUGIN       path of the plugin's binary, to tell Vault its name and checksum
#   AUTHORITY    common name of the district's root         (default 红棉试用根)
#   NODE_NAMES   names that operational certificates may carry (default *)
#   SEALS        seals to make, NAME or NAME=HOLDER (no blanks in either): each a key that
#                never leaves Vault, a certificate by the district's authority in KV
#                seals/NAME, and a policy of its own, which the gateway is given
#   SUBORDINATE  1: the district's authority is certified by another one. The first
#                run prints the request and stops; install the answer with
#                  vault write gm/authorities/district/certificate chain=@chain.pem
#                and run again
#   VAULT        the vault command                             (default vault)
set -euo pipefail
cd "$(dirname "$0")"

vault=${VAULT:-vault}
plugin=${PLUGIN:?path of the vault-plugin-gm binary}
authority=${AUTHORITY:-红棉试用根 Kapok trial root}

there() { "$vault" read "$1" >/dev/null 2>&1; }
mounted() { "$vault" read "sys/mounts/$1" >/dev/null 2>&1; }

# The plugin. A new build has a name of its own beside the old one: were it put in
# the old one's place, Vault would find a wrong checksum when it is next unsealed and
# keep the engine read-only until it is started again.
checksum=$(openssl dgst -sha256 -r "$plugin" | cut -d' ' -f1)
registered=$("$vault" plugin info -field=sha256 secret vault-plugin-gm 2>/dev/null || true)
if [ "$registered" != "$checksum" ]; then
  "$vault" plugin register -sha256="$checksum" -command="$(basename "$plugin")" secret vault-plugin-gm >/dev/null
  ! mounted gm || "$vault" plugin reload -plugin vault-plugin-gm >/dev/null
fi

mounted gm      || "$vault" secrets enable -path=gm vault-plugin-gm >/dev/null
mounted transit || "$vault" secrets enable transit >/dev/null
mounted kapok   || "$vault" secrets enable -path=kapok -version=2 kv >/dev/null

# The district's authority, and the only thing a gateway may ask of it.
if ! there gm/authorities/district; then
  if [ "${SUBORDINATE:-}" = 1 ]; then
    "$vault" write -field=request gm/authorities/district/request common_name="$authority"
    exit 0
  fi
  "$vault" write gm/authorities/district/root common_name="$authority" >/dev/null
fi
if [ -n "${NODE_NAMES:-}" ] || ! there gm/roles/operational; then
  "$vault" write gm/roles/operational authority=district usage=operational \
    max_ttl=24h allowed_names="${NODE_NAMES:-*}" >/dev/null
fi

# The wrapping key of persons' keys and the look-up key. Vault makes them and shows
# them wrapped only: whoever runs this script does not see them.
there transit/keys/kapok || "$vault" write -f transit/keys/kapok >/dev/null
first_version() { # name, bits
  "$vault" kv get -mount=kapok "keys/$1" >/dev/null 2>&1 && return
  wrapped=$("$vault" write -field=ciphertext transit/datakey/wrapped/kapok bits="$2")
  "$vault" kv put -cas=0 -mount=kapok "keys/$1" 1="$wrapped" >/dev/null
}
first_version wrapping 128
first_version lookup 256

# Rights.
"$vault" policy write kapok-gateway policies/gateway.hcl >/dev/null
"$vault" policy write kapok-key-officer policies/key-officer.hcl >/dev/null
there gm/roles/seal ||
  "$vault" write gm/roles/seal authority=district usage=seal max_ttl=43800h allowed_names='*' >/dev/null
for each in ${SEALS:-}; do
  seal=${each%%=*} holder=${each#*=}
  there "gm/keys/$seal" || "$vault" write "gm/keys/$seal" kind=seal >/dev/null
  sed "s/SEAL/$seal/" policies/seal.hcl | "$vault" policy write "kapok-seal-$seal" - >/dev/null
  "$vault" kv get -mount=kapok "seals/$seal" >/dev/null 2>&1 && continue
  request=$("$vault" write -field=request "gm/keys/$seal/request" common_name="$holder")
  certificate=$("$vault" write -field=certificate gm/issue/seal csr="$request" common_name="$holder")
  "$vault" kv put -cas=0 -mount=kapok "seals/$seal" certificate="$certificate" >/dev/null
done

# How the gateway signs in.
"$vault" read sys/auth/approle >/dev/null 2>&1 || "$vault" auth enable approle >/dev/null
there auth/approle/role/kapok-gateway ||
  "$vault" write auth/approle/role/kapok-gateway token_policies=kapok-gateway \
    token_no_default_policy=true token_ttl=1h token_max_ttl=24h >/dev/null
policies=$("$vault" policy list | grep '^kapok-seal-' | tr '\n' ',' || true)
"$vault" write auth/approle/role/kapok-gateway/policies token_policies="kapok-gateway,${policies%,}" >/dev/null
