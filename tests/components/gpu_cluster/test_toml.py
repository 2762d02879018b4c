"""What is written as TOML is read back as it was."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from components.gpu_cluster.toml import dumps

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = (
    TEXT
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.lists(TEXT, max_size=3)
    | st.lists(st.lists(TEXT), max_size=2)
)
SETTINGS = st.recursive(
    st.dictionaries(TEXT.filter(bool), VALUES, max_size=3),
    lambda inner: st.dictionaries(TEXT.filter(bool), inner | VALUES, max_size=3),
    max_leaves=6,
)


def without_empty(table):
    """A table without anything in it, directly or below, isn't written."""
    kept = {key: without_empty(value) if isinstance(value, dict) else value for key, value in table.items()}
    return {key: value for key, value in kept.items() if value != {}}


@given(SETTINGS)
def test_what_is_written_is_read_back(settings):
    assert tomllib.loads(dumps(settings)) == without_empty(settings)
