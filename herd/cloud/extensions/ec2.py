"""EC2: what moto accepts and AWS refuses, what moto lacks or leaves behind, retries with a client token."""

from __future__ import annotations

from herd.cloud.extensions import (
    _ec2_endpoints,
    _ec2_groups,
    _ec2_held,
    _ec2_images,
    _ec2_network,
    _ec2_offerings,
    _ec2_placement,
    _ec2_reservations,
    _ec2_tags,
    _ec2_templates,
)

__all__ = [
    "_ec2_endpoints",
    "_ec2_groups",
    "_ec2_held",
    "_ec2_images",
    "_ec2_network",
    "_ec2_offerings",
    "_ec2_placement",
    "_ec2_reservations",
    "_ec2_tags",
    "_ec2_templates",
]
