"""Values of a saved deployment as rules see them: secrets hidden, assets opened, what stands in outputs alone.

Format: Pulumi's sdk/go/common/resource/sig/signatures.go, pkg/resource/stack/deployment.go.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from herd import signatures
from herd.check.rendered import PROVIDER
from herd.signatures import SIG
from policies.engine.values import SECRET, UNKNOWN, Hidden, Reason, provider_inputs

Part = tuple[str, str]
"""Id of a resource, and what of it is a resource of its own; empty where nothing tells the parts apart."""

_BOOKKEEPING: Final = "__defaults"
"""Which inputs a bridged provider filled in; in every map, and no property."""
_MOST_DEPTH: Final = 200
_OPAQUE: Final = Hidden(Reason.MISSHAPEN, "a kind of value that isn't known here")
# What AWS decides where the program says nothing, and what was changed beside it: a refresh updates the inputs that
# are there and adds none, so only the outputs tell. Source: pulumi-terraform-bridge, pkg/tfbridge, ExtractInputs.
_ONLY_IN_OUTPUTS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:ebs/volume:Volume": ("encrypted",),
    "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl": ("ingress",),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("ingress", "egress"),
    "aws:ec2/instance:Instance": ("associatePublicIpAddress", "keyName", "metadataOptions", "rootBlockDevice"),
    "aws:ec2/networkAcl:NetworkAcl": ("ingress",),
    "aws:ec2/securityGroup:SecurityGroup": ("ingress",),
    "aws:ec2/subnet:Subnet": ("mapPublicIpOnLaunch",),
    "aws:eks/cluster:Cluster": ("version",),
    "aws:eks/nodeGroup:NodeGroup": ("version",),
    "aws:iam/role:Role": ("inlinePolicies", "managedPolicyArns"),
    "aws:sqs/queue:Queue": ("sqsManagedSseEnabled",),
}
# What is a resource of its own stands in those outputs again: type -> whose part it is, and which.
_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "aws:ec2/networkAclRule:NetworkAclRule": ("networkAclId", ""),
    "aws:ec2/securityGroupRule:SecurityGroupRule": ("securityGroupId", ""),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("securityGroupId", ""),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("securityGroupId", ""),
    "aws:iam/rolePolicy:RolePolicy": ("role", "name"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("role", "policyArn"),
}


def listed_again(resources: Iterable[Mapping[str, Any]]) -> AbstractSet[Part]:
    """The parts of others among a deployment's resources: they are judged by themselves, not once more."""
    return frozenset(_parts(resources))


def _parts(resources: Iterable[Mapping[str, Any]]) -> Iterator[Part]:
    for resource in resources:
        if keys := _PARTS.get(resource["type"]):
            given = resource.get("inputs") or {}
            whole, part = (given.get(key, "") for key in keys)
            if isinstance(whole, str) and isinstance(part, str):
                yield whole, part


def values(resource: Mapping[str, Any], again: AbstractSet[Part]) -> Any:
    """The properties of a resource: its inputs, and what stands in its outputs alone.

    What was imported without inputs, as old engines did, is what its outputs say.

    Args:
        resource: As the deployment has it.
        again: What the deployment has as resources of their own (`listed_again`).
    """
    outputs = resource.get("outputs") or {}
    if not resource.get("inputs") and resource.get("custom"):
        return real(outputs)
    given = inputs(resource)
    silent = (key for key in _ONLY_IN_OUTPUTS.get(resource["type"], ()) if given.get(key) is None)
    told = {key: _rest(outputs.get(key), resource.get("id") or "", again) for key in silent}
    return {**given, **{key: real(value) for key, value in told.items() if value}}


def _rest(value: Any, whole: str, again: AbstractSet[Part]) -> Any:
    """A list without what is a resource of its own."""
    if not isinstance(value, list):
        return value
    named = [(item.get("name") or "" if isinstance(item, Mapping) else item, item) for item in value]
    return [item for name, item in named if not isinstance(name, str) or (whole, name) not in again]


def inputs(resource: Mapping[str, Any]) -> Any:
    """The inputs of a resource; a provider's as they are meant."""
    given = resource.get("inputs") or {}
    return real(provider_inputs(given) if resource["type"].startswith(PROVIDER) else given)


def real(value: Any, depth: int = 0) -> Any:
    """A value of the deployment as rules see it."""
    if depth > _MOST_DEPTH:
        return Hidden(Reason.MISSHAPEN, f"nested more than {_MOST_DEPTH} deep")
    if isinstance(value, Mapping):
        signature = value.get(SIG)
        if signature is not None:
            meant = _SIGNED.get(signature) if isinstance(signature, str) else None
            return meant(value, depth) if meant else _OPAQUE
        return {key: real(item, depth + 1) for key, item in value.items() if key != _BOOKKEEPING}
    if isinstance(value, list):
        return [real(item, depth + 1) for item in value]
    return UNKNOWN if value == signatures.UNKNOWN_STRING else value


def _output(value: Mapping[str, Any], depth: int) -> Any:
    if value.get("secret"):
        return SECRET
    return real(value["value"], depth + 1) if "value" in value else UNKNOWN


def _reference(value: Mapping[str, Any], depth: int) -> Any:
    """What a property that takes a resource is on the wire: its id, or a component's URN."""
    return real(value.get("id") or value.get("urn"), depth + 1)


def _content(value: Mapping[str, Any], depth: int) -> Any:
    """An asset or archive: its text where it holds one, else where it comes from and its hash."""
    rest = {key: item for key, item in value.items() if key != SIG}
    return rest["text"] if isinstance(rest.get("text"), str) else real(rest, depth + 1)


def _bytes(value: Mapping[str, Any], _: int) -> Any:
    try:
        return base64.b64decode(value.get("value") or "", validate=True).decode("utf-8", "backslashreplace")
    except (ValueError, TypeError, binascii.Error):
        return _OPAQUE


_SIGNED: Final[Mapping[str, Callable[[Mapping[str, Any], int], Any]]] = {
    # Hidden even where `--show-secrets` laid it bare: a rule's message may quote what it reads.
    signatures.SECRET: lambda _, __: SECRET,
    signatures.OUTPUT: _output,
    signatures.RESOURCE: _reference,
    signatures.ASSET: _content,
    signatures.ARCHIVE: _content,
    signatures.BYTES: _bytes,
}
