"""Reading a lock: found by name, well formed, unedited."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError, Problem
from components.base.validation import closest, plain, validate
from components.base.yaml_file import YamlFile
from components.release.canonical import NAME, SUFFIX, content_hash, lock_name
from components.release.spec import LockFile, Release

FOLDER: Final = Path("stacks/releases")


def lock_path(root: Path, release: str) -> Path:
    """The file of a release: its name in stacks/releases, or a path of its own (relative to the root)."""
    return root / release if release.endswith(SUFFIX) else root / FOLDER / f"{release}{SUFFIX}"


def known_locks(root: Path) -> list[str]:
    """The names of the locks in stacks/releases."""
    return sorted(path.name.removesuffix(SUFFIX) for path in (root / FOLDER).glob(f"*{SUFFIX}"))


def load_release(root: Path, release: str) -> Release:
    """Read a release's lock and verify that nobody has changed it.

    Raises:
        InvalidInputError: There is no such file, it isn't a lock, or it was edited: every problem.
    """
    path = lock_path(root, release)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    there = False
    with suppress(OSError):  # a name longer than a file system takes
        there = path.is_file()
    if not there:
        raise InvalidInputError.one("no such release lock", file=shown, fix=closest(release, known_locks(root)))
    source = YamlFile.load(path, shown=shown)
    data = plain(source.data)
    problems: list[Problem] = []
    file = None
    try:
        file = validate(LockFile, data, file=shown, line=source.line)
    except InvalidInputError as error:
        problems += error.problems
    name = path.name.removesuffix(SUFFIX)
    problems += _edits(source, data, name)
    if problems or file is None:
        raise InvalidInputError(problems)
    return Release(name=name, sha256=file.sha256, lock=file.content, shown=shown)


def _edits(source: YamlFile, data: Any, name: str) -> list[Problem]:
    """What tells that the content is not the one the lock was named and signed for."""
    if not isinstance(data, dict) or not isinstance(data.get("content"), dict):
        return []
    try:
        actual = content_hash(data["content"])
    except (TypeError, ValueError) as error:
        return [Problem(source.shown, source.line(("content",)), "content", f"isn't JSON: {error}", "use quotes")]
    problems = []
    fix = "a lock is never edited: restore the file from git, and make a new lock for new content"
    if data.get("sha256") != actual:
        message = f"the content was edited: its SHA-256 is {actual}, expected {data.get('sha256')}"
        problems.append(Problem(source.shown, source.line(("sha256",)), "sha256", message, fix))
    named = NAME.fullmatch(name)
    if named is None:
        message = "a lock's name is ALIAS-<first 12 hex digits of its SHA-256>"
        problems.append(Problem(source.shown, 0, "", message, f"name the file {lock_name('ALIAS', actual)}{SUFFIX}"))
    elif name != lock_name(named["alias"], actual):
        message = (
            f"the content doesn't belong to this name: its SHA-256 starts with {actual[:12]}, not {named['short']}"
        )
        problems.append(Problem(source.shown, 0, "", message, fix))
    return problems
