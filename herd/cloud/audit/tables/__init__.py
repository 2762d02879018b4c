"""Rows of the audit, by area."""
