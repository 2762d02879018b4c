"""Images that Kustomize puts in the place of those in manifests.

Sources: Kustomize reference, "images"; Flux, Kustomization, spec.images; Argo CD, "Kustomize", images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.gitops import APPLICATION, APPLICATION_SET, sources

_PLACES: Final = {
    "kubernetes:kustomize.config.k8s.io/v1beta1:Kustomization": ("images",),
    "kubernetes:kustomize.config.k8s.io/v1alpha1:Component": ("images",),
    **{
        f"kubernetes:kustomize.toolkit.fluxcd.io/{version}:Kustomization": ("spec", "images")
        for version in ("v1", "v1beta1", "v1beta2")
    },
}
TYPES: Final = (*_PLACES, APPLICATION, APPLICATION_SET)


def replacements(resource: Subject) -> Iterator[Node]:
    """The images as the pods will name them, each at the place that says its tag or digest.

    One that only changes the name is left out: which tag it keeps stands in the manifests.
    """
    for one in resource.props.each(*_PLACES[resource.type]) if resource.type in _PLACES else ():
        hidden = [one.at(key) for key in ("name", "newName", "newTag", "digest") if one.at(key).hidden]
        if hidden:
            yield hidden[0]
            continue
        name = one.text("newName") or one.text("name") or ""
        # Kustomize takes the digest where both are given.
        if digest := one.text("digest"):
            yield Node(f"{name}@{digest}", one.at("digest").path, resource)
        elif tag := one.text("newTag"):
            yield Node(f"{name}:{tag}", one.at("newTag").path, resource)
    for source in sources(resource):
        yield from _of_application(source)


def _of_application(source: Node) -> Iterator[Node]:
    """`[OLD=]NEW[:TAG|@DIGEST]`, as `kustomize edit set image` takes it."""
    for one in source.each("kustomize", "images"):
        text = "" if one.hidden else one.text() or ""
        new = text.partition("=")[2] or text
        if one.hidden:
            yield one
        elif "@" in new or ":" in new.rpartition("/")[2]:
            yield Node(new, one.path, one.subject)
