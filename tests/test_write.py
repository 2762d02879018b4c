"""Files are whole or not there."""

import fcntl
import os

import pytest

from components.base.problems import InvalidInputError
from herd import write


def test_a_new_text_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    write.write_json(path, {"a": 1})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failure_leaves_the_old_file_and_no_scratch(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(write.os, "fsync", full)
    with pytest.raises(InvalidInputError, match="No space left"):
        write.write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(InvalidInputError, match="can't be written"):
        write.write_text(tmp_path / "no" / "a.json", "x")


@pytest.mark.parametrize("target", ["", "missing/report.json", "file.txt/report.json"])
def test_what_can_t_be_written_is_known_before_the_work(tmp_path, target):
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(InvalidInputError) as refused:
        write.check_writable(tmp_path / target, field="--json")
    assert refused.value.problems[0].field == "--json"
    write.check_writable(tmp_path / "report.json")
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_a_link_stays_and_what_it_names_is_written(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "real.yaml", tmp_path / "link.yaml"
    real.write_text("old")
    link.symlink_to(real)
    write.write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_link_to_itself_is_refused(tmp_path):
    link = tmp_path / "a"
    link.symlink_to(link)
    with pytest.raises(InvalidInputError, match="leads to itself"):
        write.write_text(link, "x")


def test_the_mode_stays(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o600)
    write.write_text(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_read_only_file_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(0o444)
    for attempt in (lambda: write.write_text(path, "new"), lambda: write.check_writable(path)):
        with pytest.raises(InvalidInputError, match="is read-only"):
            attempt()
    assert path.read_text() == "old"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write.check_writable(pipe)
        write.write_text(pipe, "text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_a_link_to_a_pipe_without_a_path_is_written_to(tmp_path):
    reader, writer = os.pipe()
    link = tmp_path / "stdout"
    link.symlink_to(f"/proc/self/fd/{writer}")
    write.check_writable(link)
    write.write_text(link, "x")
    os.close(writer)
    with os.fdopen(reader) as stream:
        assert stream.read() == "x"


def test_an_interrupt_leaves_the_old_file_and_no_scratch(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_text("old")

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(write.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write.write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_half_a_character_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="half a character"):
        write.write_text(tmp_path / "a", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_locked_folder_is_one_s_own(tmp_path):
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        with write.locked(tmp_path), pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)
    assert list(tmp_path.iterdir()) == []
