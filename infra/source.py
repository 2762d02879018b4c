"""Where the settings of a stack are written, to say where a problem is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.base.problems import Problem
from components.base.validation import FieldPath, dotted
from components.base.yaml_file import YamlFile


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
