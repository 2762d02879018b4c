"""HERD-061: nothing is installed at first boot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.scripts.boot import PROPERTIES, TYPES, BootText, Kind, boot_texts
from policies.rules._shared.scripts.boot_steps import cloud_config, images_by_tag, is_on, script, settings
from policies.rules._shared.scripts.downloads import downloads
from policies.rules._shared.scripts.installs import installs

_SWITCHES: Final = ("package_update", "package_upgrade", "apt_update", "apt_upgrade")
_CHOSEN: Final = ("packages", "snap", "snappy", "puppet", "chef", "salt_minion", "ansible", "drivers")
"""Modules of cloud-init that install. Source: cloud-init, "Module reference"."""
_POWERSHELL: Final = re.compile(
    r"(?im)^.*\b(?:choco(?:latey)?\s+(?:install|upgrade)|winget\s+install|scoop\s+install|Install-(?:Module|Package"
    r"|WindowsFeature|PackageProvider)|Add-WindowsCapability|msiexec|iex\b|Invoke-Expression|pip3?\s+install).*$"
)


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Installing is the image's: at boot there is configuration, and nothing else."""
    for text in boot_texts(resource):
        for message in dict.fromkeys(_installed(text)):
            yield Violation(text.node, message)
    for cluster in parallelcluster.clusters(resource):
        # The cookbook fetches Intel's packages when a node is configured.
        intel = cluster.at("AdditionalPackages", "IntelSoftware", "IntelHpcPlatform")
        if intel.flag():
            yield Violation(intel, "installs Intel's packages at boot")


def _installed(text: BootText) -> Iterator[str]:
    if text.kind is Kind.CLOUD_CONFIG:
        yield from _modules(cloud_config(text))
    elif text.kind is Kind.BOTTLEROCKET:
        for name, source in images_by_tag(settings(text)):
            yield f"{name} fetches an image by tag at boot: {source}"
    elif text.kind is Kind.POWERSHELL:
        yield from (f"installs software at boot: {found.strip()[:80]}" for found in _POWERSHELL.findall(text.text))
    found = script(text)
    for command in found.commands:
        yield from (f"{install.verb} at boot: {install.what}" for install in installs(command))
    for download in downloads(found.commands, found.text):
        if download.runs:
            yield f"fetches and runs at boot: {download.what}, {download.runs}"
        elif download.what.startswith("git clone"):
            yield f"fetches a repository at boot: {download.what}"


def _modules(config: dict[str, object]) -> Iterator[str]:
    for key in _SWITCHES:
        if is_on(config, key):
            yield f"installs software at boot: cloud-config's {key}: true"
    for key in _CHOSEN:
        chosen = config.get(key)
        if isinstance(chosen, dict) and (not any(chosen.values()) or chosen.get("install") is False):
            continue
        if chosen:
            names = ", ".join(str(one) for one in chosen[:3]) if isinstance(chosen, list) else ""
            yield f"installs software at boot: cloud-config's {key}{f': {names}' if names else ''}"


RULE: Final = ResourceRule(
    id="HERD-061",
    name="nothing-installed-at-boot",
    pack="immutable",
    title="Nothing is installed at first boot",
    severity=everywhere(Severity.HIGH),
    types=TYPES,
    properties=(
        *PROPERTIES,
        "bootstrapActions[].args",
        "HeadNode.CustomActions.OnNodeConfigured.Args",
        "Scheduling.SlurmQueues.CustomActions.OnNodeConfigured.Args",
        "AdditionalPackages.IntelSoftware.IntelHpcPlatform",
    ),
    why=(
        "A node that installs at boot is made anew on every start from what mirrors hold just then: a hundred GPU nodes"
        " wait minutes while they are paid for, one failed mirror stops a scale-up, and no two nodes need be alike."
    ),
    fix="Move it into the image's recipe (components/images), and leave only settings to user data.",
    check=check,
)
