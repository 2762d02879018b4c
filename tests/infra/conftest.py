"""A copy of the project whose stack files a test may spoil."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from components.base.problems import InvalidInputError
from herd.render import render
from herd.stackfile import load_stack
from infra.loading import load_pinned, load_settings
from infra.settings import Fidelity
from infra.source import StackSource

REPOSITORY = Path(__file__).resolve().parents[2]


class Checkout:
    """The program and the stacks, in a scratch folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copy(REPOSITORY / "Pulumi.yaml", root)
        for folder in ("infra", "stacks"):
            shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))

    def file(self, stack: str) -> Path:
        return self.root / "stacks" / f"Pulumi.{stack}.yaml"

    @property
    def lock(self) -> Path:
        (found,) = (self.root / "stacks" / "releases").glob("*.lock.yaml")
        return found

    def edit(self, path: Path, old: str, new: str) -> int:
        """Replace a text that stands in a file once; the line it stood on."""
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands in {path.name} {text.count(old)} times"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def take_away(self, stack: str, *settings: str) -> None:
        """Take settings out of a stack's file, with the comments above them."""
        file = self.file(stack)
        for setting in settings:
            pattern = rf"(^  #.*\n)*^  herd:{setting}:.*\n(^(   .*)?\n)*"
            text, times = re.subn(pattern, "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert times == 1, f"{setting} stands in {file.name} {times} times"
            file.write_text(text, encoding="utf-8")

    def read_digests(self, stack: str) -> None:
        """Write a digest wherever the stack's file says that nobody has read it."""
        text = self.file(stack).read_text(encoding="utf-8")
        assert "@unresolved" in text
        self.file(stack).write_text(text.replace("@unresolved", f"@sha256:{'0' * 64}"), encoding="utf-8")

    def load(self, stack: str, fidelity: Fidelity = Fidelity.RENDER):
        """What the program does before it registers anything: the settings and what is pinned."""
        source = StackSource(self.root, "herd", stack)
        config = load_stack(self.root, stack, fidelity=fidelity.value).strings()
        settings = load_settings(config, source)
        return settings, load_pinned(settings, source, fidelity)

    def refused(self, stack: str, fidelity: Fidelity = Fidelity.RENDER):
        """The problems of a stack, as the loader finds them."""
        with pytest.raises(InvalidInputError) as caught:
            self.load(stack, fidelity)
        return caught.value.problems

    def refused_by_the_program(self, stack: str):
        """The problems of a stack, as the real program reports them when it runs."""
        with pytest.raises(InvalidInputError) as caught:
            render(self.root, stack)
        return caught.value.problems

    def files(self) -> dict[str, bytes]:
        """Every file and its content."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path.resolve())


@pytest.fixture(scope="session")
def make_checkout(tmp_path_factory):
    """Makes checkouts that several tests share."""
    return lambda: Checkout(tmp_path_factory.mktemp("checkout").resolve())


@pytest.fixture
def few(checkout: Checkout) -> Checkout:
    """A checkout in which dev is a foundation with a release and no cluster, the others a foundation alone."""
    checkout.take_away("dev", "cluster", "pools")
    for stack in ("test", "prod"):
        checkout.take_away(stack, "release")
    checkout.take_away("test", "images")
    return checkout


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def graphs():
    """The three stacks as they are rendered."""
    return {stack: render(REPOSITORY, stack) for stack in ("dev", "test", "prod")}
