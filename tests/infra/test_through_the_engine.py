"""The program in its own process, driven by the engine: what a person at the keyboard sees."""

import pytest

from herd.engine import Backend, Engine, Program
from herd.stackfile import load_stack


@pytest.fixture
def preview(checkout, tmp_path_factory):
    """Preview a stack of the checkout without any provider; the outcome."""

    def run(stack: str, fidelity: str = "real", **environment: str):
        program = Program(checkout.root, checkout.root / "infra", environment)
        backend = Backend(tmp_path_factory.mktemp("state"), "herd", stack, "passphrase")
        config = load_stack(checkout.root, stack, fidelity=fidelity).config
        return Engine("herd", stack, backend, {}, program, config).preview()

    return run


def messages(outcome) -> str:
    return "\n".join(diagnostic.message for diagnostic in outcome.diagnostics)


def test_mistakes_end_in_every_problem_and_no_traceback(checkout, preview):
    line = checkout.edit(checkout.file("test"), "monthlyLimitUsd: 15000", "monthlyLimitUsd: plenty")
    checkout.edit(checkout.file("test"), "herd:region: us-west-2", "herd:region: us-wset-2")
    outcome = preview("test")
    assert outcome.exit_code != 0
    said = messages(outcome)
    assert f"stacks/Pulumi.test.yaml:{line}: budget.monthlyLimitUsd: input should be a valid integer" in said
    assert "region: unknown region 'us-wset-2'" in said
    assert "Traceback" not in said
    assert {step.type for step in outcome.plan.changed()} == {"pulumi:pulumi:Stack"}


def test_a_run_for_real_refuses_what_nobody_has_looked_up(preview):
    outcome = preview("dev")
    assert outcome.exit_code != 0
    said = messages(outcome)
    assert said.count("unresolved: nobody has looked this value up yet") == 14
    assert said.count("unresolved: nobody has read this digest yet") == 3
    assert "herd release resolve" in said
    assert "Traceback" not in said


def test_a_rehearsal_says_which_digests_it_does_without(checkout, preview):
    checkout.take_away("test", "release", "images")
    outcome = preview("test", "rehearse", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    (warning,) = [d.message for d in outcome.diagnostics if d.severity == "warning"]
    assert warning.count("unresolved: nobody has read this digest yet") == 3
    assert "stacks/Pulumi.test.yaml" in warning
