"""HERD-019: the metadata service answers the machine alone, not what runs in containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.imds import ACCOUNT_DEFAULTS, TYPES, metadata_options


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Absent is 1 for EC2 and Karpenter v1, 2 for its older APIs.

    An image registered with `imds-support` v2.0 makes EC2's default 2; that is the image's property and isn't seen.
    """
    for options in metadata_options(resource):
        node = options.node.at("httpPutResponseHopLimit")
        if not options.reachable:
            continue
        given = node.number()
        hops = options.hops if given is None else int(given)
        if hops > 1:
            told = f"{hops}" if given is not None else f"absent, which this API reads as {hops}"
            yield Violation(node, f"the hop limit is {told}: containers reach the node's credentials")
    if resource.type == ACCOUNT_DEFAULTS:
        node = resource.props.at("httpPutResponseHopLimit")
        if (node.number() or 0) > 1:
            yield Violation(node, "makes more than one hop the default of every instance in the account's region")


RULE: Final = ResourceRule(
    id="HERD-019",
    name="imds-hop-limit",
    pack="security",
    title="The metadata service's answers travel one hop",
    severity=everywhere(Severity.MEDIUM),
    types=(*TYPES, ACCOUNT_DEFAULTS),
    properties=("metadataOptions.httpPutResponseHopLimit", "spec.metadataOptions.httpPutResponseHopLimit"),
    why=(
        "With two hops each pod can be its node: it takes the node role's credentials, joins as a kubelet, reads every"
        " image. Templates of AWS PCS and older EKS guides say 2 to 4 for pods that ask the metadata service; the"
        " answer to those is EKS Pod Identity, not a waiver."
    ),
    fix="Set http_put_response_hop_limit to 1 and give pods that need AWS a Pod Identity association.",
    mappings={
        "checkov": ("CKV_AWS_341",),
        "config": ("EC2_TOKEN_HOP_LIMIT_CHECK",),
        "fsbp": ("AutoScaling.4",),
    },
    check=check,
)
