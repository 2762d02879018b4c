"""What a key is for: a closed set of uses, each of which a key policy (or a grant) can state exactly."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from components.base.spec import Spec

AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]

# Services that use a key in the name of whoever calls them (condition kms:ViaService; source: AWS KMS, same name).
IntegratedService = Literal[
    "backup", "codebuild", "ec2", "ecr", "elasticfilesystem", "fsx", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm"
]
# Services that use a key in their own name; see derive.PRINCIPALS.
PrincipalService = Literal["budgets", "cloudwatch", "costalerts", "events", "log-delivery", "logs"]
# Roles that AWS makes and that start machines from encrypted images or volumes; see derive.LINKED_ROLES.
LinkedRole = Literal["autoscaling", "ec2fleet", "spot"]


class ThroughServices(Spec):
    """Everyone in the account may use the key, but only through these services, which check their own permissions."""

    kind: Literal["throughServices"] = "throughServices"
    services: Annotated[tuple[IntegratedService, ...], Field(min_length=1)]


class ServiceItself(Spec):
    """A service uses the key in its own name, for resources of this account only."""

    kind: Literal["serviceItself"] = "serviceItself"
    service: PrincipalService


class ServiceLinkedRole(Spec):
    """A service-linked role of this account starts machines from what the key encrypts."""

    kind: Literal["serviceLinkedRole"] = "serviceLinkedRole"
    role: LinkedRole


class OtherAccount(Spec):
    """Another account uses the key.

    `decrypt` reads what the key encrypts. `machines` starts machines from shared encrypted images: it also lets that
    account pass the key on, to AWS services and to its own service-linked roles (a `BorrowedKey` there).
    """

    kind: Literal["otherAccount"] = "otherAccount"
    account: AccountId
    use: Literal["decrypt", "machines"] = "decrypt"


KeyUse = Annotated[
    ThroughServices | ServiceItself | ServiceLinkedRole | OtherAccount,
    Field(discriminator="kind"),
]


class KeySpec(Spec):
    """A symmetric key that rotates by itself.

    Attributes:
        description: What it encrypts, for people.
        uses: Who may use it for what, besides the account's own IAM policies.
        rotation_days: Days between rotations (90 to 2560; AWS KMS, "EnableKeyRotation").
        deletion_window_days: Days a scheduled deletion can be called off (7 to 30; AWS KMS, "ScheduleKeyDeletion").
    """

    description: Annotated[str, Field(min_length=1, max_length=8192)]
    uses: tuple[KeyUse, ...] = ()
    rotation_days: Annotated[int, Field(ge=90, le=2560)] = 365
    deletion_window_days: Annotated[int, Field(ge=7, le=30)] = 30

    @field_validator("uses")
    @classmethod
    def _each_once(cls, uses: tuple[Any, ...]) -> tuple[Any, ...]:
        """Two statements for one user hide each other in review."""
        users = Counter(_user(use) for use in uses)
        if twice := sorted(user for user, count in users.items() if count > 1):
            raise ValueError(f"named more than once: {', '.join(twice)}; merge them into one use")
        return uses


class BorrowedKeySpec(Spec):
    """A key of another account that this account's service-linked roles need: an image account's, for its images.

    Its own policy lets this account in (`OtherAccount`, `machines`); only a grant made *here* reaches a service-linked
    role, whose IAM policy nobody can edit.
    """

    key_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$")]
    roles: Annotated[tuple[LinkedRole, ...], Field(min_length=1)] = ("autoscaling",)

    @field_validator("roles")
    @classmethod
    def _roles_once(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(roles)) < len(roles):
            raise ValueError("a role is named more than once")
        return roles


def _user(use: ThroughServices | ServiceItself | ServiceLinkedRole | OtherAccount) -> str:
    """Who a use is about, so that two uses of one user can be told."""
    match use:
        case ThroughServices():
            return use.kind
        case ServiceItself(service=service):
            return f"service {service}"
        case ServiceLinkedRole(role=role):
            return f"service-linked role {role}"
        case OtherAccount(account=account):
            return f"account {account}"
