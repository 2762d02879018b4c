"""Where the project is."""

from __future__ import annotations

from pathlib import Path

from components.base.problems import InvalidInputError


def project_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a Pulumi.yaml.

    Raises:
        InvalidInputError: There is none.
    """
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise InvalidInputError.one(
        f"no Pulumi.yaml in {start} or above it", fix="run the command inside a checkout of the project"
    )
