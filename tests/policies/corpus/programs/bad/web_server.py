"""The web server of every tutorial: a stand-alone instance with a key pair and SSH from anywhere.

expect: HERD-001
expect: HERD-002 keyName
expect: HERD-005 ingress
expect: HERD-010
expect: HERD-018 metadataOptions
"""

import pulumi_aws as aws

key = aws.ec2.KeyPair("deployer", public_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE8examplekey me@laptop")
group = aws.ec2.SecurityGroup(
    "web",
    ingress=[
        {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]},
        {"protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["0.0.0.0/0"]},
    ],
)
aws.ec2.Instance(
    "web",
    ami="ami-0c55b159cbfafe1f0",
    instance_type="t3.micro",
    key_name=key.key_name,
    vpc_security_group_ids=[group.id],
)
