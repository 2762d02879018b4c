"""HERD-021: nothing is fetched at boot that may be another thing tomorrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.scripts.boot import PROPERTIES, TYPES, BootText, Kind, boot_texts
from policies.rules._shared.scripts.boot_steps import cloud_config, images_by_tag, is_on, script, settings
from policies.rules._shared.scripts.downloads import downloads
from policies.rules._shared.scripts.installs import installs
from policies.rules._shared.scripts.urls import MOVING, moves, shown

_FETCHES: Final = re.compile(
    r"(?i)\b(?:iwr|irm|curl|wget|Invoke-WebRequest|Invoke-RestMethod|Start-BitsTransfer|DownloadString|DownloadFile)\b"
)
_SCRIPT_FILE: Final = re.compile(r"\.(?:sh|bash|py|pl|rb|run)(?:$|[?#])")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Everything fetched is named by its content or its version: URLs, objects, repositories, packages, images."""
    for text in boot_texts(resource):
        for what, why in dict.fromkeys(_moving(text)):
            yield Violation(text.node, f"{what}: {why}")


Found = Iterator[tuple[str, str]]
"""What is fetched, and why it moves."""


def _moving(text: BootText) -> Found:
    if text.kind in _READERS:
        yield from _READERS[text.kind](text)
    found = script(text)
    for download in downloads(found.commands, found.text):
        if download.moving:
            yield f"{download.what}{f', {download.runs}' if download.runs else ''}", download.moving
    for command in found.commands:
        for install in installs(command):
            if install.moving:
                yield install.what, f"no version pins {', '.join(install.moving[:3])}"


def _action(text: BootText) -> Found:
    if why := moves(text.text.strip()):
        yield shown(text.text.strip()), why


def _include(text: BootText) -> Found:
    for line in text.text.splitlines():
        url = line.strip()
        if url and not url.startswith("#") and (why := moves(url)):
            yield f"#include {shown(url)}", why


def _bottlerocket(text: BootText) -> Found:
    for name, source in images_by_tag(settings(text)):
        yield f"{name}.source {source}", "an image by tag, and tags move"


def _argument(text: BootText) -> Found:
    """An argument that is a URL, as post-install scripts take them, of a script or of what moves."""
    for url in re.findall(r"(?:https?|s3)://[^\s'\"]+", text.text):
        why = moves(url)
        parts = {part.lower() for part in re.split(r"[/@]", url)}
        if why and (_SCRIPT_FILE.search(url) or (parts & MOVING and not url.startswith("s3:"))):
            yield shown(url), why


def _cloud_config(text: BootText) -> Found:
    config = cloud_config(text)
    packages = config.get("packages")
    for entry in packages if isinstance(packages, list) else ():
        for package in _unpinned(entry):
            yield f"packages: {package}", "no version pins it"
    for key in ("package_upgrade", "apt_upgrade"):
        if is_on(config, key):
            yield f"{key}: true", "brings the newest of everything"
    files = config.get("write_files")
    for file in files if isinstance(files, list) else ():
        source = file.get("source") if isinstance(file, dict) else None
        url = str(source.get("uri", "")) if isinstance(source, dict) else ""
        if url and (why := moves(url)):
            yield f"write_files: {shown(url)}", why


def _unpinned(entry: object) -> Iterator[str]:
    """Packages without a version. One is text, or a list of name and version, or a map of manager to packages."""
    if isinstance(entry, str):
        if not re.search(r"=\d|-\d+(?:[.:]\d+)+", entry):
            yield entry
    elif isinstance(entry, dict):
        for several in entry.values():
            for one in several if isinstance(several, list) else [several]:
                yield from _unpinned(one)
    elif isinstance(entry, list) and len(entry) == 1:
        yield from _unpinned(entry[0])


def _powershell(text: BootText) -> Found:
    for line in text.text.splitlines():
        fetches = _FETCHES.search(line)
        url = re.search(r"https?://[^\s'\")]+", line)
        if fetches and url and "169.254." not in url[0] and (why := moves(url[0])):
            yield f"{fetches[0]} {shown(url[0])}", why
        if found := re.search(r"(?i)\b(?:choco|winget|scoop|Install-Module|Install-Package)\b(?!.*[Vv]ersion).*", line):
            yield found[0][:80].strip(), "no version pins it"


_READERS: Final[dict[Kind, Callable[[BootText], Found]]] = {
    Kind.ACTION: _action,
    Kind.ARGUMENT: _argument,
    Kind.INCLUDE: _include,
    Kind.BOTTLEROCKET: _bottlerocket,
    Kind.POWERSHELL: _powershell,
    Kind.CLOUD_CONFIG: _cloud_config,
}

RULE: Final = ResourceRule(
    id="HERD-021",
    name="no-mutable-boot-download",
    pack="immutable",
    title="Nothing is fetched at boot that may be another thing tomorrow",
    severity=everywhere(Severity.HIGH),
    types=TYPES,
    properties=(
        *PROPERTIES,
        "bootstrapActions[].path",
        "HeadNode.CustomActions.OnNodeConfigured.Script",
        "Scheduling.SlurmQueues.CustomActions.OnNodeConfigured.Script",
    ),
    why=(
        "A script of a branch, the newest version of an object or an unpinned package makes the next node another node"
        " than its neighbours, with nobody having released anything; and whoever can push there is root on every node."
    ),
    fix=(
        "Bake it into the image. What must be fetched is named by content: an S3 object by ?versionId= or with its"
        " SHA-256 in the key, a URL with a commit or a SHA-256 that the script checks, an image by digest."
        " (ParallelCluster itself ignores the version in an s3:// URL: there the SHA-256 in the key is what holds.)"
    ),
    check=check,
)
