"""Adopt or delete what an interrupted run left behind, through the engine and the provider like everything else."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.base.problems import InvalidInputError
from herd.engine import Backend, Engine, Outcome, ProviderSource
from herd.recover.match import CloudObject, Orphan, Pending

Json = dict[str, Any]


class Recovery:
    """Works on one stack's state.

    Args:
        backend: Where the state is.
        providers: Package to where its provider comes from.
    """

    def __init__(self, backend: Backend, providers: Mapping[str, ProviderSource]) -> None:
        self._backend, self._providers = backend, providers

    def adopt(self, orphan: Orphan) -> str:
        """Put an object into the state as the resource whose creation was interrupted.

        Returns:
            The URN it has now.

        Raises:
            InvalidInputError: It belongs to no interrupted creation, or the provider can't read it.
        """
        if orphan.pending is None:
            raise InvalidInputError.one(
                f"{_words(orphan.found)} belongs to no interrupted creation: nobody can say which resource it is",
                fix="delete it, or import it by hand with `pulumi import`",
            )
        exported = self._backend.export_deployment()
        deployment = exported["deployment"]
        resource = {**copy.deepcopy(orphan.pending.resource), "id": orphan.found.id}
        with tempfile.TemporaryDirectory(prefix="herd-recover-") as folder:
            scratch, engine = self._alone(Path(folder), deployment, resource)
            self._succeed(engine.refresh(), f"reading {_words(orphan.found)}")
            read = _resource(scratch, resource["urn"])
        if read is None:
            raise InvalidInputError.one(f"the provider finds no {_words(orphan.found)}", fix="run `herd recover` again")
        resource |= {key: read[key] for key in ("outputs", "id") if key in read}
        deployment["resources"].append(resource)
        deployment["pending_operations"] = [
            row for row in deployment["pending_operations"] if row["resource"]["urn"] != resource["urn"]
        ]
        self._backend.import_deployment(exported)
        return str(resource["urn"])

    def exists(self, pending: Pending, id_: str) -> bool | None:
        """Whether the cloud holds what an interrupted creation was to make; None if nobody can say."""
        deployment = self._backend.export_deployment()["deployment"]
        resource = {**copy.deepcopy(pending.resource), "id": id_}
        with tempfile.TemporaryDirectory(prefix="herd-recover-") as folder:
            scratch, engine = self._alone(Path(folder), deployment, resource)
            if engine.refresh().exit_code:
                return None
            return _resource(scratch, resource["urn"]) is not None

    def delete(self, orphan: Orphan) -> None:
        """Delete an object from the cloud; the state only loses the pending creation it came from, if any.

        Raises:
            InvalidInputError: The provider can't delete it.
        """
        exported = self._backend.export_deployment()
        deployment = exported["deployment"]
        resource = self._as_resource(orphan, deployment)
        with tempfile.TemporaryDirectory(prefix="herd-recover-") as folder:
            _, engine = self._alone(Path(folder), deployment, resource)
            self._succeed(engine.refresh(), f"reading {_words(orphan.found)}")
            self._succeed(engine.destroy(), f"deleting {_words(orphan.found)}")
        if orphan.pending:
            self.forget(orphan.pending.urn)

    def forget(self, urn: str) -> None:
        """Strike a pending creation that left nothing behind, as `pulumi refresh --clear-pending-creates` does."""
        exported = self._backend.export_deployment()
        rows = exported["deployment"].get("pending_operations") or []
        exported["deployment"]["pending_operations"] = [row for row in rows if row["resource"]["urn"] != urn]
        self._backend.import_deployment(exported)

    def _as_resource(self, orphan: Orphan, deployment: Mapping[str, Any]) -> Json:
        if orphan.pending:
            return {**copy.deepcopy(orphan.pending.resource), "id": orphan.found.id}
        kind = orphan.found.type
        providers = [r for r in deployment["resources"] if r["type"] == f"pulumi:providers:{kind.split(':')[0]}"]
        region = getattr(orphan.found, "region", "")
        # What an account has once is reached through any of its providers.
        fitting = [r for r in providers if region in ("", "global", (r.get("inputs") or {}).get("region"))]
        if not fitting:
            raise InvalidInputError.one(
                f"the state has no provider for {_words(orphan.found)}", fix="delete it by hand"
            )
        return {
            "urn": f"urn:pulumi:{self._backend.stack}::{self._backend.project}::{kind}::{orphan.found.id}",
            "custom": True,
            "id": orphan.found.id,
            "type": kind,
            "provider": f"{fitting[0]['urn']}::{fitting[0]['id']}",
        }

    def _alone(self, folder: Path, deployment: Mapping[str, Any], resource: Json) -> tuple[Backend, Engine]:
        """A state that holds the resource and its provider alone, so that nothing else is touched."""
        provider = str(resource.get("provider", "")).rpartition("::")[0]
        alone = {
            key: value
            for key, value in resource.items()
            if key not in ("parent", "dependencies", "propertyDependencies", "deletedWith", "protect", "retainOnDelete")
        }
        providers = [
            {key: value for key, value in item.items() if key not in ("parent", "dependencies", "protect")}
            for item in deployment["resources"]
            if item["urn"] == provider
        ]
        scratch = Backend(folder, self._backend.project, self._backend.stack, self._backend.passphrase)
        kept = {key: deployment[key] for key in ("manifest", "secrets_providers") if key in deployment}
        scratch.import_deployment({"version": 3, "deployment": {**kept, "resources": [*providers, alone]}})
        engine = Engine(self._backend.project, self._backend.stack, scratch, self._providers, None, {})
        return scratch, engine

    @staticmethod
    def _succeed(outcome: Outcome, deed: str) -> None:
        if outcome.exit_code:
            said = "; ".join(d.message.strip() for d in outcome.diagnostics if d.severity == "error")
            raise InvalidInputError.one(f"{deed} failed: {said or 'no reason given'}")


def _resource(backend: Backend, urn: str) -> Json | None:
    resources: list[Json] = backend.export_deployment()["deployment"]["resources"]
    return next((item for item in resources if item["urn"] == urn), None)


def _words(found: CloudObject) -> str:
    return f"{found.type} {found.id}"
