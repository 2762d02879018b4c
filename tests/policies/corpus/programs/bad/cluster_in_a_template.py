"""A Slurm cluster with a key pair, by way of CloudFormation.

expect: HERD-004 templateBody
expect: HERD-064 templateBody
"""

import json

import pulumi_aws as aws

configuration = {
    "Image": {"Os": "alinux2023"},
    "HeadNode": {"InstanceType": "c7i.large", "Networking": {"SubnetId": "subnet-0a"}, "Ssh": {"KeyName": "me"}},
    "Scheduling": {"Scheduler": "slurm", "SlurmQueues": []},
}
cluster = {
    "Type": "Custom::PclusterCluster",
    "Properties": {"ClusterName": "hpc", "ClusterConfiguration": configuration},
}
aws.cloudformation.Stack("hpc", template_body=json.dumps({"Resources": {"Cluster": cluster}}))
