"""Manifests that the provider reads when it runs: a render can't show what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from herd.graph.bundles import is_unread_file, is_unread_text
from policies.engine.subject import Subject
from policies.engine.values import Hidden, Reason, Reference

# type -> properties that say what is read; none for one that shows no inputs at all.
_READS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes:yaml/v2:ConfigFile": ("file",),
    "kubernetes:yaml/v2:ConfigGroup": ("files", "yaml", "objs"),
    "kubernetes:kustomize/v2:Directory": (),
    "kubernetes:kustomize:Directory": (),
}
_LIST: Final = "kubernetes:core/v1:List"
_UNREAD: Final = Hidden(
    Reason.INVISIBLE, "the provider reads these manifests when it runs: `herd check --file` judges the files"
)


def hidden_where_unread(subject: Subject) -> Subject:
    """A subject; a bundle with manifests that nobody can read here becomes a list with hidden items.

    Each rule about Kubernetes objects is asked about such a list, and can't say. What can be read (files of the
    program, texts, objects) are resources of the graph.
    """
    if subject.type not in _READS:
        return subject
    reads = _READS[subject.type]
    if reads and not any(_unread(subject.values.get(key), is_text=key == "yaml") for key in reads):
        return subject
    return replace(subject, type=_LIST, values={"items": _UNREAD})


def _unread(value: Any, *, is_text: bool) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_unread(one, is_text=is_text) for one in value)
    if isinstance(value, (Hidden, Reference)):
        return True
    return isinstance(value, str) and (is_unread_text if is_text else is_unread_file)(value)
