"""The provider over gRPC: spawned from its folder as the CLI does it, and in this process through the same servicer."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

import herd
from herd.cloud.faults import Fault
from herd.cloud.provider import wire
from herd.cloud.provider.schema import version
from herd.cloud.stand_ins import servicers

FOLDER = Path(herd.__file__).parent / "cloud" / "plugins" / "aws"
VPC = "urn:pulumi:dev::herd::herd:network:Network$aws:ec2/vpc:Vpc::main"
GATEWAY = "urn:pulumi:dev::herd::aws:ec2/internetGateway:InternetGateway::out"
ACCOUNT = "123456789012"


class Engine(engine_pb2_grpc.EngineServicer):
    """The engine's own service, which takes log messages."""

    def __init__(self):
        self.messages = []

    def log(self, request, context):
        self.messages.append((request.urn, request.message))
        return empty_pb2.Empty()

    Log = log


@pytest.fixture
def engine():
    server, service = grpc.server(futures.ThreadPoolExecutor(2)), Engine()
    engine_pb2_grpc.add_EngineServicer_to_server(service, server)
    service.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield service
    server.stop(None)


@pytest.fixture
def environment(cloud):
    cloud.faults.clear()
    return {**cloud.environment(ACCOUNT), "HERD_PROVIDER_PATIENCE": "1"}


@pytest.fixture
def stub(environment):
    server = grpc.server(futures.ThreadPoolExecutor(8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicers(environment)["aws"](), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(None)


def configure(stub, **config):
    stub.Configure(provider_pb2.ConfigureRequest(args=wire.dump({"region": "us-east-1", **config}), acceptSecrets=True))


def check(stub, urn, news, olds=None):
    answer = stub.Check(
        provider_pb2.CheckRequest(urn=urn, news=wire.dump(news), olds=wire.dump(olds or {}), randomSeed=b"s")
    )
    return wire.load(answer.inputs), [(f.property, f.reason) for f in answer.failures]


def create(stub, urn, news, *, preview=False):
    inputs, failures = check(stub, urn, news)
    assert failures == []
    answer = stub.Create(provider_pb2.CreateRequest(urn=urn, properties=wire.dump(inputs), preview=preview))
    return answer.id, wire.load(answer.properties), inputs


def delete(stub, urn, id_, state, inputs):
    stub.Delete(provider_pb2.DeleteRequest(urn=urn, id=id_, properties=wire.dump(state), old_inputs=wire.dump(inputs)))


def spawned(command, environment, engine):
    env = {**environment, "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [*command, "--logtostderr", "-v=1", engine.address], stdout=subprocess.PIPE, env=env, text=True
    )
    return process, process.stdout.readline()


@pytest.mark.parametrize("way", ["manifest", "executable"])
def test_the_folder_runs_as_the_cli_runs_it(way, environment, engine, tmp_path):
    command = [sys.executable, str(FOLDER)]
    if way == "executable":
        program = tmp_path / "pulumi-resource-aws"
        program.write_text(
            f"#!{sys.executable}\nimport runpy\nrunpy.run_path({str(FOLDER)!r}, run_name='__main__')\n",
            encoding="utf-8",
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        command = [str(program)]
    process, line = spawned(command, environment, engine)
    try:
        assert line.strip().isdigit(), "the first line is the port and nothing else"
        with grpc.insecure_channel(f"127.0.0.1:{line.strip()}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            hands = stub.Handshake(provider_pb2.ProviderHandshakeRequest(engine_address=engine.address))
            assert hands.accept_secrets
            assert stub.GetPluginInfo(empty_pb2.Empty()).version == version()
            configure(stub)
            id_, state, inputs = create(stub, VPC, {"cidrBlock": "10.9.0.0/16"})
            assert id_.startswith("vpc-")
            delete(stub, VPC, id_, state, inputs)
            stub.Create(provider_pb2.CreateRequest(urn="urn:pulumi:dev::herd::aws:gamelift/fleet:Fleet::c"))
            assert "only recorded" in engine.messages[0][1]
    finally:
        process.kill()
        process.wait()


def test_the_folder_says_how_it_is_run():
    assert "runtime: python" in (FOLDER / "PulumiPlugin.yaml").read_text(encoding="utf-8")
    assert shutil.which("pulumi-resource-aws", path=str(FOLDER)) is None, "an executable would hide the manifest"


def test_a_resource_lives_over_the_protocol(stub):
    configure(
        stub, defaultTags='{"tags": {"owner": "ml"}}', allowedAccountIds=f'["{ACCOUNT}"]', skipRegionValidation="true"
    )
    id_, state, inputs = create(stub, VPC, {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "main"}})
    assert state["tagsAll"] == {"owner": "ml", "Name": "main"}

    news, _ = check(stub, VPC, {"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": True}, inputs)
    found = stub.Diff(
        provider_pb2.DiffRequest(
            urn=VPC, id=id_, olds=wire.dump(state), old_inputs=wire.dump(inputs), news=wire.dump(news)
        )
    )
    assert found.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert sorted(found.detailedDiff) == ["enableDnsHostnames", "tags.Name"]
    assert (list(found.replaces), found.deleteBeforeReplace) == ([], False)

    asked = {"urn": VPC, "id": id_, "olds": wire.dump(state), "old_inputs": wire.dump(inputs), "news": wire.dump(news)}
    planned = wire.load(stub.Update(provider_pb2.UpdateRequest(**asked, preview=True)).properties)
    assert (planned["enableDnsHostnames"], planned["arn"]) == (True, state["arn"])
    updated = wire.load(stub.Update(provider_pb2.UpdateRequest(**asked)).properties)
    assert updated["tags"] == {"owner": "ml"}

    read = stub.Read(provider_pb2.ReadRequest(urn=VPC, id=id_, properties=wire.dump(updated), inputs=wire.dump(news)))
    assert (read.id, wire.load(read.properties), wire.load(read.inputs)) == (id_, updated, news)
    delete(stub, VPC, id_, updated, news)
    assert stub.Read(provider_pb2.ReadRequest(urn=VPC, id=id_)).id == ""


def test_a_preview_knows_what_is_given_and_nothing_of_what_the_cloud_decides(stub):
    configure(stub)
    id_, state, _ = create(stub, VPC, {"cidrBlock": "10.0.0.0/16"}, preview=True)

    assert id_ == ""
    assert state["cidrBlock"] == "10.0.0.0/16"
    assert state["arn"] is wire.UNKNOWN
    assert state["enableDnsSupport"] is True


def test_secrets_stay_wrapped_in_checked_inputs_and_in_outputs(stub):
    configure(stub)
    urn = "urn:pulumi:dev::herd::aws:ssm/parameter:Parameter::token"
    id_, state, inputs = create(stub, urn, {"type": "SecureString", "value": wire.Secret("hunter2")})
    assert inputs["value"] == wire.Secret("hunter2")
    assert state["value"] == wire.Secret("hunter2")

    read = stub.Read(provider_pb2.ReadRequest(urn=urn, id=id_, properties=wire.dump(state), inputs=wire.dump(inputs)))
    assert wire.load(read.properties)["value"] == wire.Secret("hunter2")
    assert wire.load(read.inputs)["value"] == wire.Secret("hunter2")
    delete(stub, urn, id_, state, inputs)


def test_another_account_than_the_allowed_ones_is_refused(stub):
    with pytest.raises(grpc.RpcError, match=r"not allowed: 123456789012") as caught:
        configure(stub, allowedAccountIds='["210987654321"]')

    assert "Traceback" not in caught.value.details()


def test_an_assumed_role_leads_into_its_account(stub):
    configure(
        stub, assumeRoles='[{"roleArn": "arn:aws:iam::210987654321:role/deploy"}]', allowedAccountIds='["210987654321"]'
    )

    id_, state, inputs = create(stub, VPC, {"cidrBlock": "10.0.0.0/16"})

    assert state["ownerId"] == "210987654321"
    delete(stub, VPC, id_, state, inputs)


def test_a_refusal_is_one_clear_line(stub):
    configure(stub)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Create(provider_pb2.CreateRequest(urn=VPC, properties=wire.dump({"cidrBlock": "10.0.0.0/8"})))

    assert caught.value.code() == grpc.StatusCode.UNKNOWN
    assert caught.value.details().startswith("ec2.create_vpc: InvalidVpc.Range")
    assert "\n" not in caught.value.details()


def test_a_capacity_error_names_the_resource(stub, cloud):
    configure(stub)
    cloud.faults.add(
        Fault("error", service="ec2", action="AllocateAddress", code="InsufficientAddressCapacity", times=1)
    )

    with pytest.raises(grpc.RpcError, match="no capacity for nat-a"):
        create(stub, "urn:pulumi:dev::herd::aws:ec2/eip:Eip::nat-a", {})


def test_what_was_made_and_not_completed_is_told_with_its_id_and_properties(stub, cloud):
    configure(stub)
    vpc, state, inputs = create(stub, VPC, {"cidrBlock": "10.0.0.0/16"})
    cloud.faults.add(
        Fault("error", service="ec2", action="AttachInternetGateway", code="InvalidParameterValue", times=1)
    )

    with pytest.raises(grpc.RpcError) as caught:
        create(stub, GATEWAY, {"vpcId": vpc})

    trailer = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(trailer).details[0].Unpack(detail)
    assert detail.id.startswith("igw-")
    assert wire.load(detail.properties)["ownerId"] == ACCOUNT
    assert "InvalidParameterValue" in detail.reasons[0]
    delete(stub, GATEWAY, detail.id, wire.load(detail.properties), {"vpcId": vpc})
    delete(stub, VPC, vpc, state, inputs)


def test_a_recorded_type_is_accepted_kept_and_deleted(stub):
    configure(stub)
    urn = "urn:pulumi:dev::herd::aws:gamelift/fleet:Fleet::main"
    id_, state, inputs = create(stub, urn, {"name": "main", "roleArn": "r"})
    assert (id_, state) == ("main", {"name": "main", "roleArn": "r"})

    read = stub.Read(provider_pb2.ReadRequest(urn=urn, id=id_, properties=wire.dump(state), inputs=wire.dump(inputs)))
    assert read.id == "main"
    with pytest.raises(grpc.RpcError, match="no row"):
        stub.Read(provider_pb2.ReadRequest(urn=urn, id=id_))
    delete(stub, urn, id_, state, inputs)


def test_a_function_is_refused_by_name(stub):
    answer = stub.Invoke(provider_pb2.InvokeRequest(tok="aws:ec2/getVpc:getVpc"))

    assert "aws:ec2/getVpc:getVpc isn't modelled" in answer.failures[0].reason


def test_a_change_of_configuration_updates_the_provider(stub):
    old, new = wire.dump({"region": "us-east-1"}), wire.dump({"region": "us-east-1", "defaultTags": "{}"})

    assert (
        stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=old, news=new)).changes
        == provider_pb2.DiffResponse.DIFF_SOME
    )
    assert (
        stub.DiffConfig(provider_pb2.DiffRequest(old_inputs=old, news=old)).changes
        == provider_pb2.DiffResponse.DIFF_NONE
    )
