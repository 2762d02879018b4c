"""The budget: registers what was derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import budgets, costexplorer, sns

from components.base.component import HerdComponent
from components.base.tags import name_tag
from components.budget import derive
from components.budget.spec import ExistingMonitor

if TYPE_CHECKING:
    from components.base.context import StackContext
    from components.budget.spec import BudgetSpec, ServicesMonitor, StackMonitor


class Budget(HerdComponent):
    """A monthly budget with alerts, counting this stack alone, and an anomaly monitor.

    Attributes:
        topic_arn: Where alerts and anomalies are published, for chat and pagers; e-mails go out on their own.
        budget_name: The budget.
        monitor_arn: The anomaly monitor.
    """

    token = "herd:budget:Budget"  # noqa: S105 - a Pulumi type

    def __init__(
        self,
        name: str,
        spec: BudgetSpec,
        context: StackContext,
        *,
        key_arn: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the budget.

        Args:
            name: Prefix of its resources' names.
            spec: What is asked for.
            context: The stack.
            key_arn: A key that Budgets and Cost Anomaly Detection may use (uses `budgets` and `costalerts`), for the
                topic. None leaves the topic unencrypted: they can't publish under AWS's own key, whose policy is fixed.
            opts: With the AWS provider of the stack's region.

        Raises:
            InvalidInputError: The stack lacks a cost tag.
        """
        super().__init__(name, spec, context, inputs={"keyArn": key_arn} if key_arn else None, opts=opts)
        topic = sns.Topic(name, kms_master_key_id=key_arn, tags=name_tag(context, name), opts=self.child())
        policy = sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(topic.arn.apply(lambda arn: derive.topic_policy(arn, context))),
            opts=self.child(),
        )
        budget = budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(spec.monthly_limit_usd),
            limit_unit="USD",
            cost_filters=[budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[derive.stack_filter(context)])],
            notifications=[
                budgets.BudgetNotificationArgs(
                    comparison_operator="GREATER_THAN",
                    notification_type=plan.notification_type,
                    threshold=plan.percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=list(spec.emails),
                    subscriber_sns_topic_arns=[topic.arn],
                )
                for plan in derive.notifications(spec)
            ],
            # Both services check, when they are told of the topic, whether they may publish to it.
            opts=self.child(depends_on=[policy]),
        )
        self.monitor_arn: pulumi.Output[str] = self._monitor(name, spec.anomaly_monitor)
        threshold = costexplorer.AnomalySubscriptionThresholdExpressionArgs(
            dimension=costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs(
                key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                match_options=["GREATER_THAN_OR_EQUAL"],
                values=[str(spec.anomaly_threshold_usd)],
            )
        )
        addresses: dict[str, list[pulumi.Input[str]]] = {"SNS": [topic.arn], "EMAIL": list(spec.emails)}
        for plan in derive.SUBSCRIPTIONS:
            costexplorer.AnomalySubscription(
                f"{name}-{plan.name}",
                frequency=plan.frequency,
                monitor_arn_lists=[self.monitor_arn],
                subscribers=[
                    costexplorer.AnomalySubscriptionSubscriberArgs(type=plan.kind, address=address)
                    for address in addresses[plan.kind]
                ],
                threshold_expression=threshold,
                opts=self.child(depends_on=[policy]),
            )
        if spec.activate_tags:
            for tag in spec.cost_tags:
                # Deleting one deactivates the tag for the whole organization.
                costexplorer.CostAllocationTag(f"{name}-{tag}", tag_key=tag, status="Active", opts=self.state())
        self.topic_arn: pulumi.Output[str] = topic.arn
        self.budget_name: pulumi.Output[str] = budget.name
        self.register_outputs(
            {"topicArn": self.topic_arn, "budgetName": self.budget_name, "monitorArn": self.monitor_arn}
        )

    def _monitor(self, name: str, spec: ServicesMonitor | StackMonitor | ExistingMonitor) -> pulumi.Output[str]:
        if isinstance(spec, ExistingMonitor):
            return pulumi.Output.from_input(spec.arn)
        monitor = costexplorer.AnomalyMonitor(name, **derive.monitor(spec.kind, self.context), opts=self.child())
        arn: pulumi.Output[str] = monitor.arn
        return arn
