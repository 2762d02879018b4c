"""HERD-002: no machine starts with an SSH key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.imds import IMAGE_BUILDS
from policies.rules._shared.scripts.boot import (
    EMR,
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    LIGHTSAIL,
    SPOT_FLEET,
    SPOT_INSTANCE,
)
from policies.rules._shared.types import COMPUTE_ENVIRONMENT

# (list of blocks, or "" for the resource; the property) by type.
_KEYS: Final = {
    LAUNCH_TEMPLATE: ("", "keyName"),
    INSTANCE: ("", "keyName"),
    LAUNCH_CONFIGURATION: ("", "keyName"),
    SPOT_INSTANCE: ("", "keyName"),
    SPOT_FLEET: ("launchSpecifications", "keyName"),
    COMPUTE_ENVIRONMENT: ("computeResources", "ec2KeyPair"),
    EMR: ("ec2Attributes", "keyName"),
    LIGHTSAIL: ("", "keyPairName"),
    IMAGE_BUILDS: ("", "keyPair"),
}


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """AWS puts the key into the default user's authorized keys at the first boot."""
    blocks, key = _KEYS[resource.type]
    for block in resource.props.each(blocks) if blocks else (resource.props,):
        if name := block.text(key):
            yield Violation(block.at(key), f"starts machines with the SSH key {name}")


RULE: Final = ResourceRule(
    id="HERD-002",
    name="no-key-on-machines",
    pack="cattle",
    title="No machine starts with an SSH key",
    severity=everywhere(Severity.HIGH),
    types=tuple(_KEYS),
    properties=("keyName", "keyPair", "keyPairName", "computeResources.ec2KeyPair"),
    why=(
        "A machine that people can log in to is a machine that people repair: it stops being what its image says, and"
        " the next one that starts lacks the repair."
    ),
    fix="Leave the key out. A sick node is drained and replaced; to look at one, use Session Manager.",
    mappings={"config": ("EC2_NO_AMAZON_KEY_PAIR",)},
    check=check,
)
