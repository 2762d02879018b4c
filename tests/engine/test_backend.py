"""The stack's folder: what is wrong with it is said at once, and nothing is written."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from components.base.problems import InvalidInputError
from herd.engine import Backend

THING = {"urn": "urn:pulumi:dev::vec::probe:index:Thing::a", "custom": True, "id": "a-1", "type": "probe:index:Thing"}
STACK = {"urn": "urn:pulumi:dev::vec::pulumi:pulumi:Stack::vec-dev", "custom": False, "type": "pulumi:pulumi:Stack"}


def exported(*resources: Any, **more: Any) -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {}, "resources": list(resources)} | more}


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(tmp_path / "state", "vec", "dev", "x")


def test_an_imported_deployment_comes_back_as_it_was(backend: Backend) -> None:
    foreign = THING | {"stackTrace": [{"sourcePosition": "x"}], "snippetID": "kept"}
    backend.import_deployment(exported(STACK, foreign, metadata={"integrity_error": None}))
    assert backend.export_deployment()["deployment"]["resources"] == [STACK, foreign]
    assert backend.export_deployment()["version"] == 3


def test_a_stack_that_was_never_deployed_exports_an_empty_deployment(backend: Backend) -> None:
    assert backend.export_deployment()["deployment"]["resources"] == []
    assert not backend.directory.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "corrupt or cut short"),
        (b"not json", "corrupt or cut short"),
        (json.dumps(exported(THING)).encode()[:-20], "corrupt or cut short"),
        (b"[]", "not an exported deployment"),
        (b'{"version": 3}', "not an exported deployment"),
        (b'{"version": 99, "deployment": {}}', "format 99 is not supported"),
        (json.dumps(exported({"urn": 5})).encode(), "needs a urn and a type"),
        (json.dumps(exported(THING | {"urn": "nonsense"})).encode(), "is no URN"),
        (json.dumps(exported(THING | {"id": ""})).encode(), "has no id"),
        (json.dumps(exported(THING, THING)).encode(), "a second live"),
        (json.dumps(exported(THING | {"parent": STACK["urn"]})).encode(), "parent"),
        (json.dumps(exported(THING | {"dependencies": ["urn:x"]})).encode(), "dependency urn:x does not come before"),
        (json.dumps(exported(THING | {"provider": "urn:p::1"})).encode(), "provider urn:p::1 does not come before"),
        (json.dumps(exported(pending_operations=[{"type": "creating"}])).encode(), "not a list of operations"),
        (json.dumps({"version": 3, "deployment": {"resources": {}}}).encode(), "not a list"),
    ],
)
def test_a_corrupt_state_is_refused_untouched(backend: Backend, content: bytes, said: str) -> None:
    backend.directory.mkdir()
    backend.state_file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=said) as caught, backend.run():
        pass
    assert str(backend.state_file) in str(caught.value)
    assert [(p.name, p.read_bytes()) for p in backend.directory.iterdir()] == [(backend.state_file.name, content)]


def test_everything_wrong_with_a_state_is_said_at_once(backend: Backend) -> None:
    with pytest.raises(InvalidInputError) as caught:
        backend.import_deployment(exported(THING | {"id": ""}, {"urn": 5}, THING | {"parent": "urn:gone"}))
    assert [p.field for p in caught.value.problems] == ["resources[0]", "resources[1]", "resources[2]"]


def test_condemned_states_may_share_a_urn_with_the_live_one(backend: Backend) -> None:
    old = THING | {"id": "a-0", "delete": True}
    backend.import_deployment(exported(THING, old, old | {"id": "a-2"}))
    assert len(backend.export_deployment()["deployment"]["resources"]) == 3


# --- the lock

HOLD = """
    import sys
    from pathlib import Path
    from herd.engine import Backend
    with Backend(Path(sys.argv[1]), "vec", "dev", "x").run():
        print("held", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def holder(backend: Backend):
    """Another process that holds the stack."""
    command = [sys.executable, "-c", textwrap.dedent(HOLD), str(backend.directory)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_writer_is_told_who_holds_the_stack(backend: Backend, holder: subprocess.Popen[bytes]) -> None:
    with pytest.raises(InvalidInputError) as caught, backend.run():
        pass
    for word in (f"process {holder.pid}", socket.gethostname(), "since 20", backend.lock_file.name):
        assert word in str(caught.value)
    with pytest.raises(InvalidInputError, match="locked by"):
        backend.import_deployment(exported(THING))
    assert not backend.state_file.exists()


def test_reading_needs_no_lock(backend: Backend, holder: subprocess.Popen[bytes]) -> None:
    assert backend.export_deployment()["deployment"]["resources"] == []


def test_the_lock_of_a_killed_run_is_taken_over_with_a_notice(
    backend: Backend, holder: subprocess.Popen[bytes]
) -> None:
    holder.kill()
    holder.wait()
    assert backend.lock_file.exists()
    with backend.run() as run:
        assert f"process {holder.pid}" in run.notice
        assert "no longer running" in run.notice
    assert not backend.lock_file.exists()


def test_two_runs_in_one_process_exclude_each_other(backend: Backend) -> None:
    with backend.run(), pytest.raises(InvalidInputError, match=f"process {os.getpid()}"), backend.run():
        pass
    with backend.run() as run:
        assert run.notice == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"user": "ann", "host": "elsewhere", "pid": 1, "since": "2026-01-01"}', "ann on elsewhere"),
        (json.dumps({"user": "ann", "host": socket.gethostname(), "pid": os.getppid()}), f"process {os.getppid()}"),
        ("garbage", "someone unknown"),
    ],
)
def test_a_lock_that_may_still_be_held_is_respected(backend: Backend, content: str, said: str) -> None:
    backend.directory.mkdir()
    backend.lock_file.write_text(content)
    with pytest.raises(InvalidInputError, match=said), backend.run():
        pass
    assert backend.lock_file.read_text() == content
