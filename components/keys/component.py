"""A customer managed key with its alias; and the grants that borrow another account's key."""

from __future__ import annotations

from typing import ClassVar

import pulumi
from pulumi_aws import kms

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.keys.derive import alias_name, borrowed_grants, key_policy
from components.keys.spec import BorrowedKeySpec, KeySpec


class Key(HerdComponent):
    """A key that what must not be lost is encrypted with: protected and retained in prod.

    Attributes:
        arn: The key's ARN; depends on the key alone.
        key_id: The key's id.
        alias: The alias, known at once: `alias/PROJECT-STACK-NAME`.
    """

    token: ClassVar[str] = "herd:keys:Key"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: KeySpec,
        context: StackContext,
        *,
        tags: dict[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the key. `name` is also what its alias ends with; `tags` come on top of the provider's."""
        super().__init__(name, spec, context, opts=opts)
        key = kms.Key(
            name,
            description=spec.description,
            policy=key_policy(spec, context),
            enable_key_rotation=True,
            rotation_period_in_days=spec.rotation_days,
            deletion_window_in_days=spec.deletion_window_days,
            tags=tags,
            opts=self.state(),
        )
        self.alias = alias_name(context, name)
        # A fixed name is safe here: a replaced key changes the alias's target in place, never the alias.
        kms.Alias(name, name=self.alias, target_key_id=key.key_id, opts=self.child())
        self.arn: pulumi.Output[str] = key.arn
        self.key_id: pulumi.Output[str] = key.key_id
        self.register_outputs({"arn": self.arn, "keyId": self.key_id, "alias": self.alias})


class BorrowedKey(HerdComponent):
    """Another account's key, made usable for this account's service-linked roles.

    Attributes:
        arn: The key's ARN, once every grant exists: what waits for it can start machines.
    """

    token: ClassVar[str] = "herd:keys:BorrowedKey"  # noqa: S105 - a resource type

    def __init__(
        self, name: str, spec: BorrowedKeySpec, context: StackContext, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Register one grant a role. The roles must exist: AWS makes them at the first launch of their service."""
        super().__init__(name, spec, context, opts=opts)
        grants = [
            kms.Grant(
                f"{name}-{grant.name}",
                key_id=grant.key_arn,
                grantee_principal=grant.grantee,
                operations=grant.operations,
                opts=self.child(),
            )
            for grant in borrowed_grants(spec, context)
        ]
        self.arn: pulumi.Output[str] = pulumi.Output.all(*(grant.grant_id for grant in grants)).apply(
            lambda _: spec.key_arn
        )
        self.register_outputs({"arn": self.arn})
