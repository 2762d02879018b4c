"""Runs the provider as a Pulumi plugin: ``python -m herd.cloud.provider [flags] [ENGINE]``."""

from __future__ import annotations

import os
import sys

from herd.cloud.plugin import serve
from herd.cloud.provider.servicer import AwsServicer


def main(arguments: list[str]) -> None:
    """Serve on a loopback port until the engine ends us."""
    serve(arguments, lambda engine: AwsServicer(os.environ, engine))


if __name__ == "__main__":
    main(sys.argv[1:])
