"""`herd image lock`: what was built becomes what runs."""

import json

import pytest

from components.base.problems import InvalidInputError
from components.images.hashing import recipe_hash
from components.images.load import load_recipe
from components.release.derive import from_stand_in, release_spec
from components.release.load import load_release
from components.release.spec import Origin, RecipeAmi
from herd.image.builds import Build, Built
from herd.image.lock import locked_content
from herd.image.stack import load_images
from herd.release.files import write_lock

VENDOR = {
    "format": 1,
    "amis": {
        "eks-standard": {
            "provenance": "vendor",
            "recipe_hash": None,
            "architecture": "x86_64",
            "source": "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id",
            "ids": {"us-east-2": "unresolved"},
        }
    },
    "versions": {"kubernetes": "1.35"},
}


def test_a_lock_names_what_was_built(project, built):
    arn = built.build()
    result = project.herd("lock", "dev", "--alias", "golden", "--json")
    assert result.exit_code == 0, result.exception
    said = json.loads(result.stdout)
    assert (said["lock"].split("/")[:2], said["from"]) == ([".herd", "releases"], "stand-in")

    release = load_release(project.root, said["lock"])
    ami = release.lock.amis["eks-gpu"]
    loaded = load_recipe(project.root, "eks-gpu")
    assert isinstance(ami, RecipeAmi)
    assert ami.recipe_hash == recipe_hash(loaded, "us-east-2")
    assert ami.bill_of_materials == loaded.bill_of_materials
    shown = built.client.get_image(imageBuildVersionArn=arn)["image"]["outputResources"]["amis"]
    assert ami.ids == {each["region"]: each["image"] for each in shown}
    assert list(from_stand_in(release.lock))
    pin = release_spec(release, "us-east-2").amis["eks-gpu"]
    assert pin.bill_of_materials["driver"] == "580.159.03"


def test_everything_else_stays_as_it_was(project, built):
    built.build()
    path = write_lock(project.root / "stacks/releases", "base", VENDOR)
    project.stack(release=path.name.removesuffix(".lock.yaml"))
    said = json.loads(project.herd("lock", "dev", "--json").stdout)
    assert said["lock"].rpartition("/")[2].startswith("base-")
    content = load_release(project.root, said["lock"]).lock
    assert set(content.amis) == {"eks-standard", "eks-gpu"}
    assert content.versions.kubernetes == "1.35"


def test_the_same_again_is_the_same_lock(project, built):
    built.build()
    names = {project.herd("lock", "dev", "--alias", "golden").stdout.splitlines()[-2] for _ in range(2)}
    assert len(names) == 1


def test_a_newer_build_of_the_same_recipe_is_taken(project, built):
    built.build()
    last = built.build(number=1)
    said = json.loads(project.herd("lock", "dev", "--alias", "golden", "--json").stdout)
    (ami,) = built.client.get_image(imageBuildVersionArn=last)["image"]["outputResources"]["amis"]
    assert said["images"]["eks-gpu"]["ids"] == {"us-east-2": ami["image"]}


def test_what_nobody_looked_up_is_left_out_of_the_bill(project, built):
    project.stack(images={"recipes": {"slurm-gpu": {"instanceTypes": ["g6.xlarge"]}}})
    built.build("slurm-gpu")
    said = json.loads(project.herd("lock", "dev", "--alias", "golden", "--json").stdout)
    bill = said["images"]["slurm-gpu"]["bill_of_materials"]
    assert {"driver", "efa", "pyxis"} <= bill.keys()
    assert not {"kernel", "slurm"} & bill.keys()


def test_without_a_finished_build_nothing_is_written(project, built):
    project.stack(
        images={"recipes": {name: {"instanceTypes": ["g6.xlarge"]} for name in ("eks-gpu", "slurm-gpu")}},
    )
    failing = {"name": "failing", "instanceProfileName": "builds", "instanceTypes": ["g5g.xlarge"]}
    machines = built.client.create_infrastructure_configuration(**failing)["infrastructureConfigurationArn"]
    built.build(infrastructureConfigurationArn=machines)
    result = project.herd("lock", "dev", "--alias", "golden")
    assert isinstance(result.exception, InvalidInputError)
    said = {problem.field: problem.message for problem in result.exception.problems}
    assert "is FAILED: Error launching instance" in said["eks-gpu"]
    assert said["slurm-gpu"].startswith("no build of this recipe (")
    assert not (project.root / ".herd").exists()


@pytest.mark.parametrize("status", ["TESTING", "DISTRIBUTING", "DEPRECATED", "FAILED"])
def test_an_image_that_is_not_available_is_not_taken(project, status):
    images = load_images(project.root, "dev")
    digest = recipe_hash(images.recipes["eks-gpu"], "us-east-2")
    ids = {"us-east-2": "ami-0123456789abcdef0"}
    one = Build("eks-gpu", digest, "arn:one", status, "", "2026-01-01", ids, {}, {})
    with pytest.raises(InvalidInputError, match=f"arn:one is {status}"):
        locked_content(images, Built((one,), Origin.AWS), None)


def test_only_what_is_asked_for(project, built):
    project.stack(
        images={"recipes": {name: {"instanceTypes": ["g6.xlarge"]} for name in ("eks-gpu", "slurm-gpu")}},
    )
    built.build()
    assert project.herd("lock", "dev", "--alias", "golden", "--only", "eks-gpu").exit_code == 0
    assert "known here: eks-gpu, slurm-gpu" in str(
        project.herd("lock", "dev", "--alias", "x", "--only", "eks").exception
    )


@pytest.mark.parametrize("arguments", [(), ("--from", "nothing")])
def test_a_lock_needs_something_to_start_from(project, built, arguments):
    built.build()
    assert isinstance(project.herd("lock", "dev", *arguments).exception, InvalidInputError)


def test_without_credentials_it_says_so(project):
    said = str(project.herd("lock", "dev", "--alias", "golden").exception)
    assert "sign in to AWS" in said
