"""Ctrl-C, `kill` and a closed terminal: what is under way ends, what is temporary goes, the exit code says why."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Takes the signals that ask a program to end, for as long as it is entered.

    Each raises KeyboardInterrupt once; whoever swallows that to finish a step in peace finds it again in `check`.

    Attributes:
        number: The last signal that came; 0 if none did.
    """

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: FrameType | None) -> None:
        self.number = number
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self.number:
            raise KeyboardInterrupt

    @property
    def exit_code(self) -> int:
        """What a shell calls a program that ended by the signal: 130 for Ctrl-C."""
        return 128 + self.number
