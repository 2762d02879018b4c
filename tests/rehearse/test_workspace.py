"""The base of a rehearsal comes from git and leaves nothing behind there."""

import subprocess

import pytest

from components.base.problems import InvalidInputError
from herd.rehearse.workspace import checkout
from herd.root import project_root


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "repository"
    (root / "infra").mkdir(parents=True)

    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(
            ["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout

    git("init", "-q")
    (root / "README.md").write_text("empty\n")
    git("add", "-A")
    git("commit", "-qm", "nothing yet")
    (root / "Pulumi.yaml").write_text("name: herd\n")
    (root / "infra" / "__main__.py").write_text("first = True\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    (root / "infra" / "__main__.py").write_text("first = False\n")
    return root, git


def test_the_base_is_what_git_has_not_what_the_work_tree_has(repository, tmp_path):
    root, git = repository
    tree = checkout(root, "HEAD", tmp_path / "base")
    assert (tree.root / "infra" / "__main__.py").read_text() == "first = True\n"
    assert tree.label == "HEAD"
    assert git("worktree", "list").count("\n") == 1


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        ("no-such-ref", "no commit"),
        ("", "no commit"),
        ("HEAD:infra", "no commit"),
        ("HEAD:Pulumi.yaml", "no commit"),
        ("--output=planted", "no commit"),
        ("--exec=touch planted", "no commit"),
        ("a\nb", "no commit"),
        ("HEAD~1", "no Pulumi.yaml"),
    ],
)
def test_a_reference_without_a_program_is_refused(repository, tmp_path, ref, says):
    root, _ = repository
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InvalidInputError, match=says) as refused:
        checkout(root, ref, tmp_path / "base")
    assert refused.value.problems[0].field == "--from"
    assert says == "no Pulumi.yaml" or sorted(tmp_path.rglob("*")) == before, "git took the reference for an option"


def test_without_git_or_a_repository_it_says_so(repository, tmp_path, monkeypatch):
    plain = tmp_path / "plain"
    plain.mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(InvalidInputError, match="not a git repository"):
        checkout(plain, "HEAD", tmp_path / "base")
    monkeypatch.setenv("PATH", str(plain))
    with pytest.raises(InvalidInputError, match="git isn't installed"):
        checkout(repository[0], "HEAD", tmp_path / "base")


def test_the_project_is_found_from_below(repository):
    root, _ = repository
    assert project_root(root / "infra") == root


def test_outside_a_project_it_says_what_to_do(tmp_path):
    with pytest.raises(InvalidInputError, match="inside a checkout"):
        project_root(tmp_path)
