"""Which manifests of a bundle nobody can read before the provider does.

A render leaves them out of the graph, and the law hides the bundle: what one calls readable the other must as well.
"""

from __future__ import annotations

from herd.graph.symbols import symbols_in


def is_unread_file(name: str) -> bool:
    """Whether a file's name or pattern leads beyond this machine, or is made of what only the cloud knows."""
    return name.startswith(("http://", "https://")) or any(symbols_in(name))


def is_unread_text(text: str) -> bool:
    """Whether all of a YAML text may be what only the cloud knows.

    Symbols within a manifest are values of its objects; one at the start of the only line may be all of them.
    """
    return text.startswith("${") and "\n" not in text and any(symbols_in(text))
