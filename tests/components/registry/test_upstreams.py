"""The table of upstreams is ECR's own."""

import re

import botocore.session
import pytest

from components.registry.references import REPOSITORY
from components.registry.upstreams import upstreams


def test_it_lists_exactly_what_the_api_knows():
    shape = botocore.session.get_session().get_service_model("ecr").shape_for("UpstreamRegistry")
    assert set(upstreams()) == set(shape.enum)


def test_default_prefixes_are_valid_and_unique():
    prefixes = [row.prefix for row in upstreams().values()]
    assert len(set(prefixes)) == len(prefixes)
    assert all(re.fullmatch(REPOSITORY, prefix) and 2 <= len(prefix) <= 30 for prefix in prefixes)


def test_which_need_credentials():
    """ECR User Guide, "Sync an upstream registry with an Amazon ECR private registry"."""
    by_need = {need: {n for n, row in upstreams().items() if row.credentials == need} for need in ("none", "role")}
    assert by_need == {"none": {"ecr-public", "k8s", "quay"}, "role": {"ecr"}}


@pytest.mark.parametrize(
    ("name", "url", "accepted"),
    [
        ("quay", "quay.io", True),
        ("quay", "quay.example.com", False),
        ("azure-container-registry", "lab01.azurecr.io", True),
        ("azure-container-registry", "azurecr.io", False),
        ("ecr", "111122223333.dkr.ecr.us-west-2.amazonaws.com", True),
        ("ecr", "public.ecr.aws", False),
    ],
)
def test_urls(name, url, accepted):
    assert upstreams()[name].accepts(url) is accepted
