"""Launch templates and the groups that use them, however a group names its template."""

import pytest

from policies.engine.subject import Stack, Subject
from policies.engine.values import Reference
from policies.rules._shared.machines.templates import GROUP, TEMPLATE, templates_of

PET = Reference("${urn:pet.id}", "urn:pet", "id")


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("train-1", {"id": Reference("${urn:train.id}", "urn:train", "id")}),
        ("train-1", {"name": Reference("${urn:train.name}", "urn:train", "name")}),
        ("train-1", {"name": "train-1"}),
        (PET, {"name": PET}),
    ],
    ids=["id", "name by symbol", "the same name", "the same symbol of another resource"],
)
def test_a_group_names_its_template(name, block):
    other = Subject("urn:other", TEMPLATE, "other", {"name": "other"})
    template = Subject("urn:train", TEMPLATE, "train", {"name": name})
    group = Subject("urn:group", GROUP, "group", {"launchTemplate": block})
    assert templates_of(group, Stack((other, template, group))) == (template,)
