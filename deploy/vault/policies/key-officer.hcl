# What a key officer may do: make and destroy versions of the wrapping and look-up
# keys without ever seeing one, store connectors' secrets, revoke certificates.

path "kapok/data/keys/*" {
  capabilities = ["create", "read", "update"]
}

path "kapok/metadata/keys/*" {
  capabilities = ["read"]
}

path "kapok/destroy/keys/*" {
  capabilities = ["update"]
}

path "transit/datakey/wrapped/kapok" {
  capabilities = ["update"]
}

path "transit/decrypt/kapok" {
  capabilities = ["update"]
}

path "kapok/data/connectors/*" {
  capabilities = ["create", "update"]
}

path "gm/authorities/district" {
  capabilities = ["read"]
}

path "gm/authorities/district/revoke" {
  capabilities = ["update"]
}

path "gm/authorities/district/crl" {
  capabilities = ["read", "update"]
}

path "gm/tidy" {
  capabilities = ["update"]
}

path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/lookup-self" {
  capabilities = ["read"]
}
