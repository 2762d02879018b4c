"""EC2 networking: what moto accepts and AWS refuses, what moto leaves behind, retries with a client token."""

from __future__ import annotations

from herd.cloud.extensions import _ec2_endpoints, _ec2_groups, _ec2_held, _ec2_network, _ec2_tags

__all__ = ["_ec2_endpoints", "_ec2_groups", "_ec2_held", "_ec2_network", "_ec2_tags"]
