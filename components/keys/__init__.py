"""Customer managed KMS keys: who may use one for what, and the key policy that follows."""
