"""The foundation: what outlives every release. It reads like a table of contents and never reads a lock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.base.context import StackContext
from components.budget.component import Budget
from components.images.component import Images
from components.images.load import LoadedRecipe
from components.images.machines import BuildNetwork
from components.keys.component import Key
from components.keys.spec import KeySpec, ServiceItself
from components.network.component import Network
from components.network.values import Tier
from components.registry.component import Registry, SecondRegion
from components.storage.component import Storage
from components.storage.mounts import StorageNetwork
from infra.providers import Providers
from infra.settings import Settings


@dataclass(frozen=True)
class Foundation:
    """What outlives every release, for what comes with one.

    Attributes:
        network: Subnets and security groups.
        registry: Where images are pulled from.
        storage: Buckets, file systems and the key of volumes.
        operations_key_arn: The key of logs and alerts.
        outputs: The stack's outputs.
    """

    network: Network
    registry: Registry
    storage: Storage
    operations_key_arn: pulumi.Output[str]
    outputs: dict[str, Any]


def build_foundation(
    settings: Settings, recipes: Mapping[str, LoadedRecipe], context: StackContext, providers: Providers
) -> Foundation:
    """Register the foundation."""

    def options() -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[providers.main])

    operations = Key("operations", _operations_key(), context, opts=options())
    network = Network("network", settings.network, context, log_key_arn=operations.arn, opts=options())
    registry = Registry(
        "registry", settings.registry, context, second=_second_region(settings, providers), opts=options()
    )
    storage = Storage("storage", settings.storage, context, network=_for_storage(settings, network), opts=options())
    budget = Budget("budget", settings.budget, context, key_arn=operations.arn, opts=options())
    images = None
    if settings.images is not None:
        images = Images(
            "images",
            settings.images,
            context,
            recipes=recipes,
            network=BuildNetwork(network.vpc_id, network.private_subnet_ids),
            log_key_arn=storage.data_key_arn,
            zone_ids=settings.zone_ids,
            elsewhere=_elsewhere(settings, providers),
            opts=options(),
        )
    outputs = {
        "account": context.account,
        "region": context.region,
        "network": {
            "vpcId": network.vpc_id,
            "privateSubnetIds": network.private_subnet_ids,
            "intraSubnetIds": network.intra_subnet_ids,
            "publicSubnetIds": network.public_subnet_ids,
            "podSubnetIds": network.pod_subnet_ids,
            "securityGroupIds": network.security_group_ids,
        },
        "registry": {"host": registry.host, "mirrorProject": registry.mirror_project},
        "storage": {
            "volumeKeyArn": storage.volume_key_arn,
            "buckets": {name: facts.wire() for name, facts in storage.buckets.items()},
            "lustre": {name: mount.wire() for name, mount in storage.lustre.items()},
            "homes": storage.homes.wire() if storage.homes else None,
        },
        "images": {
            "built": {name: image.wire() for name, image in images.images.items()},
            "keyArns": images.key_arns,
        }
        if images
        else None,
        "alerts": budget.topic_arn,
    }
    return Foundation(network, registry, storage, operations.arn, outputs)


def _operations_key() -> KeySpec:
    return KeySpec(
        description="Logs and alerts of the stack",
        uses=tuple(ServiceItself(service=service) for service in ("logs", "budgets", "costalerts")),
    )


def _for_storage(settings: Settings, network: Network) -> StorageNetwork:
    """File systems stand in subnets without a way out; their clients are in the nodes' and pods' subnets."""
    own = [table for name, table in network.route_table_ids.items() if name.startswith(Tier.PRIVATE)]
    others = settings.network.existing.route_table_ids if settings.network.existing else ()
    return StorageNetwork(
        subnet_ids=network.intra_subnet_ids,
        security_group_ids={concern.value: group for concern, group in network.security_group_ids.items()},
        route_table_ids=own or list(others),
        floating_cidr=str(network.floating_cidr) if network.floating_cidr else None,
    )


def _elsewhere(settings: Settings, providers: Providers) -> dict[str, pulumi.ProviderResource]:
    if settings.replica_region is None or providers.replica is None:
        return {}
    return {settings.replica_region: providers.replica}


def _second_region(settings: Settings, providers: Providers) -> SecondRegion | None:
    if settings.replica_region is None or providers.replica is None:
        return None
    return SecondRegion(settings.replica_region, providers.replica)
