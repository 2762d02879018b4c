"""The Kubernetes API of the stand-in cloud's EKS clusters, and the stand-in for Pulumi's `kubernetes` provider.

A cluster's objects live and die with it. Requests come in by the name of the cluster's own host, as they would on the
internet; the gateway hands them to `rest`.
"""
