"""The process that the CLI starts: serves the rules and prints its port, as the SDK's PolicyPack does."""

from __future__ import annotations

import os
import sys
from concurrent import futures
from typing import Final

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from components.base.problems import InvalidInputError
from policies.pack.run import Run
from policies.pack.servicer import Servicer
from policies.rules import all_rules, plan_rules

# A stack arrives as one message.
_OPTIONS: Final = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_THREADS: Final = 4
_LAST_ANSWERS_SECONDS: Final = 5


def main() -> None:
    """Serve until the engine cancels the run or ends the process.

    Raises:
        SystemExit: The checkout's waivers or release locks are malformed; the message lists every problem.
    """
    try:
        servicer = Servicer(all_rules(), Run.from_environment(os.environ), known=plan_rules())
    except InvalidInputError as error:
        sys.exit(f"The policy pack can't start:\n{error}")
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS), options=_OPTIONS)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        servicer.cancelled.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop(_LAST_ANSWERS_SECONDS).wait()
