"""URLs: whether what one names may be another thing tomorrow."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

MOVING: Final = frozenset(
    {"main", "master", "latest", "develop", "dev", "devel", "trunk", "head", "nightly", "stable", "current", "edge"}
    | {"mainline", "snapshot", "snapshots", "tip", "default"}
)
"""Parts of a URL that name whatever is newest."""
COMMIT: Final = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{40}(?![0-9a-fA-F])")
SHA256: Final = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_LOCAL: Final = re.compile(
    r"169\.254\.|127\.|localhost$|::1$|fd00:ec2::|metadata\.|instance-data"
    r"|(?:checkip\.amazonaws|ifconfig|icanhazip|api\.ipify)\.(?:com|me|org)$"
)
"""Hosts on the machine itself or its link (instance metadata, agents), and those that tell it its own address."""
_GIT_HOSTS: Final = re.compile(r"(?:raw\.githubusercontent|github|gitlab|bitbucket|gist\.github\w*)\.\w+$|^codeload\.")
_SHOWN: Final = 100


def moves(url: str) -> str:
    """Why what a URL names may be another thing tomorrow; empty for a URL that names its content.

    What names content is the version of an S3 object, a commit, and a SHA-256 anywhere in the URL.
    """
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        host = parts.hostname or ""
    except ValueError:
        return "is no URL"
    on_git = bool(_GIT_HOSTS.search(host))
    versions = query.get("versionId", []) + query.get("versionid", [])
    versioned = any(version not in ("null", "") for version in versions)
    if versioned or SHA256.search(url) or (COMMIT.search(url) and (on_git or "/raw/" in url or "git" in url)):
        return ""
    segments = [part for part in re.split(r"[/@]|refs/heads/", parts.path) if part]
    refs = [ref for name in ("ref", "branch", "at", "rev") for ref in query.get(name, ())]
    if moving := next((part for part in (*segments, *refs) if part.lower() in MOVING), ""):
        return f"follows {moving}"
    if parts.scheme == "s3" or re.search(r"(?:^|\.)s3[.-][\w.-]*amazonaws\.com", host):
        return "names no version of the object"
    return "names no commit, and branches and tags move" if on_git else "nothing says what its content must be"


def is_local(url: str) -> bool:
    """Whether a URL is the machine's own: instance metadata, an agent."""
    try:
        host = urlsplit(url if "://" in url else f"http://{url}").hostname or ""
    except ValueError:
        return False
    return bool(_LOCAL.match(host)) or url.startswith("file:")


def without_login(text: str) -> str:
    """A text without the user and the password in its URLs."""
    return re.sub(r"://[^/@\s]+@", "://", text)


def shown(url: str) -> str:
    """A URL for people, without what may be secret in it."""
    plain = without_login(url)
    head, mark, query = plain.partition("?")
    plain = plain if not mark or re.fullmatch(r"(?:ref|versionId|branch)=[\w.-]*", query) else f"{head}?…"
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"
