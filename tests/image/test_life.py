"""An image's life through the real program, engine and provider on a stand-in: built once a hash, changed, let go."""

import json
import textwrap
from pathlib import Path

import pytest

from components.release.load import load_release
from herd.engine import Backend, Engine, Program

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "111122223333", "us-east-2"
PROGRAM = """
import json
import os
from pathlib import Path

import pulumi
import pulumi_aws as aws

from components.base.context import Environment, StackContext
from components.images.component import Images
from components.images.load import load_recipe
from components.images.machines import BuildNetwork
from components.images.spec import ImagesSpec
from components.keys.component import Key
from components.keys.spec import KeySpec, ThroughServices

zones = tuple(f"us-east-2{letter}" for letter in "abc")
context = StackContext(project="herd", stack="dev", environment=Environment.DEV, account="111122223333",
                       region="us-east-2", availability_zones=zones, tags={"stack": "dev"})
spec = ImagesSpec.model_validate(pulumi.Config("herd").require_object("images"))
recipes = {name: load_recipe(Path(os.environ["RECIPES"]), spec.file_of(name), name) for name in spec.recipes}
here = aws.Provider("aws", region="us-east-2")
there = aws.Provider("aws-replica", region="us-west-2")
opts = lambda: pulumi.ResourceOptions(provider=here, providers=[here])
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts())
subnet = aws.ec2.Subnet("private", vpc_id=vpc.id, cidr_block="10.0.0.0/24", availability_zone=zones[0], opts=opts())
logs = Key("data", KeySpec(description="logs", uses=(ThroughServices(services=("s3",)),)), context, opts=opts())
images = Images("images", spec, context, recipes=recipes,
                network=BuildNetwork(vpc.id, {zones[0]: subnet.id}), log_key_arn=logs.arn,
                elsewhere={"us-west-2": there}, opts=opts())
pulumi.export("images", {name: image.wire() for name, image in images.images.items()})
"""
SPEC = {
    "recipes": {"eks-gpu": {"instanceTypes": ["g6.xlarge"]}},
    "regions": ["us-west-2"],
    "accounts": ["444455556666"],
}


class Stack:
    """A stack of images, run again and again."""

    def __init__(self, project, cloud, folder):
        self.project = project
        (folder / "main.py").write_text(textwrap.dedent(PROGRAM))
        self.folder, self.backend = folder, Backend(folder / "state", "herd", "dev", "a passphrase")
        self.environment = cloud.environment(ACCOUNT, REGION)

    def engine(self, spec=SPEC):
        variables = {"PYTHONPATH": str(ROOT), "RECIPES": str(self.project.root)}
        program = Program(self.folder, self.folder / "main.py", variables)
        plugins = {"aws": ROOT / "herd/cloud/plugins/aws"}
        return Engine(
            "herd", "dev", self.backend, plugins, program, {"herd:images": spec}, environment=self.environment
        )

    def up(self, spec=SPEC):
        outcome = self.engine(spec).up()
        assert outcome.exit_code == 0, [d.message for d in outcome.diagnostics]
        return outcome


@pytest.mark.slow
def test_built_once_a_hash_and_never_taken_away(project, built, cloud, tmp_path_factory):
    project.edit("eks-gpu", "us-east-2: unresolved", f"us-east-2: {built.parent}")
    project.edit("eks-gpu", "    us-west-2: unresolved\n", "    us-west-2: unresolved\n  resolved_from: stand-in\n")
    project.stack(images=SPEC)
    stack = Stack(project, cloud, tmp_path_factory.mktemp("program"))

    first = stack.up().outputs["images"]["eks-gpu"]
    assert set(first["amiIds"]) == {"us-east-2", "us-west-2"}
    assert stack.up().changes.get("same", 0) == sum(stack.up().changes.values())
    assert [row["verdict"] for row in json.loads(project.herd("plan", "dev", "--json").stdout)["images"]] == ["nothing"]
    said = json.loads(project.herd("lock", "dev", "--alias", "golden", "--json").stdout)
    assert load_release(project.root, said["lock"]).lock.amis["eks-gpu"].ids == first["amiIds"]

    # Other words, longer tests: nothing is built.
    project.edit("eks-gpu", "description: EKS node", "description: An EKS node")
    again = stack.up({**SPEC, "testMinutes": 240}).outputs["images"]["eks-gpu"]
    assert again == first

    # Another step: a new image beside the old one, which stays as a lock may name it.
    project.edit("eks-gpu", "vm.dirty_ratio: 5", "vm.dirty_ratio: 10")
    outcome = stack.up()
    second = outcome.outputs["images"]["eks-gpu"]
    assert second["recipeHash"] != first["recipeHash"]
    assert second["amiIds"]["us-east-2"] != first["amiIds"]["us-east-2"]
    steps = [(step.op, step.type) for step in outcome.plan.changed() if step.type.startswith("aws:imagebuilder/")]
    assert ("create", "aws:imagebuilder/image:Image") in steps
    assert steps.index(("create", "aws:imagebuilder/image:Image")) < steps.index(
        ("delete", "aws:imagebuilder/image:Image")
    )
    assert not [op for op, _ in steps if "replace" in op]
    ids = [first["amiIds"]["us-east-2"], second["amiIds"]["us-east-2"]]
    assert len(built.ec2.describe_images(ImageIds=ids)["Images"]) == 2

    # A build that fails is told with Image Builder's reason, and the image there is stays.
    project.edit("eks-gpu", "size_gib: 100", "size_gib: 12")
    failed = stack.engine().up()
    assert failed.exit_code != 0
    assert any("smaller than snapshot" in d.message for d in failed.diagnostics), [
        d.message for d in failed.diagnostics
    ]
    project.edit("eks-gpu", "size_gib: 12", "size_gib: 101")
    assert stack.up().outputs["images"]["eks-gpu"]["recipeHash"] not in (first["recipeHash"], second["recipeHash"])

    assert stack.engine().destroy().exit_code == 0
    assert built.client.list_image_build_versions()["imageSummaryList"] == []
    assert len(built.ec2.describe_images(ImageIds=ids)["Images"]) == 2
