"""Generations of node pools: what the components make of one, to compare with what is registered.

Imports the components, and Pulumi with them: rules import this module when they meet a pool.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from components.base.problems import InvalidInputError
from components.capacity.spec import OnDemand, ReservationFacts, Reservations, Spot
from components.gpu_cluster import karpenter, machines, node_group, paid
from components.gpu_cluster.content import content
from components.gpu_cluster.keys import content_hash, hash_of
from components.gpu_cluster.launch_template import launch_template
from components.gpu_cluster.network import PLACEHOLDER_CLUSTER, Ids
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import ElasticGeneration, ElasticPool, Pool, StaticGeneration, StaticPool
from components.gpu_cluster.user_data import user_data
from components.release.spec import AmiPin, Architecture
from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.scripts.boot import decoded

_POOL: Final[TypeAdapter[Pool]] = TypeAdapter(Pool)
_RESERVATION: Final[TypeAdapter[ReservationFacts]] = TypeAdapter(ReservationFacts)
_PLACEHOLDER: Final = re.compile(r"\$\{[\w.-]+\}")
_ON_TOP: Final = frozenset(
    {"tags", "tagsAll", "tagSpecifications", "name", "namePrefix", "description", "region", "updateDefaultVersion"}
    | {"defaultVersion", "expireAfter", "terminationGracePeriod"}
)
"""What a registered resource has besides the content: names, tags, and what changes in place."""
_BLOCK_WINDOW: Final = {"start": "2030-01-01T11:30:00Z", "end": "2030-01-02T11:30:00Z"}
"""A block's window, which is no part of the content."""

Difference = tuple[Node, str]
"""A place, and what is wrong there."""


@dataclass(frozen=True)
class Generation:
    """One generation as a pool declares it.

    Attributes:
        place: Where the pool declares it.
        pool_name: The pool.
        pool: Its spec.
        declared: Its own.
    """

    place: Node
    pool_name: str
    pool: StaticPool | ElasticPool
    declared: StaticGeneration | ElasticGeneration

    @property
    def name(self) -> str:
        """The name of what belongs to it as a whole."""
        return f"{self.pool_name}-{self.declared.key}"


def generations(component: Subject) -> Iterator[Generation]:
    """The generations of a `GpuNodePool`.

    Raises:
        UnevaluatedError: Its inputs are hidden, or no pool that this version knows.
    """
    fields = {field.alias or name for kind in (StaticPool, ElasticPool) for name, field in kind.model_fields.items()}
    plain = {key: value for key, value in component.props.plain().items() if key in fields}
    try:
        pool = _POOL.validate_python(plain)
    except ValidationError as error:
        path = error.errors()[0]["loc"]
        message = f"is no pool that this version of the law knows: {error.errors()[0]['msg']}"
        raise UnevaluatedError(Reason.MISSHAPEN, message, [key for key in path if key in plain]) from None
    all_declared: Sequence[StaticGeneration | ElasticGeneration] = pool.generations
    for at, declared in enumerate(all_declared):
        yield Generation(component.props.at("generations", at), component.name, pool, declared)


def differences(generation: Generation, made: Mapping[str, Subject]) -> Iterator[Difference]:
    """Where what is registered isn't what the generation's key was made of.

    Args:
        generation: The generation.
        made: The pool's children by logical name.

    Raises:
        UnevaluatedError: A part of it is hidden, or isn't there.
    """
    root = made.get(generation.name)
    if root is None and made:
        yield (
            generation.place.at("key"),
            f"nothing of this pool is called {generation.name}: its nodes are of another key",
        )
        return
    if root is None:
        message = f"no launch template or node class {generation.name} belongs to the pool"
        raise UnevaluatedError(Reason.ABSENT, message, generation.place.path)
    seen = _Seen(generation, root)
    key = generation.declared.key
    try:
        actual = content_hash(
            content(generation.pool_name, generation.pool, generation.declared.node, seen.image, seen.reservations)
        )
        wanted = seen.wanted()
    except InvalidInputError as error:
        raise UnevaluatedError(Reason.MISSHAPEN, error.problems[0].message, generation.place.path) from None
    if actual != hash_of(key):
        message = f"the content of {key} is {actual} by now: it changed under the key of nodes that live"
        yield generation.place.at("key"), message
    yield from min(([*_unlike(root, properties)] for properties in wanted), key=len)
    yield from _others(generation, made, seen)


class _Seen:
    """What a generation's launch template or node class says of the image and the reservation: they aren't declared."""

    def __init__(self, generation: Generation, root: Subject) -> None:
        self.generation, self.root = generation, root
        static = isinstance(generation.pool, StaticPool)
        place = root.props.at("imageId") if static else root.props.at("spec", "amiSelectorTerms", 0, "id")
        first = machines.machines(generation.declared.node)[0]
        architecture = next(one for one in Architecture if one.value in first.architectures)
        image = place.literal() or ""
        self.image = AmiPin(id=image, architecture=architecture, provenance="vendor", recipe_hash=None)
        self.reservations = self._reservations()

    def _reservations(self) -> Reservations:
        capacity = self.generation.pool.capacity
        if isinstance(capacity, (OnDemand, Spot)):
            return {}
        kind = {"open-reservation": "open", "targeted-reservation": "targeted"}.get(capacity.kind, capacity.kind)
        node = self.generation.declared.node
        found: dict[str, Any] = {
            "kind": kind,
            "instanceType": node.instance_types[0],
            "zone": self.generation.pool.zones[0],
            "count": 1,
            **(_BLOCK_WINDOW if kind == "capacity-block" else {}),
        }
        props = self.root.props
        target = props.at("capacityReservationSpecification", "capacityReservationTarget")
        if group := target.literal("capacityReservationResourceGroupArn"):
            found["group"] = group
        else:
            named = props.literal("spec", "capacityReservationSelectorTerms", 0, "id")
            found["id"] = target.literal("capacityReservationId") or named or f"cr-{'0' * 17}"
        placed = props.text("placement", "groupName")
        if kind == "targeted" and placed and not isinstance(placed, Reference) and self._is_foreign(placed):
            found["placementGroup"] = placed
        try:
            return {capacity.reservation: _RESERVATION.validate_python(found)}
        except ValidationError as error:
            raise InvalidInputError.one(f"no reservation: {error.errors()[0]['msg']}") from None

    def _is_foreign(self, placed: str) -> bool:
        """In a saved deployment a generation's own group is a name too, which starts with the generation's."""
        return not placed.startswith(self.generation.name)

    def wanted(self) -> tuple[dict[str, Any], ...]:
        """The root's properties as the components derive them: with pods' subnets and without."""
        pool, node = self.generation.pool, self.generation.declared.node
        ids = Ids.placeholders(pool.zones, placed=paid.makes_placement_group(pool, self.reservations))
        networks = (ids, replace(ids, pods_have_subnets=False))
        key = self.generation.declared.key
        if isinstance(pool, ElasticPool):
            elastic = Nodes(self.generation.pool_name, key, pool, node, self.image, self.reservations)
            return tuple({"spec": karpenter.node_class(elastic, network)} for network in networks)
        static = Nodes(self.generation.pool_name, key, pool, node, self.image, self.reservations)
        labels, taints = machines.labels(self.generation.pool_name, key, node), machines.taints(node)
        told = user_data(PLACEHOLDER_CLUSTER, node, labels, taints)
        return tuple(_camel(launch_template(static, network, told)) for network in networks)


def _others(generation: Generation, made: Mapping[str, Subject], seen: _Seen) -> Iterator[Difference]:
    """Node groups of the slices, the Karpenter node pool."""
    pool, node = generation.pool, generation.declared.node
    if isinstance(pool, ElasticPool):
        elastic = Nodes(generation.pool_name, generation.declared.key, pool, node, seen.image, seen.reservations)
        for subject in _named(made, generation.name, "NodePool"):
            yield from _unlike(subject, {"spec": {"template": karpenter.node_template(elastic)}})
        return
    declared = generation.declared
    for number in declared.slices if isinstance(declared, StaticGeneration) else ():
        for subject in _named(made, f"{generation.name}-{number}", "NodeGroup"):
            yield from _unlike(subject, _camel(node_group.fixed(pool, node)))
            template = subject.props.text("launchTemplate", "id")
            if isinstance(template, Reference) and template.owner != seen.root.urn:
                yield subject.props.at("launchTemplate", "id"), f"is {template}, another generation's template"


def _named(made: Mapping[str, Subject], name: str, kind: str) -> Iterator[Subject]:
    # A node class and its node pool have one name: the kind tells them apart.
    found = made.get(f"{kind}/{name}")
    if found is not None:
        yield found


def _unlike(subject: Subject, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    for key, value in wanted.items():
        yield from _compared(subject.props.at(key), value)
    if "imageId" in wanted:
        yield from _added(subject.props, wanted)
    if "spec" in wanted and "template" not in wanted["spec"]:
        yield from _added(subject.props.at("spec"), wanted["spec"])


def _added(place: Node, wanted: Mapping[str, Any]) -> Iterator[Difference]:
    for key, node in place.entries().items():
        if key not in wanted and key not in _ON_TOP and not key.startswith("__") and node.present:
            yield node, f"{node.shown} is no part of the generation's content"


def _compared(node: Node, wanted: Any) -> Iterator[Difference]:
    if isinstance(wanted, Mapping):
        for key, value in wanted.items():
            yield from _compared(node.at(key), value)
    elif isinstance(wanted, (list, tuple)):
        found = [*node.each()]
        if len(found) != len(wanted):
            yield node, f"{node.shown} has {len(found)} entries, the generation's content {len(wanted)}"
            return
        for one, value in zip(found, wanted, strict=True):
            yield from _compared(one, value)
    elif not _same(node, wanted):
        shown = "" if node.path[-1:] == ("userData",) else f" ({node.text()}, not {wanted})"
        yield node, f"{node.shown} isn't what the generation's key was made of{shown}"


def _same(node: Node, wanted: Any) -> bool:
    text = node.text()
    if text is None:
        return wanted is None
    expected = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
    if not _PLACEHOLDER.search(expected):
        return text == expected
    # A placeholder is whatever the cloud makes of it: an id, an ARN, or its symbol.
    pattern = "".join(
        r"[^\s\"']+" if _PLACEHOLDER.fullmatch(part) else re.escape(part)
        for part in re.split(f"({_PLACEHOLDER.pattern})", expected)
    )
    if node.path[-1:] == ("userData",):
        text = decoded(text, node)
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {to_camel(key): _camel(item) for key, item in value.items()}
    return [_camel(item) for item in value] if isinstance(value, (list, tuple)) else value
