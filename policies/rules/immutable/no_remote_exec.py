"""HERD-012: nothing changes hosts in place: no remote commands, no State Manager, and in prod no local ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject

REMOTE: Final = ("command:remote:Command", "command:remote:CopyFile", "command:remote:CopyToRemote")
LOCAL: Final = "command:local:Command"
ASSOCIATION: Final = "aws:ssm/association:Association"
TASK: Final = "aws:ssm/maintenanceWindowTask:MaintenanceWindowTask"
EVENT: Final = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
_SEND: Final = ":aws-sdk:ssm:sendcommand"
_NO_HOSTS: Final = ("LAMBDA", "STEP_FUNCTIONS")
"""Kinds of tasks that start a function or a state machine."""
_LOOKS_ONLY: Final = frozenset({"AWS-GatherSoftwareInventory", "AWS-RunInspecChecks", "AWS-RunInspecCommands"})
"""Documents of AWS that change nothing on the host. Source: Systems Manager User Guide, document reference."""
_PATCHES: Final = frozenset({"AWS-RunPatchBaseline", "AWS-RunPatchBaselineAssociation"})


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A host that something changes after its birth is a pet."""
    props = resource.props
    if resource.type in REMOTE:
        yield Violation(props, f"{resource.name} changes a host by hand over SSH")
    elif resource.type == LOCAL:
        if facts.production:
            yield Violation(props, f"{resource.name} runs a command where the program runs, which no plan shows")
    elif resource.type == ASSOCIATION:
        yield from _document(resource, "name", ("parameters", "Operation"))
    elif resource.type == EVENT:
        if props.has("runCommandTargets"):
            yield from _document(resource, "arn", ("input",))
    elif resource.type == SCHEDULE:
        place = props.at("target", "arn")
        if (place.text() or "").lower().endswith(_SEND):
            yield Violation(place, "sends commands to hosts, again and again, outside of any release")
    elif (props.text("taskType") or "").upper() not in _NO_HOSTS:
        yield from _document(resource, "taskArn", ("taskInvocationParameters", "runCommandParameters", "parameters"))


def _document(resource: Subject, key: str, operation: tuple[str, ...]) -> Iterator[Violation]:
    place = resource.props.at(key)
    document = (place.text() or "").rsplit("/", 1)[-1]
    if document in _LOOKS_ONLY:
        return
    if document in _PATCHES and _scans(resource, operation):
        return
    what = f"runs {document} on hosts" if document else "names no document: nobody can say what it does to hosts"
    yield Violation(place if document else resource.props, f"{what}, again and again, outside of any release")


def _scans(resource: Subject, operation: tuple[str, ...]) -> bool:
    """Whether a patch document only looks for what is missing."""
    place = resource.props.at(*operation)
    if resource.type == EVENT:
        return place.document().texts("Operation") == ("Scan",)
    if operation[-1] != "parameters":
        return place.texts() == ("Scan",)
    return any(one.text("name") == "Operation" and one.texts("values") == ("Scan",) for one in place.each())


RULE: Final = ResourceRule(
    id="HERD-012",
    name="no-exec-on-hosts",
    pack="immutable",
    title="Nothing changes hosts in place",
    severity=everywhere(Severity.HIGH),
    types=(*REMOTE, LOCAL, ASSOCIATION, TASK, EVENT, SCHEDULE),
    properties=("create", "update", "name", "parameters.Operation", "taskArn", "runCommandTargets", "target.arn"),
    why=(
        "What is run on a living host is on no other host, in no image and in no plan: the next one that starts lacks"
        " it, and a rollback doesn't take it back. A local command does the same to whatever it reaches."
    ),
    fix="Put it into the image's recipe and roll a new generation; what must run again and again is a workload.",
    check=check,
)
