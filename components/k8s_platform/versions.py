"""Which versions go together: what a release must hold, and how far nodes may be behind their control plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from components.base.problems import InvalidInputError, Problem
from components.release.spec import ReleaseSpec

SKEW: Final = 3
"""Minor versions that a kubelet (and kube-proxy) may be older than the API server. Source: Kubernetes, "Version Skew
Policy"."""

Finding = tuple[tuple[str | int, ...], str, str]
"""Path, what is wrong, what to do."""


def minor(version: str) -> int:
    """The minor version of Kubernetes: 35 of `1.35`, and of an add-on's `v1.35.3-eksbuild.21`.

    Raises:
        ValueError: It is no version of Kubernetes 1.
    """
    major, _, rest = version.removeprefix("v").partition(".")
    number = rest.partition(".")[0]
    if major != "1" or not number.isdecimal():
        raise ValueError(f"{version!r} is no version of Kubernetes, such as 1.35")
    return int(number)


def missing(release: ReleaseSpec, *, addons: Sequence[str] = (), charts: Sequence[str] = ()) -> Iterator[Finding]:
    """What a cluster needs of its release and doesn't find there; paths are below the release."""
    fix = "add it to the lock (`herd release`), and look its values up with `herd release resolve`"
    if "kubernetes" not in release.versions:
        yield ("versions", "kubernetes"), f"release {release.name} says no Kubernetes version", fix
    for kind, names, there in (("addons", addons, release.addons), ("charts", charts, release.charts)):
        for name in names:
            if name not in there:
                yield (kind, name), f"release {release.name} has no {kind.removesuffix('s')} {name}", fix


def require(release: ReleaseSpec, *, addons: Sequence[str] = (), charts: Sequence[str] = ()) -> None:
    """Stop before anything is registered.

    Raises:
        InvalidInputError: The release lacks something.
    """
    if found := list(missing(release, addons=addons, charts=charts)):
        raise InvalidInputError(Problem("", 0, ".".join(map(str, path)), text, fix) for path, text, fix in found)


def behind(control_plane: str, nodes: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Nodes whose kubelet is newer than the API server, or too old for it.

    Args:
        control_plane: The API server's version, `1.35`.
        nodes: The kubelet's version by whatever names the nodes.

    Yields:
        The name, what is wrong, what to do.
    """
    ours = minor(control_plane)
    for name, version in nodes.items():
        theirs = minor(version)
        if theirs > ours:
            text = f"its nodes run Kubernetes {version}, newer than the control plane's {control_plane}"
            yield name, text, "upgrade the control plane first: name a release with that version as the stack's"
        elif ours - theirs > SKEW:
            text = f"its nodes run Kubernetes {version}, more than {SKEW} minor versions behind {control_plane}"
            yield name, text, "roll the pool to a newer release before the control plane is upgraded"


def proxy_fits(release: ReleaseSpec) -> Iterator[Finding]:
    """A kube-proxy that is newer than the API server of its own release, or too old for it."""
    if "kubernetes" in release.versions and "kube-proxy" in release.addons:
        found = behind(release.versions["kubernetes"], {"kube-proxy": release.addons["kube-proxy"]})
        for name, text, _ in found:
            yield ("addons", name), text.replace("its nodes run Kubernetes", "its version is"), "lock the matching one"
