"""What a lock may say: nothing that nobody has read, and always where it was read."""

import pytest
from pydantic import ValidationError

from components.release.spec import Lock


def refused(content) -> str:
    with pytest.raises(ValidationError) as caught:
        Lock.model_validate(content)
    return str(caught.value)


def test_a_value_says_where_it_was_read(content):
    del content["amis"]["node"]["resolved_from"]
    assert "say where the values were read" in refused(content)


def test_what_is_unresolved_was_read_nowhere(content):
    content["charts"]["keda"]["resolved_from"] = "upstream"
    assert "nothing is resolved" in refused(content)


BAD = {
    "an image id that EC2 can't give": (("amis", "node", "ids", "eu-west-1"), "ami-xyz"),
    "an image id of a wrong length": (("amis", "node", "ids", "eu-west-1"), "ami-0123456789"),
    "an unknown region": (("amis", "node", "ids"), {"eu-wset-1": "unresolved"}),
    "no region": (("amis", "node", "ids"), {}),
    "an image built here without its recipe": (("amis", "trainer", "recipe_hash"), None),
    "a vendor's image with a recipe": (("amis", "node", "recipe_hash"), "a" * 64),
    "a parameter that isn't public": (("amis", "node", "source"), "/herd/dev/ami"),
    "an unknown architecture": (("amis", "node", "architecture"), "amd64"),
    "an image by tag alone": (("images", "exporter", "digest"), "4.6.0"),
    "a digest cut short": (("images", "exporter", "digest"), "sha256:12ab"),
    "a repository without a registry": (("images", "exporter", "repository"), "dcgm-exporter"),
    "a chart repository over http": (("charts", "keda", "repository"), "http://charts.example.com"),
    "a range of versions": (("charts", "keda", "version"), ">=2.0"),
    "a Kubernetes patch version": (("versions", "kubernetes"), "1.35.2"),
    "a number for a version": (("versions", "kubernetes"), 1.35),
    "an unknown place": (("images", "exporter", "resolved_from"), "memory"),
    "an unknown format": (("format",), 2),
    "an unknown section": (("volumes",), {}),
}


@pytest.mark.parametrize("case", BAD)
def test_a_lock_refuses(content, case):
    (*path, last), value = BAD[case]
    part = content
    for key in path:
        part = part[key]
    part[last] = value
    refused(content)


def test_nothing_but_the_format_is_needed():
    assert Lock.model_validate({"format": 1}).amis == {}
