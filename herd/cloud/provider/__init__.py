"""The stand-in for Pulumi's `aws` provider: a table of rows, one per resource type, over boto3 and a stand-in cloud."""

from __future__ import annotations

__all__ = ["fidelity"]


def fidelity(token: str) -> str:
    """How far a type is modelled: ``simulated`` by moto, ``modelled`` by an extension of ours, or only ``recorded``."""
    from herd.cloud.extensions import modelled  # noqa: PLC0415 - as above
    from herd.cloud.provider.rows import ROWS  # noqa: PLC0415
    from herd.cloud.provider.shapes import operation_model  # noqa: PLC0415

    row = ROWS.get(token)
    if row is None:
        return "recorded"
    operation = operation_model(row.create.service or row.service, row.create.operation).name
    return "modelled" if (row.create.service or row.service, operation) in modelled() else "simulated"
