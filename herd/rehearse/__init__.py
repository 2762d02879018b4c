"""Rehearsals: a stack's whole life on a stand-in cloud, from nothing to nothing left over."""
