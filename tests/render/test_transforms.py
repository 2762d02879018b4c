"""Transforms: a render shows resources as the program's own callbacks leave them."""

import pytest

from herd.render import ProgramError

BODY = """
import asyncio

def tag(args):
    if args.type_ != "aws:ec2/vpc:Vpc":
        return None
    guarded = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(protect=True, ignore_changes=["tags"]))
    by = args.props.get("instanceTenancy", "stack")
    return pulumi.ResourceTransformResult({**args.props, "tags": {"by": by}}, guarded)

async def tenancy(args):
    await asyncio.sleep(0)
    return pulumi.ResourceTransformResult({**args.props, "instanceTenancy": "dedicated"}, args.opts)

class Network(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("demo:net:Network", name, {}, opts)
        aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(parent=self))

first = aws.ec2.Vpc("before", cidr_block="10.0.0.0/16", opts=opts)
pulumi.runtime.register_resource_transform(tag)
after = aws.ec2.Vpc(
    "after", cidr_block="10.0.0.0/16",
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[first], delete_before_replace=True),
)
Network("child", pulumi.ResourceOptions(provider=provider, transforms=[tenancy]))
pulumi.export("tags", after.tags)
"""


def test_transforms_change_properties_and_options_in_the_engines_order(project):
    graph = project.render(BODY)
    before, after, child = (
        next(one for one in graph.of_type("aws:ec2/vpc:Vpc") if one.name == name)
        for name in ("before", "after", "child")
    )
    assert "tags" not in before.inputs
    assert not before.options["protect"]
    assert after.inputs == {"cidrBlock": "10.0.0.0/16", "tags": {"by": "stack"}}
    assert after.options["protect"]
    assert after.options["ignoreChanges"] == ["tags"]
    # What the transform left alone is as the program asked for it.
    assert after.options["deleteBeforeReplace"]
    assert after.options["provider"] == before.options["provider"]
    assert after.dependencies == (before.urn,)
    assert graph.outputs["tags"] == {"by": "stack"}
    # The component's own transform is its child's as well, and comes before the stack's.
    assert child.inputs["instanceTenancy"] == "dedicated"
    assert child.inputs["tags"] == {"by": "dedicated"}
    assert child.source.line


def test_a_transform_that_fails_is_told_with_its_line(project):
    project.program(
        """
        def broken(args):
            return 1 / 0

        pulumi.runtime.register_resource_transform(broken)
        aws.ec2.Vpc("v")
        """
    )
    with pytest.raises(ProgramError, match="ZeroDivisionError") as refused:
        project.render()
    assert refused.value.problems[0].line == project.line_of("1 / 0")
