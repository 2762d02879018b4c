"""The three stack files as they are in the repository: real, different, alike where they must be."""

import json
from ipaddress import IPv4Network
from itertools import combinations

import botocore.session
import pytest
from ruamel.yaml import YAML

from components.base.context import Environment
from components.base.regions import known_regions
from herd import stackfile
from herd.stackfile import load_stack
from infra.loading import load_settings
from infra.settings import Fidelity, Settings
from infra.source import StackSource

STACKS = ("dev", "test", "prod")


@pytest.fixture(scope="module")
def settings(repository):
    return {
        stack: load_settings(load_stack(repository, stack).strings(), StackSource(repository, "herd", stack))
        for stack in STACKS
    }


@pytest.fixture(scope="module")
def project(repository):
    return YAML(typ="safe").load((repository / "Pulumi.yaml").read_text(encoding="utf-8"))


def test_no_two_stacks_overlap(settings):
    blocks = {
        f"{stack}.{field}": getattr(settings[stack].network.managed, field)
        for stack in STACKS
        for field in ("cidr", "pod_cidr")
    }
    assert len(blocks) == 6
    overlapping = [(a, b) for a, b in combinations(blocks, 2) if blocks[a].overlaps(blocks[b])]
    assert overlapping == []
    assert all(isinstance(block, IPv4Network) for block in blocks.values())


def test_every_stack_has_its_own_account(settings):
    assert len({settings[stack].account for stack in STACKS}) == 3


def test_every_stack_is_its_own_environment(settings):
    assert {stack: settings[stack].environment for stack in STACKS} == {stack: Environment(stack) for stack in STACKS}


def test_every_stack_has_three_zones(settings):
    assert {len(settings[stack].availability_zones) for stack in STACKS} == {3}


def test_test_is_where_prod_is(settings):
    for field in ("region", "replica_region", "availability_zones"):
        assert getattr(settings["test"], field) == getattr(settings["prod"], field)


def test_every_resource_carries_the_tags(graphs):
    for stack, graph in graphs.items():
        providers = [row for row in json.loads(graph.to_json())["resources"] if row["type"] == "pulumi:providers:aws"]
        assert providers
        for provider in providers:
            tags = json.loads(provider["inputs"]["defaultTags"])["tags"]
            expected = {"project", "stack", "environment", "owner", "team", "cost-centre", "data-class"}
            assert tags.keys() == expected | ({"ttl"} if stack == "dev" else set())
            assert tags["stack"] == tags["environment"] == stack


def test_a_provider_works_in_its_own_account_only(graphs, settings):
    for stack, graph in graphs.items():
        for row in json.loads(graph.to_json())["resources"]:
            if row["type"] == "pulumi:providers:aws":
                assert json.loads(row["inputs"]["allowedAccountIds"]) == [settings[stack].account]


def test_default_providers_are_off(repository):
    for stack in STACKS:
        assert "aws" in load_stack(repository, stack).config["pulumi:disable-default-providers"]


def test_secrets_of_test_and_prod_are_encrypted_with_kms(repository):
    providers = {stack: load_stack(repository, stack).secrets_provider for stack in STACKS}
    assert providers["dev"] == ""
    for stack in ("test", "prod"):
        assert providers[stack].startswith(f"awskms://alias/herd-pulumi-{stack}?region=")


def test_test_has_prod_s_shapes(graphs):
    """Sizes differ; what exists doesn't, but for what the two are to each other. Pools: test_pool_shapes.py."""

    def shape(stack):
        rows = json.loads(graphs[stack].to_json())["resources"]
        return {
            (row["type"], row["name"])
            for row in rows
            if row["type"] != "pulumi:pulumi:Stack" and "herd:gpu_cluster:GpuNodePool" not in (row["parent"] or "")
            if "herd:images:Images" not in row["urn"]
        }

    # test builds images and sends releases, prod takes them in; prod's bill tells tags apart for all.
    prod_alone = {
        ("aws:ecr/registryPolicy:RegistryPolicy", "registry"),
        ("aws:ecr/registryPolicy:RegistryPolicy", "registry-replica"),
        ("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate", "registry-released"),
    }
    different = shape("prod") ^ shape("test")
    assert {row for row in different if row[0] != "aws:costexplorer/costAllocationTag:CostAllocationTag"} == prod_alone
    assert different <= shape("prod")


def test_dev_and_test_protect_nothing_and_prod_what_must_not_be_lost(graphs):
    protected = {
        stack: {row["type"] for row in json.loads(graph.to_json())["resources"] if row["options"].get("protect")}
        for stack, graph in graphs.items()
    }
    assert protected["dev"] == protected["test"] == set()
    assert {
        "aws:ec2/vpc:Vpc",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:ecr/repository:Repository",
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
        "aws:backup/vault:Vault",
    } <= protected["prod"]


def test_every_resource_names_its_provider(graphs):
    """With default providers off the engine would refuse a resource without one; here it is found earlier."""
    for graph in graphs.values():
        for row in json.loads(graph.to_json())["resources"]:
            if row["custom"] and row["type"].startswith("aws:"):
                assert row["options"].get("provider"), row["urn"]


def test_pulumi_yaml_declares_every_setting(project):
    declared = project["config"]
    fields = {field.alias: field for field in Settings.model_fields.values()}
    assert declared.keys() == fields.keys() | {"fidelity"}
    # The CLI refuses a stack without a declared key unless it has a default.
    required = {key for key, field in fields.items() if field.is_required()}
    assert {key for key, kind in declared.items() if "default" not in kind} == required


def test_pulumi_yaml_declares_types_that_the_stack_files_have(project, repository):
    kinds = {"string": str, "array": list, "object": dict}
    for stack in STACKS:
        config = load_stack(repository, stack).config
        for key, declared in project["config"].items():
            if f"herd:{key}" in config:
                assert isinstance(config[f"herd:{key}"], kinds[declared["type"]]), (stack, key)


def test_pulumi_yaml_names_the_program_and_the_stacks(project, repository):
    assert (repository / project["main"] / "__main__.py").is_file()
    assert project["stackConfigDir"] == "stacks"
    assert project["requiredPulumiVersion"]
    assert project["runtime"]["name"] == "python"


def test_the_tool_and_the_program_mean_the_same_by_fidelity():
    assert set(Fidelity) == set(stackfile.Fidelity.__args__)


def test_the_known_regions_are_aws_s():
    assert list(known_regions()) == sorted(botocore.session.get_session().get_available_regions("ec2", "aws"))
