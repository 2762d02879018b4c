"""An image and a function for those who are named, and nothing that could be public."""

import pulumi_aws as aws

aws.ec2.ImageBlockPublicAccess("images", state="block-new-sharing")
aws.ebs.SnapshotBlockPublicAccess("snapshots", state="block-all-sharing")
aws.ec2.AmiLaunchPermission(
    "trainer",
    image_id="ami-0123456789abcdef0",
    organization_arn="arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5",
)
aws.lambda_.Permission(
    "index",
    action="lambda:InvokeFunction",
    function="index",
    principal="s3.amazonaws.com",
    source_arn="arn:aws:s3:::datasets",
    source_account="111122223333",
)
