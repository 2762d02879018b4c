"""ECR's caches and templates, builds, budgets, cost anomalies."""

import hashlib

import pytest

PREFIX = {"ecrRepositoryPrefix": "hub"}
BUDGET = {
    "BudgetName": "b",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "100", "Unit": "USD"},
}
ALERT = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
MAIL = {"SubscriptionType": "EMAIL", "Address": "team@example.org"}
PROJECT = {
    "name": "mirror",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
}


class TestCaches:
    def secret(self, cloud, name="ecr-pullthroughcache/hub"):
        return cloud.client("secretsmanager").create_secret(Name=name, SecretString="{}")["ARN"]

    def test_a_rule_lives(self, cloud):
        ecr, secret = cloud.client("ecr"), self.secret(cloud)
        ecr.create_pull_through_cache_rule(**PREFIX, upstreamRegistryUrl="registry-1.docker.io", credentialArn=secret)
        (rule,) = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["hub"])["pullThroughCacheRules"]
        assert (rule["upstreamRegistry"], rule["credentialArn"]) == ("docker-hub", secret)
        assert rule["upstreamRepositoryPrefix"] == "ROOT"
        other = self.secret(cloud, "ecr-pullthroughcache/other")
        ecr.update_pull_through_cache_rule(**PREFIX, credentialArn=other)
        assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"][0]["credentialArn"] == other
        ecr.delete_pull_through_cache_rule(**PREFIX)
        code = "PullThroughCacheRuleNotFoundException"
        assert cloud.refused(ecr.delete_pull_through_cache_rule, **PREFIX) == code
        assert cloud.refused(ecr.describe_pull_through_cache_rules, ecrRepositoryPrefixes=["hub"]) == code

    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("public.ecr.aws", "ecr-public"),
            ("registry.k8s.io", "k8s"),
            ("quay.io", "quay"),
            ("111122223333.dkr.ecr.us-east-1.amazonaws.com", "ecr"),
        ],
    )
    def test_upstreams_without_credentials(self, cloud, url, name):
        made = cloud.client("ecr").create_pull_through_cache_rule(**PREFIX, upstreamRegistryUrl=url)
        assert made["upstreamRegistry"] == name

    @pytest.mark.parametrize("url", ["registry-1.docker.io", "ghcr.io", "registry.gitlab.com", "herd.azurecr.io"])
    def test_upstreams_with_credentials(self, cloud, url):
        call = cloud.client("ecr").create_pull_through_cache_rule
        assert cloud.refused(call, **PREFIX, upstreamRegistryUrl=url) == "ValidationException"
        call(**PREFIX, upstreamRegistryUrl=url, credentialArn=self.secret(cloud))

    def test_an_upstream_under_another_name_is_refused(self, cloud):
        wrong = {**PREFIX, "upstreamRegistryUrl": "quay.io", "upstreamRegistry": "k8s"}
        call = cloud.client("ecr").create_pull_through_cache_rule
        assert cloud.refused(call, **wrong) == "UnsupportedUpstreamRegistryException"

    def test_a_template_lives(self, cloud):
        ecr = cloud.client("ecr")
        ecr.create_repository_creation_template(prefix="hub", appliedFor=["PULL_THROUGH_CACHE"])
        again = {"prefix": "hub", "appliedFor": ["REPLICATION"]}
        assert cloud.refused(ecr.create_repository_creation_template, **again) == "TemplateAlreadyExistsException"
        ecr.update_repository_creation_template(prefix="hub", imageTagMutability="IMMUTABLE")
        (seen,) = ecr.describe_repository_creation_templates(prefixes=["hub", "none"])["repositoryCreationTemplates"]
        assert seen["imageTagMutability"] == "IMMUTABLE"
        assert seen["appliedFor"] == ["PULL_THROUGH_CACHE"]
        assert seen["encryptionConfiguration"] == {"encryptionType": "AES256"}
        ecr.delete_repository_creation_template(prefix="hub")
        assert cloud.refused(ecr.delete_repository_creation_template, prefix="hub") == "TemplateNotFoundException"

    def test_exclusions_go_with_a_mutability_that_has_them(self, cloud):
        call = cloud.client("ecr").create_repository_creation_template
        filters = [{"filterType": "WILDCARD", "filter": "latest*"}]
        wanted = {"prefix": "hub", "appliedFor": ["REPLICATION"], "imageTagMutabilityExclusionFilters": filters}
        assert cloud.refused(call, **wanted, imageTagMutability="IMMUTABLE") == "InvalidParameterException"
        call(**wanted, imageTagMutability="IMMUTABLE_WITH_EXCLUSION")

    def test_a_digest_is_the_manifests(self, cloud):
        ecr = cloud.client("ecr")
        ecr.create_repository(repositoryName="app")
        text = '{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","layers":[]}'
        push = {"repositoryName": "app", "imageManifest": text, "imageTag": "v1"}
        wrong = "sha256:" + "0" * 64
        assert cloud.refused(ecr.put_image, **push, imageDigest=wrong) == "ImageDigestDoesNotMatchException"
        made = ecr.put_image(**push)["image"]["imageId"]["imageDigest"]
        assert made == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class TestBuilds:
    def test_a_project_lives(self, cloud):
        codebuild, role = cloud.client("codebuild"), cloud.role()
        made = codebuild.create_project(**PROJECT, serviceRole=role)["project"]
        assert made["arn"] == f"arn:aws:codebuild:{cloud.region}:{cloud.account}:project/mirror"
        code = "ResourceAlreadyExistsException"
        assert cloud.refused(codebuild.create_project, **PROJECT, serviceRole=role) == code
        codebuild.update_project(name="mirror", timeoutInMinutes=30)
        answer = codebuild.batch_get_projects(names=[made["arn"], "none"])
        assert answer["projects"][0]["timeoutInMinutes"] == 30
        assert answer["projects"][0]["source"]["buildspec"] == "version: 0.2"
        assert answer["projectsNotFound"] == ["none"]
        codebuild.delete_project(name="mirror")
        codebuild.delete_project(name="mirror")
        assert codebuild.list_projects()["projects"] == []
        assert cloud.refused(codebuild.update_project, name="mirror") == "ResourceNotFoundException"


class TestBudgets:
    @pytest.fixture
    def budgets(self, cloud):
        return cloud.client("budgets")

    def test_a_budget_lives_with_its_alerts(self, cloud, budgets):
        name = {"AccountId": cloud.account, "BudgetName": "b"}
        alerts = [{"Notification": ALERT, "Subscribers": [MAIL]}]
        budgets.create_budget(AccountId=cloud.account, Budget=BUDGET, NotificationsWithSubscribers=alerts)
        budgets.update_budget(
            AccountId=cloud.account, NewBudget={**BUDGET, "BudgetLimit": {"Amount": "250.5", "Unit": "USD"}}
        )
        seen = budgets.describe_budget(**name)["Budget"]
        assert seen["BudgetLimit"]["Amount"] == "250.5"
        assert seen["CostTypes"]["IncludeTax"] is True
        assert seen["TimePeriod"]["End"].year == 2087
        (alert,) = budgets.describe_notifications_for_budget(**name)["Notifications"]
        assert alert["ThresholdType"] == "PERCENTAGE"
        topic = {"SubscriptionType": "SNS", "Address": f"arn:aws:sns:eu-west-1:{cloud.account}:t"}
        budgets.create_subscriber(**name, Notification=ALERT, Subscriber=topic)
        told = budgets.describe_subscribers_for_notification(**name, Notification=ALERT)["Subscribers"]
        assert told == [MAIL, topic]
        budgets.delete_subscriber(**name, Notification=ALERT, Subscriber=MAIL)
        last = {"Notification": ALERT, "Subscriber": topic}
        assert cloud.refused(budgets.delete_subscriber, **name, **last) == "InvalidParameterException"
        budgets.update_notification(**name, OldNotification=ALERT, NewNotification={**ALERT, "Threshold": 90.0})
        assert cloud.refused(budgets.delete_notification, **name, Notification=ALERT) == "NotFoundException"
        budgets.delete_budget(**name)
        assert cloud.refused(budgets.describe_budget, **name) == "NotFoundException"

    def test_limits_on_alerts(self, cloud, budgets):
        name = {"AccountId": cloud.account, "BudgetName": "b"}
        budgets.create_budget(AccountId=cloud.account, Budget=BUDGET)
        for threshold in range(50, 100, 10):
            alert = {**ALERT, "Threshold": float(threshold)}
            budgets.create_notification(**name, Notification=alert, Subscribers=[MAIL])
        more = {"Notification": {**ALERT, "Threshold": 99.0}, "Subscribers": [MAIL]}
        assert cloud.refused(budgets.create_notification, **name, **more) == "CreationLimitExceededException"
        same = {"Notification": {**ALERT, "ThresholdType": "PERCENTAGE"}, "Subscribers": [MAIL]}
        assert cloud.refused(budgets.create_notification, **name, **same) == "DuplicateRecordException"

    @pytest.mark.parametrize(
        "change",
        [
            {"BudgetLimit": {"Amount": "5", "Unit": "EUR"}},
            {"BudgetLimit": None},
            {"TimePeriod": {"Start": "2088-01-01T00:00:00Z"}},
            {"CostFilters": {"Region": ["x"]}, "FilterExpression": {"Dimensions": {"Key": "REGION", "Values": ["x"]}}},
        ],
    )
    def test_budgets_that_cannot_be(self, cloud, budgets, change):
        wanted = {key: value for key, value in {**BUDGET, **change}.items() if value is not None}
        call = budgets.create_budget
        assert cloud.refused(call, AccountId=cloud.account, Budget=wanted) == "InvalidParameterException"
        assert budgets.describe_budgets(AccountId=cloud.account).get("Budgets", []) == []

    def test_another_accounts_budgets_are_closed(self, cloud, budgets):
        assert cloud.refused(budgets.describe_budgets, AccountId=cloud.other) == "AccessDeniedException"

    def test_budgets_are_the_same_from_every_region(self, cloud, budgets):
        budgets.create_budget(AccountId=cloud.account, Budget=BUDGET)
        elsewhere = cloud.client("budgets", region="us-west-2")
        assert len(elsewhere.describe_budgets(AccountId=cloud.account)["Budgets"]) == 1


class TestAnomalies:
    @pytest.fixture
    def ce(self, cloud):
        return cloud.client("ce")

    def monitor(self, ce, **kind):
        kind = kind or {"MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
        return ce.create_anomaly_monitor(AnomalyMonitor={"MonitorName": "m", **kind})["MonitorArn"]

    def subscription(self, monitor, **change):
        return {
            "SubscriptionName": "s",
            "MonitorArnList": [monitor],
            "Subscribers": [{"Type": "EMAIL", "Address": "team@example.org"}],
            "Frequency": "DAILY",
            "Threshold": 10.0,
            **change,
        }

    def test_monitor_and_subscription_live(self, cloud, ce):
        monitor = self.monitor(ce)
        ce.update_anomaly_monitor(MonitorArn=monitor, MonitorName="renamed")
        assert ce.get_anomaly_monitors(MonitorArnList=[monitor])["AnomalyMonitors"][0]["MonitorName"] == "renamed"
        made = ce.create_anomaly_subscription(AnomalySubscription=self.subscription(monitor))["SubscriptionArn"]
        expression = {"Dimensions": {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "Values": ["50"]}}
        ce.update_anomaly_subscription(SubscriptionArn=made, ThresholdExpression=expression)
        (seen,) = ce.get_anomaly_subscriptions(MonitorArn=monitor)["AnomalySubscriptions"]
        assert seen["ThresholdExpression"] == expression
        assert "Threshold" not in seen
        assert seen["Subscribers"][0]["Status"] == "CONFIRMED"
        ce.delete_anomaly_subscription(SubscriptionArn=made)
        ce.delete_anomaly_monitor(MonitorArn=monitor)
        missing = {"SubscriptionArnList": [made]}
        assert cloud.refused(ce.get_anomaly_subscriptions, **missing) == "UnknownSubscriptionException"
        assert cloud.refused(ce.delete_anomaly_monitor, MonitorArn=monitor) == "UnknownMonitorException"

    @pytest.mark.parametrize(
        "kind",
        [
            {"MonitorType": "DIMENSIONAL"},
            {"MonitorType": "CUSTOM"},
            {"MonitorType": "CUSTOM", "MonitorDimension": "SERVICE", "MonitorSpecification": {}},
        ],
    )
    def test_monitors_that_cannot_be(self, cloud, ce, kind):
        wanted = {"MonitorName": "m", **kind}
        assert cloud.refused(ce.create_anomaly_monitor, AnomalyMonitor=wanted) == "ValidationException"

    @pytest.mark.parametrize(
        "change",
        [
            {"Frequency": "IMMEDIATE"},
            {"Subscribers": [{"Type": "SNS", "Address": "arn:aws:sns:eu-west-1:111122223333:alerts"}]},
            {"ThresholdExpression": {"Dimensions": {"Key": "REGION", "Values": ["x"]}}},
        ],
    )
    def test_subscriptions_that_cannot_be(self, cloud, ce, change):
        wanted = self.subscription(self.monitor(ce), **change)
        assert cloud.refused(ce.create_anomaly_subscription, AnomalySubscription=wanted) == "ValidationException"

    def test_tags_for_cost_allocation(self, ce):
        for status in ("Active", "Inactive"):
            ce.update_cost_allocation_tags_status(CostAllocationTagsStatus=[{"TagKey": "owner", "Status": status}])
            seen = ce.list_cost_allocation_tags(TagKeys=["owner"], Type="UserDefined")["CostAllocationTags"]
            assert [(tag["TagKey"], tag["Status"]) for tag in seen] == [("owner", status)]
        assert ce.list_cost_allocation_tags(Status="Active")["CostAllocationTags"] == []
