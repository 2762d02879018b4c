"""Checks inputs before anything is planned: names, types, required ones, and the whole model of the create call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from herd.cloud.provider.naming import auto_name
from herd.cloud.provider.row import Row
from herd.cloud.provider.schema import IGNORED, coerce, problems, schema
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import operation_model
from herd.cloud.provider.tags import TagConfig, at_create
from herd.cloud.provider.wire import DEFAULTS, UNKNOWN, Secret, Unknown, holds, plain
from herd.cloud.validate import full_validate


@dataclass
class Checked:
    """Inputs as they will be used, and what is wrong with them as (property, reason)."""

    inputs: dict[str, Any]
    failures: list[tuple[str, str]] = field(default_factory=list)


def check(
    row: Row,
    scope: Scope,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    *,
    seed: bytes,
    autonaming: Mapping[str, Any] | None,
    config: TagConfig,
) -> Checked:
    """Fill in names, defaults and default tags, then find everything that AWS would refuse."""
    known = schema(row.type)
    checked = Checked({k: v for k, v in news.items() if k != DEFAULTS})
    for key, value in checked.inputs.items():
        if key in IGNORED:
            continue
        if key not in known.inputs:
            checked.failures.append(
                (key, f"unknown property of {row.type}; there are {', '.join(sorted(known.inputs))}")
            )
            continue
        checked.failures += problems(known.inputs[key], value, key)
        checked.inputs[key] = fitted(known.inputs[key], value)
    fill(row, scope.name, checked, olds, seed=seed, autonaming=autonaming, config=config)
    missing = sorted(key for key in known.required if checked.inputs.get(key) is None)
    checked.failures += [(key, f"{row.type} needs {key}") for key in missing]
    if not checked.failures:
        checked.failures += model_failures(row, scope, checked.inputs)
    return checked


def fill(
    row: Row,
    name: str,
    checked: Checked,
    olds: Mapping[str, Any],
    *,
    seed: bytes,
    autonaming: Mapping[str, Any] | None,
    config: TagConfig,
) -> None:
    """Add what the program left out, and note what was added, as the bridge does, under ``__defaults``."""
    inputs, defaults = checked.inputs, []
    rule = row.name
    if rule and rule.input not in inputs:
        kept = olds.get(rule.input) if rule.input in (olds.get(DEFAULTS) or []) else None
        prefix = plain(inputs.get(f"{rule.input}Prefix"))
        if isinstance(prefix, str):
            kept = kept if str(kept).startswith(prefix) else None
            rule, name, autonaming = replace(rule, separator=""), prefix, None
        try:
            made = kept or auto_name(rule, name, seed, autonaming)
        except ValueError as error:
            made, problem = None, str(error)
        else:
            problem = "auto-naming is disabled and no name is given"
        if made is None:
            checked.failures.append((rule.input, problem))
        else:
            suffix = rule.suffix[1] if not kept and inputs.get(rule.suffix[0]) else ""
            inputs[rule.input] = made + suffix
            defaults.append(rule.input)
    for key, value in row.defaults.items():
        if "." in key:
            _fill_nested(inputs, key.split("."), value)
        elif key not in inputs:
            inputs[key] = value
            defaults.append(key)
    if row.tags and (inputs.get("tags") or config.default):
        inputs["tags"] = config.merged(inputs.get("tags"))
    inputs[DEFAULTS] = sorted(defaults)


def _fill_nested(values: Any, path: list[str], default: Any) -> None:
    """Set a default inside blocks that are given; a block left out stays out."""
    if isinstance(values, list):
        for item in values:
            _fill_nested(item, path, default)
    elif isinstance(values, dict) and len(path) == 1:
        values.setdefault(path[0], default)
    elif isinstance(values, dict):
        _fill_nested(values.get(path[0]), path[1:], default)


def fitted(kind: Any, value: Any) -> Any:
    """A value with its scalars as the schema types them: ``"443"`` for a number becomes 443."""
    if isinstance(value, Secret):
        return Secret(fitted(kind, value.value))
    if isinstance(kind, str):
        found = value if value is UNKNOWN or kind == "any" else coerce(kind, value)
        return value if found is None else found
    if "object" in kind and isinstance(value, Mapping):
        return {k: fitted(kind["object"][k], v) if k in kind["object"] else v for k, v in value.items()}
    if "list" in kind and isinstance(value, list):
        return [fitted(kind["list"], item) for item in value]
    if "map" in kind and isinstance(value, Mapping):
        return {k: fitted(kind["map"], v) for k, v in value.items()}
    return value


def model_failures(row: Row, scope: Scope, inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What botocore's model of the create call, and of the calls that complete it, says against the inputs."""
    scope.inputs, scope.checking = plain(dict(inputs)), True
    calls = [row.create]
    for change in row.updates:
        if (
            change.at_create
            and not callable(change.calls)
            and any(scope.inputs.get(i) is not None for i in change.inputs)
        ):
            calls += change.calls
    failures = []
    for index, call in enumerate(calls):
        params, origin = scope.params(call)
        if not index:
            params |= at_create(scope)
        name = operation_model(call.service or row.service, call.operation).name
        for violation in full_validate(call.service or row.service, name, params):
            value = _value_at(params, violation.path.removeprefix(name).lstrip("."))
            if isinstance(value, Unknown) or holds(violation.value, Unknown):
                continue
            if violation.constraint == "required" and (index or _may_come(violation.path, name, scope.inputs)):
                continue
            where = _property(violation.path, origin) or ("tags" if "Tag" in violation.path else "")
            failures.append(
                (where, f"{violation.constraint}: {violation.detail}" + ("" if where else f" ({violation.path})"))
            )
    return failures


def _may_come(path: str, operation: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a missing parameter may still come: something is unknown yet and this level may hold it."""
    return path == operation and any(holds(value, Unknown) for value in inputs.values())


def _property(path: str, origin: Mapping[str, str]) -> str:
    while path:
        if path in origin:
            return origin[path]
        path = re.sub(r"(\.[^.\[]*|\[\d+\]|<[^>]*>)$", "", path) if re.search(r"[.\[<]", path) else ""
    return ""


def _value_at(params: Any, path: str) -> Any:
    for part in re.findall(r"[^.\[\]<>]+", path):
        if isinstance(params, Mapping):
            params = params.get(part)
        elif isinstance(params, list) and part.isdigit():
            params = params[int(part)] if int(part) < len(params) else None
        else:
            return params
    return params
