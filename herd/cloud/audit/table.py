"""The audit's table: one row per type, parents before what is listed for each of them."""

from __future__ import annotations

from herd.cloud.audit.listing import Listing
from herd.cloud.audit.tables import clusters, compute, costs, identity, images, messages, network, storage

TABLE: tuple[Listing, ...] = (
    *network.LISTINGS,
    *compute.LISTINGS,
    *identity.LISTINGS,
    *messages.LISTINGS,
    *images.LISTINGS,
    *storage.LISTINGS,
    *costs.LISTINGS,
    *clusters.LISTINGS,
)
