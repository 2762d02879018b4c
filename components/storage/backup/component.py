"""The backup vault, its lock, the nightly plan, what it selects and the role it works with."""

from __future__ import annotations

from typing import ClassVar

import pulumi
from pulumi_aws import backup, iam

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.storage.backup import derive
from components.storage.backup.spec import BackupSpec


class Backup(HerdComponent):
    """Nightly backups of everything in the stack that is tagged `backup: nightly`.

    Attributes:
        vault_name: The vault.
        vault_arn: Its ARN.
        role_arn: The role of backups and restores.
    """

    token: ClassVar[str] = "herd:storage:Backup"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: BackupSpec,
        context: StackContext,
        *,
        key_arn: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the vault, encrypted with the key, and the plan."""
        super().__init__(name, spec, context, inputs={"keyArn": key_arn}, opts=opts)
        vault = backup.Vault(name, **derive.vault(context), kms_key_arn=key_arn, opts=self.state())
        if (lock := derive.lock(spec)) is not None:
            # Every change replaces the lock under the same id: deleting the old one afterwards would take it off.
            backup.VaultLockConfiguration(
                name, backup_vault_name=vault.name, **lock, opts=self.state(delete_before_replace=True)
            )
        role = iam.Role(name, assume_role_policy=derive.trust_policy(), opts=self.child())
        policies = [
            iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=self.child())
            for key, arn in derive.role_policy_arns(context).items()
        ]
        plan = backup.Plan(name, rules=[{**derive.rule(spec), "target_vault_name": vault.name}], opts=self.child())
        backup.Selection(
            name,
            plan_id=plan.id,
            iam_role_arn=role.arn,
            **derive.selection(context),
            opts=self.child(depends_on=policies),
        )
        self.vault_name: pulumi.Output[str] = vault.name
        self.vault_arn: pulumi.Output[str] = vault.arn
        self.role_arn: pulumi.Output[str] = role.arn
        self.register_outputs({"vaultName": vault.name, "vaultArn": vault.arn, "roleArn": role.arn})
