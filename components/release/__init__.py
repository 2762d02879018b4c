"""What runs: the release lock, its hash, and the parameters that publish it."""
