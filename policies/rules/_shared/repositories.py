"""ECR's repositories, and what makes and cleans them."""

from __future__ import annotations

from typing import Final

from policies.engine.subject import Stack, Subject

REPOSITORY: Final = "aws:ecr/repository:Repository"
TEMPLATE: Final = "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"
CACHE: Final = "aws:ecr/pullThroughCacheRule:PullThroughCacheRule"
LIFECYCLE: Final = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
PUBLIC: Final = "aws:ecrpublic/repository:Repository"
FOR_CACHES: Final = "PULL_THROUGH_CACHE"

RELEASES: Final = (
    "release-2026.3.1",
    "release-1.4.2",
    "release/1.4.2",
    "rel-1.4.2",
    "released",
    "v1.4.2",
    "1.4.2",
    "prod",
    "prod-42",
    "production",
    "promoted-42",
    "stable",
)
"""Tags as people give them to what they release."""


def template_for(prefix: str, stack: Stack) -> Subject | None:
    """The template by which ECR makes the repositories of a cache; None if it makes them by its own defaults.

    Source: ECR User Guide, "Templates to control repositories": the longest prefix wins, ROOT is for all the others.

    Raises:
        UnevaluatedError: A template's prefix or use is unknown.
    """
    covering = [
        (name, template)
        for template in stack.of_type(TEMPLATE)
        if FOR_CACHES in template.props.texts("appliedFors")
        and ((name := template.props.literal("prefix") or "") in ("ROOT", prefix) or prefix.startswith(f"{name}/"))
    ]
    return max(covering, key=lambda found: (found[0] != "ROOT", len(found[0])), default=("", None))[1]
