"""A bucket with everything that guards it."""

from __future__ import annotations

from typing import ClassVar

import pulumi
from pulumi_aws import s3

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.storage.buckets import derive
from components.storage.buckets.spec import BucketSpec
from components.storage.mounts import BucketFacts


class Bucket(HerdComponent):
    """A private, versioned, encrypted, TLS-only bucket.

    In prod its settings are protected and retained with it: a bucket that is left behind must not lose its guards.

    Attributes:
        facts: What consumers take.
        settings: Every setting, for those who must not touch the bucket before it is guarded.
    """

    token: ClassVar[str] = "herd:storage:Bucket"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: BucketSpec,
        context: StackContext,
        *,
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bucket, encrypted with the key."""
        super().__init__(name, spec, context, inputs={"keyArn": key_arn}, opts=opts)
        bucket = s3.Bucket(name, **derive.bucket(spec, context), opts=self.state())
        public_access = s3.BucketPublicAccessBlock(name, bucket=bucket.id, **derive.public_access(), opts=self.state())
        versioning = s3.BucketVersioning(
            name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=self.state()
        )
        self.settings: tuple[pulumi.Resource, ...] = (
            public_access,
            versioning,
            s3.BucketOwnershipControls(
                name, bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self.state()
            ),
            s3.BucketServerSideEncryptionConfiguration(
                name, bucket=bucket.id, rules=derive.encryption(key_arn), opts=self.state()
            ),
            s3.BucketLifecycleConfiguration(
                name,
                bucket=bucket.id,
                rules=derive.lifecycle_rules(spec.lifecycle),
                # S3 takes a rule about noncurrent versions only of a bucket that has versions.
                opts=self.state(depends_on=[versioning]),
            ),
            s3.BucketPolicy(
                name,
                bucket=bucket.id,
                policy=pulumi.Output.json_dumps(derive.policy(bucket.arn, pulumi.Output.concat(bucket.arn, "/*"))),
                # S3 answers OperationAborted to two changes of who may access one bucket at the same time.
                opts=self.state(depends_on=[public_access]),
            ),
        )
        self.facts = BucketFacts(bucket.bucket, bucket.arn, key_arn)
        self.register_outputs(self.facts.wire())
