"""Types that are no objects of their own: where they show instead.

Each lives and dies with another object, or is one of its settings that always has some value, so that nothing can be
left over of it alone.
"""

from __future__ import annotations

# Type -> type it is part of.
CONTAINED: dict[str, str] = {
    # The default group is made and deleted with its VPC.
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "aws:ec2/vpc:Vpc",
    # A line in the endpoint's list of route tables.
    "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation": "aws:ec2/vpcEndpoint:VpcEndpoint",
    # Every topic has a policy; taking the resource away restores AWS's default one.
    "aws:sns/topicPolicy:TopicPolicy": "aws:sns/topic:Topic",
    # An attribute of its queue.
    "aws:sqs/queuePolicy:QueuePolicy": "aws:sqs/queue:Queue",
    # Every bucket has these settings; taking the resource away restores AWS's default, or (versioning) suspends it.
    "aws:s3/bucketVersioning:BucketVersioning": "aws:s3/bucket:Bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "aws:s3/bucket:Bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "aws:s3/bucket:Bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "aws:s3/bucket:Bucket",
    # Every file system has a backup policy, on or off.
    "aws:efs/backupPolicy:BackupPolicy": "aws:efs/fileSystem:FileSystem",
    # What a cluster holds goes with it (and so does every other Kubernetes object).
    "kubernetes:helm.sh/v3:Release": "aws:eks/cluster:Cluster",
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": "aws:eks/cluster:Cluster",
    "kubernetes:karpenter.sh/v1:NodePool": "aws:eks/cluster:Cluster",
}
