"""HERD-067: each node's GPUs are handed out in one way: by one device plugin, or by DRA.

Sources: NVIDIA GPU Operator, "DRA Driver for NVIDIA GPUs" (devicePlugin.enabled=false) and "Helm Chart Values
Reference"; charts nvidia-device-plugin 0.20, dra-driver-nvidia-gpu 0.5; NVIDIA/aicr #1326; awslabs/ai-on-eks #135.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.kubernetes import charts
from policies.rules._shared.kubernetes.selection import ANY_NODE, Choice, apart, chosen, with_label
from policies.rules._shared.kubernetes.workloads import DAEMON_SETS, TYPES
from policies.rules.hpc._both_ways import of_pods

CLUSTER_POLICY: Final = "kubernetes:nvidia.com/v1:ClusterPolicy"
_PLUGIN: Final = "NVIDIA's device plugin"
_DRA: Final = "NVIDIA's DRA driver"
_OPERATORS_PLUGIN: Final = "the GPU operator's device plugin"
_BY_SWITCH: Final = (_PLUGIN, _DRA, _OPERATORS_PLUGIN)
_DRA_CHARTS: Final = ("nvidia-dra-driver-gpu", "dra-driver-nvidia-gpu")
_DRA_IMAGES: Final = ("k8s-dra-driver-gpu", "dra-driver-nvidia-gpu", "k8s-dra-driver")
_PLUGIN_CHART: Final = "nvidia-device-plugin"
_PLUGIN_IMAGE: Final = "k8s-device-plugin"
_GIVERS: Final = (*charts.TYPES, DAEMON_SETS, CLUSTER_POLICY)
_OTHERS: Final = "rocm"
"""AMD's plugin has the same name in a repository of its own."""
_OPERATOR: Final = "gpu-operator"
_OPERATORS_LABEL: Final = "nvidia.com/gpu.deploy.device-plugin"
"""The operator runs its device plugin where this label is true, which it sets on every GPU node that has none."""
_DOMAINS: Final = "compute-domain"
"""The half of the DRA driver that hands out NVLink domains and no GPUs: it lives beside a device plugin."""


@dataclass(frozen=True)
class Giver:
    """Something that hands out GPUs.

    Attributes:
        subject: What installs it.
        told: What it is.
        choice: The nodes it runs on.
        at: The place that turns it on.
        has_value_files: Whether it has settings that aren't seen.
    """

    subject: Subject
    told: str
    choice: Choice
    at: Node
    has_value_files: bool = False

    @property
    def rank(self) -> tuple[int, str]:
        """Which one of a pair is told: the one that has a switch for it."""
        return _BY_SWITCH.index(self.told), self.subject.urn


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Two that don't know of each other give the same GPU to two pods."""
    yield from of_pods(resource, stack)
    mine = _giver(resource) if resource.type in _GIVERS else None
    if mine is None:
        return
    for subject in stack.of_type(*_GIVERS):
        other = _giver(subject)
        # Of a pair one is told, whatever order the stack comes in.
        if (
            other is None
            or not other.rank < mine.rank
            or apart(mine.choice, other.choice)
            or _same(resource, subject, stack)
        ):
            continue
        if mine.has_value_files or other.has_value_files:
            message = f"which nodes {mine.told} and {other.told} run on is in files of values, which aren't seen"
            raise UnevaluatedError(Reason.ABSENT, message, ("valueYamlFiles",))
        text = f"{mine.told} and {other.told} ({subject.name}) run on the same nodes: both hand out their GPUs"
        yield Violation(mine.at, text)


def _giver(subject: Subject) -> Giver | None:
    if subject.type in charts.TYPES:
        return _of_chart(subject)
    if subject.type == CLUSTER_POLICY:
        return _of_operator(subject, subject.props.at("spec"), has_value_files=False)
    return _of_daemon_set(subject)


def _of_chart(subject: Subject) -> Giver | None:
    chart = charts.chart_of(subject)
    if chart is None:
        return None
    values = chart.values
    if chart.name == _PLUGIN_CHART:
        return Giver(subject, _PLUGIN, chosen(values), values, chart.has_value_files)
    if chart.name == _OPERATOR:
        return _of_operator(subject, values, has_value_files=chart.has_value_files)
    if chart.name in _DRA_CHARTS:
        gpus = values.at("resources", "gpus", "enabled")
        if gpus.flag(default=True):
            choice = chosen(values.at("kubeletPlugin"))
            return Giver(subject, _DRA, choice, gpus, chart.has_value_files)
    return None


def _of_operator(subject: Subject, settings: Node, *, has_value_files: bool) -> Giver | None:
    at = settings.at("devicePlugin", "enabled")
    if not at.flag(default=True):
        return None
    choice = with_label(ANY_NODE, _OPERATORS_LABEL, "true")
    return Giver(subject, _OPERATORS_PLUGIN, choice, at, has_value_files)


def _of_daemon_set(subject: Subject) -> Giver | None:
    spec = subject.props.at("spec", "template", "spec")
    for container in spec.each("containers"):
        path, _, last = (container.text("image") or "").partition("@")[0].rpartition("/")
        image = last.partition(":")[0]
        at = container.at("image")
        if image == _PLUGIN_IMAGE and _OTHERS not in path:
            return Giver(subject, _PLUGIN, chosen(spec), at)
        words = (container.text("name") or "", *container.texts("command"), *container.texts("args"))
        if image in _DRA_IMAGES and not any(_DOMAINS in word for word in words):
            return Giver(subject, _DRA, chosen(spec), at)
    return None


def _same(one: Subject, other: Subject, stack: Stack) -> bool:
    """Whether one makes the other: a chart and what it renders to, the operator and its policy."""
    if one in stack.ancestors(other) or other in stack.ancestors(one):
        return True
    return (
        CLUSTER_POLICY in (one.type, other.type)
        and {one.type, other.type} & set(charts.TYPES) != set()
        and (_is_operator(one) or _is_operator(other))
    )


def _is_operator(subject: Subject) -> bool:
    chart = charts.chart_of(subject) if subject.type in charts.TYPES else None
    return chart is not None and chart.name == _OPERATOR


RULE: Final = GraphRule(
    id="HERD-067",
    name="devices-handed-out-once",
    pack="hpc",
    title="Each node's GPUs are handed out by one device plugin or by DRA, never by two",
    severity=everywhere(Severity.HIGH),
    types=tuple(dict.fromkeys((*_GIVERS, *TYPES))),
    properties=(
        "values.resources.gpus.enabled",
        "values.devicePlugin.enabled",
        "values.affinity",
        "values.nodeSelector",
        "spec.devicePlugin.enabled",
        "spec.template.spec",
        "spec.resourceClaims",
    ),
    why=(
        "The device plugin counts GPUs, DRA allocates them, and neither sees what the other gave away: two pods get the"
        " same GPU, run out of its memory, and the scheduler believes that all is well (NVIDIA/aicr #1326)."
    ),
    fix=(
        "Give each pool one way: a node label that says which (herd.dev/devices), and an affinity for it on the device"
        " plugin and on the DRA driver's kubeletPlugin; or turn one off (devicePlugin.enabled: false,"
        " resources.gpus.enabled: false)."
    ),
    check=check,
)
