"""YAML of many documents: data, lines, and what is refused before it can do harm."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from herd.check import yaml_documents
from herd.check.yaml_documents import documents

TEXT = """\
# a comment
apiVersion: v1
metadata:
  name: &n one
  labels: {a: 1,
    b: "2"}
spec:
- image: x
  args: [a,
    b]
---
---
base: &base
  kept: 1
  changed: 1
used:
  <<: *base
  changed: 2
name: *n2
"""


def load(text):
    return [document.data for document in documents(text, "f.yaml")]


def test_data_and_lines():
    first, second = documents(TEXT.replace("*n2", "two"), "f.yaml")
    assert first.data == {
        "apiVersion": "v1",
        "metadata": {"name": "one", "labels": {"a": 1, "b": "2"}},
        "spec": [{"image": "x", "args": ["a", "b"]}],
    }
    assert second.data["used"] == {"kept": 1, "changed": 2}
    lines = {
        (): 2,
        ("metadata",): 3,
        ("metadata", "name"): 4,
        ("metadata", "labels", "b"): 6,
        ("spec", 0): 8,
        ("spec", 0, "image"): 8,
        ("spec", 0, "args", 1): 10,
        ("metadata", "namespace"): 3,
        ("spec", 4, "image"): 7,
        ("metadata", "name", "below"): 4,
        ("kind",): 2,
    }
    assert {path: first.lines.of(path) for path in lines} == lines
    assert second.lines.of(("used", "kept")) == 14
    assert second.lines.of(("used", "changed")) == 18


def test_keys_are_text_as_programs_see_them():
    assert load("on: a\n1: b\n'yes': c\n1.50: d") == [{"true": "a", "1": "b", "yes": "c", "1.50": "d"}]


def test_quotes_and_tags_say_that_it_is_text():
    assert load(
        """[no, "no", !!str no, 'null', ! 12, !!int 12, |
  true
]""".replace("|\n  true\n", "'x'")
    ) == [[False, "no", "no", "null", "12", 12, "x"]]


REFUSED = {
    "a key twice": ("a: 1\nb:\n  c: 1\n  c: 2", 4, "key 'c' stands here twice, first on line 3"),
    "keys that read alike": ("1: a\n'1': b", 2, "twice"),
    "an alias of nothing": ("a: *b", 1, "names nothing"),
    "an alias of another document": ("a: &x 1\n---\nb: *x", 3, "names nothing"),
    "an alias that contains itself": ("a: &a\n- *a", 2, "contains itself"),
    "a map as a key": ("{{ .Values.x }}: 1", 1, "as the key of a map"),
    "a merge of a list": ("a: &a [1]\nb: {<<: *a}", 2, "<< takes a map"),
    "a tag": ("a:\n  b: !Ref x", 2, "the tag !Ref"),
    "a tag on a map": ("a: !!set {b}", 1, "the tag set"),
    "depth": ("[" * 100_000, 1, "nested more than 100 deep"),
    "depth in blocks": ("- " * 100_000, 1, "nested more than 100 deep"),
    "an open bracket": ("a: [1\nb: 2", 2, "not valid YAML"),
    "a tab": ("a: 1\n\tb: 2", 2, "tab character"),
    "a control character": ("a: 1\nb: \x07", 2, "control characters"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_is_refused(case):
    text, line, words = REFUSED[case]
    with pytest.raises(InvalidInputError) as caught:
        load(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("f.yaml", line)
    assert words in problem.message


def test_aliases_that_multiply_end_early():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(InvalidInputError, match="aliases multiply"):
        load("\n".join(lines))


def test_a_bound_on_size(monkeypatch):
    monkeypatch.setattr(yaml_documents, "MOST_BYTES", 100)
    with pytest.raises(InvalidInputError, match="more than 100 bytes"):
        load("a: " + "x" * 100)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.text(st.characters(codec="utf-8", exclude_categories=("C",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcxyz", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=10)
@given(st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1, max_size=4))
def test_reads_what_a_yaml_writer_wrote(value):
    # In quotes, with tags for what isn't text: which unquoted text is a number differs from one YAML to the next.
    assert load(yaml.safe_dump(value, default_style='"', allow_unicode=True)) == [value]
