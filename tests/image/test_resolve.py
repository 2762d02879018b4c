"""`herd image resolve` and a rehearsal's recipes: parents and checksums, looked up where they live."""

import hashlib
import json

import pytest

from components.base.problems import InvalidInputError
from components.images.load import load_recipe, recipe_path
from components.release.spec import Origin
from herd.cloud import seed
from herd.image.rehearsed import rehearsed_images
from herd.image.resolve import look_up, write
from herd.release.registries import LookupFailedError

AMI, OTHER = "ami-0123456789abcdef0", "ami-0fedcba9876543210"


class Answers:
    """A look-up with what a test says."""

    def __init__(self, parents=None, checksum="0" * 64, origin=Origin.AWS):
        self.parents, self.sum, self.origin, self.asked = parents or {}, checksum, origin, []

    def parent(self, source, region):
        self.asked.append((str(source), region))
        if region not in self.parents:
            raise LookupFailedError(f"{source} in {region}: ParameterNotFound")
        return self.parents[region], self.origin

    def checksum(self, url):
        self.asked.append(url)
        return self.sum


BOTH = {"us-east-2": AMI, "us-west-2": OTHER}


def comments(path):
    return [line.partition("# ")[2] for line in path.read_text().splitlines() if "# " in line]


def test_values_go_into_the_recipe_and_comments_stay(project):
    loaded = load_recipe(project.root, "slurm-gpu")
    before = comments(recipe_path(project.root, "slurm-gpu"))
    found = look_up(loaded, Answers(BOTH, checksum="ab" * 32), Origin.AWS)
    path = write(project.root, "slurm-gpu", found)
    again = load_recipe(project.root, "slurm-gpu").recipe
    assert (again.parent.ids, again.parent.resolved_from) == (BOTH, Origin.AWS)
    assert next(step.sha256 for _, step in again.downloads()) == "ab" * 32
    assert [what for _, what in again.unresolved("us-west-2")] == [
        "the kernel that the parent brings",
        "the slurm that the parent brings",
    ]
    assert comments(path) == before


def test_what_was_read_on_aws_stays_there(project):
    write(project.root, "eks-gpu", look_up(load_recipe(project.root, "eks-gpu"), Answers(BOTH), Origin.AWS))
    loaded = load_recipe(project.root, "eks-gpu")
    assert look_up(loaded, Answers({}), Origin.AWS) == []
    there = look_up(loaded, Answers(BOTH, origin=Origin.STAND_IN), Origin.STAND_IN, ["us-east-2"])
    assert [item.path for item in there] == [("parent", "ids", "us-east-2")]


def test_all_that_cannot_be_read_is_told_at_once(project):
    with pytest.raises(InvalidInputError) as caught:
        look_up(load_recipe(project.root, "eks-gpu"), Answers({}), Origin.AWS)
    assert [problem.field for problem in caught.value.problems] == ["parent.ids.us-east-2", "parent.ids.us-west-2"]
    assert "ParameterNotFound" in str(caught.value)


def test_on_a_stand_in_a_copy_is_written(project, cloud):
    cloud.reset()
    project.use(cloud)
    for region in ("us-east-2", "us-west-2"):
        image = {"id": AMI, "architecture": "x86_64", "name": "vendor-1.0"}
        seed.images(cloud.endpoint, "111122223333", region, [image])
    project.edit(
        "slurm-gpu",
        "owner: amazon, name: aws-parallelcluster-3.16.1-amzn2023-hvm-x86_64-*",
        'owner: "111122223333", name: vendor-*',
    )
    result = project.herd("resolve", "slurm-gpu", "--json")
    said = json.loads(result.stdout)
    assert said["recipe"] == ".herd/recipes/slurm-gpu.recipe.yaml"
    assert {value["from"] for value in said["values"]} == {"stand-in"}
    assert load_recipe(project.root, said["recipe"]).recipe.parent.ids == {"us-east-2": AMI, "us-west-2": AMI}
    assert load_recipe(project.root, "slurm-gpu").recipe.parent.resolved_from is None


def test_a_name_of_several_images_is_refused(project, cloud):
    cloud.reset()
    project.use(cloud)
    for number in (0, 1):
        image = {"id": f"ami-0123456789abcdef{number}", "architecture": "x86_64", "name": f"vendor-{number}"}
        seed.images(cloud.endpoint, "111122223333", "us-east-2", [image])
    project.edit(
        "slurm-gpu",
        "owner: amazon, name: aws-parallelcluster-3.16.1-amzn2023-hvm-x86_64-*",
        'owner: "111122223333", name: vendor-*',
    )
    said = str(project.herd("resolve", "slurm-gpu").exception)
    assert "one image wanted, found vendor-0, vendor-1: write its whole name" in said


def test_a_name_of_no_image_is_refused(project, cloud):
    project.use(cloud)
    said = str(project.herd("resolve", "slurm-gpu").exception)
    assert "one image wanted, found none: is it published there?" in said


def test_a_checksum_is_of_what_is_there(project, monkeypatch):
    from herd.image import resolve

    class Body:
        def __init__(self):
            self.chunks = [b"abc", b"def", b""]

        def read(self, _):
            return self.chunks.pop(0)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(resolve.urllib.request, "urlopen", lambda *_, **__: Body())
    found = resolve.LiveParents(None).checksum("https://example.com/x")
    assert found == hashlib.sha256(b"abcdef").hexdigest()


def test_a_rehearsal_gets_parents_that_its_cloud_has(project, cloud, tmp_path):
    project.stack(
        images={"recipes": {"slurm-gpu": {"instanceTypes": ["g6.xlarge"], "build": "by-hand"}}, "scan": False}
    )
    planted = []
    folder = tmp_path / "scratch"
    folder.mkdir()
    setting, said = rehearsed_images(
        project.root, "dev", lambda *_: None, folder, lambda region, items: planted.append((region, items))
    )
    assert setting["scan"] is False
    assert setting["recipes"]["slurm-gpu"]["build"] == "by-hand"
    recipe = load_recipe(project.root, setting["recipes"]["slurm-gpu"]["file"], "slurm-gpu")
    ((region, (image,)),) = planted
    assert recipe.recipe.parent.ids["us-east-2"] == image["id"]
    assert recipe.recipe.parent.ids["us-west-2"] == "unresolved"
    assert (region, image["architecture"], image["root_device"]) == ("us-east-2", "x86_64", "/dev/xvda")
    assert said == (f"recipe slurm-gpu: parent.ids.us-east-2 {image['id']}",)
    # The repository's own recipe is as it was.
    assert load_recipe(project.root, "slurm-gpu").recipe.parent.resolved_from is None


def test_list_and_show(project):
    listed = json.loads(project.herd("list", "--json").stdout)
    assert [row["recipe"] for row in listed] == ["eks-gpu", "slurm-gpu"]
    assert "unresolved: the kernel that the parent brings" in project.herd("list").stdout
    shown = json.loads(project.herd("show", "eks-gpu", "--documents", "--json").stdout)
    assert list(shown["documents"]) == ["kernel", "memory", "gpu", "bill"]
    said = project.herd("show", "slurm-gpu", "--documents").stdout
    assert "efa 1.48.0  installed" in said
    assert "action: WebDownload" in said
    assert "did you mean 'eks-gpu'" in str(project.herd("show", "eks-gp").exception)
