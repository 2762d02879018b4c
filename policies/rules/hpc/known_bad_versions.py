"""HERD-068: no versions that are known not to work together.

The table is `components/k8s_platform/known_bad.yaml`, each row with who found it out. What is inside a machine image
(driver, EFA installer) is in its release's bill of materials, which `GpuNodePool` itself judges by the same table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from components.k8s_platform.scheduling import DEVICES, EFA
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.cloudformation import CLOUDFORMATION, template
from policies.rules._shared.kubernetes import charts, karpenter
from policies.rules._shared.kubernetes.node_life import RESERVED
from policies.rules._shared.machines import instance_types, templates
from policies.rules._shared.once import once_a_stack
from policies.rules._shared.types import EKS_CLUSTER

if TYPE_CHECKING:
    from components.k8s_platform.known_bad import KnownBad, Nodes

ADDON: Final = "aws:eks/addon:Addon"
_KUBERNETES: Final = "kubernetes"
_PROVIDER: Final = re.compile(r"/parallelcluster/(\d+\.\d+\.\d+)/templates/custom_resource/")
_HANDED_OUT: Final = {
    "device-plugin": ("chart/nvidia-device-plugin", "chart/gpu-operator"),
    "dra": ("chart/nvidia-dra-driver-gpu", "chart/dra-driver-nvidia-gpu"),
}
_BY_RESERVATION: Final = frozenset({"targeted-reservation", "capacity-block"})


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A row is told at the first of its versions that a resource of the stack has."""
    # The table's module brings pydantic models of pools; nobody pays for it who has no versions.
    from components.k8s_platform.known_bad import table  # noqa: PLC0415

    mine = _fact(resource)
    if mine is None:
        return
    carried = _carried(stack)
    known = _known(carried, facts)
    for row in table():
        first = next((name for name in row.versions if name in carried), None)
        if first == mine.name and row.match(known) and (row.nodes is None or _some_node(row, stack, known)):
            said = ", ".join(f"{name} {known[name]}" for name in row.versions)
            yield Violation(mine.at, f"is known not to work ({said}): {row}", row.fix)


@dataclass(frozen=True)
class Fact:
    """A version that a resource has.

    Attributes:
        name: As the table spells it: kubernetes, parallelcluster, chart/NAME, addon/NAME.
        version: The version.
        at: Its place.
    """

    name: str
    version: str
    at: Node


def _fact(subject: Subject) -> Fact | None:
    if subject.type == EKS_CLUSTER:
        return _made(_KUBERNETES, subject.props.at("version"))
    if subject.type == ADDON:
        name = subject.props.literal("addonName")
        return _made(f"addon/{name}", subject.props.at("addonVersion")) if name else None
    if subject.type == CLOUDFORMATION:
        told = ((at, _PROVIDER.search(at.text() or "")) for at in _template_urls(subject))
        return next((Fact("parallelcluster", found[1], at) for at, found in told if found), None)
    chart = charts.chart_of(subject)
    return _made(f"chart/{chart.name}", chart.version) if chart else None


def _template_urls(stack: Subject) -> Iterator[Node]:
    """A stack's own, and those of stacks within its template, as AWS's guide nests ParallelCluster's provider."""
    yield stack.props.at("templateUrl")
    if stack.props.has("templateBody"):
        for resource in template(stack).entries("Resources").values():
            if resource.text("Type") == "AWS::CloudFormation::Stack":
                yield resource.at("Properties", "TemplateURL")


def _made(name: str, at: Node) -> Fact | None:
    version = at.literal()
    return Fact(name, version, at) if version else None


@once_a_stack
def _carried(stack: Stack) -> dict[str, str]:
    """The versions that resources of a stack have."""
    facts = (_fact(subject) for subject in stack.of_type(*RULE.types))
    return {fact.name: fact.version for fact in facts if fact is not None}


def _known(carried: dict[str, str], facts: Facts) -> dict[str, str]:
    """Versions by name: the release's, and over them what the stack itself has."""
    return {
        **{f"addon/{name}": version for name, version in (facts.addons or {}).items()},
        **{f"chart/{name}": version for name, version in (facts.charts or {}).items()},
        **carried,
    }


@dataclass(frozen=True)
class Pool:
    """Nodes of a stack, as the table tells them apart."""

    kind: str
    types: tuple[str, ...]
    efa: bool
    devices: str | None
    capacity: frozenset[str]


def _some_node(row: KnownBad, stack: Stack, known: dict[str, str]) -> bool:
    return row.nodes is not None and any(_matches(row.nodes, pool, known) for pool in _made_pools(stack))


def _matches(nodes: Nodes, pool: Pool, known: dict[str, str]) -> bool:
    return (
        (not nodes.types or any(fnmatchcase(name, one) for name in pool.types for one in nodes.types))
        and (nodes.efa is None or nodes.efa == pool.efa)
        and nodes.kind in (None, pool.kind)
        and (not nodes.capacity or bool(pool.capacity.intersection(nodes.capacity)))
        and (nodes.devices is None or _handed_out(nodes.devices.value, pool, known))
    )


def _handed_out(way: str, pool: Pool, known: dict[str, str]) -> bool:
    """Whether a pool's GPUs are handed out that way: as its label says, or as the cluster's charts do."""
    if pool.devices is not None:
        return pool.devices == way
    has_gpus = bool(instance_types.accelerated_types(pool.types))
    return has_gpus and any(name in known for name in _HANDED_OUT.get(way, ()))


@once_a_stack
def _made_pools(stack: Stack) -> frozenset[Pool]:
    """The pools that differ."""
    return frozenset(_pools(stack))


def _pools(stack: Stack) -> Iterator[Pool]:
    for group in stack.of_type(*templates.GROUPS):
        found = templates.templates_of(group, stack)
        labels = {name: node.text() for name, node in group.props.entries("labels").items()}
        yield Pool(
            kind="static",
            types=tuple(templates.types_of_group(group, stack)),
            efa=any(templates.efa_interfaces(one) for one in found),
            devices=labels.get(DEVICES),
            capacity=frozenset(kind for one in found for kind in _capacity(one)),
        )
    for pool in stack.of_type(*karpenter.NODE_POOLS):
        node_class = karpenter.node_class(pool, stack)
        labels = {name: node.text() for name, node in karpenter.template(pool).entries("metadata", "labels").items()}
        kinds = karpenter.values(pool, karpenter.CAPACITY) or ()
        yield Pool(
            kind="elastic",
            types=karpenter.instance_types(pool) or (),
            efa=labels.get(EFA) == "true" or bool(node_class and karpenter.efa_interfaces(node_class)),
            devices=labels.get(DEVICES),
            capacity=_BY_RESERVATION if RESERVED in kinds else frozenset(kinds),
        )


def _capacity(template: Subject) -> Iterator[str]:
    market = templates.market(template)
    if market:
        yield market
    elif templates.filled(templates.reserves(template)):
        yield "targeted-reservation"


RULE: Final = GraphRule(
    id="HERD-068",
    name="known-bad-versions",
    pack="hpc",
    title="No versions that are known not to work together",
    severity=everywhere(Severity.HIGH),
    types=(*charts.TYPES, ADDON, EKS_CLUSTER, CLOUDFORMATION),
    properties=("version", "addonVersion", "templateUrl", "templateBody"),
    why=(
        "Driver, fabric, plugins and Kubernetes are released by different people, and each pair that fails was found by"
        " somebody's training run that hung. What is known once is forbidden from then on."
    ),
    fix="Take the version that the message names; the table is components/k8s_platform/known_bad.yaml.",
    check=check,
)
