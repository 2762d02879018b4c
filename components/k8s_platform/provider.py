"""The way into a cluster: a Kubernetes provider without any secret in it."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes import Provider

from components.base.context import StackContext
from components.k8s_platform.facts import ClusterFacts


def kubeconfig(name: str, endpoint: str, certificate_authority: str, region: str) -> dict[str, Any]:
    """A kubeconfig that asks the AWS CLI for a token when it is used.

    A token in it would change every 15 minutes: the provider would look changed in every preview, and the state would
    hold a credential. Source: EKS User Guide, "Create a kubeconfig file".
    """
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"],
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": name, "cluster": {"server": endpoint, "certificate-authority-data": certificate_authority}}
        ],
        "users": [{"name": name, "user": {"exec": command}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def cluster_provider(
    name: str, cluster: ClusterFacts, context: StackContext, opts: pulumi.ResourceOptions | None = None
) -> Provider:
    """Register the provider of a cluster.

    `cluster_identifier` is its ARN: a provider whose kubeconfig changes (a new certificate, another endpoint) is
    updated. Without it the provider is replaced, and with it every object in the cluster (pulumi-kubernetes #2517).

    Args:
        name: The resource's name.
        cluster: What the control plane says of itself.
        context: The stack.
        opts: Its parent, if any.
    """
    parts = pulumi.Output.all(cluster.name, cluster.endpoint, cluster.certificate_authority)
    config = parts.apply(lambda known: kubeconfig(str(known[0]), str(known[1]), str(known[2]), context.region))
    return Provider(
        name,
        kubeconfig=pulumi.Output.json_dumps(config, sort_keys=True),
        cluster_identifier=cluster.arn,
        # Field owners instead of the last-applied annotation: controllers and we may write to one object.
        enable_server_side_apply=True,
        # Whatever is made through it waits for the way in, and is gone before the way in is.
        opts=pulumi.ResourceOptions.merge(pulumi.ResourceOptions(depends_on=list(cluster.before_objects)), opts),
    )
