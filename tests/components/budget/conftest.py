"""Budgets as plain data the way a stack file gives them."""

import pulumi
import pulumi_aws as aws
import pytest

from components.budget.component import Budget
from components.budget.spec import BudgetSpec

TAGS = {
    "project": "herd",
    "stack": "dev",
    "environment": "dev",
    "owner": "platform",
    "team": "ml",
    "cost-centre": "4711",
}


@pytest.fixture
def data():
    """`data(monthlyLimitUsd=1)`: a budget's data with fields changed."""

    def make(**changes):
        return {"monthlyLimitUsd": 5000, "emails": ["ops@example.org"], **changes}

    return make


@pytest.fixture
def build(record, make_context):
    """`build(data, environment="dev", preview=False, key_arn=None)`: the recording of one budget."""

    def run(data, environment="dev", preview=False, key_arn=None, **context):
        spec, stack = BudgetSpec.model_validate(data), make_context(environment, **{"tags": TAGS, **context})

        def program():
            provider = aws.Provider("aws", region=stack.region)
            budget = Budget("budget", spec, stack, key_arn=key_arn, opts=pulumi.ResourceOptions(providers=[provider]))
            pulumi.export("topic", budget.topic_arn)

        return record(program, preview=preview)

    return run
