"""Runs the provider as a Pulumi plugin: ``python -m herd.cloud.provider [flags] [ENGINE]``.

The contract (`sdk/go/common/resource/plugin/plugin.go`): the first line on stdout is the port and nothing else; the
engine ends the plugin by killing it, or by closing its stdin when it dies itself.
"""

from __future__ import annotations

import logging
import os
import sys
from concurrent import futures

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from herd.cloud.provider.servicer import AwsServicer

MESSAGE_SIZE = 400 * 1024 * 1024


def main(arguments: list[str]) -> None:
    """Serve on a loopback port until the engine ends us."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    addresses = [a for a in arguments if not a.startswith("-") and ":" in a]
    options = [("grpc.max_receive_message_length", MESSAGE_SIZE), ("grpc.max_send_message_length", MESSAGE_SIZE)]
    server = grpc.server(futures.ThreadPoolExecutor(32), options=options)
    servicer = AwsServicer(os.environ, addresses[-1] if addresses else "")
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


if __name__ == "__main__":
    main(sys.argv[1:])
