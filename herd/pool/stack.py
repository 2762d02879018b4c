"""A stack's pools as its file has them, with what they are judged by; nothing of the stack's other settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from components.base.context import Environment, StackContext
from components.base.problems import InvalidInputError, Problem
from components.base.regions import Region
from components.base.spec import Spec
from components.base.validation import FieldPath, closest, dotted, plain, validate
from components.base.yaml_file import YamlFile, parse
from components.capacity.spec import Reservations
from components.gpu_cluster import fit
from components.gpu_cluster.generations import Content
from components.gpu_cluster.keys import key
from components.gpu_cluster.spec import NodeSpec, Pool, Pools
from components.k8s_platform.spec import ClusterSpec
from components.network.spec import NetworkSpec
from components.release import derive
from components.release.load import load_release
from components.release.spec import ReleaseSpec
from herd.stackfile import load_stack


class PoolSettings(Spec):
    """What of a stack file the pools depend on."""

    environment: Environment
    account: Annotated[str, Field(pattern=r"^\d{12}$")]
    region: Region
    availability_zones: Annotated[tuple[str, ...], Field(min_length=1)]
    zone_ids: dict[str, str] = Field(default_factory=dict)
    reservations: Reservations = Field(default_factory=dict)
    pools: Pools = Field(default_factory=dict)
    cluster: ClusterSpec | None = None
    network: NetworkSpec
    release: str | None = None


_READ = {field.alias or name for name, field in PoolSettings.model_fields.items()}


@dataclass(frozen=True)
class PoolStack:
    """A stack's pools.

    Attributes:
        root: Folder of Pulumi.yaml.
        project: The project's name.
        stack: The stack's name.
        file: The stack file.
        text: Its text, with the ends of lines that it has.
        settings: What of it the pools depend on.
        releases: Releases that generations and the stack name, read.
        content: What a node is made of.
    """

    root: Path
    project: str
    stack: str
    file: YamlFile
    text: str
    settings: PoolSettings
    releases: Mapping[str, ReleaseSpec]
    content: Content

    @property
    def pools(self) -> Mapping[str, Pool]:
        """The pools by name."""
        return self.settings.pools

    def pool(self, name: str) -> Pool:
        """One pool.

        Raises:
            InvalidInputError: There is none by that name.
        """
        if name not in self.pools:
            fix = closest(name, list(self.pools))
            raise InvalidInputError.one(f"the stack has no pool {name!r}", file=self.file.shown, field="POOL", fix=fix)
        return self.pools[name]

    @cached_property
    def data(self) -> dict[str, Any]:
        """The pools as plain data, as the file says them."""
        path = self.path("pools")
        found: dict[str, Any] = plain(self.file.data)["config"].get(path[1]) or {}
        return found

    def path(self, *parts: str | int) -> FieldPath:
        """Where a setting stands in the file; the project's name may be left out there."""
        return ("config", _written(self.file, self.project, str(parts[0])), *parts[1:])

    def problem(self, path: FieldPath, message: str, fix: str = "") -> Problem:
        """A problem at a setting."""
        return Problem(self.file.shown, self.file.line(self.path(*path)), dotted(path), message, fix)

    def problems(self) -> list[Problem]:
        """Everything that is wrong with the pools, as a run would find it."""
        settings = self.settings
        context = StackContext(
            project=self.project,
            stack=self.stack,
            environment=settings.environment,
            account=settings.account,
            region=settings.region,
            availability_zones=settings.availability_zones,
            tags={},
        )
        around = fit.Around(
            settings.cluster,
            settings.network,
            settings.reservations,
            self.releases,
            self.releases.get(settings.release or ""),
            context,
            settings.zone_ids,
        )
        return [self.problem(*finding) for finding in fit.everything(self.pools, around, content=self.content)]

    def check(self) -> None:
        """Make sure that nothing is wrong.

        Raises:
            InvalidInputError: Every problem there is.
        """
        if found := self.problems():
            raise InvalidInputError(found)

    def key(self, pool: str, number: int, node: NodeSpec, release: ReleaseSpec) -> str:
        """The key of a generation of a pool.

        Raises:
            InvalidInputError: The release has no such image.
        """
        if node.image not in release.amis:
            message = f"release {release.name} has no image {node.image!r}"
            raise InvalidInputError.one(message, field=f"pools.{pool}", fix=closest(node.image, list(release.amis)))
        image = release.amis[node.image]
        return key(number, self.content(pool, self.pool(pool), node, image, self.settings.reservations))

    def release(self, name: str) -> ReleaseSpec:
        """A release as the stack's region sees it.

        Raises:
            InvalidInputError: There is no such lock, it was edited, or lacks the region.
        """
        return self.releases[name] if name in self.releases else _release(self.root, name, self.settings.region)

    def rewritten(self, text: str) -> PoolStack:
        """The stack with another text.

        Raises:
            InvalidInputError: The text isn't a stack file with pools.
        """
        file = YamlFile(self.file.path, self.file.shown, parse(text))
        settings = _settings(file, self.project)
        releases = _releases(self.root, file, self.project, settings, self.releases)
        return replace(self, file=file, text=text, settings=settings, releases=releases)


def load(root: Path, stack: str, *, content: Content | None = None) -> PoolStack:
    """Read a stack's pools and the releases they name.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        content: What a node is made of.

    Raises:
        InvalidInputError: Every problem of the stack file's pools, and of the locks they name.
    """
    if content is None:
        from components.gpu_cluster.content import content as made_of  # noqa: PLC0415 - tests bring their own

        content = made_of
    loaded = load_stack(root, stack)
    folder = plain(YamlFile.load(root / "Pulumi.yaml").data).get("stackConfigDir") or "."
    path = root / folder / f"Pulumi.{stack}.yaml"
    shown = path.relative_to(root).as_posix()
    # Read once: between two looks somebody may write it.
    text = read_text(path, shown)
    file = YamlFile.of_text(path, text, shown)
    settings = _settings(file, loaded.project)
    releases = _releases(root, file, loaded.project, settings, {})
    return PoolStack(root, loaded.project, stack, file, text, settings, releases, content)


def read_text(path: Path, shown: str) -> str:
    """A file's text with the ends of lines that it has.

    Raises:
        InvalidInputError: It can't be read.
    """
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError.one(f"can't be read: {error}", file=shown) from None


def _written(file: YamlFile, project: str, setting: str) -> str:
    keys = plain(file.data).get("config") or {} if isinstance(file.data, dict) else {}
    return next((key for key in (f"{project}:{setting}", setting) if key in keys), f"{project}:{setting}")


def _settings(file: YamlFile, project: str) -> PoolSettings:
    config = (plain(file.data) or {}).get("config") or {}
    own = {key.removeprefix(f"{project}:"): value for key, value in config.items()}
    data = {key: value for key, value in own.items() if key in _READ and value not in ("", {}, None)}

    def line(path: FieldPath) -> int:
        return file.line(("config", _written(file, project, str(path[0])), *path[1:]) if path else ("config",))

    return validate(PoolSettings, data, file=file.shown, line=line)


def _releases(
    root: Path, file: YamlFile, project: str, settings: PoolSettings, known: Mapping[str, ReleaseSpec]
) -> dict[str, ReleaseSpec]:
    found: dict[str, ReleaseSpec] = {}
    wrong: dict[str, list[Problem]] = {}
    for path, name in _named(settings):
        if name in found:
            continue
        if name in wrong:
            continue
        try:
            found[name] = known[name] if name in known else _release(root, name, settings.region)
        except InvalidInputError as error:
            line = file.line(("config", _written(file, project, str(path[0])), *path[1:]))
            wrong[name] = [Problem(file.shown, line, dotted(path), f"can't use {name}"), *error.problems]
    if wrong:
        raise InvalidInputError(problem for rows in wrong.values() for problem in rows)
    return found


def _named(settings: PoolSettings) -> Iterable[tuple[FieldPath, str]]:
    if settings.release:
        yield ("release",), settings.release
    for name, pool in settings.pools.items():
        for at, generation in enumerate(pool.generations):
            yield ("pools", name, "generations", at, "release"), generation.release


def _release(root: Path, name: str, region: str) -> ReleaseSpec:
    release = load_release(root, name)
    if found := [*derive.missing_region(release.lock, region)]:
        raise InvalidInputError(Problem(release.shown, 0, dotted(path), message, fix) for path, message, fix in found)
    return derive.release_spec(release, region)
