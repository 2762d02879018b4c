"""What a render records: every registration of the real program, with every option."""

import json

import pytest

from herd.graph import Source

VPC, SUBNET, PROVIDER = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "pulumi:providers:aws"

COMPONENT = """
class Network(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("demo:net:Network", name, {"cidr": "10.0.0.0/16", "zones": 3}, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=child)
        self.subnet = aws.ec2.Subnet("subnet", vpc_id=self.vpc.id, cidr_block="10.0.1.0/24", opts=child)
        self.register_outputs({"vpcId": self.vpc.id})

network = Network("net", pulumi.ResourceOptions(providers=[provider]))
"""


def test_the_stack_is_the_root(project):
    graph = project.render("pass")

    assert graph.root.urn == "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev"
    assert graph.root.parent is None
    assert graph.root.source == Source("infra/__main__.py", 1)


def test_inputs_are_camel_case_with_whole_numbers_and_without_nulls(project, only):
    graph = project.render(
        'aws.ec2.Subnet("s", vpc_id="v", map_public_ip_on_launch=False, tags={"a_b": "c"}, opts=opts)'
    )

    assert only(graph, SUBNET).inputs == {"vpcId": "v", "mapPublicIpOnLaunch": False, "tags": {"a_b": "c"}}


def test_numbers_are_integers_where_they_are_whole(project, only):
    graph = project.render('pulumi.CustomResource("t:m:T", "n", {"whole": 3, "half": 0.5})')

    assert json.dumps(only(graph, "t:m:T").inputs, sort_keys=True) == '{"half": 0.5, "whole": 3}'


def test_children_carry_their_parents_type_and_provider(project, only):
    graph = project.render(COMPONENT)
    network, vpc = only(graph, "demo:net:Network"), only(graph, VPC)

    assert vpc.urn == "urn:pulumi:dev::demo::demo:net:Network$aws:ec2/vpc:Vpc::vpc"
    assert vpc.parent == network.urn
    assert vpc.options["provider"] == only(graph, PROVIDER).urn
    assert network.options["providers"] == {"aws": only(graph, PROVIDER).urn}


def test_a_components_props_are_its_inputs(project, only):
    network = only(project.render(COMPONENT), "demo:net:Network")

    assert not network.custom
    assert network.inputs == {"cidr": "10.0.0.0/16", "zones": 3}


def test_dependencies_are_told_by_property(project, only):
    graph = project.render(COMPONENT)
    vpc, subnet = only(graph, VPC), only(graph, SUBNET)

    assert subnet.dependencies == (vpc.urn,)
    assert subnet.property_dependencies == {"vpcId": (vpc.urn,)}
    assert subnet.options["dependsOn"] == []


def test_depending_on_a_component_is_depending_on_its_resources(project, only):
    graph = project.render(
        COMPONENT + 'aws.s3.Bucket("b", opts=pulumi.ResourceOptions(provider=provider, depends_on=[network]))'
    )
    bucket = only(graph, "aws:s3/bucket:Bucket")

    assert set(bucket.dependencies) == {only(graph, VPC).urn, only(graph, SUBNET).urn}
    assert set(bucket.options["dependsOn"]) == set(bucket.dependencies)
    assert bucket.property_dependencies == {}


def test_the_source_is_the_line_that_makes_the_resource(project, only):
    graph = project.render(COMPONENT)

    assert only(graph, VPC).source == Source("infra/__main__.py", project.line_of("self.vpc = "))
    # Not the component's own call of super().__init__, which is the same line for every instance.
    assert only(graph, "demo:net:Network").source == Source("infra/__main__.py", project.line_of("network = Network("))


@pytest.mark.parametrize(
    ("given", "option", "value"),
    [
        ("protect=True", "protect", True),
        ("protect=False", "protect", False),
        ("retain_on_delete=True", "retainOnDelete", True),
        ("delete_before_replace=True", "deleteBeforeReplace", True),
        ("delete_before_replace=False", "deleteBeforeReplace", False),
        ('ignore_changes=["tags"]', "ignoreChanges", ["tags"]),
        ('replace_on_changes=["cidrBlock"]', "replaceOnChanges", ["cidrBlock"]),
        ('hide_diffs=["tags"]', "hideDiffs", ["tags"]),
        ('import_="vpc-1"', "import", "vpc-1"),
        ('additional_secret_outputs=["arn"]', "additionalSecretOutputs", ["arn"]),
        ('version="7.0.0"', "version", "7.0.0"),
        ('plugin_download_url="https://example.com"', "pluginDownloadURL", "https://example.com"),
        ('custom_timeouts=pulumi.CustomTimeouts(delete="1h")', "customTimeouts", {"delete": "1h"}),
        ("replacement_trigger=[1, 'x']", "replacementTrigger", [1, "x"]),
        ("deleted_with=other", "deletedWith", "urn:pulumi:dev::demo::t:m:Other::other"),
        ("replace_with=[other]", "replaceWith", ["urn:pulumi:dev::demo::t:m:Other::other"]),
        ("depends_on=[other]", "dependsOn", ["urn:pulumi:dev::demo::t:m:Other::other"]),
        ('aliases=["urn:pulumi:dev::demo::t:m:T::old"]', "aliases", [{"urn": "urn:pulumi:dev::demo::t:m:T::old"}]),
        ('aliases=[pulumi.Alias(name="old", type_="t:m:Old")]', "aliases", [{"name": "old", "type": "t:m:Old"}]),
        ("aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]", "aliases", [{"noParent": True}]),
    ],
)  # fmt: skip
def test_every_option_is_recorded(project, only, given, option, value):
    graph = project.render(f"""
other = pulumi.CustomResource("t:m:Other", "other", {{}})
pulumi.CustomResource("t:m:T", "r", {{}}, pulumi.ResourceOptions({given}))
""")

    assert only(graph, "t:m:T").options[option] == value


def test_options_that_nobody_set_are_there_too(project, only):
    graph = project.render('pulumi.CustomResource("t:m:T", "r", {})')

    assert only(graph, "t:m:T").options == {
        "additionalSecretOutputs": [],
        "aliases": [],
        "customTimeouts": {},
        "deleteBeforeReplace": None,
        "deletedWith": None,
        "dependsOn": [],
        "envVarMappings": {},
        "hideDiffs": [],
        "hooks": {},
        "id": None,
        "ignoreChanges": [],
        "import": None,
        "pluginDownloadURL": None,
        "protect": None,
        "provider": None,
        "providers": {},
        "remote": False,
        "replaceOnChanges": [],
        "replaceWith": [],
        "replacementTrigger": None,
        "retainOnDelete": None,
        "version": None,
    }


def test_every_option_of_the_protocol_is_read():
    """A new field of the wire's request is an option that the graph would lose without a word."""
    from pulumi.runtime.proto import resource_pb2

    recorded = {
        "type", "name", "parent", "custom", "object", "dependencies", "propertyDependencies", "sourcePosition",
        "protect", "provider", "providers", "deleteBeforeReplace", "deleteBeforeReplaceDefined", "ignoreChanges",
        "version", "pluginDownloadURL", "additionalSecretOutputs", "importId", "customTimeouts", "aliases", "aliasURNs",
        "remote", "replaceOnChanges", "replacement_trigger", "retainOnDelete", "deletedWith", "replace_with", "hooks",
        "hideDiffs", "envVarMappings",
    }  # fmt: skip
    refused = {"state_migrations"}
    # How SDK and engine talk, not what the program asked for; checksums and packageRef name a plugin, as version does.
    talk = {
        "acceptSecrets", "acceptResources", "supportsPartialValues", "aliasSpecs", "parentStackTraceHandle",
        "supportsResultReporting", "stackTrace", "snippetId", "accepts_byte_string", "pluginChecksums", "packageRef",
        "transforms",
    }  # fmt: skip

    fields = set(resource_pb2.RegisterResourceRequest.DESCRIPTOR.fields_by_name)

    assert fields == recorded | refused | talk


def test_a_read_is_recorded_with_its_id(project, only):
    vpc = only(project.render('aws.ec2.Vpc.get("old", "vpc-0a1b", opts=opts)'), VPC)

    assert vpc.custom
    assert vpc.options["id"] == "vpc-0a1b"
    assert vpc.options["provider"].endswith("::aws")
    assert vpc.source == Source("infra/__main__.py", project.line_of("Vpc.get"))


def test_stack_outputs_are_the_graphs(project):
    graph = project.render('pulumi.export("answer", {"n": 42, "list": [1, 2]})')

    assert graph.outputs == {"answer": {"n": 42, "list": [1, 2]}}


def test_legacy_transformations_run(project, only):
    graph = project.render("""
def tag(args):
    return pulumi.ResourceTransformationResult({**args.props, "tagged": True}, args.opts)

pulumi.CustomResource("t:m:T", "r", {}, pulumi.ResourceOptions(transformations=[tag]))
""")

    assert only(graph, "t:m:T").inputs == {"tagged": True}


def test_hooks_are_recorded_by_name(project, only):
    graph = project.render("""
hook = pulumi.ResourceHook("announce", lambda args: None)
binding = pulumi.ResourceHookBinding(before_create=[hook])
pulumi.CustomResource("t:m:T", "r", {}, pulumi.ResourceOptions(hooks=binding))
""")

    assert only(graph, "t:m:T").options["hooks"] == {"beforeCreate": ["announce"]}


def test_assets_stay_in_pulumis_own_form(project, only):
    graph = project.render('pulumi.CustomResource("t:m:T", "r", {"code": pulumi.StringAsset("hello")})')

    assert only(graph, "t:m:T").inputs["code"]["text"] == "hello"


def test_a_resource_passed_as_a_property_is_a_reference(project, only):
    graph = project.render("""
class Group(pulumi.ComponentResource):
    def __init__(self, name, member):
        super().__init__("demo:m:Group", name, {"member": member})

Group("g", aws.ec2.Vpc("v", opts=opts))
""")

    assert only(graph, "demo:m:Group").inputs["member"]["urn"] == only(graph, VPC).urn


def test_configuration_arrives_as_the_engine_passes_it(project):
    project.configure("{demo:zones: [b, a], demo:size: 3, demo:on: true, demo:map: {z: 1, a: 2}, text: hello}")

    graph = project.render("""
c = pulumi.Config()
pulumi.export("seen", [c.require_object("zones"), c.require_int("size"), c.require_bool("on"), c.require("text")])
pulumi.export("raw", c.require("map"))
pulumi.export("where", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])
""")

    assert graph.outputs["seen"] == [["b", "a"], 3, True, "hello"]
    assert graph.outputs["raw"] == '{"a":2,"z":1}'
    assert graph.outputs["where"] == ["demo", "dev", "organization"]


def test_the_program_runs_in_its_folder_and_finds_the_repository(project):
    (project.root / "shared").mkdir()
    (project.root / "shared" / "names.py").write_text("NAME = 'from the repository'\n")
    project.program("NAME = 'from beside the program'\n", preamble="", name="beside")

    graph = project.render("""
import os
from beside import NAME as beside
from shared.names import NAME as shared
pulumi.export("seen", [os.path.basename(os.getcwd()), beside, shared])
pulumi.export("root", pulumi.get_root_directory() == os.path.dirname(os.getcwd()))
""")

    assert graph.outputs == {"seen": ["infra", "from beside the program", "from the repository"], "root": True}
