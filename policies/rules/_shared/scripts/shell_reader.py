"""The grammar of shell scripts: words, quotes, substitutions, redirections, here-documents and pipelines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from policies.rules._shared.scripts.command import ASSIGNMENT, TALKERS, WRAPPED, Command, unwrapped

Opened = Callable[[Command, str], Sequence[Command]]

_RESERVED: Final = frozenset(
    {"if", "then", "else", "elif", "do", "while", "until", "!", "{", "fi", "done", "esac", "}"}
)
_OPERATORS: Final = ("&&", "||", ";;", "|&", "&>>", "&>", ";", "|", "&", "(", ")", "\n")
_PLAIN: Final = re.compile(r"""[^ \t\r\n;|&()<>'"\\$`]+""")
_NESTED: Final = 5
"""Levels of substitutions within substitutions."""
_LONG: Final = 2048
"""Characters of a variable or a pipeline that are kept: `x=$x$x` doubles with each line."""


@dataclass
class _Word:
    # Pieces, put together once: adding to a text copies it, and a word may have megabytes.
    pieces: list[str] = field(default_factory=list)
    written: bool = False
    inner: list[Command] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass
class _Open:
    """A command that is being read."""

    words: list[_Word] = field(default_factory=list)
    output: str = ""
    given: str = ""
    documents: list[_Document] = field(default_factory=list)


@dataclass
class _Document:
    """A here-document whose text is yet to come."""

    end: str
    tabs: bool
    plain: bool


class Reader:
    """Reads a text once, from its start to its end.

    Args:
        text: The script.
        opened: What becomes of a command and the text it is given: itself and the commands within.
    """

    def __init__(self, text: str, opened: Opened) -> None:
        self.text, self.at, self.opened = text, 0, opened
        self.known: dict[str, str] = {}
        self.level = 0
        self.waiting: list[tuple[_Open, _Document]] = []

    def read(self, stop: str = "") -> list[Command]:
        """The commands up to the end, or to the closing parenthesis."""
        found: list[Command] = []
        pipeline: list[_Open] = [_Open()]
        depth = 0
        while True:
            self._blanks()
            operator = self._operator()
            if self.at >= len(self.text) or operator:
                here = pipeline[-1]
                self.at += len(operator)
                if operator == "\n":
                    self._documents()
                if operator == ")" and not depth and stop:
                    return [*found, *self._close(pipeline)]
                depth += {"(": 1, ")": -1}.get(operator, 0)
                if operator in ("|", "|&"):
                    pipeline.append(_Open())
                elif operator in ("&>", "&>>"):
                    self._target(here, operator)
                elif not (operator == "\n" and not here.words and len(pipeline) > 1):
                    found += self._close(pipeline)
                    pipeline = [_Open()]
                if not operator:
                    return found
            elif not self._redirected(pipeline[-1]):
                pipeline[-1].words.append(self._word())

    def _blanks(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] in " \t\r":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def _operator(self) -> str:
        return next((operator for operator in _OPERATORS if self.text.startswith(operator, self.at)), "")

    def _redirected(self, here: _Open) -> bool:
        match = re.compile(r"\d*(<<<|<<-?|>>|>\||[<>]&|<>|[<>](?!\())").match(self.text, self.at)
        if not match:
            return False
        self.at = match.end()
        self._target(here, match[1], number=match[0][: -len(match[1])])
        return True

    def _target(self, here: _Open, operator: str, number: str = "") -> None:
        self._blanks()
        start = self.at
        word = self._word()
        if operator in ("<<", "<<-"):
            quoted = bool(re.search(r"['\"\\]", self.text[start : self.at]))
            document = _Document(word.text, operator == "<<-", quoted)
            here.documents.append(document)
            self.waiting.append((here, document))
        elif operator == "<<<":
            here.given = word.text
            here.words.append(_Word(inner=word.inner))
        elif operator.startswith((">", "&>")) and operator != ">&" and number in ("", "1"):
            here.output = word.text
        here.words += [_Word(inner=word.inner)] if word.inner and operator != "<<<" else []

    def _documents(self) -> None:
        """The here-documents that begin behind this line."""
        for here, document in self.waiting:
            lines: list[str] = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = end + 1
                line = line.lstrip("\t") if document.tabs else line
                if line.rstrip("\r") == document.end:
                    break
                lines.append(line)
            text = "\n".join(lines)
            here.given = text if document.plain else self._filled(text)
        self.waiting.clear()

    def _word(self) -> _Word:
        word, start = _Word(), self.at
        while self.at < len(self.text):
            if plain := _PLAIN.match(self.text, self.at):
                word.pieces.append(plain[0])
                self.at = plain.end()
                continue
            char = self.text[self.at]
            if char in " \t\r\n;|&" or (char in "()" and not self._substituted(word)):
                break
            if char in "<>" and not self.text.startswith("(", self.at + 1):
                break
            if char == "'":
                end = self.text.find("'", self.at + 1)
                end = len(self.text) if end < 0 else end
                word.pieces.append(self.text[self.at + 1 : end])
                self.at = end + 1
            elif char == '"':
                self._quoted(word)
            elif char == "\\":
                word.pieces.append(self.text[self.at + 1 : self.at + 2].replace("\n", ""))
                self.at += 2
            elif not self._substituted(word):
                word.pieces.append(char)
                self.at += 1
        if self.at == start:
            self.at += 1
        word.written = True
        return word

    def _quoted(self, word: _Word) -> None:
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != '"':
            if self.text[self.at] == "\\":
                char = self.text[self.at + 1 : self.at + 2]
                word.pieces.append("" if char == "\n" else char if char in '"\\$`' else f"\\{char}")
                self.at += 2
            elif not self._substituted(word, quoted=True):
                word.pieces.append(self.text[self.at])
                self.at += 1
        self.at += 1

    def _substituted(self, word: _Word, *, quoted: bool = False) -> bool:
        """Read a substitution that begins here into the word."""
        text, at = self.text, self.at
        if text.startswith("$((", at):
            end = text.find("))", at)
            self.at = len(text) if end < 0 else end + 2
            word.pieces.append(text[at : self.at])
        elif self.level < _NESTED and (text.startswith("$(", at) or (not quoted and text.startswith(("<(", ">("), at))):
            self.at += 2
            self.level += 1
            word.inner += self.read(stop=")")
            self.level -= 1
            word.pieces.append(" ".join(text[at : self.at].split()))
        elif text.startswith("`", at):
            ticked = re.compile(r"(?:\\.|[^`\\])*").match(text, at + 1)
            self.at = (ticked.end() if ticked else len(text)) + 1
            word.inner += Reader(text[at + 1 : self.at - 1], self.opened).read()
            word.pieces.append(text[at : self.at])
        elif match := re.compile(r"\$\{[^{}]*\}|\$\w+").match(text, at):
            self.at = match.end()
            word.pieces.append(self._filled(match[0]))
        else:
            return False
        return True

    def _filled(self, text: str) -> str:
        """A text with the variables in it that are known."""

        def value(match: re.Match[str]) -> str:
            name, otherwise = match[1] or match[2], match[3]
            return self.known.get(name, match[0] if otherwise is None else otherwise)

        return re.sub(r"\$(?:(\w+)|\{(\w+)(?::?-([^{}]*))?\})", value, text)

    def _close(self, pipeline: list[_Open]) -> list[Command]:
        found: list[Command] = []
        made = [unwrapped(self._command(here)) for here in pipeline]
        whole = " | ".join(" ".join(self._texts(here)) for here in pipeline)
        whole = " ".join([whole, *(here.given for here in pipeline if here.given)])[:_LONG]
        for at, (here, one) in enumerate(zip(pipeline, made, strict=True)):
            feeds = tuple(other.program for other in made[at + 1 : at + 1 + WRAPPED])
            for word in here.words:
                for inner in word.inner:
                    known = replace(inner, captured=True, feeds=(*inner.feeds, one.program, *feeds))
                    found.append(replace(known, pipeline=f"{inner.pipeline} {whole}"[:_LONG]))
            if one.words:
                command = replace(one, feeds=feeds, pipeline=whole)
                found += self.opened(command, here.given)
        return found

    def _command(self, here: _Open) -> Command:
        words = self._texts(here)
        while words and words[0] in _RESERVED:
            del words[0]
        assigned = words[1:] if words[:1] and words[0] in TALKERS - {"echo", "printf"} else words
        if all(map(ASSIGNMENT.fullmatch, assigned)):
            for match in map(ASSIGNMENT.fullmatch, assigned):
                if match and "$(" not in match[3] and "`" not in match[3] and len(match[3]) <= _LONG:
                    self.known[match[1]] = match[3]
        return Command(tuple(words), output=here.output)

    @staticmethod
    def _texts(here: _Open) -> list[str]:
        return [word.text for word in here.words if word.written]
