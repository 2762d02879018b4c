"""The environment of a rehearsal: nothing in it leads out of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def sealed_environment() -> Iterator[None]:
    """Take accounts, endpoints, Pulumi's settings and proxies out of this process' environment for a while.

    A profile or an `AWS_ENDPOINT_URL_S3` of the shell would send calls elsewhere than to the stand-in, and a proxy
    would be asked for addresses on this machine, which it can't reach.
    """
    before = dict(os.environ)
    for key in before:
        if key.startswith(("AWS_", "PULUMI_")) or key.lower().endswith("_proxy"):
            del os.environ[key]
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ |= {**nothing, "AWS_EC2_METADATA_DISABLED": "true"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before
