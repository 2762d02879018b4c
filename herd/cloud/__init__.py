"""The stand-in cloud: moto's server plus small models of what moto lacks, behind one strict front door.

`CloudServer` runs it, `validate` checks parameters against botocore's whole model, `audit` lists what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from herd.cloud.server import CloudServer

__all__ = ["CloudServer"]


def __getattr__(name: str) -> Any:
    """Import the server only when it is asked for: moto costs half a second."""
    if name == "CloudServer":
        from herd.cloud.server import CloudServer  # noqa: PLC0415

        return CloudServer
    raise AttributeError(name)
