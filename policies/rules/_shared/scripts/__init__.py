"""What machines run at boot: found in every kind of user data, read as a shell reads it."""
