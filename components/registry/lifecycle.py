"""ECR lifecycle policies that never expire a release, and an evaluator of ECR's rules that proves it.

The evaluator follows the ECR User Guide, "Lifecycle policies" (evaluation rules and properties).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from components.registry.fields import RELEASE_TAGS
from components.registry.spec import Retention
from components.registry.wildcard import matches

# A century: ECR has no rule that keeps, only rules that expire late; one with a lower number shields from the others.
NEVER_DAYS: Final = 36_500
MAX_WILDCARDS: Final = 4


def lifecycle_policy(retention: Retention | None) -> str:
    """The lifecycle policy of a repository as canonical JSON.

    Args:
        retention: What may expire, and when; None for a repository that keeps everything.
    """
    if retention is None:
        return _document([_rule(1, "Released digests never expire", {"tagStatus": "any"}, days=NEVER_DAYS)])
    # An image matched by a rule can't be expired by a rule with a higher number, whatever other tags it carries.
    rules = [_rule(1, "Releases never expire", _tagged(RELEASE_TAGS), days=NEVER_DAYS)]
    for number, row in enumerate(retention.tags, start=2):
        what = f"{row.pattern}: {f'{row.days} days' if row.days else f'the newest {row.keep}'}"
        rules.append(_rule(number, what, _tagged(row.pattern), days=row.days, keep=row.keep))
    what = f"Untagged: {retention.untagged_days} days"
    rules.append(_rule(len(rules) + 1, what, {"tagStatus": "untagged"}, days=retention.untagged_days))
    return _document(rules)


def cache_policy(expire_days: int) -> str:
    """The lifecycle policy of cached repositories: an image that is still wanted is fetched again."""
    return _document([_rule(1, f"Cached images: {expire_days} days", {"tagStatus": "any"}, days=expire_days)])


@dataclass(frozen=True)
class StoredImage:
    """An image as a lifecycle policy sees it.

    Attributes:
        digest: Its digest.
        tags: Its tags.
        age_days: Days since it was pushed.
        children: Digests that it lists, if it is an index of several platforms.
    """

    digest: str
    tags: frozenset[str]
    age_days: float
    children: frozenset[str] = field(default=frozenset())


def expired(policy: str, images: Iterable[StoredImage]) -> dict[str, int]:
    """Which images a policy expires: digest to the priority of the rule that does.

    Raises:
        ValueError: ECR would refuse the policy.
    """
    images = tuple(images)
    rules = sorted(_checked(json.loads(policy)), key=lambda rule: int(rule["rulePriority"]))
    listed = {child for image in images for child in image.children}
    shielded: set[str] = set()
    gone: dict[str, int] = {}
    for rule in rules:
        selection = rule["selection"]
        chosen = [image for image in images if _selects(selection, image)]
        for image in _too_many_or_old(selection, chosen):
            # An image that an index lists can't expire before the index is gone.
            if image.digest not in shielded | listed:
                gone[image.digest] = int(rule["rulePriority"])
        shielded |= {image.digest for image in chosen}
    return gone


def _selects(selection: Mapping[str, Any], image: StoredImage) -> bool:
    match selection["tagStatus"]:
        case "any":
            return True
        case "untagged":
            return not image.tags
        case _:
            patterns = [*selection.get("tagPatternList", ()), *(f"{p}*" for p in selection.get("tagPrefixList", ()))]
            return all(any(matches(pattern, tag) for tag in image.tags) for pattern in patterns)


def _too_many_or_old(selection: Mapping[str, Any], images: list[StoredImage]) -> list[StoredImage]:
    number = int(selection["countNumber"])
    if selection["countType"] == "imageCountMoreThan":
        return sorted(images, key=lambda image: (image.age_days, image.digest))[number:]
    return [image for image in images if image.age_days > number]


def _checked(policy: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = list(policy["rules"])
    priorities = [int(rule["rulePriority"]) for rule in rules]
    if len(set(priorities)) < len(priorities) or min(priorities) < 1:
        raise ValueError("every rule needs a priority of its own, from 1")
    for rule in rules:
        _check_selection(rule["selection"], last=rule["rulePriority"] == max(priorities))
    if sum(rule["selection"]["tagStatus"] == "untagged" for rule in rules) > 1:
        raise ValueError("only one rule may select untagged images")
    return rules


def _check_selection(selection: Mapping[str, Any], *, last: bool) -> None:
    patterns = [*selection.get("tagPatternList", ()), *selection.get("tagPrefixList", ())]
    if (selection["tagStatus"] == "tagged") != bool(patterns):
        raise ValueError("tag patterns go with tagged images, and only with those")
    if selection["tagStatus"] == "any" and not last:
        raise ValueError("a rule for any image must come last")
    if any(pattern.count("*") > MAX_WILDCARDS for pattern in patterns):
        raise ValueError(f"a tag pattern has at most {MAX_WILDCARDS} wildcards")
    if (selection["countType"] == "sinceImagePushed") != ("countUnit" in selection) or int(
        selection["countNumber"]
    ) < 1:
        raise ValueError("a rule counts images, or days since the push: at least one")


def _tagged(pattern: str) -> dict[str, Any]:
    # Several patterns in one rule mean «all of them», so each gets a rule of its own.
    return {"tagStatus": "tagged", "tagPatternList": [pattern]}


def _rule(
    priority: int, description: str, selection: dict[str, Any], *, days: int | None = None, keep: int | None = None
) -> dict[str, Any]:
    count = (
        {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
        if days is not None
        else {"countType": "imageCountMoreThan", "countNumber": keep}
    )
    return {
        "rulePriority": priority,
        "description": description,
        "selection": {**selection, **count},
        "action": {"type": "expire"},
    }


def _document(rules: list[dict[str, Any]]) -> str:
    return json.dumps({"rules": rules}, separators=(",", ":"))
