"""HERD-081: nothing is shared with everybody: images, snapshots, functions, documents, domains, file systems."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import NOTHING_ELSE, Stack, Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.access.iam import Condition, Document, DocumentKind
from policies.rules._shared.access.who import says_nothing, says_who
from policies.rules._shared.naming import named

_DOMAINS: Final = ("aws:opensearch/domain:Domain", "aws:elasticsearch/domain:Domain")
_DOMAIN_POLICIES: Final = ("aws:opensearch/domainPolicy:DomainPolicy", "aws:elasticsearch/domainPolicy:DomainPolicy")
# Whose events come from resources that anybody may make. Source: Lambda Developer Guide, "Granting Lambda function
# access to AWS services"; Checkov, CKV_AWS_364.
_CALLERS: Final = re.compile(r"(?:apigateway|events|iot|logs|s3|ses|sns)\.(?:[\w-]+\.)?amazonaws\.com(?:\.cn)?")
# What of a permission says whose: property -> the condition that Lambda makes of it.
_WHOSE: Final = {
    "sourceArn": ("ArnLike", "aws:sourcearn"),
    "sourceAccount": ("StringEquals", "aws:sourceaccount"),
    "principalOrgId": ("StringEquals", "aws:principalorgid"),
}
_SSM_SETTING: Final = "/ssm/documents/console/public-sharing-permission"
_NAME_THEM: Final = "Name the accounts that need it, and block public sharing for the whole account."


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Each type by its own spelling of everybody."""
    return _SPELLED[resource.type](resource, stack)


def _early(resource: Subject, facts: Facts) -> Iterator[Violation]:
    return check(resource, NOTHING_ELSE, facts)


def _launch(resource: Subject, stack: Stack) -> Iterator[Violation]:
    group = resource.props.at("group")
    if (group.literal() or "").lower() == "all":
        yield Violation(group, "everybody in every account may start machines of the image", _NAME_THEM)


def _volumes(resource: Subject, stack: Stack) -> Iterator[Violation]:
    account = resource.props.at("accountId")
    if (account.text() or "").lower() == "all":
        yield Violation(account, "everybody in every account may make volumes of the snapshot", _NAME_THEM)


def _databases(resource: Subject, stack: Stack) -> Iterator[Violation]:
    for account in resource.props.each("sharedAccounts"):
        if (account.text() or "").lower() == "all":
            yield Violation(account, "everybody in every account may restore the snapshot", _NAME_THEM)


def _distribution(resource: Subject, stack: Stack) -> Iterator[Violation]:
    for distribution in resource.props.each("distributions"):
        for group in distribution.each("amiDistributionConfiguration", "launchPermission", "userGroups"):
            if (group.literal() or "").lower() == "all":
                yield Violation(group, "everybody in every account may start machines of the images", _NAME_THEM)


def _document(resource: Subject, stack: Stack) -> Iterator[Violation]:
    accounts = resource.props.at("permissions", "accountIds")
    if any("all" in one.lower().split(",") for one in accounts.texts()):
        yield Violation(accounts, "everybody in every account may read and run the document", _NAME_THEM)


def _setting(resource: Subject, stack: Stack) -> Iterator[Violation]:
    value = resource.props.at("settingValue")
    if (resource.props.text("settingId") or "").endswith(_SSM_SETTING) and (value.literal() or "").lower() == "enable":
        yield Violation(value, "the account lets documents be shared with everybody", 'Write setting_value="Disable".')


def _block(resource: Subject, stack: Stack) -> Iterator[Violation]:
    state = resource.props.at("state")
    if (state.literal() or "").lower() == "unblocked":
        what = "images" if "Image" in resource.type else "snapshots"
        yield Violation(
            state,
            f"state is unblocked: the account's {what} may be shared with everybody",
            'Write state="block-new-sharing"; for snapshots "block-all-sharing", which closes what is open, too.',
        )


def _emr(resource: Subject, stack: Stack) -> Iterator[Violation]:
    block = resource.props.at("blockPublicSecurityGroupRules")
    if not block.flag(default=True):
        yield Violation(block, "EMR starts clusters that everybody reaches", "Write True: nothing needs an exception.")


def _function(resource: Subject, stack: Stack) -> Iterator[Violation]:
    """Conditions as Lambda writes them; a `*` in one of them says nothing."""
    props = resource.props
    principal = props.at("principal")
    # What another resource gives is an account or a role of its own, never `*`.
    name = principal.text() or ""
    if name != "*" and not _CALLERS.fullmatch(name):
        return
    anonymous = props.at("functionUrlAuthType")
    if name == "*" and (anonymous.literal() or "").upper() == "NONE":
        yield Violation(anonymous, "anybody may call the function by its URL, without an identity")
    elif not props.has("eventSourceToken") and not any(_whose(props.at(key), *told) for key, told in _WHOSE.items()):
        who = "everybody in every account" if name == "*" else f"{name} on behalf of any account"
        yield Violation(principal, f"{who} may call the function: no source says whose")


def _whose(value: Node, operator: str, key: str) -> bool:
    text = value.text()
    if text is None:
        return False
    return says_who(Condition(value, operator, every=False, if_exists=False, key=key, values=(text,)))


def _layer(resource: Subject, stack: Stack) -> Iterator[Violation]:
    principal = resource.props.at("principal")
    if principal.text() == "*" and not resource.props.has("organizationId"):
        fix = "Name the account, or the organization (organization_id)."
        yield Violation(principal, "everybody in every account may read the layer", fix)


def _events(resource: Subject, stack: Stack) -> Iterator[Violation]:
    principal = resource.props.at("principal")
    if principal.text() == "*" and not resource.props.has("condition"):
        fix = "Name the account, or add the condition on aws:PrincipalOrgID."
        yield Violation(principal, "everybody in every account may put events on the bus", fix)


def _file_system(resource: Subject, stack: Stack) -> Iterator[Violation]:
    """Under a condition it is narrower than no policy at all, with which every client of the network mounts it."""
    for statement in Document(resource.props.at("policy"), DocumentKind.RESOURCE).statements():
        if statement.allows and statement.everyone and not statement.conditions:
            fix = "Name the roles, or add the condition elasticfilesystem:AccessedViaMountTarget."
            yield Violation(statement.at.at("Principal"), "allows everybody in every account", fix)


def _domain(resource: Subject, stack: Stack) -> Iterator[Violation]:
    if not _guarded(resource):
        yield from _open(resource.props.at("accessPolicies"))


def _domain_policy(resource: Subject, stack: Stack) -> Iterator[Violation]:
    found = list(_open(resource.props.at("accessPolicies")))
    name = resource.props.at("domainName")
    domain = (named(name, stack, *_DOMAINS) or _of_symbol(name, stack)) if found else None
    if found and domain is None:
        message = "the domain is made elsewhere, and whether a network or users of its own guard it isn't seen"
        raise UnevaluatedError(Reason.ABSENT, message, name.path)
    if domain is not None and not _guarded(domain):
        yield from found


def _of_symbol(name: Node, stack: Stack) -> Subject | None:
    """The domain whose name is the same symbol: what made the name (a RandomPet) is neither of the two."""
    text = name.text()
    domains = stack.of_type(*_DOMAINS) if isinstance(text, Reference) else ()
    return next((one for one in domains if one.props.text("domainName") == text), None)


def _guarded(domain: Subject) -> bool:
    """A policy for everybody is AWS's own advice where users or the network guard the domain.

    Source: OpenSearch Service, "Fine-grained access control" and "About access policies on VPC domains".
    """
    users = domain.props.flag("advancedSecurityOptions", "enabled", default=False)
    return bool(users) or domain.props.has("vpcOptions", "subnetIds")


def _open(policy: Node) -> Iterator[Violation]:
    for statement in Document(policy, DocumentKind.RESOURCE).statements():
        if statement.allows and statement.everyone and all(map(says_nothing, statement.conditions)):
            fix = "Put the domain into the VPC (vpc_options), or name the roles."
            yield Violation(statement.at.at("Principal"), "everybody on the internet may use the domain", fix)


_SPELLED: Final[dict[str, Callable[[Subject, Stack], Iterator[Violation]]]] = {
    "aws:ec2/amiLaunchPermission:AmiLaunchPermission": _launch,
    "aws:imagebuilder/distributionConfiguration:DistributionConfiguration": _distribution,
    "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission": _volumes,
    "aws:ec2/imageBlockPublicAccess:ImageBlockPublicAccess": _block,
    "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess": _block,
    "aws:rds/snapshot:Snapshot": _databases,
    "aws:rds/snapshotCopy:SnapshotCopy": _databases,
    "aws:rds/clusterSnapshot:ClusterSnapshot": _databases,
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": _databases,
    "aws:ssm/document:Document": _document,
    "aws:ssm/serviceSetting:ServiceSetting": _setting,
    "aws:emr/blockPublicAccessConfiguration:BlockPublicAccessConfiguration": _emr,
    "aws:lambda/permission:Permission": _function,
    "aws:lambda/layerVersionPermission:LayerVersionPermission": _layer,
    "aws:cloudwatch/eventPermission:EventPermission": _events,
    "aws:efs/fileSystemPolicy:FileSystemPolicy": _file_system,
    **dict.fromkeys(_DOMAINS, _domain),
    **dict.fromkeys(_DOMAIN_POLICIES, _domain_policy),
}

RULE: Final = GraphRule(
    id="HERD-081",
    name="nothing-shared-with-everybody",
    pack="security",
    title="Images, snapshots, functions and documents are shared with nobody unnamed",
    severity=everywhere(Severity.CRITICAL),
    types=tuple(_SPELLED),
    properties=(
        "group",
        "sharedAccounts",
        "distributions[].amiDistributionConfiguration.launchPermission.userGroups",
        "permissions",
        "state",
        "blockPublicSecurityGroupRules",
        "principal",
        "functionUrlAuthType",
        "policy",
        "accessPolicies",
    ),
    why=(
        "A public snapshot or image is found within hours by those who look for them, with every checkpoint, licence"
        " and forgotten key on it, and what was copied can't be called back; a function that everybody may call runs"
        " with its role's rights for whoever calls."
    ),
    fix="Name the accounts, or say whose it is: source_arn with source_account, or the organization.",
    mappings={
        "checkov": ("CKV_AWS_301", "CKV_AWS_303", "CKV_AWS_364"),
        "fsbp": ("EC2.1", "EC2.182", "EMR.2", "Lambda.1", "RDS.1", "SSM.4", "SSM.7"),
        "prowler": ("ec2_ami_public", "ec2_ebs_public_snapshot", "rds_snapshots_public_access"),
        "config": ("lambda-function-public-access-prohibited", "rds-snapshots-public-prohibited"),
    },
    check=check,
    early=_early,
)
