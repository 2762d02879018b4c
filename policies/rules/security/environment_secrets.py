"""HERD-080: no secrets in the environments and parameters of functions, tasks, jobs, builds, models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.secrets import means_secret, secret_in, secrets
from policies.rules.security._environments import KEPT, TYPES, Place, parts

ThingT = TypeVar("ThingT")
PARAMETER: Final = "aws:ssm/parameter:Parameter"
_KEPT_PARAMETER: Final = (
    "a Pulumi secret stands there (the SDK makes one of each value), and a parameter of type {type} is kept in clear"
    " text: write type SecureString for a secret, insecure_value for what is none"
)


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Each place by itself, and why one can't be seen last of all: it must not hide what stands in the others."""
    if resource.type == PARAMETER:
        yield from _parameter(resource.props)
        return
    unsure: list[UnevaluatedError] = []
    for part in parts(resource):
        for place in _as_far(part, unsure):
            found = _of_command(place.node, place.what) if place.command else _found(place, unsure)
            yield from _as_far(found, unsure)
    if unsure:
        raise unsure[0]


def _as_far(things: Iterator[ThingT], unsure: list[UnevaluatedError]) -> Iterator[ThingT]:
    """Things as far as they can be told; why the rest can't is kept, and raised in the end."""
    try:
        yield from things
    except UnevaluatedError as error:
        unsure.append(error)


def _found(place: Place, unsure: list[UnevaluatedError]) -> Iterator[Violation]:
    """Secrets by the names they stand under: keys of maps, and `name` beside `value`."""
    node = place.node
    if node.secret:
        raise UnevaluatedError(Reason.SECRET, KEPT.format(what=place.what), node.path)
    if node.is_list:
        for one in node.each():
            yield from _as_far(_found(replace(place, node=one), unsure), unsure)
    elif node.is_map:
        entries = node.entries()
        own = next((entries[key] for key in ("name", "Name") if key in entries), None)
        value = next((entries[key] for key in ("value", "Value") if key in entries), None)
        if own is not None and value is not None:
            yield from _found(replace(place, node=value, name=own.text() or ""), unsure)
            return
        for key, one in entries.items():
            yield from _as_far(_found(replace(place, node=one, name=key.lstrip("-")), unsure), unsure)
    elif kind := secret_in(place.name, _filled(node.text() or "")):
        yield Violation(node, f"the {place.what} holds {kind}")


def _of_command(node: Node, what: str) -> Iterator[Violation]:
    """An option and its value are words of their own; a hidden word reads as a variable."""
    words = list(node.each()) if node.is_list else [node]
    shown = " ".join(text for one in words for text in (("$HIDDEN",) if one.hidden else one.texts()))
    if found := next(secrets(_filled(shown)), None):
        yield Violation(node, f"the {what} has {found[1]}")
    for one in words:
        if one.secret:
            raise UnevaluatedError(Reason.SECRET, KEPT.format(what=what), one.path)
        one.text()


def _filled(text: str) -> str:
    """A parameter of a Batch job (`Ref::token`) reads as the variable that it is."""
    return text.replace("Ref::", "$")


def _parameter(props: Node) -> Iterator[Violation]:
    type_ = props.literal("type", default="String") or ""
    if type_.lower() == "securestring":
        return
    name = (props.text("name") or "").rstrip("/").rpartition("/")[2]
    for key in ("insecureValue", "value", "valueWo"):
        value = props.at(key)
        if value.secret:
            if not means_secret(name):
                raise UnevaluatedError(Reason.SECRET, _KEPT_PARAMETER.format(type=type_), value.path)
            yield Violation(value, f"{name} is kept as {type_}: in clear text, though it is a secret by its name")
        elif what := secret_in(name, value.text() or ""):
            yield Violation(value, f"a parameter of type {type_} holds {what}")


RULE: Final = ResourceRule(
    id="HERD-080",
    name="no-secrets-in-environments",
    pack="security",
    title="No secrets in what AWS shows of functions, tasks, jobs, builds, models and parameters",
    severity=everywhere(Severity.HIGH),
    types=(PARAMETER, *TYPES),
    properties=(
        "environment.variables",
        "containerDefinitions",
        "containerProperties",
        "environment.environmentVariables[].value",
        "source.buildspec",
        "primaryContainer.environment",
        "defaultArguments",
        "configurationsJson",
        "value",
        "insecureValue",
    ),
    why=(
        "Whoever may describe a function, a task or a job reads its environment in the console, and so does every audit"
        " trail and every crash report. That Pulumi keeps a value secret ends where AWS gets it."
    ),
    fix=(
        "Rotate the secret now. Then pass where it is: `secrets` with valueFrom for containers, type SECRETS_MANAGER"
        " for builds, SecureString for parameters, and a secret's ARN that functions and jobs read with their own role."
    ),
    mappings={
        "checkov": ("CKV_AWS_45", "CKV_AWS_384"),
        "fsbp": ("CodeBuild.2", "ECS.8"),
        "trivy": ("AWS-0036",),
        "prowler": (
            "awslambda_function_no_secrets_in_variables",
            "codebuild_project_no_secrets_in_variables",
            "ecs_task_definitions_no_environment_secrets",
        ),
    },
    check=check,
)
