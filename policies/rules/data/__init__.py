"""What must not be lost lives apart, encrypted, protected and backed up."""
