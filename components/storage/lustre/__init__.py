"""FSx for Lustre file systems, with their links to buckets."""
