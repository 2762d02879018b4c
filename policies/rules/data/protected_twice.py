"""HERD-054: production's state is protected twice, by Pulumi and by the service's own API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, only_in
from policies.engine.subject import NOTHING_ELSE, Stack, Subject
from policies.rules._shared.stateful import FORCED, STATEFUL, is_on

# No state by themselves: AWS deletes them only after days of waiting, or once they are empty.
_BESIDE_STATE: Final = ("aws:ecr/repository:Repository", "aws:kms/key:Key", "aws:secretsmanager/secret:Secret")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Pulumi's protection stops a program that forgot the resource, the API's a person with a console."""
    asked = resource.type not in _BESIDE_STATE or _has_state(stack)
    if asked and not resource.options.flag("protect", default=False):
        yield Violation(
            resource.props,
            "is not protected (`protect`): leaving it out of the program deletes it",
            fix="`opts=ResourceOptions(protect=True)`, and `retain_on_delete=True` for what must survive the stack.",
        )
    if (api := STATEFUL[resource.type]) is not None:
        switch = resource.props.at(api)
        value = switch.literal()
        if not is_on(value):
            told = f"is {value}" if value else "is absent, and off by default"
            yield Violation(switch, f"{api} {told}: one call to the service deletes it")
    if (emptied := FORCED.get(resource.type)) is not None:
        switch = resource.props.at(emptied)
        if switch.flag(default=False):
            yield Violation(
                switch, f"{emptied} empties it first, which AWS would refuse to delete otherwise", fix="Take it off."
            )


def _early(resource: Subject, facts: Facts) -> Iterator[Violation]:
    return check(resource, NOTHING_ELSE, facts)


def _has_state(stack: Stack) -> bool:
    return bool(stack.of_type(*(name for name in STATEFUL if name not in _BESIDE_STATE)))


RULE: Final = GraphRule(
    id="HERD-054",
    name="state-protected-twice",
    pack="data",
    title="Production's state is protected twice, by Pulumi and by the service",
    severity=only_in(Environment.PROD, severity=Severity.CRITICAL),
    types=tuple(STATEFUL),
    properties=(
        "options.protect",
        *dict.fromkeys(api for api in STATEFUL.values() if api),
        *dict.fromkeys(FORCED.values()),
    ),
    why=(
        "One renamed resource, one removed line or one `pulumi destroy` in the wrong terminal ends a file system that"
        " nobody can make again. Each protection alone is a single switch; both together take two changes and two"
        " reviews. What is state stands in a table (policies/rules/_shared/stateful.yaml); a key, a secret or"
        " an ECR repository counts where the stack holds other state."
    ),
    fix="Turn the service's own deletion protection on.",
    mappings={"checkov": ("CKV_AWS_293", "CKV_AWS_139"), "fsbp": ("RDS.7", "RDS.8", "DynamoDB.6")},
    check=check,
    early=_early,
)
