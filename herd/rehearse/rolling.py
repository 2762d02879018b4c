"""Rolling every pool of a stack to new images, as its people would: the stack file edited, one `up` after each edit.

It runs in a copy of the tree whose locks hold the stand-in's values, with the very functions behind `herd pool`.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError
from components.base.validation import plain
from components.base.yaml_file import YamlFile
from components.gpu_cluster.spec import StaticGeneration
from components.k8s_platform.scheduling import DRAINING, GENERATION, POOL, SLICE
from components.release.load import FOLDER, lock_path
from herd.check.planned import plan_of
from herd.engine.state import urn_type
from herd.plan import Plan
from herd.pool.drain import drain
from herd.pool.rekey import rekey
from herd.pool.retire import retire
from herd.pool.roll import Order, roll
from herd.pool.stack import PoolStack, load
from herd.rehearse.workspace import Tree
from herd.release.files import write_lock
from herd.release.lookup import Clients
from herd.release.rehearsed import rehearsed_lock
from herd.write import write_text
from policies.engine.facts import Facts
from policies.engine.plan import evaluate_plan
from policies.engine.values import Reason
from policies.rules import plan_rules

POOL_COMPONENT: Final = "herd:gpu_cluster:GpuNodePool"
# What the program needs of a tree; copying more would cost seconds.
LEFT_OUT: Final = (".git", ".venv", ".herd", "tests", "docs", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
MOST_STEPS: Final = 200
"""Edits after which a roll that doesn't end is given up."""

Up = Callable[[], Plan]


def rolling_tree(root: Path, stack: str, clients: Clients, target: Path) -> Tree:
    """A copy of a tree whose stack file names locks with the stand-in's values, and keys that follow from them.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        clients: boto3 clients of the stand-in, by service and region.
        target: Where the copy goes.

    Raises:
        InvalidInputError: The stack has no pools to roll, or its locks can't be used.
    """
    loaded = load(root, stack)
    if not loaded.pools or not loaded.settings.release:
        raise InvalidInputError.one("the stack has no node pools to roll", file=loaded.file.shown, field="--roll")
    shutil.copytree(root, target, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    text = loaded.text
    for name in loaded.releases:
        path, _ = rehearsed_lock(root, name, clients, target / FOLDER)
        text = text.replace(name, path.name.removesuffix(".lock.yaml"))
    write_text(target / loaded.file.path.relative_to(root), text)
    rekey(target, stack, {})
    return Tree(target, "working tree")


class Rolling:
    """The steps of a roll. Each edits the stack file, brings the stack up and judges what that did.

    Attributes:
        notes: What was done, a line each.
    """

    def __init__(self, tree: Tree, stack: str, clients: Clients, up: Up) -> None:
        """A roll of all pools of a stack that is up.

        Args:
            tree: From `rolling_tree`.
            stack: The stack's name.
            clients: boto3 clients of the stand-in.
            up: Brings the stack up; the plan of what was done.
        """
        self._tree, self._stack, self._clients, self._up = tree, stack, clients, up
        self.notes: list[str] = []

    def run(self) -> Iterator[tuple[str, Plan, list[str]]]:
        """What each `up` was for, its plan, and what it did that it shouldn't have.

        Raises:
            InvalidInputError: An edit was refused.
        """
        release = self._new_release()
        pools = list(self._loaded().pools)
        order = Order(release=release)
        self._note(roll(self._loaded(), pools, order)[1])
        plan = self._up()
        yield "the next generation beside the old", plan, [*self._wrong(plan, {"create"}), *self._beside()]
        for _ in range(MOST_STEPS):
            if not (going := list(self._going())):
                return
            for name, key, slices in going:
                self._note(drain(self._loaded(), name, key, slices)[1])
            plan = self._up()
            yield f"drain {_told(going)}", plan, self._wrong(plan, {"update"})
            for name, key, slices in going:
                self._retire(name, key, slices)
            plan = self._up()
            yield f"retire {_told(going)}", plan, self._wrong(plan, {"delete"})
            grown = roll(self._loaded(), pools, order)[1]
            if any(" grows " in line for line in grown):
                self._note(grown)
                plan = self._up()
                # New slices of a static pool; higher limits of an elastic one.
                yield "the newest generation takes the room", plan, self._wrong(plan, {"create", "update"})
        raise InvalidInputError.one(f"the roll doesn't end: {', '.join(self.notes[-3:])}", field="--roll")

    def _wrong(self, plan: Plan, expected: set[str]) -> list[str]:
        return [*wrong(plan, expected), *unlawful(plan, self._loaded())]

    def _loaded(self) -> PoolStack:
        return load(self._tree.root, self._stack)

    def _note(self, said: Iterable[str]) -> None:
        self.notes += said

    def _new_release(self) -> str:
        """A lock like the stack's own, but for the images of its pools, which are new."""
        loaded = self._loaded()
        own = str(loaded.settings.release)
        content = copy.deepcopy(plain(YamlFile.load(lock_path(self._tree.root, own)).data)["content"])
        used = {generation.node.image for pool in loaded.pools.values() for generation in pool.generations}
        region = loaded.settings.region
        ec2 = self._clients("ec2", region)
        for name in sorted(used):
            pinned = content["amis"][name]
            made = ec2.register_image(
                Name=f"rolled-{name}",
                Architecture=pinned["architecture"],
                RootDeviceName="/dev/xvda",
                VirtualizationType="hvm",
                BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "VolumeType": "gp3"}}],
            )
            pinned["ids"][region] = made["ImageId"]
        return write_lock(self._tree.root / FOLDER, "rolled", content).name.removesuffix(".lock.yaml")

    def _beside(self) -> list[str]:
        """Pools that have no second generation."""
        return [
            f"{name} has no next generation" for name, pool in self._loaded().pools.items() if not pool.generations[1:]
        ]

    def _going(self) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        """What goes next of each pool: its oldest generation if the newest has room, else one slice of it."""
        for name, pool in self._loaded().pools.items():
            if len(pool.generations) == 1:
                continue
            old, new = pool.generations[0], pool.generations[-1]
            if not isinstance(old, StaticGeneration) or not isinstance(new, StaticGeneration):
                yield name, old.key, ()
            elif len(new.slices) >= len(old.slices):
                yield name, old.key, old.slices
            else:
                yield name, old.key, old.slices[-1:]

    def _retire(self, name: str, key: str, slices: tuple[int, ...]) -> None:
        """Retire on evidence; on evidence of work it must be refused, and is tried first."""
        loaded, now = self._loaded(), datetime.now(UTC)
        file = self._tree.root / "evidence.json"
        for busy in (True, False):
            write_text(file, json.dumps(evidence(loaded, (name, key), now, busy=busy)))
            try:
                said = retire(loaded, name, key, slices, evidence=file, now=now)[1]
            except InvalidInputError:
                if not busy:
                    raise
                continue
            if busy and (slices or not isinstance(loaded.pool(name).generations[0], StaticGeneration)):
                raise InvalidInputError.one(f"{name} {key} was retired with work on it", field="--roll")
            self._note(said)
            return


def wrong(plan: Plan, expected: set[str]) -> list[str]:
    """What an `up` did besides what it was for: other operations, or anything outside of the pools."""
    found = []
    for step in plan.changed():
        custom = not urn_type(step.urn).startswith(("herd:", "pulumi:pulumi:"))
        inside = POOL_COMPONENT in step.urn
        if custom and (step.op not in expected or not inside):
            found.append(f"{step.op} {step.urn.rpartition('$')[2]} ({', '.join(step.diffs) or 'no property named'})")
    return found


def unlawful(plan: Plan, loaded: PoolStack) -> list[str]:
    """What the law says of an `up`: a roll that goes the way its people would breaks no rule about plans."""
    facts = Facts(environment=loaded.settings.environment, project=loaded.project, stack=loaded.stack)
    judged = evaluate_plan(plan_of(plan, stack=loaded.stack, project=loaded.project), plan_rules(), facts)
    crashed = [silent.message for silent in judged.not_evaluated if silent.reason is Reason.CRASHED]
    return [*(f"{found.rule}: {found.message}" for found in judged.findings), *crashed]


def evidence(loaded: PoolStack, busy_generation: tuple[str, str], now: datetime, *, busy: bool) -> dict[str, Any]:
    """What kubectl would say of the stack's nodes: the stand-in runs none, so they are made up from the stack file."""
    items: list[dict[str, Any]] = []
    addresses = IPv4Network(loaded.settings.network.cidr).hosts()
    for name, pool in loaded.pools.items():
        for generation in pool.generations:
            slices = generation.slices if isinstance(generation, StaticGeneration) else (None,)
            for number in slices:
                labels = {
                    POOL: name,
                    GENERATION: generation.key,
                    "topology.kubernetes.io/region": loaded.settings.region,
                    **({} if number is None else {SLICE: str(number)}),
                }
                node = _node(f"{name}-{generation.key}-{number}", labels, str(next(addresses)), now)
                items += [node, _pod(node["metadata"]["name"], "aws-node", "DaemonSet")]
                if busy and (name, generation.key) == busy_generation:
                    items.append(_pod(node["metadata"]["name"], "training", "Job"))
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _node(name: str, labels: Mapping[str, str], address: str, now: datetime) -> dict[str, Any]:
    beat = {"type": "Ready", "status": "True", "lastHeartbeatTime": now.isoformat()}
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [{"key": DRAINING, "effect": "NoSchedule"}]},
        "status": {"conditions": [beat], "addresses": [{"type": "InternalIP", "address": address}]},
    }


def _pod(node: str, name: str, owner: str) -> dict[str, Any]:
    return {
        "kind": "Pod",
        "metadata": {"name": f"{name}-{node}", "namespace": "kube-system", "ownerReferences": [{"kind": owner}]},
        "spec": {"nodeName": node},
        "status": {"phase": "Running"},
    }


def _told(going: Iterable[tuple[str, str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name} {key}{' ' + ','.join(map(str, slices)) if slices else ''}" for name, key, slices in going)
