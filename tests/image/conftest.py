"""A project with a stack that builds images, and a stand-in cloud where they can be built."""

from __future__ import annotations

import copy
import os
import shutil
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from components.images import derive
from components.images.load import load_recipe
from herd.cli.main import app
from herd.cloud import CloudServer
from herd.image.stack import load_images
from herd.release import lookup

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "111122223333", "us-east-2"
STACK = {
    "herd:environment": "dev",
    "herd:account": ACCOUNT,
    "herd:region": REGION,
    "herd:images": {"recipes": {"eks-gpu": {"instanceTypes": ["g6.xlarge"]}}},
}


KEPT: dict[str, object] = {}


class Project:
    """A project in a folder of its own, and `herd image` in it."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self._patch = root, monkeypatch
        (root / "Pulumi.yaml").write_text("name: herd\nruntime: python\nmain: infra/\nstackConfigDir: stacks\n")
        (root / "infra").mkdir()
        shutil.copytree(ROOT / "stacks" / "recipes", root / "stacks" / "recipes")
        (root / "stacks" / "releases").mkdir()
        self.stack()
        monkeypatch.chdir(root)
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)

    def stack(self, **changes: object) -> None:
        """Write the stack file, with settings changed."""
        config = {**copy.deepcopy(STACK), **{f"herd:{key}": value for key, value in changes.items()}}
        with (self.root / "stacks" / "Pulumi.dev.yaml").open("w") as out:
            YAML().dump({"config": config}, out)

    def edit(self, recipe: str, old: str, new: str) -> None:
        """Change a recipe's text."""
        path = self.root / "stacks" / "recipes" / f"{recipe}.recipe.yaml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def use(self, cloud: CloudServer) -> None:
        """Point the environment at a stand-in."""
        for name, value in cloud.environment(ACCOUNT, REGION).items():
            self._patch.setenv(name, value)
        # Making a client takes a hundred times as long as what it asks.
        clients = cache(lambda service, region: cloud.client(service, ACCOUNT, region))
        self._patch.setattr("herd.release.lookup.sessions", lambda: KEPT.setdefault(cloud.endpoint, clients))

    def herd(self, *arguments: str):
        """Run `herd image ...`; the result with its output."""
        return CliRunner().invoke(app, ["image", *arguments])


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    return Project(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def cloud():
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MOTO_EC2_LOAD_DEFAULT_AMIS", "MOTO_IAM_LOAD_MANAGED_POLICIES"):
            patch.setenv(name, "false")
        with CloudServer(accounts=(ACCOUNT,)) as server:
            yield server


class Built:
    """Builds recipes of a project as its program would, with the calls alone."""

    def __init__(self, project: Project) -> None:
        self.project = project
        clients = lookup.sessions()
        self.client, self.ec2 = clients("imagebuilder", REGION), clients("ec2", REGION)
        given = {"Name": "parent", "Architecture": "x86_64", "RootDeviceName": "/dev/xvda"}
        self.parent = self.ec2.register_image(**given)["ImageId"]
        clients("iam", REGION).create_instance_profile(InstanceProfileName="builds")
        made = self.client.create_infrastructure_configuration(name="machines", instanceProfileName="builds")
        self.machines = made["infrastructureConfigurationArn"]

    def build(self, recipe: str = "eks-gpu", *, by_hand: bool = False, number: int = 0, **given: object) -> str:
        """Build a recipe as it is now; the build's ARN."""
        loaded = load_recipe(self.project.root, recipe)
        context = load_images(self.project.root, "dev")
        assert context.region == REGION
        args = derive.image("images", loaded, _Region())
        step = "{name: a, action: ExecuteBash, inputs: {commands: [a]}}"
        document = f"schemaVersion: 1.0\nphases: [{{name: build, steps: [{step}]}}]"
        made = self.client.create_component(name=args.name, semanticVersion="1.0.0", platform="Linux", data=document)[
            "componentBuildVersionArn"
        ]
        tags = derive.build_tags(args, loaded)
        used = self.client.create_image_recipe(
            name=f"{args.name}-{number}",
            semanticVersion="1.0.0",
            parentImage=self.parent,
            components=[{"componentArn": made}],
            tags=tags,
        )["imageRecipeArn"]
        uses = {"imageRecipeArn": used, "infrastructureConfigurationArn": self.machines, **given}
        return str(self.client.create_image(**uses, **({} if by_hand else {"tags": tags}))["imageBuildVersionArn"])


class _Region:
    """What names are derived from."""

    region = REGION


@pytest.fixture
def built(cloud, project) -> Built:
    cloud.reset()
    project.use(cloud)
    return Built(project)
