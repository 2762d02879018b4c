"""The base of every component: intent as props, options made fresh, specs that don't fit refused."""

import pulumi
import pulumi_aws as aws
import pytest
from pulumi_aws import ec2

from components.base.component import HerdComponent
from components.base.problems import InvalidInputError, Problem
from components.base.spec import Spec


class PondSpec(Spec):
    """A spec for these tests."""

    fish_count: int = 1
    note: str | None = None

    def problems(self, context):
        """No fish in prod."""
        return [Problem("", 0, "fishCount", "no fish in prod", "")] if context.durable and self.fish_count else []


class Pond(HerdComponent):
    """A component for these tests: one thing that may be lost, one that may not."""

    token = "herd:test:Pond"

    def __init__(self, name, spec, context, opts=None):
        super().__init__(name, spec, context, inputs={"extra": "x"}, opts=opts)
        ec2.Eip(f"{name}-plain", opts=self.child(ignore_changes=["tags"], delete_before_replace=True))
        ec2.Vpc(f"{name}-state", opts=self.state())
        self.register_outputs({"done": True})


@pytest.fixture
def pond(record, make_context):
    """`pond(environment, fish)`: the recording of one pond, whose own options are not for its children."""

    def run(environment="dev", fish=0):
        def program():
            provider = aws.Provider("aws", region="eu-west-1")
            options = pulumi.ResourceOptions(
                providers=[provider], aliases=[pulumi.Alias(name="old")], ignore_changes=["x"]
            )
            Pond("pond", PondSpec(fish_count=fish), make_context(environment), options)

        return record(program)

    return run


def test_props_are_the_spec_in_camel_case_and_inputs_from_other_components(pond):
    assert pond().one(Pond.token).inputs == {"fishCount": 0, "extra": "x"}


@pytest.mark.parametrize(("environment", "kept"), [("dev", False), ("test", False), ("prod", True)])
def test_state_is_protected_and_retained_in_prod_only_and_the_rest_never(pond, environment, kept):
    recording = pond(environment)
    state, plain = recording.one(ec2.Vpc).options, recording.one(ec2.Eip).options
    assert (state.get("protect", False), state.get("retainOnDelete", False)) == (kept, kept)
    assert not {"protect", "retainOnDelete"} & plain.keys()


def test_children_take_their_own_options_and_none_of_their_parents(pond):
    recording = pond()
    component, child = recording.one(Pond.token), recording.one(ec2.Eip)
    assert child.parent == component.urn
    assert child.options["ignoreChanges"] == ["tags"]
    assert child.options["deleteBeforeReplace"] is True
    assert recording.one(ec2.Vpc).options.get("ignoreChanges", []) == []


def test_a_spec_that_does_not_fit_the_stack_is_refused_before_anything_is_registered(pond):
    with pytest.raises(InvalidInputError, match="fishCount: no fish in prod"):
        pond("prod", fish=1)
    assert pond("dev", fish=1)


def test_a_spec_is_frozen_and_knows_its_fields():
    with pytest.raises(ValueError, match="frozen"):
        PondSpec().fish_count = 2
    with pytest.raises(ValueError, match="Extra inputs"):
        PondSpec.model_validate({"fishes": 2})
