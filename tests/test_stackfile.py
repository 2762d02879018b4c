"""Stack files, read as the engine reads them."""

import json

import pytest
from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from herd.stackfile import load_stack

PROJECT = """\
name: demo
runtime: python
stackConfigDir: stacks
config:
  size: {type: integer, default: 3}
  label: {type: string}
  zones: {type: array, items: {type: string}, default: [a, b]}
  aws:region: {value: eu-west-1}
  short: hello
"""


class Stacks:
    def __init__(self, root):
        self.root = root
        (root / "stacks").mkdir()
        (root / "Pulumi.yaml").write_text(PROJECT)

    def write(self, text, stack="dev"):
        (self.root / "stacks" / f"Pulumi.{stack}.yaml").write_text(text)

    def load(self, text, **options):
        self.write(text)
        return load_stack(self.root, "dev", **options)

    def refused(self, text):
        self.write(text)
        with pytest.raises(InvalidInputError) as caught:
            load_stack(self.root, "dev")
        return [(problem.file, problem.line, problem.field, problem.message) for problem in caught.value.problems]


@pytest.fixture
def stacks(tmp_path):
    return Stacks(tmp_path)


def test_keys_are_qualified_and_defaults_filled_in(stacks):
    config = stacks.load("config:\n  demo:label: x\n  size: 4\n  other:key: true\n").config
    assert config == {
        "demo:label": "x",
        "demo:size": 4,
        "demo:zones": ["a", "b"],
        "demo:short": "hello",
        "aws:region": "eu-west-1",
        "other:key": True,
        "demo:fidelity": "real",
    }


def test_a_program_gets_strings_as_they_are_and_everything_else_as_json(stacks):
    strings = stacks.load(
        'config:\n  demo:label: "007"\n  demo:on: true\n  demo:map: {b: [1, 2.5], a: null}\n'
    ).strings()
    assert strings["demo:label"] == "007"
    assert strings["demo:on"] == "true"
    assert strings["demo:size"] == "3"
    assert json.loads(strings["demo:map"]) == {"a": None, "b": [1, 2.5]}


def test_the_tool_says_what_the_run_is_and_which_release(stacks):
    config = stacks.load("config:\n  demo:release: one\n", fidelity="rehearse", release="two").config
    assert (config["demo:fidelity"], config["demo:release"]) == ("rehearse", "two")
    assert stacks.load("config:\n  demo:release: one\n", release="").config["demo:release"] == ""
    assert stacks.load("config:\n  demo:release: one\n").config["demo:release"] == "one"


def test_who_only_looks_gets_a_word_where_the_file_has_encrypted_values(stacks):
    text = "config:\n  demo:label: {secure: v1:abc}\n  demo:map: {a: [{secure: v1:abc}], b: {secure: 1}}\n"
    stack = stacks.load(text, secrets=True)
    assert stack.config["demo:label"] == "[secret]"
    assert stack.config["demo:map"] == {"a": ["[secret]"], "b": {"secure": 1}}
    assert stack.secrets == {"demo:label", "demo:map"}
    assert stacks.load("config:\n  demo:label: a\n", secrets=True).secrets == frozenset()


def test_an_empty_stack_file_has_the_defaults(stacks):
    assert stacks.load("").config["demo:size"] == 3


def test_a_stripped_copy_has_the_configuration_and_no_ties_to_the_real_secrets(stacks):
    text = (
        "secretsprovider: awskms://alias/x?region=eu-west-1\nencryptedkey: QUFB\nencryptionsalt: v1:abc\n"
        'config:\n  demo:label: "007"\n  demo:map: {b: [1, true]}\n'
    )
    stack = stacks.load(text, fidelity="rehearse")
    assert stack.secrets_provider == "awskms://alias/x?region=eu-west-1"
    copy = YAML(typ="safe").load(stack.stripped())
    assert copy == {"config": dict(stack.config)}
    assert stacks.root.joinpath("stacks/Pulumi.dev.yaml").read_text() == text


@pytest.mark.parametrize(
    ("text", "line", "field", "words"),
    [
        ("config:\n  demo:label:\n    secure: v1:abc\n", 2, "config.demo:label", "holds a secret"),
        ("config:\n  demo:map:\n    a:\n      - secure: v1:abc\n", 4, "config.demo:map.a[0]", "holds a secret"),
        ("config:\n  demo:label: 2027-01-01\n", 2, "config.demo:label", "no JSON value"),
        ("config: [a]\n", 1, "config", "isn't a map"),
        ("konfig: {}\n", 1, "konfig", "unknown key"),
        ("environment: [shared]\nconfig: {}\n", 1, "environment", "outside of git"),
        ("config:\n  demo:fidelity: render\n", 2, "config.demo:fidelity", "passed by the tool"),
        ("config:\n  fidelity: rehearse\n", 2, "config.fidelity", "passed by the tool"),
        ("config:\n  demo:label: a\n  label: b\n", 3, "config.label", "stands here twice"),
        ("- a\n", 0, "", "isn't a map"),
        ("config:\n  demo:label: a\n  demo:label: b\n", 3, "", "duplicate key"),
        ("config:\n  demo:label: [a\n", 3, "", "not valid YAML"),
    ],
)
def test_a_bad_stack_file_is_told_with_its_place(stacks, text, line, field, words):
    (problem,) = stacks.refused(text)
    assert problem[:3] == ("stacks/Pulumi.dev.yaml", line, field)
    assert words in problem[3]


def test_all_is_told_at_once(stacks):
    assert len(stacks.refused("konfig: {}\nconfig:\n  demo:a: {secure: x}\n  demo:fidelity: real\n")) == 3


def test_a_missing_stack_names_those_there_are(stacks):
    stacks.write("", stack="test")
    with pytest.raises(InvalidInputError, match="did you mean 'test'"):
        load_stack(stacks.root, "tset")


def test_a_stack_file_that_is_a_folder_is_none_there_is(stacks):
    (stacks.root / "stacks" / "Pulumi.prod.yaml").mkdir(parents=True)
    with pytest.raises(InvalidInputError, match="there is no stack 'prod'") as caught:
        load_stack(stacks.root, "prod")
    assert "did you mean 'prod'" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "runtime: python\n", "name: [a]\n"])
def test_a_project_file_without_a_name_is_refused(stacks, text):
    (stacks.root / "Pulumi.yaml").write_text(text)
    with pytest.raises(InvalidInputError, match="has no project name"):
        load_stack(stacks.root, "dev")


@pytest.mark.parametrize("stack", ["", "../../etc/passwd", "a\nb", "a\0b", "x" * 5000, "dev/", "dév"])
def test_what_can_be_no_stack_is_refused_before_a_file_is_looked_for(stacks, stack):
    with pytest.raises(InvalidInputError, match="is no name of a stack") as refused:
        load_stack(stacks.root, stack)
    assert len(str(refused.value)) < 300


def test_a_project_file_of_wrong_types_is_told_with_every_place(stacks):
    (stacks.root / "Pulumi.yaml").write_text("name: demo\nmain: [a]\nstackConfigDir: 7\nconfig: [a]\n")
    with pytest.raises(InvalidInputError) as refused:
        load_stack(stacks.root, "dev")
    told = [(problem.line, problem.field) for problem in refused.value.problems]
    assert told == [(2, "main"), (3, "stackConfigDir"), (4, "config")]
