"""Reading a lock: whoever changes it in any way is told, and told everything at once."""

import pytest

from components.base.problems import InvalidInputError
from components.release.load import known_locks, load_release
from components.release.spec import Origin


def refused(locks, release):
    with pytest.raises(InvalidInputError) as caught:
        load_release(locks.root, release)
    return caught.value.problems


def test_a_lock_is_found_by_its_name_or_its_path(locks, content):
    path = locks.write(content)
    by_name = load_release(locks.root, locks.name(path))
    assert by_name == load_release(locks.root, f"stacks/releases/{path.name}")
    assert by_name.shown == f"stacks/releases/{path.name}"
    assert by_name.alias == "first"
    assert by_name.lock.amis["node"].ids["eu-west-1"] == "ami-0123456789abcdef0"
    assert by_name.lock.images["exporter"].resolved_from is Origin.UPSTREAM
    assert known_locks(locks.root) == [by_name.name]


def test_comments_and_layout_are_free(locks, content):
    path = locks.write(content)
    path.write_text("# cut on a Monday\n" + path.read_text().replace("\n  images:", "\n\n  images: # two"))
    assert load_release(locks.root, locks.name(path)).lock.versions.kubernetes == "1.35"


def test_a_missing_lock_names_the_nearest(locks):
    name = locks.name(locks.write())
    (problem,) = refused(locks, f"{name[:-1]}x")
    assert problem.message == "no such release lock"
    assert name in problem.fix


EDITS = {
    "a value": ("ami-0123456789abcdef0", "ami-0123456789abcdef1"),
    "a version": ("kubernetes: '1.35'", "kubernetes: '1.34'"),
    "an added part": ("  versions:", "  versions:\n    parallelcluster: 3.16.1"),
    "a removed part": ("    slurm: 25.05.3\n", ""),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found(locks, edit):
    path = locks.write()
    text = path.read_text()
    old, new = EDITS[edit]
    changed = text.replace(old, new, 1)
    assert changed != text
    path.write_text(changed)
    assert "sha256" in {problem.field for problem in refused(locks, locks.name(path))}


def test_an_edited_hash_is_found(locks):
    path = locks.write()
    text = path.read_text()
    digit = text.index("sha256: ") + len("sha256: ")
    path.write_text(text[:digit] + ("1" if text[digit] == "0" else "0") + text[digit + 1 :])
    (problem,) = refused(locks, locks.name(path))
    assert "the content was edited" in problem.message


def test_an_edit_names_the_expected_and_the_actual_hash(locks, content):
    path = locks.write(content)
    expected = load_release(locks.root, locks.name(path)).sha256
    content["versions"]["kubernetes"] = "1.36"
    path.write_text(path.read_text().replace("1.35'", "1.36'"))
    actual = load_release(locks.root, locks.name(locks.write(content, alias="second"))).sha256
    (problem,) = [row for row in refused(locks, locks.name(path)) if row.field == "sha256"]
    assert expected in problem.message
    assert actual in problem.message
    assert problem.line == 3


def test_an_edit_that_also_mends_the_hash_no_longer_fits_the_name(locks, content):
    path = locks.write(content)
    content["versions"]["kubernetes"] = "1.36"
    path.write_text(locks.text(content))
    (problem,) = refused(locks, locks.name(path))
    assert "doesn't belong to this name" in problem.message
    assert locks.name(path)[-12:] in problem.message


def test_a_lock_under_a_name_of_its_own_is_told_the_right_one(locks):
    path = locks.write()
    (locks.folder / "production.lock.yaml").write_text(path.read_text())
    (problem,) = refused(locks, "production")
    assert problem.fix.endswith(f"ALIAS-{locks.name(path)[-12:]}.lock.yaml")


def test_everything_wrong_is_told_at_once(locks):
    path = locks.write()
    text = path.read_text()
    for old, new in {
        "ami-0123456789abcdef0": "ami-123",
        "provenance: recipe": "provenance: recipy",
        "eu-west-1: ami-0fedcba9876543210": "eu-wset-1: ami-0fedcba9876543210",
        "  charts:": "  chart:",
    }.items():
        text = text.replace(old, new)
    path.write_text(text)
    told = {problem.field: problem for problem in refused(locks, locks.name(path))}
    assert "content.amis.node.ids.eu-west-1" in told
    assert "content.amis.trainer.provenance" in told
    assert "charts" in told["content.chart"].fix
    assert "sha256" in told
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "ami-123" in row)
    assert told["content.amis.node.ids.eu-west-1"].line == line


def test_a_date_is_told_to_be_quoted(locks):
    path = locks.write()
    path.write_text(path.read_text().replace("slurm: 25.05.3", "slurm: 2025-05-03"))
    problems = refused(locks, locks.name(path))
    assert "use quotes" in {problem.fix for problem in problems}


@pytest.mark.parametrize("text", ["", "[]", "sha256: 1\n", "content: 3\n", "a: [", "sha256: x\nsha256: y\n"])
def test_what_is_no_lock_at_all_is_refused_without_a_crash(locks, text):
    path = locks.write()
    path.write_text(text)
    assert refused(locks, locks.name(path))


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "../../etc/passwd", "stacks", "."])
def test_what_can_be_no_lock_is_told_like_a_missing_one(locks, name):
    locks.write()
    (problem,) = refused(locks, name)
    assert problem.message == "no such release lock"
