"""The network's plain types: tiers, kinds of NAT, blocks and ids as a stack file writes them."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, StringConstraints

from components.network.addresses import LARGEST_PREFIX, SMALLEST_PREFIX
from components.network.endpoints import PRESETS

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Source: CloudWatch Logs API, PutRetentionPolicy."""


class Tier(StrEnum):
    """Kinds of subnets, in the order they are laid out where their sizes are equal."""

    PRIVATE = "private"
    INTRA = "intra"
    PUBLIC = "public"
    PODS = "pods"


class Nat(StrEnum):
    """How private subnets reach the internet."""

    PER_AZ = "per-az"
    SINGLE = "single"
    NONE = "none"


def read_network(value: Any) -> Any:
    """A block, or an error that shows one."""
    # `true` and `5` would be blocks of one address.
    if isinstance(value, int):
        raise ValueError(f"expected an IPv4 block such as 10.20.0.0/16, found {value!r}")  # noqa: TRY004 - pydantic's
    if not isinstance(value, str):
        return value
    try:
        return IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"expected an IPv4 block such as 10.20.0.0/16: {error}") from None


def read_preset(value: Any) -> Any:
    """A preset's services, for its name."""
    if not isinstance(value, str):
        return value
    if value not in PRESETS:
        raise ValueError(f"expected a list of services or one of {', '.join(PRESETS)}")
    return PRESETS[value]


def read_retention(value: Any) -> Any:
    """One of the spans CloudWatch knows."""
    if value not in RETENTION_DAYS:
        raise ValueError(f"CloudWatch keeps logs for {', '.join(map(str, RETENTION_DAYS))} days")
    return value


def read_optional_length(value: Any) -> Any:
    """A prefix length, or `none`."""
    if value == "none" or (type(value) is int and LARGEST_PREFIX <= value <= SMALLEST_PREFIX):
        return value
    raise ValueError(f"expected a prefix length from {LARGEST_PREFIX} to {SMALLEST_PREFIX}, or 'none'")


Cidr = Annotated[IPv4Network, BeforeValidator(read_network), PlainSerializer(str, return_type=str)]
PrefixLength = Annotated[int, Field(ge=LARGEST_PREFIX, le=SMALLEST_PREFIX)]
# A word, not null: the props of a component leave out what is null, and with it that somebody asked for nothing.
OptionalPrefixLength = Annotated[int | Literal["none"], PlainValidator(read_optional_length)]
ZoneName = str


def aws_id(prefix: str) -> Any:
    """The form of an id: the old one with 8 digits, or 17."""
    return StringConstraints(pattern=rf"^{prefix}-(?:[0-9a-f]{{8}}|[0-9a-f]{{17}})$")


VpcId = Annotated[str, aws_id("vpc")]
SubnetId = Annotated[str, aws_id("subnet")]
RouteTableId = Annotated[str, aws_id("rtb")]


def slot(zone: ZoneName) -> int:
    """The place of a zone in every tier: its letter, so that zones which come or go don't move the others."""
    return ord(zone[-1]) - ord("a")
