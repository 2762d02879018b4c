"""HERD-018: the metadata service wants a session token (IMDSv2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.machines.imds import ACCOUNT_DEFAULTS, TYPES, metadata_options
from policies.rules._shared.scripts.boot import SPOT_FLEET

_NOTEBOOK: Final = "aws:sagemaker/notebookInstance:NotebookInstance"
_PCLUSTER_FIX: Final = "Leave `Imds.ImdsSupport` at v2.0 and `HeadNode.Imds.Secured` at true, which are the defaults."
_FLEET_FIX: Final = "Name a launch template in `launch_template_configs`, and require tokens there."
_NOTEBOOK_FIX: Final = (
    'Write instance_metadata_service_configuration={"minimum_instance_metadata_service_version": "2"}.'
)


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """EC2 takes requests without a token unless told otherwise; Karpenter and ParallelCluster (3.7 on) don't."""
    for options in metadata_options(resource):
        tokens = options.node.at("httpTokens")
        value = tokens.literal()
        if not options.reachable or (value or options.tokens).lower() == "required":
            continue
        told = f"is {value!r}" if value else "is absent, which EC2 reads as optional"
        yield Violation(tokens, f"httpTokens {told}: the metadata service answers without a session token")
    if resource.type == ACCOUNT_DEFAULTS and resource.props.literal("httpTokens") == "optional":
        at = resource.props.at("httpTokens")
        yield Violation(at, "makes optional the default of every instance in the account's region")
    if resource.type == SPOT_FLEET:
        for launched in resource.props.each("launchSpecifications"):
            yield Violation(launched, "can't ask for tokens, as launch templates can", _FLEET_FIX)
    if resource.type == _NOTEBOOK:
        # Absent is 1. Source: SageMaker API, InstanceMetadataServiceConfiguration.
        least = resource.props.at("instanceMetadataServiceConfiguration", "minimumInstanceMetadataServiceVersion")
        if least.literal(default="1") != "2":
            yield Violation(least, "the notebook's metadata service answers without a session token", _NOTEBOOK_FIX)
    yield from _parallelcluster(resource)


def _parallelcluster(resource: Subject) -> Iterator[Violation]:
    for cluster in parallelcluster.clusters(resource):
        support = cluster.at("Imds", "ImdsSupport")
        version = support.literal(default="v2.0")
        if version != "v2.0":
            yield Violation(support, f"ImdsSupport is {version}: nodes answer without a session token", _PCLUSTER_FIX)
        secured = cluster.at("HeadNode", "Imds", "Secured")
        if not secured.flag(default=True):
            text = "Secured is false: every user of the head node may take the credentials of its role"
            yield Violation(secured, text, _PCLUSTER_FIX)


RULE: Final = ResourceRule(
    id="HERD-018",
    name="imdsv2-required",
    pack="security",
    title="The instance metadata service requires a session token (IMDSv2)",
    severity=everywhere(Severity.HIGH),
    types=(*TYPES, SPOT_FLEET, ACCOUNT_DEFAULTS, _NOTEBOOK, *parallelcluster.TYPES),
    properties=(
        "metadataOptions.httpTokens",
        "spec.metadataOptions.httpTokens",
        "launchSpecifications",
        "instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion",
        "Imds.ImdsSupport",
        "HeadNode.Imds.Secured",
    ),
    why=(
        "Without a token any program that can be talked into fetching a URL (a notebook, a proxy, an inference server)"
        " hands out the credentials of the node's role."
    ),
    fix=(
        'Write metadata_options={"http_endpoint": "enabled", "http_tokens": "required",'
        ' "http_put_response_hop_limit": 1}.'
    ),
    mappings={
        "checkov": ("CKV_AWS_79", "CKV_AWS_371"),
        "fsbp": ("EC2.8",),
        "cis": ("6.7",),
        "trivy": ("AWS-0028", "AWS-0130"),
        "config": ("EC2_LAUNCH_TEMPLATE_IMDSV2_CHECK",),
    },
    check=check,
)
