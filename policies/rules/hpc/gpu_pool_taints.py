"""HERD-028: nodes with accelerators are tainted.

Sources: the catalogue for a type's accelerators; EKS API, Taint and AMITypes; Karpenter, "NodePools", spec.template.
Nodes of a plain Auto Scaling group get their taints at boot, and Slurm's have none: neither is its subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.kubernetes import karpenter
from policies.rules._shared.machines import instance_types, templates
from policies.rules._shared.machines.accelerated import PRESENT

_KEEPS_OUT: Final = ("no_schedule", "noschedule", "no_execute", "noexecute")
_KEYS: Final = re.compile(
    r"gpu|nvidia|amd\.com|accelerat|neuron|trainium|inferentia|habana|gaudi|cuda|^dedicated$", re.IGNORECASE
)
_IMAGES: Final = ("GPU", "NVIDIA", "NEURON")
# Requirements that only nodes with accelerators can meet.
_LABELS: Final = re.compile(r"instance-(gpu|accelerator)-(name|manufacturer|count|memory)|nvidia\.com/gpu.*")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Whatever tolerates nothing stays off the nodes that cost a hundred times as much."""
    is_group = resource.type == templates.NODE_GROUP
    at = resource.props.at("taints") if is_group else karpenter.template(resource).at("spec", "taints")
    if any(_keeps_out(taint) for taint in at.each()):
        return
    found = _of_group(resource, stack) if is_group else _of_pool(resource)
    if found:
        soft = [taint.text("key") for taint in at.each()]
        have = f", and its taints ({', '.join(key for key in soft if key)}) let other pods in" if soft else ""
        yield Violation(at, f"has nodes with accelerators ({found}) and no taint for them{have}")


def _keeps_out(taint: Node) -> bool:
    effect = (taint.literal("effect") or "").lower()
    words = taint.text("key") or "", taint.text("value") or ""
    return effect in _KEEPS_OUT and any(map(_KEYS.search, words))


def _of_group(group: Subject, stack: Stack) -> str:
    """What says that a node group has accelerators; empty if it has none.

    Raises:
        UnevaluatedError: Its types are in a template outside of what is judged.
    """
    image = group.props.literal("amiType") or ""
    if any(word in image.upper() for word in _IMAGES):
        return image
    types = templates.types_of_group(group, stack)
    if accelerated := instance_types.accelerated_types(types):
        return ", ".join(accelerated)
    if not types and templates.has_unseen_template(group, stack):
        message = "the instance type is in a launch template outside of what is judged"
        raise UnevaluatedError(Reason.ABSENT, message, ("launchTemplate",))
    return ""


def _of_pool(pool: Subject) -> str:
    """What says that a node pool makes nodes with accelerators; empty if it makes none."""
    categories = karpenter.values(pool, karpenter.CATEGORY) or ()
    families = karpenter.values(pool, karpenter.FAMILY) or ()
    found = [
        *instance_types.accelerated_types(karpenter.values(pool, karpenter.TYPE) or ()),
        *(family for family in families if instance_types.category(family) in instance_types.CATEGORIES),
        *(category for category in categories if category in instance_types.CATEGORIES),
        *(
            requirement.key
            for requirement in karpenter.requirements(pool)
            if _LABELS.fullmatch(requirement.key)
            and requirement.operator in PRESENT
            and not (requirement.operator == "In" and requirement.values in (("0",), ("false",)))
        ),
    ]
    return ", ".join(dict.fromkeys(found))


RULE: Final = GraphRule(
    id="HERD-028",
    name="gpu-pool-tainted",
    pack="hpc",
    title="Nodes with accelerators are tainted",
    severity=everywhere(Severity.MEDIUM),
    types=(templates.NODE_GROUP, *karpenter.NODE_POOLS, karpenter.PROVISIONER),
    properties=("taints", "spec.template.spec.taints"),
    why=(
        "Without a taint any pod may land on a GPU node: a handful of small ones takes the CPUs, and eight GPUs stand"
        " idle, can't be consolidated and are paid for."
    ),
    fix="Taint the pool with its accelerators' resource (nvidia.com/gpu), NoSchedule; pods that want it tolerate it.",
    check=check,
)
