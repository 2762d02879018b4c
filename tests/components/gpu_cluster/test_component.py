"""What a pool registers: generations beside each other, slices one by one, nothing ever changed under a living node."""

import base64
import json

import pytest
from pulumi_aws import autoscaling, ec2, eks

from components.base.problems import InvalidInputError
from components.gpu_cluster.component import GpuNodePool

NODE_POOL, NODE_CLASS = "kubernetes:karpenter.sh/v1:NodePool", "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
OLD, NEW = "g1-0a1b2c3d", "g2-4e5f6a7b"
G6 = {"instanceTypes": ["g6.xlarge"], "efa": False}


@pytest.fixture
def generations(pool):
    """`generations(static or elastic, {old}, {new})`: two generations of one pool, with fields changed."""

    def make(kind, old, new, **fields):
        first, second = (
            pool(kind, generation={"key": key, **changes}, **fields).generations[0]
            for key, changes in ((OLD, old), (NEW, new))
        )
        return pool(kind, **fields).model_copy(update={"generations": (first, second)})

    return make


def test_a_new_generation_appears_beside_the_old_one(build, generations):
    static = generations("static", {"slices": [1]}, {"slices": [0, 2], "release": "two-111111111111"})
    elastic = generations("elastic", {"phase": "draining"}, {}, node=G6)
    made = build({"p5": static, "g6": elastic})
    assert [r.name for r in made.of(ec2.LaunchTemplate)] == [f"p5-{OLD}", f"p5-{NEW}"]
    assert [r.name for r in made.of(eks.NodeGroup)] == [f"p5-{OLD}-1", f"p5-{NEW}-0", f"p5-{NEW}-2"]
    assert [r.name for r in made.of(NODE_POOL)] == [f"g6-{OLD}", f"g6-{NEW}"] == [r.name for r in made.of(NODE_CLASS)]
    assert made.one(NODE_POOL, f"g6-{OLD}").inputs["metadata"] == {"name": f"g6-{OLD}"}
    tags = [r.inputs["tags"]["release"] for r in made.of(ec2.LaunchTemplate)]
    assert tags == ["one-000000000000", "two-111111111111"]


def test_a_generation_that_waits_for_room_has_its_template(build, pool):
    made = build({"p5": pool(generation={"slices": []})})
    assert len(made.of(ec2.LaunchTemplate)) == 1
    assert made.of(eks.NodeGroup) == []


def test_draining_is_a_taint_and_nothing_else(build, generations):
    drained = {"slices": [0, 1], "drainingSlices": [1]}
    made = build({"p5": generations("static", {"slices": [0], "phase": "draining"}, drained)})

    def of(name):
        inputs = dict(made.one(eks.NodeGroup, name).inputs)
        return inputs.pop("taints"), inputs

    gpu = {"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}
    for key, number in ((OLD, 0), (NEW, 1)):
        taints, _ = of(f"p5-{key}-{number}")
        assert taints == [gpu, {"key": "herd.dev/draining", "value": key, "effect": "NO_SCHEDULE"}]
    taints, active = of(f"p5-{NEW}-0")
    assert taints == [gpu]
    _, draining = of(f"p5-{NEW}-1")
    assert draining == active | {"labels": active["labels"] | {"herd.dev/slice": "1"}}


def test_a_node_group_has_one_size_and_only_a_schedule_may_change_it(build, pool):
    made = build({"p5": pool("static", "capacity-block:block", nodesPerSlice=3), "cpu": pool(nodesPerSlice=3)})
    block, plain = (made.one(eks.NodeGroup, f"{name}-{OLD}-0") for name in ("p5", "cpu"))
    assert plain.inputs["scalingConfig"] == {"minSize": 3, "desiredSize": 3, "maxSize": 3}
    assert "ignoreChanges" not in plain.options
    assert block.inputs["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 3}
    assert block.options["ignoreChanges"] == ["scalingConfig.desiredSize"]
    sizes = {s.inputs["scheduledActionName"]: s.inputs["desiredCapacity"] for s in made.of(autoscaling.Schedule)}
    assert sizes == {"open-0": 3, "open-1": 3, "open-2": 3, "open-3": 3, "close": 0}


@pytest.mark.parametrize(
    ("changes", "replaced"),
    [
        ({"release": "two-111111111111"}, set()),
        ({"endpoint": "https://another.eks.amazonaws.com"}, {"userData"}),
        ({"certificate_authority": "QU5PVEhFUg=="}, {"userData"}),
        ({"security_group_id": "sg-1111111111111111c"}, {"networkInterfaces"}),
    ],
)
def test_a_template_goes_with_its_cluster_and_not_with_its_tags(build, pool, changes, replaced):
    release = {"generation": {"release": changes["release"]}} if "release" in changes else {}
    made = build({"a": pool(), "b": (pool(**release), {"cluster": {} if release else changes})})
    before, after = (made.one(ec2.LaunchTemplate, f"{name}-{OLD}") for name in "ab")
    texts = [json.dumps(each.inputs["networkInterfaces"]) for each in (before, after)]
    assert ("networkInterfaces" in replaced) == (texts[0] != texts[1])
    data = [base64.b64decode(each.inputs["userData"]).decode() for each in (before, after)]
    assert ("userData" in replaced) == (data[0].replace("herd.dev/pool=a", "herd.dev/pool=b") != data[1])
    assert replaced <= set(before.options["replaceOnChanges"])
    if not replaced:
        assert before.inputs["tagSpecifications"] != after.inputs["tagSpecifications"]
        assert "tagSpecifications" not in before.options["replaceOnChanges"]


def test_a_schedule_is_written_anew_and_never_changed(build, pool):
    """An update sends the start that AWS filled in; once that is past, AWS refuses it (pulumi-aws, issue 2473)."""
    made = build({"p5": pool("static", "capacity-block:block")})
    for schedule in made.of(autoscaling.Schedule):
        fixed = {"autoscalingGroupName", "scheduledActionName"}
        assert set(schedule.options["replaceOnChanges"]) == set(schedule.inputs) - fixed
        assert schedule.options["deleteBeforeReplace"]


@pytest.mark.parametrize(
    ("nodes", "asked", "percent"), [(1, 20, 100), (3, 20, 34), (4, 20, 25), (4, 60, 60), (8, 20, 20)]
)
def test_one_sick_node_is_repaired_however_small_the_slice(build, pool, nodes, asked, percent):
    made = build({"p5": pool(nodesPerSlice=nodes, maxNodes=8, repair={"maxUnhealthyPercent": asked})})
    repair = made.one(eks.NodeGroup).inputs["nodeRepairConfig"]
    assert repair["maxUnhealthyNodeThresholdPercentage"] == percent


def test_a_group_that_found_no_machines_is_made_anew_and_gives_back_first_what_it_has(build, pool):
    options = build({"p5": pool()}).one(eks.NodeGroup).options
    assert options["replaceOnChanges"] == ["#initerror"]
    assert options["deleteBeforeReplace"]


def test_a_draining_slice_is_never_made_anew_for_an_update_that_failed(build, pool):
    made = build({"p5": pool(generation={"slices": [0, 1], "drainingSlices": [1]})})
    marked = [group.name for group in made.of(eks.NodeGroup) if group.options.get("replaceOnChanges")]
    assert marked == [f"p5-{OLD}-0"]


def test_everything_waits_for_what_nodes_need_at_start(build, pool):
    made = build({"p5": pool(), "g6": pool("elastic", node=G6)})
    first, charts = (made.named(name).urn for name in ("first", "charts"))
    template, group = made.one(ec2.LaunchTemplate), made.one(eks.NodeGroup)
    assert {first, template.urn} <= set(group.dependencies)
    node_class, node_pool = made.one(NODE_CLASS), made.one(NODE_POOL)
    assert set(node_class.dependencies) == {first, charts}
    assert node_class.urn in node_pool.dependencies


def test_a_placement_group_is_made_for_a_generation_unless_the_reservation_has_one(build, pool):
    pools = {
        "p5": pool(placement="cluster"),
        "theirs": pool("static", "targeted-reservation:group", placement="cluster"),
    }
    made = build(pools)
    assert [r.name for r in made.of(ec2.PlacementGroup)] == [f"p5-{OLD}"]
    own, theirs = (made.one(ec2.LaunchTemplate, f"{name}-{OLD}").inputs["placement"] for name in pools)
    assert own["groupName"].endswith(f"PlacementGroup::p5-{OLD}.name}}")
    assert theirs == {"groupName": "theirs"}


def test_children_belong_to_the_pool_and_have_explicit_providers(build, pool):
    made = build({"p5": pool(), "g6": pool("elastic", node=G6)})
    for resource in made:
        if "GpuNodePool" in resource.parent:
            assert resource.options["provider"]
            assert "protect" not in resource.options
    assert len(made.of(GpuNodePool.token)) == 2


def test_consumers_are_told_what_there_is(build, pool):
    made = build({"p5": pool(), "g6": pool("elastic", node=G6)})
    static, elastic = (made.outputs[made.one(GpuNodePool.token, name).urn] for name in ("p5", "g6"))
    assert list(static["launchTemplateIds"]) == [OLD]
    assert list(static["nodeGroups"]) == [f"p5-{OLD}-0"]
    assert elastic["nodePools"] == [f"g6-{OLD}"]


@pytest.mark.parametrize(
    ("asked", "changes", "message"),
    [
        ({}, {"zones": ("us-east-1b",)}, r"zones: no subnet for nodes in us-east-1a"),
        ({"kind": "elastic"}, {}, r"generations\[0\].node.efa: p5.48xlarge has no place .*fix: make the pool static"),
        (
            {"node": {"instanceTypes": ["hpc6id.32xlarge"], "devices": "none"}},
            {},
            r"generations\[0\].node.efa: hpc6id.32xlarge has no place .*fix: leave EFA out",
        ),
        ({"node": {"labels": {"herd.dev/pool": "x"}}}, {}, r"node.labels: herd.dev/pool: set by Herd itself"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_registered(build, pool, asked, changes, message):
    with pytest.raises(InvalidInputError, match=message) as refused:
        build({"p5": (pool(**asked), changes)})
    assert [r for r in refused.value.recording if "GpuNodePool::" in r.parent] == []


def test_a_pool_without_subnets_for_pods_is_wired_as_the_catalogue_says(build, pool):
    made = build({"p5": (pool(), {"cluster": {"pods_have_subnets": False}})})
    kinds = [i["interfaceType"] for i in made.one(ec2.LaunchTemplate).inputs["networkInterfaces"]]
    assert kinds == ["interface", *["efa-only"] * 32]


def test_in_a_preview_what_nobody_knows_yet_is_unknown_and_the_rest_is_not(build, pool, unknown):
    later = {"cluster": {"endpoint": lambda made: made.arn}}
    made = build({"p5": (pool("static", "capacity-block:block"), later)}, preview=True)
    template = made.one(ec2.LaunchTemplate).inputs
    assert template["userData"] == unknown
    assert template["imageId"] == "ami-0123456789abcdef0"
    assert made.one(eks.NodeGroup).inputs["launchTemplate"] == {"id": unknown, "version": unknown}
