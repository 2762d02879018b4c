"""Budgets and cost anomalies: once in an account."""

from __future__ import annotations

from herd.cloud.audit.listing import Listing, Scope, TagCall

LISTINGS = (
    Listing(
        "aws:budgets/budget:Budget",
        "budgets",
        "describe_budgets",
        "Budgets",
        id="join(':', [_account, BudgetName])",
        name="BudgetName",
        tags=TagCall(
            "list_tags_for_resource",
            {"ResourceARN": "join('', ['arn:aws:budgets::', _account, ':budget/', BudgetName])"},
            tags="ResourceTags",
        ),
        params={"AccountId": "$_account"},
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        "ce",
        "get_anomaly_monitors",
        "AnomalyMonitors",
        id="MonitorArn",
        name="MonitorName",
        tags=TagCall("list_tags_for_resource", {"ResourceArn": "MonitorArn"}, tags="ResourceTags"),
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
        "ce",
        "get_anomaly_subscriptions",
        "AnomalySubscriptions",
        id="SubscriptionArn",
        name="SubscriptionName",
        tags=TagCall("list_tags_for_resource", {"ResourceArn": "SubscriptionArn"}, tags="ResourceTags"),
        scope=Scope.ACCOUNT,
    ),
    Listing(
        "aws:costexplorer/costAllocationTag:CostAllocationTag",
        "ce",
        "list_cost_allocation_tags",
        "CostAllocationTags",
        id="TagKey",
        name="TagKey",
        params={"Status": "Active", "Type": "UserDefined"},
        scope=Scope.ACCOUNT,
    ),
)
