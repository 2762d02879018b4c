"""Names that AWS shows."""

from components.base.tags import name_tag


def test_a_name_tag_says_project_stack_and_place(make_context):
    assert name_tag(make_context("prod"), "private", "a") == {"Name": "herd-prod-private-a"}
    assert name_tag(make_context("dev")) == {"Name": "herd-dev"}
