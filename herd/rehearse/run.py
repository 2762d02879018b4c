"""`rehearse`: a fresh stand-in cloud, a driver, the phases, a report."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from components.base.problems import InvalidInputError
from herd.cloud.audit import Found
from herd.cloud.server import CloudServer, RunningCloud, SpawnedCloud
from herd.cloud.stand_ins import fidelity, folders, servicers
from herd.engine import Event
from herd.plan import Plan
from herd.rehearse.account import prepare
from herd.rehearse.configured import Configured
from herd.rehearse.driver import Driver, EmbeddedDriver, OnEvent
from herd.rehearse.lifecycle import Lifecycle, Listener, Roll
from herd.rehearse.pulumi_cli import PulumiDriver, find_cli, required_cli
from herd.rehearse.report import Report, by_component
from herd.rehearse.rolling import Rolling, Up, rolling_tree
from herd.rehearse.sealed import sealed_environment
from herd.rehearse.workspace import Tree, checkout
from herd.render import render
from herd.stackfile import StackFile, load_stack

LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


class Audience(Listener, Protocol):
    """Who follows a rehearsal: phases and engine events."""

    def event(self, event: Event) -> None:
        """An engine event."""


def rehearse(
    root: Path,
    stack: str,
    *,
    listener: Audience,
    base: str | None = None,
    engine: str = "auto",
    scratch: Path | None = None,
    endpoint: str | None = None,
    rolled: bool = False,
) -> Report:
    """Rehearse a stack.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        listener: Told of phases and events as they happen.
        base: Git reference of the version to bring up first; None for the working tree itself.
        engine: `embedded`, `pulumi`, or `auto`: the CLI if there is one on PATH.
        scratch: Folder for state, events and programs, kept afterwards; None for one that goes with the rehearsal.
        endpoint: Address of a running stand-in cloud; None for a fresh one that goes with the rehearsal.
        rolled: Also roll every node pool to new images; in a copy of the working tree.

    Raises:
        InvalidInputError: The stack file is wrong, the reference unknown, the CLI asked for and missing, or the
            running cloud isn't empty.
    """
    if scratch is None:
        with tempfile.TemporaryDirectory(prefix=f"herd-{stack}-", ignore_cleanup_errors=True) as folder:
            report = rehearse(
                root,
                stack,
                listener=listener,
                base=base,
                engine=engine,
                scratch=Path(folder),
                endpoint=endpoint,
                rolled=rolled,
            )
            return replace(report, scratch="")
    settings = load_stack(root, stack, fidelity="rehearse")
    account, regions = _place(settings)
    tree = Tree(root, "working tree")
    first = checkout(root, base, scratch / "base") if base is not None else tree
    if rolled and base is not None:
        raise InvalidInputError.one("a roll starts from the working tree", field="--roll", fix="leave --from out")
    if engine == "pulumi":
        required_cli()
    with sealed_environment():
        running = _running(endpoint, account, regions) if endpoint is not None else None
    # Whatever is wrong with the settings is told in a second, before there is a cloud.
    render(root, stack)
    with sealed_environment(), running or CloudServer.spawn(accounts=(account,)) as cloud:

        def clients(service: str, region: str) -> Any:
            return cloud.client(service, account, region)

        configured = Configured(stack, clients, scratch / "releases")
        stand_ins = configured.of(tree)[1]
        roll: Roll | None = None
        if rolled:
            copied, tree = tree, rolling_tree(root, stack, clients, scratch / "rolling")
            configured.roll(tree, copied)
            first = tree

            def roll(up: Up) -> Iterator[tuple[str, Plan, list[str]]]:
                return Rolling(tree, stack, clients, up).run()

        there = frozenset().union(
            *(
                prepare(cloud, account, regions[0], configured.of(each)[0].own())
                for each in dict.fromkeys((first, tree))
            )
        )

        def audit() -> list[Found]:
            return [item for item in _audit(cloud, account, regions) if (item.type, item.id) not in there]

        driver = _driver(
            engine,
            settings=settings,
            scratch=scratch,
            environment=cloud.environment(account, regions[0]),
            config=configured.config,
            on_event=listener.event,
        )
        session = _Session(cloud, account, regions[0])
        lifecycle = Lifecycle(driver, session, audit, listener, roll)
        lifecycle.run(first, tree)
    return Report(
        stack=stack,
        engine=driver.name,
        base=first.label,
        phases=tuple(lifecycle.phases),
        components=by_component(lifecycle.deployment),
        fidelity=_fidelity(lifecycle.deployment),
        replaced=lifecycle.replaced,
        leftovers=lifecycle.leftovers,
        resources=len(lifecycle.deployment.get("resources", [])),
        outputs=lifecycle.outputs,
        stand_ins=stand_ins,
        scratch=str(scratch),
    )


def _running(endpoint: str, account: str, regions: list[str]) -> RunningCloud:
    """A cloud that somebody else runs, if it is a stand-in on this machine and empty."""
    if not _is_on_this_machine(endpoint):
        raise _no_cloud(endpoint, "is no http://127.0.0.1:PORT: a rehearsal stays on this machine")
    cloud = RunningCloud(endpoint, account)
    try:
        found = _audit(cloud, account, regions)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise _no_cloud(endpoint, f"doesn't answer like a stand-in cloud: {error}") from None
    if found:
        raise InvalidInputError.one(
            f"holds {len(found)} objects already, such as {found[0].type} {found[0].id}",
            file=endpoint,
            field="--cloud",
            fix="start a fresh `herd cloud`",
        )
    return cloud


def _no_cloud(endpoint: str, message: str) -> InvalidInputError:
    fix = "give the address that `herd cloud` prints"
    return InvalidInputError.one(message, file=endpoint, field="--cloud", fix=fix)


def _is_on_this_machine(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme == "http" and parts.hostname in LOOPBACK and bool(parts.port)
    except ValueError:  # a port that is none
        return False


def _place(settings: StackFile) -> tuple[str, list[str]]:
    """The account and the regions of a stack, the first being its own."""
    missing = [key for key in ("account", "region") if not settings.config.get(f"{settings.project}:{key}")]
    if missing:
        raise InvalidInputError.one(
            f"missing: {', '.join(missing)}", file=f"stacks/Pulumi.{settings.stack}.yaml", field="config"
        )
    return str(settings.config[f"{settings.project}:account"]), settings.regions


def _driver(
    engine: str,
    *,
    settings: StackFile,
    scratch: Path,
    environment: Mapping[str, str],
    config: Callable[[Tree], Mapping[str, Any]],
    on_event: OnEvent,
) -> Driver:
    if engine == "pulumi" or (engine == "auto" and find_cli()):
        return PulumiDriver(
            stack=settings.stack,
            scratch=scratch,
            config=config,
            environment=environment,
            plugins=folders(),
            on_event=on_event,
        )
    return EmbeddedDriver(
        project=settings.project,
        stack=settings.stack,
        scratch=scratch,
        config=config,
        environment=environment,
        providers=servicers(environment),
        on_event=on_event,
    )


@dataclass(frozen=True)
class _Session:
    """The stand-in cloud as one account in one region, for the drill."""

    cloud: RunningCloud | SpawnedCloud
    account: str
    region: str

    def client(self, service_name: str) -> Any:
        """A client of a service."""
        return self.cloud.client(service_name, self.account, self.region)


def _audit(cloud: RunningCloud | SpawnedCloud, account: str, regions: list[str]) -> list[Found]:
    from herd.cloud.audit import enumerate as list_cloud  # noqa: PLC0415 - boto3 loads with it

    return list_cloud(cloud.endpoint, account, regions)


def _fidelity(deployment: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Resource types by how the stand-in treats them."""
    levels: dict[str, set[str]] = defaultdict(set)
    for resource in deployment.get("resources", []):
        if resource.get("custom") and not resource["type"].startswith("pulumi:"):
            levels[fidelity(resource["type"])].add(resource["type"])
    return {level: tuple(sorted(types)) for level, types in levels.items()}
