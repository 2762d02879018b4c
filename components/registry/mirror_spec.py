"""The digest mirror: what it copies, in which tool, when, and with whose login."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.registry.fields import PinnedOrMarked, SecretArn, repeats
from components.registry.references import Reference, parse


class Login(Spec):
    """Credentials for a registry that the mirror reads from: a user and a key of a JSON secret."""

    registry: Annotated[str, Field(pattern=r"^(?:[a-z0-9-]+\.)+[a-z0-9-]+(?::\d+)?$")]
    username: Annotated[str, Field(pattern=r"^[\w$.@-]+$")]
    secret_arn: SecretArn
    secret_key: Annotated[str, Field(pattern=r"^[\w-]+$")] = "password"  # noqa: S105 - the name of a key


class MirrorSpec(Spec):
    """A job that copies images by digest from registries ECR can't cache, such as `nvcr.io`.

    Attributes:
        images: What to copy: `HOST/PATH[:TAG]@sha256:...`; lands in `mirrors/HOST/PATH`. Until its digest has been
            read it is `HOST/PATH:TAG@unresolved`: such a stack can be rehearsed but not brought up.
        tool: The image the job runs in, written the same way: a shell, `regctl` and `docker-credential-ecr-login`.
        architecture: Of the machine the job runs on.
        schedule: When it runs (EventBridge Scheduler: `cron(...)` or `rate(...)`); left out, on demand alone.
        timezone: Time zone of the schedule.
        logins: Credentials for registries that ask for them.
        timeout_minutes: Longest run (5 to 2160; CodeBuild).
        log_days: Days its log is kept.
    """

    images: tuple[PinnedOrMarked, ...]
    tool: PinnedOrMarked
    architecture: Literal["arm64", "x86_64"] = "arm64"
    schedule: Annotated[str, Field(pattern=r"^(?:cron|rate)\([^()]+\)$", max_length=256)] | None = None
    timezone: Annotated[str, Field(min_length=1, max_length=50)] = "UTC"
    logins: tuple[Login, ...] = ()
    timeout_minutes: Annotated[int, Field(ge=5, le=2160)] = 120
    # Source: CloudWatch Logs API reference, PutRetentionPolicy.
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731] = 90

    @property
    def references(self) -> tuple[Reference, ...]:
        """What to copy, taken apart."""
        return tuple(map(parse, self.images))

    @model_validator(mode="after")
    def _names_once(self) -> MirrorSpec:
        found: list[tuple[FieldPath, str]] = [
            (("images", i), "copied already") for i in repeats(r.pinned for r in self.references)
        ]
        tags = {(r.host, r.path, r.tag): r.digest for r in reversed(self.references)}
        found += [
            (("images", i), f"the tag {r.tag} stands for another digest already")
            for i, r in enumerate(self.references)
            if r.tag and tags[r.host, r.path, r.tag] != r.digest
        ]
        found += [(("logins", i, "registry"), "has a login already") for i in repeats(x.registry for x in self.logins)]
        found += [
            (("logins", i, "registry"), "no image is read from there")
            for i, login in enumerate(self.logins)
            if login.registry not in {r.host for r in self.references}
        ]
        # As a validator of the field it would also complain when every image given is malformed.
        if not self.images:
            found.append((("images",), "nothing to copy: name at least one image, or leave the mirror out"))
        if self.timezone != "UTC" and not self.schedule:
            found.append((("timezone",), "without a schedule there is no time of day"))
        if found:
            raise FieldProblemsError(found)
        return self
