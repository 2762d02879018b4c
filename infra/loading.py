"""From the engine's configuration to settings: every problem at once, with file, line and field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, closest, dotted, validate
from components.base.yaml_file import YamlFile
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
        keys = (self._file.data or {}).get("config") or {}
        for key in (f"{self.project}:{path[0]}", str(path[0])) if path else ():
            if key in keys:
                return self._file.line(("config", key, *path[1:]))
        return self._file.line(("config",))

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


def load_fidelity(config: Mapping[str, str], source: StackSource) -> Fidelity:
    """How real the run is.

    Raises:
        InvalidInputError: The value is unknown.
    """
    value = config.get(f"{source.project}:{FIDELITY}") or Fidelity.REAL
    if value not in list(Fidelity):
        raise InvalidInputError([source.problem((FIDELITY,), f"unknown value {value!r}", closest(value, [*Fidelity]))])
    return Fidelity(value)


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
