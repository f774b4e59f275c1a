#!/usr/bin/env bash
# One call to Kapok by a client that shares no line with it: OpenSSL 3, curl and
# the shell. It proves itself with a client assertion (RFC 7523, alg SGD_SM3_SM2),
# signs the call as an HTTP message (RFC 9421, SM2 over SM3), prints the answer,
# and checks Kapok's own signature on it. README.md tells how to run it.
set -euo pipefail

KAPOK_URL=${KAPOK_URL:-http://127.0.0.1:8640}
SYSTEM_ID=${SYSTEM_ID:-tianhe-minzheng-dibao}
KEY=${KEY:-$SYSTEM_ID.pem}
REQUEST=${REQUEST:-$(dirname "$0")/request.json}
BASIS_ID=${BASIS_ID:-}

# The signer's identity of GB/T 32918; OpenSSL signs under an empty one unless told.
SM2_ID=distid:1234567812345678

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { printf '%s\n' "$*" >&2; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
sm3() { openssl dgst -sm3 -binary; }
digest_of() { printf 'sm3=:%s:' "$(sm3 <"$1" | openssl base64 -A)"; }

# The value of a text member of a JSON document that has it once.
member() { sed -n 's/.*"'"$1"'" *: *"\([^"]*\)".*/\1/p' "$2"; }

# Turns hexadecimal digits on stdin into bytes.
bytes() { printf '%b' "$(sed 's/../\\x&/g')"; }

# A signature from DER, a SEQUENCE of two INTEGERs without leading zeros, to r‖s,
# which has 32 bytes for each.
raw_of_der() {
  openssl asn1parse -inform DER | sed -n 's/.*INTEGER *:\([0-9A-F]*\)$/\1/p' |
    while read -r number; do
      printf '%64s' "$number" | tr ' ' '0' | bytes
    done
}

# And back. A number whose highest bit is set takes a zero before it in DER.
der_of_raw() {
  od -An -v -tx1 | tr -d ' \n' | fold -w 64 | sed 's/^\(00\)*//; s/^[89a-f]/00&/' |
    while read -r number || [[ -n $number ]]; do
      printf '02%02x%s' $((${#number} / 2)) "$number"
    done | { read -r numbers || true; printf '30%02x%s' $((${#numbers} / 2)) "$numbers"; } | bytes
}

# Signs stdin and prints r‖s.
sign_raw() {
  cat >"$work/message"
  openssl pkeyutl -sign -inkey "$KEY" -rawin -digest sm3 -pkeyopt "$SM2_ID" -in "$work/message" | raw_of_der
}

# 1. The key. Made once; its public half is for Kapok's operator to enrol.
if [[ ! -e $KEY ]]; then
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out "$KEY")
  say "made the key $KEY"
fi
openssl pkey -in "$KEY" -pubout -outform DER | tail -c 64 >"$work/point"
x=$(head -c 32 "$work/point" | base64url)
y=$(tail -c 32 "$work/point" | base64url)
kid=$(printf '{"crv":"SM2","kty":"EC","x":"%s","y":"%s"}' "$x" "$y" | sm3 | base64url) # RFC 7638, by SM3
if [[ ${1:-} == key ]]; then
  printf '{"kty":"EC","crv":"SM2","x":"%s","y":"%s","kid":"%s","alg":"SGD_SM3_SM2","use":"sig"}\n' "$x" "$y" "$kid"
  exit
fi

# 2. The body.
if [[ ! $BASIS_ID =~ ^[A-Za-z0-9._-]*$ ]]; then
  say "BASIS_ID is not the id of an access basis"
  exit 2
fi
sed "s/@BASIS_ID@/$BASIS_ID/" "$REQUEST" >"$work/body"

# 3. The access token, for a client assertion.
now=$(date +%s)
header=$(printf '{"alg":"SGD_SM3_SM2","typ":"JWT","kid":"%s"}' "$kid" | base64url)
claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s","jti":"%s","iat":%d,"exp":%d}' \
  "$SYSTEM_ID" "$SYSTEM_ID" "$KAPOK_URL/oauth2/token" "$(openssl rand -hex 16)" "$now" "$((now + 60))" | base64url)
assertion=$header.$claims.$(printf '%s' "$header.$claims" | sign_raw | base64url)
status=$(curl -sS -o "$work/token" -w '%{http_code}' "$KAPOK_URL/oauth2/token" \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  --data-urlencode "client_assertion=$assertion")
if [[ $status != 200 ]]; then
  say "no access token: status $status"
  cat "$work/token" && echo
  exit 1
fi
token=$(member access_token "$work/token")

# 4. The call. The lines of the signature base are those of RFC 9421 §2.5; none
# follows the last.
target=$KAPOK_URL/v1/exchanges
digest=$(digest_of "$work/body")
params='("@method" "@target-uri" "content-digest" "authorization")'
params+=";created=$now;nonce=\"$(openssl rand -hex 16)\";keyid=\"$kid\";alg=\"sm2-sm3\";tag=\"kapok\""
printf '"@method": POST\n"@target-uri": %s\n"content-digest": %s\n"authorization": Bearer %s\n"@signature-params": %s' \
  "$target" "$digest" "$token" "$params" >"$work/base"
signature=$(sign_raw <"$work/base" | openssl base64 -A)
status=$(curl -sS -o "$work/answer" -D "$work/headers" -w '%{http_code}' "$target" \
  -H 'Content-Type: application/json' -H "Authorization: Bearer $token" -H "Content-Digest: $digest" \
  -H "Signature-Input: sig1=$params" -H "Signature: sig1=:$signature:" --data-binary "@$work/body")
cat "$work/answer" && echo
if [[ $status != 200 ]]; then
  say "refused: status $status"
  exit 1
fi

# 5. Kapok's signature on the answer, by the certificate that came in the receipt.
# With ROOT (PEM, obtained another way) the certificate must lead there.
header_of() { tr -d '\r' <"$work/headers" | sed -n "s/^$1: *\(.*\)/\1/Ip"; }
member_of() { sed -n 's/.*kapok=\(.*\)/\1/p'; }
if [[ $(header_of content-digest) != "$(digest_of "$work/answer")" ]]; then
  say "the answer is not the one that was signed"
  exit 1
fi
sed -n 's/.*"chain":\["\([^"]*\)".*/\1/p' "$work/answer" | openssl base64 -d -A |
  openssl x509 -inform DER -out "$work/kapok.pem"
openssl x509 -in "$work/kapok.pem" -noout -pubkey >"$work/kapok.pub"
printf '"@status": 200\n"content-digest": %s\n"signature";req;key="sig1": :%s:\n"@signature-params": %s' \
  "$(header_of content-digest)" "$signature" "$(header_of signature-input | member_of)" >"$work/base"
header_of signature | member_of | tr -d ':' | openssl base64 -d -A | der_of_raw >"$work/der"
openssl pkeyutl -verify -pubin -inkey "$work/kapok.pub" -rawin -digest sm3 -pkeyopt "$SM2_ID" \
  -in "$work/base" -sigfile "$work/der" >&2
if [[ -n ${ROOT:-} ]]; then
  openssl verify -CAfile "$ROOT" -vfyopt "$SM2_ID" "$work/kapok.pem" >&2
fi
