"""What a stack's registry holds, caches, mirrors, scans and copies elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.keys.spec import AccountId
from components.registry.cache_spec import CacheSpec
from components.registry.fields import (
    MIRRORS,
    RELEASED,
    Found,
    MutableTag,
    Region,
    RepositoryName,
    ScanFilter,
    TagPattern,
    below,
    mirror_repository,
    repeats,
)
from components.registry.mirror_spec import MirrorSpec


class TagRetention(Spec):
    """How long tagged images that are no releases stay: by age, or the newest few."""

    pattern: TagPattern
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    keep: Annotated[int, Field(ge=1, le=10000)] | None = None

    @model_validator(mode="after")
    def _one_measure(self) -> TagRetention:
        if (self.days is None) == (self.keep is None):
            raise ValueError("give either days or keep")
        return self


class Retention(Spec):
    """What expires in a repository that people push to. Images tagged `release-*` never do."""

    untagged_days: Annotated[int, Field(ge=1, le=3650)] = 14
    tags: tuple[TagRetention, ...] = ()

    @model_validator(mode="after")
    def _patterns_once(self) -> Retention:
        repeated = repeats(row.pattern for row in self.tags)
        if repeated:
            raise FieldProblemsError([(("tags", i, "pattern"), "this pattern has a rule already") for i in repeated])
        return self


class RepositorySpec(Spec):
    """A repository. Below `released/` nothing expires, every tag is final, and images are replicated.

    Attributes:
        name: Full name, such as `released/trainer`.
        pull_accounts: Other accounts that may pull.
        mutable_tags: Tags that may move (dev only), such as `cache-*`; at most five patterns.
        retention: What expires; left out, untagged images do after 14 days (and nothing below `released/`).
    """

    name: RepositoryName
    pull_accounts: tuple[AccountId, ...] = ()
    mutable_tags: Annotated[tuple[MutableTag, ...], Field(max_length=5)] = ()
    retention: Retention | None = None

    @property
    def released(self) -> bool:
        """Whether it holds releases alone."""
        return below(self.name, RELEASED)

    @model_validator(mode="after")
    def _releases_are_final(self) -> RepositorySpec:
        found: list[tuple[FieldPath, str]] = [
            ((field,), f"a repository below {RELEASED}/ keeps everything and every tag is final: leave it out")
            for field, given in (("mutableTags", self.mutable_tags), ("retention", self.retention))
            if given and self.released
        ]
        if len(set(self.pull_accounts)) < len(self.pull_accounts):
            found.append((("pullAccounts",), "an account is named more than once"))
        if found:
            raise FieldProblemsError(found)
        return self


class ScanningSpec(Spec):
    """What the registry scans, by repository name with `*` as wildcard.

    `BASIC` scans once, at the push. `ENHANCED` (Amazon Inspector) also scans again as new vulnerabilities become known.
    """

    type: Literal["BASIC", "ENHANCED"] = "BASIC"
    on_push: Annotated[tuple[ScanFilter, ...], Field(max_length=100)] = ("*",)
    continuous: Annotated[tuple[ScanFilter, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _inspector_scans_again(self) -> ScanningSpec:
        if self.type == "BASIC" and self.continuous:
            raise FieldProblemsError([(("continuous",), "only ENHANCED scanning scans again after the push")])
        if not self.on_push and not self.continuous:
            raise FieldProblemsError([(("onPush",), "nothing would be scanned: name at least one filter, such as '*'")])
        return self


class Destination(Spec):
    """A registry that releases are copied to."""

    account: AccountId
    region: Region


class ReplicationSpec(Spec):
    """Where releases (`released/`) are copied to and taken from.

    A copy is never copied on: a registry that feeds prod names every region of prod itself.

    Attributes:
        to: Registries of other accounts.
        accept_from: Accounts that may send releases here.
        second_region: Copy to the stack's second region too, under a key of its own, for when the first is gone.
    """

    to: Annotated[tuple[Destination, ...], Field(max_length=24)] = ()
    accept_from: tuple[AccountId, ...] = ()
    second_region: bool = False

    @model_validator(mode="after")
    def _each_once(self) -> ReplicationSpec:
        found: list[tuple[FieldPath, str]] = [(("to", i), "is a destination already") for i in repeats(self.to)]
        found += [(("acceptFrom", i), "is accepted already") for i in repeats(self.accept_from)]
        if found:
            raise FieldProblemsError(found)
        return self


class RegistrySpec(Spec):
    """The container registry of a stack: one for each account and region, with settings that exist only once."""

    repositories: tuple[RepositorySpec, ...] = ()
    caches: tuple[CacheSpec, ...] = ()
    mirror: MirrorSpec | None = None
    scanning: ScanningSpec = ScanningSpec()
    replication: ReplicationSpec = ReplicationSpec()
    key_deletion_days: Annotated[int, Field(ge=7, le=30)] = 30

    @property
    def mirror_repositories(self) -> tuple[str, ...]:
        """The repositories that the mirror fills, each once."""
        references = self.mirror.references if self.mirror else ()
        return tuple(dict.fromkeys(map(mirror_repository, references)))

    @model_validator(mode="after")
    def _names_fit_together(self) -> RegistrySpec:
        if found := [*self._repositories(), *self._caches(), *self._mirrored()]:
            raise FieldProblemsError(found)
        return self

    def _repositories(self) -> Found:
        for i in repeats(row.name for row in self.repositories):
            yield ("repositories", i, "name"), f"{self.repositories[i].name!r} is declared already"
        namespaces = {cache.namespace for cache in self.caches}
        for i, row in enumerate(self.repositories):
            for owner in sorted({MIRRORS, *namespaces}):
                if below(row.name, owner) or row.name == owner:
                    yield ("repositories", i, "name"), f"{owner}/ belongs to {_owner(owner)}"

    def _caches(self) -> Found:
        taken = [RELEASED, MIRRORS]
        for i, cache in enumerate(self.caches):
            for other in taken:
                if cache.namespace == other or below(cache.namespace, other) or below(other, cache.namespace):
                    yield ("caches", i, "prefix"), f"{cache.namespace}/ and {other}/ would share repositories"
            taken.append(cache.namespace)

    def _mirrored(self) -> Found:
        cached = {host: c for c in self.caches for host in (c.registry_url, *c.row.hosts) if not c.upstream_prefix}
        for i, reference in enumerate(self.mirror.references if self.mirror else ()):
            if reference.host in cached:
                yield ("mirror", "images", i), f"{reference.host} is cached already ({cached[reference.host].upstream})"


def _owner(namespace: str) -> str:
    return "the mirror" if namespace == MIRRORS else "a pull-through cache"
