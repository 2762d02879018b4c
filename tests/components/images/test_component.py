"""What a stack registers for its images: safe machines, one build a recipe hash, keys that consumers can use."""

import json
from pathlib import Path

import pytest
from pulumi_aws import ec2, iam, imagebuilder, kms, sns, vpc

from components.base.problems import InvalidInputError
from components.images.component import Images
from components.images.hashing import recipe_hash
from components.images.spec import ImagesSpec
from components.storage.buckets.component import Bucket

FULL = {
    "recipes": {"node": {"instanceTypes": ["g5.xlarge"]}},
    "accounts": ["444455556666"],
    "regions": ["eu-central-1"],
}
BY_HAND = {"recipes": {"node": {"instanceTypes": ["g5.xlarge"], "build": "by-hand"}}}
# Every field, another value for it.
FIELDS = {
    "recipes.instanceTypes": {"recipes": {"node": {"instanceTypes": ["g4dn.xlarge"]}}},
    "recipes.build": BY_HAND,
    "recipes.file": {"recipes": {"node": {"instanceTypes": ["g5.xlarge"], "file": "x/other.recipe.yaml"}}},
    "availabilityZone": {"availabilityZone": "eu-west-1b"},
    "accounts": {"accounts": []},
    "regions": {"regions": []},
    "machineRoles": {"machineRoles": ["autoscaling", "spot"]},
    "scan": {"scan": False},
    "testMinutes": {"testMinutes": 90},
    "logDays": {"logDays": 30},
    "keyRotationDays": {"keyRotationDays": 180},
}


def test_every_field_changes_what_a_cloud_is_asked_for(build, effects, spec_fields, load, data):
    assert spec_fields(ImagesSpec) == FIELDS.keys()
    before = effects(build(FULL))
    for field, change in FIELDS.items():
        # A file is read by whoever loads recipes: the spec says which.
        if field == "recipes.file":
            assert ImagesSpec.model_validate({**FULL, **change}).file_of("node") == "x/other.recipe.yaml"
            assert ImagesSpec.model_validate(FULL).file_of("node") == "node"
            continue
        assert effects(build({**FULL, **change})) != before, field


def test_machines_that_build_cannot_be_reached_and_leave_nothing_behind(build):
    made = build().one(imagebuilder.InfrastructureConfiguration).inputs
    assert made["instanceMetadataOptions"] == {"httpTokens": "required", "httpPutResponseHopLimit": 1}
    assert made["terminateInstanceOnFailure"] is True
    assert "keyPair" not in made
    assert made["subnetId"] == "subnet-eu-west-1a"

    recording = build()
    assert recording.of(vpc.SecurityGroupIngressRule) == []
    rule = recording.one(vpc.SecurityGroupEgressRule).inputs
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
    assert recording.one(ec2.SecurityGroup).inputs["description"].endswith("nothing gets in")


def test_the_role_of_machines_that_build_may_do_what_they_need_and_no_more(build):
    policy = json.loads(build().one(iam.RolePolicy, "images").inputs["policy"])
    open_ = [s for s in policy["Statement"] if s["Resource"] == "*"]
    assert [s["Sid"] for s in open_] == ["Agent"]
    actions = {a for s in policy["Statement"] for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}
    assert not any(
        action.endswith("*") or action.startswith(("iam:", "ec2:", "ssm:GetParameter")) for action in actions
    )
    logs = next(s for s in policy["Statement"] if s["Sid"] == "Logs")
    assert logs["Resource"].startswith("${urn:")
    assert logs["Resource"].endswith("/*")
    trust = json.loads(build().one(iam.Role, "images").inputs["assumeRolePolicy"])
    assert trust["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]


def test_names_carry_hashes(build, load):
    digest = recipe_hash(load(), "eu-west-1")
    recording = build()
    assert recording.one(imagebuilder.ImageRecipe).name == f"images-node-{digest[:8]}"
    image = recording.one(imagebuilder.Image)
    assert image.name == f"images-node-{digest[:8]}"
    assert image.inputs["tags"]["recipe-hash"] == digest
    assert image.inputs["tags"]["bill/efa"] == "1.48.0"
    assert {key for key in image.inputs["tags"] if key.startswith("part/")} == {
        "part/parent",
        "part/root",
        "part/system",
        "part/efa",
        "part/bill",
    }
    # Pulumi's suffix stays on: a replaced thing never meets its old name.
    assert all("name" not in r.inputs for r in recording if r.type.startswith("aws:imagebuilder/"))


def test_an_unchanged_recipe_changes_nothing(build, data):
    words = {**data, "description": "other words"}
    kept = (imagebuilder.Component, imagebuilder.ImageRecipe, imagebuilder.Image)
    before, after = build(), build(recipe=words)
    for kind in kept:
        assert [(r.name, r.inputs) for r in before.of(kind)] == [(r.name, r.inputs) for r in after.of(kind)]


def test_a_changed_recipe_makes_new_things_beside_the_old(build, data):
    data["parts"][0]["build"][0]["sha256"] = "1" * 64
    before, after = build(), build(recipe=data)
    for kind in (imagebuilder.ImageRecipe, imagebuilder.Image):
        assert {r.name for r in before.of(kind)}.isdisjoint(r.name for r in after.of(kind))
    old, new = ({r.name for r in each.of(imagebuilder.Component)} for each in (before, after))
    # The bill is the same: its component stays.
    assert {name.rsplit("-", 1)[0] for name in old & new} == {"images-node-bill"}
    # What is no part of the image stays as it is, under its name.
    stay = imagebuilder.InfrastructureConfiguration
    assert before.one(stay).inputs == after.one(stay).inputs


@pytest.mark.parametrize("field", ["testMinutes", "scan"])
def test_settings_of_tests_alone_build_nothing_again(build, field):
    image = build({**FULL, **FIELDS[field]}).one(imagebuilder.Image)
    assert {"imageTestsConfiguration", "imageScanningConfiguration"} <= set(image.options["ignoreChanges"])


def test_a_recipe_runs_its_parts_in_order_and_proves_its_bill_last(build):
    recording = build()
    recipe = recording.one(imagebuilder.ImageRecipe).inputs
    named = [component["componentArn"] for component in recipe["components"]]
    assert [name.partition("::images-node-")[2].split("-")[0] for name in named] == ["efa", "bill"]
    assert recipe["parentImage"] == "ami-0123456789abcdef0"
    (disk,) = recipe["blockDeviceMappings"]
    assert (disk["ebs"]["encrypted"], disk["ebs"]["volumeSize"]) == ("true", 50)
    assert disk["ebs"]["kmsKeyId"] == f"${{{recording.one(kms.Key, 'images').urn}.arn}}"


def test_images_go_encrypted_to_every_region_and_may_be_started_by_every_account(build):
    recording = build(FULL)
    rows = recording.one(imagebuilder.DistributionConfiguration).inputs["distributions"]
    assert [row["region"] for row in rows] == ["eu-west-1", "eu-central-1"]
    keys = [row["amiDistributionConfiguration"]["kmsKeyId"] for row in rows]
    assert keys == [f"${{{recording.one(kms.Key, name).urn}.arn}}" for name in ("images", "images-eu-central-1")]
    for row in rows:
        settings = row["amiDistributionConfiguration"]
        assert settings["launchPermission"] == {"userIds": ["444455556666"]}
        assert "targetAccountIds" not in settings
        assert "{{ imagebuilder:buildDate }}" in settings["name"]
        assert settings["amiTags"]["owner"] == "platform"
    there = recording.one(kms.Key, "images-eu-central-1")
    assert "other" in there.options["provider"]


def test_the_keys_let_consumers_and_their_machines_in(build):
    recording = build(FULL)
    policy = json.loads(recording.one(kms.Key, "images").inputs["policy"])
    sids = {statement["Sid"] for statement in policy["Statement"]}
    assert {"AutoscalingUsesTheKey", "Account444455556666StartsMachines", "Account444455556666PassesOn"} <= sids
    there = json.loads(recording.one(kms.Key, "images-eu-central-1").inputs["policy"])
    assert "ec2.eu-central-1.amazonaws.com" in json.dumps(there)


def test_without_other_accounts_nobody_else_may_start_an_image(build):
    row = build().one(imagebuilder.DistributionConfiguration).inputs["distributions"][0]
    assert "launchPermission" not in row["amiDistributionConfiguration"]


def test_by_hand_there_is_a_pipeline_without_a_schedule_and_no_build(build):
    recording = build(BY_HAND)
    assert recording.of(imagebuilder.Image) == []
    pipeline = recording.one(imagebuilder.ImagePipeline).inputs
    assert "schedule" not in pipeline
    assert pipeline["imageTestsConfiguration"] == {"imageTestsEnabled": True, "timeoutMinutes": 120}
    outputs = recording.outputs[recording.one(Images.token).urn]["images"]["node"]
    assert outputs["imageArn"] is outputs["amiIds"] is None
    # What is built carries no tags of its own: its recipe's tell what it is.
    assert recording.one(imagebuilder.ImageRecipe).inputs["tags"]["recipe-hash"] == outputs["recipeHash"]


def test_a_build_may_take_longer_than_the_provider_would_wait(build):
    assert build().one(imagebuilder.Image).options["customTimeouts"]["create"] in ("6h", "21600s")


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_keys_and_logs_are_protected_in_prod_and_nowhere_else(build, environment):
    kept = {r.type for r in build(environment=environment) if r.options.get("protect")}
    assert (kms.Key.pulumi_type in kept) == (environment == "prod")
    assert not any(name.startswith("aws:imagebuilder/") for name in kept)
    assert bool(kept) == (environment == "prod")


def test_a_preview_registers_the_same_resources(build):
    assert build(FULL, preview=True).identities == build(FULL).identities


def test_children_belong_to_the_component(build):
    recording = build(FULL)
    component = recording.one(Images.token)
    own = [r for r in recording if r.type.startswith("aws:imagebuilder/") or r.type == sns.Topic.pulumi_type]
    assert own
    assert all(r.parent == component.urn for r in own)
    assert recording.one(Bucket.token).parent == component.urn
    assert recording.outputs[component.urn].keys() == {"images", "keyArns", "topicArn"}


# change of the spec, change of the recipe -> words of the problem
ELSEWHERE = {"us-east-1": "unresolved"}
REFUSED = {
    "its own account": ({"accounts": ["111122223333"]}, {}, "is this account"),
    "its own region": ({"regions": ["eu-west-1"]}, {}, "built anyway"),
    "a region without a provider": ({"regions": ["us-west-2"]}, {}, "no provider there"),
    "a zone of elsewhere": ({"availabilityZone": "eu-west-1z"}, {}, "isn't one of the stack's zones"),
    "an unknown machine": ({"recipes": {"node": {"instanceTypes": ["g6.huge"]}}}, {}, "unknown instance type"),
    "another architecture": ({}, {"architecture": "arm64"}, "and the recipe makes an image for arm64"),
    "a machine that isn't there": (
        {"recipes": {"node": {"instanceTypes": ["p6-b200.48xlarge"]}}},
        {},
        "isn't offered in eu-west-1a (euw1-az3)",
    ),
    "a region that the recipe has no parent for": (
        {},
        {
            "parent": {
                "source": {"kind": "parameter", "parameter": "/aws/service/x"},
                "ids": {"us-east-1": "unresolved"},
            }
        },
        "no id in eu-west-1",
    ),
}


@pytest.mark.parametrize(("spec", "recipe", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(build, data, spec, recipe, words):
    with pytest.raises(InvalidInputError) as caught:
        build({**FULL, "regions": [], **spec}, {**data, **recipe})
    assert words in str(caught.value)


def test_the_page_names_every_field(spec_fields):
    page = (Path(__file__).parents[3] / "docs/components/images.md").read_text()
    assert [
        field for field in spec_fields(ImagesSpec) if f"`{field.rpartition('.')[2]}`" not in page.replace("NAME.", "`")
    ] == []
