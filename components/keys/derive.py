"""Key policies and grants from a key's uses: pure, and made of plain values only, so that every preview knows them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from components.base.arns import account_root, arn, dns_suffix
from components.base.context import StackContext
from components.keys.spec import (
    BorrowedKeySpec,
    KeySpec,
    LinkedRole,
    OtherAccount,
    ServiceItself,
    ServiceLinkedRole,
    ThroughServices,
)

Statement = dict[str, Any]

DECRYPT: Final = ("kms:Decrypt", "kms:DescribeKey")
# Source: EC2 Auto Scaling, "Required AWS KMS key policy for use with encrypted volumes".
CRYPTOGRAPHIC: Final = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
)
# Same source: the operations of the grant that a service-linked role of another account is given.
GRANT_OPERATIONS: Final = (
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
)


@dataclass(frozen=True)
class ServicePrincipal:
    """How a service names itself and which of its requests are this account's.

    Attributes:
        host: First labels of its principal.
        actions: What it needs of a key.
        tied_by: What ties a request to this account: its account, the log group it encrypts, or nothing.
        regional: Whether the principal's name carries the region.
    """

    host: str
    actions: tuple[str, ...]
    tied_by: Literal["account", "log group", "nothing"] = "account"
    regional: bool = False


PUBLISH: Final = ("kms:Decrypt", "kms:GenerateDataKey*")
# Sources: CloudWatch Logs "Encrypt log data using AWS KMS"; CloudWatch Logs "Enabling logging from AWS services";
# SNS "Enable compatibility between event sources from AWS services and encrypted topics"; Budgets and Cost Anomaly
# Detection "Creating an Amazon SNS topic".
PRINCIPALS: Final[Mapping[str, ServicePrincipal]] = {
    "logs": ServicePrincipal("logs", CRYPTOGRAPHIC, "log group", regional=True),
    "log-delivery": ServicePrincipal("delivery.logs", CRYPTOGRAPHIC),
    "cloudwatch": ServicePrincipal("cloudwatch", PUBLISH),
    # EventBridge's requests to KMS carry no source account: a condition on it would silently drop every message.
    "events": ServicePrincipal("events", PUBLISH, "nothing"),
    "budgets": ServicePrincipal("budgets", PUBLISH),
    "costalerts": ServicePrincipal("costalerts", PUBLISH),
}

# Source: IAM, "Using service-linked roles" of EC2 Auto Scaling, EC2 Spot and EC2 Fleet.
LINKED_ROLES: Final[Mapping[LinkedRole, str]] = {
    "autoscaling": "autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    "ec2fleet": "ec2fleet.amazonaws.com/AWSServiceRoleForEC2Fleet",
    "spot": "spot.amazonaws.com/AWSServiceRoleForEC2Spot",
}


@dataclass(frozen=True)
class GrantArgs:
    """One KMS grant: the suffix of its resource name, who gets it and what for."""

    name: str
    key_arn: str
    grantee: str
    operations: tuple[str, ...]


def alias_name(context: StackContext, name: str) -> str:
    """The alias of a stack's key: stable, so that a replaced key is found under the same name."""
    return f"alias/{context.project}-{context.stack}-{name}"


def linked_role_arn(context: StackContext, role: LinkedRole) -> str:
    """The ARN of one of the account's service-linked roles."""
    return arn(
        "iam", context.region, context.account, f"role/aws-service-role/{LINKED_ROLES[role]}", global_service=True
    )


def key_policy(spec: KeySpec, context: StackContext) -> str:
    """The key policy as canonical JSON: the account's administrators first, then each use in the order given."""
    statements = [_administrators(context)]
    for use in spec.uses:
        match use:
            case ThroughServices():
                statements += [_through(use, context)]
            case ServiceItself():
                statements += [_itself(use, context)]
            case ServiceLinkedRole():
                statements += _linked(use, context)
            case OtherAccount():
                statements += _other(use, context)
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


def borrowed_grants(spec: BorrowedKeySpec, context: StackContext) -> tuple[GrantArgs, ...]:
    """The grants that let this account's service-linked roles use another account's key."""
    return tuple(GrantArgs(role, spec.key_arn, linked_role_arn(context, role), GRANT_OPERATIONS) for role in spec.roles)


def _statement(
    sid: str, principal: Mapping[str, Any], actions: Sequence[str], **condition: Mapping[str, Any]
) -> Statement:
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": dict(principal),
        "Action": list(actions),
        "Resource": "*",
    }
    if condition:
        statement["Condition"] = {operator: dict(keys) for operator, keys in condition.items()}
    return statement


def _administrators(context: StackContext) -> Statement:
    # Without it nobody, not even root, could change the policy again: AWS refuses such a key (PutKeyPolicy's check).
    return _statement("AccountAdministrators", {"AWS": account_root(context.region, context.account)}, ["kms:*"])


def _through(use: ThroughServices, context: StackContext) -> Statement:
    suffix = f"{context.region}.{dns_suffix(context.region)}"
    return _statement(
        "ThroughServices",
        {"AWS": "*"},
        [*CRYPTOGRAPHIC, "kms:CreateGrant"],
        StringEquals={
            "kms:CallerAccount": context.account,
            "kms:ViaService": sorted(f"{service}.{suffix}" for service in use.services),
        },
    )


def _itself(use: ServiceItself, context: StackContext) -> Statement:
    row = PRINCIPALS[use.service]
    host = f"{row.host}.{context.region}.{dns_suffix(context.region)}" if row.regional else f"{row.host}.amazonaws.com"
    tied: dict[str, Mapping[str, Any]] = {
        "account": {"StringEquals": {"aws:SourceAccount": context.account}},
        "log group": {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn("logs", context.region, context.account, "*")}
        },
        "nothing": {},
    }
    sid = "".join(part.title() for part in use.service.split("-"))
    return _statement(f"Service{sid}", {"Service": host}, row.actions, **tied[row.tied_by])


def _linked(use: ServiceLinkedRole, context: StackContext) -> list[Statement]:
    # A new account has no such role until the first launch, and KMS refuses a policy that names a principal which
    # doesn't exist: so the role stands in a condition, which also survives it being deleted and made again.
    caller = {"aws:PrincipalArn": linked_role_arn(context, use.role), "kms:CallerAccount": context.account}
    sid = use.role.title()
    return [
        _statement(f"{sid}UsesTheKey", {"AWS": "*"}, CRYPTOGRAPHIC, StringEquals=caller),
        _statement(
            f"{sid}GrantsToServices",
            {"AWS": "*"},
            ["kms:CreateGrant"],
            StringEquals=caller,
            Bool={"kms:GrantIsForAWSResource": "true"},
        ),
    ]


def _other(use: OtherAccount, context: StackContext) -> list[Statement]:
    root = {"AWS": account_root(context.region, use.account)}
    if use.use == "decrypt":
        return [_statement(f"Account{use.account}Decrypts", root, DECRYPT)]
    return [
        _statement(f"Account{use.account}StartsMachines", root, CRYPTOGRAPHIC),
        # Not limited to AWS services: that account makes the grant for its own service-linked role (BorrowedKey).
        _statement(f"Account{use.account}PassesOn", root, ["kms:CreateGrant"]),
    ]
