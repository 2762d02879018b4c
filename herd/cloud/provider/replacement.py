"""Which changes replace a resource: facts from `replacement.yaml`, and the conditions it names."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Values = Mapping[str, Any]
Condition = Callable[[str, Values, Values], bool]


def _at(values: Values, path: str) -> Any:
    found: Any = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
CONDITIONS: dict[str, Condition] = {
    "unless_netmask_length": lambda _p, _o, new: not new.get("ipv4NetmaskLength"),
    "unless_dedicated_to_default": lambda p, old, new: (
        (old.get(p), new.get(p, "default") or "default") != ("dedicated", "default")
    ),
    "private_gateway": lambda _p, _o, new: new.get("connectivityType") == "private",
    "regional_gateway": lambda _p, old, new: (
        bool(old.get("availabilityZoneAddresses")) != bool(new.get("availabilityZoneAddresses"))
    ),
    "assigned_ipv6_before": lambda _p, old, _n: bool(old.get("assignIpv6AddressOnCreation")),
    "not_an_interface": lambda _p, _o, new: new.get("vpcEndpointType") != "Interface",
    "source_kind_changes": lambda _p, old, new: (
        {s for s in SOURCES if old.get(s)} != {s for s in SOURCES if new.get(s)}
    ),
    "decreased": lambda p, old, new: _number(_at(new, p)) < _number(_at(old, p)),
    "decreased_or_scratch_1": lambda p, old, new: (
        _number(_at(new, p)) < _number(_at(old, p)) or new.get("deploymentType", "SCRATCH_1") == "SCRATCH_1"
    ),
    "decreased_when_user_provisioned": lambda p, old, new: (
        _at(new, "metadataConfiguration.mode") == "USER_PROVISIONED" and _number(_at(new, p)) < _number(_at(old, p))
    ),
    "removed": lambda p, old, new: bool(_at(old, p)) and not _at(new, p),
    "was_set": lambda p, old, _n: bool(_at(old, p)),
    "advanced_to_standard": lambda p, old, new: (old.get(p), new.get(p)) == ("Advanced", "Standard"),
}


@dataclass(frozen=True)
class Replacement:
    """What is known of a type.

    Attributes:
        always: Paths whose change replaces, lists as ``a[].b``.
        when: Path to the condition under which its change replaces.
        unknown: Inputs about which nothing is known.
    """

    always: frozenset[str]
    when: Mapping[str, str]
    unknown: frozenset[str]

    def forces(self, path: str, kind: str, old: Values, new: Values) -> bool:
        """Whether a change at a path (with list indexes) replaces the resource.

        Args:
            path: Such as ``rules[0].status``.
            kind: ``add``, ``update`` or ``delete``.
            old: The inputs before.
            new: The inputs now.
        """
        generic = re.sub(r"\[\d+\]", "[]", path)
        parts = re.split(r"(?=\.)|(?=\[\])", generic)
        for depth in range(len(parts), 0, -1):
            prefix = "".join(parts[:depth])
            if prefix in self.when:
                return CONDITIONS[self.when[prefix]](prefix, old, new)
            if prefix in self.always:
                whole = depth == len(parts) or (kind != "update" and parts[depth:] == ["[]"])
                # Where members are flagged one by one, only those count; the block's flag is for its coming and going.
                listed = any(p.startswith((f"{prefix}.", f"{prefix}[].")) for p in self.always)
                return whole or not listed or _comes_or_goes(prefix, old, new)
        return False


def _comes_or_goes(path: str, old: Values, new: Values) -> bool:
    top = path.split(".", maxsplit=1)[0].removesuffix("[]")
    return bool(old.get(top)) != bool(new.get(top))


@functools.cache
def _load() -> dict[str, Any]:
    path = Path(__file__).with_name("replacement.yaml")
    data: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    return data


@functools.cache
def replacement(token: str) -> Replacement | None:
    """What is known of a type; None for nothing at all."""
    entry = _load()["types"].get(token)
    if entry is None:
        return None
    return Replacement(
        frozenset(entry.get("replace") or ()),
        dict(entry.get("replace_if") or {}),
        frozenset(entry.get("not_covered") or ()),
    )


def known_types() -> tuple[str, ...]:
    """The types that `replacement.yaml` says something about."""
    return tuple(_load()["types"])
