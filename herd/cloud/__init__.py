"""The stand-in cloud: moto's server plus small models of what moto lacks, behind one strict front door.

`CloudServer` runs it, `validate` checks parameters against botocore's whole model, `audit` lists what is there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from herd.cloud.server import CloudServer

__all__ = ["CloudServer"]

# moto reads these when it is first imported: be as strict as it can be, and know AWS's own policies.
os.environ |= {
    "MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION": "1",
    "MOTO_ENABLE_AMI_VALIDATION": "1",
    "MOTO_ENABLE_KEYPAIR_VALIDATION": "1",
    "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
}


def __getattr__(name: str) -> Any:
    """Import the server only when it is asked for: moto costs half a second."""
    if name == "CloudServer":
        from herd.cloud.server import CloudServer  # noqa: PLC0415

        return CloudServer
    raise AttributeError(name)
