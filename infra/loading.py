"""From the engine's configuration to settings: every problem at once, with file, line and field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, closest, dotted, validate
from components.base.yaml_file import YamlFile
from components.registry import derive as registry
from components.release import derive
from components.release.load import load_release, lock_path
from components.release.spec import ReleaseSpec
from infra.checks import CHECKS
from infra.settings import Fidelity, Settings

FIDELITY: Final = "fidelity"
# What the engine hands over as a plain string; everything else arrives as JSON.
_STRINGS: Final = ("environment", "account", "region", "replicaRegion", "release")


@dataclass(frozen=True)
class StackSource:
    """Where the settings of a stack are written, to say where a problem is.

    Attributes:
        root: Folder of Pulumi.yaml.
        project: The project's name, the namespace of its keys.
        stack: The stack's name.
    """

    root: Path
    project: str
    stack: str

    @property
    def shown(self) -> str:
        """The stack file as people know it."""
        return f"stacks/Pulumi.{self.stack}.yaml"

    @cached_property
    def _file(self) -> YamlFile | None:
        # A stack made with `pulumi stack init` and `pulumi config set --config-file` has its file elsewhere.
        path = self.root / self.shown
        return YamlFile.load(path, shown=self.shown) if path.is_file() else None

    def line(self, path: FieldPath) -> int:
        """The line of a setting in the stack file; 0 if there is no such file."""
        if self._file is None:
            return 0
        key = self._key(path[0]) if path else None
        return self._file.line(("config", *((key, *path[1:]) if key else ())))

    def says(self, setting: str) -> bool:
        """Whether the stack file itself has a setting."""
        return self._key(setting) is not None

    def _key(self, setting: str | int) -> str | None:
        """A setting's key in the file, where the project's name may be left out."""
        keys = ((self._file.data or {}).get("config") or {}) if self._file else {}
        return next((key for key in (f"{self.project}:{setting}", str(setting)) if key in keys), None)

    def problem(self, path: FieldPath, message: str, fix: str = "") -> Problem:
        """A problem at a setting."""
        return Problem(self.shown, self.line(path), dotted(path), message, fix)


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
    data = {key: value for key, value in data.items() if value != ""}
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


def load_pinned(settings: Settings, source: StackSource, fidelity: Fidelity) -> ReleaseSpec | None:
    """What the stack runs; None, without touching a file, for a stack without a release.

    Raises:
        InvalidInputError: The lock is missing, edited or lacks the stack's region; it or the stack file holds values
            that this run may not use.
    """
    unread = unread_digests(settings, source) if fidelity is Fidelity.REAL else []
    try:
        pinned = _load_lock(settings, source, fidelity)
    except InvalidInputError as error:
        raise InvalidInputError([*unread, *error.problems]) from None
    if unread:
        raise InvalidInputError(unread)
    return pinned


def unread_digests(settings: Settings, source: StackSource) -> list[Problem]:
    """The images to mirror whose digest nobody has read where they live."""
    message, fix = "unresolved: nobody has read this digest yet", "write what `regctl image digest HOST/PATH:TAG` says"
    return [source.problem(("registry", *path), message, fix) for path in registry.unresolved(settings.registry)]


def _load_lock(settings: Settings, source: StackSource, fidelity: Fidelity) -> ReleaseSpec | None:
    if settings.release is None:
        return None
    try:
        release = load_release(source.root, settings.release)
    except InvalidInputError as error:
        asked = source.problem(("release",), f"can't use {settings.release}")
        raise InvalidInputError([asked, *error.problems]) from None
    found = [*derive.missing_region(release.lock, settings.region)]
    if fidelity is not Fidelity.RENDER:
        found += derive.unresolved(release.lock)
    if fidelity is Fidelity.REAL:
        found += derive.from_stand_in(release.lock)
    if found:
        file = YamlFile.load(lock_path(source.root, settings.release), shown=release.shown)
        raise InvalidInputError(
            Problem(release.shown, file.line(path), dotted(path), message, fix) for path, message, fix in found
        )
    return derive.release_spec(release, settings.region)


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
