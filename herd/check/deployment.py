"""A saved deployment (`pulumi stack export`, a backend's checkpoint) as the law sees it.

Format: Pulumi's sdk/go/common/apitype/core.go (DeploymentV3, ResourceV3), pkg/resource/stack/deployment.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

from components.base.problems import InvalidInputError, Problem
from herd.check.rendered import PROVIDER, READ_ONLY
from herd.check.saved_values import Part, inputs, listed_again, real, values
from herd.signatures import SIG
from policies.engine.subject import Origin, Place, Stack, Subject
from policies.engine.values import Hidden, Reason

_NEWEST: Final = 4
_URN: Final = re.compile(r"urn:pulumi:(?P<stack>[^:]*)::(?P<project>[^:]*)::(?P<types>.*?)::(?P<name>.*)", re.DOTALL)
_POSITION: Final = re.compile(r"project://(?:/|$)(?P<file>[^#]*)(?:#(?P<line>\d+))?")

# option -> (the deployment's field, what its absence means, the first engine that writes it). Sources: ResourceV3's
# history and CHANGELOG.md; an empty field is left out, so only an older engine's silence says nothing.
_OPTIONS: Final[Mapping[str, tuple[str, Any, tuple[int, int]]]] = {
    "protect": ("protect", False, (0, 0)),
    "additionalSecretOutputs": ("additionalSecretOutputs", [], (1, 0)),
    "aliases": ("aliases", [], (1, 0)),
    "customTimeouts": ("customTimeouts", {}, (1, 0)),
    "retainOnDelete": ("retainOnDelete", False, (3, 25)),
    "deletedWith": ("deletedWith", None, (3, 46)),
    "ignoreChanges": ("ignoreChanges", [], (3, 120)),
    "replaceOnChanges": ("replaceOnChanges", [], (3, 163)),
    "hideDiffs": ("hideDiff", [], (3, 200)),
    "replaceWith": ("replaceWith", [], (3, 207)),
}
_UNSEEN: Final = ("deleteBeforeReplace", "version", "pluginDownloadURL", "providers")
_NOT_RECORDED: Final = Hidden(Reason.INVISIBLE, "a saved deployment doesn't record it")
_TOO_OLD: Final = Hidden(Reason.INVISIBLE, "the version of Pulumi that saved the deployment didn't record it")


@dataclass(frozen=True)
class Saved:
    """A saved deployment.

    Attributes:
        stack: What lives.
        config: The stack's configuration, where a checkpoint holds it.
        passed_over: What was not judged, and how many.
    """

    stack: Stack
    config: Mapping[str, Any] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)


def is_deployment(data: Any) -> bool:
    """Whether JSON data is a saved deployment, of any form."""
    if not isinstance(data, Mapping):
        return False
    return bool({"deployment", "checkpoint", "latest"} & data.keys()) or {"manifest", "resources"} <= data.keys()


def saved(data: Mapping[str, Any], shown: str) -> Saved:
    """The deployment that JSON data holds.

    Raises:
        InvalidInputError: It isn't one; every problem of its resources.
    """
    version = data.get("version", 3)
    if type(version) is not int or not 0 < version <= _NEWEST:
        message = f"is a deployment of format {version!r}; 1 to {_NEWEST} are known"
        raise InvalidInputError.one(message, file=shown, field="version")
    checkpoint = data.get("checkpoint", data)
    latest = checkpoint.get("deployment", checkpoint.get("latest")) if isinstance(checkpoint, Mapping) else None
    if latest is None and isinstance(checkpoint, Mapping) and "resources" in checkpoint:
        latest = checkpoint
    # A stack that was never deployed has no `latest`, one that was destroyed no resources.
    latest = {} if latest is None else latest
    resources = latest.get("resources") if isinstance(latest, Mapping) else latest
    resources = [] if resources is None else resources
    if not isinstance(checkpoint, Mapping) or not isinstance(latest, Mapping) or not isinstance(resources, list):
        message = "holds no deployment: expected deployment.resources, a list"
        raise InvalidInputError.one(message, file=shown, fix="write it with pulumi stack export")
    if problems := [*_problems(resources, shown)]:
        raise InvalidInputError(problems)
    live = [resource for resource in resources if not _gone(resource)]
    names = _URN.fullmatch(resources[0]["urn"]) if resources else None
    engine = _engine(latest.get("manifest"))
    providers = {f"{one['urn']}::{one.get('id', '')}": one for one in resources if one["type"].startswith(PROVIDER)}
    again = listed_again(live)
    stack = Stack(
        tuple(_subject(resource, providers, engine, again, shown) for resource in live),
        names["stack"] if names else "",
        names["project"] if names else "",
        Origin.DEPLOYMENT,
    )
    config = checkpoint.get("config")
    return Saved(stack, config if isinstance(config, Mapping) else {}, _passed_over(resources, latest))


_REQUIRED: Final = ("urn", "type")
# Of another kind these would leave a resource out (`"external": "no"`), or pass for a setting that it hasn't.
_FIELDS: Final[Mapping[str, type]] = {
    **dict.fromkeys((*_REQUIRED, "id", "parent", "provider", "deletedWith"), str),
    **dict.fromkeys(("custom", "delete", "external", "pendingReplacement", "protect", "retainOnDelete"), bool),
    **dict.fromkeys(("inputs", "outputs"), dict),
    **dict.fromkeys(("dependencies", "ignoreChanges", "stackTrace"), list),
}
_KINDS: Final = {str: "text", bool: "true or false", dict: "a map", list: "a list"}


def _problems(resources: Sequence[Any], shown: str) -> list[Problem]:
    found = []
    for index, resource in enumerate(resources):
        where = f"resources[{index}]"
        if not isinstance(resource, Mapping):
            found.append(Problem(shown, 0, where, "isn't a resource"))
            continue
        for key, kind in _FIELDS.items():
            if not isinstance(resource.get(key), kind if key in _REQUIRED else kind | None):
                found.append(Problem(shown, 0, f"{where}.{key}", f"isn't {_KINDS[kind]}"))
            elif kind is dict and SIG in (resource.get(key) or ()):
                found.append(Problem(shown, 0, f"{where}.{key}", "is one value, not a map of properties"))
        urn = resource.get("urn")
        if isinstance(urn, str) and not _URN.fullmatch(urn):
            found.append(Problem(shown, 0, f"{where}.urn", f"{urn[:100]!r} is no URN"))
    return found


_PASSED_OVER: Final[Mapping[str, Callable[[Mapping[str, Any]], bool]]] = {
    "waiting to be deleted": lambda resource: bool(resource.get("delete")),
    "deleted, waiting for their replacement": lambda resource: bool(resource.get("pendingReplacement")),
    READ_ONLY: lambda resource: bool(resource.get("external")),
}


def _gone(resource: Mapping[str, Any]) -> bool:
    return any(test(resource) for test in _PASSED_OVER.values())


def _passed_over(resources: Sequence[Mapping[str, Any]], latest: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for resource in resources:
        if why := next((why for why, test in _PASSED_OVER.items() if test(resource)), None):
            found[why] = found.get(why, 0) + 1
    cut_off = latest.get("pending_operations")
    if isinstance(cut_off, list) and cut_off:
        found["operations that were cut off (herd recover)"] = len(cut_off)
    return found


def _engine(manifest: Any) -> tuple[int, int] | None:
    """The version of the engine that saved it; None if it doesn't say."""
    version = manifest.get("version") if isinstance(manifest, Mapping) else None
    found = re.match(r"v?(\d+)\.(\d+)", version) if isinstance(version, str) else None
    return (int(found[1]), int(found[2])) if found else None


def _subject(
    resource: Mapping[str, Any],
    providers: Mapping[str, Mapping[str, Any]],
    engine: tuple[int, int] | None,
    again: AbstractSet[Part],
    shown: str,
) -> Subject:
    provider = providers.get(resource.get("provider") or "")
    custom = bool(resource.get("custom"))
    outputs = real(resource.get("outputs") or {})
    found = _URN.fullmatch(resource["urn"])
    return Subject(
        urn=resource["urn"],
        type=resource["type"],
        name=found["name"] if found else "",
        values=values(resource, again),
        settings=_settings(resource, engine),
        parent=resource.get("parent") or None,
        origin=Origin.DEPLOYMENT,
        place=_place(resource, shown),
        results={**outputs, "id": resource["id"]} if resource.get("id") else outputs,
        provider_values=inputs(provider) if provider else None,
        custom=custom,
    )


def _settings(resource: Mapping[str, Any], engine: tuple[int, int] | None) -> dict[str, Any]:
    settings: dict[str, Any] = dict.fromkeys(_UNSEEN, _NOT_RECORDED)
    for option, (name, absent, since) in _OPTIONS.items():
        silence = absent if engine is None or engine >= since else _TOO_OLD
        settings[option] = resource[name] if resource.get(name) is not None else silence
    settings["dependsOn"] = resource.get("dependencies") or []
    settings["provider"] = (resource.get("provider") or "").rpartition("::")[0] or None
    settings["import"] = resource.get("importID") or None
    settings["id"] = None
    return settings


def _place(resource: Mapping[str, Any], shown: str) -> Place:
    """Where the program made it, which newer engines record; else the file."""
    positions = [resource.get("sourcePosition")]
    trace = resource.get("stackTrace")
    positions += [frame.get("sourcePosition") for frame in trace or () if isinstance(frame, Mapping)]
    for position in positions:
        if isinstance(position, str) and (found := _POSITION.fullmatch(position.split(",")[0])) and found["file"]:
            return Place(found["file"], int(found["line"] or 0))
    return Place(shown)
