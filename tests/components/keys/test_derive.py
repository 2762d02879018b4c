"""A key policy says exactly who may use the key, and for what, before the key exists."""

import json

import pytest
from pydantic import ValidationError

from components.keys.derive import GRANT_OPERATIONS, alias_name, borrowed_grants, key_policy
from components.keys.spec import (
    BorrowedKeySpec,
    KeySpec,
    OtherAccount,
    ServiceItself,
    ServiceLinkedRole,
    ThroughServices,
)

ACCOUNT, OTHER = "111122223333", "444455556666"
AUTOSCALING = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


@pytest.fixture
def statements(make_context):
    def by_sid(*uses, **context):
        document = json.loads(key_policy(KeySpec(description="k", uses=uses), make_context("dev", **context)))
        assert document["Version"] == "2012-10-17"
        found = {statement["Sid"]: statement for statement in document["Statement"]}
        assert len(found) == len(document["Statement"]), "statement ids must be unique"
        assert all(s["Effect"] == "Allow" and s["Resource"] == "*" for s in found.values())
        return found

    return by_sid


def test_a_key_without_uses_is_the_accounts_alone(statements):
    assert statements() == {
        "AccountAdministrators": {
            "Sid": "AccountAdministrators",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": ["kms:*"],
            "Resource": "*",
        }
    }


def test_callers_get_in_only_through_the_services_named(statements):
    statement = statements(ThroughServices(services=("fsx", "ecr")))["ThroughServices"]
    assert statement["Condition"] == {
        "StringEquals": {
            "kms:CallerAccount": ACCOUNT,
            "kms:ViaService": ["ecr.eu-west-1.amazonaws.com", "fsx.eu-west-1.amazonaws.com"],
        }
    }
    assert {"kms:Decrypt", "kms:GenerateDataKey*", "kms:CreateGrant"} <= set(statement["Action"])


@pytest.mark.parametrize(
    ("service", "principal", "condition"),
    [
        (
            "logs",
            "logs.eu-west-1.amazonaws.com",
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}},
        ),
        ("log-delivery", "delivery.logs.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        ("cloudwatch", "cloudwatch.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        ("budgets", "budgets.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        ("costalerts", "costalerts.amazonaws.com", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
        ("events", "events.amazonaws.com", None),
    ],
)
def test_a_service_acts_for_this_account_only(statements, service, principal, condition):
    (statement,) = [s for s in statements(ServiceItself(service=service)).values() if "Service" in s["Principal"]]
    assert statement["Principal"] == {"Service": principal}
    assert statement.get("Condition") == condition
    assert "kms:CreateGrant" not in statement["Action"]


def test_a_service_linked_role_is_named_in_a_condition_because_it_may_not_exist_yet(statements):
    found = statements(ServiceLinkedRole(role="autoscaling"))
    uses, grants = found["AutoscalingUsesTheKey"], found["AutoscalingGrantsToServices"]
    who = {"aws:PrincipalArn": AUTOSCALING, "kms:CallerAccount": ACCOUNT}
    assert uses["Condition"] == {"StringEquals": who}
    assert "kms:CreateGrant" not in uses["Action"]
    assert grants["Action"] == ["kms:CreateGrant"]
    assert grants["Condition"] == {"StringEquals": who, "Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_another_account_decrypts_and_no_more(statements):
    statement = statements(OtherAccount(account=OTHER))[f"Account{OTHER}Decrypts"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    assert statement["Action"] == ["kms:Decrypt", "kms:DescribeKey"]


def test_an_account_that_starts_machines_may_pass_the_key_on(statements):
    found = statements(OtherAccount(account=OTHER, use="machines"))
    assert found[f"Account{OTHER}PassesOn"]["Action"] == ["kms:CreateGrant"]
    assert "kms:ReEncrypt*" in found[f"Account{OTHER}StartsMachines"]["Action"]


def test_only_conditions_open_a_key_to_everyone(statements):
    """A principal of `*` without the caller's account in its condition would be the whole world."""
    uses = (
        ThroughServices(services=("s3",)),
        *(ServiceLinkedRole(role=role) for role in ("autoscaling", "ec2fleet", "spot")),
        OtherAccount(account=OTHER, use="machines"),
    )
    for statement in statements(*uses).values():
        if statement["Principal"] == {"AWS": "*"}:
            assert statement["Condition"]["StringEquals"]["kms:CallerAccount"] == ACCOUNT


def test_other_partitions_have_their_own_arns_and_endpoints(statements):
    found = statements(ThroughServices(services=("s3",)), ServiceLinkedRole(role="spot"), region="cn-north-1")
    assert found["AccountAdministrators"]["Principal"] == {"AWS": f"arn:aws-cn:iam::{ACCOUNT}:root"}
    via = found["ThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"]
    assert via == ["s3.cn-north-1.amazonaws.com.cn"]


def test_the_policy_text_is_stable(make_context):
    spec = KeySpec(description="k", uses=(ThroughServices(services=("fsx", "ecr")),))
    swapped = KeySpec(description="k", uses=(ThroughServices(services=("ecr", "fsx")),))
    assert key_policy(spec, make_context()) == key_policy(swapped, make_context())


def test_the_alias_names_project_stack_and_purpose(make_context):
    assert alias_name(make_context("prod"), "storage") == "alias/herd-prod-storage"


def test_a_borrowed_key_is_granted_to_each_role(make_context):
    key = f"arn:aws:kms:eu-west-1:{OTHER}:key/1234abcd"
    first, second = borrowed_grants(BorrowedKeySpec(key_arn=key, roles=("autoscaling", "spot")), make_context())
    assert (first.key_arn, first.grantee, first.operations) == (key, AUTOSCALING, GRANT_OPERATIONS)
    assert second.grantee.endswith("/AWSServiceRoleForEC2Spot")
    assert first.name != second.name


@pytest.mark.parametrize(
    "bad",
    [
        {"description": ""},
        {"rotation_days": 89},
        {"rotation_days": 2561},
        {"deletion_window_days": 6},
        {"deletion_window_days": 31},
        {"uses": ({"kind": "serviceItself", "service": "lambda"},)},
        {"uses": ({"kind": "throughServices", "services": ()},)},
        {"uses": ({"kind": "otherAccount", "account": "1"},)},
        {"uses": ({"kind": "everyone"},)},
        {"uses": (ServiceItself(service="logs"), ServiceItself(service="logs"))},
        {"uses": (OtherAccount(account=OTHER), OtherAccount(account=OTHER, use="machines"))},
    ],
)
def test_what_can_not_be_is_refused(bad):
    with pytest.raises(ValidationError):
        KeySpec(**{"description": "k", **bad})


@pytest.mark.parametrize(
    "bad", [{"key_arn": "alias/x"}, {"roles": ()}, {"roles": ("spot", "spot")}, {"roles": ("lambda",)}]
)
def test_a_borrowed_key_needs_an_arn_and_known_roles(bad):
    good = {"key_arn": f"arn:aws:kms:eu-west-1:{OTHER}:key/1234abcd", "roles": ("spot",)}
    BorrowedKeySpec(**good)
    with pytest.raises(ValidationError):
        BorrowedKeySpec(**{**good, **bad})
