"""The stand-in for Pulumi's `kubernetes` provider (pulumi-kubernetes 4), over the API of the stand-in cloud's clusters.

Sources of its behaviour: pulumi/pulumi-kubernetes, `provider/pkg/provider` (provider.go, diff.go, helm_release.go,
util.go) and `provider/pkg/await`, at 94977969.
"""

from __future__ import annotations

__all__ = ["fidelity"]

RELEASE = "kubernetes:helm.sh/v3:Release"


def fidelity(token: str) -> str:
    """How far a type is modelled: ``modelled`` if its content is checked by a schema held here, or ``recorded``.

    A release is only recorded: nothing renders its chart, though well-known charts bring their CRDs.
    """
    from herd.cloud.kubernetes.kinds import known_kind  # noqa: PLC0415 - reads files

    _, api_version, kind = token.split(":")
    found = known_kind(api_version.removeprefix("core/"), kind)
    return "modelled" if found and found.validated else "recorded"
