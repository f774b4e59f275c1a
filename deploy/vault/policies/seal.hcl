# One seal's key, and no other. provision.sh writes it for a seal by replacing
# SEAL with the key's name: who may use one seal cannot use the next.

path "gm/sign/SEAL" {
  capabilities = ["update"]
}

path "gm/verify/SEAL" {
  capabilities = ["update"]
}

path "gm/public/SEAL" {
  capabilities = ["read"]
}
