"""`recover`: the state, the cloud by its tags, what is between them; then adopt, delete or explain."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console

from components.base.problems import InvalidInputError, Problem
from herd.cloud.stand_ins import servicers
from herd.engine import Backend
from herd.recover.apply import Recovery
from herd.recover.match import Orphan, Pending, chosen_id, orphans, pending_of
from herd.root import project_root
from herd.stackfile import StackFile, load_stack

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def recover(
    start: Path, stack: str, *, state: Path | None, adopt: bool, delete: bool, passphrase: str, as_json: bool
) -> int:
    """Find orphans; adopt or delete them if asked.

    Args:
        start: A folder inside the checkout.
        stack: The stack's name.
        state: Folder of the embedded engine's state, or an exported file; None asks the `pulumi` on PATH.
        adopt: Take what belongs to an interrupted creation into the state.
        delete: Delete orphans from the cloud.
        passphrase: Of the embedded engine's state.
        as_json: Print JSON instead of text.

    Returns:
        0 if nothing is left to do, 1 if orphans or interrupted operations remain.

    Raises:
        InvalidInputError: No state, no cloud, or an action that isn't possible here.
    """
    if adopt and delete:
        raise InvalidInputError.one("choose one", field="--adopt/--delete")
    settings = load_stack(project_root(start), stack)
    if state and not state.exists():
        raise InvalidInputError.one("no such file or folder", file=str(state), field="--state")
    if state and (state / "state").is_dir():
        state /= "state"  # the folder that a rehearsal with --keep names holds the state and more
    backend = Backend(state, settings.project, stack, passphrase) if state and state.is_dir() else None
    if (adopt or delete) and not backend:
        raise InvalidInputError.one(
            "the real engine's state is changed by the real CLI only",
            field="--adopt/--delete",
            fix="run without it: the commands to use are printed",
        )
    if (adopt or delete) and not _on_stand_in():
        # The stand-in provider must never write to a real account: there Pulumi's own does.
        raise InvalidInputError.one(
            "AWS_ENDPOINT_URL names no stand-in cloud on this machine",
            field="--adopt/--delete",
            fix="set the environment that `herd cloud` prints",
        )
    recovery = Recovery(backend, servicers(os.environ)) if backend and _on_stand_in() else None
    owner = {"project": settings.project, "stack": stack}

    def look() -> tuple[dict[str, Any], tuple[Orphan, ...], frozenset[str]]:
        deployment = _deployment(backend, state, stack)
        left, unclear = _asked(recovery, deployment)
        return deployment, (*orphans(deployment, _objects(settings), owner), *left), unclear

    deployment, found, _ = look()
    if recovery and (adopt or delete):
        _act(recovery, found, adopt=adopt)
        deployment, found, unclear = look()
        _forget_the_empty(recovery, deployment, found, unclear)
        deployment = _deployment(backend, state, stack)
    pending = pending_of(deployment)
    if as_json:
        print(json.dumps(_json(found, pending), indent=2))  # noqa: T201 - the command's answer
    else:
        _show(Console(highlight=False), stack, found, pending, real=backend is None)
    return 1 if found or pending else 0


def _act(recovery: Recovery, found: tuple[Orphan, ...], *, adopt: bool) -> None:
    problems: list[Problem] = []
    for orphan in found:
        try:
            if adopt:
                recovery.adopt(orphan)
            else:
                recovery.delete(orphan)
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError(problems)


@dataclass(frozen=True)
class _Named:
    """An object that goes by the name the program chose, as the provider finds it (`CloudObject`)."""

    type: str
    id: str
    name: str
    tags: Mapping[str, str] = field(default_factory=dict)


def _asked(recovery: Recovery | None, deployment: Mapping[str, Any]) -> tuple[list[Orphan], frozenset[str]]:
    """What interrupted creations with a chosen id left behind, and those of which nobody can say."""
    left, unclear = [], set()
    for row in pending_of(deployment):
        id_ = chosen_id(row) if row.operation == "creating" else ""
        there = recovery.exists(row, id_) if recovery and id_ else None
        if there:
            left.append(Orphan(_Named(str(row.resource["type"]), id_, id_.rpartition("/")[2]), row))
        elif id_ and there is None:
            unclear.add(row.urn)
    return left, frozenset(unclear)


def _forget_the_empty(
    recovery: Recovery, deployment: Mapping[str, Any], found: tuple[Orphan, ...], unsure: frozenset[str]
) -> None:
    """A creation that left nothing behind never happened: strike it, so that it stops being named."""
    explained = {orphan.pending.urn for orphan in found if orphan.pending}
    unclear = {orphan.found.type for orphan in found if not orphan.pending}
    for row in pending_of(deployment):
        if row.operation != "creating" or row.urn in {*explained, *unsure}:
            continue
        if row.resource["type"] not in unclear:
            recovery.forget(row.urn)


def _on_stand_in() -> bool:
    return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in LOOPBACK


def _deployment(backend: Backend | None, state: Path | None, stack: str) -> dict[str, Any]:
    if backend:
        if not backend.state_file.exists() and not backend.journal_file.exists():
            raise InvalidInputError.one("holds no state of this stack", file=str(state), field="--state")
        return dict(backend.export_deployment()["deployment"])
    if state:
        try:
            text = state.read_text(encoding="utf-8")
        except OSError as error:
            raise InvalidInputError.one(f"can't be read: {error.strerror}", file=str(state), field="--state") from None
    else:
        text = _export(stack)
    try:
        return dict(json.loads(text)["deployment"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError.one(
            f"is no exported state: {error}",
            file=str(state or "pulumi stack export"),
            fix="make it with `pulumi stack export`",
        ) from None


def _export(stack: str) -> str:
    cli = shutil.which("pulumi")
    if not cli:
        raise InvalidInputError.one(
            "no pulumi CLI on PATH to ask for the state", field="--state", fix="name a state folder or an exported file"
        )
    done = subprocess.run([cli, "stack", "export", "--stack", stack], capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidInputError.one(f"`pulumi stack export` failed: {done.stderr.strip()}")
    return done.stdout


def _objects(settings: StackFile) -> list[Any]:
    from herd.cloud.audit import enumerate as list_cloud  # noqa: PLC0415 - boto3 loads with it

    account = str(settings.config.get(f"{settings.project}:account", ""))
    return list(list_cloud(os.environ.get("AWS_ENDPOINT_URL"), account, settings.regions))


def _json(found: tuple[Orphan, ...], pending: tuple[Pending, ...]) -> dict[str, Any]:
    return {
        "orphans": [
            {"type": o.found.type, "id": o.found.id, "urn": o.pending.urn if o.pending else None} for o in found
        ],
        "interrupted": [{"operation": p.operation, "urn": p.urn} for p in pending],
    }


def _show(console: Console, stack: str, found: tuple[Orphan, ...], pending: tuple[Pending, ...], *, real: bool) -> None:
    if not found and not pending:
        console.print(
            f"{stack}: nothing was interrupted, and the cloud holds nothing that the state doesn't know", soft_wrap=True
        )
        return
    for row in pending:
        console.print(f"interrupted while {row.operation}: {row.urn}", soft_wrap=True)
    for orphan in found:
        whose = f"created for {orphan.pending.urn}" if orphan.pending else "belongs to no creation that can be told"
        console.print(
            f"in the cloud, not in the state: {orphan.found.type} {orphan.found.id} ({whose})", soft_wrap=True
        )
    asked = {orphan.pending.urn for orphan in found if orphan.pending}
    for row in pending:
        if row.operation == "creating" and row.urn not in asked and (id_ := chosen_id(row)):
            console.print(f"ask the cluster whether it holds {_kubectl(row, id_)}", soft_wrap=True)
            if real:
                flags = " ".join(f"--import-pending-creates '{word}'" for word in (row.urn, id_))
                console.print(f"if so, adopt it with:  pulumi refresh --stack {stack} {flags}", soft_wrap=True)
    if not real:
        console.print("take them into the state with --adopt, or out of the cloud with --delete", soft_wrap=True)
        return
    # The flag takes a flat list, urn after id after urn: one flag per word.
    words = [word for orphan in found if orphan.pending for word in (orphan.pending.urn, orphan.found.id)]
    if words:
        flags = " ".join(f"--import-pending-creates '{word}'" for word in words)
        console.print(f"adopt with:  pulumi refresh --stack {stack} {flags}", soft_wrap=True)
    console.print(
        f"forget creations that left nothing with:  pulumi refresh --stack {stack} --clear-pending-creates",
        soft_wrap=True,
    )


def _kubectl(row: Pending, id_: str) -> str:
    """How a person looks for an object: by its kind, its name and its namespace."""
    namespace, _, name = id_.rpartition("/")
    kind = str(row.resource["type"]).rpartition(":")[2]
    place = f" in namespace {namespace}" if namespace else ""
    return f"the {kind} {name}{place}"
