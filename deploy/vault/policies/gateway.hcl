# What a gateway may do. It cannot sign with the authority's key, issue any other
# kind of certificate, export a key, or change what it reads.

path "gm/issue/operational" {
  capabilities = ["update"]
}

path "gm/authorities/district" {
  capabilities = ["read"]
}

path "gm/authorities/district/crl" {
  capabilities = ["read"]
}

# The key-encryption and look-up keys: wrapped in KV, unwrapped by transit.
path "kapok/data/keys/*" {
  capabilities = ["read"]
}

path "transit/decrypt/kapok" {
  capabilities = ["update"]
}

path "kapok/data/connectors/*" {
  capabilities = ["read"]
}

# The certificates of seals. To sign with one it needs that seal's own policy too.
path "kapok/data/seals/*" {
  capabilities = ["read"]
}

# Its own token.
path "auth/token/renew-self" {
  capabilities = ["update"]
}

path "auth/token/lookup-self" {
  capabilities = ["read"]
}

path "auth/token/revoke-self" {
  capabilities = ["update"]
}
