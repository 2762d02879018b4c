"""Workloads, charts, Karpenter's pools and roles in a cluster, whatever brings them there."""
