"""S3 buckets with the resources that set them up, in old spellings (inside the bucket) and in new ones (beside it)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.subject import Stack, Subject
from policies.rules._shared.access.iam import statements
from policies.rules._shared.naming import naming
from policies.rules._shared.types import LOAD_BALANCERS

BUCKET: Final = "aws:s3/bucket:Bucket"
POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_ACCESS: Final = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
VERSIONING: Final = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE: Final = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
LOGGING: Final = "aws:s3/bucketLogging:BucketLogging"
_WRITERS: Final = {
    "loggings.targetBucket": (BUCKET,),
    "targetBucket": (LOGGING,),
    "accessLogs.bucket": LOAD_BALANCERS,
    "connectionLogs.bucket": LOAD_BALANCERS,
}
# Sources: S3, "Enabling Amazon S3 server access logging"; Elastic Load Balancing, "Enable access logs".
_LOG_SERVICES: Final = ("logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com")


def settings(stack: Stack, bucket: Subject, type_: str) -> Iterator[Subject]:
    """The resources of a type that set a bucket up.

    Raises:
        UnevaluatedError: None is known to, and one may yet.
    """
    yield from naming(stack, bucket, "bucket", type_)


def takes_logs(stack: Stack, bucket: Subject) -> bool:
    """Whether S3 or a load balancer writes its access logs there, which both do with S3's own keys alone.

    Raises:
        UnevaluatedError: A policy or a target that would tell is hidden.
    """
    if any(any(naming(stack, bucket, key, *types)) for key, types in _WRITERS.items()):
        return True
    allowed = (
        statement.principals.get("Service", ())
        for policy in (bucket, *settings(stack, bucket, POLICY))
        for statement in statements(policy)
        if statement.allows
    )
    return any(service in _LOG_SERVICES for services in allowed for service in services)
