"""Types that rules of several packs are about and that no module beside this one reads."""

from __future__ import annotations

from typing import Final

EKS_CLUSTER: Final = "aws:eks/cluster:Cluster"
COMPUTE_ENVIRONMENT: Final = "aws:batch/computeEnvironment:ComputeEnvironment"
VPC: Final = "aws:ec2/vpc:Vpc"
SUBNET: Final = "aws:ec2/subnet:Subnet"
LOAD_BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
LOAD_BALANCERS: Final = (LOAD_BALANCER, "aws:elb/loadBalancer:LoadBalancer")
EFS: Final = "aws:efs/fileSystem:FileSystem"
LUSTRE: Final = "aws:fsx/lustreFileSystem:LustreFileSystem"
DYNAMODB_TABLE: Final = "aws:dynamodb/table:Table"
STORAGE_CLASSES: Final = tuple(f"kubernetes:storage.k8s.io/{version}:StorageClass" for version in ("v1", "v1beta1"))
CONFIG_MAP: Final = "kubernetes:core/v1:ConfigMap"
GPU_NODE_POOL: Final = "herd:gpu_cluster:GpuNodePool"
"""The component of a pool of GPU nodes."""
