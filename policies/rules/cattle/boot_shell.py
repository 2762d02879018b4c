"""HERD-073: no machine opens a shell for people at its first boot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.scripts import boot, boot_steps
from policies.rules._shared.scripts.boot import BootText, Kind
from policies.rules._shared.scripts.command import Command

_KEYS: Final = "authorized_keys"
_WRITES_TO_LAST: Final = ("cp", "mv", "install", "ln", "aws", "rsync")
_WRITES_TO_ANY: Final = ("tee", "curl", "wget")
_EMPTIES: Final = (":", "true", "truncate", "chmod", "chown", "rm", "shred")
_DAEMONS: Final = re.compile(r"^sshd?(\.service|\.socket)?$")
# Per line the last one holds: `sed s/PasswordAuthentication yes/PasswordAuthentication no/` closes it.
_SSHD: Final = re.compile(
    r"\b(PasswordAuthentication|PermitRootLogin|PermitEmptyPasswords)[\s=]+(yes|no|\S+)", re.IGNORECASE
)
# cloud-init modules cc_ssh, cc_ssh_import_id, cc_set_passwords; users and groups.
_CONFIG: Final = {
    "ssh_authorized_keys": "puts SSH keys on the machine",
    "ssh_import_id": "fetches people's SSH keys from GitHub or Launchpad",
    "chpasswd": "sets passwords",
    "password": "sets a password",
    "plain_text_passwd": "sets a password",
    "hashed_passwd": "sets a password",
}


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A key or a password in user data is a key pair by another name."""
    for text in boot.boot_texts(resource):
        for what in dict.fromkeys(_opens(text)):
            yield Violation(text.node, what)


def _opens(text: BootText) -> Iterator[str]:
    if text.kind is Kind.BOTTLEROCKET and "host-containers.admin" in _enabled(boot_steps.settings(text)):
        yield "enables Bottlerocket's admin container, which is an SSH server with root on the host"
    if text.kind is Kind.CLOUD_CONFIG:
        yield from _of_config(boot_steps.cloud_config(text))
    if text.kind in (Kind.SCRIPT, Kind.CLOUD_CONFIG):
        yield from _of_sshd(text.text)
    for command in boot_steps.script(text).commands:
        yield from _of_command(command)


def _enabled(settings: dict[str, Any]) -> set[str]:
    """Bottlerocket's admin container is off unless it is turned on (bottlerocket.dev, host-containers)."""
    return {name for name, one in boot_steps.containers(settings) if "enabled" in one}


def _of_config(config: dict[str, Any]) -> Iterator[str]:
    users = config.get("users")
    for block in (config, *(user for user in (users if isinstance(users, list) else ()) if isinstance(user, dict))):
        yield from (what for key, what in _CONFIG.items() if block.get(key))
    if str(config.get("ssh_pwauth")).lower() in ("true", "yes"):
        yield "lets people log in by password (ssh_pwauth)"
    if config.get("disable_root") is False:
        yield "lets root log in (disable_root: false)"


def _of_sshd(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        for name, value in dict(_SSHD.findall(line)).items():
            if value.lower().startswith("yes"):
                yield f"sets {name} yes for sshd"


def _of_command(command: Command) -> Iterator[str]:
    words, program = command.words, command.program
    written = command.output if program not in _EMPTIES and "/dev/null" not in words else ""
    if program in _WRITES_TO_LAST and command.plain:
        written += command.plain[-1]
    elif program in _WRITES_TO_ANY:
        written += " ".join(command.arguments)
    if _KEYS in written:
        yield f"puts SSH keys on the machine ({command.shown})"
    elif program.startswith("ssh-import-id"):
        yield f"fetches people's SSH keys ({command.shown})"
    elif program == "chpasswd":
        yield "sets passwords (chpasswd)"
    elif program == "enable-admin-container":
        yield "enables Bottlerocket's admin container, which is an SSH server with root on the host"
    elif program == "systemctl" and {"enable", "start", "unmask"} & set(words) and any(map(_DAEMONS.match, words[1:])):
        yield f"starts an SSH server ({command.shown})"


RULE: Final = ResourceRule(
    id="HERD-073",
    name="boot-opens-no-shell",
    pack="cattle",
    title="No machine opens a shell for people at its first boot",
    severity=everywhere(Severity.HIGH),
    types=boot.TYPES,
    properties=boot.PROPERTIES,
    why=(
        "A public key in user data is a key pair that no rule about key pairs sees, on every machine of the template;"
        " whoever reads the template learns of it, whoever leaves keeps it."
    ),
    fix="Take it out of user data; sessions go through Session Manager, which needs neither keys nor passwords.",
    check=check,
)
