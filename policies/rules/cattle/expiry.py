"""HERD-022: nodes expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.k8s_platform.scheduling import GENERATION
from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared.kubernetes import karpenter, node_life
from policies.rules._shared.machines.capacity import is_reserved
from policies.rules._shared.machines.templates import GROUP


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Karpenter's default is 30 days; an Auto Scaling group's and a provisioner's is for ever."""
    props = resource.props
    if resource.type == GROUP:
        lifetime = props.at("maxInstanceLifetime")
        if not lifetime.number() and not _is_generation(resource) and not is_reserved(resource, stack):
            yield Violation(lifetime, "lets its machines live for ever", "Set max_instance_lifetime (a day at least).")
    elif resource.type == karpenter.PROVISIONER:
        seconds = props.at("spec", "ttlSecondsUntilExpired")
        if not seconds.number():
            yield Violation(seconds, "lets its nodes live for ever", "Set ttlSecondsUntilExpired, such as 1209600.")
    else:
        after = node_life.expire_after(resource)
        if not node_life.is_never(after) or node_life.takes_reserved(resource, stack):
            return
        if not karpenter.template(resource).text("metadata", "labels", GENERATION):
            yield Violation(after, "is Never: its nodes outlive every patch")


def _is_generation(group: Subject) -> bool:
    """Whether a group carries the key of a generation, which a later one takes the place of."""
    return any(tag.text("key") == GENERATION and bool(tag.text("value")) for tag in group.props.each("tags"))


RULE: Final = GraphRule(
    id="HERD-022",
    name="nodes-expire",
    pack="cattle",
    title="Nodes expire",
    severity=everywhere(Severity.MEDIUM),
    types=(*karpenter.NODE_POOLS, karpenter.PROVISIONER, GROUP),
    properties=(
        "spec.template.spec.expireAfter",
        "spec.disruption.expireAfter",
        "spec.ttlSecondsUntilExpired",
        "maxInstanceLifetime",
    ),
    why=(
        "A node that lives for months has leaks, old patches and changes nobody remembers. Two kinds are exempt,"
        " because Karpenter's expiry waits for no job: pools on reserved machines (HERD-063), and pools of long"
        f" jobs, which generations renew: they carry the generation's key in the label {GENERATION} of their template."
    ),
    fix=(
        "Set spec.template.spec.expireAfter, such as 336h. For jobs of days make the pool one of generations:"
        f" the label {GENERATION}: KEY on its template, and a new generation instead of an expiry."
    ),
    mappings={"prowler": ("ec2_instance_older_than_specific_days",)},
    check=check,
)
