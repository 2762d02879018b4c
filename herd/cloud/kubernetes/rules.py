"""The rules between fields of Karpenter's kinds, which its CRDs write in CEL.

Sources: https://karpenter.sh/docs/concepts/nodepools/ and nodeclasses/; where these are silent, the behaviour of the
CRDs of Karpenter 1.14, odd ones included: a term of a group or a subnet that names an id and tags is refused only if
all terms do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from herd.cloud.kubernetes.schema import Rule

_KARPENTER = "karpenter.sh"
_AWS = "karpenter.k8s.aws"
_OWN_LABELS = frozenset({f"{_KARPENTER}/capacity-type", f"{_KARPENTER}/nodepool"})
_AWS_LABELS = frozenset(
    f"{_AWS}/{name}"
    for name in (
        "instance-tenancy", "capacity-reservation-type", "capacity-reservation-id",
        "capacity-reservation-interruptible", "ec2nodeclass", "instance-encryption-in-transit-supported",
        "nitro-sandbox", "instance-category",
        "instance-hypervisor", "instance-family", "instance-generation", "instance-local-nvme", "instance-size",
        "instance-cpu", "instance-cpu-manufacturer", "instance-cpu-sustained-clock-speed-mhz", "instance-memory",
        "instance-ebs-bandwidth", "instance-network-bandwidth", "instance-gpu-name", "instance-gpu-manufacturer",
        "instance-gpu-count", "instance-gpu-memory", "instance-accelerator-name", "instance-accelerator-manufacturer",
        "instance-accelerator-count", "instance-capability-flex", "placement-group-id", "placement-group-partition",
    )
)  # fmt: skip
_FAMILIES = {
    "al2": "AL2",
    "al2023": "AL2023",
    "bottlerocket": "Bottlerocket",
    "windows2019": "Windows2019",
    "windows2022": "Windows2022",
    "windows2025": "Windows2025",
}
_RESTRICTED_TAGS = ("eks:eks-cluster-name", "karpenter.sh/nodepool", "karpenter.sh/nodeclaim", f"{_AWS}/ec2nodeclass")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")

RULES: dict[str, Rule] = {}


def _rule(name: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


def _needs(name: str, message: str, holds: Callable[[Any], bool]) -> None:
    """A rule of one sentence: the message if it doesn't hold."""

    def check(value: Any, _old: Any) -> Iterator[str]:
        if not holds(value):
            yield message

    RULES[name] = check


def _has_any(value: Mapping[str, Any], *names: str) -> bool:
    return any(name in value for name in names)


_needs("filled", "may not be empty", bool)
_needs("budget-windows", "'schedule' must be set with 'duration'", lambda v: all(
    ("schedule" in x) == ("duration" in x) for x in v
))  # fmt: skip
_needs("tags-filled", "empty tag keys or values aren't supported", lambda v: all(k and x for k, x in v.items()))
_needs("one-root-volume", "must have only one blockDeviceMappings with rootVolume", lambda v: (
    sum(bool(x.get("rootVolume")) for x in v) <= 1
))  # fmt: skip
_needs("some-timeout", "at least one of tcpEstablishedTimeout, udpStreamTimeout, or udpTimeout must be set", bool)
_needs("role-or-profile", "must specify exactly one of ['role', 'instanceProfile']", lambda v: (
    ("role" in v) != ("instanceProfile" in v)
))  # fmt: skip
_needs(
    "primary-interface",
    "networkInterfaces must include a primary interface with interfaceType='interface'",
    lambda v: (
        not v or any((x["networkCardIndex"], x["deviceIndex"], x["interfaceType"]) == (0, 0, "interface") for x in v)
    ),
)


@_rule("static-or-elastic")
def _static_or_elastic(spec: Any, old: Any) -> Iterator[str]:
    static = "replicas" in spec
    if old is not None and static != ("replicas" in old):
        yield (
            "Cannot transition NodePool between static (replicas set) and dynamic (replicas unset) provisioning modes"
        )
    if static and set(spec.get("limits", {})) - {"nodes"}:
        yield "only 'limits.nodes' is supported on static NodePools"
    if static and "weight" in spec:
        yield "'weight' is not supported on static NodePools"


@_rule("node-class-stays")
def _node_class_stays(reference: Any, old: Any) -> Iterator[str]:
    for name in ("group", "kind"):
        if old is not None and reference[name] != old.get(name):
            yield f"nodeClassRef.{name} is immutable"


@_rule("label-free")
def _label_free(label: Any, _old: Any) -> Iterator[str]:
    domain = label.partition("/")[0]
    if label not in _OWN_LABELS and domain.endswith(_KARPENTER):
        yield f'label domain "{_KARPENTER}" is restricted'
    for reserved in (f"{_KARPENTER}/nodepool", "kubernetes.io/hostname"):
        if label == reserved:
            yield f'label "{reserved}" is restricted'
    if label not in _AWS_LABELS and domain.endswith(_AWS):
        yield f'label domain "{_AWS}" is restricted'


@_rule("labels-free")
def _labels_free(labels: Any, old: Any) -> Iterator[str]:
    yield from dict.fromkeys(message for label in labels for message in _label_free(label, old))


@_rule("requirement-values")
def _requirement_values(requirements: Any, _old: Any) -> Iterator[str]:
    if any(x["operator"] == "In" and not x.get("values") for x in requirements):
        yield "requirements with operator 'In' must have a value defined"
    if any(x["operator"] in {"Gt", "Lt", "Gte", "Lte"} and not _one_count(x.get("values", [])) for x in requirements):
        yield "requirements operator 'Gt', 'Lt', 'Gte', or 'Lte' must have a single positive integer value"
    if any(x["operator"] == "In" and len(x.get("values", [])) < x.get("minValues", 0) for x in requirements):
        yield "requirements with 'minValues' must have at least that many values specified in the 'values' field"


def _one_count(values: Sequence[str]) -> bool:
    return len(values) == 1 and bool(_INTEGER.match(values[0])) and int(values[0]) >= 0


@_rule("image-alias")
def _image_alias(alias: Any, _old: Any) -> Iterator[str]:
    family, at, version = alias.partition("@")
    if not (at and version and re.fullmatch(r"[a-zA-Z0-9]+", family)):
        yield "'alias' is improperly formatted, must match the format 'family@version'"
    if family not in _FAMILIES:
        listed = ", ".join(f"'{each}'" for each in _FAMILIES)
        yield f"family is not supported, must be one of the following: {listed}"
    elif family.startswith("windows") and version.partition("@")[0] != "latest":
        yield "windows families may only specify version 'latest'"


@_rule("image-terms")
def _image_terms(terms: Any, _old: Any) -> Iterator[str]:
    if not all(_has_any(x, "tags", "id", "name", "alias", "ssmParameter") for x in terms):
        yield "expected at least one, got none, ['tags', 'id', 'name', 'alias', 'ssmParameter']"
    for alone, others in (("id", ("alias", "tags", "name", "owner")), ("alias", ("id", "tags", "name", "owner"))):
        if any(alone in x and _has_any(x, *others) for x in terms):
            yield f"'{alone}' is mutually exclusive, cannot be set with other fields in amiSelectorTerms"
    if any("alias" in x for x in terms) and len(terms) != 1:
        yield "'alias' is mutually exclusive, cannot be set with a combination of other amiSelectorTerms"


@_rule("image-family")
def _image_family(spec: Any, _old: Any) -> Iterator[str]:
    aliases = [x["alias"].partition("@")[0] for x in spec["amiSelectorTerms"] if "alias" in x]
    if not aliases and "amiFamily" not in spec:
        yield "must specify amiFamily if amiSelectorTerms does not contain an alias"
    for alias in aliases:
        family = _FAMILIES.get(alias)
        if family and spec.get("amiFamily", family) not in {family, "Custom"}:
            yield f"if set, amiFamily must be '{family}' or 'Custom' when using a {family} alias"


@_rule("volume-source")
def _volume_source(volume: Any, _old: Any) -> Iterator[str]:
    if not _has_any(volume, "snapshotID", "volumeSize"):
        yield "snapshotID or volumeSize must be defined"
    if "volumeInitializationRate" in volume and not volume.get("snapshotID"):
        yield "snapshotID must be set when volumeInitializationRate is set"


@_rule("interfaces-apart")
def _interfaces_apart(interfaces: Any, _old: Any) -> Iterator[str]:
    places = [(x["networkCardIndex"], x["deviceIndex"]) for x in interfaces]
    efa = [x["networkCardIndex"] for x in interfaces if x["interfaceType"] == "efa-only"]
    if len(set(places)) != len(places) or len(set(efa)) != len(efa):
        yield (
            "networkInterfaces must not have duplicate networkCardIndex and deviceIndex pairs, "
            "and can have at most one efa device per network card"
        )


@_rule("name-or-id")
def _name_or_id(selector: Any, _old: Any) -> Iterator[str]:
    if not _has_any(selector, "name", "id"):
        yield "expected at least one, got none, ['name', 'id']"
    if "name" in selector and "id" in selector:
        yield "'name' and 'id' are mutually exclusive"


def _terms(what: str, needed: Sequence[str], alone: Mapping[str, Sequence[str]], *, empty: str = "") -> Rule:
    """Selector terms: each needs one of some fields, and some fields stand alone."""

    def check(terms: Any, _old: Any) -> Iterator[str]:
        if empty and not terms:
            yield empty
        if not all(_has_any(x, *needed) for x in terms):
            yield f"expected at least one, got none, {list(needed)}"
        for name, others in alone.items():
            if all(name in x and _has_any(x, *others) for x in terms):
                yield f"'{name}' is mutually exclusive, cannot be set along with other fields in a {what} selector term"

    return check


RULES["reservation-terms"] = _terms(
    "capacity reservation",
    ("tags", "id", "instanceMatchCriteria"),
    {"id": ("tags", "ownerID", "instanceMatchCriteria")},
)
RULES["group-terms"] = _terms(
    "security group",
    ("tags", "id", "name"),
    {"id": ("tags", "name"), "name": ("tags", "id")},
    empty="securityGroupSelectorTerms cannot be empty",
)
RULES["subnet-terms"] = _terms("subnet", ("tags", "id"), {"id": ("tags",)}, empty="subnetSelectorTerms cannot be empty")


@_rule("tags-free")
def _tags_free(tags: Any, _old: Any) -> Iterator[str]:
    if "" in tags:
        yield "empty tag keys aren't supported"
    for key in _RESTRICTED_TAGS:
        if key in tags:
            yield f"tag contains a restricted tag matching {key}"
    if any(key.startswith("kubernetes.io/cluster") for key in tags):
        yield "tag contains a restricted tag matching kubernetes.io/cluster/"
