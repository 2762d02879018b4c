"""What the trees of a rehearsal are configured with: their own stack files, with the stand-in's values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from herd.rehearse.workspace import Tree
from herd.release.lookup import Clients
from herd.release.rehearsed import rehearsed_stack
from herd.stackfile import ConfigValue, StackFile, load_stack


class Configured:
    """The configuration of each tree; what costs a look-up of every value of a release is done once a tree."""

    def __init__(self, stack: str, clients: Clients, folder: Path) -> None:
        """Configurations of a stack.

        Args:
            stack: The stack's name.
            clients: boto3 clients of the stand-in, by service and region.
            folder: Where locks and recipes with the stand-in's values go.
        """
        self._stack, self._clients, self._folder = stack, clients, folder
        self._known: dict[Tree, tuple[StackFile, tuple[str, ...]]] = {}
        self._rolling: Tree | None = None
        self._recipes: dict[str, ConfigValue] = {}

    def of(self, tree: Tree) -> tuple[StackFile, tuple[str, ...]]:
        """A tree's stack, and in words which values come from the stand-in."""
        if tree not in self._known:
            self._known[tree] = rehearsed_stack(tree.root, self._stack, self._clients, self._folder)
        return self._known[tree]

    def roll(self, tree: Tree, copied: Tree) -> None:
        """Read `tree`, whose stack file changes, as it is; its recipes are those of what it is a copy of."""
        stack = self.of(copied)[0]
        self._rolling = tree
        self._recipes = {key: value for key, value in stack.config.items() if key == f"{stack.project}:images"}

    def config(self, tree: Tree) -> Mapping[str, ConfigValue]:
        """What the program gets."""
        if tree == self._rolling:
            return {**load_stack(tree.root, self._stack, fidelity="rehearse").config, **self._recipes}
        return self.of(tree)[0].config
