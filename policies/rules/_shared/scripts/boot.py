"""What machines are told at their first boot, decoded: user data, actions of clusters, scripts of notebooks.

Scripts of a build (an Image Builder component, a build project) aren't here: that is where installing belongs.
"""

from __future__ import annotations

import base64
import binascii
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.parallelcluster import TYPES as CLUSTERS
from policies.rules._shared.parallelcluster import clusters, machines
from policies.rules._shared.scripts.packed import GZIP, inflated

LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
LAUNCH_CONFIGURATION: Final = "aws:ec2/launchConfiguration:LaunchConfiguration"
INSTANCE: Final = "aws:ec2/instance:Instance"
SPOT_INSTANCE: Final = "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
SPOT_FLEET: Final = "aws:ec2/spotFleetRequest:SpotFleetRequest"
NODE_TEMPLATE: Final = "kubernetes:karpenter.k8s.aws/v1alpha1:AWSNodeTemplate"
"""Karpenter's name for a node class before v1beta1."""

NOTEBOOK: Final = "aws:sagemaker/notebookInstanceLifecycleConfiguration:NotebookInstanceLifecycleConfiguration"
STUDIO: Final = "aws:sagemaker/studioLifecycleConfig:StudioLifecycleConfig"
LIGHTSAIL: Final = "aws:lightsail/instance:Instance"
EMR: Final = "aws:emr/cluster:Cluster"
CLOUD_CONTROL: Final = "aws:cloudcontrol/resource:Resource"
HYPERPOD: Final = "aws-native:sagemaker:Cluster"
"""HyperPod, which pulumi-aws has no type for: people make it by Cloud Control or by aws-native."""

_USER_DATA: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    LAUNCH_TEMPLATE: (("userData",),),
    LAUNCH_CONFIGURATION: (("userData",), ("userDataBase64",)),
    INSTANCE: (("userData",), ("userDataBase64",)),
    SPOT_INSTANCE: (("userData",), ("userDataBase64",)),
    **dict.fromkeys((*EC2_NODE_CLASSES, NODE_TEMPLATE), (("spec", "userData"),)),
    NOTEBOOK: (("onCreate",), ("onStart",)),
    STUDIO: (("studioLifecycleConfigContent",),),
    LIGHTSAIL: (("userData",),),
}
TYPES: Final = (*_USER_DATA, SPOT_FLEET, *CLUSTERS, EMR, CLOUD_CONTROL, HYPERPOD)
"""Every type that `boot_texts` reads."""
PROPERTIES: Final = ("userData", "userDataBase64", "spec.userData", "onStart", "studioLifecycleConfigContent")
"""Where most of these types keep it; what a rule about boot texts polices, besides places of its own."""

_FETCHED: Final = (
    ("DevSettings", "Cookbook", "ChefCookbook"),
    ("DevSettings", "NodePackage"),
    ("Scheduling", "SlurmSettings", "CustomSlurmSettingsIncludeFile"),
)


class Kind(StrEnum):
    """What a boot text is."""

    SCRIPT = "script"
    """A script of any language, with its `#!` line if it has one; boothooks are scripts too."""
    CLOUD_CONFIG = "cloud-config"
    """YAML for cloud-init."""
    INCLUDE = "include"
    """URLs, one a line, whose contents cloud-init fetches and obeys."""
    NODE_CONFIG = "node-config"
    """nodeadm's configuration, YAML or JSON."""
    BOTTLEROCKET = "bottlerocket"
    """Bottlerocket's settings, TOML."""
    POWERSHELL = "powershell"
    """Windows."""
    ACTION = "action"
    """URL of a script that a cluster's machines fetch and run: custom, bootstrap and life cycle actions."""
    ARGUMENT = "argument"
    """One argument of such a script."""
    OTHER = "other"
    """What nobody runs as far as is known, such as kubelet's own configuration."""


@dataclass(frozen=True)
class BootText:
    """One thing a machine is told.

    Attributes:
        node: The property it stands in.
        text: It, decoded and unpacked. Symbols of a render stand in it as they are.
        kind: What it is.
    """

    node: Node
    text: str
    kind: Kind


def boot_texts(resource: Subject) -> Iterator[BootText]:
    """Everything that a resource tells machines at their first boot; nothing for types outside `TYPES`.

    Raises:
        UnevaluatedError: User data is unknown, or packed in a way that nobody can read.
    """
    for cluster in clusters(resource):
        yield from _actions(cluster)
    if resource.type == EMR:
        yield from _bootstrap(resource.props)
    elif resource.type in (CLOUD_CONTROL, HYPERPOD):
        yield from _life_cycle(resource)
    places = [resource.props.at(*path) for path in _USER_DATA.get(resource.type, ())]
    if resource.type == SPOT_FLEET:
        places += [one.at("userData") for one in resource.props.each("launchSpecifications")]
    for place in places:
        if text := place.literal():
            yield from _parts(place, decoded(text, place))


def _actions(cluster: Node) -> Iterator[BootText]:
    """Custom actions of the head node, of login pools and of queues, and what else the machines fetch.

    Source: AWS ParallelCluster User Guide, HeadNode, SlurmQueues, LoginNodes: CustomActions; DevSettings (what replaces
    ParallelCluster's own recipes); SlurmSettings (a file whose lines end up in slurm.conf, where programs are named).
    """
    for holder in machines(cluster):
        for event in holder.node.entries("CustomActions").values():
            for action in (*event.each("Sequence"), event):
                script = action.at("Script")
                if url := script.literal():
                    yield BootText(script, url, Kind.ACTION)
                for argument in action.each("Args"):
                    if text := argument.literal():
                        yield BootText(argument, text, Kind.ARGUMENT)
    for path in _FETCHED:
        place = cluster.at(*path)
        if url := place.literal():
            yield BootText(place, url, Kind.ACTION)


def _bootstrap(cluster: Node) -> Iterator[BootText]:
    """Source: EMR Management Guide, "Create bootstrap actions": objects of S3, or files of the image (`file:`)."""
    for action in cluster.each("bootstrapActions"):
        path = action.at("path")
        if (url := path.literal()) and not url.startswith(("file:", "/")):
            yield BootText(path, url, Kind.ACTION)
        for argument in action.each("args"):
            if text := argument.literal():
                yield BootText(argument, text, Kind.ARGUMENT)


def _life_cycle(resource: Subject) -> Iterator[BootText]:
    """What the machines of a HyperPod cluster run. Source: SageMaker, CreateCluster (ClusterLifeCycleConfig)."""
    cluster, names = resource.props, ["instanceGroups", "lifeCycleConfig", "sourceS3Uri", "onCreate"]
    if resource.type == CLOUD_CONTROL:
        if cluster.text("typeName") != "AWS::SageMaker::Cluster":
            return
        cluster, names = cluster.at("desiredState").document(), [name[0].upper() + name[1:] for name in names]
    groups, config, folder, script = names
    for group in cluster.each(groups):
        place = group.at(config, folder)
        if url := place.literal():
            yield BootText(place, f"{url.rstrip('/')}/{group.literal(config, script, default='')}", Kind.ACTION)


def decoded(text: str, node: Node) -> str:
    """Text as the machine reads it: out of base64, which not everything needs to be in, and out of gzip."""
    if re.search(r"[^A-Za-z0-9+/=\s]", text):
        return text
    try:
        packed = base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return text
    return _text(packed, node, otherwise=text)


def _text(data: bytes, node: Node, *, otherwise: str | None = None) -> str:
    text = inflated(data)
    if text is None:
        if otherwise is not None and not data.startswith(GZIP):
            return otherwise
        raise UnevaluatedError(Reason.MISSHAPEN, "user data is packed in a way that can't be read", node.path)
    # Words such as "test" are base64 too, of bytes nobody would write.
    return otherwise if otherwise is not None and re.search(r"[\x00-\x08\x0e-\x1f]", text) else text


_CONTENT_TYPES: Final = {
    "text/x-shellscript": Kind.SCRIPT,
    "text/x-shellscript-per-boot": Kind.SCRIPT,
    "text/x-shellscript-per-instance": Kind.SCRIPT,
    "text/x-shellscript-per-once": Kind.SCRIPT,
    "text/cloud-boothook": Kind.SCRIPT,
    "text/part-handler": Kind.SCRIPT,
    "text/cloud-config": Kind.CLOUD_CONFIG,
    "text/cloud-config-jsonp": Kind.CLOUD_CONFIG,
    "text/x-include-url": Kind.INCLUDE,
    "text/x-include-once-url": Kind.INCLUDE,
    "application/node.eks.aws": Kind.NODE_CONFIG,
}
"""Content type of a part -> what it is. Sources: cloud-init, "User-data formats"; awslabs/amazon-eks-ami, nodeadm."""

_STARTS: Final = (
    (r"#!", Kind.SCRIPT),
    (r"#cloud-boothook", Kind.SCRIPT),
    (r"#part-handler", Kind.SCRIPT),
    (r"#cloud-config-archive", Kind.OTHER),
    (r"#cloud-config", Kind.CLOUD_CONFIG),
    (r"#include", Kind.INCLUDE),
    (r"## *template: *jinja\s*\n\s*#cloud-config", Kind.CLOUD_CONFIG),
    (r"## *template: *jinja", Kind.SCRIPT),
    (r"<(?:powershell|script)>", Kind.POWERSHELL),
    (r"(?s)(?=.{0,400}?node\.eks\.aws/)\s*(?:---|\{|apiVersion:|kind:)", Kind.NODE_CONFIG),
    (r"(?ms)(?:\s*(?:#.*)?$)*\s*(?:\[settings\b|settings\.[\w.-]+ *=)", Kind.BOTTLEROCKET),
)
"""How a text starts -> what it is. Source: cloud-init, "User-data formats"."""


def kind_of(text: str) -> Kind:
    """What a text is by how it starts. Without a start that says so it is taken for a script, as people mean it."""
    start = text.lstrip("\ufeff \t\r\n")
    return next((kind for pattern, kind in _STARTS if re.match(pattern, start)), Kind.SCRIPT)


def _parts(node: Node, text: str) -> Iterator[BootText]:
    start = text.lstrip()
    if re.match(r"(?i)(?:mime-version|content-type) *:", start):
        yield from _multipart(node, email.message_from_string(start))
    elif start.startswith("#cloud-config-archive"):
        yield from _archive(node, start)
    elif text.strip():
        yield BootText(node, text, kind_of(text))


def _multipart(node: Node, message: Message) -> Iterator[BootText]:
    for part in message.walk():
        if part.is_multipart():
            continue
        payload = part.get_payload(decode=True)
        text = _text(payload, node) if isinstance(payload, bytes) else ""
        if not text.strip():
            continue
        declared = _CONTENT_TYPES.get(part.get_content_type())
        # A declared shell script that starts like cloud-config is what its start says: so cloud-init reads it.
        found = kind_of(text) if declared in (None, Kind.SCRIPT) and text.lstrip().startswith("#") else declared
        yield BootText(node, text, found or (Kind.SCRIPT if part.get_content_type() == "text/plain" else Kind.OTHER))


def _archive(node: Node, text: str) -> Iterator[BootText]:
    documents = yaml_of(text, node)
    for part in documents if isinstance(documents, list) else ():
        content = part.get("content") if isinstance(part, dict) else part
        declared = _CONTENT_TYPES.get(str(part.get("type", ""))) if isinstance(part, dict) else None
        if isinstance(content, str) and content.strip():
            yield BootText(node, content, declared or kind_of(content))


def yaml_of(text: str, node: Node) -> Any:
    """A YAML document of user data as plain data, which is everybody's: nobody changes it.

    Raises:
        UnevaluatedError: It is no YAML.
    """
    try:
        return _parsed(text)
    except YAMLError:
        raise UnevaluatedError(Reason.MISSHAPEN, "user data holds YAML that can't be read", node.path) from None


@lru_cache(maxsize=64)
def _parsed(text: str) -> Any:
    # Three rules read each cloud-config, and each of them twice; a stack's nodes share few texts.
    return YAML(typ="safe", pure=True).load(text)
