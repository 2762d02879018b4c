"""What a person sees: one live line per phase while it runs, and a summary taken in at a glance at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from herd.engine.state import urn_name, urn_type
from herd.rehearse.lifecycle import short
from herd.rehearse.report import Phase, Report, changed
from herd.render.text import short_type

# Operation -> mark and style, as `pulumi up` shows them.
MARKS: Mapping[str, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("+-", "magenta"),
    "create-replacement": ("++", "green"),
    "delete-replaced": ("--", "red"),
    "delete": ("-", "red"),
    "refresh": ("~", "cyan"),
    "same": (" ", "dim"),
}
# Enough rows to see what is going on, few enough for a small terminal.
ROWS = 8
# Problems printed of one phase; the report has all of them.
SHOWN = 12


class Progress:
    """Follows engine events: on a terminal a live view of what is under way, else one line per phase."""

    def __init__(self, console: Console, check: Callable[[], None] = lambda: None) -> None:
        """A view on `console`; `check` is called before each phase and may raise to end the rehearsal."""
        self._console, self._check = console, check
        self._live: Live | None = None
        self._phase, self._began = "", 0.0
        self._running: dict[str, tuple[str, float]] = {}
        self._done = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, refresh_per_second=8, get_renderable=self._view)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def begin(self, phase: str) -> None:
        """A phase starts."""
        self._check()
        self._phase, self._began, self._done = phase, time.monotonic(), 0
        self._running.clear()

    def event(self, event: Mapping[str, Any]) -> None:
        """An engine event."""
        if body := event.get("resourcePreEvent"):
            metadata = body["metadata"]
            if metadata["op"] != "same":
                self._running[metadata["urn"]] = (metadata["op"], time.monotonic())
        elif body := event.get("resOutputsEvent") or event.get("resOpFailedEvent"):
            self._running.pop(body["metadata"]["urn"], None)
            self._done += 1

    def end(self, phase: Phase) -> None:
        """A phase is over: print its line, and every problem below it."""
        self._running.clear()
        self._console.print(phase_line(phase))
        for problem in phase.problems[:SHOWN]:
            self._console.print(Text(_indented(problem), style="red"), soft_wrap=True)
        if len(phase.problems) > SHOWN:
            self._console.print(Text(f"    and {len(phase.problems) - SHOWN} more (--json has all)", style="red"))
        for note in phase.notes:
            self._console.print(Text(_indented(note), style="dim"), soft_wrap=True)

    def _view(self) -> Group:
        now = time.monotonic()
        head = Text(f"  … {self._phase}  {self._done} done, {now - self._began:.1f} s", style="bold")
        rows = []
        for urn, (op, since) in list(self._running.items())[-ROWS:]:
            mark, style = MARKS.get(op, ("*", "cyan"))
            kind, name = urn_type(urn), urn_name(urn)
            rows.append(Text(f"    {mark:2} {kind} {name}  {now - since:.1f} s", style=style))
        return Group(head, *rows)


def operations_text(operations: Mapping[str, int]) -> str:
    """`+81 ~2 81 same`."""
    parts = [f"{MARKS.get(op, ('*', ''))[0].strip() or op}{n}" for op, n in changed(operations).items()]
    still = operations.get("same", 0)
    return " ".join([*parts, *([f"{still} same"] if still else [])]) or "nothing"


def phase_line(phase: Phase) -> Text:
    """One phase in one line."""
    mark, style = ("✓", "green") if phase.ok else ("✗", "red")
    line = Text("  ")
    line.append(f"{mark} ", style=style)
    line.append(f"{phase.name:<22}")
    line.append(f"{phase.seconds:6.1f} s  ", style="dim")
    line.append(operations_text(phase.operations) if phase.operations else "")
    return line


def summary(report: Report) -> Group:
    """The whole rehearsal at a glance."""
    verdict = Text()
    verdict.append("REHEARSED" if report.ok else "FAILED", style="bold green" if report.ok else "bold red")
    total = sum(phase.seconds for phase in report.phases)
    verdict.append(f"  {report.stack}: {report.resources} resources, {report.engine} engine, {total:.1f} s")
    parts: list[Any] = [Text(), verdict, Text(), _components(report), Text(), _fidelity(report)]
    if report.replaced:
        parts += [Text("\nreplaced from base to working tree", style="bold")]
        parts += [
            Text(f"  +- {short(item.urn)}  because of {', '.join(item.keys) or 'a trigger'}")
            for item in report.replaced
        ]
    if report.stand_ins:
        parts += [Text("\nstand-in values, not AWS's (a real `up` refuses them)", style="bold yellow")]
        parts += [Text(f"  {item}") for item in report.stand_ins]
    if report.outputs:
        parts += [Text("\noutputs", style="bold")]
        parts += [Text(f"  {name}: {_brief(value)}") for name, value in sorted(report.outputs.items())]
    if report.scratch:
        parts += [Text(f"\nkept: {report.scratch}", style="dim")]
    if report.leftovers:
        parts += [Text("\nleft over in the cloud", style="bold red"), *(Text(f"  {item}") for item in report.leftovers)]
    elif report.phases and report.phases[-1].name == "leftover audit":
        parts += [Text("\nnothing left over: the cloud itself was listed, not the state", style="dim")]
    return Group(*parts)


def _indented(text: str) -> str:
    """Under the line of its phase; further lines a little more."""
    return "    " + text.replace("\n", "\n      ")


def _brief(value: Any) -> str:
    """An output in one line: a value, or the keys of what is too long to show (--json has all)."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(map(str, value)) + "}"
    if isinstance(value, list):
        return f"[{len(value)} values]"
    return str(value)


def _components(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("component", style="bold")
    table.add_column("resources", justify="right")
    for name, count in report.components.items():
        table.add_row(name, str(count))
    return table


def _fidelity(report: Report) -> Text:
    text = Text("fidelity", style="bold")
    meanings = {
        "simulated": "moto behaves like AWS here",
        "modelled": "a small model of Herd's own",
        "recorded": "accepted, nothing behind it",
    }
    for level, meaning in meanings.items():
        types = report.fidelity.get(level, ())
        text.append(f"\n  {level:<10} {len(types):>3} types  ", style="not bold" if types else "not bold dim")
        text.append(meaning, style="not bold dim")
        if types and level == "recorded":
            text.append(f"\n              {', '.join(map(short_type, types))}", style="not bold")
    return text
