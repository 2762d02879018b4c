"""Stack files as Pulumi's engine reads them: what a program gets as configuration, and a copy for a scratch folder."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from ruamel.yaml import YAML

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, closest, dotted, plain
from components.base.yaml_file import YamlFile

Fidelity = Literal["real", "rehearse", "render"]
ConfigValue = str | bool | int | float | list[Any] | dict[str, Any]

# What ties a stack file to the secrets of one real stack; source: Pulumi's workspace.ProjectStack.
_SECRETS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt")
# Source: Pulumi's tokens.ParseStackName.
_STACK: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True)
class StackFile:
    """A stack and its configuration.

    Attributes:
        root: Folder of Pulumi.yaml.
        project: The project's name.
        stack: The stack's name.
        config: Fully qualified key to plain value, with the defaults of Pulumi.yaml.
        secrets_provider: What encrypts the real stack's secrets; empty for a passphrase.
        main: The program: a folder with `__main__.py`, or a file.
        secrets: Keys that hold what only the real stack can decrypt; their values stand for it.
    """

    root: Path
    project: str
    stack: str
    config: Mapping[str, ConfigValue]
    secrets_provider: str
    main: Path
    secrets: frozenset[str] = frozenset()

    @property
    def regions(self) -> list[str]:
        """The regions the stack works in, its own first."""
        named = (self.config.get(f"{self.project}:{key}") for key in ("region", "replicaRegion"))
        return [str(region) for region in named if region]

    def own(self) -> dict[str, ConfigValue]:
        """The project's own settings, by key without its name."""
        prefix = f"{self.project}:"
        return {key.removeprefix(prefix): value for key, value in self.config.items() if key.startswith(prefix)}

    def strings(self) -> dict[str, str]:
        """The configuration as a program receives it: strings as they are, everything else as JSON."""
        return {key: value if isinstance(value, str) else _json(value) for key, value in self.config.items()}

    def stripped(self) -> str:
        """The text of a stack file with the same configuration and no ties to the real stack's secrets."""
        text = io.StringIO()
        YAML(typ="safe", pure=True).dump({"config": dict(self.config)}, text)
        return text.getvalue()


def load_stack(
    root: Path, stack: str, *, fidelity: Fidelity = "real", release: str | None = None, secrets: bool = False
) -> StackFile:
    """Read a stack's configuration the way the engine does.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        fidelity: What the program is told about the run; only tools say anything but `real`.
        release: A release lock in place of the one the stack file names: a name, a path, or `""` for none.
        secrets: Read an encrypted value as `[secret]` instead of refusing it: enough to look, not to run.

    Raises:
        InvalidInputError: Every problem of Pulumi.yaml and the stack file, with line and field.
    """
    project_file = YamlFile.load(root / "Pulumi.yaml", shown="Pulumi.yaml")
    project = plain(project_file.data)
    if not isinstance(project, dict) or not isinstance(project.get("name"), str):
        raise InvalidInputError.one("has no project name", file="Pulumi.yaml", fix="add `name: herd`")
    name = project["name"]
    if problems := _project_problems(project_file, project):
        raise InvalidInputError(problems)
    if not _STACK.fullmatch(stack):
        raise InvalidInputError.one(
            f"{stack[:100]!r} is no name of a stack", field="STACK", fix="letters, digits, -, _ and ., 100 at most"
        )
    folder = root / (project.get("stackConfigDir") or ".")
    path = folder / f"Pulumi.{stack}.yaml"
    shown = path.relative_to(root).as_posix()
    if not path.is_file():
        fix = closest(stack, stack_names(folder))
        raise InvalidInputError.one(f"there is no stack {stack!r}", file=shown, fix=fix)
    source = YamlFile.load(path, shown=shown)
    if problems := _problems(source, name, secrets=secrets):
        raise InvalidInputError(problems)
    data = plain(source.data) or {}
    written = {_qualified(key, name): value for key, value in (data.get("config") or {}).items()}
    veiled = {key: _veiled(value) for key, value in written.items()}
    config = {
        **_defaults(project.get("config") or {}, name),
        **veiled,
        f"{name}:fidelity": fidelity,
    }
    if release is not None:
        config[f"{name}:release"] = release
    encrypted = frozenset(key for key, value in veiled.items() if value != written[key])
    return StackFile(root, name, stack, config, data.get("secretsprovider") or "", _main(root, project_file), encrypted)


def stack_names(folder: Path) -> list[str]:
    """The stacks whose files are in a folder."""
    files = (path.name for path in folder.glob("Pulumi.*.yaml") if path.is_file())
    return sorted(name.removeprefix("Pulumi.").removesuffix(".yaml") for name in files)


def _veiled(value: Any) -> Any:
    if isinstance(value, dict):
        if isinstance(value.get("secure"), str) and len(value) == 1:
            return "[secret]"
        return {key: _veiled(item) for key, item in value.items()}
    return [_veiled(item) for item in value] if isinstance(value, list) else value


def _project_problems(source: YamlFile, project: Mapping[str, Any]) -> list[Problem]:
    kinds: dict[str, type] = {"stackConfigDir": str, "main": str, "config": dict}
    return [
        Problem(source.shown, source.line((key,)), key, f"isn't a {'map' if kind is dict else 'path'}")
        for key, kind in kinds.items()
        if not isinstance(project.get(key), kind | None)
    ]


def _main(root: Path, project: YamlFile) -> Path:
    main = root / (project.data.get("main") or ".")
    if not main.exists():
        line = project.line(("main",))
        raise InvalidInputError.one("no such folder or file", file=project.shown, line=line, field="main")
    return main


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _defaults(schema: Mapping[str, Any], project: str) -> dict[str, ConfigValue]:
    # Own keys carry `default`, foreign ones `value`; a bare scalar is shorthand for either.
    found: dict[str, ConfigValue] = {}
    for key, declared in schema.items():
        value = declared.get("default", declared.get("value")) if isinstance(declared, dict) else declared
        if value is not None:
            found[_qualified(key, project)] = value
    return found


def _problems(source: YamlFile, project: str, *, secrets: bool) -> list[Problem]:
    data = plain(source.data)
    return [
        Problem(source.shown, source.line(path), dotted(path), message, fix)
        for path, message, fix in _findings(data, project, secrets=secrets)
    ]


def _findings(data: Any, project: str, *, secrets: bool) -> Iterator[tuple[FieldPath, str, str]]:
    if data is None:
        return
    if not isinstance(data, dict):
        yield (), "isn't a map of keys to values", "start with `config:`"
        return
    known = (*_SECRETS, "config")
    for key in data.keys() - set(known):
        if key == "environment":
            yield (key,), "environments live outside of git", "write the values under config"
        else:
            yield (key,), "unknown key", closest(key, known)
    config = data.get("config") or {}
    if isinstance(config, dict):
        yield from _config_findings(config, project, secrets=secrets)
    else:
        yield ("config",), "isn't a map of keys to values", ""


def _config_findings(config: Mapping[str, Any], project: str, *, secrets: bool) -> Iterator[tuple[FieldPath, str, str]]:
    for path, value in _leaves(("config",), config):
        if path[-1] == "secure" and isinstance(value, str):
            if not secrets:
                yield path[:-1], "holds a secret", "keep it in Secrets Manager and name it here instead"
        elif not isinstance(value, str | bool | int | float | None):
            yield path, f"{value} is no JSON value", "put it in quotes"
    for key in config:
        if _qualified(key, project) != key and _qualified(key, project) in config:
            yield ("config", key), f"stands here twice, also as {_qualified(key, project)}", "remove one of the two"
        if _qualified(key, project) == f"{project}:fidelity":
            yield ("config", key), "is passed by the tool, never written down", "remove it"


def _leaves(path: FieldPath, value: Any) -> Iterator[tuple[FieldPath, Any]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves((*path, key), item)
    else:
        yield path, value
