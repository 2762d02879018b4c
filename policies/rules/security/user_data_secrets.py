"""HERD-020: no secrets in what machines are told at boot."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reference
from policies.rules._shared import parallelcluster
from policies.rules._shared.scripts.boot import EMR, PROPERTIES, TYPES, boot_texts
from policies.rules._shared.secrets import secret_in, secrets

# ParallelCluster 3: what it writes into files of the machines as it stands, and what must be the ARN of a secret.
_WRITTEN: Final = (
    ("Scheduling", "SlurmSettings", "CustomSlurmSettings"),
    ("DirectoryService", "AdditionalSssdConfigs"),
    ("DevSettings", "Cookbook", "ExtraChefAttributes"),
)
_ARNS: Final = (
    ("Scheduling", "SlurmSettings", "Database", "PasswordSecretArn"),
    ("Scheduling", "SlurmSettings", "MungeKeySecretArn"),
    ("DirectoryService", "PasswordSecretArn"),
)


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Decoded and unpacked first; what is found is named, never shown."""
    for boot in boot_texts(resource):
        for line, what in secrets(boot.text):
            yield Violation(boot.node, f"holds {what} (line {line} of the {boot.kind})")
    for action in resource.props.each("bootstrapActions") if resource.type == EMR else ():
        yield from (Violation(place, f"holds {what}") for place, what in _in_pairs([*action.each("args")]))
    for cluster in parallelcluster.clusters(resource):
        for place, what in _of_cluster(cluster):
            yield Violation(place, f"holds {what}")


def _of_cluster(cluster: Node) -> Iterator[tuple[Node, str]]:
    for path in _ARNS:
        place = cluster.at(*path)
        if secret_in("secret", _text(place)):
            yield place, "what isn't the ARN of a secret, but looks like one"
    written = [cluster.at(*path) for path in _WRITTEN]
    for queue in parallelcluster.queues(cluster):
        written += [queue.at("CustomSlurmSettings")]
        written += [one.at("CustomSlurmSettings") for one in queue.each("ComputeResources")]
    for place in written:
        yield from _in_settings(place, "")
    for machines in parallelcluster.machines(cluster):
        for event in machines.node.entries("CustomActions").values():
            for action in (*event.each("Sequence"), *event.each()):
                yield from _in_pairs([*action.each("Args")])


def _in_settings(place: Node, name: str) -> Iterator[tuple[Node, str]]:
    """Secrets among settings of any shape: maps, lists of maps, JSON as text."""
    if place.is_map:
        for key, value in place.entries().items():
            yield from _in_settings(value, key)
    elif place.is_list:
        for value in place.each():
            yield from _in_settings(value, name)
    elif what := secret_in(name, _text(place)):
        yield place, what


def _text(place: Node) -> str:
    """What stands there. What another resource or a template's parameter gives doesn't."""
    value = place.text()
    return "" if value is None or isinstance(value, Reference) else value


def _in_pairs(words: list[Node]) -> Iterator[tuple[Node, str]]:
    """Options whose value is the argument after them; each argument by itself is a boot text."""
    for option, value in pairwise(words):
        name, text = _text(option), _text(value)
        if not name.startswith("-") or "=" in name or next(secrets(text), None):
            continue
        yield from ((value, what) for _, what in secrets(f"{name} {text}"))


RULE: Final = ResourceRule(
    id="HERD-020",
    name="no-secrets-in-user-data",
    pack="security",
    title="User data and boot actions hold no secrets",
    severity=everywhere(Severity.CRITICAL),
    types=TYPES,
    properties=(
        *PROPERTIES,
        "bootstrapActions[].args",
        "CustomActions.OnNodeConfigured.Args",
        "Scheduling.SlurmSettings.CustomSlurmSettings",
        "DirectoryService.AdditionalSssdConfigs",
    ),
    why=(
        "Every process on the machine reads user data from the metadata service, everybody with ec2:Describe… reads it"
        " from EC2, and it stays in each version of the template and in Pulumi's state."
    ),
    fix=(
        "Rotate the secret now. Then let the machine's role fetch it when it is needed:"
        " `aws secretsmanager get-secret-value`, or an SSM SecureString."
    ),
    mappings={"checkov": ("CKV_AWS_46",), "trivy": ("AWS-0029", "AWS-0129")},
    check=check,
)
