"""Which cluster a request is for, by the name of the host it goes to, and whether that cluster lets it in.

Clusters are EKS's business. A cluster's objects hang on the cluster itself: when it goes, they are gone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from herd.cloud.accounts import account_of
from herd.cloud.kubernetes import status
from herd.cloud.kubernetes.objects import Objects

TOKEN = "k8s-aws-v1."  # noqa: S105 - the prefix of EKS's bearer tokens
_OBJECTS: WeakKeyDictionary[Any, Objects] = WeakKeyDictionary()
_LOCK = threading.Lock()


def token(cluster: str, region: str, access_key: str) -> str:
    """The bearer token that `aws eks get-token` gives: here it says in the clear who asks for which cluster."""
    text = json.dumps({"cluster": cluster, "region": region, "key": access_key}, sort_keys=True)
    return TOKEN + base64.urlsafe_b64encode(text.encode()).decode()


def authority(data: str) -> str:
    """The digest by which a client says which certificate authority it trusts."""
    return hashlib.sha256(data.encode()).hexdigest()


class NoSuchHost(Exception):  # noqa: N818 - what a resolver says
    """No cluster answers to the name."""


def objects_at(host: str, bearer: str, trusted: str) -> Objects:
    """The objects of the cluster at a host.

    Args:
        host: The name of the host, without a port.
        bearer: The bearer token.
        trusted: Digest of the certificate authority that the client trusts; empty for one that asks for none.

    Raises:
        NoSuchHost: No cluster has this endpoint.
        Refused: The token isn't one for this cluster, or the client trusts another authority.
    """
    there = [(account, region, each) for account, region, each in _clusters() if _host(each) == host]
    if not there:
        raise NoSuchHost(host)
    asked = _read(bearer)
    if asked is None:
        raise _unauthorized()
    mine = [each for account, region, each in there if _fits(asked, account, region, each)]
    if not mine:
        raise _unauthorized()
    cluster = mine[0]
    if trusted and trusted != authority(cluster.certificate_authority["data"]):
        raise status.Refused(
            495, "UnknownAuthority", "tls: failed to verify certificate: x509: certificate signed by unknown authority"
        )
    with _LOCK:  # two first requests at once must not make two stores
        if cluster not in _OBJECTS:
            _OBJECTS[cluster] = Objects()
        return _OBJECTS[cluster]


def _clusters() -> Iterator[tuple[str, str, Any]]:
    from moto.eks.models import eks_backends  # noqa: PLC0415 - slow to import

    for account, regions in list(eks_backends.items()):
        for region, backend in list(regions.items()):
            for cluster in list(backend.clusters.values()):
                yield account, region, cluster


def _host(cluster: Any) -> str:
    return urlsplit(cluster.endpoint).hostname or ""


def _read(bearer: str) -> dict[str, str] | None:
    try:
        text = base64.urlsafe_b64decode(bearer.removeprefix(TOKEN))
        asked = json.loads(text)
    except ValueError:
        return None
    return asked if bearer.startswith(TOKEN) and isinstance(asked, dict) else None


def _fits(asked: dict[str, str], account: str, region: str, cluster: Any) -> bool:
    named = account_of(str(asked.get("key", "")))
    return asked.get("cluster") == cluster.name and asked.get("region") == region and named in {None, account}


def _unauthorized() -> status.Refused:
    return status.Refused(401, "Unauthorized", "the server has asked for the client to provide credentials")
