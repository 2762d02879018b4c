"""HERD-080: what Pulumi keeps secret ends in clear text in AWS, and the reason says so."""

import pytest

from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Stack, Subject
from policies.engine.values import SECRET, UNKNOWN, Reason
from policies.rules.security.environment_secrets import RULE

FUNCTION = "aws:lambda/function:Function"


def judged(type_, values):
    return evaluate(Stack((Subject("urn:x", type_, "x", values=values),)), (RULE,), Facts())


@pytest.mark.parametrize(
    ("type_", "values", "place", "says"),
    [
        (
            FUNCTION,
            {"environment": {"variables": {"A": SECRET}}},
            "environment.variables.A",
            "function's environment in",
        ),
        (FUNCTION, {"environment": {"variables": SECRET}}, "environment.variables", "clear text"),
        (
            "aws:ecs/taskDefinition:TaskDefinition",
            {"containerDefinitions": SECRET},
            "containerDefinitions",
            "shows the task definition in clear text",
        ),
        ("aws:ssm/parameter:Parameter", {"name": "/a/b", "type": "String", "value": SECRET}, "value", "SecureString"),
    ],
)
def test_a_secret_of_pulumi_s_is_not_evaluated_and_the_reason_says_where_it_ends(type_, values, place, says):
    results = judged(type_, values)
    assert not results.findings
    (silent,) = results.not_evaluated
    assert (silent.reason, silent.property) == (Reason.SECRET, place)
    assert says in silent.message


def test_what_is_only_unknown_is_no_secret():
    (silent,) = judged(FUNCTION, {"environment": {"variables": {"A": UNKNOWN}}}).not_evaluated
    assert silent.reason is Reason.UNKNOWN


def test_what_can_be_seen_is_found_beside_what_cannot():
    results = judged(FUNCTION, {"environment": {"variables": {"A": SECRET, "DB_PASSWORD": "hunter2"}}})
    assert [finding.property for finding in results.findings] == ["environment.variables.DB_PASSWORD"]
    assert [silent.property for silent in results.not_evaluated] == ["environment.variables.A"]


GIVEN = [{"name": "DB_PASSWORD", "value": "hunter2Zx91"}]


@pytest.mark.parametrize(
    ("type_", "values", "found", "silent"),
    [
        (
            "aws:batch/jobDefinition:JobDefinition",
            {"parameters": {"DB_PASSWORD": "hunter2Zx91"}, "containerProperties": SECRET},
            "parameters.DB_PASSWORD",
            "containerProperties",
        ),
        (
            "aws:batch/jobDefinition:JobDefinition",
            {
                "containerProperties": "{",
                "ecsProperties": {"taskProperties": [{"containers": [{"environment": GIVEN}]}]},
            },
            "ecsProperties.taskProperties[0].containers[0].environment[0].value",
            "containerProperties",
        ),
        (
            "aws:ecs/taskDefinition:TaskDefinition",
            {"containerDefinitions": [UNKNOWN, {"environment": GIVEN}]},
            "containerDefinitions[1].environment[0].value",
            "containerDefinitions[0]",
        ),
        (
            "aws:ecs/taskDefinition:TaskDefinition",
            {"containerDefinitions": [{"command": ["serve", SECRET, "--password", "hunter2Zx91"]}]},
            "containerDefinitions[0].command",
            "containerDefinitions[0].command[1]",
        ),
        (
            "aws:codebuild/project:Project",
            {"environment": {"environmentVariables": GIVEN}, "source": {"buildspec": UNKNOWN}},
            "environment.environmentVariables[0].value",
            "source.buildspec",
        ),
        (
            "aws:codebuild/project:Project",
            {"environment": {"environmentVariables": GIVEN}, "secondarySources": UNKNOWN},
            "environment.environmentVariables[0].value",
            "secondarySources",
        ),
        (
            "aws:emr/cluster:Cluster",
            {
                "configurationsJson": UNKNOWN,
                "steps": [{"hadoopJarStep": {"properties": {"DB_PASSWORD": "hunter2Zx91"}}}],
            },
            "steps[0].hadoopJarStep.properties.DB_PASSWORD",
            "configurationsJson",
        ),
    ],
)
def test_what_cannot_be_read_in_one_place_hides_nothing_in_another(type_, values, found, silent):
    results = judged(type_, values)
    assert [finding.property for finding in results.findings] == [found]
    assert [one.property for one in results.not_evaluated] == [silent]


def test_a_hidden_word_is_the_option_s_value_and_the_next_one_is_not():
    results = judged(
        "aws:ecs/taskDefinition:TaskDefinition",
        {"containerDefinitions": [{"command": ["--password", SECRET, "run.sh"]}]},
    )
    assert not results.findings
    (silent,) = results.not_evaluated
    assert "clear text" in silent.message
