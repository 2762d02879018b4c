"""A Lustre file system with its log group and its links to buckets; or one that exists already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pulumi
from pulumi_aws import cloudwatch, fsx

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.storage.buckets.component import Bucket
from components.storage.lustre import derive
from components.storage.lustre.spec import ExistingLustre, ManagedLustre
from components.storage.mounts import StorageNetwork, lustre_mount


class LustreFileSystem(HerdComponent):
    """A file system that the stack owns.

    Attributes:
        mount: What consumers take.
    """

    token: ClassVar[str] = "herd:storage:LustreFileSystem"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ManagedLustre,
        context: StackContext,
        *,
        network: StorageNetwork,
        buckets: Mapping[str, Bucket],
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the file system in its zone's subnet, and its links to the stack's buckets."""
        super().__init__(name, spec, context, inputs={"keyArn": key_arn}, opts=opts)
        logs = cloudwatch.LogGroup(
            name,
            **derive.log_group(name, spec, context),
            kms_key_id=key_arn,
            opts=self.child(),
        )
        system = fsx.LustreFileSystem(
            name,
            **derive.file_system(name, spec, context),
            subnet_ids=network.subnet_ids[spec.availability_zone],
            security_group_ids=[network.security_group_ids[concern] for concern in derive.concerns(spec)],
            kms_key_id=key_arn,
            log_configuration={"level": spec.log_level, "destination": logs.arn},
            opts=self.state(),
        )
        for link, repository in spec.repositories.items():
            bucket = buckets[repository.bucket]
            fsx.DataRepositoryAssociation(
                f"{name}-{link}",
                **derive.repository(repository),
                file_system_id=system.id,
                data_repository_path=pulumi.Output.concat(
                    "s3://", bucket.facts.name, derive.repository_suffix(repository)
                ),
                opts=self.state(depends_on=bucket.settings),
            )
        self.mount = lustre_mount(
            system.id,
            system.dns_name,
            system.mount_name,
            availability_zone=spec.availability_zone,
            efa=spec.efa_enabled,
        )
        self.register_outputs(self.mount.wire())


class BorrowedLustre(HerdComponent):
    """A file system that someone else owns: read, never owned.

    Attributes:
        mount: What consumers take.
    """

    token: ClassVar[str] = "herd:storage:BorrowedLustre"  # noqa: S105 - a resource type

    def __init__(
        self, name: str, spec: ExistingLustre, context: StackContext, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Read the file system by its id."""
        super().__init__(name, spec, context, opts=opts)
        system = fsx.LustreFileSystem.get(name, spec.id, opts=self.child())
        self.mount = lustre_mount(
            system.id,
            system.dns_name,
            system.mount_name,
            availability_zone=spec.availability_zone,
            efa=spec.efa_enabled,
        )
        self.register_outputs(self.mount.wire())
