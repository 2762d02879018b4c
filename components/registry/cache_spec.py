"""Pull-through caches: which upstream, under which name here, read with what."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from components.base.spec import Spec
from components.base.validation import FieldProblemsError, closest
from components.registry.fields import Found, Prefix, RoleArn, SecretArn
from components.registry.upstreams import Upstream, upstreams


class CacheSpec(Spec):
    """A pull-through cache of an upstream registry.

    Attributes:
        upstream: ECR's name of it: `ecr-public`, `k8s`, `quay`, `docker-hub` and so on (see upstreams.yaml).
        prefix: Namespace of its repositories here; by default the upstream's usual one.
        url: Its host, for upstreams where each customer has one of their own.
        upstream_prefix: Cache only what lies below this path of the upstream.
        credential_arn: The Secrets Manager secret with the user and token, for upstreams that ask for them.
        role_arn: The role ECR reads with, for an ECR registry of another account.
        expire_days: Days after which cached images are dropped; by default they stay.
    """

    upstream: str
    prefix: Prefix | None = None
    url: str | None = None
    upstream_prefix: Prefix | None = None
    credential_arn: SecretArn | None = None
    role_arn: RoleArn | None = None
    expire_days: Annotated[int, Field(ge=1, le=3650)] | None = None

    @property
    def row(self) -> Upstream:
        """What is known of the upstream."""
        return upstreams()[self.upstream]

    @property
    def namespace(self) -> str:
        """The namespace of its repositories here."""
        return self.prefix or self.row.prefix

    @property
    def registry_url(self) -> str:
        """The upstream's host."""
        return self.url or self.row.url

    @model_validator(mode="after")
    def _upstream_is_served(self) -> CacheSpec:
        if self.upstream not in upstreams():
            why = f"ECR can't cache {self.upstream!r}: {closest(self.upstream, tuple(upstreams()))}"
            raise FieldProblemsError([(("upstream",), f"{why}; what it can't cache is mirrored by digest")])
        if found := list(self._problems()):
            raise FieldProblemsError(found)
        return self

    def _problems(self) -> Found:
        row = self.row
        if row.own_host and not (self.url and row.accepts(self.url)):
            yield ("url",), f"{self.upstream} needs your own host, like /{row.url}/"
        if not row.own_host and self.url not in (None, row.url):
            yield ("url",), f"{self.upstream} is always {row.url}: leave it out"
        if row.credentials == "secret" and not self.credential_arn:
            yield ("credentialArn",), f"{self.upstream} asks for credentials: name a secret ecr-pullthroughcache/..."
        if row.credentials != "secret" and self.credential_arn:
            yield ("credentialArn",), f"{self.upstream} takes no credentials"
        if self.credential_arn and ":secret:ecr-pullthroughcache/" not in self.credential_arn:
            yield ("credentialArn",), "ECR reads only secrets whose name starts with ecr-pullthroughcache/"
        if row.credentials != "role" and self.role_arn:
            yield ("roleArn",), f"{self.upstream} is not read with a role"
