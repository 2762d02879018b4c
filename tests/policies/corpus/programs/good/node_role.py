"""What nodes may do: join, pull images, be reached through Session Manager."""

import pulumi_aws as aws

trust = aws.iam.get_policy_document(
    statements=[
        aws.iam.GetPolicyDocumentStatementArgs(
            actions=["sts:AssumeRole"],
            principals=[
                aws.iam.GetPolicyDocumentStatementPrincipalArgs(type="Service", identifiers=["ec2.amazonaws.com"])
            ],
        )
    ]
)
role = aws.iam.Role("nodes", assume_role_policy=trust.json)
for name in ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"):
    aws.iam.RolePolicyAttachment(name, role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{name}")
aws.iam.InstanceProfile("nodes", role=role.name)
