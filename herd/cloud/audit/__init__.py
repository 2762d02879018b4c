"""The audit of a cloud: what is there, listed by the cloud itself."""
