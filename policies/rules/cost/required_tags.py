"""HERD-057: everything that runs carries owner and release, and a stack that tags does so completely."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.types import PARALLELCLUSTER
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.machines.templates import GROUP, NODE_GROUP, TEMPLATE, templates_of, users_of
from policies.rules._shared.stateful import STATEFUL
from policies.rules._shared.tags import default_tags, lacking, own_tags, tags
from policies.rules._shared.types import COMPUTE_ENVIRONMENT

# Default tags with this many of the law's are a policy of tags, and have to be whole.
_POLICY: Final = 3
OWNER, RELEASE, TTL = "owner", "release", "ttl"
_PLAIN: Final = (
    "aws:ec2/instance:Instance",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
    "aws:emr/cluster:Cluster",
    "aws:sagemaker/notebookInstance:NotebookInstance",
)
# Keys and secrets cost next to nothing and belong to what they serve.
KEPT: Final = tuple(name for name in STATEFUL if name not in ("aws:kms/key:Key", "aws:secretsmanager/secret:Secret"))

Found = tuple[Node, Mapping[str, Node]]


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """What runs is named by owner and release whoever made it; what is kept, once its stack has tags at all."""
    at, given = _RUNS[resource.type](resource, stack) if resource.type in _RUNS else _plain(resource, stack)
    missing = lacking(_required(resource, given, facts), given)
    if not missing and resource.type in (TEMPLATE, NODE_GROUP) and _named(own_tags(resource.props.at("tags"))):
        # It tells whose it is, so it tells all: its machines' tags aren't on itself.
        at, missing = resource.props.at("tags"), lacking([OWNER, RELEASE], tags(resource))
    if missing:
        yield Violation(at, f"carries no {', '.join(missing)}: nobody can tell whose it is, or what it belongs to")


def _required(resource: Subject, given: Mapping[str, Node], facts: Facts) -> list[str]:
    runs = resource.type in _RUNS
    least = [OWNER, RELEASE] if runs else []
    if len(_law(default_tags(resource), facts)) >= _POLICY:
        all_of_them = [tag for tag in facts.tags if runs or tag != RELEASE]
        return [*dict.fromkeys((*least, *all_of_them, *([TTL] if facts.environment is Environment.DEV else [])))]
    return least or ([OWNER] if _named(given) else [])


def _law(given: Mapping[str, Node], facts: Facts) -> list[str]:
    return [tag for tag in facts.tags if not lacking([tag], given)]


def _named(given: Mapping[str, Node]) -> bool:
    return any(not lacking([tag], given) for tag in (OWNER, "team", "cost-centre"))


def _plain(resource: Subject, stack: Stack) -> Found:
    return resource.props.at("tags"), tags(resource)


def _template(resource: Subject, stack: Stack) -> Found:
    """Machines get what its specifications say for instances, and what a group that uses it propagates."""
    found = tags(resource)
    for block in resource.props.each("tagSpecifications"):
        if (block.text("resourceType") or "instance") == "instance":
            found |= own_tags(block.at("tags"))
    for use in users_of(resource, stack):
        if use.group.type == GROUP:
            found |= own_tags(use.group.props.at("tags"))
    return resource.props.at("tagSpecifications"), found


def _group(resource: Subject, stack: Stack) -> Found:
    """Provider's default tags don't reach a group (pulumi-aws): its own ones do, and those of its template."""
    return _over_templates(own_tags(resource.props.at("tags")), resource, stack)


def _node_group(resource: Subject, stack: Stack) -> Found:
    return _over_templates(tags(resource), resource, stack)


def _over_templates(found: Mapping[str, Node], resource: Subject, stack: Stack) -> Found:
    for template in templates_of(resource, stack):
        found = {**_template(template, stack)[1], **found}
    return resource.props.at("tags"), found


def _node_class(resource: Subject, stack: Stack) -> Found:
    at = resource.props.at("spec", "tags")
    return at, own_tags(at)


def _parallelcluster(resource: Subject, stack: Stack) -> Found:
    at = resource.props.at("Tags")
    return at, own_tags(at)


def _batch(resource: Subject, stack: Stack) -> Found:
    at = resource.props.at("computeResources", "tags")
    return at, {**tags(resource), **own_tags(at)}


_RUNS: Final[dict[str, Callable[[Subject, Stack], Found]]] = {
    **dict.fromkeys(_PLAIN, _plain),
    TEMPLATE: _template,
    GROUP: _group,
    NODE_GROUP: _node_group,
    **dict.fromkeys(EC2_NODE_CLASSES, _node_class),
    PARALLELCLUSTER: _parallelcluster,
    COMPUTE_ENVIRONMENT: _batch,
}


RULE: Final = GraphRule(
    id="HERD-057",
    name="required-tags",
    pack="cost",
    title="Everything that runs carries owner and release",
    severity=everywhere(Severity.MEDIUM),
    types=(*_RUNS, *KEPT),
    properties=("tags", "tagSpecifications", "spec.tags", "Tags", "provider.defaultTags"),
    why=(
        "A machine without an owner is nobody's bill, and without a release nobody knows what it runs. What runs"
        " carries both, in any stack. A provider with a policy of default tags (three of the law's or more) carries"
        " them all: owner, team, cost centre, environment and data class everywhere, release on what runs, an end (ttl)"
        " in dev. Usual synonyms count, such as cost-center, CostCentre and env."
    ),
    fix="Put stack-wide tags into the provider's default tags, and owner and release on what machines are made from.",
    mappings={
        "checkov": ("CKV_AWS_153",),
        "config": ("EC2_LAUNCH_TEMPLATE_TAGGED", "ECR_REPOSITORY_TAGGED"),
    },
    check=check,
)
