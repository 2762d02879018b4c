"""From a recipe to Image Builder component documents (AWSTOE schema 1.0): pure, one document a part.

Lists keep their order; maps are sorted, so that two ways to write a recipe give one text.

Source of the schema, actions and inputs: Image Builder User Guide, "Use the AWSTOE component document framework for
custom components" and "Action modules supported by AWSTOE component manager".
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files as package_files
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from components.images.proofs import FileText, Kernel, ModuleVersion, Output, Package, Proof
from components.images.recipe import BILL, Part, Recipe, System
from components.images.steps import (
    Download,
    Hold,
    KernelModules,
    Packages,
    Reboot,
    Remove,
    Script,
    Services,
    Step,
    Sysctl,
    WriteFile,
)

Document = dict[str, Any]
TAKEN: Final = frozenset({BILL, "parent", "root", "system"})
"""Names that a part can't have: what else of a recipe is told apart by name."""

APT: Final = frozenset({System.UBUNTU_2204, System.UBUNTU_2404})
WHOLE_LINE: Final = "^(.+)$"
INSTALL: Final = {
    False: "dnf install --assumeyes --setopt=install_weak_deps=False",
    True: "DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --allow-downgrades",
}
REMOVE: Final = {False: "dnf remove --assumeyes --noautoremove", True: "apt-get purge --yes"}


def documents(recipe: Recipe, files: Mapping[str, str]) -> dict[str, str]:
    """The documents of a recipe by part, in the order they run; the last proves the bill of materials.

    Args:
        recipe: The recipe.
        files: Content of the files it names.
    """
    made = {part.name: _yaml(_document(part, recipe, files)) for part in recipe.parts}
    return {**made, BILL: _yaml(_bill(recipe))}


def _document(part: Part, recipe: Recipe, files: Mapping[str, str]) -> Document:
    phases = {
        "build": [action for step in part.build for action in _actions(step, recipe.system, files)],
        "validate": [_run(step, files) for step in part.validate_with],
        "test": [_run(step, files) for step in part.test],
    }
    return _framed(part.name, phases)


def _bill(recipe: Recipe) -> Document:
    lines = [prove_script()]
    for name, item in sorted(recipe.bill_of_materials.items()):
        pattern, command = _question(item.proof, recipe.system)
        lines.append(shlex.join(["proves", name, item.version, pattern, *command]))
    asked = _bash("prove", ["\n".join([*lines, 'exit "$wrong"\n'])], strict=False)
    return _framed(BILL, {"validate": [asked], "test": [asked]})


def _framed(name: str, phases: Mapping[str, Sequence[Document]]) -> Document:
    return {
        "name": name,
        "schemaVersion": 1.0,
        "phases": [{"name": phase, "steps": list(steps)} for phase, steps in phases.items() if steps],
    }


@cache
def prove_script() -> str:
    """The shell function that compares what an image shows with what its recipe says."""
    return package_files(__package__).joinpath("prove.sh").read_text("utf-8").rstrip("\n")


def _question(proof: Proof, system: System) -> tuple[str, Sequence[str]]:
    """The pattern of the version, and the command that shows it."""
    match proof:
        case Package(name=name) if system in APT:
            return WHOLE_LINE, ("dpkg-query", "--show", "--showformat", "${Version}\\n", name)
        case Package(name=name):
            return WHOLE_LINE, ("rpm", "--query", "--queryformat", "%{VERSION}-%{RELEASE}\\n", name)
        case ModuleVersion(name=name):
            return WHOLE_LINE, ("modinfo", "--field", "version", name)
        case Kernel():
            return WHOLE_LINE, ("uname", "--kernel-release")
        case FileText(path=path, matching=matching):
            return matching, ("cat", path)
        case Output(command=command, matching=matching):
            return matching, command


def _actions(step: Step, system: System, files: Mapping[str, str]) -> Iterator[Document]:
    match step:
        case WriteFile():
            content = step.content if step.content is not None else files[step.source or ""]
            yield _file(step.name, step.path, content, mode=step.mode, owner=step.owner, group=step.group)
        case Script():
            yield _run(step, files)
        case Sysctl():
            text = "".join(f"{key} = {value}\n" for key, value in sorted(step.values.items()))
            yield _file(step.name, f"/etc/sysctl.d/90-{step.name}.conf", text)
        case KernelModules():
            yield from _modules(step)
        case Download():
            yield _download(step)
        case Reboot():
            yield {"name": step.name, "action": "Reboot", "inputs": {"delaySeconds": 10}}
        case Packages() | Hold() | Remove() | Services():
            yield _bash(step.name, _commands(step, apt=system in APT))


def _commands(step: Packages | Hold | Remove | Services, *, apt: bool) -> list[str]:
    match step:
        case Packages():
            separator = "=" if apt else "-"
            wanted = [f"{name}{separator}{version}" for name, version in sorted(step.install.items())]
            return [f"{INSTALL[apt]} -- {shlex.join([*wanted, *step.files])}"]
        case Hold():
            return _held(step.packages, apt=apt)
        case Remove():
            packages = [f"{REMOVE[apt]} -- {shlex.join(step.packages)}"] if step.packages else []
            return [*packages, *([f"rm --recursive --force -- {shlex.join(step.paths)}"] if step.paths else [])]
        case Services():
            verbs = {"enable": step.enable, "mask": step.mask}
            return [f"systemctl {verb} {shlex.join(units)}" for verb, units in verbs.items() if units]


def _download(step: Download) -> Document:
    entry = {
        "source": step.url,
        "destination": step.to,
        "checksum": step.sha256,
        "algorithm": "SHA256",
        "overwrite": True,
    }
    return {"name": step.name, "action": "WebDownload", "maxAttempts": 3, "inputs": [entry]}


def _held(packages: Sequence[str], *, apt: bool) -> list[str]:
    if apt:
        return [f"apt-mark hold {shlex.join(packages)}"]
    # dnf reads one such line, and its versionlock plugin isn't in every parent.
    return [
        "if grep '^excludepkgs' /etc/dnf/dnf.conf; then exit 1; fi",
        f"echo {shlex.quote('excludepkgs=' + ','.join(packages))} >> /etc/dnf/dnf.conf",
    ]


def _modules(step: KernelModules) -> Iterator[Document]:
    if step.load:
        text = "".join(f"{module}\n" for module in step.load)
        yield _file(f"{step.name}-load", f"/etc/modules-load.d/90-{step.name}.conf", text)
    rules = [f"options {module} {options}\n" for module, options in sorted(step.options.items())]
    rules += [f"blacklist {module}\n" for module in step.block]
    if rules:
        yield _file(f"{step.name}-rules", f"/etc/modprobe.d/90-{step.name}.conf", "".join(rules))


def _run(step: Script, files: Mapping[str, str]) -> Document:
    # The script travels in the document: nothing is fetched, and the document's hash covers it.
    commands = [f"set -- {shlex.join(step.arguments)}"] if step.arguments else []
    return _bash(step.name, [*commands, files[step.source]], strict=False, timeout=step.timeout_minutes * 60)


def _bash(name: str, commands: Sequence[str], *, strict: bool = True, timeout: int | None = None) -> Document:
    limit = {"timeoutSeconds": timeout} if timeout else {}
    # AWSTOE writes all commands of a step into one file: without this a step's last command alone decides.
    first = ["set -euo pipefail"] if strict else []
    return {"name": name, "action": "ExecuteBash", **limit, "inputs": {"commands": [*first, *commands]}}


def _file(
    name: str, path: str, content: str, *, mode: str = "0644", owner: str = "root", group: str = "root"
) -> Document:
    entry = {
        "path": path,
        "content": content,
        "permissions": mode,
        "owner": owner,
        "group": group,
        "overwrite": True,
    }
    return {"name": name, "action": "CreateFile", "inputs": [entry]}


def _yaml(document: Document) -> str:
    yaml, text = YAML(), io.StringIO()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(_literal(document), text)
    return text.getvalue()


def _literal(value: Any) -> Any:
    """Texts of several lines as blocks, so that a person can read the document."""
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_literal(item) for item in value]
    return LiteralScalarString(value) if isinstance(value, str) and "\n" in value else value
