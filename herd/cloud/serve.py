"""The child process of `CloudServer.spawn`: serves until its parent ends, it is idle, or its time is over."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time


def main() -> None:
    """Print the address as one JSON line, then serve."""
    parser = argparse.ArgumentParser(prog="python -m herd.cloud.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--accounts", default="123456789012")
    parser.add_argument("--idle-seconds", type=float, default=3600.0)
    parser.add_argument("--max-seconds", type=float, default=6 * 3600.0)
    options = parser.parse_args()

    from herd.cloud.server import CloudServer  # noqa: PLC0415

    over = threading.Event()

    def watch_parent() -> None:
        # Standard input is a pipe whose other end only the parent holds: it closes however the parent dies.
        os.read(0, 1)
        over.set()

    signal.signal(signal.SIGTERM, lambda *_: over.set())
    signal.signal(signal.SIGINT, lambda *_: over.set())
    try:
        cloud = CloudServer(options.port, options.accounts.split(",")).start()
    except OSError as error:
        sys.exit(f"error: port {options.port}: {error.strerror or error}")
    threading.Thread(target=watch_parent, daemon=True).start()
    sys.stdout.write(json.dumps({"endpoint": cloud.endpoint, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    end = time.monotonic() + options.max_seconds
    while not over.wait(0.5):
        now = time.monotonic()
        if now > end or now - cloud.last_request > options.idle_seconds:
            break
    # Everything is in memory: nothing to write, and handler threads may be busy.
    os._exit(0)


if __name__ == "__main__":
    main()
