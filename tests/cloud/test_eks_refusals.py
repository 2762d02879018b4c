"""What EKS refuses, each with AWS's own code and the words by which people know it."""

import itertools
import json

import pytest
from botocore.exceptions import ClientError

CLUSTER_ACCESS = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
INVALID, IN_USE, ABSENT, REQUEST = (
    "InvalidParameterException",
    "ResourceInUseException",
    "ResourceNotFoundException",
    "InvalidRequestException",
)


class Ground:
    """A network, roles, and a cluster with a node group, made once: what is refused changes nothing."""

    def __init__(self, cloud):
        self.numbers = itertools.count()
        self.cloud, self.eks, self.ec2 = cloud, cloud.client("eks"), cloud.client("ec2")
        self.vpc, self.subnets = cloud.network(2)
        self.other_vpc = self.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.elsewhere = self.ec2.create_subnet(VpcId=self.other_vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
        self.control, self.nodes = cloud.role("eks", "eks.amazonaws.com"), cloud.role("nodes")
        self.pods = self.role("pods", "pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"])
        self.half = self.role("half", "pods.eks.amazonaws.com", ["sts:AssumeRole"])
        self.cluster("main", version="1.34", accessConfig=CLUSTER_ACCESS)
        self.cluster("old")
        self.group(nodegroupName="there")
        self.eks.create_addon(clusterName="main", addonName="kube-proxy")
        place = {"clusterName": "main", "namespace": "kube-system", "serviceAccount": "there"}
        self.eks.create_pod_identity_association(**place, roleArn=self.pods)

    def role(self, name, service, actions):
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return self.cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]

    def cluster(self, name="new", network=None, **more):
        given = {"subnetIds": self.subnets, **(network or {})}
        self.eks.create_cluster(**{"name": name, "roleArn": self.control, "resourcesVpcConfig": given, **more})

    def configure(self, **more):
        self.eks.update_cluster_config(name="main", **more)

    def group(self, **more):
        given = {"clusterName": "main", "nodegroupName": "new", "nodeRole": self.nodes, "subnets": self.subnets}
        self.eks.create_nodegroup(**given | more)

    def template(self, **data):
        made = self.ec2.create_launch_template(LaunchTemplateName=f"t{next(self.numbers)}", LaunchTemplateData=data)
        return {"id": made["LaunchTemplate"]["LaunchTemplateId"], "version": "1"}

    def from_template(self, data, **more):
        self.group(launchTemplate=self.template(**data), **more)

    def update(self, **more):
        self.eks.update_nodegroup_config(clusterName="main", nodegroupName="there", **more)

    def addon(self, **more):
        self.eks.create_addon(**{"clusterName": "main", "addonName": "coredns", **more})

    def entry(self, principal=None, **more):
        self.eks.create_access_entry(**{"clusterName": "main", "principalArn": principal or self.pods, **more})

    def policy(self, scope, policy=VIEW):
        entries = self.eks.list_access_entries(clusterName="main")["accessEntries"]
        if self.half not in entries:
            self.entry(self.half)
        self.eks.associate_access_policy(
            clusterName="main", principalArn=self.half, policyArn=policy, accessScope=scope
        )

    def identity(self, **more):
        given = {"clusterName": "main", "namespace": "kube-system", "serviceAccount": "new", "roleArn": self.pods}
        self.eks.create_pod_identity_association(**given | more)


@pytest.fixture(scope="module")
def ground(module_cloud):
    module_cloud.server.reset()
    return Ground(module_cloud)


BLOCK = {"InstanceMarketOptions": {"MarketType": "capacity-block"}, "InstanceType": "p5.48xlarge"}
AMI = {"ImageId": "ami-0123456789abcdef0"}

# what is asked -> (code, words of the message, request)
CLUSTERS = {
    "a second cluster of a name": (IN_USE, "already exists with name: main", lambda g: g.cluster("main")),
    "a role there is not": (INVALID, "does not exist", lambda g: g.cluster(roleArn=g.control + "x")),
    "a role that trusts another": (INVALID, "trusted entity is not correct", lambda g: g.cluster(roleArn=g.nodes)),
    "a version of the past": (INVALID, "unsupported Kubernetes version", lambda g: g.cluster(version="1.19")),
    "a version nobody knows": (INVALID, "unsupported Kubernetes version", lambda g: g.cluster(version="9.99")),
    "one zone": (INVALID, "two different AZs", lambda g: g.cluster(network={"subnetIds": g.subnets[:1]})),
    "a subnet there is not": (INVALID, "does not exist", lambda g: g.cluster(network={"subnetIds": ["subnet-1"]})),
    "two VPCs": (INVALID, "same VPC", lambda g: g.cluster(network={"subnetIds": [*g.subnets, g.elsewhere]})),
    "a group there is not": (INVALID, "'sg-1' does not", lambda g: g.cluster(network={"securityGroupIds": ["sg-1"]})),
    "no way in": (
        INVALID,
        "Private and public endpoint access cannot be false",
        lambda g: g.cluster(network={"endpointPublicAccess": False, "endpointPrivateAccess": False}),
    ),
    "a private range outside": (
        INVALID,
        "publicAccessCidrs",
        lambda g: g.cluster(network={"publicAccessCidrs": ["10.0.0.0/8"]}),
    ),
    "services among the VPC's addresses": (
        INVALID,
        "overlaps",
        lambda g: g.cluster(kubernetesNetworkConfig={"serviceIpv4Cidr": "10.0.0.0/20"}),
    ),
    "services on public addresses": (
        INVALID,
        "within 10.0.0.0/8",
        lambda g: g.cluster(kubernetesNetworkConfig={"serviceIpv4Cidr": "198.18.0.0/16"}),
    ),
    "a key there is not": (
        INVALID,
        "KMS key",
        lambda g: g.cluster(
            encryptionConfig=[
                {"resources": ["secrets"], "provider": {"keyArn": f"arn:aws:kms:eu-west-1:{g.cloud.account}:key/x"}}
            ]
        ),
    ),
    "more than secrets encrypted": (
        INVALID,
        "must be \\[secrets\\]",
        lambda g: g.cluster(encryptionConfig=[{"resources": ["configmaps"], "provider": {"keyArn": "arn:x"}}]),
    ),
    "Auto Mode": (
        "HerdNotModelled",
        "Auto Mode",
        lambda g: g.cluster(computeConfig={"enabled": True}),
    ),
    "two kinds of change in a call": (
        INVALID,
        "Only one type of update",
        lambda g: g.configure(deletionProtection=True, upgradePolicy={"supportType": "STANDARD"}),
    ),
    "endpoint and subnets in a call": (
        INVALID,
        "Only one type of update",
        lambda g: g.configure(resourcesVpcConfig={"subnetIds": g.subnets, "endpointPrivateAccess": True}),
    ),
    "no change": (
        INVALID,
        "already at the desired",
        lambda g: g.configure(resourcesVpcConfig={"endpointPublicAccess": True}),
    ),
    "a mode of the past": (
        INVALID,
        "authentication mode update from API to CONFIG_MAP",
        lambda g: g.configure(accessConfig={"authenticationMode": "CONFIG_MAP"}),
    ),
    "two versions at once": (
        INVALID,
        "minor version update from 1.34 to 1.36",
        lambda g: g.eks.update_cluster_version(name="main", version="1.36"),
    ),
    "a version back": (
        INVALID,
        "minor version update from 1.34 to 1.33",
        lambda g: g.eks.update_cluster_version(name="main", version="1.33"),
    ),
    "a cluster with nodes deleted": (IN_USE, "nodegroups attached", lambda g: g.eks.delete_cluster(name="main")),
    "a cluster there is not": (ABSENT, "No cluster found for name: x", lambda g: g.eks.describe_cluster(name="x")),
}
GROUPS = {
    "a second group of a name": (IN_USE, "already exists with name there", lambda g: g.group(nodegroupName="there")),
    "a role there is not": (INVALID, "cannot be found", lambda g: g.group(nodeRole=g.nodes + "x")),
    "a role that trusts another": (INVALID, "\\[ec2.amazonaws.com\\] were not", lambda g: g.group(nodeRole=g.control)),
    "a subnet of another VPC": (INVALID, "not in the cluster's VPC", lambda g: g.group(subnets=[g.elsewhere])),
    "a name too long": (INVALID, "63", lambda g: g.group(nodegroupName="x" * 64)),
    "a minimum above the size": (
        INVALID,
        "Minimum capacity 3",
        lambda g: g.group(scalingConfig={"minSize": 3, "maxSize": 4, "desiredSize": 2}),
    ),
    "a size above the maximum": (
        INVALID,
        "max size 2",
        lambda g: g.group(scalingConfig={"minSize": 0, "maxSize": 2, "desiredSize": 3}),
    ),
    "a type there is not": (INVALID, "do not exist: \\[p9.huge\\]", lambda g: g.group(instanceTypes=["p9.huge"])),
    "an image of another architecture": (
        INVALID,
        "not a valid instance type for requested amiType",
        lambda g: g.group(instanceTypes=["m7g.large"], amiType="AL2023_x86_64_STANDARD"),
    ),
    "Amazon Linux 2 after its time": (INVALID, "1.32 or earlier", lambda g: g.group(amiType="AL2_x86_64")),
    "Kubernetes' own labels": (INVALID, "reserved prefixes", lambda g: g.group(labels={"kubernetes.io/x": "y"})),
    "a taint twice": (
        INVALID,
        "only once",
        lambda g: g.group(taints=[{"key": "a", "value": v, "effect": "NO_SCHEDULE"} for v in "xy"]),
    ),
    "two ways to count": (
        INVALID,
        "Only one of maxUnavailable",
        lambda g: g.group(updateConfig={"maxUnavailable": 1, "maxUnavailablePercentage": 5}),
    ),
    "two ways to count repairs": (
        INVALID,
        "Only one of maxParallelNodesRepairedCount",
        lambda g: g.group(
            nodeRepairConfig={"maxParallelNodesRepairedCount": 1, "maxParallelNodesRepairedPercentage": 5}
        ),
    ),
    "a template there is not": (INVALID, "does not exist", lambda g: g.group(launchTemplate={"id": "lt-" + "0" * 17})),
    "a template by id and by name": (
        INVALID,
        "Either provide launch template ID or launch template name",
        lambda g: g.group(launchTemplate={"id": "lt-" + "0" * 17, "name": "x"}),
    ),
    "types in two places": (
        INVALID,
        "both launch template and API request",
        lambda g: g.from_template({"InstanceType": "m6i.large"}, instanceTypes=["m6i.large"]),
    ),
    "a disk in two places": (
        INVALID,
        "Disk size must be specified within the launch template",
        lambda g: g.from_template({"InstanceType": "m6i.large"}, diskSize=100),
    ),
    "remote access beside a template": (
        INVALID,
        "Remote access",
        lambda g: g.from_template({"InstanceType": "m6i.large"}, remoteAccess={"ec2SshKey": "k"}),
    ),
    "an image in two places": (
        INVALID,
        "AMI Type other than CUSTOM",
        lambda g: g.from_template(AMI, amiType="AL2023_x86_64_NVIDIA"),
    ),
    "a release of an own image": (INVALID, "releaseVersion", lambda g: g.from_template(AMI, releaseVersion="1.34.1-1")),
    "a version of an own image": (INVALID, "field version", lambda g: g.from_template(AMI, version="1.34")),
    "a profile in the template": (
        INVALID,
        "should not specify an instance profile",
        lambda g: g.from_template({"InstanceType": "m6i.large", "IamInstanceProfile": {"Name": "x"}}),
    ),
    "a subnet in the template": (
        INVALID,
        "should not specify a subnet",
        lambda g: g.from_template({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": g.subnets[0]}]}),
    ),
    "spot in the template": (
        INVALID,
        "capacityType SPOT",
        lambda g: g.from_template({"InstanceMarketOptions": {"MarketType": "spot"}}),
    ),
    "a block without a template": (
        INVALID,
        "needs a launch template",
        lambda g: g.group(capacityType="CAPACITY_BLOCK", subnets=g.subnets[:1]),
    ),
    "a block in two zones": (
        INVALID,
        "the one subnet",
        lambda g: g.from_template(BLOCK, capacityType="CAPACITY_BLOCK"),
    ),
    "a block that isn't named": (
        INVALID,
        "CapacityReservationTarget",
        lambda g: g.from_template(BLOCK, capacityType="CAPACITY_BLOCK", subnets=g.subnets[:1]),
    ),
    "a block without its type": (
        INVALID,
        "instance type in the launch template",
        lambda g: g.from_template(
            {
                "InstanceMarketOptions": {"MarketType": "capacity-block"},
                "CapacityReservationSpecification": {
                    "CapacityReservationTarget": {"CapacityReservationId": "cr-0123456789abcdef0"}
                },
            },
            capacityType="CAPACITY_BLOCK",
            subnets=g.subnets[:1],
        ),
    ),
    "a block called on demand": (
        INVALID,
        "capacityType must be CAPACITY_BLOCK",
        lambda g: g.from_template(BLOCK, subnets=g.subnets[:1]),
    ),
    "an update past the maximum": (
        INVALID,
        "max size",
        lambda g: g.update(scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 5}),
    ),
    "a template for a group without one": (
        INVALID,
        "without a launch template",
        lambda g: g.eks.update_nodegroup_version(
            clusterName="main", nodegroupName="there", launchTemplate=g.template(InstanceType="m6i.large")
        ),
    ),
    "a group there is not": (
        ABSENT,
        "No node group found for name: x",
        lambda g: g.eks.delete_nodegroup(clusterName="main", nodegroupName="x"),
    ),
}
REST = {
    "an add-on there is not": (INVALID, "Addon specified is not supported", lambda g: g.addon(addonName="corednss")),
    "a version there can't be": (INVALID, "Addon version specified", lambda g: g.addon(addonVersion="latest")),
    "a proxy newer than the cluster": (
        INVALID,
        "Addon version specified",
        lambda g: g.addon(clusterName="old", addonName="kube-proxy", addonVersion="v1.36.0-eksbuild.25"),
    ),
    "a second add-on of a name": (IN_USE, "Addon already exists", lambda g: g.addon(addonName="kube-proxy")),
    "settings that are no object": (INVALID, "ConfigurationValue", lambda g: g.addon(configurationValues="[1]")),
    "settings nobody can read": (INVALID, "ConfigurationValue", lambda g: g.addon(configurationValues="{a: [")),
    "a role there is not": (INVALID, "does not exist", lambda g: g.addon(serviceAccountRoleArn=g.pods + "x")),
    "an identity for an account it lacks": (
        INVALID,
        "no service account",
        lambda g: g.addon(podIdentityAssociations=[{"serviceAccount": "x", "roleArn": g.pods}]),
    ),
    "a principal there is not": (INVALID, "invalid principal", lambda g: g.entry(g.pods + "x")),
    "a principal of no kind": (INVALID, "invalid principal", lambda g: g.entry("arn:aws:iam::111122223333:root")),
    "an entry of no kind": (INVALID, "is not one of", lambda g: g.entry(type="WIZARD")),
    "an entry where nodes have one": (IN_USE, "already in use on this cluster", lambda g: g.entry(g.nodes)),
    "groups of Kubernetes": (INVALID, "start with system:", lambda g: g.entry(kubernetesGroups=["system:masters"])),
    "groups for nodes": (INVALID, "EC2_LINUX", lambda g: g.entry(type="EC2_LINUX", kubernetesGroups=["x"])),
    "an entry of a cluster without": (REQUEST, "authentication mode", lambda g: g.entry(clusterName="old")),
    "a policy there is not": (INVALID, "no access policy", lambda g: g.policy({"type": "cluster"}, VIEW + "x")),
    "namespaces of a cluster's scope": (
        INVALID,
        "Namespaces",
        lambda g: g.policy({"type": "cluster", "namespaces": ["a"]}),
    ),
    "a scope without namespaces": (INVALID, "Namespaces", lambda g: g.policy({"type": "namespace"})),
    "a policy for nodes": (
        INVALID,
        "can't be associated with an entry of type EC2_LINUX",
        lambda g: g.eks.associate_access_policy(
            clusterName="main", principalArn=g.nodes, policyArn=VIEW, accessScope={"type": "cluster"}
        ),
    ),
    "an identity there is": (IN_USE, "Association already exists: a-", lambda g: g.identity(serviceAccount="there")),
    "an identity of a role there is not": (INVALID, "does not exist", lambda g: g.identity(roleArn=g.pods + "x")),
    "an identity without sessions": (INVALID, "sts:TagSession", lambda g: g.identity(roleArn=g.half)),
    "an identity pods can't have": (INVALID, "pods.eks.amazonaws.com", lambda g: g.identity(roleArn=g.nodes)),
    "an update there is not": (
        ABSENT,
        "No update found",
        lambda g: g.eks.describe_update(name="main", updateId="x"),
    ),
    "Fargate": (
        "HerdNotModelled",
        "ListFargateProfiles",
        lambda g: g.eks.list_fargate_profiles(clusterName="main"),
    ),
}


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table in ("CLUSTERS", "GROUPS", "REST") for name in globals()[table]]
)
def test_it_is_refused_in_the_words_of_eks(ground, table, name):
    code, words, request = globals()[table][name]
    with pytest.raises(ClientError, match=words) as caught:
        request(ground)
    assert caught.value.response["Error"]["Code"] == code


def test_what_was_refused_left_nothing_behind(ground):
    assert ground.eks.list_clusters()["clusters"] == ["main", "old"]
    assert ground.eks.list_nodegroups(clusterName="main")["nodegroups"] == ["there"]
    assert ground.eks.list_addons(clusterName="main")["addons"] == ["kube-proxy"]
