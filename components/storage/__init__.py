"""What must not be lost: buckets, file systems, their keys and their backups. Outlives every cluster."""
