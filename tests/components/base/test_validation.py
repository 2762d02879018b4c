"""Pydantic's errors become problems with line, field and a way out, all at once."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, model_validator

from components.base.problems import InvalidInputError
from components.base.spec import Spec
from components.base.validation import FieldProblemsError, dotted, validate_yaml
from components.base.yaml_file import YamlFile


class Cat(Spec):
    kind: Literal["cat"]
    lives_left: int


class Dog(Spec):
    kind: Literal["dog"]
    good: bool = True


class Pair(Spec):
    low: int
    high: int

    @model_validator(mode="after")
    def _ordered(self) -> "Pair":
        if self.low > self.high:
            raise FieldProblemsError([(("low",), f"above high, {self.high}"), (("high",), f"below low, {self.low}")])
        return self


class House(Spec):
    street_name: str
    number: int
    floors: Literal[1, 2] = 1
    pair: Pair | None = None
    pets: tuple[Annotated[Cat | Dog, Field(discriminator="kind")], ...] = ()
    rooms: dict[str, Pair] = Field(default={})


def problems(tmp_path: Path, text: str) -> list[tuple[int, str, str, str]]:
    path = tmp_path / "house.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError) as caught:
        validate_yaml(House, YamlFile.load(path, shown="house.yaml"))
    assert {problem.file for problem in caught.value.problems} == {"house.yaml"}
    return [(problem.line, problem.field, problem.message, problem.fix) for problem in caught.value.problems]


def test_a_good_file_becomes_the_model(tmp_path):
    path = tmp_path / "house.yaml"
    path.write_text("streetName: Elm\nnumber: 7\npets: [{kind: cat, livesLeft: 9}]\n", encoding="utf-8")
    house = validate_yaml(House, YamlFile.load(path))
    assert house == House(street_name="Elm", number=7, pets=(Cat(kind="cat", lives_left=9),))


def test_every_problem_is_reported_with_its_line(tmp_path):
    text = "streetNam: Elm\nnumber: seven\npets:\n  - kind: cat\n    livesLeft: 9\n  - kind: dog\n    god: yes\n"
    assert problems(tmp_path, text) == [
        (0, "streetName", "missing", ""),
        (1, "streetNam", "unknown key", "did you mean 'streetName'?"),
        (2, "number", "input should be a valid integer, unable to parse string as an integer, found 'seven'", ""),
        (7, "pets[1].god", "unknown key", "did you mean 'good'?"),
    ]


def test_a_missing_key_points_at_the_nearest_parent_in_the_file(tmp_path):
    assert problems(tmp_path, "streetName: Elm\nnumber: 1\nrooms:\n  attic:\n    low: 1\n") == [
        (4, "rooms.attic.high", "missing", "")
    ]


def test_an_unknown_key_far_from_all_others_lists_them(tmp_path):
    ((_, _, _, fix),) = problems(tmp_path, "streetName: Elm\nnumber: 1\npair: {low: 1, high: 2, zzz: 3}\n")
    assert fix == "known here: high, low"


def test_a_validator_can_report_several_fields(tmp_path):
    assert problems(tmp_path, "streetName: Elm\nnumber: 1\npair:\n  low: 3\n  high: 2\n") == [
        (4, "pair.low", "above high, 2", ""),
        (5, "pair.high", "below low, 3", ""),
    ]


def test_a_value_of_no_known_kind_says_which_kinds_there_are(tmp_path):
    text = "streetName: Elm\nnumber: 1\npets:\n  - kind: cow\n  - livesLeft: 9\n"
    assert problems(tmp_path, text) == [
        (4, "pets[0].kind", "unknown: 'cow'", "one of cat, dog"),
        (5, "pets[1].kind", "missing: it says what kind of value this is", ""),
    ]


def test_paths_are_written_as_people_write_them():
    assert dotted(("pets", 1, "kind")) == "pets[1].kind"


def test_true_is_no_number(tmp_path):
    text = "streetName: Elm\nnumber: true\nfloors: true\n"
    text += "rooms:\n  attic: {low: 1, high: yes}\npair: {low: false, high: 2}\n"
    assert [problem[:3] for problem in problems(tmp_path, text)] == [
        (2, "number", "should be a number, not true or false"),
        (3, "floors", "should be a number, not true or false"),
        (5, "rooms.attic.high", "input should be a valid integer, unable to parse string as an integer, found 'yes'"),
        (6, "pair.low", "should be a number, not true or false"),
    ]


def test_a_file_has_one_spelling_of_a_key(tmp_path):
    found = problems(tmp_path, "street_name: Elm\nnumber: 1\n")
    assert [problem[1:3] for problem in found] == [("streetName", "missing"), ("street_name", "unknown key")]


@pytest.mark.parametrize("empty", ["{}", "\n    {}", "[]"])
def test_what_is_missing_from_an_empty_map_is_told_at_the_map(tmp_path, empty):
    found = problems(tmp_path, f"streetName: Elm\nnumber: 1\nrooms:\n  attic: {empty}\n")
    assert {(line, field.split(".")[1]) for line, field, _, _ in found} == {(4, "attic")}


BOMB = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "aliases multiply"),
        ("number: " + "[" * 500 + "]" * 500, "nested too deeply"),
        ("number: 1\0", "not allowed"),
    ],
)
def test_a_file_that_would_take_the_machine_down_is_refused(tmp_path, text, words):
    ((_, _, message, _),) = problems(tmp_path, text)
    assert message.startswith("not valid YAML: ")
    assert words in message
    assert "\n" not in message
