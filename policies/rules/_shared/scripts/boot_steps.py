"""The commands that machines run at their first boot, whatever they are written in."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from policies.engine.node import Node
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.scripts.boot import BootText, Kind, kind_of, yaml_of
from policies.rules._shared.scripts.command import SHELLS, Command
from policies.rules._shared.scripts.packed import inflated, unpacked
from policies.rules._shared.scripts.shell import commands, of_words

_CALLS: Final = frozenset(
    {"run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput", "getstatusoutput"}
)
"""Functions of Python's `subprocess` and `os` that run programs."""


@dataclass(frozen=True)
class Script:
    """What a text runs.

    Attributes:
        node: Where it stands.
        text: It, as it is written.
        commands: What it runs.
    """

    node: Node
    text: str
    commands: tuple[Command, ...]


def script(text: BootText) -> Script:
    """The commands of a boot text; none for a text that runs nothing.

    Raises:
        UnevaluatedError: Cloud-config that is no YAML, or a script in a language that isn't read here.
    """
    if text.kind is Kind.SCRIPT:
        _readable(text)
        found = _commands(text.text)
    elif text.kind is Kind.CLOUD_CONFIG:
        found = _of_cloud_config(cloud_config(text))
    elif text.kind is Kind.ARGUMENT and re.search(r"\s", text.text.strip()):
        found = _commands(text.text)
    elif text.kind is Kind.BOTTLEROCKET:
        found = tuple(command for words in _bottlerocket_commands(settings(text)) for command in of_words(words))
    else:
        found = ()
    return Script(text.node, text.text, found)


def cloud_config(text: BootText) -> dict[str, Any]:
    """Cloud-config as plain data; empty where it is no map.

    Raises:
        UnevaluatedError: It is no YAML.
    """
    # Jinja's own marks are no YAML, and what they stand for is no command.
    plain = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "jinja", text.text))
    found = yaml_of(plain, text.node)
    return found if isinstance(found, dict) else {}


def settings(text: BootText) -> dict[str, Any]:
    """Bottlerocket's settings as plain data.

    Raises:
        UnevaluatedError: They are no TOML.
    """
    try:
        found = tomllib.loads(text.text).get("settings", {})
    except tomllib.TOMLDecodeError:
        raise UnevaluatedError(Reason.MISSHAPEN, "user data holds TOML that can't be read", text.node.path) from None
    return found if isinstance(found, dict) else {}


def containers(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bottlerocket's host and bootstrap containers by name. Source: bottlerocket.dev, settings reference."""
    for group in ("bootstrap-containers", "host-containers"):
        entries = found.get(group)
        for name, one in entries.items() if isinstance(entries, dict) else ():
            if not isinstance(one, dict):
                continue
            if str(one.get("enabled", one.get("mode", "true"))).lower() not in ("false", "off"):
                yield f"{group}.{name}", one


def images_by_tag(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Those of the containers whose image no digest names, each with its image."""
    for name, one in containers(found):
        source = str(one.get("source", ""))
        if source and "@sha256:" not in source:
            yield name, source


def is_on(config: dict[str, Any], key: str) -> bool:
    """Whether a switch of cloud-config is on."""
    return str(config.get(key, "")).lower() in ("true", "yes", "on", "1")


def _bottlerocket_commands(found: dict[str, Any]) -> Iterator[list[str]]:
    entries = found.get("bootstrap-commands")
    for one in entries.values() if isinstance(entries, dict) else ():
        for words in one.get("commands", ()) if isinstance(one, dict) else ():
            if isinstance(words, list):
                yield [str(word) for word in words]


def _readable(text: BootText) -> None:
    """What a Perl script installs looks like nothing to a reader of shell scripts, and so would pass."""
    first = _body(text.text).lstrip().partition("\n")[0]
    if not first.startswith("#!"):
        return
    words = first.removeprefix("#!").split()
    names = [word.rsplit("/", 1)[-1] for word in words if not word.startswith("-") and "=" not in word]
    name = next((one for one in names if one != "env"), "")
    if name in SHELLS or (name.startswith("python") and _parsed(_body(text.text)) is not None):
        return
    what = f"a script of {name or 'no interpreter'}, which can't be read"
    raise UnevaluatedError(Reason.MISSHAPEN, f"user data holds {what}", text.node.path)


def _body(text: str) -> str:
    """A script without the line that tells cloud-init what it is."""
    return re.sub(r"(?m)\A\s*(?:## *template: *jinja|#cloud-boothook)[^\n]*\n", "", text)


@lru_cache(maxsize=64)
def _commands(text: str, files: tuple[tuple[str, str], ...] = ()) -> tuple[Command, ...]:
    # Two rules read each script; a stack's nodes share few texts.
    body = _body(text)
    first = body.lstrip().partition("\n")[0]
    if first.startswith("#!") and "python" in first:
        return _of_python(body)
    found = commands(body, dict(files))
    code = (
        given
        for command in found
        if re.fullmatch(r"python[\d.]*", command.program) and "-c" in command.words
        for given in command.words[command.words.index("-c") + 1 :][:1]
    )
    return (*found, *(inner for given in code for inner in _of_python(given)))


def _of_cloud_config(config: dict[str, Any]) -> tuple[Command, ...]:
    files = _written(config)
    lines: list[str] = []
    alone: list[Command] = []
    for key in ("bootcmd", "runcmd"):
        entries = config.get(key)
        for entry in entries if isinstance(entries, list) else [entries] if isinstance(entries, str) else ():
            if isinstance(entry, list):
                alone += of_words([str(word) for word in entry])
                lines.append(" ".join(str(word) for word in entry if re.fullmatch(r"[\w./+-]+", str(word))))
            elif entry is not None:
                lines.append(str(entry))
    found = _commands("\n".join(lines), tuple(sorted(files.items())))
    return (*found, *(command for command in alone if command.words not in {one.words for one in found}))


def _written(config: dict[str, Any]) -> dict[str, str]:
    files: dict[str, str] = {}
    entries = config.get("write_files")
    for entry in entries if isinstance(entries, list) else ():
        content = _content(entry) if isinstance(entry, dict) else None
        if content is not None and kind_of(content) is Kind.SCRIPT:
            files[str(entry.get("path", ""))] = content
    return files


def _content(entry: dict[str, Any]) -> str | None:
    """A file's text; None for one that is no text. Source: cloud-init, cc_write_files (`gz+b64`, `!!binary` …)."""
    content = entry.get("content")
    if isinstance(content, bytes):
        return inflated(content)
    if not isinstance(content, str):
        return None
    return unpacked(content) if re.search(r"b64|base64", str(entry.get("encoding", ""))) else content


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _of_python(text: str) -> tuple[Command, ...]:
    """Programs that a Python script runs by words or lines that stand there as they are."""
    tree = _parsed(text)
    found: list[Command] = []
    for call in ast.walk(tree) if tree else ():
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in _CALLS:
            continue
        given = call.args[0]
        if isinstance(given, (ast.List, ast.Tuple)):
            words = (word.value for word in given.elts if isinstance(word, ast.Constant))
            found += of_words([str(word) for word in words])
        elif isinstance(given, ast.Constant) and isinstance(given.value, str):
            found += commands(given.value)
    return tuple(found)
