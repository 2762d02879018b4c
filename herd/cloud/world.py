"""What extensions ask about objects that moto holds: does this subnet, key, role, bucket exist?"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from herd.cloud import clock
from herd.cloud.errors import AwsError
from herd.cloud.wire import Call


def partition(region: str) -> str:
    """The AWS partition of a region."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


def arn(call: Call, service: str, resource: str) -> str:
    """An ARN in the call's account and region."""
    return f"arn:{partition(call.region)}:{service}:{call.region}:{call.account}:{resource}"


def now() -> datetime:
    """The present, in UTC, to the second (as most services tell it)."""
    return clock.now()


def new_id(prefix: str, length: int = 17) -> str:
    """A new identifier such as ``fs-0123456789abcdef0``."""
    return f"{prefix}-{uuid.uuid4().hex[:length]}"


def ec2(call: Call) -> Any:
    """moto's EC2 of the call's account and region."""  # noqa: D403 - the library's name is written small
    from moto.ec2.models import ec2_backends  # noqa: PLC0415

    return ec2_backends[call.account][call.region]


def subnet(call: Call, subnet_id: str) -> Any | None:
    """A subnet, or None if there is no such."""
    return next((zone[subnet_id] for zone in ec2(call).subnets.values() if subnet_id in zone), None)


def security_group(call: Call, group_id: str) -> Any | None:
    """A security group, or None if there is no such."""
    return next((groups[group_id] for groups in ec2(call).groups.values() if group_id in groups), None)


def role_exists(call: Call, role_arn: str) -> bool:
    """Whether an IAM role exists, in whatever account its ARN names."""
    from moto.iam.models import iam_backends  # noqa: PLC0415

    account = role_arn.split(":")[4] if role_arn.count(":") >= 5 else call.account  # noqa: PLR2004
    roles = iam_backends[account or call.account][partition(call.region)].roles.values()
    return any(role.arn == role_arn for role in roles)


def principal_exists(call: Call, principal_arn: str) -> bool:
    """Whether an IAM user or role exists; a principal of an account nobody has used here is taken on trust."""
    from moto.iam.models import iam_backends  # noqa: PLC0415

    account = principal_arn.split(":")[4]
    if account != call.account and account not in iam_backends:
        return True
    backend = iam_backends[account][partition(call.region)]
    known = [*backend.roles.values(), *backend.users.values()]
    return any(each.arn == principal_arn for each in known)


def profile_exists(call: Call, profile: str) -> bool:
    """Whether an IAM instance profile (name or ARN) of the call's account exists."""
    from moto.iam.models import iam_backends  # noqa: PLC0415

    held = iam_backends[call.account][partition(call.region)].instance_profiles.values()
    return any(profile in {each.name, each.arn} for each in held)


def key_exists(call: Call, key: str) -> bool:
    """Whether a KMS key (id, ARN, alias or alias ARN) exists and can be used; AWS-managed aliases always do."""
    if _is_of_aws(call, key):
        return True
    found = _key(call, key)
    return found is not None and found.key_state == "Enabled"


def key_lets(call: Call, key: str, role_arn: str) -> bool:
    """Whether a key's policy or a grant names a role (or everybody); AWS-managed keys are everybody's in the account.

    What the account's own policies allow doesn't count: a service-linked role has none on keys.
    """
    if _is_of_aws(call, key):
        return True
    found = _key(call, key)
    if found is None:
        return False
    document = json.loads(found.policy) if isinstance(found.policy, str) else found.policy
    named: set[str] = set()
    for statement in document.get("Statement", ()):
        principal = statement.get("Principal", {})
        given = principal.get("AWS", []) if isinstance(principal, dict) else principal
        if statement.get("Effect") == "Allow":
            named |= {given} if isinstance(given, str) else set(given)
    granted = {grant.grantee_principal for grant in found.grants.values()}
    return bool({role_arn, "*"} & (named | granted))


def _is_of_aws(call: Call, key: str) -> bool:
    region, account = key.split(":")[3:5] if key.startswith("arn:") else (call.region, call.account)
    return key.removeprefix(f"arn:{partition(region)}:kms:{region}:{account}:").startswith("alias/aws/")


def _key(call: Call, key: str) -> Any | None:
    from moto.kms.models import kms_backends  # noqa: PLC0415

    region, account = key.split(":")[3:5] if key.startswith("arn:") else (call.region, call.account)
    try:
        backend = kms_backends[account][region]
    except KeyError:
        return None
    alias = backend.get_alias_name(key)
    if alias.startswith("alias/") and not backend.alias_exists(alias):
        return None
    return backend.keys.get(backend.any_id_to_key_id(key))


def bucket(name: str) -> Any | None:
    """An S3 bucket of any account, or None."""
    from moto.s3.models import s3_backends  # noqa: PLC0415

    for partitions in list(s3_backends.values()):
        for backend in list(partitions.values()):
            if name in backend.buckets:
                return backend.buckets[name]
    return None


def secret_exists(secret_arn: str) -> bool:
    """Whether a Secrets Manager secret exists, in the account and region its ARN names."""
    from moto.secretsmanager.models import secretsmanager_backends  # noqa: PLC0415

    parts = secret_arn.split(":")
    try:
        return secret_arn in secretsmanager_backends[parts[4]][parts[3]].secrets
    except (KeyError, IndexError):
        return False


def create_interface(call: Call, subnet_id: str, groups: list[str], description: str) -> str:
    """A network interface as a managed service makes it: it keeps its subnet from being deleted.

    Raises:
        AwsError: moto refused it.
    """
    try:
        interface = ec2(call).create_network_interface(
            subnet(call, subnet_id), None, group_ids=groups, description=description
        )
    except Exception as error:
        raise AwsError("InvalidNetworkSettings", str(error)) from error
    interface.interface_type = "interface"
    interface.requester_managed = True
    return str(interface.id)


def delete_interfaces(call: Call, interfaces: Iterable[str]) -> None:
    """Take back what `create_interface` made."""
    for interface in interfaces:
        ec2(call).enis.pop(interface, None)


def page(items: list[Any], token: str | None, limit: int | None) -> tuple[list[Any], str | None]:
    """One page of a list, and the token of the next (base64 of an offset)."""
    import base64  # noqa: PLC0415

    start = int(base64.b64decode(token)) if token else 0
    size = limit or len(items) or 1
    rest = start + size
    return items[start:rest], base64.b64encode(str(rest).encode()).decode() if rest < len(items) else None
