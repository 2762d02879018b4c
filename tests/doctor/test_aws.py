"""`herd doctor --aws`: what an account can hold, question by question; what it doesn't answer is never a pass."""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from pydantic import TypeAdapter

from components.base.context import StackContext
from components.base.problems import InvalidInputError
from components.capacity.spec import Reservations
from components.gpu_cluster.spec import Pools
from components.release.spec import AmiPin, ReleaseSpec
from herd.doctor.aws.checks import CHECKS, examine
from herd.doctor.aws.demand import Demand

ZONES = {"us-west-2a": "usw2-az2", "us-west-2b": "usw2-az1"}
IMAGE = "ami-0123456789abcdef0"
RESERVED = "cr-0123456789abcdef0"
BLOCK = "cr-0123456789abcdef1"
START, END = datetime(2027, 1, 4, 11, 30, tzinfo=UTC), datetime(2027, 1, 8, 11, 30, tzinfo=UTC)


def release(**changed):
    values = {
        "name": "first-0123456789ab",
        "sha256": "0" * 64,
        "amis": {"gpu": AmiPin(id=IMAGE, architecture="x86_64", provenance="vendor", recipe_hash=None)},
        "images": {},
        "charts": {},
        "addons": {"coredns": "v1.13.2-eksbuild.1"},
        "versions": {"kubernetes": "1.35"},
    }
    return ReleaseSpec(**{**values, **changed})


def demand(**changed):
    pools = TypeAdapter(Pools).validate_python(
        {
            "spot": {
                "kind": "elastic",
                "capacity": {"kind": "spot"},
                "zones": list(ZONES),
                "maxNodes": 10,
                "generations": [
                    {
                        "key": "g1-00000000",
                        "release": "first",
                        "maxNodes": 10,
                        "node": {"instanceTypes": ["g6.xlarge"], "image": "gpu"},
                    }
                ],
            }
        }
    )
    reservations = TypeAdapter(Reservations).validate_python(
        {
            "p5": {"kind": "targeted", "id": RESERVED, "instanceType": "p5.48xlarge", "zone": "us-west-2a", "count": 4},
            "block": {
                "kind": "capacity-block",
                "id": BLOCK,
                "instanceType": "p5.48xlarge",
                "zone": "us-west-2b",
                "count": 2,
                "start": START.isoformat(),
                "end": END.isoformat(),
            },
        }
    )
    values = {
        "context": StackContext(
            project="herd",
            stack="prod",
            environment="prod",
            account="777788889999",
            region="us-west-2",
            availability_zones=tuple(ZONES),
            tags={},
        ),
        "zone_ids": ZONES,
        "pools": pools,
        "reservations": reservations,
        "releases": {"first": release()},
        "release": release(),
        "subnets": {"us-west-2a": "subnet-0123456789abcdef0"},
        "addresses": {"us-west-2a": 10},
    }
    return Demand(**{**values, **changed})


def reservation(**changed):
    return {
        "State": "active",
        "InstanceType": "p5.48xlarge",
        "AvailabilityZone": "us-west-2a",
        "InstanceMatchCriteria": "targeted",
        "InstancePlatform": "Linux/UNIX",
        "TotalInstanceCount": 4,
        **changed,
    }


HELD = {
    RESERVED: reservation(),
    BLOCK: reservation(
        AvailabilityZone="us-west-2b",
        ReservationType="capacity-block",
        State="scheduled",
        TotalInstanceCount=2,
        StartDate=START,
        EndDate=END,
    ),
}
QUOTAS = {"L-3819A6DF": 40.0, "L-417A185B": 768.0}


class Account:
    """An account's answers, by operation; a callable gets the parameters."""

    def __init__(self, **answers):
        self.answers = {
            "get_caller_identity": {"Account": "777788889999"},
            "describe_availability_zones": {
                "AvailabilityZones": [{"ZoneName": name, "ZoneId": id_} for name, id_ in ZONES.items()]
            },
            "describe_instance_type_offerings": {
                "InstanceTypeOfferings": [{"InstanceType": "g6.xlarge", "Location": zone} for zone in ZONES]
            },
            "describe_instances": {"Reservations": []},
            "get_service_quota": lambda asked: {"Quota": {"Value": QUOTAS[asked["QuotaCode"]]}},
            "describe_capacity_reservations": lambda asked: {
                "CapacityReservations": [HELD[asked["CapacityReservationIds"][0]]]
            },
            "describe_images": {"Images": [{"Architecture": "x86_64", "State": "available"}]},
            "describe_cluster_versions": {"clusterVersions": [{"versionStatus": "STANDARD_SUPPORT"}]},
            "describe_addon_versions": {"addons": [{"addonVersions": [{"addonVersion": "v1.13.2-eksbuild.1"}]}]},
            "describe_subnets": {"Subnets": [{"SubnetId": "subnet-0123456789abcdef0", "AvailableIpAddressCount": 10}]},
            "get_role": {"Role": {}},
            **answers,
        }

    def __call__(self, service):
        return self

    def can_paginate(self, operation):
        return False

    def __getattr__(self, operation):
        def call(**asked):
            answer = self.answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer(asked) if callable(answer) else answer

        return call


def refusal(code, status=400):
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Any")


def found(check, account=None, **changed):
    by_name = {each.name: findings for each, findings in examine(demand(**changed), account or Account())}
    return by_name[check]


def test_an_account_that_holds_everything_passes_every_check():
    looked = {check.name: findings for check, findings in examine(demand(), Account())}
    assert {finding.verdict for findings in looked.values() for finding in findings} == {"pass"}
    assert all(looked.values())


WRONG = {
    "another account": ("account", {"get_caller_identity": {"Account": "111122223333"}}, "are account 111122223333"),
    "a zone that is another place": (
        "zones",
        {"describe_availability_zones": {"AvailabilityZones": [{"ZoneName": z, "ZoneId": "usw2-az3"} for z in ZONES]}},
        "is usw2-az3 in this account, the stack takes it for usw2-az2",
    ),
    "a zone that isn't there": ("zones", {"describe_availability_zones": {"AvailabilityZones": []}}, "no such zone"),
    "a type that a zone lacks": (
        "offerings",
        {
            "describe_instance_type_offerings": {
                "InstanceTypeOfferings": [{"InstanceType": "g6.xlarge", "Location": "us-west-2a"}]
            }
        },
        "wanted in us-west-2a, us-west-2b, offered in us-west-2a",
    ),
    "a quota that is too low": (
        "quotas",
        {"get_service_quota": {"Quota": {"Value": 39.0}}},
        "pool spot take 40 at most, others here 0, the quota is 39",
    ),
    "a reservation that isn't there": (
        "reservations",
        {"describe_capacity_reservations": refusal("InvalidCapacityReservationId.NotFound")},
        "cr-0123456789abcdef0 isn't there",
    ),
    "a reservation that ended": (
        "reservations",
        {"describe_capacity_reservations": {"CapacityReservations": [reservation(State="expired")]}},
        "is expired",
    ),
    "a reservation that is smaller": (
        "reservations",
        {"describe_capacity_reservations": {"CapacityReservations": [reservation(TotalInstanceCount=3)]}},
        "holds 3 machines, the stack file says 4",
    ),
    "a reservation that anyone uses": (
        "reservations",
        {"describe_capacity_reservations": {"CapacityReservations": [reservation(InstanceMatchCriteria="open")]}},
        "who uses it is open, the stack file says targeted",
    ),
    "an image of another architecture": (
        "images",
        {"describe_images": {"Images": [{"Architecture": "arm64", "State": "available"}]}},
        "arm64",
    ),
    "an image that isn't there": ("images", {"describe_images": refusal("InvalidAMIID.NotFound")}, "no such image"),
    "a Kubernetes out of support": (
        "versions",
        {"describe_cluster_versions": {"clusterVersions": [{"versionStatus": "EXTENDED_SUPPORT"}]}},
        "extended support",
    ),
    "an add-on that EKS doesn't have": ("versions", {"describe_addon_versions": {"addons": []}}, "EKS has no"),
    "a full subnet": (
        "addresses",
        {"describe_subnets": {"Subnets": [{"SubnetId": "subnet-0123456789abcdef0", "AvailableIpAddressCount": 9}]}},
        "9 addresses free, nodes take 10",
    ),
    "an account that never used spot": ("spot", {"get_role": refusal("NoSuchEntity")}, "never used spot"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_in_the_way_is_named_with_its_numbers_and_a_fix(case):
    check, answers, said = WRONG[case]
    failed = [finding for finding in found(check, Account(**answers)) if finding.verdict == "fail"]
    assert any(said in f"{finding.subject}: {finding.said}" for finding in failed), failed
    assert all(finding.fix for finding in failed)


def test_every_kind_of_check_has_a_case_that_fails():
    assert {check for check, _, _ in WRONG.values()} == {check.name for check in CHECKS}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"StartDate": END}, "its start is"),
        ({"EndDate": START}, "its end is"),
        ({"ReservationType": "default"}, "its kind is default, the stack file says capacity-block"),
        ({"InstanceType": "p5en.48xlarge"}, "its instance type is p5en.48xlarge"),
        ({"AvailabilityZone": "us-west-2a"}, "its zone is us-west-2a"),
    ],
)
def test_a_block_is_the_one_that_was_bought(changed, said):
    held = {RESERVED: HELD[RESERVED], BLOCK: {**HELD[BLOCK], **changed}}
    account = Account(
        describe_capacity_reservations=lambda asked: {
            "CapacityReservations": [held[asked["CapacityReservationIds"][0]]]
        }
    )
    good, bad = found("reservations", account)
    assert good.verdict == "pass"
    assert (bad.verdict, said in bad.said) == ("fail", True)


def test_what_others_run_counts_and_the_stack_s_own_does_not():
    own = [{"Key": "project", "Value": "herd"}, {"Key": "stack", "Value": "prod"}]
    running = [
        {"InstanceType": "g6.xlarge", "InstanceLifecycle": "spot", "Tags": []},
        {"InstanceType": "g6.xlarge", "InstanceLifecycle": "spot", "Tags": own},
        {"InstanceType": "g6.48xlarge", "Tags": []},
    ]
    account = Account(describe_instances={"Reservations": [{"Instances": running}]})
    said = [finding.said for finding in found("quotas", account) if "L-3819A6DF" in finding.subject]
    assert said == ["pool spot take 40 at most, others here 4, the quota is 40"]


@pytest.mark.parametrize("error", [refusal("AccessDeniedException", 403), refusal("UnauthorizedOperation", 403)])
def test_a_question_that_may_not_be_asked_stays_open_and_names_the_permission(error):
    (finding,) = found("images", Account(describe_images=error))
    assert finding.verdict == "open"
    assert "ec2:DescribeImages" in finding.fix


def test_a_service_that_fails_leaves_its_question_open_and_asks_the_others():
    looked = {
        check.name: findings
        for check, findings in examine(demand(), Account(describe_cluster_versions=refusal("500", 500)))
    }
    assert [finding.verdict for finding in looked["versions"]] == ["open"]
    assert {finding.verdict for finding in looked["spot"]} == {"pass"}


THROTTLED = [refusal("RequestLimitExceeded", 503), refusal("ThrottlingException", 400), refusal("Throttling", 400)]
DOWN = EndpointConnectionError(endpoint_url="http://127.0.0.1:9/")


@pytest.mark.parametrize("error", [*THROTTLED, refusal("InternalError", 500), DOWN])
@pytest.mark.parametrize(
    ("check", "call"),
    [
        ("reservations", "describe_capacity_reservations"),
        ("images", "describe_images"),
        ("spot", "get_role"),
        ("quotas", "get_service_quota"),
        ("versions", "describe_addon_versions"),
    ],
)
def test_no_answer_is_never_taken_for_an_absence(check, call, error):
    findings = found(check, Account(**{call: error}))
    assert {finding.verdict for finding in findings} - {"pass"} == {"open"}
    assert not any("allow" in finding.fix for finding in findings)


@pytest.mark.parametrize("code", ["ExpiredToken", "RequestExpired", "InvalidClientTokenId", "AuthFailure"])
def test_credentials_that_aws_does_not_take_are_said_once(code):
    with pytest.raises(InvalidInputError, match=f"AWS doesn't take these credentials: {code}") as refused:
        list(examine(demand(), Account(get_caller_identity=refusal(code, 403))))
    assert "sign in" in refused.value.problems[0].fix


def test_where_nobody_is_there_to_ask_nothing_else_is_asked():
    account = Account(get_caller_identity=DOWN)
    with pytest.raises(InvalidInputError, match=r"AWS can't be reached.*check the network"):
        list(examine(demand(), account))


def test_a_group_that_is_not_there_hides_no_other_reservation():
    facts = {"kind": "targeted", "instanceType": "p5.48xlarge", "zone": "us-west-2a", "count": 4}
    group = {**facts, "group": "arn:aws:resource-groups:us-west-2:777788889999:group/gone"}
    reservations = TypeAdapter(Reservations).validate_python({"gone": group, "p5": {**facts, "id": RESERVED}})
    account = Account(list_group_resources=refusal("NotFoundException", 404))
    gone, there = found("reservations", account, reservations=reservations)
    assert (gone.verdict, gone.subject) == ("fail", "gone")
    assert (there.verdict, there.subject) == ("pass", "p5")


def test_a_quota_there_is_not_hides_no_other():
    account = Account(get_service_quota=refusal("NoSuchResourceException", 400))
    findings = found("quotas", account)
    assert {finding.verdict for finding in findings} == {"open"}
    assert len(findings) > 1


def test_an_image_nobody_looked_up_is_open():
    unresolved = AmiPin(id="unresolved", architecture="x86_64", provenance="vendor", recipe_hash=None)
    (finding,) = found("images", releases={"first": release(amis={"gpu": unresolved})})
    assert (finding.verdict, finding.subject) == ("open", "spot g1-00000000")


def test_without_credentials_nothing_is_asked_twice():
    with pytest.raises(InvalidInputError, match="sign in to AWS"):
        list(examine(demand(), Account(get_caller_identity=NoCredentialsError())))
