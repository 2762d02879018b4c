"""Writes the catalogue of instance types from EC2's own answers.

Run as ``python -m herd.hardware.generate`` with AWS credentials (or AWS_ENDPOINT_URL), or with ``--stand-in`` from
the answers that moto ships, in-process. The files have a line per type, so that a new answer reads as a diff.
A type that several regions offer is described by the first of them, us-east-1 before the others.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

from components.base.problems import InvalidInputError
from components.base.validation import plain
from components.base.yaml_file import YamlFile
from components.hardware.catalogue import DATA
from herd.hardware.facts import FACTS, ZONE_ID, entry, offering
from herd.write import write_text

CORRECTIONS = Path(__file__).with_name("corrections.yaml")
FIRST_REGION = "us-east-1"
BATCH = 100
"""InstanceTypes that one DescribeInstanceTypes names at most. Source: EC2 API reference."""

Ec2 = Callable[[str], Any]
Files = dict[str, str]


def generate(ec2: Ec2, source: str, only: Iterable[str] = ()) -> Files:
    """The content of the generated files, by name.

    Args:
        ec2: A client for a region.
        source: Where the answers come from, for the files' readers.
        only: Regions to ask; all that the account has if empty.

    Raises:
        InvalidInputError: An answer that the catalogue can't hold, or a correction that no longer fits.
    """
    regions = list(only) or [region["RegionName"] for region in ec2(FIRST_REGION).describe_regions()["Regions"]]
    zones, offered, types = dict[str, dict[str, str]](), dict[str, set[str]](), dict[str, dict[str, Any]]()
    for region in sorted(regions, key=lambda region: (region != FIRST_REGION, region)):
        client = ec2(region)
        here = _offerings(client)
        if not here:
            continue
        zones[region] = {
            zone["ZoneName"]: zone["ZoneId"]
            for zone in client.describe_availability_zones()["AvailabilityZones"]
            if zone["ZoneType"] == "availability-zone"
        }
        for name, ids in here.items():
            offered.setdefault(name, set()).update(ids)
        for batch in _batches(sorted(set(here) - set(types))):
            types |= {
                answer["InstanceType"]: entry(answer)
                for answer in client.describe_instance_types(InstanceTypes=batch)["InstanceTypes"]
            }
    return {
        "types.json": lines(source, "types", correct(types, plain(YamlFile.load(CORRECTIONS).data))),
        "offerings.json": lines(source, "offerings", {name: offering(ids) for name, ids in offered.items()}),
        "zones.json": lines(source, "zones", {region: dict(sorted(found.items())) for region, found in zones.items()}),
    }


def correct(types: Mapping[str, dict[str, Any]], corrections: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The entries with the corrections in.

    Raises:
        InvalidInputError: EC2 now states something else than what was corrected; every such fact.
    """
    corrected, stale = {name: dict(facts) for name, facts in types.items()}, list[str]()
    for name, rows in corrections.items():
        for row in rows:
            if name not in corrected:
                continue
            if corrected[name].get(row["fact"]) != row["stated"]:
                stale.append(f"{name}: EC2 now states {row['fact']} as {corrected[name].get(row['fact'])}")
            corrected[name] = dict(sorted({**corrected[name], row["fact"]: row["is"]}.items(), key=_place))
    if stale:
        raise InvalidInputError.one(
            "; ".join(stale), file=f"herd/hardware/{CORRECTIONS.name}", fix="read the correction's source again"
        )
    return corrected


def lines(source: str, title: str, rows: Mapping[str, Any]) -> str:
    """A JSON document with a line per row, by name."""
    body = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows[name])}" for name in sorted(rows))
    return f'{{"source": {json.dumps(source)},\n{json.dumps(title)}: {{\n{body}\n}}}}\n'


@contextlib.contextmanager
def stand_in() -> Iterator[tuple[Ec2, str]]:
    """Clients of moto in this process, which answers with what it recorded from AWS."""
    import boto3  # noqa: PLC0415 - only this one way of two needs moto
    from moto import mock_aws  # noqa: PLC0415

    nobody = {"AWS_ACCESS_KEY_ID": "nobody", "AWS_SECRET_ACCESS_KEY": "nothing"}
    with mock_aws(), patch.dict("os.environ", nobody):
        yield (
            (lambda region: boto3.client("ec2", region_name=region)),
            _source(f"as recorded by moto {version('moto')}"),
        )


@contextlib.contextmanager
def aws() -> Iterator[tuple[Ec2, str]]:
    """Clients with the credentials of the environment.

    Raises:
        InvalidInputError: AWS can't be asked, or refuses.
    """
    import boto3  # noqa: PLC0415 - as above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        yield (lambda region: boto3.client("ec2", region_name=region)), _source("as answered by AWS")
    except (BotoCoreError, ClientError) as error:
        raise InvalidInputError.one(f"EC2 didn't answer: {error}", fix="sign in to AWS, or use --stand-in") from None


def main(arguments: list[str] | None = None) -> None:
    """Generate and write the files."""
    parser = argparse.ArgumentParser(prog="python -m herd.hardware.generate", description=__doc__)
    parser.add_argument("--stand-in", action="store_true", help="from the answers that moto ships")
    parser.add_argument("--region", action="append", default=[], help="ask this region only (again for more)")
    options = parser.parse_args(arguments)
    try:
        with stand_in() if options.stand_in else aws() as (ec2, source):
            files = generate(ec2, source, options.region)
    except InvalidInputError as error:
        sys.exit("\n".join(f"error: {problem}" for problem in error.problems))
    for name, text in files.items():
        write_text(DATA / name, text)
        sys.stdout.write(f"{name}: {text.count(chr(10)) - 3} rows\n")


def _source(by: str) -> str:
    return f"EC2 DescribeInstanceTypes, DescribeInstanceTypeOfferings and DescribeAvailabilityZones, {by}"


def _offerings(client: Any) -> dict[str, set[str]]:
    """Type -> ids of the zones of a region that offer it."""
    found = dict[str, set[str]]()
    pages = client.get_paginator("describe_instance_type_offerings").paginate(LocationType="availability-zone-id")
    for page in pages:
        for row in page["InstanceTypeOfferings"]:
            if ZONE_ID.fullmatch(row["Location"]):
                found.setdefault(row["InstanceType"], set()).add(row["Location"])
    return found


def _place(fact: tuple[str, Any]) -> int:
    """Where a fact stands in an entry, so that a corrected one stands where it would have."""
    return FACTS.index(fact[0])


def _batches(names: list[str]) -> Iterator[list[str]]:
    rest = iter(names)
    while batch := list(itertools.islice(rest, BATCH)):
        yield batch


if __name__ == "__main__":
    main()
