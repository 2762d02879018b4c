"""Where machines say how their metadata service (IMDS) behaves, and what holds where they don't say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.scripts.boot import (
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    NODE_TEMPLATE,
    SPOT_INSTANCE,
)

ACCOUNT_DEFAULTS: Final = "aws:ec2/instanceMetadataDefaults:InstanceMetadataDefaults"
EC2_TYPES: Final = (LAUNCH_TEMPLATE, LAUNCH_CONFIGURATION, INSTANCE, SPOT_INSTANCE)
IMAGE_BUILDS: Final = "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration"
TYPES: Final = (*EC2_TYPES, *EC2_NODE_CLASSES, NODE_TEMPLATE, IMAGE_BUILDS)


@dataclass(frozen=True)
class MetadataOptions:
    """The options of one resource.

    Attributes:
        node: Their block.
        tokens: `httpTokens` where nobody says: `required` or `optional`.
        hops: `httpPutResponseHopLimit` where nobody says.
    """

    node: Node
    tokens: str
    hops: int

    @property
    def reachable(self) -> bool:
        """Whether there is a metadata service at all."""
        return (self.node.literal("httpEndpoint") or "enabled").lower() != "disabled"


def metadata_options(resource: Subject) -> Iterator[MetadataOptions]:
    """The metadata options of a resource, which may be absent; nothing for other types.

    An instance of a launch template has the template's, unless it says otherwise.

    Sources: EC2, LaunchTemplateInstanceMetadataOptionsRequest (optional, 1), which Image Builder's instances follow
    (InstanceMetadataOptions: build instances are like any other); karpenter-provider-aws, pkg/apis: v1
    (required, 1), v1beta1 (required, 2), v1alpha1 (required, 2).
    """
    props = resource.props
    if resource.type in EC2_TYPES:
        node = props.at("metadataOptions")
        if resource.type != INSTANCE or node.present or not props.has("launchTemplate"):
            yield MetadataOptions(node, "optional", 1)
    elif resource.type == IMAGE_BUILDS:
        yield MetadataOptions(props.at("instanceMetadataOptions"), "optional", 1)
    elif resource.type in (*EC2_NODE_CLASSES, NODE_TEMPLATE):
        hops = 1 if "/v1:" in resource.type else 2
        yield MetadataOptions(props.at("spec", "metadataOptions"), "required", hops)
