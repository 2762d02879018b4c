"""The command's work on a cloud: find, adopt, delete, forget; and what it refuses."""

import json
from pathlib import Path

import pytest

from components.base.problems import InvalidInputError
from herd.cloud.server import CloudServer
from herd.engine import Backend
from herd.recover.run import recover

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "111122223333", "us-east-2"
TAGS = {"project": "herd", "stack": "dev"}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
    }
)
STACK = "urn:pulumi:dev::herd::pulumi:pulumi:Stack::herd-dev"
PROVIDER = "urn:pulumi:dev::herd::pulumi:providers:aws::aws"
PROVIDER_ID = "5f1b6f4e-3f0a-4c5e-9d57-0b8d6d8b7d1a"


@pytest.fixture(scope="module")
def cloud():
    with CloudServer.spawn(accounts=(ACCOUNT,)) as server:
        yield server


@pytest.fixture
def iam(cloud, monkeypatch):
    cloud.control("reset")
    for key, value in cloud.environment(ACCOUNT, REGION).items():
        monkeypatch.setenv(key, value)
    return cloud.client("iam", ACCOUNT, REGION)


def make_role(iam, name):
    iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()]
    )


def state(folder, *pending):
    """A state whose run was interrupted while it made these roles."""
    provider = {
        "urn": PROVIDER,
        "custom": True,
        "id": PROVIDER_ID,
        "type": "pulumi:providers:aws",
        "inputs": {"region": REGION, "version": "7.51.1"},
        "outputs": {"region": REGION, "version": "7.51.1"},
        "parent": STACK,
    }
    rows = [
        {
            "type": "creating",
            "resource": {
                "urn": f"urn:pulumi:dev::herd::aws:iam/role:Role::{name}",
                "custom": True,
                "type": "aws:iam/role:Role",
                "inputs": {"name": name, "assumeRolePolicy": TRUST, "tags": TAGS, "__defaults": []},
                "parent": STACK,
                "provider": f"{PROVIDER}::{PROVIDER_ID}",
            },
        }
        for name in pending
    ]
    backend = Backend(folder, "herd", "dev", "rehearsal")
    stack = {"urn": STACK, "type": "pulumi:pulumi:Stack"}
    deployment = {"resources": [stack, provider], "pending_operations": rows}
    backend.import_deployment({"version": 3, "deployment": deployment})
    return backend


def run(folder, capsys, **choices):
    options = {"adopt": False, "delete": False, "passphrase": "rehearsal", "as_json": True, **choices}
    code = recover(ROOT, "dev", state=folder, **options)
    return code, json.loads(capsys.readouterr().out)


def test_it_names_what_was_interrupted_and_what_it_left(iam, tmp_path, capsys):
    state(tmp_path, "role-1", "role-2")
    make_role(iam, "role-1")
    code, said = run(tmp_path, capsys)
    assert code == 1
    assert said["orphans"] == [
        {"type": "aws:iam/role:Role", "id": "role-1", "urn": "urn:pulumi:dev::herd::aws:iam/role:Role::role-1"}
    ]
    assert [row["urn"].rpartition("::")[2] for row in said["interrupted"]] == ["role-1", "role-2"]


def test_adopting_takes_the_object_into_the_state_and_forgets_what_never_was(iam, tmp_path, capsys):
    backend = state(tmp_path, "role-1", "role-2")
    make_role(iam, "role-1")
    code, said = run(tmp_path, capsys, adopt=True)
    assert (code, said) == (0, {"orphans": [], "interrupted": []})
    deployment = backend.export_deployment()["deployment"]
    (role,) = (item for item in deployment["resources"] if item["type"] == "aws:iam/role:Role")
    assert role["id"] == "role-1"
    assert role["outputs"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/role-1"
    assert role["parent"] == STACK


def test_deleting_takes_it_out_of_the_cloud(iam, tmp_path, capsys):
    state(tmp_path, "role-1")
    make_role(iam, "role-1")
    make_role(iam, "stray")
    code, said = run(tmp_path, capsys, delete=True)
    assert (code, said) == (0, {"orphans": [], "interrupted": []})
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == []


def test_what_belongs_to_no_creation_is_not_adopted(iam, tmp_path, capsys):
    state(tmp_path)
    make_role(iam, "stray")
    with pytest.raises(InvalidInputError, match="belongs to no interrupted creation"):
        run(tmp_path, capsys, adopt=True)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"adopt": True, "delete": True}, "choose one"),
        ({"state": "none", "adopt": True}, "changed by the real CLI only"),
    ],
)
def test_contradictions_are_refused(iam, tmp_path, choices, says):
    folder = None if choices.pop("state", "") == "none" else tmp_path
    options = {"adopt": False, "delete": False, "passphrase": "x", "as_json": True, **choices}
    with pytest.raises(InvalidInputError, match=says):
        recover(ROOT, "dev", state=folder, **options)


def test_a_real_account_is_never_written_to(tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(InvalidInputError, match="no stand-in cloud"):
        recover(ROOT, "dev", state=tmp_path, adopt=True, delete=False, passphrase="x", as_json=True)


@pytest.mark.parametrize("text", ["", "{", '{"version": 3}', "[]"])
def test_a_file_that_is_no_export_is_refused(tmp_path, text):
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(InvalidInputError, match="no exported state"):
        recover(ROOT, "dev", state=file, adopt=False, delete=False, passphrase="x", as_json=True)


def test_an_exported_file_gets_the_commands_of_the_real_cli(iam, tmp_path, capsys):
    exported = state(tmp_path, "role-1").export_deployment()
    make_role(iam, "role-1")
    file = tmp_path / "export.json"
    file.write_text(json.dumps(exported))
    code = recover(ROOT, "dev", state=file, adopt=False, delete=False, passphrase="x", as_json=False)
    said = capsys.readouterr().out.replace("\n", "")
    assert code == 1
    assert (
        "pulumi refresh --stack dev --import-pending-creates 'urn:pulumi:dev::herd::aws:iam/role:Role::role-1'" in said
    )
    assert "--import-pending-creates 'role-1'" in said


def test_the_folder_that_a_kept_rehearsal_names_is_enough(iam, tmp_path, capsys):
    (tmp_path / "state").mkdir()
    state(tmp_path / "state", "role-1")
    _, said = run(tmp_path, capsys)
    assert [row["operation"] for row in said["interrupted"]] == ["creating"]


def test_a_state_that_is_nowhere_is_told(tmp_path):
    with pytest.raises(InvalidInputError, match="no such file or folder"):
        recover(ROOT, "dev", state=tmp_path / "x", adopt=True, delete=False, passphrase="p", as_json=True)
