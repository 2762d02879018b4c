"""What has to do with accelerators in Kubernetes: resources that pods ask for, taints and labels of nodes, pools."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines.instance_types import CATEGORIES, accelerated_types

RESOURCE: Final = re.compile(
    r"nvidia\.com/(?:gpu|mig-).*|amd\.com/gpu.*|aws\.amazon\.com/neuron.*|habana\.ai/gaudi|gpu\.intel\.com/.*"
    r"|vpc\.amazonaws\.com/efa"
)
"""Resources of device plugins: NVIDIA's whole, shared and MIG ones, AMD's, Neuron's, Habana's, Intel's, and EFA."""
TAINT: Final = re.compile(r"nvidia\.com/gpu|amd\.com/gpu|aws\.amazon\.com/neuron.*|habana\.ai/gaudi")
_LABEL: Final = re.compile(
    r"nvidia\.com/(?:gpu|mig|cuda).*|amd\.com/gpu.*|aws\.amazon\.com/neuron.*|herd\.dev/accelerator.*"
    r"|k8s\.amazonaws\.com/accelerator|feature\.node\.kubernetes\.io/pci-(?:.*_)?10de.*"
    r"|(?:(?:karpenter\.k8s\.aws|eks\.amazonaws\.com)/)?instance-(?:gpu|accelerator)-.*"
)
"""Labels that nodes with accelerators have, and no others."""
PRESENT: Final = ("In", "Exists", "Gt", "Gte")
"""Operators of requirements that only a node with the label meets."""
_NO: Final = ("", "0", "false", "none")


def selects(key: str, operator: str, values: Iterable[str]) -> bool:
    """Whether only nodes with accelerators meet a requirement."""
    values = tuple(values)
    name = key.rpartition("/")[2]
    if operator == "In" and values:
        if name == "instance-type":
            return len(accelerated_types(values)) == len(values)
        if name == karpenter.FAMILY:
            return len(accelerated_types(f"{value}.x" for value in values)) == len(values)
        if name == karpenter.CATEGORY:
            return CATEGORIES.issuperset(values)
        if any(value.lower() in _NO for value in values):
            return False
    return operator in PRESENT and _LABEL.fullmatch(key) is not None


def has_accelerators(pool: Subject) -> bool:
    """Whether a Karpenter pool is one of nodes with accelerators: by type, requirement, label, taint or limit.

    Raises:
        UnevaluatedError: What would say so is unknown.
    """
    if any(selects(row.key, row.operator, row.values) for row in karpenter.requirements(pool)):
        return True
    template = karpenter.template(pool)
    if any(TAINT.fullmatch(taint.literal("key") or "") for taint in template.each("spec", "taints")):
        return True
    limits = pool.props.entries("spec", "limits")
    return any(RESOURCE.fullmatch(name) and asks(node) for name, node in limits.items())


def asks(quantity: Node) -> bool:
    """Whether a quantity of a resource is more than none."""
    return (quantity.literal() or "0").strip() not in _NO
