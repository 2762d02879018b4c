"""Keys: a number that counts up, and the hash of the content in its canonical form."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from components.gpu_cluster.keys import content_hash, hash_of, key

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_the_hash_is_the_start_of_the_canonical_content_s():
    assert content_hash({"b": [1], "a": "ü"}) == hashlib.sha256('{"a":"ü","b":[1]}'.encode()).hexdigest()[:8]
    assert key(3, {"b": [1], "a": "ü"}) == f"g3-{content_hash({'a': 'ü', 'b': [1]})}"


@settings(max_examples=50)
@given(st.integers(1, 9999), st.dictionaries(st.text(max_size=8), VALUES, max_size=5))
def test_a_key_claims_the_hash_of_its_content_whatever_its_order(number, content):
    assert hash_of(key(number, content)) == content_hash(dict(reversed(content.items())))
