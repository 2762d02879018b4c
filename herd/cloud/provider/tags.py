"""Tags: put on at creation, read back, brought in line on update, in each service's own spelling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from herd.cloud.provider.errors import AbsentError
from herd.cloud.provider.row import Tags
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import input_shape, key_values, pick
from herd.cloud.provider.wire import UNKNOWN, plain


@dataclass(frozen=True)
class TagConfig:
    """The provider's `defaultTags` and `ignoreTags`."""

    default: Mapping[str, str] = field(default_factory=dict)
    ignored_keys: frozenset[str] = frozenset()
    ignored_prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> TagConfig:
        """From the provider's configuration, whose values are JSON texts."""
        default, ignored = ({**_object(config.get(key))} for key in ("defaultTags", "ignoreTags"))
        return cls(
            default.get("tags") or {},
            frozenset(ignored.get("keys") or ()),
            tuple(ignored.get("keyPrefixes") or ()),
        )

    def merged(self, tags: Any) -> Any:
        """The tags of a resource with the defaults beneath them."""
        if tags is UNKNOWN or not self.default:
            return tags
        return {**self.default, **(plain(tags) or {})}

    def kept(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Tags without AWS's own and the ignored ones."""
        prefixes = ("aws:", *self.ignored_prefixes)
        return {k: v for k, v in tags.items() if not k.startswith(prefixes) and k not in self.ignored_keys}


def _object(value: Any) -> dict[str, Any]:
    value = plain(value)
    if isinstance(value, str) and value:
        value = json.loads(value)
    return value if isinstance(value, dict) else {}


def spelled(style: Tags, tags: Mapping[str, str]) -> Any:
    """Tags as the service takes them."""
    if style.form == "map":
        return dict(tags)
    return [{style.key: key, style.value: value} for key, value in tags.items()]


def at_create(scope: Scope) -> dict[str, Any]:
    """The parameters that put tags on with the create call."""
    style, tags = scope.row.tags, scope.inputs.get("tags")
    if style is None or not style.create or not tags or tags is UNKNOWN:
        return {}
    known = {key: value for key, value in tags.items() if value is not UNKNOWN}
    if style.spec:
        return {style.create: [{"ResourceType": style.spec, "Tags": spelled(style, known)}]}
    return {style.create: spelled(style, known)}


def read(scope: Scope) -> dict[str, str]:
    """The tags that the cloud holds."""
    style = scope.row.tags
    if style is None:
        return {}
    if isinstance(style.read, str):
        raw = pick(scope.found, style.read)
    else:
        before, scope.reading = scope.reading, True
        try:
            raw = pick(scope.do(style.read.call), style.read.found)
        except AbsentError:
            return {}  # S3 says so of a bucket without tags
        finally:
            scope.reading = before
    if isinstance(raw, Mapping):
        return {str(key): str(value) for key, value in raw.items()}
    return key_values(raw or [])


def sync(scope: Scope, held: Mapping[str, str]) -> None:
    """Bring the tags in line with the inputs, given what the cloud holds of them."""
    style = scope.row.tags
    wanted: dict[str, str] = scope.inputs.get("tags") or {}
    if style is None or dict(held) == wanted:
        return
    if style.hook:
        style.hook(scope)
        return
    owner = {style.owner[0]: scope.evaluate(style.owner[1])} | {k: scope.evaluate(v) for k, v in style.extra.items()}
    gone = [key for key in held if key not in wanted]
    put = {key: value for key, value in wanted.items() if held.get(key) != value}
    if gone:
        pairs: Any = [{style.key: key} for key in gone] if style.keys_form == "pairs" else gone
        scope.run(style.untag, **_listed(scope, style.untag, owner), **{style.keys_param: pairs})
    if put:
        scope.run(style.tag, **_listed(scope, style.tag, owner), **{style.tags_param: spelled(style, put)})


def _listed(scope: Scope, operation: str, owner: Mapping[str, Any]) -> dict[str, Any]:
    """EC2 takes a list of resources where the others take one."""
    members = input_shape(scope.row.service, operation).members
    return {k: [v] if members[k].type_name == "list" and not isinstance(v, list) else v for k, v in owner.items()}
