"""Karpenter: its charts, its rights in AWS, and the notices of what AWS takes away."""
