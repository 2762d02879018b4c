"""Runs the provider as a Pulumi plugin: ``python -m herd.cloud.kubernetes.provider [flags] [ENGINE]``."""

from __future__ import annotations

import os
import sys

from herd.cloud.kubernetes.provider.servicer import KubernetesServicer
from herd.cloud.plugin import serve


def main(arguments: list[str]) -> None:
    """Serve on a loopback port until the engine ends us."""
    serve(arguments, lambda engine: KubernetesServicer(os.environ, engine))


if __name__ == "__main__":
    main(sys.argv[1:])
