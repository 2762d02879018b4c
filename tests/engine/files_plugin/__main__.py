"""A provider whose cloud is a folder: a file per resource, so that what exists can be listed after any crash."""

import importlib.util
import os
import sys
import time
import types
import uuid
from concurrent import futures
from pathlib import Path

import grpc
from google.protobuf import empty_pb2

# Only the protocol is needed; the SDK above it would take half a second to import.
for name in ("pulumi", "pulumi.runtime"):
    module = types.ModuleType(name)
    module.__path__ = list(importlib.util.find_spec(name).submodule_search_locations)
    sys.modules[name] = module

from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc  # noqa: E402

CLOUD = Path(os.environ["FILES_CLOUD"])


class Files(provider_pb2_grpc.ResourceProviderServicer):
    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        return provider_pb2.DiffResponse()

    def Create(self, request, context):
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        time.sleep(0.002)
        ident = f"{request.name}.{uuid.uuid4().hex[:8]}"
        (CLOUD / ident).touch(exist_ok=False)
        time.sleep(0.002)
        return provider_pb2.CreateResponse(id=ident, properties=request.properties)

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Read(self, request, context):
        found = (CLOUD / request.id).exists()
        return (
            provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)
            if found
            else provider_pb2.ReadResponse()
        )

    def Delete(self, request, context):
        time.sleep(0.002)
        (CLOUD / request.id).unlink(missing_ok=True)
        return empty_pb2.Empty()


server = grpc.server(futures.ThreadPoolExecutor(16))
provider_pb2_grpc.add_ResourceProviderServicer_to_server(Files(), server)
sys.stdout.write(f"{server.add_insecure_port('127.0.0.1:0')}\n")
server.start()
sys.stdout.flush()
server.wait_for_termination()
