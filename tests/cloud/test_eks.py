"""Clusters and node groups as AWS has them: what is made beside them, what they use up, how they fail and heal."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from herd.cloud import seed
from herd.cloud.faults import Fault

RESERVED, BLOCK = "cr-" + "1" * 17, "cr-" + "2" * 17
OPENS = datetime(2027, 1, 4, 11, 30, tzinfo=UTC)
CLOSES = OPENS + timedelta(days=2)
NODES = "nodes.herd"
REGION = "us-east-2"  # it has all the machines that these tests want
ELSEWHERE = "hpc6a.48xlarge"  # in the second zone alone


class Cluster:
    """A cluster and what is done to it again and again."""

    def __init__(self, cloud):
        self.cloud, self.eks, self.ec2 = cloud, cloud.client("eks", region=REGION), cloud.client("ec2", region=REGION)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.zones = [f"{REGION}a", f"{REGION}b"]
        self.subnets = [self.subnet(zone, f"10.0.{number}.0/24") for number, zone in enumerate(self.zones)]
        self.node_role = cloud.role("nodes")
        self.eks.create_cluster(
            name="main",
            version="1.35",
            roleArn=cloud.role("eks", "eks.amazonaws.com"),
            resourcesVpcConfig={"subnetIds": self.subnets, "endpointPrivateAccess": True},
            accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            logging={"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
        )
        self.names = {"clusterName": "main"}

    def subnet(self, zone, block):
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block, AvailabilityZone=zone)
        return made["Subnet"]["SubnetId"]

    def seed(self, *items):
        seed.reservations(self.cloud.endpoint, self.cloud.account, REGION, items)

    def template(self, **data):
        name = f"t{len(self.ec2.describe_launch_templates()['LaunchTemplates'])}"
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}

    def group(self, name="pool", size=2, **more):
        sizes = {"minSize": 0, "maxSize": max(size, 1) * 4, "desiredSize": size}
        given = {"nodeRole": self.node_role, "subnets": self.subnets[:1], "scalingConfig": sizes}
        self.eks.create_nodegroup(**self.names, nodegroupName=name, **given | more)
        return self.describe(name)

    def describe(self, name="pool"):
        return self.eks.describe_nodegroup(**self.names, nodegroupName=name)["nodegroup"]

    def resize(self, size, name="pool"):
        update = self.eks.update_nodegroup_config(
            **self.names, nodegroupName=name, scalingConfig={"desiredSize": size, "maxSize": 40}
        )["update"]
        return self.eks.describe_update(name="main", nodegroupName=name, updateId=update["id"])["update"]

    def delete(self, name="pool"):
        self.eks.delete_nodegroup(**self.names, nodegroupName=name)

    def left(self, reservation=RESERVED):
        found = self.ec2.describe_capacity_reservations(CapacityReservationIds=[reservation])["CapacityReservations"]
        return found[0]["AvailableInstanceCount"]

    def free(self, subnet=0):
        found = self.ec2.describe_subnets(SubnetIds=[self.subnets[subnet]])["Subnets"]
        return found[0]["AvailableIpAddressCount"]

    def asg(self, group):
        name = group["resources"]["autoScalingGroups"][0]["name"]
        found = self.cloud.client("autoscaling", region=REGION).describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )
        return found["AutoScalingGroups"][0] if found["AutoScalingGroups"] else None

    def actions(self, group):
        name = group["resources"]["autoScalingGroups"][0]["name"]
        client = self.cloud.client("autoscaling", region=REGION)
        return client.describe_scheduled_actions(AutoScalingGroupName=name)["ScheduledUpdateGroupActions"]

    def reserved(self, **more):
        aim = {"CapacityReservationTarget": {"CapacityReservationId": RESERVED}}
        return self.template(InstanceType="p5.48xlarge", CapacityReservationSpecification=aim, **more)

    def block(self):
        return self.template(
            InstanceType="p5.48xlarge",
            InstanceMarketOptions={"MarketType": "capacity-block"},
            CapacityReservationSpecification={"CapacityReservationTarget": {"CapacityReservationId": BLOCK}},
        )


@pytest.fixture
def cluster(cloud):
    return Cluster(cloud)


@pytest.fixture
def p5(cluster):
    """A targeted reservation of three in the one zone that the cluster's nodes are in, and a block of two."""
    zone = cluster.zones[0]
    cluster.subnets = cluster.subnets[:1]
    common = {"instance_type": "p5.48xlarge", "zone": zone}
    cluster.seed({"id": RESERVED, "count": 3, "kind": "targeted", **common})
    cluster.seed({"id": BLOCK, "count": 2, "kind": "capacity-block", "start": OPENS, "end": CLOSES, **common})
    return cluster


# --- clusters


def test_a_cluster_tells_what_programs_go_on_with(cluster):
    found = cluster.eks.describe_cluster(name="main")["cluster"]
    network = found["resourcesVpcConfig"]
    assert found["status"] == "ACTIVE"
    assert found["endpoint"].endswith(f".{REGION}.eks.amazonaws.com")
    assert found["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/")
    assert found["kubernetesNetworkConfig"]["serviceIpv4Cidr"] == "10.100.0.0/16"
    assert network["vpcId"] == cluster.vpc
    group = cluster.ec2.describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])["SecurityGroups"][0]
    assert {tag["Key"] for tag in group["Tags"]} >= {"aws:eks:cluster-name", "kubernetes.io/cluster/main"}
    assert [pair["GroupId"] for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]] == [
        group["GroupId"]
    ]


def test_its_interfaces_hold_the_network_until_it_is_gone(cluster):
    group = cluster.eks.describe_cluster(name="main")["cluster"]["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert cluster.cloud.refused(cluster.ec2.delete_subnet, SubnetId=cluster.subnets[0]) == "DependencyViolation"
    cluster.eks.delete_cluster(name="main")
    for subnet in cluster.subnets:
        cluster.ec2.delete_subnet(SubnetId=subnet)
    assert cluster.cloud.refused(cluster.ec2.describe_security_groups, GroupIds=[group]) == "InvalidGroup.NotFound"
    cluster.ec2.delete_vpc(VpcId=cluster.vpc)


def test_a_control_plane_that_logs_makes_its_log_group_if_nobody_did(cluster):
    logs = cluster.cloud.client("logs", region=REGION)
    name = "/aws/eks/main/cluster"
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == [name]
    cluster.eks.delete_cluster(name="main")
    assert logs.describe_log_groups()["logGroups"], "EKS leaves it"


def test_settings_change_one_kind_at_a_time_and_merge(cluster):
    cluster.eks.update_cluster_config(name="main", resourcesVpcConfig={"publicAccessCidrs": ["198.51.100.0/24"]})
    changed = {"clusterLogging": [{"types": ["api"], "enabled": False}, {"types": ["scheduler"], "enabled": True}]}
    update = cluster.eks.update_cluster_config(name="main", logging=changed)["update"]
    found = cluster.eks.describe_cluster(name="main")["cluster"]
    network = found["resourcesVpcConfig"]
    assert (network["endpointPrivateAccess"], network["subnetIds"]) == (True, cluster.subnets)
    assert network["publicAccessCidrs"] == ["198.51.100.0/24"]
    assert found["logging"]["clusterLogging"][0] == {"types": ["audit", "scheduler"], "enabled": True}
    assert update["type"] == "LoggingUpdate"
    assert cluster.eks.list_updates(name="main")["updateIds"][-1] == update["id"]


def test_protection_from_deletion_has_to_be_taken_off_first(cluster):
    cluster.eks.update_cluster_config(name="main", deletionProtection=True)
    assert cluster.cloud.refused(cluster.eks.delete_cluster, name="main") == "InvalidRequestException"
    cluster.eks.update_cluster_config(name="main", deletionProtection=False)
    cluster.eks.delete_cluster(name="main")
    assert cluster.eks.list_clusters()["clusters"] == []


def test_a_version_is_supported_until_its_day(cloud):
    seed.clock(cloud.endpoint, datetime(2026, 11, 1, tzinfo=UTC))
    status = {
        each["clusterVersion"]: each["versionStatus"]
        for each in cloud.client("eks").describe_cluster_versions()["clusterVersions"]
    }
    assert (status["1.31"], status["1.33"], status["1.36"]) == (
        "EXTENDED_SUPPORT",
        "EXTENDED_SUPPORT",
        "STANDARD_SUPPORT",
    )
    seed.clock(cloud.endpoint, datetime(2026, 12, 1, tzinfo=UTC))
    shown = cloud.client("eks").describe_cluster_versions()["clusterVersions"]
    assert "1.31" not in {each["clusterVersion"] for each in shown}


def test_nodes_too_far_behind_hold_an_upgrade_up(cluster):
    cluster.eks.update_cluster_version(name="main", version="1.36")
    assert cluster.eks.describe_cluster(name="main")["cluster"]["version"] == "1.36"
    assert cluster.group()["version"] == "1.36"


def test_a_repeated_create_is_the_same_cluster(cluster):
    found = cluster.eks.describe_cluster(name="main")["cluster"]
    given = {"roleArn": found["roleArn"], "resourcesVpcConfig": {"subnetIds": cluster.subnets}}
    first, second = (
        cluster.eks.create_cluster(name="other", clientRequestToken="t", **given)["cluster"] for _ in range(2)
    )
    assert first["arn"] == second["arn"]


# --- node groups


def test_a_group_has_a_scaling_group_and_takes_addresses(cluster):
    before = cluster.free()
    group = cluster.group(size=3, instanceTypes=["m6i.large"])
    scaling = cluster.asg(group)
    assert (group["status"], group["amiType"]) == ("ACTIVE", "AL2023_x86_64_STANDARD")
    assert (scaling["MinSize"], scaling["MaxSize"], scaling["DesiredCapacity"]) == (0, 12, 3)
    assert scaling["VPCZoneIdentifier"] == cluster.subnets[0]
    assert before - cluster.free() == 3
    cluster.resize(1)
    assert (before - cluster.free(), cluster.asg(group)["DesiredCapacity"]) == (1, 1)
    cluster.delete()
    assert (cluster.free(), cluster.asg(group)) == (before, None)


def test_nodes_are_spread_over_the_zones(cluster):
    before = [cluster.free(0), cluster.free(1)]
    cluster.group(size=5, subnets=cluster.subnets, instanceTypes=["m6i.large"])
    assert [before[0] - cluster.free(0), before[1] - cluster.free(1)] == [3, 2]


def test_every_interface_of_a_node_but_efa_only_takes_an_address(cluster):
    cards = [{"DeviceIndex": 0, "NetworkCardIndex": 0}]
    cards += [{"DeviceIndex": 1, "NetworkCardIndex": n, "InterfaceType": "efa-only"} for n in range(1, 4)]
    before = cluster.free()
    cluster.group(size=2, launchTemplate=cluster.template(InstanceType="p4d.24xlarge", NetworkInterfaces=cards))
    assert before - cluster.free() == 2


def test_a_subnet_too_small_fails_the_group(cluster):
    small = cluster.subnet(cluster.zones[0], "10.0.90.0/28")
    group = cluster.group(size=12, subnets=[small], instanceTypes=["m6i.large"])
    assert group["status"] == "CREATE_FAILED"
    assert [issue["code"] for issue in group["health"]["issues"]] == ["InsufficientFreeAddresses"]


def test_a_reservation_is_used_up_and_given_back(p5):
    assert p5.group("one", launchTemplate=p5.reserved())["status"] == "ACTIVE"
    assert p5.left() == 1
    group = p5.group("two", launchTemplate=p5.reserved())
    (issue,) = group["health"]["issues"]
    assert (group["status"], issue["code"]) == ("CREATE_FAILED", "AsgInstanceLaunchFailures")
    assert issue["message"].startswith("Could not launch On-Demand Instances. ReservationCapacityExceeded - ")
    assert issue["message"].endswith(" Launching EC2 instance failed.")
    assert issue["resourceIds"] == [group["resources"]["autoScalingGroups"][0]["name"]]
    assert p5.left() == 0, "a group that failed holds what it got"
    p5.delete("two")
    p5.delete("one")
    assert p5.left() == 3


def test_a_group_that_failed_stays_failed_and_can_only_be_deleted(cluster):
    cluster.cloud.server.faults.add(Fault("shortage", instance_type="g6*", zone=cluster.zones[0]))
    group = cluster.group(instanceTypes=["g6.xlarge"])
    text = group["health"]["issues"][0]["message"]
    assert "InsufficientInstanceCapacity - We currently do not have sufficient g6.xlarge capacity" in text
    cluster.cloud.server.faults.clear()
    assert cluster.describe()["status"] == "CREATE_FAILED"
    call = cluster.eks.update_nodegroup_config
    assert cluster.cloud.refused(call, **cluster.names, nodegroupName="pool") == "ResourceInUseException"
    cluster.delete()
    assert cluster.group(instanceTypes=["g6.xlarge"])["status"] == "ACTIVE"


def test_other_types_are_tried_before_a_group_fails(cluster):
    cluster.cloud.server.faults.add(Fault("shortage", instance_type="g6.xlarge"))
    assert cluster.group(instanceTypes=["g6.xlarge", "g6.2xlarge"])["status"] == "ACTIVE"


def test_a_type_that_a_zone_does_not_have_fails_the_group(cluster):
    template = cluster.template(InstanceType=ELSEWHERE)
    group = cluster.group(launchTemplate=template)
    assert group["status"] == "CREATE_FAILED"
    assert f"Unsupported - Your requested instance type ({ELSEWHERE})" in group["health"]["issues"][0]["message"]


def test_growing_without_capacity_degrades_a_group_until_there_is_some(p5):
    p5.group("one", size=2, launchTemplate=p5.reserved())
    assert p5.resize(4, "one")["status"] == "Successful"
    found = p5.describe("one")
    assert (found["status"], found["scalingConfig"]["desiredSize"]) == ("DEGRADED", 4)
    p5.seed({"id": RESERVED, "count": 4, "kind": "targeted", "instance_type": "p5.48xlarge", "zone": p5.zones[0]})
    assert (p5.describe("one")["status"], p5.describe("one")["health"]["issues"]) == ("ACTIVE", [])


def test_a_block_gives_its_machines_in_its_window_and_takes_them_back(p5):
    seed.clock(p5.cloud.endpoint, OPENS - timedelta(hours=1))
    group = p5.group(capacityType="CAPACITY_BLOCK", launchTemplate=p5.block())
    assert group["status"] == "ACTIVE", "EKS doesn't check that nodes of a block join"
    assert group["health"]["issues"][0]["code"] == "AsgInstanceLaunchFailures"
    seed.clock(p5.cloud.endpoint, OPENS + timedelta(minutes=1))
    assert p5.describe()["health"]["issues"] == [], "Auto Scaling kept trying"
    assert p5.left(BLOCK) == 0
    (action,) = p5.actions(group)
    assert (action["StartTime"], action["DesiredCapacity"]) == (CLOSES - timedelta(minutes=40), 0)
    seed.clock(p5.cloud.endpoint, CLOSES - timedelta(minutes=39))
    assert p5.describe()["scalingConfig"]["desiredSize"] == 0, "EKS empties it before EC2 does"
    assert p5.left(BLOCK) == 2


def test_a_scheduled_action_opens_a_group(p5):
    seed.clock(p5.cloud.endpoint, OPENS - timedelta(hours=1))
    group = p5.group(size=0, capacityType="CAPACITY_BLOCK", launchTemplate=p5.block())
    name = group["resources"]["autoScalingGroups"][0]["name"]
    p5.cloud.client("autoscaling", region=REGION).put_scheduled_update_group_action(
        AutoScalingGroupName=name, ScheduledActionName="open", StartTime=OPENS, DesiredCapacity=2
    )
    seed.clock(p5.cloud.endpoint, OPENS + timedelta(minutes=1))
    assert (p5.describe()["scalingConfig"]["desiredSize"], p5.left(BLOCK)) == (2, 0)


def test_a_blocks_group_changes_version_only_when_it_is_empty(p5):
    p5.group(size=0, capacityType="CAPACITY_BLOCK", launchTemplate=p5.block())
    names = {**p5.names, "nodegroupName": "pool"}
    p5.eks.update_nodegroup_version(**names)
    p5.resize(1)
    assert p5.cloud.refused(p5.eks.update_nodegroup_version, **names) == "InvalidRequestException"


@pytest.mark.parametrize(("strategy", "status"), [("DEFAULT", "Failed"), ("MINIMAL", "Successful")])
def test_a_full_reservation_has_no_room_for_one_more(p5, strategy, status):
    template = p5.reserved()
    p5.group(size=3, launchTemplate=template, updateConfig={"maxUnavailable": 1, "updateStrategy": strategy})
    aim = {"CapacityReservationTarget": {"CapacityReservationId": RESERVED}}
    data = {"InstanceType": "p5.48xlarge", "CapacityReservationSpecification": aim, "EbsOptimized": True}
    p5.ec2.create_launch_template_version(LaunchTemplateId=template["id"], LaunchTemplateData=data)
    update = p5.eks.update_nodegroup_version(
        **p5.names, nodegroupName="pool", launchTemplate={"id": template["id"], "version": "2"}
    )["update"]
    found = p5.eks.describe_update(name="main", nodegroupName="pool", updateId=update["id"])["update"]
    assert found["status"] == status
    assert [each["errorCode"] for each in found.get("errors", [])] == (
        ["NodeCreationFailure"] if status == "Failed" else []
    )
    version = "1" if status == "Failed" else "2"
    assert (p5.describe()["launchTemplate"]["version"], p5.left()) == (version, 0)


def test_labels_and_taints_merge(cluster):
    taint = {"key": "a", "effect": "NO_SCHEDULE"}
    cluster.group(labels={"x": "1", "y": "2"}, taints=[taint])
    more = {"key": NODES, "value": "g1", "effect": "NO_SCHEDULE"}
    cluster.eks.update_nodegroup_config(
        **cluster.names,
        nodegroupName="pool",
        labels={"addOrUpdateLabels": {"y": "3", "z": "4"}, "removeLabels": ["x"]},
        taints={"addOrUpdateTaints": [more], "removeTaints": [taint]},
    )
    found = cluster.describe()
    assert (found["labels"], found["taints"]) == ({"y": "3", "z": "4"}, [more])


def test_nodes_are_let_in_by_an_entry_that_eks_makes(cluster):
    entries = lambda: cluster.eks.list_access_entries(clusterName="main")["accessEntries"]  # noqa: E731
    cluster.group("one")
    cluster.group("two")
    assert entries() == [cluster.node_role]
    cluster.delete("one")
    assert entries() == [cluster.node_role]
    cluster.delete("two")
    assert entries() == []
    cluster.eks.create_access_entry(clusterName="main", principalArn=cluster.node_role, type="EC2_LINUX")
    cluster.group("one")
    cluster.delete("one")
    assert entries() == [cluster.node_role], "an entry somebody made stays"


# --- add-ons and identities


def test_an_add_on_with_replicas_waits_for_nodes(cluster):
    for name in ("coredns", "vpc-cni"):
        cluster.eks.create_addon(clusterName="main", addonName=name)

    def status(name):
        return cluster.eks.describe_addon(clusterName="main", addonName=name)["addon"]

    assert (status("vpc-cni")["status"], status("coredns")["status"]) == ("ACTIVE", "DEGRADED")
    assert [issue["code"] for issue in status("coredns")["health"]["issues"]] == ["InsufficientNumberOfReplicas"]
    cluster.group()
    assert status("coredns")["status"] == "ACTIVE"


def test_an_add_ons_identities_come_and_go_with_it(cluster):
    document = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    role = cluster.cloud.client("iam").create_role(
        RoleName="cni", AssumeRolePolicyDocument=json.dumps({"Statement": [document]})
    )["Role"]["Arn"]
    identities = [{"serviceAccount": "aws-node", "roleArn": role}]
    cluster.eks.create_addon(clusterName="main", addonName="vpc-cni", podIdentityAssociations=identities)
    (found,) = cluster.eks.list_pod_identity_associations(clusterName="main")["associations"]
    assert (found["namespace"], found["ownerArn"].split(":")[-1][:19]) == ("kube-system", "addon/main/vpc-cni/")
    cluster.eks.delete_addon(clusterName="main", addonName="vpc-cni")
    assert cluster.eks.list_pod_identity_associations(clusterName="main")["associations"] == []


def test_known_versions_of_an_add_on_are_by_kubernetes_version(cluster):
    (offered,) = cluster.eks.describe_addon_versions(addonName="kube-proxy", kubernetesVersion="1.35")["addons"]
    assert [each["addonVersion"] for each in offered["addonVersions"]] == ["v1.35.3-eksbuild.21", "v1.35.0-eksbuild.2"]


def test_everything_of_a_cluster_takes_tags(cluster):
    cluster.group(tags={"a": "1"})
    arn = cluster.describe()["nodegroupArn"]
    cluster.eks.tag_resource(resourceArn=arn, tags={"b": "2"})
    cluster.eks.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert cluster.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    missing = arn.replace("/pool/", "/other/")
    assert (
        cluster.cloud.refused(cluster.eks.tag_resource, resourceArn=missing, tags={"a": "1"})
        == "ResourceNotFoundException"
    )
