"""Nodes are replaced, not nursed: no shell into them, no names of their own, nothing kept on them."""
