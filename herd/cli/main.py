"""`herd`: the table of commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import codecs
import contextlib
import importlib
import os
import sys
from pathlib import Path
from typing import Final

import typer
from typer.core import TyperGroup

from components.base.problems import InvalidInputError

INTERRUPTED: Final = 130
"""What a shell calls a program that Ctrl-C ended."""

_CONTROLS: Final = {code: rf"\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}

# command -> module below herd.cli; each has a function `command` (or a Typer `app` for a group).
COMMANDS: dict[str, str] = {
    "check": "check",
    "cloud": "cloud",
    "doctor": "doctor",
    "image": "image",
    "hardware": "hardware",
    "policy": "policy",
    "pool": "pool",
    "recover": "recover",
    "rehearse": "rehearse",
    "release": "release",
    "render": "render",
}


class _LazyGroup(TyperGroup):
    """Imports a command's module only when it is asked for."""

    def list_commands(self, _: typer.Context) -> list[str]:  # type: ignore[override]
        return list(COMMANDS)

    def get_command(self, _: typer.Context, name: str) -> object | None:  # type: ignore[override]
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"herd.cli.{COMMANDS[name]}")
        if hasattr(module, "app"):
            group = typer.main.get_command(module.app)
            group.name = name
            return group
        single = typer.Typer(add_completion=False)
        single.command(name=name)(module.command)
        return typer.main.get_command(single)


app = typer.Typer(
    cls=_LazyGroup,
    name="herd",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    help="Herd: one Pulumi program, three stacks, rehearsed without a cloud account.",
)


@app.callback()
def _root() -> None:
    """Herd: one Pulumi program, three stacks, rehearsed without a cloud account."""


def main() -> None:
    """Run the command line; what a person gave wrong ends as one clear message and exit code 2."""
    # gRPC tells of every connection that a stopped program leaves; nobody reading this can do anything about it.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    _streams()
    try:
        try:
            app()
        finally:
            # Here, where a full disk can be told; at the interpreter's end it would be an ignored exception.
            sys.stdout.flush()
    except InvalidInputError as error:
        for problem in error.problems:
            # It may quote a file that somebody else wrote: keys and names that would paint the terminal.
            sys.stderr.write(f"error: {str(problem).translate(_CONTROLS)}\n")
        sys.exit(2)
    except BrokenPipeError:
        _forget_output()
        sys.exit(1)
    except OSError as error:
        _forget_output()
        # Nothing but the current folder can be missing without a name.
        unnamed = "the current folder" if isinstance(error, FileNotFoundError) else "the output"
        sys.stderr.write(f"error: {error.filename or unnamed}: {error.strerror or error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(INTERRUPTED)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """What an encoding lacks as JSON spells it, for text too: Python's own spelling breaks the JSON it stands in."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


def _streams() -> None:
    """Somewhere to write where the caller closed an output (`>&-`), and a sign for what an encoding lacks."""
    codecs.register_error(_escaped.__name__, _escaped)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Open as long as the program runs.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif name == "stdout" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_escaped.__name__)


def _forget_output() -> None:
    """What is still to be written can't be: the interpreter's end would try once more and complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
