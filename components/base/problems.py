"""Problems with what a person wrote: where, what was expected, how to fix it; all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with one place.

    Attributes:
        file: Path as the person knows it (relative to the repository where possible); empty if there is none.
        line: 1-based line, 0 if unknown.
        field: Dotted path of the field, such as ``network.cidr``; empty for the file as a whole.
        message: What is wrong and what was expected.
        fix: What to do about it; may be empty where the message says it.
    """

    file: str
    line: int
    field: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = ": ".join(part for part in (place, self.field) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} (fix: {self.fix})" if self.fix else text


class InvalidInputError(Exception):
    """What a person gave can't be used. Carries every problem found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))

    @classmethod
    def one(cls, message: str, *, file: str = "", line: int = 0, field: str = "", fix: str = "") -> InvalidInputError:
        """An error with a single problem."""
        return cls([Problem(file, line, field, message, fix)])
