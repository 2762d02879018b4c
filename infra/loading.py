"""From the engine's configuration to settings: every problem at once, with file, line and field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, closest, validate
from components.images.load import LoadedRecipe
from components.registry import derive as registry
from infra.checks import CHECKS
from infra.locks import Releases, load_releases
from infra.mirrored import stale
from infra.pools import pools_fit
from infra.recipes import load_recipes
from infra.settings import Fidelity, Settings
from infra.source import StackSource

FIDELITY: Final = "fidelity"
# What the engine hands over as a plain string; everything else arrives as JSON.
_STRINGS: Final = ("environment", "account", "region", "replicaRegion", "release")


def load_settings(config: Mapping[str, str], source: StackSource, secret_keys: tuple[str, ...] = ()) -> Settings:
    """Build the settings from what the engine passes.

    Args:
        config: Fully qualified key to value; objects and arrays as JSON.
        source: The stack and its file.
        secret_keys: Keys whose values the engine had to decrypt.

    Raises:
        InvalidInputError: Every problem there is.
    """
    own = {key.partition(":")[2]: value for key, value in config.items() if key.partition(":")[0] == source.project}
    problems = [
        source.problem(
            (key.partition(":")[2],), "holds a secret", "keep it in Secrets Manager and name it here instead"
        )
        for key in secret_keys
    ]
    data = {key: _decode(key, value) for key, value in own.items() if key != FIDELITY}
    # The engine fills in the defaults of Pulumi.yaml: "" and {} stand for what a stack file leaves out.
    data = {key: value for key, value in data.items() if value not in ("", {})}
    try:
        settings = validate(Settings, data, file=source.shown, line=source.line)
    except InvalidInputError as error:
        raise InvalidInputError([*problems, *error.problems]) from None
    context = settings.context(source.project, source.stack)
    problems += [
        source.problem(_path(field), message, fix)
        for check in CHECKS
        for field, message, fix in check(settings, context)
    ]
    if problems:
        raise InvalidInputError(problems)
    return settings


def load_fidelity(config: Mapping[str, str], source: StackSource, endpoint: str | None) -> Fidelity:
    """How real the run is: what the tool passed, believed only as far as it can do no harm.

    Args:
        config: The engine's configuration.
        source: The stack and its file.
        endpoint: AWS_ENDPOINT_URL: where AWS calls of this run go.

    Raises:
        InvalidInputError: The value is unknown, written down for every run, or the run would reach real AWS.
    """
    value = config.get(f"{source.project}:{FIDELITY}") or Fidelity.REAL
    path = (FIDELITY,)
    if value not in list(Fidelity):
        raise InvalidInputError(
            [source.problem(path, f"unknown value {value!r}", closest(value, [kind.value for kind in Fidelity]))]
        )
    # `pulumi up -c herd:fidelity=...` writes the stack file: a later real run would take made-up values for real.
    if value == Fidelity.RENDER and source.says(FIDELITY):
        raise InvalidInputError([source.problem(path, "is passed by `herd render`, never written down", "remove it")])
    if value == Fidelity.REHEARSE and not _is_loopback(endpoint):
        message = "a rehearsal needs a stand-in: AWS_ENDPOINT_URL doesn't name one on this machine"
        raise InvalidInputError([source.problem(path, message, "run `herd rehearse`, or remove the key")])
    return Fidelity(value)


@dataclass(frozen=True)
class Pinned:
    """What runs and what is built, read from files that say it exactly.

    Attributes:
        releases: Release locks; none for the foundation alone.
        recipes: Recipes of the images that the stack builds, by name.
    """

    releases: Releases
    recipes: Mapping[str, LoadedRecipe]


def load_pinned(settings: Settings, source: StackSource, fidelity: Fidelity) -> Pinned:
    """Read what the stack runs and builds; no lock is touched for a stack without a release.

    Raises:
        InvalidInputError: A lock or recipe is missing, edited or lacks the stack's region; it or the stack file holds
            values that this run may not use; or the pools don't fit what the releases hold.
    """
    problems = unread_digests(settings, source) if fidelity is Fidelity.REAL else []
    context = settings.context(source.project, source.stack)
    pinned = Pinned(Releases(), {})
    try:
        pinned = replace(pinned, recipes=load_recipes(settings, context, source, fidelity))
    except InvalidInputError as error:
        problems += error.problems
    try:
        pinned = replace(pinned, releases=load_releases(settings, source, fidelity))
    except InvalidInputError as error:
        problems += error.problems
    else:
        findings = (*pools_fit(settings, context, pinned.releases), *stale(settings, pinned.releases.own))
        problems += [source.problem(*finding) for finding in findings]
    if problems:
        raise InvalidInputError(problems)
    return pinned


def unread_digests(settings: Settings, source: StackSource) -> list[Problem]:
    """The images to mirror whose digest nobody has read where they live."""
    message, fix = "unresolved: nobody has read this digest yet", "write what `regctl image digest HOST/PATH:TAG` says"
    return [source.problem(("registry", *path), message, fix) for path in registry.unresolved(settings.registry)]


def _is_loopback(endpoint: str | None) -> bool:
    host = urlsplit(endpoint or "").hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _path(field: str) -> FieldPath:
    """The path of a dotted field: `a.b[0].c`."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"[.\[\]]+", field) if part)


def _decode(key: str, value: str) -> Any:
    if key in _STRINGS:
        return value
    try:
        return json.loads(value)
    except ValueError:
        # A scalar where an object was expected: pydantic says so, with the field.
        return value
