"""YAML that nobody means: one message, the line where there is one, never what the parser throws."""

import pytest

from components.base.problems import InvalidInputError
from components.base.yaml_file import MOST_BYTES, YamlFile

REFUSED = {
    "a day that there isn't": ("b: 2027-13-41", 2, "month must be in 1..12"),
    "a number of 5,000 digits": (f"b: {'9' * 5000}", 2, "value has 5000 digits"),
    "a number of 5,000 hex digits": (f"b: 0x{'f' * 5000}", 0, "20000 bits: 63 at most"),
    "a number that is none": ("b: !!int x", 2, "invalid literal"),
    "a truth that is none": ("b: !!bool x", 2, "'x'"),
    "half a character": (r'b: "\ud800"', 0, "half a character"),
    "half a character in a key": (r'"\ud800": 1', 0, "half a character"),
    "keys that become one": ("b: {1: x, '1': y}", 0, "read alike once they are text: 1"),
    "a key twice, with much below it": (f"a: [{', '.join('x' * 300)}]", 2, "duplicate key"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_a_line(tmp_path, case):
    text, line, words = REFUSED[case]
    path = tmp_path / "a.yaml"
    path.write_text(f"a: 1\n{text}\n")
    with pytest.raises(InvalidInputError) as refused:
        YamlFile.load(path, shown="a.yaml")
    [problem] = refused.value.problems
    assert (problem.file, problem.line) == ("a.yaml", line)
    assert words in problem.message
    assert len(problem.message) < 300


def test_a_file_of_no_person_s_size(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("#" * (MOST_BYTES + 1))
    with pytest.raises(InvalidInputError, match="larger than 2,000,000 bytes"):
        YamlFile.load(path)
