"""The real Pulumi CLI as the driver: a scratch project with the same provider folders, nothing in the repository."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from herd.engine import ConfigValue, Event
from herd.plan import Plan
from herd.rehearse.driver import PASSPHRASE, OnEvent, Run
from herd.rehearse.workspace import Tree

# The parts of a tree that a program run needs; the rest of the checkout stays where it is.
PROGRAM_PARTS = ("Pulumi.yaml", "infra", "components", "stacks")

_GRACE = 15  # seconds for a command that was interrupted to write its state


def find_cli() -> str | None:
    """The `pulumi` on PATH, if there is one."""
    return shutil.which("pulumi")


def required_cli() -> str:
    """The `pulumi` on PATH.

    Raises:
        InvalidInputError: There is none.
    """
    cli = find_cli()
    if not cli:
        raise InvalidInputError.one(
            "no pulumi CLI on PATH", field="--engine", fix="install it, or use --engine embedded"
        )
    return cli


def scratch_environment(scratch: Path, cloud: Mapping[str, str]) -> dict[str, str]:
    """The environment that keeps the CLI inside the scratch folder and on the stand-in cloud."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "AWS_"))}
    return {
        **kept,
        **cloud,
        "PULUMI_HOME": str(scratch / "home"),
        "PULUMI_BACKEND_URL": (scratch / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # --event-log exists only with the debug commands.
        "PULUMI_DEBUG_COMMANDS": "1",
    }


def project_settings(settings: Mapping[str, Any], plugins: Mapping[str, Path]) -> dict[str, Any]:
    """A Pulumi.yaml for the scratch project: this interpreter, the stand-in providers, the scratch backend."""
    return {
        **{key: value for key, value in settings.items() if key not in ("backend", "plugins")},
        # The language host looks the interpreter up in a virtual environment: give it the one that runs herd.
        "runtime": {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}},
        "plugins": {"providers": [{"name": name, "path": str(path)} for name, path in sorted(plugins.items())]},
    }


class PulumiDriver:
    """The `pulumi` on PATH with a file backend and the plugin folders of the stand-in providers."""

    def __init__(
        self,
        *,
        stack: str,
        scratch: Path,
        config: Callable[[Tree], Mapping[str, ConfigValue]],
        environment: Mapping[str, str],
        plugins: Mapping[str, Path],
        on_event: OnEvent,
    ) -> None:
        """A driver whose project, home and backend live in `scratch`.

        Raises:
            InvalidInputError: There is no CLI on PATH.
        """
        cli = required_cli()
        self._cli, self._stack, self._scratch = cli, stack, scratch
        self._config, self._on_event = config, on_event
        self._plugins = {name: _shim(name, folder, scratch / "plugins") for name, folder in plugins.items()}
        self._environment = scratch_environment(scratch, environment)
        self._project = scratch / "project"
        (scratch / "backend").mkdir(parents=True)
        self.name = f"pulumi {self._call(['version']).strip()}"

    def up(self, tree: Tree) -> Run:
        """Make the stack what the tree says."""
        self._prepare(tree)
        return self._verb("up", ["--skip-preview"])

    def refresh(self) -> Run:
        """Read what the cloud holds."""
        return self._verb("refresh", ["--skip-preview"])

    def destroy(self) -> Run:
        """Delete everything."""
        return self._verb("destroy", ["--skip-preview"])

    def deployment(self) -> dict[str, Any]:
        """The state's `deployment`, secrets encrypted as the backend holds them."""
        deployment: dict[str, Any] = json.loads(self._call(["stack", "export"]))["deployment"]
        return deployment

    def replace_deployment(self, deployment: Mapping[str, Any]) -> None:
        """Put an edited `deployment` in the state's place."""
        self._call(["stack", "import"], json.dumps({"version": 3, "deployment": deployment}))

    def _prepare(self, tree: Tree) -> None:
        yaml = YAML(typ="safe")
        stack_file = self._project / "stacks" / f"Pulumi.{self._stack}.yaml"
        salt = yaml.load(stack_file).get("encryptionsalt") if stack_file.is_file() else None
        shutil.rmtree(self._project, ignore_errors=True)
        self._project.mkdir()
        for part in PROGRAM_PARTS:
            source = tree.root / part
            if source.is_dir():
                shutil.copytree(source, self._project / part, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.is_file():
                shutil.copy2(source, self._project / part)
        project_file = self._project / "Pulumi.yaml"
        # The paths of plugin folders are relative to Pulumi.yaml.
        plugins = {name: Path(os.path.relpath(path, self._project)) for name, path in self._plugins.items()}
        settings = project_settings(yaml.load(project_file), plugins)
        yaml.dump(settings, project_file)
        # The rehearsal's copy has a passphrase instead of KMS; `stack init` writes its salt into the file, and every
        # later tree must carry the same one, or the state's secrets could not be read.
        settled = {"encryptionsalt": salt} if salt else {}
        yaml.dump({**settled, "config": dict(self._config(tree))}, stack_file)
        self._environment["PYTHONPATH"] = str(self._project)
        if not salt:
            self._call(["stack", "init", self._stack])

    def _verb(self, verb: str, arguments: list[str]) -> Run:
        log = self._scratch / f"{verb}.events.jsonl"
        log.unlink(missing_ok=True)
        command = [self._cli, verb, "--yes", "--non-interactive", "--event-log", str(log), *arguments]
        output = self._scratch / f"{verb}.output.txt"
        events: list[Event] = []
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [*command, "--stack", self._stack], cwd=self._project, env=self._environment, stdout=sink, stderr=sink
            )
            try:
                for event in _follow(log, process):
                    events.append(event)
                    self._on_event(event)
            finally:
                _end(process)
        run = Run.of(Plan.from_events(events), ok=process.returncode == 0)
        if process.returncode and not run.errors:
            said = output.read_text(encoding="utf-8", errors="replace").strip()
            return Run(ok=False, plan=run.plan, errors=(said,))
        return run

    def _call(self, arguments: list[str], stdin: str | None = None) -> str:
        done = subprocess.run(
            [self._cli, *arguments, "--non-interactive"] if arguments != ["version"] else [self._cli, "version"],
            cwd=self._project if self._project.is_dir() else self._scratch,
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise InvalidInputError.one(f"`pulumi {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a command that still runs because the rehearsal was stopped: as Ctrl-C does, then for good."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _follow(log: Path, process: subprocess.Popen[bytes]) -> Iterator[Event]:
    """The events of a running command, as the CLI writes them; ends when the command has ended."""
    position, rest = 0, b""
    running = True
    while running:
        running = process.poll() is None
        if log.is_file():
            with log.open("rb") as file:
                file.seek(position)
                fresh = file.read()
            position += len(fresh)
            *lines, rest = (rest + fresh).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())
        if running:
            time.sleep(0.1)


def _shim(name: str, folder: Path, target: Path) -> Path:
    """A provider folder whose executable runs the plugin with this interpreter, so that no second one is set up."""
    shim = target / name
    shim.mkdir(parents=True)
    program = shim / f"pulumi-resource-{name}"
    program.write_text(
        f"#!{sys.executable}\nimport runpy\n\nrunpy.run_path({str(folder)!r}, run_name='__main__')\n", encoding="utf-8"
    )
    program.chmod(0o755)
    return shim
