"""Charts that a controller in the cluster installs: Flux's releases, Argo CD's applications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject

FLUX_RELEASES: Final = tuple(
    f"kubernetes:helm.toolkit.fluxcd.io/{version}:HelmRelease" for version in ("v2", "v2beta2", "v2beta1")
)
APPLICATION: Final = "kubernetes:argoproj.io/v1alpha1:Application"
APPLICATION_SET: Final = "kubernetes:argoproj.io/v1alpha1:ApplicationSet"
GITOPS: Final = (*FLUX_RELEASES, APPLICATION, APPLICATION_SET)


def chart_values(resource: Subject) -> Iterator[Node]:
    """The places of the values that a chart gets; those that stand as text in text (Argo's `values`) aside.

    Sources: Flux, HelmRelease, spec.values; Argo CD, "Helm", valuesObject.
    """
    if resource.type in FLUX_RELEASES:
        yield resource.props.at("spec", "values")
    for source in sources(resource):
        yield source.at("helm", "valuesObject")


def sources(resource: Subject) -> Iterator[Node]:
    """What an application of Argo CD is made from; nothing of another resource."""
    if resource.type in (APPLICATION, APPLICATION_SET):
        spec = resource.props.at("spec")
        if resource.type == APPLICATION_SET:
            spec = spec.at("template", "spec")
        yield from (*spec.each("source"), *spec.each("sources"))
