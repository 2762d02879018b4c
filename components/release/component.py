"""Publishes a release, so that people and machines can see what runs."""

from __future__ import annotations

from typing import ClassVar

import pulumi
from pulumi_aws import ssm

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.release.derive import parameters, prefix
from components.release.spec import ReleaseSpec


class ReleasedParameters(HerdComponent):
    """The release as SSM parameters. Taking the release out of the stack file takes them away, and nothing else.

    Attributes:
        spec: What the stack runs.
        path: Where the parameters are.
    """

    token: ClassVar[str] = "herd:release:ReleasedParameters"  # noqa: S105 - a resource type

    def __init__(
        self, name: str, spec: ReleaseSpec, context: StackContext, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register one parameter a value."""
        super().__init__(name, spec, context, opts=opts)
        self.spec: ReleaseSpec = spec
        self.path: str = prefix(context)
        for row in parameters(spec, context):
            ssm.Parameter(
                f"{name}-{row.name}",
                name=row.path,
                type="String",
                data_type=row.data_type,
                # `value` is a secret by its schema, and what runs is none: reviews and policies must see it.
                insecure_value=row.value,
                # On what comes with the release alone: as a default tag every promotion would touch the foundation.
                tags={"release": spec.name},
                opts=self.child(),
            )
        self.register_outputs({"name": spec.name, "sha256": spec.sha256, "path": self.path})
