"""`herd image plan`: what would be built, and why."""

import json
import time

import pytest

from components.base.problems import InvalidInputError
from components.images.hashing import recipe_hash
from components.images.load import load_recipe
from herd.release.files import write_lock


def rows(result):
    assert result.exit_code == 0, result.output or result.exception
    return {row["recipe"]: row for row in json.loads(result.stdout)["images"]}


def plan(project, *arguments):
    return rows(project.herd("plan", "dev", "--json", *arguments))["eks-gpu"]


def lock(project, **changes):
    """A lock that holds the recipe as it is now, or changed."""
    loaded = load_recipe(project.root, "eks-gpu")
    ami = {
        "resolved_from": "aws",
        "architecture": "x86_64",
        "ids": {"us-east-2": "ami-0123456789abcdef0"},
        "provenance": "recipe",
        "recipe_hash": recipe_hash(loaded, "us-east-2"),
        "bill_of_materials": loaded.bill_of_materials,
        **changes,
    }
    path = write_lock(project.root / "stacks/releases", "golden", {"format": 1, "amis": {"eks-gpu": ami}})
    return path.name.removesuffix(".lock.yaml")


def test_without_a_lock_and_without_aws_an_image_is_new(project):
    row = plan(project)
    assert row["verdict"] == "build"
    assert row["reasons"] == ["no lock and no build known here has an image of this name: it is new"]
    assert row["unresolved"] == ["the parent's id in us-east-2"]
    assert row["recipe_hash"] == recipe_hash(load_recipe(project.root, "eks-gpu"), "us-east-2")


def test_a_lock_that_holds_the_recipe_says_that_nothing_is_to_be_built(project):
    name = lock(project)
    row = plan(project)
    assert (row["verdict"], row["locks"], row["reasons"]) == ("nothing", [name], [f"{name} holds this recipe"])


def test_a_lock_tells_which_versions_changed(project):
    name = lock(project)
    project.edit("eks-gpu", "580.159.03", "580.173.02")
    row = plan(project)
    assert row["verdict"] == "build"
    assert row["reasons"][0].startswith(f"compared with {name} (")
    assert row["reasons"][1:] == ["driver 580.159.03 -> 580.173.02"]


def test_a_lock_cannot_tell_which_step_changed(project):
    lock(project)
    project.edit("eks-gpu", "vm.dirty_ratio: 5", "vm.dirty_ratio: 10")
    assert plan(project)["reasons"][1].startswith("the bill of materials is the same")


def test_the_stacks_own_lock_is_compared_with_first(project):
    lock(project, recipe_hash="0" * 64, bill_of_materials={"driver": "1.0"})
    own = lock(project, recipe_hash="1" * 64, bill_of_materials={"driver": "2.0"})
    project.stack(release=own)
    reasons = plan(project)["reasons"]
    assert reasons[0].startswith(f"compared with {own}")
    assert "driver 2.0 -> 580.159.03" in reasons
    assert "kernel 6.12.94-123.180.amzn2023 is new" in reasons


def test_image_builder_knows_parts(project, built):
    arn = built.build()
    assert plan(project)["verdict"] == "nothing"
    assert plan(project)["image_arn"] == arn

    project.edit("eks-gpu", "vm.dirty_ratio: 5", "vm.dirty_ratio: 10")
    row = plan(project)
    assert (row["verdict"], row["reasons"]) == ("build", [f"compared with {arn}", "part memory changed"])

    project.edit("eks-gpu", "580.159.03", "580.173.02")
    assert plan(project)["reasons"][1:] == [
        "driver 580.159.03 -> 580.173.02",
        "part memory changed",
        "part bill changed",
    ]


def test_a_build_that_people_started_is_known_by_its_recipe(project, built):
    arn = built.build(by_hand=True)
    assert plan(project)["image_arn"] == arn


def test_a_failed_build_says_why_and_would_be_built_again(project, built):
    failing = {"name": "failing", "instanceProfileName": "builds", "instanceTypes": ["g5g.xlarge"]}
    machines = built.client.create_infrastructure_configuration(**failing)["infrastructureConfigurationArn"]
    arn = built.build(infrastructureConfigurationArn=machines)
    row = plan(project)
    assert row["verdict"] == "build"
    assert row["reasons"][0].startswith(f"{arn} failed: Error launching instance: the architecture 'arm64'")


def test_by_hand_somebody_has_to_start_it(project):
    project.stack(images={"recipes": {"eks-gpu": {"instanceTypes": ["g6.xlarge"], "build": "by-hand"}}})
    assert plan(project)["verdict"] == "by-hand"
    assert "built once somebody starts its pipeline" in project.herd("plan", "dev").stdout


def test_exit_codes(project):
    assert project.herd("plan", "dev").exit_code == 0
    assert project.herd("plan", "dev", "--exit-code").exit_code == 1
    lock(project)
    assert project.herd("plan", "dev", "--exit-code").exit_code == 0


def test_for_people_it_says_what_it_was_compared_with(project, built):
    said = project.herd("plan", "dev", "--no-aws").stdout
    assert "built by the next `pulumi up`" in said
    assert "a real run refuses it without the parent's id in us-east-2" in said
    assert said.endswith("Image Builder was not asked: compared with the locks alone\n")
    built.build()
    said = project.herd("plan", "dev").stdout
    assert "nothing to build" in said
    assert "not asked" not in said
    assert "us-east-2  ami-" in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"images": {"recipes": {"eks-gpu": {"instanceType": "g6.xlarge"}}}}, "did you mean 'instanceTypes'?"),
        ({"images": {"recipes": {"eks-gp": {"instanceTypes": ["g6.xlarge"]}}}}, "did you mean 'eks-gpu'?"),
        ({"images": {"recipes": {}}}, "at least 1 item"),
    ],
)
def test_bad_settings_are_told_with_their_place(project, changes, words):
    project.stack(**changes)
    result = project.herd("plan", "dev")
    assert isinstance(result.exception, InvalidInputError)
    assert words in str(result.exception)
    assert all(problem.file.startswith("stacks/") for problem in result.exception.problems)


@pytest.mark.parametrize("declared", ["", "config:\n  images: {type: object, default: {}}\n"])
def test_a_stack_without_images_is_told_where_to_write_them(project, declared):
    with (project.root / "Pulumi.yaml").open("a") as out:
        out.write(declared)
    text = (project.root / "stacks/Pulumi.dev.yaml").read_text()
    (project.root / "stacks/Pulumi.dev.yaml").write_text(text[: text.index("  herd:images")])
    assert "this stack builds no images" in str(project.herd("plan", "dev").exception)


def test_credentials_of_another_account_are_refused(project, built):
    project.stack(account="999988887777")
    assert "are of account 111122223333, the stack's is 999988887777" in str(project.herd("plan", "dev").exception)


def test_offline_it_takes_less_than_a_second(project):
    project.herd("plan", "dev")
    begun = time.process_time()
    project.herd("plan", "dev")
    assert time.process_time() - begun < 1
