"""What Image Builder has built: asked in AWS, or in a stand-in for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from components.base.problems import InvalidInputError
from components.images.derive import BILL_TAG, HASH_TAG, PART_TAG, RECIPE_TAG
from components.release.spec import Origin
from herd.release.lookup import Clients, origin

AVAILABLE, FAILED = "AVAILABLE", "FAILED"


@dataclass(frozen=True)
class Build:
    """One build of a recipe.

    Attributes:
        recipe: The recipe's name.
        recipe_hash: The recipe it was built from.
        arn: Image Builder's ARN.
        status: Image Builder's word, such as AVAILABLE, BUILDING or FAILED.
        reason: Why it failed.
        created: When it was begun, as Image Builder writes it.
        ami_ids: Region to AMI id, of the account that built it.
        parts: Short hash of each part.
        bill_of_materials: What is in it.
    """

    recipe: str
    recipe_hash: str
    arn: str
    status: str
    reason: str
    created: str
    ami_ids: Mapping[str, str]
    parts: Mapping[str, str]
    bill_of_materials: Mapping[str, str]


@dataclass(frozen=True)
class Built:
    """All builds of an account and region, the oldest first, and where they were read."""

    builds: tuple[Build, ...]
    origin: Origin

    def of(self, recipe: str) -> list[Build]:
        """The builds of a recipe."""
        return [build for build in self.builds if build.recipe == recipe]


def read_builds(clients: Clients, account: str, region: str) -> Built:
    """Ask Image Builder for the builds that carry a recipe hash.

    Raises:
        InvalidInputError: There are no credentials, they are another account's, or the call fails.
    """
    client = clients("imagebuilder", region)
    _asked(lambda: _account(clients, account, region))
    recipes = _listed(client, "list_image_recipes", "imageRecipeSummaryList")
    images = _listed(client, "list_image_build_versions", "imageSummaryList")
    return Built(tuple(builds(images, recipes, account)), origin(client))


def _listed(client: Any, operation: str, member: str) -> list[Mapping[str, Any]]:
    pages = _asked(lambda: list(client.get_paginator(operation).paginate()))
    return [item for page in pages for item in page[member]]


def builds(images: Iterable[Mapping[str, Any]], recipes: Iterable[Mapping[str, Any]], account: str) -> list[Build]:
    """Builds from Image Builder's summaries, the oldest first; those of no recipe of ours are left out.

    An image has the name and version of its recipe, whose tags stand for those of a build that people started.
    """
    of_recipes = {recipe["arn"].replace(":image-recipe/", ":image/"): recipe.get("tags") or {} for recipe in recipes}
    tagged = [
        (image, {**of_recipes.get(image["arn"].rpartition("/")[0], {}), **(image.get("tags") or {})})
        for image in images
    ]
    found = [_build(image, tags, account) for image, tags in tagged if HASH_TAG in tags]
    return sorted(found, key=lambda build: (build.created, build.arn))


def _build(image: Mapping[str, Any], tags: Mapping[str, str], account: str) -> Build:
    state = image.get("state") or {}
    amis = (image.get("outputResources") or {}).get("amis") or []
    return Build(
        recipe=tags.get(RECIPE_TAG, ""),
        recipe_hash=tags[HASH_TAG],
        arn=image["arn"],
        status=state.get("status", ""),
        reason=state.get("reason", ""),
        created=str(image.get("dateCreated", "")),
        ami_ids={ami["region"]: ami["image"] for ami in amis if ami.get("accountId", account) == account},
        parts=_below(tags, PART_TAG),
        bill_of_materials=_below(tags, BILL_TAG),
    )


def _below(tags: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): value for key, value in tags.items() if key.startswith(prefix)}


def _account(clients: Clients, account: str, region: str) -> None:
    found = clients("sts", region).get_caller_identity()["Account"]
    if account and found != account:
        raise InvalidInputError.one(
            f"these credentials are of account {found}, the stack's is {account}", fix="sign in there"
        )


def _asked(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise InvalidInputError.one(f"{error}", fix="sign in to AWS, or set AWS_ENDPOINT_URL to a stand-in") from None
    except ClientError as error:
        found = error.response["Error"]
        raise InvalidInputError.one(f"Image Builder can't be asked: {found['Code']}: {found['Message']}") from None
    except BotoCoreError as error:
        raise InvalidInputError.one(f"Image Builder can't be asked: {error}") from None
