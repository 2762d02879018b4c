"""`herd cloud`: the stand-in cloud in the foreground."""

from __future__ import annotations

import signal
import sys
import threading
from typing import Annotated

import typer


def command(
    *,
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 4580,
    account: Annotated[
        str, typer.Option(help="12-digit account that the printed access key acts in.")
    ] = "123456789012",
    region: Annotated[str, typer.Option(help="Region that the printed environment acts in.")] = "us-east-1",
) -> None:
    """Run the stand-in cloud until Ctrl-C, and print the environment to use it.

    Everything it holds is in memory and gone when it ends.
    """
    from components.base.problems import InvalidInputError, Problem
    from herd.cloud.accounts import known_regions
    from herd.cloud.server import CloudServer

    problems = []
    if not (account.isascii() and account.isdigit() and len(account) == 12):  # noqa: PLR2004
        problems.append(Problem("", 0, "--account", f"an AWS account id has 12 digits, not {account!r}"))
    if region not in known_regions():
        problems.append(Problem("", 0, "--region", f"{region!r} is no AWS region", "use one such as eu-central-1"))
    if problems:
        raise InvalidInputError(problems)
    try:
        cloud = CloudServer(port, (account,)).start()
    except OSError as error:
        raise InvalidInputError.one(
            f"can't listen on 127.0.0.1:{port}: {error.strerror or error}",
            field="--port",
            fix="end what listens there, or use --port 0",
        ) from None

    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    # A profile of the shell's own would be looked up in the configuration that is left out here, and fail every call.
    sys.stdout.write("unset AWS_PROFILE AWS_SESSION_TOKEN\n")
    for name, value in cloud.environment(account, region).items():
        sys.stdout.write(f"export {name}={value}\n")
    sys.stdout.flush()
    sys.stderr.write(f"The stand-in cloud listens on {cloud.endpoint}. Ctrl-C ends it and everything in it.\n")
    over.wait()
    cloud.stop()
