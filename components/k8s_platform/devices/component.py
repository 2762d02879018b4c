"""Registers the device layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pulumi

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.gpu_cluster.spec import Pool
from components.k8s_platform.charts import install
from components.k8s_platform.devices import derive
from components.k8s_platform.spec import ClusterSpec
from components.k8s_platform.versions import require
from components.release.spec import ReleaseSpec


class DeviceLayer(HerdComponent):
    """What hands accelerators and EFA interfaces to pods, as far as some pool has any.

    Attributes:
        charts: The charts installed, by their names in the release.
    """

    token: ClassVar[str] = "herd:k8s_platform:DeviceLayer"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: ClusterSpec,
        context: StackContext,
        *,
        release: ReleaseSpec,
        pools: Mapping[str, Pool],
        images: Mapping[str, str] | None = None,
        before: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the charts that the pools need.

        Args:
            name: Prefix of its resources' names.
            spec: The cluster's.
            context: The stack.
            release: The stack's release: the charts.
            pools: The cluster's pools, with all their generations.
            images: Image references (`HOST/PATH@DIGEST`) by the chart's name, in place of the charts' own: those of
                the stack's registry, where the upstream's can't or mustn't be pulled.
            before: What the charts' pods need: the add-ons.
            opts: With the cluster's Kubernetes provider.

        Raises:
            InvalidInputError: The release lacks a chart, or the catalogue a type.
        """
        wanted = derive.charts(spec, derive.needs(pools), images or {})
        require(release, charts=[row.name for row in wanted])
        super().__init__(name, spec, context, inputs={"release": release.name}, opts=opts)
        self.charts: dict[str, pulumi.Resource] = {
            row.name: install(self, f"{name}-{row.name}", release.charts[row.name], row.values, depends_on=before)
            for row in wanted
        }
        self.register_outputs({"charts": list(self.charts)})
