"""The stack file as a thing on a disk: what is edited stays as it was otherwise, and nobody's edit is lost."""

import pytest

from components.base.problems import InvalidInputError
from herd.pool.drain import drain
from herd.pool.roll import Order, roll
from herd.pool.stack import load

BIGGER = Order(sets={("rootVolume", "sizeGib"): 444})


@pytest.fixture
def reloaded(stack, project, content):
    """`reloaded(data)`: the stack after its file got other bytes."""

    def reload(data):
        stack.file.path.write_bytes(data)
        return load(project[0], "dev", content=content)

    return reload


def test_lines_that_end_as_windows_has_it_stay_so(stack, reloaded):
    path = stack.file.path
    unix, _ = roll(stack, ["p5", "g6"], BIGGER)
    windows, _ = roll(reloaded(stack.text.replace("\n", "\r\n").encode()), ["p5", "g6"], BIGGER)
    assert path.read_bytes() == unix.text.replace("\n", "\r\n").encode()
    assert windows.text.encode() == path.read_bytes()


def test_lines_that_end_in_several_ways_are_not_made_one(stack, reloaded):
    data = stack.text.replace("\n", "\r\n", 5).encode()
    with pytest.raises(InvalidInputError, match="lines end in several ways"):
        roll(reloaded(data), ["g6"], BIGGER)
    assert stack.file.path.read_bytes() == data


def test_of_two_edits_at_once_the_second_is_refused(stack, project, content, key):
    mine, theirs = (load(project[0], "dev", content=content) for _ in range(2))
    drain(mine, "g6", key(mine, "g6"))
    written = stack.file.path.read_text()
    with pytest.raises(InvalidInputError, match="changed by somebody else while this ran: nothing is written"):
        roll(theirs, ["p5"], BIGGER)
    assert stack.file.path.read_text() == written


def test_a_link_stays_a_link(stack, project, content):
    path = stack.file.path
    real = project[0] / "real.yaml"
    path.rename(real)
    path.symlink_to(real)
    after, _ = roll(load(project[0], "dev", content=content), ["g6"], BIGGER)
    assert path.is_symlink()
    assert real.read_text() == after.text


def test_a_file_that_is_written_while_it_is_read_is_read_once(stack, project, content, monkeypatch):
    read = []
    monkeypatch.setattr("herd.pool.stack.read_text", lambda path, _: read.append(path) or stack.text)
    stack.file.path.write_text(stack.text.replace("maxNodes: 12", "maxNodes: 13"))
    loaded = load(project[0], "dev", content=content)
    assert (len(read), loaded.pools["g6"].max_nodes) == (1, 12)
