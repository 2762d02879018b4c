"""Provider plugins: processes started from a folder the way Pulumi starts them, or servicers served in this process.

A plugin's process ends with the engine, however that ends: it runs under a shell that kills it when our end of its
standard input closes, which the kernel does for us even after `kill -9`.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import Mapping
from concurrent import futures
from pathlib import Path

import grpc
import grpc.aio
from pulumi.runtime.proto import provider_pb2_grpc
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from components.base.problems import InvalidInputError
from herd.engine.api import ProviderSource

_WATCHED = '"$@" </dev/null & child=$!; exec >/dev/null 2>&1; cat; kill -9 $child; wait'
_START_SECONDS = 60
CHANNEL = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


def watched(command: list[str]) -> list[str]:
    """The command, run so that it is killed once the standard input we give it closes."""
    return ["/bin/sh", "-c", _WATCHED, "sh", *command]


class PluginError(Exception):
    """A plugin that doesn't start or answer."""


def command_of(folder: Path, package: str) -> list[str]:
    """How a plugin folder is run: an executable `pulumi-resource-NAME`, else `PulumiPlugin.yaml` with runtime python.

    Raises:
        InvalidInputError: The folder is neither.
    """
    executable = folder / f"pulumi-resource-{package}"
    if executable.is_file() and os.access(executable, os.X_OK):
        return [str(executable)]
    manifest = folder / "PulumiPlugin.yaml"
    fix = f"give it an executable {executable.name}, or a PulumiPlugin.yaml with `runtime: python` and a __main__.py"
    try:
        data = YAML(typ="safe").load(manifest)
    except FileNotFoundError as error:
        message = f"the folder holds no plugin for provider {package}"
        raise InvalidInputError.one(message, file=str(folder), fix=fix) from error
    except YAMLError as error:
        raise InvalidInputError.one(str(error), file=str(manifest), fix=fix) from error
    runtime = data.get("runtime") if isinstance(data, dict) else None
    if (runtime.get("name") if isinstance(runtime, dict) else runtime) != "python":
        message = f"runtime {runtime!r} is not supported, only python"
        raise InvalidInputError.one(message, file=str(manifest), field="runtime", fix=fix)
    return [sys.executable, str(folder / data.get("main", ""))]


class Plugin:
    """A running plugin, reached at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.channel = grpc.aio.insecure_channel(address, options=CHANNEL)

    async def close(self) -> None:
        """End it."""
        await self.channel.close(None)


class _Process(Plugin):
    def __init__(self, address: str, process: asyncio.subprocess.Process, drains: list[asyncio.Task[bytes]]) -> None:
        super().__init__(address)
        self._process, self._drains = process, drains

    async def close(self) -> None:
        await super().close()
        await _end(self._process)
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin:
        process.stdin.close()
    await process.wait()


class _Local(Plugin):
    def __init__(self, address: str, server: grpc.Server) -> None:
        super().__init__(address)
        self._server = server

    async def close(self) -> None:
        await super().close()
        await asyncio.to_thread(self._server.stop(None).wait)


class Plugins:
    """Starts plugins; a process takes a while to start, so one per package can be started ahead.

    Args:
        sources: Package to where its provider comes from.
        environment: Variables added to the environment of plugin processes.
        workers: Calls served at once by a plugin in this process.
    """

    def __init__(self, sources: Mapping[str, ProviderSource], environment: Mapping[str, str], workers: int) -> None:
        self.engine = ""  # address of the engine's own service, given to every plugin
        self._sources, self._workers = sources, workers
        # `#!/usr/bin/env python3` of a plugin -> an interpreter without its packages -> ours comes first.
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        self._environment = {**os.environ, "PATH": path, **environment}
        self._ahead: dict[str, list[asyncio.Task[Plugin]]] = {}
        self._running: list[Plugin] = []

    def start_ahead(self, package: str) -> None:
        """Start the package's plugin once, for one `start` to take."""
        if package in self._sources:
            self._ahead.setdefault(package, []).append(asyncio.create_task(self._launch(package)))

    async def start(self, package: str) -> Plugin:
        """A plugin of its own for one provider resource.

        Raises:
            PluginError: There is none, or it doesn't start.
        """
        ahead = self._ahead.get(package)
        plugin = await (ahead.pop() if ahead else self._launch(package))
        self._running.append(plugin)
        return plugin

    async def close(self) -> None:
        """End all of them."""
        for task in itertools.chain.from_iterable(self._ahead.values()):
            with contextlib.suppress(PluginError, InvalidInputError):
                self._running.append(await task)
        await asyncio.gather(*(plugin.close() for plugin in self._running))

    async def _launch(self, package: str) -> Plugin:
        source = self._sources.get(package)
        if source is None:
            known = ", ".join(sorted(self._sources)) or "none"
            raise PluginError(f"no plugin is known for package {package!r} (known: {known})")
        if isinstance(source, Path):
            return await self._spawn(command_of(source, package), package)
        server = grpc.server(futures.ThreadPoolExecutor(self._workers, f"provider-{package}"), options=CHANNEL)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(source(), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return _Local(f"127.0.0.1:{port}", server)

    async def _spawn(self, command: list[str], package: str) -> Plugin:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *watched([*command, self.engine]), stdin=pipe, stdout=pipe, stderr=pipe, env=self._environment
        )
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), _START_SECONDS)
        except TimeoutError:
            line = b""
        if not line.strip().isdigit():
            await _end(process)
            said = (line + await process.stderr.read()).decode(errors="replace").strip()
            raise PluginError(f"the plugin of provider {package} did not start: {said or 'it gave no port'}")
        drains = [asyncio.create_task(_drain(stream)) for stream in (process.stdout, process.stderr)]
        return _Process(f"127.0.0.1:{int(line)}", process, drains)


async def _drain(stream: asyncio.StreamReader) -> bytes:
    while await stream.read(1 << 16):
        pass
    return b""
