"""What the derivations of one generation start from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from components.capacity.spec import Reservations
from components.gpu_cluster.spec import ElasticPool, NodeSpec, StaticPool
from components.release.spec import AmiPin

PoolT = TypeVar("PoolT", StaticPool, ElasticPool)


@dataclass(frozen=True, slots=True)
class Nodes(Generic[PoolT]):
    """The nodes of one generation.

    Attributes:
        pool_name: The pool, which they are labelled with.
        key: The generation's key, which they are labelled with.
        pool: For its capacity, zones and placement.
        node: What each of them is made of.
        image: What the generation's release has for its image.
        reservations: The stack's.
    """

    pool_name: str
    key: str
    pool: PoolT
    node: NodeSpec
    image: AmiPin
    reservations: Reservations

    @property
    def name(self) -> str:
        """The name of what belongs to the generation as a whole."""
        return f"{self.pool_name}-{self.key}"
