"""Looking values up where they live: SSM public parameters, container registries, chart repositories."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from components.release.resolve import Answer
from components.release.spec import Origin
from herd.release.registries import ChartRepository, LookupFailedError, Registry, is_loopback
from herd.sign_in import client_maker, signed_in

Clients = Callable[[str, str], Any]
"""`clients(service, region)`: a boto3 client."""

_ECR: Final = re.compile(r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")


class Lookup(Protocol):
    """Where values are read. Every method raises `LookupFailedError`, with the reason, for a value it can't read."""

    def ami(self, source: str, region: str) -> Answer:
        """The image that a public SSM parameter names in a region."""

    def image(self, repository: str, tag: str) -> Answer:
        """The digest of a tag."""

    def chart(self, repository: str, chart: str, version: str) -> Answer:
        """The digest of a chart's version."""


class LiveLookup:
    """Reads from AWS (or the stand-in that its endpoint is), and from registries over HTTP."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def ami(self, source: str, region: str) -> Answer:
        """The image that a public SSM parameter names in a region."""
        client = self._clients("ssm", region)
        found = asked(f"{source} in {region}", lambda: client.get_parameter(Name=source))
        return Answer(found["Parameter"]["Value"], origin(client))

    def image(self, repository: str, tag: str) -> Answer:
        """The digest of a tag."""
        host, _, path = repository.partition("/")
        if private := _ECR.fullmatch(host):
            return self._ecr(private["region"], host.split(".")[0], path, tag)
        return Answer(Registry(host).digest(path, tag), _upstream(host))

    def chart(self, repository: str, chart: str, version: str) -> Answer:
        """The digest of a chart's version."""
        place = urlsplit(repository)
        if place.scheme == "oci":
            # A tag can't hold a plus sign: Helm writes an underscore in its place.
            path = f"{place.path.strip('/')}/{chart}".lstrip("/")
            return self.image(f"{place.netloc}/{path}", version.replace("+", "_"))
        return Answer(ChartRepository(repository).digest(chart, version), _upstream(place.netloc))

    def _ecr(self, region: str, account: str, path: str, tag: str) -> Answer:
        client = self._clients("ecr", region)
        wanted = {"registryId": account, "repositoryName": path, "imageIds": [{"imageTag": tag}]}
        found = asked(f"{path}:{tag} in {region}", lambda: client.describe_images(**wanted))
        return Answer(found["imageDetails"][0]["imageDigest"], origin(client))


def sessions() -> Clients:
    """Clients with the environment's credentials; one a service and region.

    Raises:
        InvalidInputError: The environment names a profile or file that is no such thing.
    """
    return cache(client_maker())


def origin(client: Any) -> Origin:
    """Whether a client talks to AWS itself: told by where its calls go, not by what anyone says."""
    host = urlsplit(client.meta.endpoint_url).hostname or ""
    return Origin.AWS if host.endswith((".amazonaws.com", ".amazonaws.com.cn")) else Origin.STAND_IN


def asked(what: str, call: Callable[[], Any]) -> Any:
    """What a call to AWS answers.

    Raises:
        LookupFailedError: It was refused; the message says what was asked for.
        InvalidInputError: There are no credentials, or AWS doesn't take them: the same for every value, said once.
    """
    try:
        with signed_in():
            return call()
    except ClientError as error:
        raise LookupFailedError(f"{what}: {error.response['Error']['Code']}") from None
    except BotoCoreError as error:
        raise LookupFailedError(f"{what}: {error}") from None


def _upstream(host: str) -> Origin:
    return Origin.STAND_IN if is_loopback(host) else Origin.UPSTREAM
