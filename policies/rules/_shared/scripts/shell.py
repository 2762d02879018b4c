"""Shell scripts read as far as the law needs: which programs run with which words, what feeds what, what is written.

No shell: nothing is run or matched against files. Quotes, comments, here-documents, substitutions, functions, pipes and
plain variables are understood; a branch counts as run, whatever its condition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from policies.rules._shared.scripts.command import RUNNERS, SHELLS, Command, unwrapped
from policies.rules._shared.scripts.packed import unpacked
from policies.rules._shared.scripts.shell_reader import Reader

_DEEP: Final = 8
"""Levels of scripts within scripts that are read."""


def commands(script: str, written: dict[str, str] | None = None) -> tuple[Command, ...]:
    """Every command of a script, in the order of the text; those of scripts that it writes and then runs, too.

    Args:
        script: The text.
        written: Files that stand there already, by path (cloud-config's `write_files`).
    """
    return _run(script, dict(written or {}), _DEEP)


def of_words(words: Sequence[str]) -> tuple[Command, ...]:
    """The commands of a program that is run without a shell."""
    one = Command(tuple(words), pipeline=" ".join(words))
    return _opened(unwrapped(one), "", files={}, deep=_DEEP)


def _run(script: str, files: dict[str, str], deep: int) -> tuple[Command, ...]:
    if not deep:
        return ()
    found = Reader(script, partial(_opened, files=files, deep=deep)).read()
    done: set[str] = set()
    while True:
        ran = [path for path in files if path not in done and _is_run(path, found, files)]
        if not ran:
            return tuple(found)
        for path in ran:
            done.add(path)
            found += _run(_script_of(path, files[path]), {k: v for k, v in files.items() if k not in done}, deep - 1)


def _is_run(path: str, found: Sequence[Command], files: dict[str, str]) -> bool:
    """Whether a file that was written is run: by a command, by cloud-init, or by a unit that is started."""
    if re.match(r"/var/lib/cloud/scripts/per-", path):
        return True
    started = any(c.program == "systemctl" and {"start", "restart", "enable"} & set(c.words) for c in found)
    if path.endswith(".service"):
        return started
    if started and any(path in body for unit, body in files.items() if unit.endswith(".service")):
        return True
    name = path.rsplit("/", 1)[-1]
    return any(
        command.words[:1] in ((path,), (f"./{name}",)) or (command.program in RUNNERS and path in command.words)
        for command in found
    )


def _script_of(path: str, body: str) -> str:
    if not path.endswith(".service"):
        return body
    return "\n".join(re.findall(r"(?m)^Exec(?:StartPre|Start|StartPost|Condition) *= *[-@:+!]*(.*)$", body))


def _opened(command: Command, given: str, *, files: dict[str, str], deep: int) -> tuple[Command, ...]:
    """A command and the commands of scripts that it is given as words or input."""
    name, words = command.program, command.words
    inner: list[str] = []
    if name in SHELLS or name in ("su", "runuser"):
        inner += [words[at + 1] for at, word in enumerate(words[:-1]) if re.fullmatch(r"-[a-z]*c|--command", word)]
        inner += [given]
    elif name == "eval":
        inner.append(" ".join(words[1:]))
    elif name in ("echo", "printf", "cat"):
        said = given if name == "cat" else " ".join(word for word in words[1:] if not re.fullmatch(r"-[neE]+", word))
        said = said.replace("\\n", "\n") if name == "printf" or "-e" in words else said
        if SHELLS & set(command.feeds):
            inner.append((unpacked(said) or "") if "base64" in command.feeds else said)
        for target in (command.output, *_tee(command)):
            if target:
                files[target] = f"{files.get(target, '')}{said}\n"
    elif name == "tee" and given:
        files.update(dict.fromkeys(command.plain, given))
    nested = (found for text in inner if text for found in _run(text, files, deep - 1))
    return (command, *nested)


def _tee(command: Command) -> tuple[str, ...]:
    """Files that `… | tee FILE` writes."""
    found = re.search(r"\|\s*(?:sudo\s+)?tee\s+(?:-a\s+)?(\S+)", command.pipeline)
    return (found[1],) if found else ()
