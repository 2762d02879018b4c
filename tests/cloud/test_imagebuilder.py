"""Image Builder's stand-in: builds end in AMIs that can be named and started, and AWS's refusals are AWS's."""

import pytest

DOCUMENT = """
name: kernel
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: look
        action: ExecuteBash
        inputs:
          commands: [uname]
"""
DATE = "{{ imagebuilder:buildDate }}"


class Builder:
    """What one image needs, made step by step."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.client = cloud.client("imagebuilder")
        self.ec2 = cloud.client("ec2")

    def component(self, name="kernel", data=DOCUMENT, version="1.0.0", **given):
        given = {"name": name, "semanticVersion": version, "platform": "Linux", "data": data, **given}
        return self.client.create_component(**given)["componentBuildVersionArn"]

    def parent(self, architecture="x86_64"):
        given = {"Name": f"parent-{architecture}", "Architecture": architecture, "RootDeviceName": "/dev/xvda"}
        disks = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20}}]
        return self.ec2.register_image(**given, BlockDeviceMappings=disks)["ImageId"]

    def recipe(self, name="node", parent=None, components=None, **given):
        named = [{"componentArn": each} for each in components or [self.component()]]
        given = {"name": name, "semanticVersion": "1.0.0", "parentImage": parent or self.parent(), **given}
        return self.client.create_image_recipe(components=named, **given)["imageRecipeArn"]

    def profile(self, name="builds"):
        self.cloud.client("iam").create_instance_profile(InstanceProfileName=name)
        return name

    def infrastructure(self, name="machines", **given):
        given = {"name": name, "instanceProfileName": self.profile(), "instanceTypes": ["g5.xlarge"], **given}
        return self.client.create_infrastructure_configuration(**given)["infrastructureConfigurationArn"]

    def distribution(self, *rows, name="everywhere"):
        given = {"name": name, "distributions": list(rows)}
        return self.client.create_distribution_configuration(**given)["distributionConfigurationArn"]

    def image(self, *rows, **given):
        uses = dict(given)
        if "imageRecipeArn" not in uses:
            uses["imageRecipeArn"] = self.recipe()
        if "infrastructureConfigurationArn" not in uses:
            uses["infrastructureConfigurationArn"] = self.infrastructure()
        if rows:
            uses["distributionConfigurationArn"] = self.distribution(*rows)
        made = self.client.create_image(**uses)["imageBuildVersionArn"]
        return self.client.get_image(imageBuildVersionArn=made)["image"]


@pytest.fixture
def builder(cloud):
    return Builder(cloud)


def key(cloud, region):
    return cloud.client("kms", region=region).create_key()["KeyMetadata"]["Arn"]


def row(region, **settings):
    return {"region": region, "amiDistributionConfiguration": {"name": f"node {DATE}", **settings}}


def test_a_build_makes_an_encrypted_tagged_image_in_every_region(cloud, builder):
    keys = {region: key(cloud, region) for region in (cloud.region, "eu-central-1")}
    rows = [row(region, kmsKeyId=each, amiTags={"recipe-hash": "0a"}) for region, each in keys.items()]
    image = builder.image(*rows, tags={"recipe-hash": "0a"})

    assert image["state"] == {"status": "AVAILABLE"}
    assert image["tags"] == {"recipe-hash": "0a"}
    amis = image["outputResources"]["amis"]
    assert [ami["region"] for ami in amis] == list(keys)
    for ami in amis:
        ec2 = cloud.client("ec2", region=ami["region"])
        (shown,) = ec2.describe_images(ImageIds=[ami["image"]])["Images"]
        assert (shown["Architecture"], shown["OwnerId"], shown["Name"]) == ("x86_64", cloud.account, ami["name"])
        (disk,) = shown["BlockDeviceMappings"]
        assert (disk["DeviceName"], disk["Ebs"]["Encrypted"]) == ("/dev/xvda", True)
        assert disk["Ebs"]["KmsKeyId"] == keys[ami["region"]]
        tags = {tag["Key"]: tag["Value"] for tag in shown["Tags"]}
        assert tags == {"CreatedBy": "EC2 Image Builder", "Ec2ImageBuilderArn": image["arn"], "recipe-hash": "0a"}
        assert DATE not in shown["Name"]


def test_the_image_has_its_parents_architecture_and_can_be_started(cloud, builder):
    image = builder.image(
        imageRecipeArn=builder.recipe(parent=builder.parent("arm64"), name="arm"),
        infrastructureConfigurationArn=builder.infrastructure(instanceTypes=["g5g.xlarge"]),
    )
    (ami,) = image["outputResources"]["amis"]
    (shown,) = builder.ec2.describe_images(ImageIds=[ami["image"]])["Images"]
    assert shown["Architecture"] == "arm64"
    _, (subnet,) = cloud.network()
    launch = {"ImageId": ami["image"], "SubnetId": subnet, "MinCount": 1, "MaxCount": 1}
    assert builder.ec2.run_instances(**launch, InstanceType="m7g.large")["Instances"]
    assert cloud.refused(builder.ec2.run_instances, **launch, InstanceType="m7i.large") == "InvalidParameterValue"


def test_launch_permission_shares_one_id_with_other_accounts(cloud, builder):
    image = builder.image(row(cloud.region, launchPermission={"userIds": [cloud.other]}))
    (ami,) = image["outputResources"]["amis"]
    there = cloud.client("ec2", cloud.other).describe_images(ImageIds=[ami["image"]])["Images"]
    assert [shown["OwnerId"] for shown in there] == [cloud.account]


def test_copies_for_other_accounts_need_their_role(cloud, builder):
    failed = builder.image(row(cloud.region, targetAccountIds=[cloud.other]))
    assert failed["state"]["status"] == "FAILED"
    assert "EC2ImageBuilderDistributionCrossAccountRole" in failed["state"]["reason"]

    principal = '{"Service": "imagebuilder.amazonaws.com"}'
    trust = f'{{"Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {principal}}}]}}'
    name = "EC2ImageBuilderDistributionCrossAccountRole"
    cloud.client("iam", cloud.other).create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    again = builder.client.create_image(
        imageRecipeArn=failed["imageRecipe"]["arn"],
        infrastructureConfigurationArn=failed["infrastructureConfiguration"]["arn"],
        distributionConfigurationArn=failed["distributionConfiguration"]["arn"],
    )["imageBuildVersionArn"]
    assert again.endswith("/2")
    (ami,) = builder.client.get_image(imageBuildVersionArn=again)["image"]["outputResources"]["amis"]
    assert ami["accountId"] == cloud.other


# what is asked for -> words of the reason
FAILURES = {
    "a key of another region": (
        lambda b: {"rows": [row(b.cloud.region, kmsKeyId=key(b.cloud, "eu-central-1"))]},
        "the KMS key",
    ),
    "a volume smaller than the parent's": (
        lambda b: {
            "imageRecipeArn": b.recipe(
                name="small", blockDeviceMappings=[{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 10}}]
            )
        },
        "smaller than snapshot",
    ),
    "machines of another architecture": (
        lambda b: {"infrastructureConfigurationArn": b.infrastructure(instanceTypes=["g5g.xlarge"])},
        "does not match the architecture 'x86_64'",
    ),
}


@pytest.mark.parametrize(("asked", "words"), FAILURES.values(), ids=FAILURES)
def test_a_build_that_would_fail_says_why_and_leaves_nothing(builder, asked, words):
    given = asked(builder)
    image = builder.image(*given.pop("rows", ()), **given)
    assert image["state"]["status"] == "FAILED"
    assert words in image["state"]["reason"]
    assert "amis" not in image.get("outputResources", {})


def test_a_request_with_the_same_token_makes_one_thing(builder):
    recipe = builder.recipe(clientToken="recipe", parent=builder.parent(), components=[builder.component()])
    uses = {"imageRecipeArn": recipe, "infrastructureConfigurationArn": builder.infrastructure()}
    arns = {builder.client.create_image(**uses, clientToken="image")["imageBuildVersionArn"] for _ in range(2)}
    assert len(arns) == 1
    assert len(builder.client.list_image_build_versions()["imageSummaryList"]) == 1
    assert {builder.component(name="twice", clientToken="component") for _ in range(2)} == {
        f"arn:aws:imagebuilder:eu-west-1:{builder.cloud.account}:component/twice/1.0.0/1"
    }
    other = {**uses, "clientToken": "image", "tags": {"a": "b"}}
    assert builder.cloud.refused(builder.client.create_image, **other) == "IdempotentParameterMismatchException"


def test_deleting_an_image_leaves_its_amis(builder):
    image = builder.image()
    builder.client.delete_image(imageBuildVersionArn=image["arn"])
    assert (
        builder.cloud.refused(builder.client.get_image, imageBuildVersionArn=image["arn"])
        == "ResourceNotFoundException"
    )
    (ami,) = image["outputResources"]["amis"]
    assert builder.ec2.describe_images(ImageIds=[ami["image"]])["Images"]


def test_what_is_used_is_not_deleted_and_what_is_unused_is(builder):
    client, refused = builder.client, builder.cloud.refused
    component = builder.component()
    recipe = builder.recipe(components=[component])
    machines, places = builder.infrastructure(), builder.distribution(row("eu-west-1"))
    uses = {
        "imageRecipeArn": recipe,
        "infrastructureConfigurationArn": machines,
        "distributionConfigurationArn": places,
    }
    pipeline = client.create_image_pipeline(name="by-hand", **uses)["imagePipelineArn"]
    image = client.create_image(imageRecipeArn=recipe, infrastructureConfigurationArn=machines)["imageBuildVersionArn"]

    used = {
        "component": (client.delete_component, {"componentBuildVersionArn": component}),
        "recipe": (client.delete_image_recipe, {"imageRecipeArn": recipe}),
        "machines": (client.delete_infrastructure_configuration, {"infrastructureConfigurationArn": machines}),
        "places": (client.delete_distribution_configuration, {"distributionConfigurationArn": places}),
    }
    for call, params in used.values():
        assert refused(call, **params) == "ResourceDependencyException"
    client.delete_image_pipeline(imagePipelineArn=pipeline)
    assert refused(client.delete_image_recipe, imageRecipeArn=recipe) == "ResourceDependencyException"
    client.delete_image(imageBuildVersionArn=image)
    for name in ("recipe", "component", "machines", "places"):
        call, params = used[name]
        call(**params)
        assert refused(call, **params) == "ResourceNotFoundException"


def test_a_pipeline_builds_when_it_is_started(builder):
    client = builder.client
    uses = {"imageRecipeArn": builder.recipe(), "infrastructureConfigurationArn": builder.infrastructure()}
    pipeline = client.create_image_pipeline(name="by-hand", **uses)["imagePipelineArn"]
    assert client.list_image_pipeline_images(imagePipelineArn=pipeline)["imageSummaryList"] == []
    started = client.start_image_pipeline_execution(imagePipelineArn=pipeline)["imageBuildVersionArn"]
    (shown,) = client.list_image_pipeline_images(imagePipelineArn=pipeline)["imageSummaryList"]
    assert (shown["arn"], shown["state"]["status"]) == (started, "AVAILABLE")


def test_an_update_replaces_the_whole_configuration(builder):
    machines = builder.infrastructure(description="machines", resourceTags={"a": "b"})
    client = builder.client
    client.update_infrastructure_configuration(infrastructureConfigurationArn=machines, instanceProfileName="builds")
    shown = client.get_infrastructure_configuration(infrastructureConfigurationArn=machines)[
        "infrastructureConfiguration"
    ]
    assert shown["name"] == "machines"
    assert not {"description", "resourceTags", "instanceTypes"} & shown.keys()


def test_the_same_component_version_again_is_another_build(builder):
    arns = [builder.component(), builder.component()]
    assert [arn.rpartition("/")[2] for arn in arns] == ["1", "2"]
    (version,) = builder.client.list_components()["componentVersionList"]
    shown = builder.client.list_component_build_versions(componentVersionArn=version["arn"])["componentSummaryList"]
    assert [each["arn"] for each in shown] == arns


def test_names_that_aws_takes_for_one_are_one(builder):
    builder.distribution(row("eu-west-1"), name="All Images")
    with pytest.raises(builder.client.exceptions.ResourceAlreadyExistsException):
        builder.distribution(row("eu-west-1"), name="all_images")


def test_tags_come_and_go(builder):
    arn, client = builder.component(tags={"owner": "ml"}), builder.client
    client.tag_resource(resourceArn=arn, tags={"team": "a"})
    client.untag_resource(resourceArn=arn, tagKeys=["owner"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "a"}
    nobody = arn.replace("kernel", "nobody")
    assert (
        builder.cloud.refused(client.tag_resource, resourceArn=nobody, tags={"a": "b"}) == "ResourceNotFoundException"
    )


def test_lists_turn_their_pages(builder):
    for number in range(3):
        builder.component(name=f"component-{number}")
    pages = list(builder.client.get_paginator("list_components").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["componentVersionList"]) for page in pages] == [2, 1]


def _twice(builder):
    parent, component = builder.parent(), builder.component()
    for _ in range(2):
        builder.recipe(parent=parent, components=[component])


INVALID = "InvalidParameterValueException"
COMBINATION = "InvalidParameterCombinationException"
# request -> the code AWS refuses it with
REFUSED = {
    "a document that is no YAML": (INVALID, lambda b: b.component(data="phases: [")),
    "a document of another schema": (INVALID, lambda b: b.component(data=DOCUMENT.replace("1.0", "2.0"))),
    "an action there is not": (INVALID, lambda b: b.component(data=DOCUMENT.replace("ExecuteBash", "RunShell"))),
    "a component of nothing": (
        COMBINATION,
        lambda b: b.client.create_component(name="none", semanticVersion="1.0.0", platform="Linux"),
    ),
    "a parent there is not": (INVALID, lambda b: b.recipe(parent="ami-0123456789abcdef0")),
    "a component there is not": (INVALID, lambda b: b.recipe(components=[b.component().replace("kernel", "nobody")])),
    "a component twice": (INVALID, lambda b: b.recipe(components=[b.component(name="one")] * 2)),
    "a recipe's name and version again": ("ResourceAlreadyExistsException", _twice),
    "a profile there is not": (INVALID, lambda b: b.infrastructure(instanceProfileName="nobody")),
    "a subnet without a group": (COMBINATION, lambda b: b.infrastructure(subnetId=b.cloud.network()[1][0])),
    "a subnet there is not": (
        INVALID,
        lambda b: b.infrastructure(subnetId="subnet-0123456789abcdef0", securityGroupIds=["sg-0123456789abcdef0"]),
    ),
    "a machine there is not": (INVALID, lambda b: b.infrastructure(instanceTypes=["g6.huge"])),
    "a topic there is not": (
        INVALID,
        lambda b: b.infrastructure(snsTopicArn=f"arn:aws:sns:eu-west-1:{b.cloud.account}:nobody"),
    ),
    "an AMI's name without a date": (INVALID, lambda b: b.distribution(row("eu-west-1", name="node"))),
    "a region twice": (COMBINATION, lambda b: b.distribution(row("eu-west-1"), row("eu-west-1"))),
    "a region there is not": (INVALID, lambda b: b.distribution(row("eu-west-9"))),
    "an image of no recipe": (
        COMBINATION,
        lambda b: b.client.create_image(infrastructureConfigurationArn=b.infrastructure()),
    ),
    "a scan without tests": (
        COMBINATION,
        lambda b: b.image(
            imageTestsConfiguration={"imageTestsEnabled": False},
            imageScanningConfiguration={"imageScanningEnabled": True},
        ),
    ),
}


@pytest.mark.parametrize(("code", "request_"), REFUSED.values(), ids=REFUSED)
def test_aws_refuses(builder, code, request_):
    assert builder.cloud.refused(request_, builder) == code
