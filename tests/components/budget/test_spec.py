"""Bad budgets are refused when they are loaded."""

import pytest

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.budget.spec import BudgetSpec


@pytest.mark.parametrize(
    ("changes", "field", "because"),
    [
        ({"monthlyLimitUsd": 0}, "monthlyLimitUsd", "greater than or equal to 1"),
        ({"monthlyLimitUsd": "much"}, "monthlyLimitUsd", "valid integer"),
        ({"emails": []}, "emails", "at least 1"),
        ({"emails": ["ops@example"]}, "emails[0]", "should match pattern"),
        ({"emails": [f"a{n}@example.org" for n in range(11)]}, "emails", "at most 10"),
        ({"emails": ["ops@example.org"] * 2}, "emails[1]", "listed twice"),
        ({"alerts": []}, "alerts", "at least 1"),
        ({"alerts": [{"of": "guess", "percent": 1}]}, "alerts[0].of", "'actual' or 'forecast'"),
        ({"alerts": [{"of": "actual", "percent": 0}]}, "alerts[0].percent", "greater than or equal to 1"),
        ({"alerts": [{"of": "actual", "percent": 8000}]}, "alerts[0].percent", "less than or equal to 1000"),
        ({"alerts": [{"of": "actual", "percent": 50}] * 2}, "alerts[1]", "listed twice"),
        ({"anomalyThresholdUsd": 0}, "anomalyThresholdUsd", "greater than or equal to 1"),
        ({"anomalyMonitor": {"kind": "tag"}}, "anomalyMonitor.kind", "unknown: 'tag'"),
        ({"anomalyMonitor": {"kind": "existing", "arn": "arn:aws:ce::1:x"}}, "anomalyMonitor.arn", "pattern"),
        ({"costTags": ["owner"]}, "costTags", "bills only show"),
        ({"costTags": ["stack", "stack"]}, "costTags[1]", "listed twice"),
        ({"limit": 1}, "limit", "unknown key"),
    ],
)
def test_a_budget(data, changes, field, because):
    with pytest.raises(InvalidInputError) as caught:
        validate(BudgetSpec, data(**changes), file="stack.yaml")
    assert [problem.field for problem in caught.value.problems] == [field]
    assert because in caught.value.problems[0].message


def test_cost_tags_must_be_tags_of_the_stack(data, make_context):
    spec = BudgetSpec.model_validate(data(costTags=["stack", "colour"]))
    (problem,) = spec.problems(make_context(tags={"stack": "dev", "owner": "platform"}))
    assert (problem.field, problem.message) == ("costTags", "the stack has no tag 'colour'")
    assert problem.fix == "use tags of owner, stack"


def test_who_says_nothing_hears_at_80_and_100_percent_and_when_the_month_will_exceed_it(data):
    alerts = BudgetSpec.model_validate(data()).alerts
    assert [(alert.of, alert.percent) for alert in alerts] == [("actual", 80), ("actual", 100), ("forecast", 100)]
