"""The checks: a table. Each asks the account one kind of question and never writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from components.base.problems import InvalidInputError
from components.capacity.spec import CapacityBlockFacts, OpenReservationFacts, TargetedReservationFacts
from components.gpu_cluster.bounds import quota_needs
from components.hardware.catalogue import find_type
from components.release.spec import UNRESOLVED
from herd.doctor.aws.account import (
    FIELD,
    Client,
    NotAllowedError,
    NotAnsweredError,
    NotReachedError,
    RefusedError,
    ask,
    ask_all,
)
from herd.doctor.aws.demand import Demand

Verdict = Literal["pass", "fail", "open"]
"""`open`: not evaluated, which is never a pass."""


@dataclass(frozen=True)
class Finding:
    """What one question came to.

    Attributes:
        verdict: Whether the account can hold it.
        subject: What it is about: a type, a reservation, a quota.
        said: What was asked for and what there is, with the numbers.
        fix: What to do about it.
    """

    verdict: Verdict
    subject: str
    said: str
    fix: str = ""

    def to_dict(self) -> dict[str, str]:
        """The finding as JSON data."""
        return {"verdict": self.verdict, "subject": self.subject, "said": self.said, "fix": self.fix}


@dataclass(frozen=True)
class Check:
    """One kind of question.

    Attributes:
        name: What it is about.
        why: What goes wrong at `up` otherwise.
        calls: The IAM actions it needs, all read-only.
        look: Asks.
    """

    name: str
    why: str
    calls: tuple[str, ...]
    look: Callable[[Demand, Client], Iterator[Finding]]


def examine(demand: Demand, client: Client) -> Iterator[tuple[Check, list[Finding]]]:
    """Every check in the order of the table; one that can't be made is open.

    Raises:
        InvalidInputError: There are no credentials that AWS takes, or AWS can't be reached.
    """
    for check in CHECKS:
        yield check, _looked(check, demand, client)


def _looked(check: Check, demand: Demand, client: Client) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check.look(demand, client))
    except NotAnsweredError as error:
        fix = f"allow {', '.join(check.calls)}" if isinstance(error, NotAllowedError) else "ask again"
        found.append(Finding("open", check.name, str(error), fix))
    except RefusedError as error:
        found.append(Finding("open", check.name, f"{error.code}: {error}"))
    return found


def _finding(subject: str, said: str, *, ok: bool, fix: str) -> Finding:
    return Finding("pass", subject, said) if ok else Finding("fail", subject, said, fix)


def identity(demand: Demand, client: Client) -> Iterator[Finding]:
    """The credentials are the stack's account."""
    try:
        account = ask(client, "sts", "get_caller_identity")["Account"]
    except NotReachedError as error:
        # Every other question would wait as long, and get no answer either.
        fix = "check the network, the proxy and AWS_ENDPOINT_URL"
        raise InvalidInputError.one(f"AWS can't be reached: {error}", field=FIELD, fix=fix) from None
    wanted = demand.context.account
    said = f"these credentials are account {account}, the stack's is {wanted}"
    yield _finding("account", said, ok=account == wanted, fix="sign in to the stack's account, or correct herd:account")


def zones(demand: Demand, client: Client) -> Iterator[Finding]:
    """Every zone exists here, and is the place the stack takes it for."""
    found = ask_all(client, "ec2", "describe_availability_zones", "AvailabilityZones")
    ids = {zone["ZoneName"]: zone["ZoneId"] for zone in found if zone.get("State", "available") == "available"}
    for zone in demand.context.availability_zones:
        if zone not in ids:
            there = ", ".join(sorted(ids))
            yield Finding("fail", zone, f"the account has no such zone: it has {there}", "choose among them")
            continue
        taken = demand.zone_ids.get(zone)
        said = f"is {ids[zone]} in this account, the stack takes it for {taken}"
        yield _finding(zone, said, ok=ids[zone] == taken, fix=f"herd:zoneIds: {{{zone}: {ids[zone]}}}")


def offerings(demand: Demand, client: Client) -> Iterator[Finding]:
    """Every type is offered in every zone that some pool has it in."""
    placed = demand.placed()
    if not placed:
        return
    filters = [{"Name": "instance-type", "Values": list(placed)}]
    rows = ask_all(
        client,
        *("ec2", "describe_instance_type_offerings", "InstanceTypeOfferings"),
        LocationType="availability-zone",
        Filters=filters,
    )
    offered = {(row["InstanceType"], row["Location"]) for row in rows}
    for type_, wanted in placed.items():
        missing = [zone for zone in wanted if (type_, zone) not in offered]
        there = sorted(zone for name, zone in offered if name == type_)
        said = f"wanted in {', '.join(wanted)}, offered in {', '.join(there) or 'no zone of the region'}"
        yield _finding(type_, said, ok=not missing, fix="move the pool to a zone that offers it")


def quotas(demand: Demand, client: Client) -> Iterator[Finding]:
    """The vCPUs of all pools at their largest, and of what else runs here, fit the account's quotas."""
    running = _running(demand, client)
    for need in quota_needs(demand.pools, demand.reservations):
        what = f"{need.market} vCPUs of {need.quota.name} types"
        if need.code is None:
            yield Finding("open", what, "AWS publishes no quota for them", "ask AWS")
            continue
        try:
            have = ask(client, "service-quotas", "get_service_quota", ServiceCode="ec2", QuotaCode=need.code)
        except RefusedError as error:
            yield Finding("open", f"{what} ({need.code})", f"the account has no such quota: {error}", "ask AWS")
            continue
        limit, others = int(have["Quota"]["Value"]), running[need.code]
        said = f"{', '.join(need.holders)} take {need.vcpus} at most, others here {others}, the quota is {limit}"
        fix = f"aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {need.code} "
        fix += f"--desired-value {need.vcpus + others}"
        yield _finding(f"{what} ({need.code})", said, ok=need.vcpus + others <= limit, fix=fix)


def _running(demand: Demand, client: Client) -> Counter[str]:
    """What instances outside of this stack take in vCPUs, by quota code."""
    states = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
    own = {"project": demand.context.project, "stack": demand.context.stack}
    used: Counter[str] = Counter()
    for reservation in ask_all(client, "ec2", "describe_instances", "Reservations", Filters=states):
        for instance in reservation["Instances"]:
            tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
            machine = find_type(instance["InstanceType"])
            if machine is None or own.items() <= tags.items():
                continue
            quota, spot = machine.quota_class, instance.get("InstanceLifecycle") == "spot"
            used[(quota.spot_code if spot else quota.on_demand_code) or ""] += machine.vcpus
    return used


def reservations(demand: Demand, client: Client) -> Iterator[Finding]:
    """Every reservation is there and is what the stack file says."""
    for name, facts in demand.reservations.items():
        if isinstance(facts, TargetedReservationFacts) and facts.id is None:
            try:
                yield from _group(name, facts, client)
            except RefusedError as error:
                yield Finding("fail", name, f"{facts.group} isn't there: {error}", "correct its group, or take it out")
            continue
        try:
            found = ask(client, "ec2", "describe_capacity_reservations", CapacityReservationIds=[facts.id])
            held = found["CapacityReservations"][0]
        except (RefusedError, IndexError) as error:
            yield Finding("fail", name, f"{facts.id} isn't there: {error}", "correct its id, or take it out")
            continue
        differing = list(_differing(facts, held))
        said = "; ".join(differing) or f"{facts.id}: {facts.count} {facts.instance_type} in {facts.zone}"
        yield _finding(name, said, ok=not differing, fix="correct herd:reservations")


def _group(name: str, facts: TargetedReservationFacts, client: Client) -> Iterator[Finding]:
    arn = str(facts.group)
    rows = ask_all(client, "resource-groups", "list_group_resources", "Resources", Group=arn)
    ids = [row["Identifier"]["ResourceArn"].rpartition("/")[2] for row in rows]
    found = []
    if ids:
        found = ask_all(
            client, "ec2", "describe_capacity_reservations", "CapacityReservations", CapacityReservationIds=ids
        )
    fitting = [
        row
        for row in found
        if row["InstanceType"] == facts.instance_type
        and row["AvailabilityZone"] == facts.zone
        and row["State"] == "active"
    ]
    count = sum(row["TotalInstanceCount"] for row in fitting)
    said = f"its reservations hold {count} {facts.instance_type} in {facts.zone}, the stack file says {facts.count}"
    yield _finding(name, said, ok=count >= facts.count, fix="correct herd:reservations, or reserve more")


def _differing(facts: Any, held: Mapping[str, Any]) -> Iterator[str]:
    """How a reservation differs from what the stack file says of it."""
    block = isinstance(facts, CapacityBlockFacts)
    states = ("active", "scheduled", "payment-pending") if block else ("active",)
    if held["State"] not in states:
        yield f"is {held['State']}"
    said: list[tuple[str, Any, Any]] = [
        ("instance type", facts.instance_type, held["InstanceType"]),
        ("zone", facts.zone, held["AvailabilityZone"]),
        ("kind", "capacity-block" if block else "default", held.get("ReservationType", "default")),
        ("platform", "Linux/UNIX", held.get("InstancePlatform", "Linux/UNIX")),
    ]
    if isinstance(facts, OpenReservationFacts):
        said.append(("who uses it", "open", held.get("InstanceMatchCriteria")))
    elif not block:
        said.append(("who uses it", "targeted", held.get("InstanceMatchCriteria")))
        placed = str(held.get("PlacementGroupArn") or "").rpartition("/")[2] or None
        said.append(("placement group", facts.placement_group, placed))
    else:
        said += [("start", facts.start, _moment(held, "StartDate")), ("end", facts.end, _moment(held, "EndDate"))]
    for what, wanted, there in said:
        if wanted != there:
            yield f"its {what} is {there or 'none'}, the stack file says {wanted or 'none'}"
    if held["TotalInstanceCount"] < facts.count:
        yield f"it holds {held['TotalInstanceCount']} machines, the stack file says {facts.count}"


def _moment(held: Mapping[str, Any], key: str) -> datetime | None:
    found: datetime | None = held.get(key)
    return found


def images(demand: Demand, client: Client) -> Iterator[Finding]:
    """Every generation's image is there, of the architecture its release says."""
    for id_, (pin, holders) in demand.images().items():
        who = ", ".join(holders)
        if id_ == UNRESOLVED:
            fix = "herd release resolve, then herd pool roll"
            yield Finding("open", who, "nobody has looked its image up yet", fix)
            continue
        try:
            image = ask(client, "ec2", "describe_images", ImageIds=[id_])["Images"][0]
        except (RefusedError, IndexError):
            yield Finding("fail", id_, f"{who}: there is no such image here", "share it with the account, or roll")
            continue
        said = f"{who}: {image['Architecture']}, {image['State']}; the release says {pin.architecture}"
        ok = image["Architecture"] == pin.architecture and image["State"] == "available"
        yield _finding(id_, said, ok=ok, fix="roll to a release whose image fits")


def versions(demand: Demand, client: Client) -> Iterator[Finding]:
    """EKS still supports the release's Kubernetes, and has its add-ons for it."""
    if demand.release is None or not (kubernetes := demand.release.versions.get("kubernetes")):
        return
    rows = ask_all(client, "eks", "describe_cluster_versions", "clusterVersions", clusterVersions=[kubernetes])
    status = str(rows[0].get("versionStatus") or rows[0].get("status")) if rows else "unknown"
    supported = status.upper().startswith("STANDARD")
    said = f"EKS says {status.lower().replace('_', ' ')}"
    fix = "a release with a newer Kubernetes: extended support costs six times as much, then EKS upgrades by itself"
    yield _finding(f"kubernetes {kubernetes}", said, ok=supported, fix=fix)
    for addon, version in demand.release.addons.items():
        asked = {"addonName": addon, "kubernetesVersion": kubernetes}
        try:
            found = ask_all(client, "eks", "describe_addon_versions", "addons", **asked)
        except RefusedError:
            found = []
        known = [row["addonVersion"] for item in found for row in item["addonVersions"]]
        said = f"{version} for Kubernetes {kubernetes}"
        fix = f"a lock with one of {', '.join(known[:3]) or 'none'}"
        yield _finding(addon, said if version in known else f"EKS has no {said}", ok=version in known, fix=fix)


def addresses(demand: Demand, client: Client) -> Iterator[Finding]:
    """Subnets that exist already have the addresses; a network of the stack's own was checked on loading."""
    if not demand.subnets:
        return
    rows = ask_all(client, "ec2", "describe_subnets", "Subnets", SubnetIds=sorted(demand.subnets.values()))
    free = {row["SubnetId"]: row["AvailableIpAddressCount"] for row in rows}
    for zone, subnet in demand.subnets.items():
        need = demand.addresses.get(zone, 0)
        said = f"{subnet} in {zone} has {free.get(subnet, 0)} addresses free, nodes take {need}"
        yield _finding(zone, said, ok=free.get(subnet, 0) >= need, fix="a larger subnet, or smaller pools")


def spot_role(demand: Demand, client: Client) -> Iterator[Finding]:
    """Spot needs a service-linked role, which an account that never used it lacks."""
    if not any(pool.capacity.kind == "spot" for pool in demand.pools.values()):
        return
    role = "AWSServiceRoleForEC2Spot"
    try:
        ask(client, "iam", "get_role", RoleName=role)
    except RefusedError:
        fix = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
        yield Finding("fail", role, "the account never used spot: Karpenter's launches would fail", fix)
    else:
        yield Finding("pass", role, "there")


CHECKS: Final = (
    Check("account", "the provider refuses every call", ("sts:GetCallerIdentity",), identity),
    Check("zones", "subnets and pools end up elsewhere than thought", ("ec2:DescribeAvailabilityZones",), zones),
    Check("offerings", "launches fail as Unsupported", ("ec2:DescribeInstanceTypeOfferings",), offerings),
    Check(
        "quotas",
        "nodes stop coming with VcpuLimitExceeded",
        ("servicequotas:GetServiceQuota", "ec2:DescribeInstances"),
        quotas,
    ),
    Check(
        "reservations",
        "node groups fail, or the machines paid for stand idle",
        ("ec2:DescribeCapacityReservations", "resource-groups:ListGroupResources"),
        reservations,
    ),
    Check("images", "launches fail as InvalidAMIID.NotFound", ("ec2:DescribeImages",), images),
    Check("versions", "EKS refuses them", ("eks:DescribeClusterVersions", "eks:DescribeAddonVersions"), versions),
    Check("addresses", "nodes and pods stay pending", ("ec2:DescribeSubnets",), addresses),
    Check("spot", "every spot launch fails", ("iam:GetRole",), spot_role),
)
