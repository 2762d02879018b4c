"""Roles, keys, secrets, parameters."""

from __future__ import annotations

from herd.cloud.audit.listing import Item, Listing, Scope, TagCall

# Roles that AWS makes for its services and for single sign-on.
_AWS_PATHS = ("/aws-service-role/", "/aws-reserved/")


def _own_role(item: Item) -> bool:
    return not str(item.get("Path", "/")).startswith(_AWS_PATHS)


def _own_key(item: Item) -> bool:
    # A key that waits for its deletion is on its way; AWS keeps it for days.
    return item.get("KeyManager", "CUSTOMER") == "CUSTOMER" and item.get("KeyState") != "PendingDeletion"


LISTINGS = (
    Listing(
        "aws:iam/role:Role",
        "iam",
        "list_roles",
        "Roles",
        id="RoleName",
        name="RoleName",
        tags=TagCall("list_role_tags", {"RoleName": "RoleName"}),
        keep=_own_role,
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:iam/rolePolicy:RolePolicy",
        "iam",
        "list_role_policies",
        "PolicyNames",
        id="join(':', [_parent.RoleName, value])",
        name="value",
        params={"RoleName": "$RoleName"},
        over="aws:iam/role:Role",
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "iam",
        "list_attached_role_policies",
        "AttachedPolicies",
        id="join('-', [_parent.RoleName, PolicyArn])",
        name="PolicyName",
        params={"RoleName": "$RoleName"},
        over="aws:iam/role:Role",
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:iam/instanceProfile:InstanceProfile",
        "iam",
        "list_instance_profiles",
        "InstanceProfiles",
        id="InstanceProfileName",
        name="InstanceProfileName",
        tags=TagCall("list_instance_profile_tags", {"InstanceProfileName": "InstanceProfileName"}),
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "iam",
        "list_open_id_connect_providers",
        "OpenIDConnectProviderList",
        id="Arn",
        tags=TagCall("list_open_id_connect_provider_tags", {"OpenIDConnectProviderArn": "Arn"}),
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:kms/key:Key",
        "kms",
        "list_keys",
        "Keys",
        id="KeyId",
        tags=TagCall("list_resource_tags", {"KeyId": "KeyId"}),
        details=("describe_key", {"KeyId": "KeyId"}, "KeyMetadata"),
        keep=_own_key,
    ),
    Listing(
        "aws:kms/alias:Alias",
        "kms",
        "list_aliases",
        "Aliases",
        id="AliasName",
        name="AliasName",
        keep=lambda item: not item["AliasName"].startswith("alias/aws/"),
    ),
    Listing(
        "aws:kms/grant:Grant",
        "kms",
        "list_grants",
        "Grants",
        id="join(':', [_parent.KeyId, GrantId])",
        name="Name",
        params={"KeyId": "$KeyId"},
        over="aws:kms/key:Key",
    ),
    Listing(
        "aws:secretsmanager/secret:Secret",
        "secretsmanager",
        "list_secrets",
        "SecretList",
        id="ARN",
        name="Name",
        tags="Tags",
        # A service's own secrets, and those in their recovery window.
        keep=lambda item: not item.get("OwningService") and not item.get("DeletedDate"),
    ),
    Listing(
        "aws:ssm/parameter:Parameter",
        "ssm",
        "describe_parameters",
        "Parameters",
        id="Name",
        name="Name",
        tags=TagCall("list_tags_for_resource", {"ResourceType": "'Parameter'", "ResourceId": "Name"}, tags="TagList"),
        keep=lambda item: not item["Name"].startswith(("/aws/", "aws/")),
    ),
)
