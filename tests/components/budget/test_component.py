"""What a budget registers: one budget, one monitor, who hears of them, all counting this stack alone."""

import json

import pytest
from pulumi_aws import budgets, costexplorer, sns

from components.base.problems import InvalidInputError
from components.budget.component import Budget

MONITOR = "arn:aws:ce::111122223333:anomalymonitor/0a1b2c3d-0000-4000-8000-123456789012"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0"


def children(recording):
    """Everything but the provider and the component itself."""
    return [r for r in recording if r.type not in ("pulumi:providers:aws", Budget.token)]


def test_children_belong_to_the_component_and_use_the_stacks_provider(build, data):
    recording = build(data(activateTags=True))
    component, provider = recording.one(Budget.token), recording.one("pulumi:providers:aws")
    assert len(children(recording)) == 12
    for child in children(recording):
        assert child.parent == component.urn
        assert child.options["provider"].startswith(provider.urn)


def test_a_preview_registers_the_same_resources(build, data):
    assert build(data(), preview=True).identities == build(data()).identities


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_activated_tags_are_protected_in_prod_and_nothing_else_anywhere(build, data, environment):
    for child in children(build(data(activateTags=True), environment)):
        kept = environment == "prod" and child.type == costexplorer.CostAllocationTag.pulumi_type
        assert (child.options.get("protect", False), child.options.get("retainOnDelete", False)) == (kept, kept)


def test_props_and_outputs(build, data):
    recording = build(data(), key_arn=KEY)
    component = recording.one(Budget.token)
    assert data().items() <= component.inputs.items()
    assert component.inputs["keyArn"] == KEY
    assert recording.outputs[component.urn].keys() == {"topicArn", "budgetName", "monitorArn"}


def test_two_stacks_of_an_account_do_not_count_each_other(build, data):
    tags = {"project": "herd", "environment": "dev", "owner": "a", "team": "b", "cost-centre": "c"}
    seen = set()
    for stack in ("dev", "test"):
        recording = build(data(anomalyMonitor={"kind": "stack"}), tags={**tags, "stack": stack})
        filters = recording.one(budgets.Budget).inputs["costFilters"]
        assert filters == [{"name": "TagKeyValue", "values": [f"user:stack${stack}"]}]
        watched = json.loads(recording.one(costexplorer.AnomalyMonitor).inputs["monitorSpecification"])
        assert watched["Tags"] == {"Key": "stack", "MatchOptions": None, "Values": [stack]}
        seen.add(json.dumps([filters, watched]))
    assert len(seen) == 2


def test_the_monitors_empty_fields_are_those_that_aws_returns(build, data):
    """Any difference replaces the monitor at every up."""
    asked = data(anomalyMonitor={"kind": "stack"})
    watched = json.loads(build(asked).one(costexplorer.AnomalyMonitor).inputs["monitorSpecification"])
    assert watched.keys() == {"And", "CostCategories", "Dimensions", "Not", "Or", "Tags"}


def test_a_member_account_watches_all_its_services_because_it_may_watch_nothing_else(build, data):
    monitor = build(data()).one(costexplorer.AnomalyMonitor).inputs
    assert monitor == {"monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE"}


def test_a_monitor_that_is_there_is_heard_and_not_owned(build, data):
    recording = build(data(anomalyMonitor={"kind": "existing", "arn": MONITOR}))
    assert recording.of(costexplorer.AnomalyMonitor) == []
    assert [s.inputs["monitorArnLists"] for s in recording.of(costexplorer.AnomalySubscription)] == [[MONITOR]] * 2
    assert recording.outputs[recording.one(Budget.token).urn]["monitorArn"] == MONITOR


def test_every_alert_reaches_the_topic_and_every_address(build, data):
    recording = build(data(emails=["a@example.org", "b@example.org"]))
    budget, topic = recording.one(budgets.Budget), recording.one(sns.Topic)
    assert [(n["notificationType"], n["threshold"]) for n in budget.inputs["notifications"]] == [
        ("ACTUAL", 80),
        ("ACTUAL", 100),
        ("FORECASTED", 100),
    ]
    for notification in budget.inputs["notifications"]:
        assert notification["subscriberEmailAddresses"] == ["a@example.org", "b@example.org"]
        assert notification["subscriberSnsTopicArns"] == [f"${{{topic.urn}.arn}}"]
        assert (notification["comparisonOperator"], notification["thresholdType"]) == ("GREATER_THAN", "PERCENTAGE")


def test_anomalies_reach_the_topic_at_once_and_addresses_daily(build, data):
    subscriptions = {s.name: s.inputs for s in build(data()).of(costexplorer.AnomalySubscription)}
    assert {name: (s["frequency"], s["subscribers"][0]["type"]) for name, s in subscriptions.items()} == {
        "budget-topic": ("IMMEDIATE", "SNS"),
        "budget-emails": ("DAILY", "EMAIL"),
    }


def test_only_the_two_services_may_publish_and_only_for_this_account(build, data):
    recording = build(data())
    policy = json.loads(recording.one(sns.TopicPolicy).inputs["policy"])
    assert [s["Principal"] for s in policy["Statement"]] == [
        {"Service": "budgets.amazonaws.com"},
        {"Service": "costalerts.amazonaws.com"},
    ]
    for statement in policy["Statement"]:
        assert statement["Action"] == "sns:Publish"
        assert statement["Resource"] == f"${{{recording.one(sns.Topic).urn}.arn}}"
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_budget_and_subscriptions_wait_until_their_services_may_publish(build, data):
    recording = build(data())
    policy = recording.one(sns.TopicPolicy).urn
    assert policy in recording.one(budgets.Budget).dependencies
    assert all(policy in s.dependencies for s in recording.of(costexplorer.AnomalySubscription))


def test_the_topic_is_encrypted_with_the_key_that_is_given(build, data):
    assert build(data(), key_arn=KEY).one(sns.Topic).inputs["kmsMasterKeyId"] == KEY
    assert "kmsMasterKeyId" not in build(data()).one(sns.Topic).inputs


def test_tags_are_activated_only_where_it_is_asked_for(build, data):
    assert build(data()).of(costexplorer.CostAllocationTag) == []
    active = build(data(activateTags=True)).of(costexplorer.CostAllocationTag)
    assert {tag.inputs["tagKey"] for tag in active} == {
        "project",
        "stack",
        "environment",
        "owner",
        "team",
        "cost-centre",
    }
    assert {tag.inputs["status"] for tag in active} == {"Active"}


def test_a_stack_without_a_cost_tag_registers_nothing(build, data):
    with pytest.raises(InvalidInputError, match="no tag 'team'"):
        build(data(), tags={"project": "h", "stack": "d", "environment": "dev", "owner": "a", "cost-centre": "c"})


# Field -> another value.
CHANGES = {
    "monthlyLimitUsd": 6000,
    "emails": ["other@example.org"],
    "alerts.of": [{"of": "forecast", "percent": 80}],
    "alerts.percent": [{"of": "actual", "percent": 81}],
    "anomalyThresholdUsd": 101,
    "anomalyMonitor.kind": {"kind": "stack"},
    "anomalyMonitor.arn": {"kind": "existing", "arn": MONITOR},
    "costTags": ["stack", "owner"],
    "activateTags": False,
}


def test_every_field_is_tried(spec_fields):
    from components.budget.spec import BudgetSpec

    assert spec_fields(BudgetSpec) == CHANGES.keys()


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_changes_a_resource(build, data, effects, field):
    before = data(activateTags=True, alerts=[{"of": "actual", "percent": 80}])
    after = {**before, field.split(".")[0]: CHANGES[field]}
    assert effects(build(after)) != effects(build(before))
