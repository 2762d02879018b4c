"""ParallelCluster's custom resource, by AWS's own template."""

import pulumi_aws as aws

BUCKET = "us-west-2-aws-parallelcluster.s3.us-west-2.amazonaws.com"
aws.cloudformation.Stack(
    "provider",
    template_url=f"https://{BUCKET}/parallelcluster/3.16.1/templates/custom_resource/cluster.yaml",
    capabilities=["CAPABILITY_NAMED_IAM"],
    tags={"owner": "platform", "release": "2026.11.1", "cost-center": "ml"},
)
