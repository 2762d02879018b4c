"""Checkpoint and dataset buckets."""
