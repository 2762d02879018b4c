"""Container images: repositories, pull-through caches, a digest mirror, scanning and replication."""
