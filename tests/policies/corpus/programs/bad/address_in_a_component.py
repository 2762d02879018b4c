"""A component of one's own that hides an Elastic IP.

expect: HERD-011
"""

import pulumi
import pulumi_aws as aws


class Gateway(pulumi.ComponentResource):
    """A way in."""

    def __init__(self, name: str) -> None:
        super().__init__("acme:net:Gateway", name)
        child = pulumi.ResourceOptions(parent=self)
        address = aws.ec2.Eip(name, domain="vpc", opts=child)
        aws.ec2.EipAssociation(name, allocation_id=address.id, instance_id="i-0123456789abcdef0", opts=child)


Gateway("in")
