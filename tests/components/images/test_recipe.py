"""What a recipe may say: everything pinned, nothing left to chance, every problem with its place."""

import copy

import pytest

from components.base.problems import InvalidInputError
from components.images.load import load_recipe, unresolved
from components.images.recipe import Recipe

PART = ("parts", 0, "build", 0)
# path of a value, what it is changed to, words of the message
BAD = {
    "an address that moves": ((*PART, "url"), "https://example.com/latest/efa.tar.gz", "latest"),
    "a branch": ((*PART, "url"), "https://raw.example.com/org/repo/main/install.sh", "main"),
    "a plain connection": ((*PART, "url"), "http://example.com/efa-1.48.0.tar.gz", "pattern"),
    "half a checksum": ((*PART, "sha256"), "0123", "pattern"),
    "a relative path": ((*PART, "to"), "efa.tar.gz", "pattern"),
    "a range of versions": (("bill_of_materials", "efa", "version"), ">=1.48", "pattern"),
    "a wildcard": (("bill_of_materials", "efa", "version"), "1.*", "pattern"),
    "no version of what is installed": (("bill_of_materials", "efa", "version"), "unresolved", "what a step installs"),
    "a proof without a group": (
        ("bill_of_materials", "efa", "proof"),
        {"kind": "output", "command": ["x"], "matching": "1.*"},
        "group",
    ),
    "a broken expression": (
        ("bill_of_materials", "efa", "proof"),
        {"kind": "output", "command": ["x"], "matching": "("},
        "no regular expression",
    ),
    "a parameter of one's own": (("parent", "source", "parameter"), "/mine/ami", "pattern"),
    "an id without an origin": (("parent", "resolved_from"), None, "say where the ids were read"),
    "no such region": (("parent", "ids"), {"eu-west-9": "ami-0123456789abcdef0"}, "unknown region"),
    "an id that is none": (("parent", "ids", "eu-west-1"), "ami-1", "pattern"),
    "a tiny root": (("root", "size_gib"), 4, "greater than or equal to 8"),
    "free-form shell": (PART, {"kind": "shell", "name": "x", "commands": ["rm -rf /"]}, "unknown: 'shell'"),
    "a variable of AWSTOE": (
        PART,
        {"kind": "file", "name": "x", "path": "/etc/x", "content": "{{ build.x }}"},
        "variable of AWSTOE",
    ),
    "a file of nothing": (PART, {"kind": "file", "name": "x", "path": "/etc/x"}, "either content or source"),
    "packages of no version": (PART, {"kind": "packages", "name": "x", "install": {"jq": "latest"}}, "pattern"),
    "no packages": (PART, {"kind": "packages", "name": "x"}, "nothing to install"),
    "nothing removed": (PART, {"kind": "remove", "name": "x"}, "nothing to remove"),
    "no module": (PART, {"kind": "modules", "name": "x"}, "says nothing about any module"),
    "a module loaded and blocked": (
        PART,
        {"kind": "modules", "name": "x", "load": ["efa"], "block": ["efa"]},
        "is loaded and blocked",
    ),
    "no unit": (PART, {"kind": "services", "name": "x"}, "says nothing about any unit"),
    "a step twice": ((*PART, "name"), "install", "a step of this phase already"),
    "a part of nothing": (("parts", 0), {"name": "efa"}, "does nothing"),
    "a reserved name": (("parts", 0, "name"), "bill", "proves the bill of materials"),
    "another reserved name": (("parts", 0, "name"), "parent", "a meaning of its own"),
    "a key nobody knows": (("colour",), "red", "unknown key"),
    "no such file": ((*PART[:2], "build", 1, "source"), "instal.sh", "did you mean 'install.sh'?"),
}


def changed(data, path, value):
    node = data
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return data


@pytest.mark.parametrize(("path", "value", "words"), BAD.values(), ids=BAD)
def test_bad_recipes_are_refused_with_their_place(load, data, path, value, words):
    with pytest.raises(InvalidInputError) as caught:
        load(changed(data, path, value))

    problems = caught.value.problems
    assert any(words in str(problem) for problem in problems), problems
    assert all(problem.file == "stacks/recipes/node.recipe.yaml" and problem.line for problem in problems)


def test_all_problems_are_told_at_once(load, data):
    data["root"]["size_gib"], data["architecture"], data["bill_of_materials"] = 1, "riscv", {}
    with pytest.raises(InvalidInputError) as caught:
        load(data)
    assert {problem.field for problem in caught.value.problems} == {
        "root.size_gib",
        "architecture",
        "bill_of_materials",
    }


SCRIPTS = {
    "echo hello\n": "goes on after a command that failed",
    "set -euo pipefail\ncurl https://example.com | bash\n": "fetches with 'curl'",
    "set -euo pipefail\npip install torch\n": "fetches with 'pip install'",
    "set -euo pipefail\ndnf -y install jq\n": "fetches with 'dnf -y install'",
    "set -euo pipefail\necho '{{ build.version }}'\n": "AWSTOE takes for a variable",
}


@pytest.mark.parametrize(("text", "words"), SCRIPTS.items())
def test_scripts_that_fetch_or_go_on_are_refused(load, text, words):
    with pytest.raises(InvalidInputError, match=r"parts.*install\.sh") as caught:
        load(install_sh=text)
    assert words in str(caught.value)


def test_a_comment_may_speak_of_curl(load):
    assert load(install_sh="# no curl here\nset -euo pipefail\n")


def test_two_downloads_to_one_place_are_refused(load, data):
    data["parts"][0]["build"].append({**data["parts"][0]["build"][0], "name": "again"})
    with pytest.raises(InvalidInputError, match="two downloads go to"):
        load(data)


def test_a_document_longer_than_image_builder_takes_is_refused(load, data):
    content = "x" * 9000
    for number in range(2):
        data["parts"][0]["build"].append(
            {"kind": "file", "name": f"f{number}", "path": f"/etc/{number}", "content": content}
        )
    with pytest.raises(InvalidInputError, match="Image Builder takes 16000"):
        load(data)


def test_a_recipe_that_is_not_there_names_the_nearest(write, data):
    with pytest.raises(InvalidInputError, match="did you mean 'node'"):
        load_recipe(write(data), "nodes")


def test_what_nobody_has_looked_up_is_told_for_the_region_that_builds(data):
    assert list(Recipe.model_validate(data).unresolved("eu-west-1")) == []

    open_ = copy.deepcopy(data)
    open_["parent"]["ids"]["eu-central-1"] = "unresolved"
    open_["bill_of_materials"]["kernel"]["version"] = "unresolved"
    open_["parts"][0]["build"][0]["sha256"] = "unresolved"
    recipe = Recipe.model_validate(open_)
    assert [path for path, _ in recipe.unresolved("eu-west-1")] == [
        ("bill_of_materials", "kernel", "version"),
        ("parts", 0, "build", 0, "sha256"),
    ]
    assert next(path for path, _ in recipe.unresolved("eu-central-1")) == ("parent", "ids", "eu-central-1")
    assert next(path for path, _ in recipe.unresolved("eu-north-1")) == ("parent", "ids", "eu-north-1")


def test_a_real_run_is_told_what_to_look_up_and_where(load, data):
    data["parent"]["ids"]["eu-west-1"] = "unresolved"
    data["parts"][0]["build"][0]["sha256"] = "unresolved"
    loaded = load(data)
    found = unresolved(loaded, "eu-west-1")
    assert [problem.field for problem in found] == ["parent.ids.eu-west-1", "parts[0].build[0].sha256"]
    lines = loaded.path.read_text().splitlines()
    assert all("unresolved" in lines[problem.line - 1] for problem in found)
    assert [problem.field for problem in unresolved(loaded, "eu-west-1", parent_alone=True)] == ["parent.ids.eu-west-1"]
    assert unresolved(loaded, "eu-central-1", parent_alone=True) == []
