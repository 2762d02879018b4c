"""What a cluster's own roles (RBAC) give: those that give everything, or give it to whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.node import Node
from policies.engine.rule import Violation
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.workload_kinds import LISTS
from policies.rules._shared.kubernetes.workloads import objects

_VERSIONS: Final = ("v1", "v1beta1")
_ROLES: Final = tuple(f"kubernetes:rbac.authorization.k8s.io/{version}:ClusterRole" for version in _VERSIONS)
_BINDINGS: Final = tuple(
    f"kubernetes:rbac.authorization.k8s.io/{version}:{kind}"
    for version in _VERSIONS
    for kind in ("ClusterRoleBinding", "RoleBinding")
)
RBAC_TYPES: Final = (*_ROLES, *_BINDINGS, *LISTS)
_ADMIN: Final = "cluster-admin"
# Bound by Kubernetes itself, to whoever can reach the API: versions and health, no objects.
_FOR_ALL: Final = ("system:public-info-viewer", "system:discovery", "system:basic-user")
_NOBODY_KNOWN: Final = ("system:anonymous", "system:unauthenticated")
_MASTERS: Final = "system:masters"
_FIX: Final = "Name the API groups, resources and verbs, in a Role of the namespace where that will do."


def given_away(resource: Subject) -> Iterator[Violation]:
    """Roles and bindings by which somebody may do everything, or nobody knows who may do something.

    Sources: Kubernetes, "Using RBAC Authorization", Default roles and role bindings; CIS Kubernetes Benchmark,
    5.1.1 and 5.1.3.
    """
    for type_, manifest in objects(resource):
        if type_ in _ROLES:
            yield from _role(manifest)
        elif type_ in _BINDINGS:
            yield from _binding(manifest, everywhere=type_.endswith(":ClusterRoleBinding"))


def _role(manifest: Node) -> Iterator[Violation]:
    for rule in manifest.each("rules"):
        if all("*" in rule.texts(key) for key in ("apiGroups", "resources", "verbs")):
            yield Violation(rule, "allows every verb on everything in the cluster", _FIX)


def _binding(manifest: Node, *, everywhere: bool) -> Iterator[Violation]:
    role = manifest.literal("roleRef", "name") or ""
    for subject in manifest.each("subjects"):
        name = subject.text("name") or ""
        if name in _NOBODY_KNOWN and role not in _FOR_ALL:
            yield Violation(subject, f"gives {role} to {name}: whoever reaches the API", _FIX)
        elif everywhere and role == _ADMIN and name != _MASTERS:
            yield Violation(subject, f"makes {name} an administrator of the whole cluster", _FIX)
