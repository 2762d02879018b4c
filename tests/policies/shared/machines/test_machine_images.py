"""Ids of machine images: pinned, moving, or not there yet."""

import pytest

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.values import UnevaluatedError
from policies.rules._shared.machines.machine_images import moves

FACTS = Facts(environment=Environment.PROD)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("ami-0123456789abcdef0", ""),
        ("", ""),
        ("latest", "'latest' is no image's id"),
        ("resolve:ssm:/images/node", "looks the image up at every launch (resolve:ssm:/images/node)"),
    ],
)
def test_an_id_or_why_not(value, why):
    assert moves(Node(value), FACTS) == why


@pytest.mark.parametrize("value", ["${CUSTOM_AMI}", "$CUSTOM_AMI", "<ami-id>"])
def test_a_blank_of_a_template_is_no_image_yet(value):
    with pytest.raises(UnevaluatedError, match="filled in later"):
        moves(Node(value), FACTS)
