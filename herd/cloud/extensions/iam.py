"""IAM: trust policies, which moto stores unread; policies still attached; what moto lacks of OpenID Connect."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from herd.cloud import policies, world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call

_TRUST_ACTIONS = frozenset(
    {
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
        "sts:SetContext",
        "sts:*",
        "*",
    }
)


def _backend(call: Call) -> Any:
    from moto.iam.models import iam_backends  # noqa: PLC0415

    return iam_backends[call.account][world.partition(call.region)]


@checks("iam", "CreateRole")
def _create_role(call: Call) -> None:
    _check_trust(call, call.params["AssumeRolePolicyDocument"])
    boundary = call.get("PermissionsBoundary")
    if boundary and not boundary.startswith("arn:"):
        raise AwsError("ValidationError", f"Value ({boundary}) passed in is not in valid ARN format.")


@checks("iam", "UpdateAssumeRolePolicy")
def _update_trust(call: Call) -> None:
    _check_trust(call, call.params["PolicyDocument"])


def _check_trust(call: Call, text: str) -> None:
    try:
        for statement in policies.statements(text):
            policies.check_principals(call, statement)
            _check_trust_statement(statement)
    except policies.PolicyError as error:
        raise AwsError("MalformedPolicyDocument", str(error), 400) from error


def _check_trust_statement(statement: dict[str, Any]) -> None:
    if "Resource" in statement or "NotResource" in statement:
        raise policies.PolicyError("Has prohibited field Resource")
    if set(policies.strings(statement.get("Action"))) - _TRUST_ACTIONS:
        raise policies.PolicyError("AssumeRole policy may only specify STS AssumeRole actions.")


@checks("iam", "DeletePolicy")
def _delete_policy(call: Call) -> None:
    policy = _backend(call).managed_policies.get(call.params["PolicyArn"])
    if policy is not None and policy.attachment_count:
        raise AwsError("DeleteConflict", "Cannot delete a policy attached to entities.", 409)


@checks("iam", "DeleteRole")
def _delete_role(call: Call) -> None:
    role = next((each for each in _backend(call).roles.values() if each.name == call.params["RoleName"]), None)
    if role is None:
        return
    if role.managed_policies:
        raise AwsError("DeleteConflict", "Cannot delete entity, must detach all policies first.", 409)
    if role.policies:
        raise AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.", 409)
    if any(role in profile.roles for profile in _backend(call).instance_profiles.values()):
        raise AwsError("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", 409)


@handles("iam", "ListInstanceProfileTags")
def _profile_tags(call: Call) -> Mapping[str, Any]:
    name = call.params["InstanceProfileName"]
    profile = next((each for each in _backend(call).instance_profiles.values() if each.name == name), None)
    if profile is None:
        raise AwsError("NoSuchEntity", f"Instance Profile {name} cannot be found.", 404)
    return {"Tags": profile.tags, "IsTruncated": False}


def _provider(call: Call) -> Any:
    arn = call.params["OpenIDConnectProviderArn"]
    found = _backend(call).open_id_providers.get(arn)
    if found is None:
        raise AwsError("NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", 404)
    return found


@handles("iam", "CreateOpenIDConnectProvider")
def _create_provider(call: Call) -> Mapping[str, Any]:
    url = call.params["Url"]
    if not url.startswith("https://"):
        raise AwsError("ValidationError", "Invalid Open ID Connect Provider URL")
    result = call.forward()
    made = _backend(call).open_id_providers[result["OpenIDConnectProviderArn"]]
    if not made.thumbprint_list:
        # IAM asks the issuer for its certificate; the stand-in has none to ask.
        made.thumbprint_list = [hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()]
    return result


@handles("iam", "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider")
def _client_ids(call: Call) -> None:
    """Adding one that is there and removing one that isn't change nothing."""
    provider, client = _provider(call), call.params["ClientID"]
    provider.client_id_list = [each for each in provider.client_id_list if each != client]
    if call.operation.startswith("Add"):
        provider.client_id_list.append(client)
