"""A rehearsal's own locks: the stack's releases, and its generations', with every value read from the stand-in."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from components.capacity.spec import Reservations
from components.gpu_cluster.content import content
from components.gpu_cluster.keys import key
from components.gpu_cluster.spec import Pools
from components.release.derive import release_spec
from components.release.load import load_release
from components.release.resolve import Answer
from components.release.spec import UNRESOLVED, Lock, Origin, RecipeAmi
from herd.cloud import seed
from herd.image.rehearsed import rehearsed_images
from herd.release.lookup import Clients, LiveLookup
from herd.release.registries import is_loopback
from herd.release.resolve import Built, resolve
from herd.stackfile import ConfigValue, StackFile, load_stack


class RehearsedLookup(LiveLookup):
    """Reads images of machines from a stand-in cloud, and leaves registries on the internet alone.

    No chart or container image is fetched in a rehearsal: a digest that nobody has read is made up, and said to be.
    """

    def image(self, repository: str, tag: str) -> Answer:
        """The digest of a tag; made up unless the registry is on this machine."""
        host = repository.partition("/")[0]
        return super().image(repository, tag) if is_loopback(host) else _made_up(f"{repository}:{tag}")

    def chart(self, repository: str, chart: str, version: str) -> Answer:
        """The digest of a chart's version; made up unless the repository is on this machine."""
        if is_loopback(urlsplit(repository).netloc):
            return super().chart(repository, chart, version)
        return _made_up(f"{repository}/{chart}:{version}")


def _made_up(reference: str) -> Answer:
    return Answer(f"sha256:{hashlib.sha256(reference.encode()).hexdigest()}", Origin.STAND_IN)


def _planted(clients: Clients) -> Built:
    """Images that were built here, put into the stand-in as if they had been: a rehearsal doesn't wait for builds."""

    def plant(name: str, image: RecipeAmi, region: str) -> str:
        ec2, account = clients("ec2", region), clients("sts", region).get_caller_identity()["Account"]
        id_ = f"ami-{hashlib.sha256(f'{image.recipe_hash} {region}'.encode()).hexdigest()[:17]}"
        item = {"id": id_, "architecture": image.architecture.value, "name": name}
        seed.images(ec2.meta.endpoint_url, account, region, [item])
        return id_

    return plant


def rehearsed_lock(root: Path, release: str, clients: Clients, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Resolve a release against a stand-in and write the lock that the rehearsal runs with.

    Args:
        root: Folder of Pulumi.yaml.
        release: The release as the stack file names it.
        clients: boto3 clients of the stand-in, by service and region.
        folder: Where the lock goes; not in the repository.

    Returns:
        The lock's file, and in words which of its values come from the stand-in.

    Raises:
        InvalidInputError: The lock can't be used, or the stand-in doesn't know a value.
    """
    found = resolve(root, release, RehearsedLookup(clients), Origin.STAND_IN, _planted(clients))
    lock = Lock.model_validate(found.content)
    return found.write(folder), stand_in_values(lock)


def rehearsed_stack(root: Path, stack: str, clients: Clients, folder: Path) -> tuple[StackFile, tuple[str, ...]]:
    """A stack's configuration for a rehearsal: its releases, if it has any, with the stand-in's values.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        clients: boto3 clients of the stand-in, by service and region.
        folder: Where the rehearsal's lock goes; not in the repository.

    Returns:
        The stack, and in words which values come from the stand-in.

    Raises:
        InvalidInputError: The stack file or the lock can't be used, or the stand-in doesn't know a value.
    """
    settings = load_stack(root, stack, fidelity="rehearse")
    own, listed = f"{settings.project}:release", f"{settings.project}:pools"
    config: dict[str, ConfigValue] = dict(settings.config)
    values: list[str] = []
    if config.get(images := f"{settings.project}:images"):
        region, account = settings.regions[0], str(config[f"{settings.project}:account"])
        endpoint = clients("ec2", region).meta.endpoint_url

        def plant(where: str, items: list[dict[str, Any]]) -> None:
            seed.images(endpoint, account, where, items)

        folder.mkdir(parents=True, exist_ok=True)
        config[images], read = rehearsed_images(root, stack, clients, folder, plant)
        values += read
    if not config.get(own):
        return replace(settings, config=config), tuple(values)
    pools: Any = config.get(listed) or {}
    paths: dict[str, Path] = {}
    for name in dict.fromkeys([str(config[own]), *_named(pools)]):
        paths[name], read = rehearsed_lock(root, name, clients, folder)
        values += (value for value in read if value not in values)
    config[own] = str(paths[str(config[own])])
    if pools:
        config[listed] = _rekeyed(root, settings, pools, paths)
    return replace(settings, config=config), tuple(values)


def _named(pools: Mapping[str, Any]) -> Iterator[str]:
    """The releases that generations name."""
    for pool in pools.values():
        for generation in pool.get("generations") or ():
            yield generation["release"]


def _rekeyed(root: Path, settings: StackFile, pools: Mapping[str, Any], paths: Mapping[str, Path]) -> dict[str, Any]:
    """The pools with the rehearsal's locks, and the keys that follow: a stand-in's image has another id than AWS's."""
    region = settings.regions[0]
    reservations = TypeAdapter(Reservations).validate_python(
        settings.config.get(f"{settings.project}:reservations") or {}, by_alias=True
    )
    typed = TypeAdapter(Pools).validate_python(dict(pools), by_alias=True)
    releases = {name: release_spec(load_release(root, str(path)), region) for name, path in paths.items()}
    new: dict[str, Any] = copy.deepcopy(dict(pools))
    for name, pool in typed.items():
        for written, generation in zip(new[name].get("generations") or (), pool.generations, strict=True):
            image = releases[generation.release].amis[generation.node.image]
            made_of = content(name, pool, generation.node, image, reservations)
            written["key"] = key(generation.number, made_of)
            written["release"] = str(paths[generation.release])
    return new


def stand_in_values(lock: Lock) -> tuple[str, ...]:
    """Which values of a lock come from a stand-in, one line a part."""
    return tuple(
        f"{section} {name}: {', '.join(f'{path[-1]} {value}' for path, value in part.values() if value != UNRESOLVED)}"
        for (section, name), part in lock.parts()
        if part.resolved_from is Origin.STAND_IN
    )
