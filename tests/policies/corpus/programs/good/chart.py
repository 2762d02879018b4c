"""A chart of one version."""

from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

Release(
    "keda",
    chart="keda",
    version="2.17.2",
    namespace="keda",
    repository_opts=RepositoryOptsArgs(repo="https://kedacore.github.io/charts"),
)
