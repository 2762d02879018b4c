"""Releases: looking values up where they live, and writing locks."""
