"""Golden images: registers what was derived, and hands out the AMIs' ids once they are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi_aws import imagebuilder

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.base.problems import InvalidInputError, Problem
from components.base.validation import dotted
from components.images import derive
from components.images.checks import check
from components.images.load import LoadedRecipe
from components.images.machines import BuildNetwork, Machines, make_machines
from components.images.spec import BuildSpec, ImagesSpec
from components.keys.component import Key

BUILD_TIMEOUT = "6h"
"""A build, its tests and encrypted copies in other regions; the provider alone would give up after one hour."""


@dataclass(frozen=True)
class BuiltImage:
    """One image.

    Attributes:
        recipe_hash: The recipe it is built from; plain.
        recipe_arn: Image Builder's recipe.
        image_arn: The build; None where people start it.
        ami_ids: Region to AMI id; None where people start the build, since the stack doesn't wait for it.
    """

    recipe_hash: str
    recipe_arn: pulumi.Output[str]
    image_arn: pulumi.Output[str] | None
    ami_ids: pulumi.Output[dict[str, str]] | None

    def wire(self) -> dict[str, Any]:
        """The image as outputs."""
        found = {"recipeHash": self.recipe_hash, "recipeArn": self.recipe_arn}
        return {**found, "imageArn": self.image_arn, "amiIds": self.ami_ids}


class Images(HerdComponent):
    """The images of a stack: each built once a recipe hash, encrypted, tested, copied and machines.

    Deleting one of these resources deletes no AMI: a lock may name it. AMIs go by hand, once no lock does.

    Attributes:
        images: The images by recipe.
        key_arns: The keys that AMIs are encrypted with, by region.
        topic_arn: Where Image Builder tells how builds end.
    """

    token: ClassVar[str] = "herd:images:Images"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ImagesSpec,
        context: StackContext,
        *,
        recipes: Mapping[str, LoadedRecipe],
        network: BuildNetwork,
        log_key_arn: pulumi.Output[str],
        zone_ids: Mapping[str, str] | None = None,
        elsewhere: Mapping[str, pulumi.ProviderResource] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the images.

        Args:
            name: Prefix of its resources' names.
            spec: What is asked for.
            context: The stack.
            recipes: The recipes of the spec, by name.
            network: Where the machines that build stand.
            log_key_arn: A key that the account may use through S3, for the logs of builds.
            zone_ids: Zone ids by zone name, where the account's differ from the catalogue's.
            elsewhere: Providers of other regions, by region.
            opts: With the AWS provider of the stack's region.

        Raises:
            InvalidInputError: The spec doesn't fit the stack or the recipes.
        """
        providers = dict(elsewhere or {})
        unfit = [
            Problem("", 0, dotted(("images", *path)), text, fix)
            for path, text, fix in check(spec, recipes, context, regions=providers, zone_ids=zone_ids)
        ]
        if found := [*spec.problems(context), *unfit]:
            raise InvalidInputError(found)
        super().__init__(name, spec, context, opts=opts)
        self._name, self._spec = name, spec
        self.key_arns: dict[str, pulumi.Output[str]] = self._keys(providers)
        machines = make_machines(
            self, name, spec, network=network, key_arn=self.key_arns[context.region], log_key_arn=log_key_arn
        )
        self.topic_arn: pulumi.Output[str] = machines.topic_arn
        self.images: dict[str, BuiltImage] = {
            recipe: self._image(build, recipes[recipe], machines) for recipe, build in spec.recipes.items()
        }
        self.register_outputs(
            {
                "images": {recipe: image.wire() for recipe, image in self.images.items()},
                "keyArns": self.key_arns,
                "topicArn": self.topic_arn,
            }
        )

    def _keys(self, providers: Mapping[str, pulumi.ProviderResource]) -> dict[str, pulumi.Output[str]]:
        here = Key(self._name, derive.image_key(self._spec, self.context), self.context, opts=self.child())
        keys = {self.context.region: here.arn}
        for region in self._spec.regions:
            there = self.context.model_copy(update={"region": region, "availability_zones": ()})
            opts = self.child(provider=providers[region])
            keys[region] = Key(f"{self._name}-{region}", derive.image_key(self._spec, there), there, opts=opts).arn
        return keys

    def _image(self, build: BuildSpec, loaded: LoadedRecipe, machines: Machines) -> BuiltImage:
        args = derive.image(self._name, loaded, self.context)
        recipe = self._recipe(args, loaded)
        infrastructure = imagebuilder.InfrastructureConfiguration(
            args.stem,
            description=loaded.recipe.description,
            instance_profile_name=machines.profile,
            instance_types=list(build.instance_types),
            subnet_id=machines.subnet_id,
            security_group_ids=[machines.group_id],
            instance_metadata_options=imagebuilder.InfrastructureConfigurationInstanceMetadataOptionsArgs(
                http_tokens="required", http_put_response_hop_limit=1
            ),
            terminate_instance_on_failure=True,
            sns_topic_arn=machines.topic_arn,
            logging=imagebuilder.InfrastructureConfigurationLoggingArgs(
                s3_logs=imagebuilder.InfrastructureConfigurationLoggingS3LogsArgs(
                    s3_bucket_name=machines.bucket.facts.name, s3_key_prefix=args.recipe
                )
            ),
            resource_tags=derive.machine_tags(args, self.context),
            opts=self.child(depends_on=machines.ready),
        )
        distribution = self._distribution(args, loaded)
        tests = {"image_tests_enabled": True, "timeout_minutes": self._spec.test_minutes}
        scanning = {"image_scanning_enabled": self._spec.scan}
        if build.build == "by-hand":
            imagebuilder.ImagePipeline(
                args.stem,
                description=loaded.recipe.description,
                image_recipe_arn=recipe.arn,
                infrastructure_configuration_arn=infrastructure.arn,
                distribution_configuration_arn=distribution.arn,
                image_tests_configuration=imagebuilder.ImagePipelineImageTestsConfigurationArgs(**tests),
                image_scanning_configuration=imagebuilder.ImagePipelineImageScanningConfigurationArgs(**scanning),
                enhanced_image_metadata_enabled=True,
                status="ENABLED",
                opts=self.child(),
            )
            return BuiltImage(args.recipe_hash, recipe.arn, None, None)
        # Neither makes another image, and a change of either would build one: it is for the next recipe hash.
        opts = self.child(ignore_changes=["imageTestsConfiguration", "imageScanningConfiguration"])
        opts.custom_timeouts = pulumi.CustomTimeouts(create=BUILD_TIMEOUT)
        image = imagebuilder.Image(
            args.name,
            image_recipe_arn=recipe.arn,
            infrastructure_configuration_arn=infrastructure.arn,
            distribution_configuration_arn=distribution.arn,
            image_tests_configuration=imagebuilder.ImageImageTestsConfigurationArgs(**tests),
            image_scanning_configuration=imagebuilder.ImageImageScanningConfigurationArgs(**scanning),
            enhanced_image_metadata_enabled=True,
            tags=derive.build_tags(args, loaded),
            opts=opts,
        )
        return BuiltImage(args.recipe_hash, recipe.arn, image.arn, image.output_resources.apply(derive.ami_ids))

    def _recipe(self, args: derive.ImageArgs, loaded: LoadedRecipe) -> imagebuilder.ImageRecipe:
        components = [
            imagebuilder.Component(
                row.name,
                platform="Linux",
                version=derive.VERSION,
                description=f"{args.recipe}: {row.part}",
                data=row.document,
                tags={derive.RECIPE_TAG: args.recipe},
                opts=self.child(),
            )
            for row in args.components
        ]
        return imagebuilder.ImageRecipe(
            args.name,
            version=derive.VERSION,
            # The recipe's description may be reworded: here that would replace the recipe and build the image again.
            description=f"{args.recipe} {args.recipe_hash}",
            parent_image=args.parent,
            components=[imagebuilder.ImageRecipeComponentArgs(component_arn=made.arn) for made in components],
            block_device_mappings=[
                imagebuilder.ImageRecipeBlockDeviceMappingArgs(
                    device_name=loaded.recipe.root.device,
                    ebs=imagebuilder.ImageRecipeBlockDeviceMappingEbsArgs(
                        encrypted="true",
                        kms_key_id=self.key_arns[self.context.region],
                        volume_size=loaded.recipe.root.size_gib,
                        volume_type="gp3",
                        delete_on_termination="true",
                    ),
                )
            ],
            # A build that people start carries no tags of its own: its recipe's tell what it is.
            tags=derive.build_tags(args, loaded),
            opts=self.child(),
        )

    def _distribution(self, args: derive.ImageArgs, loaded: LoadedRecipe) -> imagebuilder.DistributionConfiguration:
        launch = None
        if self._spec.accounts:
            launch = imagebuilder.DistributionConfigurationDistributionAmiDistributionConfigurationLaunchPermissionArgs(
                user_ids=list(self._spec.accounts)
            )
        return imagebuilder.DistributionConfiguration(
            args.stem,
            description=loaded.recipe.description,
            distributions=[
                imagebuilder.DistributionConfigurationDistributionArgs(
                    region=region,
                    ami_distribution_configuration=(
                        imagebuilder.DistributionConfigurationDistributionAmiDistributionConfigurationArgs(
                            name=derive.ami_name(args, self.context),
                            description=loaded.recipe.description,
                            ami_tags=derive.ami_tags(args, loaded, self.context),
                            kms_key_id=key,
                            launch_permission=launch,
                        )
                    ),
                )
                for region, key in self.key_arns.items()
            ],
            opts=self.child(),
        )
