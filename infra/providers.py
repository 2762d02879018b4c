"""The AWS providers: explicit, tied to one account, tagging everything they make."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws

from components.base.context import StackContext


@dataclass(frozen=True)
class Providers:
    """The providers of a stack.

    Attributes:
        main: The stack's region.
        replica: The second region; None for a stack without one.
    """

    main: aws.Provider
    replica: aws.Provider | None


def make_providers(context: StackContext, replica_region: str | None) -> Providers:
    """Register one provider a region. Neither works with the credentials of another account."""
    return Providers(
        main=_provider("aws", context, context.region),
        replica=_provider("aws-replica", context, replica_region) if replica_region else None,
    )


def _provider(name: str, context: StackContext, region: str) -> aws.Provider:
    return aws.Provider(
        name,
        region=region,
        allowed_account_ids=[context.account],
        default_tags=aws.ProviderDefaultTagsArgs(tags=context.tags),
    )
