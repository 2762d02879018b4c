"""The trees a rehearsal runs: the working tree as it is, and the base as git has it, in a scratch folder."""

from __future__ import annotations

import io
import shutil
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
    # A reference that looks like an option (--output=FILE) would be one to archive: it gets the commit's hash instead.
    commit = _git(root, ref, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    # `git worktree` would leave an entry behind in .git when the run is killed: archive writes nothing there.
    archive = _git(root, ref, "archive", "--format=tar", commit.decode().strip())
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(target, filter="data")
    if not (target / "Pulumi.yaml").is_file():
        raise InvalidInputError.one(f"the tree {ref!r} has no Pulumi.yaml", field="--from")
    return Tree(target, ref)


def _git(root: Path, ref: str, *arguments: str) -> bytes:
    """What git answers; whatever it refuses is the reference's fault."""
    git = shutil.which("git")
    if git is None:
        raise InvalidInputError.one("git isn't installed: it has the base", field="--from", fix="install it")
    done = subprocess.run([git, "-C", str(root), *arguments], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise InvalidInputError.one(
            f"git has no commit {ref!r}{': ' + said[-1] if said else ''}",
            field="--from",
            fix="name a commit, branch or tag of this repository",
        )
    return done.stdout
