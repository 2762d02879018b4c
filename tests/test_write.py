"""Files are whole or not there."""

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
