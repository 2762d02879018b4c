"""Symbols: what only the cloud knows has one spelling, of the right shape, wherever it flows."""

import json

from herd.graph import UNKNOWN, Symbol, symbols_in

VPC = "aws:ec2/vpc:Vpc"


def test_a_computed_output_is_a_symbol(project, only):
    graph = project.render('v = aws.ec2.Vpc("v", opts=opts)\npulumi.export("out", [v.arn, v.id, v.urn])')
    urn = only(graph, VPC).urn

    assert graph.outputs["out"] == [f"${{{urn}.arn}}", f"${{{urn}.id}}", urn]


def test_documents_are_complete(project, only):
    graph = project.render("""
b = aws.s3.Bucket("b", opts=opts)
policy = pulumi.Output.json_dumps({"Resource": [b.arn, pulumi.Output.concat(b.arn, "/*")]})
aws.s3.BucketPolicy("p", bucket=b.bucket, policy=policy, opts=opts)
""")
    bucket, policy = only(graph, "aws:s3/bucket:Bucket").urn, only(graph, "aws:s3/bucketPolicy:BucketPolicy")
    arn = str(Symbol(bucket, "arn"))

    assert json.loads(policy.inputs["policy"]) == {"Resource": [arn, f"{arn}/*"]}
    assert policy.inputs["bucket"] == str(Symbol(bucket, "bucket"))


def test_apply_sees_the_symbol(project):
    graph = project.render('v = aws.ec2.Vpc("v", opts=opts)\npulumi.export("out", v.arn.apply(lambda a: f"<{a}>"))')

    assert graph.outputs["out"].startswith("<${urn:pulumi:dev::demo::aws:ec2/vpc:Vpc::v.arn}>")


def test_inputs_come_back_as_outputs(project):
    graph = project.render(
        'v = aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=opts)\npulumi.export("out", v.cidr_block)'
    )

    assert graph.outputs["out"] == "10.0.0.0/16"


def test_a_document_given_as_a_map_comes_back_as_its_text(project):
    found = project.render('p = aws.iam.Policy("p", policy={"Statement": []}, opts=opts)\npulumi.export("p", p.policy)')

    assert found.outputs["p"] == '{"Statement": []}'
    assert found.of_type("aws:iam/policy:Policy")[0].inputs["policy"] == {"Statement": []}


def test_what_is_optional_and_not_set_is_null(project):
    graph = project.render('v = aws.ec2.Vpc("v", opts=opts)\npulumi.export("out", [v.ipv4_ipam_pool_id])')

    assert graph.outputs["out"] == [None]


def test_lists_have_one_element_and_maps_one_entry(project, only):
    graph = project.render("""
f = aws.fsx.LustreFileSystem("f", subnet_ids="s", opts=opts)
pulumi.export("list", f.network_interface_ids)
pulumi.export("map", f.tags_all)
""")
    urn = only(graph, "aws:fsx/lustreFileSystem:LustreFileSystem").urn

    assert graph.outputs["list"] == [str(Symbol(urn, "networkInterfaceIds[0]"))]
    assert graph.outputs["map"] == {"*": str(Symbol(urn, "tagsAll[*]"))}


def test_nested_types_are_instances_of_the_sdks_own(project, only):
    graph = project.render("""
e = aws.ec2.VpcEndpoint("e", vpc_id="v", service_name="s", opts=opts)
pulumi.export("name", e.dns_entries.apply(lambda entries: entries[0].dns_name))
""")
    urn = only(graph, "aws:ec2/vpcEndpoint:VpcEndpoint").urn

    assert graph.outputs["name"] == str(Symbol(urn, "dnsEntries[0].dnsName"))


def test_members_that_the_program_leaves_out_are_symbols(project, only):
    graph = project.render("""
f = aws.fsx.LustreFileSystem("f", subnet_ids="s", log_configuration={"level": "WARN_ERROR"}, opts=opts)
pulumi.export("log", f.log_configuration)
""")
    urn = only(graph, "aws:fsx/lustreFileSystem:LustreFileSystem").urn

    assert graph.outputs["log"]["level"] == "WARN_ERROR"
    assert graph.outputs["log"]["destination"] == str(Symbol(urn, "logConfiguration.destination"))


def test_numbers_and_booleans_are_symbols_that_survive_formatting(project, only):
    graph = project.render("""
t = aws.ec2.LaunchTemplate("t", opts=opts)
pulumi.export("version", t.latest_version.apply(str))
""")

    template = only(graph, "aws:ec2/launchTemplate:LaunchTemplate")
    assert graph.outputs["version"] == str(Symbol(template.urn, "latestVersion"))


def test_outputs_that_a_class_only_lists_are_symbols_too(project, only):
    graph = project.render("""
class Thing(pulumi.CustomResource):
    def __init__(self, name):
        super().__init__("t:m:Thing", name, {"size": 3, "address": None})

pulumi.export("out", Thing("x").address)
""")

    assert graph.outputs["out"] == str(Symbol(only(graph, "t:m:Thing").urn, "address"))


def test_a_read_resource_has_a_known_id_and_symbols_for_the_rest(project, only):
    graph = project.render('v = aws.ec2.Vpc.get("v", "vpc-1", opts=opts)\npulumi.export("out", [v.id, v.cidr_block])')

    assert graph.outputs["out"] == ["vpc-1", str(Symbol(only(graph, VPC).urn, "cidrBlock"))]


def test_invokes_answer_with_symbols_of_their_arguments(project):
    graph = project.render("""
invoke = pulumi.InvokeOptions(provider=provider)
def ami(name):
    return aws.ec2.get_ami(owners=["amazon"], name_regex=name, opts=invoke).id

pulumi.export("ids", [ami("a"), ami("a"), ami("b")])
pulumi.export("account", aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(provider=provider)).account_id)
""")
    first, same, other = graph.outputs["ids"]

    assert first == same != other
    assert [symbol.path for symbol in symbols_in([first, other])] == ["id", "id"]
    assert [symbol.path for symbol in symbols_in(graph.outputs["account"])] == ["accountId"]


def test_a_preview_sees_unknowns(project, only):
    program = """
b = aws.s3.Bucket("b", opts=opts)
aws.s3.BucketPolicy("p", bucket=b.id, policy=pulumi.Output.json_dumps({"r": b.arn}), opts=opts)
pulumi.export("dry", pulumi.runtime.is_dry_run())
"""
    preview, render = project.render(program, unknowns=True), project.render(program)
    policy = only(preview, "aws:s3/bucketPolicy:BucketPolicy")

    assert policy.inputs == {"bucket": UNKNOWN, "policy": UNKNOWN}
    assert [found.urn for found in preview.resources] == [found.urn for found in render.resources]
    assert policy.dependencies == only(render, "aws:s3/bucketPolicy:BucketPolicy").dependencies
    assert (preview.outputs["dry"], render.outputs["dry"]) == (True, False)


def test_types_that_hold_themselves_end(project):
    graph = project.render("""
a = aws.wafv2.WebAcl("a", scope="REGIONAL", opts=opts,
    default_action={"allow": {}}, visibility_config=dict(
        cloudwatch_metrics_enabled=False, metric_name="m", sampled_requests_enabled=False),
    rules=[dict(name="r", priority=1, statement={"not_statement": {"statements": [{}]}}, visibility_config=dict(
        cloudwatch_metrics_enabled=False, metric_name="m", sampled_requests_enabled=False))])
pulumi.export("arn", a.arn)
""")

    assert graph.outputs["arn"].endswith(".arn}")
