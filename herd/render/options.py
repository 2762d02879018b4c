"""Resource options as the wire carries them, in Pulumi's camelCase: every one of them, whether set or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi.runtime.proto import resource_pb2

from herd.render.wire import plain

Request = Any  # RegisterResourceRequest: generated code without usable types


def _flag(name: str) -> Callable[[Request], bool | None]:
    return lambda request: getattr(request, name) if request.HasField(name) else None


def _text(name: str) -> Callable[[Request], str | None]:
    return lambda request: getattr(request, name) or None


def _listed(name: str) -> Callable[[Request], list[str]]:
    return lambda request: list(getattr(request, name))


def _timeouts(request: Request) -> dict[str, str]:
    return {name: value for name in ("create", "update", "delete", "read") if (value := _timeout(request, name))}


def _timeout(request: Request, name: str) -> str:
    return str(getattr(request.customTimeouts, name))


def _aliases(request: Request) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"urn": urn} for urn in request.aliasURNs]
    for alias in request.aliases:
        if alias.WhichOneof("alias") == "urn":
            found.append({"urn": alias.urn})
            continue
        spec = alias.spec
        fields = {name: getattr(spec, name) for name in ("name", "type", "stack", "project", "parentUrn")}
        fields["noParent"] = spec.noParent
        found.append({name: value for name, value in fields.items() if value})
    return found


def _hooks(request: Request) -> dict[str, list[str]]:
    kinds = {
        "beforeCreate": "before_create",
        "afterCreate": "after_create",
        "beforeUpdate": "before_update",
        "afterUpdate": "after_update",
        "beforeDelete": "before_delete",
        "afterDelete": "after_delete",
        "onError": "on_error",
    }
    return {shown: list(names) for shown, field in kinds.items() if (names := getattr(request.hooks, field))}


def _depends_on(request: Request) -> list[str]:
    # The wire carries one list for everything; what no property explains was asked for with dependsOn.
    explained = {urn for needs in request.propertyDependencies.values() for urn in needs.urns}
    return sorted(set(request.dependencies) - explained)


def provider_urn(reference: str) -> str | None:
    """The URN in a provider reference, which is ``URN::ID``; None for no reference."""
    # The id of a provider is a symbol here (`${URN.id}`) and holds more "::".
    return reference.partition("::${")[0] if "::${" in reference else reference.rpartition("::")[0] or None


def _before_replace(request: Request) -> bool | None:
    return request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None


_OPTIONS: dict[str, Callable[[Request], Any]] = {
    "additionalSecretOutputs": _listed("additionalSecretOutputs"),
    "aliases": _aliases,
    "customTimeouts": _timeouts,
    "deleteBeforeReplace": _before_replace,
    "deletedWith": _text("deletedWith"),
    "dependsOn": _depends_on,
    "envVarMappings": lambda request: dict(request.envVarMappings),
    "hideDiffs": _listed("hideDiffs"),
    "hooks": _hooks,
    "id": lambda _: None,
    "ignoreChanges": _listed("ignoreChanges"),
    "import": _text("importId"),
    "pluginDownloadURL": _text("pluginDownloadURL"),
    "protect": _flag("protect"),
    "provider": lambda request: provider_urn(request.provider),
    "providers": lambda request: {name: provider_urn(ref) for name, ref in request.providers.items()},
    "remote": lambda request: request.remote,
    "replaceOnChanges": _listed("replaceOnChanges"),
    "replaceWith": lambda request: sorted(request.replace_with),
    "replacementTrigger": lambda request: (
        plain(request.replacement_trigger) if request.HasField("replacement_trigger") else None
    ),
    "retainOnDelete": _flag("retainOnDelete"),
    "version": _text("version"),
}


def registered(request: Request) -> dict[str, Any]:
    """The options of a RegisterResourceRequest."""
    return {name: read(request) for name, read in _OPTIONS.items()}


def read(request: Request) -> dict[str, Any]:
    """The options of a ReadResourceRequest: the same keys, most of which a read can't have."""
    unset = registered(resource_pb2.RegisterResourceRequest())
    return {
        **unset,
        "additionalSecretOutputs": list(request.additionalSecretOutputs),
        "dependsOn": sorted(request.dependencies),
        "id": request.id,
        "pluginDownloadURL": request.pluginDownloadURL or None,
        "provider": provider_urn(request.provider),
        "version": request.version or None,
    }
