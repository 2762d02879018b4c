"""What others use of the engine: the values that go in and the outcome that comes out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from herd.engine.values import Secret
from herd.plan import Plan

Event = dict[str, Any]
"""One engine event in the JSON form of Pulumi's apitype/events.go."""

ProviderSource = Path | Callable[[], Any]
"""A plugin folder (PulumiPlugin.yaml or executable pulumi-resource-NAME) or a factory of a ResourceProviderServicer."""


ConfigValue = str | bool | int | float | list[Any] | dict[str, Any] | Secret
"""A value of the stack file's `config`; objects and lists reach the program as JSON, as with the real CLI."""


@dataclass(frozen=True)
class Program:
    """A Pulumi program, run as a subprocess the way Pulumi's own language host runs it.

    Attributes:
        root: Folder of Pulumi.yaml; `pulumi.get_root_directory()` gives it back and it comes first in PYTHONPATH.
        main: Folder of the program (it becomes the working directory) or its Python file.
        env: Variables added to the environment.
        python: The interpreter.
        preload: Modules imported once for all runs of this process; each run is then forked, which saves their import.
    """

    root: Path
    main: Path
    env: Mapping[str, str] = field(default_factory=dict)
    python: str = sys.executable
    preload: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnostic:
    """A message of the engine, the program or a provider."""

    severity: str  # debug, info, info#err, warning, error
    urn: str
    message: str


@dataclass(frozen=True)
class Interrupted:
    """An operation that an earlier run had begun and whose end nobody knows."""

    operation: str  # creating, updating, deleting, reading
    urn: str
    type: str
    id: str


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        exit_code: As the real CLI's: 0, 1 for a failure, 7 for changes under `expect_no_changes`.
        result: `succeeded` or `failed`.
        changes: Operation to count, as in the summary event.
        plan: All steps.
        outputs: The stack's outputs in the clear, with unknowns as None; empty if it never registered any.
        diagnostics: Warnings and errors, and everything the program printed.
        interrupted: Operations found pending at the start.
        refused: The feature the run was given up for because this engine doesn't have it; empty otherwise.
    """

    exit_code: int
    result: str
    changes: Mapping[str, int]
    plan: Plan
    outputs: Mapping[str, Any]
    diagnostics: Sequence[Diagnostic]
    interrupted: Sequence[Interrupted]
    refused: str = ""
