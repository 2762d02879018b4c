"""What runs is never changed in place: every base is pinned, nothing is installed at boot."""
