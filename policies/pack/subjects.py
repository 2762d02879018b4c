"""The protocol's resources as the law's subjects: inputs before a create, and in the end the stack with its outputs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pulumi.runtime.proto import analyzer_pb2

from policies.engine.node import Node
from policies.engine.subject import Origin, Stack, Subject
from policies.engine.values import INVISIBLE, Reason, UnevaluatedError
from policies.pack import wire

ROOT: Final = "pulumi:pulumi:Stack"
_PROVIDER: Final = "pulumi:providers:"
_URN: Final = re.compile(r"urn:pulumi:([^:]+)::([^:]+)::")
# What a rule may ask for and the protocol leaves out (AnalyzerResourceOptions in analyzer.proto).
_INVISIBLE: Final = dict.fromkeys(
    (
        "deletedWith",
        "dependsOn",
        "envVarMappings",
        "hideDiffs",
        "hooks",
        "id",
        "import",
        "pluginDownloadURL",
        "providers",
        "remote",
        "replaceOnChanges",
        "replaceWith",
        "replacementTrigger",
        "retainOnDelete",
        "version",
    ),
    INVISIBLE,
)


def subject_of(request: analyzer_pb2.AnalyzeRequest | analyzer_pb2.AnalyzerResource, origin: Origin) -> Subject:
    """A resource with the properties that the engine shows: inputs for Analyze, outputs for AnalyzeStack."""
    own = request.type.startswith(_PROVIDER)
    has_provider = request.HasField("provider")
    return Subject(
        urn=request.urn,
        type=request.type,
        name=request.name,
        values=wire.of_provider(request.properties) if own else wire.plain(request.properties),
        settings=_settings(request.options) | {"provider": request.provider.urn or None if has_provider else None},
        parent=request.options.parent or None,
        origin=origin,
        provider_values=wire.of_provider(request.provider.properties) if has_provider else None,
        # The protocol doesn't tell components apart; they have no provider.
        custom=has_provider or own or request.type.startswith(("aws:", "kubernetes:")),
    )


def _settings(options: analyzer_pb2.AnalyzerResourceOptions) -> dict[str, Any]:
    timeouts = options.customTimeouts
    return {
        **_INVISIBLE,
        "protect": options.protect,
        "ignoreChanges": list(options.ignoreChanges),
        "deleteBeforeReplace": options.deleteBeforeReplace if options.deleteBeforeReplaceDefined else None,
        "additionalSecretOutputs": list(options.additionalSecretOutputs),
        "aliases": list(options.aliases),
        "customTimeouts": {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete},
        "parent": options.parent or None,
    }


@dataclass(frozen=True, eq=False)
class RunningStack(Stack):
    """The stack of a run.

    Attributes:
        dependencies: URN -> property -> the URNs that its value comes from.
        read: How many resources the program only reads; they belong to somebody else and are left out.
    """

    dependencies: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    read: int = 0

    def named_by(self, node: Node) -> Subject | None:
        """The subject that a property names.

        In a preview an unknown value names the one resource that its property comes from, if there is just one. The
        value itself stays unknown: a rule that reads it is not evaluated.

        Raises:
            UnevaluatedError: The property is unknown, and comes from none or several.
        """
        try:
            return super().named_by(node)
        except UnevaluatedError as error:
            if error.reason is not Reason.UNKNOWN or node.subject is None or not node.path:
                raise
            sources = self.dependencies.get(node.subject.urn, {}).get(str(node.path[0]), ())
            if len(sources) != 1:
                raise
            return self.by_urn.get(sources[0])


def stack_of(
    resources: Iterable[analyzer_pb2.AnalyzerResource], inputs: Mapping[str, Subject], origin: Origin
) -> RunningStack:
    """The stack at the end of a run.

    The protocol gives outputs alone. Inputs are those that Analyze showed for the same resource, so that a rule sees
    what the program asked for, as it does in a render and in a saved deployment.

    Args:
        resources: The resources, in no order.
        inputs: What Analyze showed in this run, by URN.
        origin: Where they come from.
    """
    given = _distinct(resources)
    # The engine analyses each resource that the program registers, the root too. What it didn't is only read.
    complete = any(urn in inputs for urn, resource in given.items() if resource.type == ROOT)
    made = {key: resource for key, resource in given.items() if resource.urn in inputs or not complete}
    subjects = []
    for urn in sorted(made, key=lambda urn: (_depth(urn, given), urn)):
        shown = subject_of(made[urn], origin)
        seen = inputs.get(made[urn].urn)
        subjects.append(
            replace(
                shown,
                values=seen.values if seen else shown.values,
                results=shown.values,
                parent=made[urn].parent or shown.parent,
            )
        )
    sources = {
        urn: {key: tuple(found.urns) for key, found in resource.propertyDependencies.items()}
        for urn, resource in made.items()
    }
    root = next((urn for urn in given if urn.startswith("urn:pulumi:")), "")
    project, stack = project_and_stack(root)
    return RunningStack(tuple(subjects), stack, project, origin, sources, len(given) - len(made))


def _distinct(resources: Iterable[analyzer_pb2.AnalyzerResource]) -> dict[str, analyzer_pb2.AnalyzerResource]:
    """Resources by URN. A saved state may hold one twice, the second to be deleted: none is passed over."""
    found: dict[str, analyzer_pb2.AnalyzerResource] = {}
    seen: Counter[str] = Counter()
    for resource in resources:
        seen[resource.urn] += 1
        found[resource.urn if seen[resource.urn] == 1 else f"{resource.urn}#{seen[resource.urn]}"] = resource
    return found


def _depth(urn: str, resources: Mapping[str, analyzer_pb2.AnalyzerResource]) -> int:
    above: set[str] = set()
    while urn in resources and urn not in above:
        above.add(urn)
        urn = resources[urn].parent
    return len(above)


def project_and_stack(urn: str) -> tuple[str, str]:
    """Project and stack of a URN (`urn:pulumi:STACK::PROJECT::TYPE::NAME`); empty if it is none."""
    named = _URN.match(urn)
    return (named[2], named[1]) if named else ("", "")
