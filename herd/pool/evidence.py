"""Evidence that nothing runs on nodes: what kubectl said of a cluster's nodes and pods, and whether to believe it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError, Problem
from components.k8s_platform.scheduling import DRAINING, GENERATION, POOL, SLICE

COMMAND: Final = "kubectl get nodes,pods -A -o json"
MAX_AGE: Final = timedelta(hours=1)
AHEAD: Final = timedelta(minutes=5)
"""How far the cluster's clock may be ahead of this machine's."""
MIRROR: Final = "kubernetes.io/config.mirror"
"""Annotation of pods that a kubelet made from a file: they leave with their node. Source: Kubernetes, static pods."""
MOST_NAMED: Final = 10
# `PreferNoSchedule` keeps no pod off.
_KEEPS_OFF: Final = ("NoSchedule", "NoExecute")

Found = Iterator[tuple[str, str]]
"""What is wrong, what to do."""


@dataclass(frozen=True)
class Dump:
    """Nodes and pods of a cluster.

    Attributes:
        shown: The file, as people know it.
        sha256: The hash of its bytes.
        nodes: v1 Nodes.
        pods: v1 Pods.
    """

    shown: str
    sha256: str
    nodes: tuple[Mapping[str, Any], ...]
    pods: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Cluster:
    """By what a dump is known to be of the stack's cluster.

    Attributes:
        region: Its region.
        cidr: The block its nodes' addresses are in.
        generations: Pool and key of every generation in the stack file.
    """

    region: str
    cidr: IPv4Network
    generations: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Target:
    """What is to be retired.

    Attributes:
        pool: The pool.
        key: The generation.
        slices: Its slices; empty for an elastic generation.
        never_started: A person says that slices without a node never had one.
    """

    pool: str
    key: str
    slices: tuple[int, ...]
    never_started: bool = False


def read(path: Path) -> Dump:
    """Read a dump.

    Raises:
        InvalidInputError: It is missing, isn't whole JSON, or isn't a list of nodes and pods.
    """
    shown, fix = str(path), f"`{COMMAND} > FILE`"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInputError.one(
            f"can't be read: {error.strerror}", file=shown, field="--evidence", fix=fix
        ) from None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        message = f"isn't whole JSON: {error}"
        raise InvalidInputError.one(message, file=shown, field="--evidence", fix=fix) from None
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list) or value.get("kind") != "List":
        raise InvalidInputError.one("isn't a List of objects", file=shown, field="--evidence", fix=fix)
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and metadata.get("continue"):
        raise InvalidInputError.one("is a part of a list", file=shown, field="--evidence", fix=fix)
    kinds: dict[Any, list[Mapping[str, Any]]] = {"Node": [], "Pod": []}
    for item in items:
        kind = item.get("kind") if isinstance(item, dict) else None
        if not isinstance(kind, str) or kind not in kinds or not _shaped(item):
            message = f"holds something that is no node or pod: {str(item)[:60]}"
            raise InvalidInputError.one(message, file=shown, field="--evidence", fix=fix)
        kinds[kind].append(item)
    return Dump(shown, hashlib.sha256(data).hexdigest(), tuple(kinds["Node"]), tuple(kinds["Pod"]))


def judge(dump: Dump, cluster: Cluster, target: Target, now: datetime) -> list[Problem]:
    """Why a dump doesn't show that what is to be retired is empty; nothing if it does."""
    checks = (_whole(dump), _of_the_cluster(dump, cluster), _recent(dump, now))
    found = [problem for check in checks for problem in check]
    if not found:
        found = [*_nodes_there(dump, target), *_draining(dump, target), *_empty(dump, target)]
    return [Problem(dump.shown, 0, "--evidence", message, fix) for message, fix in found]


def targets(dump: Dump, target: Target) -> tuple[Mapping[str, Any], ...]:
    """The nodes that are to go."""
    return tuple(
        node
        for node in dump.nodes
        if (labels := _labels(node)).get(POOL) == target.pool
        and labels.get(GENERATION) == target.key
        and (not target.slices or labels.get(SLICE, "") in set(map(str, target.slices)))
    )


def _shaped(item: Mapping[str, Any]) -> bool:
    """Whether every part that is looked at is of the kind Kubernetes makes it."""
    parts = {part: item.get(part) or {} for part in ("metadata", "spec", "status")}
    return all(isinstance(part, dict) for part in parts.values()) and all(
        fits(parts[part].get(field)) for part, field, fits in _SHAPES
    )


def _a_text(value: Any) -> bool:
    return isinstance(value, str)


def _a_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(text, str) for text in value.values()))


def _maps(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, dict) for each in value))


_SHAPES: Final[tuple[tuple[str, str, Callable[[Any], bool]], ...]] = (
    ("metadata", "name", _a_text),
    ("metadata", "labels", _texts),
    ("metadata", "annotations", _texts),
    ("metadata", "ownerReferences", _maps),
    ("spec", "nodeName", _a_text_or_none),
    ("spec", "taints", _maps),
    ("status", "addresses", _maps),
    ("status", "conditions", _maps),
)


def _labels(node: Mapping[str, Any]) -> Mapping[str, str]:
    found: Mapping[str, str] = (node.get("metadata") or {}).get("labels") or {}
    return found


def _name(item: Mapping[str, Any]) -> str:
    return str((item.get("metadata") or {}).get("name", "?"))


def _whole(dump: Dump) -> Found:
    """A cluster has nodes, and every ready node has pods: those of its network and its proxy at least."""
    if not dump.nodes or not dump.pods:
        yield f"holds {len(dump.nodes)} nodes and {len(dump.pods)} pods: no cluster is like that", f"`{COMMAND}`"
        return
    housed = {(pod.get("spec") or {}).get("nodeName") for pod in dump.pods}
    bare = [_name(node) for node in dump.nodes if _ready(node) and _name(node) not in housed]
    if bare:
        message = f"{_some(bare)}: ready, but without a single pod, not even their network's: pods are missing here"
        yield message, f"`{COMMAND}`, with the right to read every namespace"


def _of_the_cluster(dump: Dump, cluster: Cluster) -> Found:
    """Nodes are in the stack's region and network, and some of generations that its file names."""
    fix = "use the kubeconfig of the stack's own cluster"
    ours = {(_labels(node).get(POOL, ""), _labels(node).get(GENERATION, "")) for node in dump.nodes}
    if not ours & cluster.generations:
        yield "holds no node of any generation in the stack file", fix
    elsewhere = [
        f"{_name(node)} in {region or 'no region'}"
        for node in dump.nodes
        if (region := _labels(node).get("topology.kubernetes.io/region", "")) != cluster.region
    ]
    if elsewhere:
        yield f"{len(elsewhere)} nodes are not in {cluster.region}, the stack's region: {_some(elsewhere)}", fix
    outside = [
        f"{_name(node)} at {', '.join(map(str, addresses)) or 'no address'}"
        for node in dump.nodes
        if not (addresses := _addresses(node)) or not all(_inside(address, cluster.cidr) for address in addresses)
    ]
    if outside:
        yield f"{len(outside)} nodes are not in {cluster.cidr}, the stack's network: {_some(outside)}", fix


def _recent(dump: Dump, now: datetime) -> Found:
    """The newest sign of life of any node tells when the dump was made. Kubelets give one every 5 minutes."""
    beats = [beat for node in dump.nodes for beat in _heartbeats(node)]
    if not beats:
        yield "no node ever gave a sign of life", f"`{COMMAND}`"
        return
    age = now - max(beats)
    if age > MAX_AGE:
        yield f"is {age.total_seconds() / 3600:.1f} hours old: pods may have come since", f"`{COMMAND}` again"
    elif age < -AHEAD:
        yield f"is from the future: {max(beats).isoformat()}", "set the clocks right"


def _nodes_there(dump: Dump, target: Target) -> Found:
    """A slice without a node in the dump was not looked at: its nodes may have lost their labels."""
    seen = {_labels(node).get(SLICE) for node in targets(dump, target)}
    for number in target.slices:
        if str(number) not in seen and not target.never_started:
            fix = "if it never got nodes, for want of capacity, say --never-started"
            yield f"no node of {target.pool} {target.key} slice {number}: that isn't known to be empty", fix


def _draining(dump: Dump, target: Target) -> Found:
    """Node groups that drain have the taint: without it pods may have come since."""
    if not target.slices:
        return
    open_ = [
        _name(node)
        for node in targets(dump, target)
        if not any(
            taint.get("key") == DRAINING and taint.get("effect") in _KEEPS_OFF
            for taint in (node.get("spec") or {}).get("taints") or ()
        )
    ]
    if open_:
        yield f"{_some(open_)}: still open to new pods", "`pulumi up` first: draining is only written down yet"


def _empty(dump: Dump, target: Target) -> Found:
    """Nothing but what belongs to the nodes themselves, or is over."""
    names = {_name(node) for node in targets(dump, target)}
    busy = [
        f"{(pod.get('metadata') or {}).get('namespace', '?')}/{_name(pod)} on {pod['spec']['nodeName']}"
        for pod in dump.pods
        if (pod.get("spec") or {}).get("nodeName") in names and _is_work(pod)
    ]
    if busy:
        yield f"{len(busy)} pods still run there: {_some(busy)}", "let them end or move them off"


def _is_work(pod: Mapping[str, Any]) -> bool:
    metadata = pod.get("metadata") or {}
    if any(owner.get("kind") == "DaemonSet" for owner in metadata.get("ownerReferences") or ()):
        return False
    if MIRROR in (metadata.get("annotations") or {}):
        return False
    return (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}


def _conditions(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for condition in (node.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Ready":
            yield condition


def _ready(node: Mapping[str, Any]) -> bool:
    return any(condition.get("status") == "True" for condition in _conditions(node))


def _heartbeats(node: Mapping[str, Any]) -> Iterator[datetime]:
    for condition in _conditions(node):
        try:
            beat = datetime.fromisoformat(str(condition.get("lastHeartbeatTime")))
        except ValueError:
            continue
        yield beat if beat.tzinfo else beat.replace(tzinfo=UTC)


def _addresses(node: Mapping[str, Any]) -> list[Any]:
    found = (node.get("status") or {}).get("addresses") or ()
    return [address.get("address") for address in found if address.get("type") == "InternalIP"]


def _inside(address: Any, cidr: IPv4Network) -> bool:
    try:
        return IPv4Address(address) in cidr
    except ValueError:
        return False


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"
