"""A chart of whatever version fits.

expect: HERD-043 version
"""

from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

Release(
    "keda", chart="keda", version="~2.15", repository_opts=RepositoryOptsArgs(repo="https://kedacore.github.io/charts")
)
