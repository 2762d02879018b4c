"""HERD-043: charts and add-ons are named by an exact version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.images import moves
from policies.rules._shared.kubernetes.gitops import APPLICATION, APPLICATION_SET, FLUX_RELEASES, sources

_EXACT: Final = re.compile(r"=?\s*v?\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_DIGEST: Final = re.compile(r"@?sha256:[0-9a-f]+")
_RANGE: Final = re.compile(r"[~^*<>|,]|(?:^|\.)[xX](?:\.|$)|\s-\s")
_BRANCH: Final = re.compile(
    "head|main|master|trunk|develop|development|dev|mainline|default|stable|latest", re.IGNORECASE
)
_TEMPLATE: Final = re.compile(r"\{\{|\$\{")
_FOLDERS: Final = frozenset(("chart", "charts", "helm", "deploy", "manifests", "k8s", "kubernetes", "infra"))

_FLUX_CHARTS: Final = tuple(
    f"kubernetes:source.toolkit.fluxcd.io/{version}:HelmChart" for version in ("v1", "v1beta2", "v1beta1")
)
_FLUX_OCI: Final = tuple(
    f"kubernetes:source.toolkit.fluxcd.io/{version}:OCIRepository" for version in ("v1", "v1beta2")
)
_ARGO: Final = (APPLICATION, APPLICATION_SET)
_HELM: Final = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart", "kubernetes:helm.sh/v3:Chart")


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """A range, a branch or nothing at all means: whatever is newest when somebody runs it."""
    for place in sources(resource) if resource.type in _ARGO else (resource.props,):
        yield from _JUDGES[resource.type](place)


def _helm(props: Node) -> Iterator[Violation]:
    """Pulumi's Helm resources; a chart that comes with the program or from an exact URL needs no version."""
    if not (props.has("chart") or props.has("version")):
        return
    if isinstance(props.plain("chart"), dict) or _comes_along(props):
        return
    yield from _version(props.at("version"), "the newest version")


def _comes_along(props: Node) -> bool:
    chart = props.text("chart") or ""
    if chart.endswith((".tgz", ".tar.gz")) or chart.startswith((".", "/", "file:")) or _DIGEST.search(chart):
        return True
    folder = chart.partition("/")[0] in _FOLDERS and "/" in chart
    return folder and not props.has("repositoryOpts", "repo")


def _addon(props: Node) -> Iterator[Violation]:
    version = props.at("addonVersion")
    value = version.text()
    if isinstance(value, Reference) and value.looked_up:
        yield Violation(version, "is looked up at each run: another version as soon as AWS has one")
    elif not value:
        yield Violation(version, "names no version, which is the default of the day")
    elif value.lower() == "latest":
        yield Violation(version, f"is {value}")


def _flux_release(props: Node) -> Iterator[Violation]:
    if props.has("spec", "chart"):
        yield from _flux_chart(props.at("spec", "chart"))


def _flux_chart(props: Node) -> Iterator[Violation]:
    """Source: Flux, HelmChart: `version` defaults to `*`, and is ignored for charts from Git and buckets."""
    if (props.literal("spec", "sourceRef", "kind") or "HelmRepository") == "HelmRepository":
        yield from _version(props.at("spec", "version"), "*, the newest version")


def _flux_oci(props: Node) -> Iterator[Violation]:
    """Source: Flux, OCIRepository: the digest wins over semver, semver over the tag, which defaults to latest."""
    ref = props.at("spec", "ref")
    if ref.text("digest"):
        return
    if ref.text("semver"):
        yield from _version(ref.at("semver"), "")
    else:
        tag = ref.literal("tag", default="latest") or "latest"
        if moves(tag):
            yield Violation(ref.at("tag"), f"follows {tag}: another chart after the next push")


def _argo(source: Node) -> Iterator[Violation]:
    revision = source.at("targetRevision")
    if source.has("chart") or (source.text("repoURL") or "").startswith("oci://"):
        yield from _version(revision, "the newest version")
    else:
        yield from _git(revision)


def _git(revision: Node) -> Iterator[Violation]:
    """Source: Argo CD, "Tracking and deployment strategies": nothing means HEAD, ranges match tags."""
    value = _given(revision) or "HEAD"
    if _BRANCH.fullmatch(value.removeprefix("refs/heads/")) or value.startswith("refs/heads/"):
        yield Violation(revision, f"follows {value}: whatever was committed last", _FIX_GIT)
    elif _RANGE.search(value):
        yield Violation(revision, f"is the range {value}: whatever was tagged last", _FIX_GIT)


def _k3s(props: Node) -> Iterator[Violation]:
    if not props.has("spec", "chartContent"):
        yield from _version(props.at("spec", "version"), "the newest version")


def _version(node: Node, default: str) -> Iterator[Violation]:
    value = (_given(node) or "").strip()
    if not value:
        yield Violation(node, f"names no version, which is {default}" if default else "names no version")
    elif not (_EXACT.fullmatch(value) or _DIGEST.fullmatch(value)):
        yield Violation(node, f"is {value}, which is no exact version: whatever is newest when it is installed")


def _given(node: Node) -> str | None:
    value = node.literal()
    if value and _TEMPLATE.search(value):
        raise UnevaluatedError(Reason.UNKNOWN, f"{value} is filled in later", node.path)
    return value


_FIX_GIT: Final = "Name a tag that is never moved, or a commit."
_JUDGES: Final[dict[str, Callable[[Node], Iterator[Violation]]]] = {
    **dict.fromkeys(_HELM, _helm),
    "aws:eks/addon:Addon": _addon,
    **dict.fromkeys(FLUX_RELEASES, _flux_release),
    **dict.fromkeys(_FLUX_CHARTS, _flux_chart),
    **dict.fromkeys(_FLUX_OCI, _flux_oci),
    **dict.fromkeys(_ARGO, _argo),
    "kubernetes:helm.cattle.io/v1:HelmChart": _k3s,
}

RULE: Final = ResourceRule(
    id="HERD-043",
    name="chart-versions-exact",
    pack="supply_chain",
    title="Charts and add-ons are named by an exact version",
    severity=everywhere(Severity.HIGH),
    types=tuple(_JUDGES),
    properties=(
        "version",
        "addonVersion",
        "spec.chart.spec.version",
        "spec.source.targetRevision",
        "spec.ref.semver",
    ),
    why=(
        "With a range or no version two clusters of one release differ, an upgrade happens on the day somebody else"
        " publishes, and going back isn't a return to anything."
    ),
    fix="Name the version that the release locks (`1.14.1`): no range, no `latest`.",
    check=check,
)
