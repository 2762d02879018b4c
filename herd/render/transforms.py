"""Transforms: what a program does to its resources on their way to the engine, which calls it back for each.

A render calls the SDK's own callbacks, in the program's event loop. Source of the order: Pulumi's
pkg/resource/deploy/source_eval.go (a resource's own, those of its parents outwards, the stack's).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import resource_pb2

# As the transform's options spell it -> as the registration does. A provider's reference isn't handed out: the SDK
# takes it apart at its last "::", and an id here is a symbol that holds some. A transform may set one.
_BOTH_WAYS: Final = {
    "depends_on": "dependencies",
    "protect": "protect",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "version": "version",
    "aliases": "aliases",
    "custom_timeouts": "customTimeouts",
    "plugin_download_url": "pluginDownloadURL",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "additional_secret_outputs": "additionalSecretOutputs",
    "import": "importId",
    "hide_diff": "hideDiffs",
    "replace_with": "replace_with",
}
_SET_ONLY: Final = {"provider": "provider", "providers": "providers"}


class Callbacks(_CallbackServicer):
    """The SDK's callbacks without the server that an engine would call them through."""

    def __init__(self, monitor: Any) -> None:
        self._callbacks, self._transforms, self._state_migrations = {}, {}, {}
        self._monitor = monitor
        self._target = "render"

    async def transformed(self, token: str, request: resource_pb2.TransformRequest) -> Any:
        """What a transform makes of a registration: a TransformResponse."""
        return await self._callbacks[token](request.SerializeToString())


class Transforms:
    """Which transforms there are, and what they make of registrations."""

    def __init__(self, callbacks: Callbacks) -> None:
        self.callbacks = callbacks
        self._stack: list[str] = []
        self._of: dict[str, list[str]] = {}

    def of_stack(self, token: str) -> None:
        """Note a transform of all that is registered from now on."""
        self._stack.append(token)

    def of_resource(self, urn: str, tokens: Iterable[str]) -> None:
        """Note the transforms of a resource, which are those of its children as well."""
        self._of[urn] = list(tokens)

    def chain(self, request: Any, ancestors: Iterable[str]) -> list[str]:
        """The transforms of a registration, in the engine's order."""
        own = [one.token for one in request.transforms]
        return [*own, *(token for urn in ancestors for token in self._of.get(urn, ())), *self._stack]

    async def apply(self, tokens: Iterable[str], request: Any) -> None:
        """Change a registration's properties and options as its transforms want them."""
        for token in tokens:
            asked = resource_pb2.TransformRequest(
                type=request.type, name=request.name, custom=request.custom, parent=request.parent
            )
            asked.properties.CopyFrom(request.object)
            for theirs, ours in _BOTH_WAYS.items():
                _copy(request, ours, asked.options, theirs)
            if request.deleteBeforeReplaceDefined:
                asked.options.delete_before_replace = request.deleteBeforeReplace
            made = await self.callbacks.transformed(token, asked)
            request.object.CopyFrom(made.properties)
            if made.HasField("options"):
                _take(made.options, request)


def _take(options: Any, request: Any) -> None:
    for theirs, ours in _BOTH_WAYS.items():
        _copy(options, theirs, request, ours)
    for theirs, ours in _SET_ONLY.items():
        if getattr(options, theirs):
            _copy(options, theirs, request, ours)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace


def _copy(source: Any, name: str, target: Any, other: str) -> None:
    target.ClearField(other)
    field = source.DESCRIPTOR.fields_by_name[name]
    if field.has_presence and not source.HasField(name):
        return
    value = getattr(source, name)
    if field.label == field.LABEL_REPEATED or field.message_type:
        getattr(target, other).MergeFrom(value)
    else:
        setattr(target, other, value)
