"""HERD-001: there are no EC2 key pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A key pair is a shared password that never expires."""
    yield Violation(resource.props, f"{resource.name} is an EC2 key pair, whose holder is root wherever it is put")


RULE: Final = ResourceRule(
    id="HERD-001",
    name="no-key-pairs",
    pack="cattle",
    title="There are no EC2 key pairs",
    severity=everywhere(Severity.CRITICAL),
    types=("aws:ec2/keyPair:KeyPair", "aws:lightsail/keyPair:KeyPair"),
    properties=("keyName", "publicKey"),
    why=(
        "Whoever has the private half is root on every machine that carries the key, under nobody's name, until each of"
        " the machines is gone: AWS neither ends a key nor says who used it."
    ),
    fix="Delete it. Sessions go through Session Manager (`aws ssm start-session`), which knows who came and logs it.",
    mappings={"config": ("EC2_NO_AMAZON_KEY_PAIR",)},
    check=check,
)
