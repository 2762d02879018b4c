"""Container registries and chart repositories over HTTP: what a tag or version stands for, and nothing else."""

from __future__ import annotations

import hashlib
import json
import re
import urllib.error
import urllib.request
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

TIMEOUT_SECONDS: Final = 20
# An index first: a digest of one architecture's manifest would pin that architecture alone.
MANIFESTS: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
# Docker Hub's name is not the host of its registry.
_HOSTS: Final = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
_PARAMETER: Final = re.compile(r'(\w+)="([^"]*)"')
_UNAUTHORIZED: Final = 401


class LookupFailedError(Exception):
    """A value could not be read; the message says which and why."""


def is_loopback(host: str) -> bool:
    """Whether a host (with or without a port) is this machine."""
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


class Registry:
    """A registry that speaks the OCI distribution protocol, read without an account."""

    def __init__(self, host: str) -> None:
        self.base = f"{'http' if is_loopback(host) else 'https'}://{_HOSTS.get(host, host)}"

    def digest(self, repository: str, tag: str) -> str:
        """The digest of a tag: the SHA-256 of the manifest as it was received.

        Raises:
            LookupFailedError: There is no such tag, or the registry doesn't answer or asks for an account.
        """
        what = f"{repository}:{tag} at {self.base}"
        url = f"{self.base}/v2/{repository}/manifests/{tag}"
        headers = {"Accept": ", ".join(MANIFESTS)}
        try:
            body, answered = _get(url, headers)
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != _UNAUTHORIZED or not challenge.startswith("Bearer "):
                raise LookupFailedError(f"{what}: HTTP {error.code} {error.reason}") from None
            body, answered = self._with_token(what, url, headers, challenge)
        except OSError as error:
            raise LookupFailedError(f"{what}: {error}") from None
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        claimed = answered.get("Docker-Content-Digest", digest)
        if claimed != digest:
            raise LookupFailedError(f"{what}: the registry says {claimed}, the manifest received is {digest}")
        return digest

    def _with_token(self, what: str, url: str, headers: dict[str, str], challenge: str) -> tuple[bytes, Any]:
        """Ask again with the token that anyone gets from the place the registry names."""
        asked = dict(_PARAMETER.findall(challenge))
        realm = asked.pop("realm", "")
        if urlsplit(realm).scheme != "https" and not is_loopback(urlsplit(realm).netloc):
            raise LookupFailedError(f"{what}: tokens come from {realm!r}, which isn't https")
        try:
            answer = json.loads(_get(f"{realm}?{urlencode(asked)}", {})[0])
            token = answer.get("token") or answer["access_token"]
            return _get(url, {**headers, "Authorization": f"Bearer {token}"})
        except (OSError, ValueError, KeyError) as error:
            raise LookupFailedError(f"{what}: not readable without an account: {error}") from None


class ChartRepository:
    """A Helm chart repository: an `index.yaml` that names charts, versions and digests."""

    def __init__(self, url: str) -> None:
        self.index = urljoin(f"{url.rstrip('/')}/", "index.yaml")

    def digest(self, chart: str, version: str) -> str:
        """The digest of a chart's version, as the index states it.

        Raises:
            LookupFailedError: The index can't be read, or has no such version or no digest for it.
        """
        what = f"{chart} {version} in {self.index}"
        try:
            index = YAML(typ="safe").load(_get(self.index, {})[0].decode())
            rows = index["entries"].get(chart, [])
            digests = [row.get("digest", "") for row in rows if str(row["version"]) == version]
        except (OSError, ValueError, YAMLError, KeyError, TypeError, AttributeError) as error:
            raise LookupFailedError(f"{what}: {error}") from None
        if not digests:
            known = ", ".join(str(row["version"]) for row in rows[:5])
            raise LookupFailedError(f"{what}: no such version; the newest there: {known or 'none'}")
        if not re.fullmatch(r"(sha256:)?[0-9a-f]{64}", digests[0]):
            raise LookupFailedError(f"{what}: the index gives no digest for it")
        return f"sha256:{digests[0].removeprefix('sha256:')}"


def _get(url: str, headers: dict[str, str]) -> tuple[bytes, Any]:
    scheme = urlsplit(url).scheme
    if scheme not in ("https", "http"):
        raise OSError(f"{url} is not a web address")
    request = urllib.request.Request(url, headers={"User-Agent": "herd", **headers})  # noqa: S310 - checked above
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked above
        return answer.read(), answer.headers
