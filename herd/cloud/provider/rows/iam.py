"""IAM roles and their policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Find, Read, Row, Tags
from herd.cloud.provider.rows.common import input_of, split
from herd.cloud.provider.scope import Scope


def _inline(scope: Scope) -> dict[str, str]:
    names = scope.run("list_role_policies", RoleName=scope.id)["PolicyNames"]
    documents = {n: scope.run("get_role_policy", RoleName=scope.id, PolicyName=n)["PolicyDocument"] for n in names}
    return {name: json.dumps(text) if isinstance(text, dict) else text for name, text in documents.items()}


def _attached(scope: Scope) -> list[str]:
    attached = scope.run("list_attached_role_policies", RoleName=scope.id)["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in attached]


def _set_inline(scope: Scope) -> None:
    wanted = {p["name"]: p["policy"] for p in scope.inputs.get("inlinePolicies") or [] if p.get("name")}
    for name in _inline(scope).keys() - wanted.keys():
        scope.run("delete_role_policy", RoleName=scope.id, PolicyName=name)
    for name, policy in wanted.items():
        scope.run("put_role_policy", RoleName=scope.id, PolicyName=name, PolicyDocument=policy)


def _set_attached(scope: Scope) -> None:
    wanted, have = set(scope.inputs.get("managedPolicyArns") or []), set(_attached(scope))
    for arn in sorted(have - wanted):
        scope.run("detach_role_policy", RoleName=scope.id, PolicyArn=arn)
    for arn in sorted(wanted - have):
        scope.run("attach_role_policy", RoleName=scope.id, PolicyArn=arn)


def _exclusive_policies(scope: Scope) -> None:
    """What hangs on the role, where the program claims all of it."""
    if "managedPolicyArns" in scope.inputs:
        scope.outputs["managedPolicyArns"] = _attached(scope)
    if "inlinePolicies" in scope.inputs:
        scope.outputs["inlinePolicies"] = [{"name": k, "policy": v} for k, v in _inline(scope).items()]


def _set_boundary(scope: Scope) -> None:
    boundary = scope.inputs.get("permissionsBoundary")
    if boundary:
        scope.run("put_role_permissions_boundary", RoleName=scope.id, PermissionsBoundary=boundary)
    else:
        scope.run("delete_role_permissions_boundary", RoleName=scope.id)


def _strip(scope: Scope) -> None:
    for profile in scope.run("list_instance_profiles_for_role", RoleName=scope.id)["InstanceProfiles"]:
        name = profile["InstanceProfileName"]
        scope.run("remove_role_from_instance_profile", InstanceProfileName=name, RoleName=scope.id)
    if scope.given("forceDetachPolicies") or scope.old.get("managedPolicyArns"):
        for arn in _attached(scope):
            scope.run("detach_role_policy", RoleName=scope.id, PolicyArn=arn)
    if scope.given("forceDetachPolicies") or scope.old.get("inlinePolicies"):
        for name in _inline(scope):
            scope.run("delete_role_policy", RoleName=scope.id, PolicyName=name)


ROLE = Row(
    type="aws:iam/role:Role",
    service="iam",
    create=Call("create_role", takes=None, waits_for=frozenset({"MalformedPolicyDocument.Principal"})),
    id="$inputs.name",
    reads=(
        Read(
            Call("get_role", {"RoleName": "$id"}),
            "Role",
            {"uniqueId": "RoleId", "permissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"},
        ),
    ),
    updates=(
        Change(
            ("assumeRolePolicy",),
            (Call("update_assume_role_policy", {"RoleName": "$id", "PolicyDocument": "$inputs.assumeRolePolicy"}),),
        ),
        Change(
            ("description", "maxSessionDuration"),
            (
                Call(
                    "update_role",
                    {
                        "RoleName": "$id",
                        "Description": lambda scope: scope.inputs.get("description", ""),
                        "MaxSessionDuration": "$inputs.maxSessionDuration",
                    },
                ),
            ),
        ),
        Change(("permissionsBoundary",), _set_boundary),
        Change(("inlinePolicies",), _set_inline, at_create=True),
        Change(("managedPolicyArns",), _set_attached, at_create=True),
    ),
    delete=(Call("delete_role", {"RoleName": "$id"}),),
    names={"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    defaults={"maxSessionDuration": 3600, "path": "/", "forceDetachPolicies": False},
    name=AutoName(longest=64),
    tags=Tags(tag="tag_role", untag="untag_role", owner=("RoleName", "$id")),
    documents=("assumeRolePolicy",),
    natural=True,
    after_read=_exclusive_policies,
    tells=("managedPolicyArns", "inlinePolicies"),
    before_delete=_strip,
    is_global=True,
    fixed=("forceDetachPolicies",),
)

ROLE_POLICY = Row(
    type="aws:iam/rolePolicy:RolePolicy",
    service="iam",
    create=Call("put_role_policy", takes=None),
    id=lambda scope: f"{scope.inputs['role']}:{scope.inputs['name']}",
    reads=(Read(Call("get_role_policy", {"RoleName": input_of("role"), "PolicyName": input_of("name")})),),
    updates=(Change(("policy",), (Call("put_role_policy", takes=None),)),),
    delete=(Call("delete_role_policy", {"RoleName": input_of("role"), "PolicyName": input_of("name")}),),
    names={"role": "RoleName", "name": "PolicyName", "policy": "PolicyDocument"},
    name=AutoName(),
    documents=("policy",),
    natural=True,
    parse=split(":", "role", "name"),
    is_global=True,
)


def _attachment(scope: Scope, answer: Mapping[str, Any]) -> Any:
    arn = scope.given("policyArn")
    return next((p for p in answer["AttachedPolicies"] if p["PolicyArn"] == arn), None)


ROLE_POLICY_ATTACHMENT = Row(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    service="iam",
    create=Call("attach_role_policy", takes=None),
    id=lambda scope: f"{scope.inputs['role']}-{scope.inputs['policyArn']}",
    reads=(
        Read(
            Call("list_attached_role_policies", {"RoleName": input_of("role")}),
            "AttachedPolicies[0]",
            select=_attachment,
            only=("policyArn",),
        ),
    ),
    delete=(Call("detach_role_policy", {"RoleName": input_of("role"), "PolicyArn": input_of("policyArn")}),),
    names={"role": "RoleName"},
    outputs={"role": input_of("role")},
    natural=True,
    delete_before_replace=True,
    parse=split("/", "role", "policyArn"),
    is_global=True,
)


def _profile_role(scope: Scope) -> None:
    """A profile holds one role at most: the old one goes before the new one comes."""
    held = scope.run("get_instance_profile", InstanceProfileName=scope.id)["InstanceProfile"]["Roles"]
    wanted = scope.inputs.get("role")
    for role in held:
        if role["RoleName"] != wanted:
            scope.run("remove_role_from_instance_profile", InstanceProfileName=scope.id, RoleName=role["RoleName"])
    if wanted and wanted not in {role["RoleName"] for role in held}:
        scope.run("add_role_to_instance_profile", InstanceProfileName=scope.id, RoleName=wanted)


def _empty_profile(scope: Scope) -> None:
    for role in scope.run("get_instance_profile", InstanceProfileName=scope.id)["InstanceProfile"]["Roles"]:
        scope.run("remove_role_from_instance_profile", InstanceProfileName=scope.id, RoleName=role["RoleName"])


INSTANCE_PROFILE = Row(
    type="aws:iam/instanceProfile:InstanceProfile",
    service="iam",
    create=Call("create_instance_profile", takes=None),
    id="$inputs.name",
    reads=(
        Read(
            Call("get_instance_profile", {"InstanceProfileName": "$id"}),
            "InstanceProfile",
            {"uniqueId": "InstanceProfileId", "role": "Roles[0].RoleName"},
        ),
    ),
    updates=(Change(("role",), _profile_role, at_create=True),),
    delete=(Call("delete_instance_profile", {"InstanceProfileName": "$id"}),),
    names={"name": "InstanceProfileName"},
    defaults={"path": "/"},
    name=AutoName(longest=128),
    tags=Tags(tag="tag_instance_profile", untag="untag_instance_profile", owner=("InstanceProfileName", "$id")),
    natural=True,
    before_delete=_empty_profile,
    is_global=True,
)


def _set_clients(scope: Scope) -> None:
    held = set(scope.run("get_open_id_connect_provider", OpenIDConnectProviderArn=scope.id)["ClientIDList"])
    wanted = set(scope.inputs.get("clientIdLists") or [])
    for client in sorted(wanted - held):
        scope.run("add_client_id_to_open_id_connect_provider", OpenIDConnectProviderArn=scope.id, ClientID=client)
    for client in sorted(held - wanted):
        scope.run("remove_client_id_from_open_id_connect_provider", OpenIDConnectProviderArn=scope.id, ClientID=client)


def _with_scheme(scope: Scope) -> None:
    """IAM tells the URL without its scheme; with it or without is the same to the provider."""
    url, given = scope.outputs.get("url"), scope.given("url") or ""
    if url and given.startswith("https://") and not url.startswith("https://"):
        scope.outputs["url"] = f"https://{url}"


OPEN_ID_CONNECT_PROVIDER = Row(
    type="aws:iam/openIdConnectProvider:OpenIdConnectProvider",
    service="iam",
    create=Call("create_open_id_connect_provider", takes=None),
    id="$result.OpenIDConnectProviderArn",
    reads=(Read(Call("get_open_id_connect_provider", {"OpenIDConnectProviderArn": "$id"})),),
    updates=(
        Change(("clientIdLists",), _set_clients),
        Change(
            ("thumbprintLists",),
            (
                Call(
                    "update_open_id_connect_provider_thumbprint",
                    {"OpenIDConnectProviderArn": "$id"},
                    takes=("thumbprintLists",),
                    # An emptied list is never sent: IAM then keeps what it has.
                    when=lambda scope: scope.inputs.get("thumbprintLists"),
                ),
            ),
        ),
    ),
    delete=(Call("delete_open_id_connect_provider", {"OpenIDConnectProviderArn": "$id"}),),
    names={"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
    outputs={"arn": "$id"},
    tags=Tags(
        tag="tag_open_id_connect_provider",
        untag="untag_open_id_connect_provider",
        owner=("OpenIDConnectProviderArn", "$id"),
    ),
    natural=True,
    find=Find(Call("list_open_id_connect_providers"), "OpenIDConnectProviderList[].Arn"),
    after_read=_with_scheme,
    is_global=True,
)

ROWS = (ROLE, ROLE_POLICY, ROLE_POLICY_ATTACHMENT, INSTANCE_PROFILE, OPEN_ID_CONNECT_PROVIDER)
