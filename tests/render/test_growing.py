"""What only the cloud knows answers whatever a program asks of it: the second of a list, an entry of a map, JSON."""

import pytest

ZONES = "${invoke:aws:index/getAvailabilityZones:getAvailabilityZones#44136fa3.names"
OTHER = "${urn:pulumi:dev::demo::pulumi:pulumi:StackReference::org/network/prod.outputs"


@pytest.mark.parametrize("unknowns", [False, True])
def test_programs_take_from_another_stack_and_from_lookups_what_they_count_on(project, unknowns):
    graph = project.render(
        """
        import json
        options = pulumi.InvokeOptions(provider=provider)
        zones = aws.get_availability_zones(opts=options).names
        pulumi.export("zones", [zones[0], zones[2], zones[:2], list(zones), pulumi.Output.all(zones)[0][1]])
        other = pulumi.StackReference("org/network/prod")
        pulumi.export("other", [other.get_output("vpc"), other.require_output("subnets")[1], other.outputs["a.b"]["c"]])
        pulumi.export("each", other.get_output("subnets").apply(lambda found: [*found, *found[:2]]))
        text = aws.secretsmanager.get_secret_version_output(secret_id="s", opts=options).secret_string
        pulumi.export("json", text.apply(lambda found: json.loads(found)["user"]))
        """,
        unknowns=unknowns,
    )
    assert graph.outputs["zones"] == [
        ZONES + "[0]}", ZONES + "[2]}", [ZONES + "[0]}", ZONES + "[1]}"], [ZONES + "[0]}"], ZONES + "[1]}"
    ]  # fmt: skip
    assert graph.outputs["other"] == [OTHER + ".vpc}", OTHER + ".subnets[1]}", OTHER + ".a_b.c}"]
    assert graph.outputs["each"] == [OTHER + ".subnets[0]}", OTHER + ".subnets[0]}", OTHER + ".subnets[1]}"]
    assert graph.outputs["json"].endswith(".secretString.user}")


def test_members_of_nested_lists_grow_and_what_the_program_wrote_does_not(project):
    graph = project.render(
        """
        certificate = aws.acm.Certificate("c", domain_name="example.org", opts=opts)
        pulumi.export("second", certificate.domain_validation_options[1].resource_record_name)
        table = aws.ec2.RouteTable("t", vpc_id="vpc-1", routes=[{"cidr_block": "10.0.0.0/8"}], opts=opts)
        pulumi.export("beyond", table.routes.apply(lambda routes: len(routes[:5])))
        """
    )
    assert graph.outputs["second"].endswith("Certificate::c.domainValidationOptions[1].resourceRecordName}")
    assert graph.outputs["beyond"] == 1


def test_an_argument_that_is_text_comes_back_as_the_boolean_it_means(project):
    project.render(
        'aws.ec2.get_ami(most_recent="true", owners=["self"], opts=pulumi.InvokeOptions(provider=provider)).most_recent'
        " is True or 1 / 0"
    )
