"""Collect everything that is wrong with a spec, each at its own field, and refuse it all at once."""

from __future__ import annotations

from typing import Any

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError


class Refusals:
    """What is wrong with one model, gathered by an "after" validator.

    Pydantic merges a `ValidationError` raised inside a validator into its own, with the outer location in front, so
    each refusal keeps its field and a settings file can show its line.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self.details: list[InitErrorDetails] = []

    def add(self, field: str, message: str, *, value: Any = None, fix: str = "") -> None:
        """Note one refusal.

        Args:
            field: Dotted camelCase path inside the model (`subnets.private`); list positions are numbers.
            message: What is wrong and what was expected.
            value: What was given.
            fix: What to do about it.
        """
        text = f"{message} (fix: {fix})" if fix else message
        # The custom error's template is formatted with its context: braces in a message would be taken for fields.
        error = PydanticCustomError("refused", "{text}", {"text": text, "message": message, "fix": fix})
        loc = tuple(int(part) if part.isdigit() else part for part in field.split(".")) if field else ()
        self.details.append(InitErrorDetails(type=error, loc=loc, input=value))

    def enforce(self) -> None:
        """Raise what was gathered, if anything.

        Raises:
            ValidationError: With one line per refusal.
        """
        if self.details:
            raise ValidationError.from_exception_data(self.title, self.details)
