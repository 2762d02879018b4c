"""The trees a rehearsal runs: the working tree as it is, and the base as git has it, in a scratch folder."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from components.base.problems import InvalidInputError


@dataclass(frozen=True)
class Tree:
    """A checkout of the project.

    Attributes:
        root: The folder that holds Pulumi.yaml.
        label: What it is called in reports: `working tree` or the git reference.
    """

    root: Path
    label: str


def checkout(root: Path, ref: str, target: Path) -> Tree:
    """Write the tree of a git reference to `target`, leaving no trace in the repository.

    Raises:
        InvalidInputError: The reference doesn't exist, or holds no program.
    """
    # `git worktree` would leave an entry behind in .git when the run is killed: archive writes nothing there.
    archive = subprocess.run(["git", "-C", str(root), "archive", "--format=tar", ref], capture_output=True, check=False)
    if archive.returncode:
        reason = archive.stderr.decode(errors="replace").strip().splitlines()
        raise InvalidInputError.one(
            f"git has no tree {ref!r}: {reason[-1] if reason else 'unknown error'}",
            field="--from",
            fix="name a commit, branch or tag of this repository",
        )
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(target, filter="data")
    if not (target / "Pulumi.yaml").is_file():
        raise InvalidInputError.one(f"the tree {ref!r} has no Pulumi.yaml", field="--from")
    return Tree(target, ref)
