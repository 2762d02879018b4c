"""Network interfaces of a launch: what a type's network cards take.

Rules: EC2 User Guide, "Maximize network bandwidth for accelerated instance types with EFA" and "Network cards"; EC2
API, InstanceNetworkInterfaceSpecification. Codes and messages: reports of what EC2 answered (eksctl issue 7520,
knife-ec2 pull request 375, kubernetes-on-aws pull request 8733); where none is known, the code of a like mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from herd.cloud.errors import AwsError

EFA_TYPES = ("efa", "efa-only")
# Not even `false`: karpenter-provider-aws, pkg/providers/launchtemplate/types.go.
_OF_ADDRESSES = ("AssociatePublicIpAddress", "PrivateIpAddress", "SecondaryPrivateIpAddressCount", "Ipv4PrefixCount")
Interface = Mapping[str, Any]


def interface_refusals(name: str, facts: Mapping[str, Any], interfaces: Sequence[Interface]) -> Iterator[AwsError]:
    """Why a machine of a type can't have these interfaces.

    Args:
        name: The type.
        facts: What DescribeInstanceTypes says of it.
        interfaces: A launch's NetworkInterfaces.
    """
    yield from shape_refusals(interfaces)
    network = facts["NetworkInfo"]
    cards = {card["NetworkCardIndex"]: card for card in network["NetworkCards"]}
    for each in interfaces:
        yield from _place_refusals(name, cards, each)
    yield from _efa_refusals(name, network, cards, interfaces)
    most = network["MaximumNetworkInterfaces"]
    if len(interfaces) > most:
        yield AwsError("AttachmentLimitExceeded", f"Interface count {len(interfaces)} exceeds the limit for {name}")


def shape_refusals(interfaces: Sequence[Interface]) -> Iterator[AwsError]:
    """What is wrong with a list of interfaces on whatever machine."""
    if not interfaces:
        return
    if any(each.get("DeviceIndex") is None for each in interfaces):
        yield AwsError("InvalidParameterValue", "Each network interface requires a device index.")
        return
    seen = Counter(map(_place, interfaces))
    for (card, device), count in sorted(seen.items()):
        if count > 1:
            yield AwsError(
                "InvalidParameterValue",
                f"Each network interface requires a unique device index: '{device}' on network card '{card}' is used "
                f"{count} times.",
            )
    primary = next((each for each in interfaces if _place(each) == (0, 0)), None)
    if primary is None:
        yield AwsError("InvalidParameterValue", "A primary network interface (network card 0, device 0) is required.")
    elif primary.get("InterfaceType") == "efa-only":
        yield AwsError(
            "InvalidParameterCombination", "An EFA-only network interface cannot be the primary network interface."
        )
    if len(interfaces) > 1 and any(each.get("AssociatePublicIpAddress") for each in interfaces):
        yield AwsError(
            "InvalidParameterCombination",
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
            "interfaces",
        )
    for each in interfaces:
        if each.get("InterfaceType") == "efa-only" and any(each.get(name) is not None for name in _OF_ADDRESSES):
            yield AwsError("InvalidParameterCombination", "An EFA-only network interface cannot have IP addresses.")


def _place(interface: Interface) -> tuple[int, int]:
    return int(interface.get("NetworkCardIndex") or 0), int(interface["DeviceIndex"])


def _place_refusals(name: str, cards: Mapping[int, Mapping[str, Any]], interface: Interface) -> Iterator[AwsError]:
    if interface.get("DeviceIndex") is None:
        return
    card, device = _place(interface)
    if card not in cards:
        yield AwsError(
            "InvalidParameterValue",
            f"The specified number '{card}' for the network card index exceeds the maximum number of network cards "
            f"supported by {name}. Specify a number from 0 to {max(cards)}, and try again.",
        )
        return
    most = cards[card]["MaximumNetworkInterfaces"]
    if device >= most:
        yield AwsError(
            "InvalidParameterValue",
            f"The specified number '{device}' for the device index exceeds the maximum number of network interfaces "
            f"supported by the network card at network card index {card}. The maximum devices for this network card is "
            f"{most}. Specify a number from 0 to {most - 1}, and try again.",
        )


def _efa_refusals(
    name: str, network: Mapping[str, Any], cards: Mapping[int, Mapping[str, Any]], interfaces: Sequence[Interface]
) -> Iterator[AwsError]:
    fabric = [each for each in interfaces if each.get("InterfaceType") in EFA_TYPES]
    if not fabric:
        return
    if not network.get("EfaSupported"):
        yield AwsError("UnsupportedOperation", f"EFA interfaces are not supported on {name}")
        return
    most = network["EfaInfo"]["MaximumEfaInterfaces"]
    if len(fabric) > most:
        yield AwsError(
            "AttachmentLimitExceeded", f"EFA interface count {len(fabric)} exceeds the limit {most} for {name}"
        )
    on_card = Counter(int(each.get("NetworkCardIndex") or 0) for each in fabric)
    for card, count in sorted(on_card.items()):
        # One EFA a card; none on a card whose interfaces are ENA alone, such as card 0 of p6-b300.
        limit = 1 if set(EFA_TYPES) & set(cards.get(card, {}).get("InterfaceTypes", EFA_TYPES)) else 0
        if count > limit:
            yield AwsError(
                "AttachmentLimitExceeded",
                f"EFA interface count {count} exceeds the limit {limit} for {name} on Network Card {card}",
            )
