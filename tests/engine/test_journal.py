"""The journal: whatever moment it is cut at, what was complete by then is the state."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from herd.engine import Backend
from herd.engine.journal import Journal, read_journal
from herd.engine.snapshot import Snapshot

PREFIX = "urn:pulumi:dev::vec::probe:index:Thing::"


def resource(name: str, **more: Any) -> dict[str, Any]:
    return {"urn": PREFIX + name, "custom": True, "id": f"{name}-1", "type": "probe:index:Thing"} | more


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A base state and the journal entries of a run over it: each entry is one a run could write at that point."""
    names = [f"r{i}" for i in range(draw(st.integers(0, 4)))]
    base = [resource(name) for name in names]
    slots = {name: ["o", index] for index, name in enumerate(names)}
    entries: list[dict[str, Any]] = []
    begun: dict[int, tuple[str, str]] = {}
    for number in range(1, draw(st.integers(1, 12)) + 1):
        action = draw(st.sampled_from(["create", "update", "delete", "same", "end", "fail", "outputs"]))
        if action in ("end", "fail") and begun:
            operation = draw(st.sampled_from(sorted(begun)))
            kind, name = begun.pop(operation)
            if action == "fail":
                entries.append({"k": "fail", "n": operation})
                continue
            entry: dict[str, Any] = {"k": "end", "n": operation}
            if kind != "deleting":
                entry["state"] = resource(name, outputs={"n": operation})
            if name in slots:
                entry["remove"] = slots.pop(name)
            if kind != "deleting":
                slots[name] = ["n", operation]
            entries.append(entry)
        elif action == "create":
            name = f"new{number}"
            begun[number] = ("creating", name)
            entries.append({"k": "begin", "n": number, "op": {"type": "creating", "resource": resource(name, id="")}})
        elif action in ("update", "delete", "same", "outputs"):
            free = sorted(slots.keys() - {name for _, name in begun.values()})
            if not free:
                continue
            name = draw(st.sampled_from(free))
            if action == "outputs":
                entries.append({"k": "put", "at": slots[name], "state": resource(name, outputs={"put": number})})
            elif action == "same":
                entries.append({"k": "end", "n": number, "state": resource(name), "remove": slots[name]})
                slots[name] = ["n", number]
            else:
                kind = {"update": "updating", "delete": "deleting"}[action]
                begun[number] = (kind, name)
                entries.append({"k": "begin", "n": number, "op": {"type": kind, "resource": resource(name)}})
    return base, entries


def folded(base: list[dict[str, Any]], entries: list[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    snapshot = Snapshot({"resources": base})
    for entry in entries:
        snapshot.apply(entry)
    return snapshot.resources(), snapshot.pending()


def write_run(backend: Backend, base: list[dict[str, Any]], entries: list[dict[str, Any]]) -> bytes:
    """The state file and a journal as a run that was killed leaves them."""
    for file in (backend.state_file, backend.journal_file):
        file.unlink(missing_ok=True)
    if base:
        backend.import_deployment({"version": 3, "deployment": {"resources": base}})

    async def journal() -> None:
        with backend.run() as run:
            run.begin()
            for entry in entries:
                run.record(entry, None)
            await run.journal.commit()

    asyncio.run(journal())
    return backend.journal_file.read_bytes()


@settings(max_examples=40, deadline=None)
@given(run=runs(), data=st.data())
def test_a_journal_cut_at_any_byte_gives_a_prefix_of_the_run(
    run: tuple[list[Any], list[Any]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base, entries = run
    backend = Backend(tmp_path_factory.mktemp("journal"), "vec", "dev", "x")
    whole = write_run(backend, base, entries)
    cut = data.draw(st.integers(0, len(whole)), label="cut at byte")
    backend.journal_file.write_bytes(whole[:cut])
    complete = max(0, whole[:cut].count(b"\n") - 1)  # the first line is the header
    deployment = backend.export_deployment()["deployment"]
    got = (deployment.get("resources", []), deployment.get("pending_operations", []))
    assert got == folded(base, entries[:complete])


def test_recovery_survives_being_killed_at_any_point_itself(tmp_path: Path) -> None:
    backend = Backend(tmp_path, "vec", "dev", "x")
    base = [resource("a")]
    create = {"k": "begin", "n": 1, "op": {"type": "creating", "resource": resource("b", id="")}}
    journal = write_run(backend, base, [create, {"k": "end", "n": 1, "state": resource("b")}])
    state = backend.state_file.read_bytes()
    wanted = [r["urn"] for r in backend.export_deployment()["deployment"]["resources"]]
    # Before the new state is in place: the journal has its last line, the state is the old one.
    with backend.run() as run:
        run.begin()
        compacted = run.journal.path.read_bytes()
    new_state = backend.state_file.read_bytes()
    assert new_state != state
    for then_state, then_journal in ((state, journal), (state, journal + b'{"k":"compa'), (new_state, compacted)):
        backend.state_file.write_bytes(then_state)
        backend.journal_file.write_bytes(then_journal)
        assert [r["urn"] for r in backend.export_deployment()["deployment"]["resources"]] == wanted
        with backend.run() as run:
            run.begin()
            run.finish()
        assert not backend.journal_file.exists()
        assert [r["urn"] for r in backend.export_deployment()["deployment"]["resources"]] == wanted


def test_a_crash_between_new_state_and_removed_journal_is_no_stale_journal(tmp_path: Path) -> None:
    backend = Backend(tmp_path, "vec", "dev", "x")
    write_run(backend, [resource("a")], [{"k": "end", "n": 1, "remove": ["o", 0]}])
    with backend.run() as run:
        run.begin()
        run.finish()
        journal = Journal(backend.journal_file, "what came before")
        import hashlib

        journal.close(hashlib.sha256(backend.state_file.read_bytes()).hexdigest())
    assert backend.export_deployment()["deployment"]["resources"] == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: [b"{not json}", *lines[1:]], "damaged"),
        (lambda lines: [lines[0], b"[1]", *lines[1:]], "not an entry"),
        (lambda lines: [b'{"journal": 2, "base": ""}', *lines[1:]], "version 1"),
        (lambda lines: [lines[0], b'{"k": "nonsense"}', *lines[1:]], "nonsense"),
        (lambda lines: [lines[0], b'{"k": "end", "n": 1, "remove": ["o", 77]}'], "damaged"),
        (lambda lines: [b'{"journal": 1, "base": "abcdef"}', *lines[1:]], "stale"),
    ],
)
def test_a_damaged_or_stale_journal_is_one_clear_error(tmp_path: Path, damage, said: str) -> None:
    backend = Backend(tmp_path, "vec", "dev", "x")
    whole = write_run(backend, [resource("a")], [{"k": "end", "n": 1, "remove": ["o", 0]}])
    backend.journal_file.write_bytes(b"\n".join([*damage(whole.splitlines()), b""]))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(InvalidInputError) as caught, backend.run():
        pass
    assert len(caught.value.problems) == 1
    assert said in str(caught.value)
    assert backend.journal_file.name in str(caught.value)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_concurrent_commits_share_their_fsync_and_keep_their_order(tmp_path: Path, monkeypatch) -> None:
    import os

    syncs = []
    monkeypatch.setattr(os, "fsync", syncs.append)
    durable: list[int] = []

    async def write() -> None:
        journal = Journal(tmp_path / "j", "", durable.append)
        syncs.clear()

        async def one(number: int) -> None:
            journal.append({"k": "fail", "n": number})
            await journal.commit()
            assert number <= len(durable)

        await asyncio.gather(*(one(number) for number in range(1, 101)))

    asyncio.run(write())
    recorded = read_journal(tmp_path / "j")
    assert recorded is not None
    assert [entry["n"] for entry in recorded.entries] == list(range(1, 101))
    assert durable == list(range(1, 101))
    assert len(syncs) < 10


def test_a_write_that_fails_fails_the_commit(tmp_path: Path, monkeypatch) -> None:
    import os

    async def write() -> None:
        journal = Journal(tmp_path / "j", "")

        def full(descriptor: int, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        journal.append({"k": "fail", "n": 1})
        await journal.commit()

    with pytest.raises(OSError, match="No space left"):
        asyncio.run(write())


def test_entries_are_lines_of_json(tmp_path: Path) -> None:
    backend = Backend(tmp_path, "vec", "dev", "x")
    whole = write_run(backend, [], [{"k": "fail", "n": 1}])
    assert [json.loads(line) for line in whole.splitlines()] == [{"journal": 1, "base": ""}, {"k": "fail", "n": 1}]
