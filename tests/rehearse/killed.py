"""Runs one verb and kills itself with SIGKILL a moment after the n-th journal entry became durable."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

from herd.cloud.provider.servicer import AwsServicer
from herd.engine import Backend, Engine, Program


def main() -> None:
    job = json.loads(sys.argv[1])

    def on_journal(number: int) -> None:
        if number == job["entry"]:
            threading.Timer(job["delay"], os.kill, (os.getpid(), signal.SIGKILL)).start()

    folder = Path(job["program"])
    engine = Engine(
        "kill",
        "dev",
        Backend(Path(job["state"]), "kill", "dev", "rehearsal"),
        {"aws": lambda: AwsServicer(dict(os.environ))},
        Program(folder, folder),
        {},
        on_journal=on_journal,
    )
    getattr(engine, job["verb"])()


main()
