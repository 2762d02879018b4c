"""One command of a script: its words without the wrappers, and what reads its output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Final

SHELLS: Final = frozenset({"bash", "sh", "dash", "zsh", "ksh", "ash"})
RUNNERS: Final = SHELLS | {"source", ".", "eval", "python", "python2", "python3", "perl", "ruby", "node", "pwsh"}
"""Programs that run what they are given."""
TALKERS: Final = frozenset(
    {"echo", "printf", "logger", "log", "cat", "grep", "egrep", "sed", "awk", "test", "[", "[[", ":", "true", "false"}
    | {"export", "readonly", "local", "declare", "typeset", "alias", "unset", "trap", "for", "case", "select", "set"}
    | {"which", "type", "hash", "man", "tee", "wall", "return", "exit", "sleep", "mkdir", "rm", "touch", "chown"}
)
"""Programs whose words are words: a package manager among them isn't run."""
_WRAPPERS: Final = {
    # Program -> options of it that take a value.
    "sudo": "ugphCrtTUD",
    "doas": "uC",
    "env": "uSC",
    "nice": "n",
    "ionice": "cnp",
    "nohup": "",
    "setsid": "",
    "exec": "a",
    "command": "",
    "builtin": "",
    "time": "",
    "stdbuf": "ioe",
    "xargs": "aEIiLlnPsd",
    "timeout": "ks",
    "flock": "wE",
    "chroot": "",
    "chronic": "",
    "unbuffer": "",
    "cloud-init-per": "",
}
_WORDS_FIRST: Final = {"timeout": 1, "flock": 1, "chroot": 1, "cloud-init-per": 2}
"""How many words of its own a wrapper takes before the program."""
ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)(\[\w+\])?\+?=(.*)", re.DOTALL)
_FOUND: Final = re.compile(r"(?:\$\(|`) *(?:which|command -v|type -p) +([\w.+-]+) *(?:\)|`)")
"""A program by where it is found: `$(which pip)`."""
WRAPPED: Final = 12
"""Words that a wrapper and its options take at most, and programs of a pipeline that are looked at behind one."""
_SHOWN: Final = 80
"""Characters of a command in a message."""


@dataclass(frozen=True)
class Command:
    """One command that a script runs.

    Attributes:
        words: Program and arguments, quotes gone and plain variables filled in; wrappers such as sudo taken off.
        feeds: Programs that read its output: those behind it in its pipeline, or the one it is substituted into.
        output: File its output goes to; empty if none.
        captured: Whether its output is substituted into other words.
        pipeline: Everything that is written in its pipeline, variables filled in.
    """

    words: tuple[str, ...]
    feeds: tuple[str, ...] = ()
    output: str = ""
    captured: bool = False
    pipeline: str = ""

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.words[0].rsplit("/", 1)[-1] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """What follows the program."""
        return self.words[1:]

    @property
    def plain(self) -> tuple[str, ...]:
        """Arguments that are no options."""
        return tuple(word for word in self.words[1:] if not word.startswith("-"))

    @property
    def shown(self) -> str:
        """It in a message: one line, cut short."""
        return shorten(" ".join(self.words), _SHOWN, placeholder=" …")

    def tails(self) -> Iterator[Command]:
        """The command, and what it would run if it were a wrapper that nobody here knows (`retry 5 apt-get …`)."""
        yield self
        if self.program in TALKERS:
            return
        for at in range(1, min(len(self.words) - 1, WRAPPED)):
            if re.fullmatch(r"[\w./+-]+", self.words[at]) and not self.words[at].startswith("-"):
                yield replace(self, words=self.words[at:])


def unwrapped(command: Command) -> Command:
    """A command without sudo, env, timeout and the like before it, and without assignments."""
    words = list(command.words)
    if words and (found := _FOUND.fullmatch(words[0])):
        words[0] = found[1]
    while words:
        name = words[0].rsplit("/", 1)[-1]
        if ASSIGNMENT.fullmatch(words[0]) or (re.fullmatch(r"\$\{?\w+\}?", words[0]) and len(words) > 1):
            # A variable nobody knows in the program's place is a `$SUDO`, which may well be empty.
            del words[0]
        elif name in _WRAPPERS:
            del words[0]
            while words and words[0].startswith("-"):
                takes = words[0] != "--" and words[0][-1] in _WRAPPERS[name] and not words[0].startswith("--")
                del words[: 2 if takes and len(words[0]) == len("-u") else 1]
            while words and ASSIGNMENT.fullmatch(words[0]):
                del words[0]
            del words[: _WORDS_FIRST.get(name, 0)]
        else:
            break
    return replace(command, words=tuple(words))
