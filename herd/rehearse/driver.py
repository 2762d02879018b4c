"""What drives a rehearsal: the embedded engine here, the real CLI in `pulumi_cli`; the phases can't tell them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from herd.engine import Backend, ConfigValue, Engine, Event, Outcome, Program, ProviderSource
from herd.plan import Plan
from herd.rehearse.workspace import Tree

OnEvent = Callable[[Event], None]

# Five runs of one program: imported once, forked for each. Nothing of the tree itself, since base and tree differ.
PRELOAD = ("pulumi", "pulumi_aws", "pulumi_kubernetes.apiextensions", "pulumi_kubernetes.helm.v3")
PASSPHRASE = "rehearsal"  # noqa: S105 - protects the made-up values of a state that dies with the rehearsal


@dataclass(frozen=True)
class Run:
    """What one verb did.

    Attributes:
        ok: Whether it succeeded.
        plan: Its steps.
        errors: Its error messages.
        warnings: Its warnings, each once.
    """

    ok: bool
    plan: Plan
    errors: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, plan: Plan, *, ok: bool) -> Run:
        """A run from its plan."""

        def said(severity: str) -> tuple[str, ...]:
            """What a severity said, each message once, with the names of the resources it is about."""
            names: dict[str, list[str]] = {}
            for level, urn, text in plan.diagnostics:
                if level == severity:
                    about = names.setdefault(text.strip(), [])
                    about += [name for name in [urn.rsplit("::", 1)[-1]] if urn and name not in about]
            return tuple(f"{', '.join(about)}: {text}" if about else text for text, about in names.items())

        return cls(ok, plan, said("error"), said("warning"))


class Driver(Protocol):
    """A way to run the program's lifecycle on the stand-in cloud."""

    name: str

    def up(self, tree: Tree) -> Run:
        """Make the stack what the tree says."""

    def refresh(self) -> Run:
        """Read what the cloud holds."""

    def destroy(self) -> Run:
        """Delete everything."""

    def deployment(self) -> dict[str, Any]:
        """The state's `deployment`."""

    def replace_deployment(self, deployment: Mapping[str, Any]) -> None:
        """Put an edited `deployment` in the state's place."""


class EmbeddedDriver:
    """Herd's own engine with the stand-in providers in this process."""

    name = "embedded"

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        scratch: Path,
        config: Callable[[Tree], Mapping[str, ConfigValue]],
        environment: Mapping[str, str],
        providers: Mapping[str, ProviderSource],
        on_event: OnEvent,
    ) -> None:
        """A driver whose state lives in `scratch`; `config` reads a tree's own stack file."""
        self._project, self._stack = project, stack
        self._backend = Backend(scratch / "state", project, stack, PASSPHRASE)
        self._config, self._environment, self._providers = config, environment, providers
        self._on_event = on_event
        self._tree: Tree | None = None

    def _engine(self) -> Engine:
        program = None
        if self._tree:
            program = Program(self._tree.root, self._tree.root / "infra", dict(self._environment), preload=PRELOAD)
        return Engine(
            self._project,
            self._stack,
            self._backend,
            self._providers,
            program,
            self._config(self._tree) if self._tree else {},
            on_event=self._on_event,
        )

    def up(self, tree: Tree) -> Run:
        """Make the stack what the tree says."""
        self._tree = tree
        return _run(self._engine().up())

    def refresh(self) -> Run:
        """Read what the cloud holds."""
        return _run(self._engine().refresh())

    def destroy(self) -> Run:
        """Delete everything."""
        return _run(self._engine().destroy())

    def deployment(self) -> dict[str, Any]:
        """The state's `deployment`."""
        deployment: dict[str, Any] = self._backend.export_deployment()["deployment"]
        return deployment

    def replace_deployment(self, deployment: Mapping[str, Any]) -> None:
        """Put an edited `deployment` in the state's place."""
        self._backend.import_deployment({"version": 3, "deployment": dict(deployment)})


def _run(outcome: Outcome) -> Run:
    return Run.of(outcome.plan, ok=outcome.exit_code == 0)
