# What the service may do at the transit server: only with its own keys, and never take one out.
path "transit/keys" {
  capabilities = ["list"]
}

path "transit/keys/ruggensteun-root-*" {
  capabilities = ["create", "read", "update", "delete"]
}

# "update" without "create": encrypting under a key that was destroyed must not make it again.
path "transit/encrypt/ruggensteun-root-*" {
  capabilities = ["update"]
}

path "transit/decrypt/ruggensteun-root-*" {
  capabilities = ["update"]
}

path "transit/hmac/ruggensteun-root-*" {
  capabilities = ["update"]
}
