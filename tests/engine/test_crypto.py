"""Secrets at rest: Pulumi's format, nothing in the clear, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from herd.engine.crypto import Crypter
from herd.engine.values import UNKNOWN, Secret

# From pulumi's own pkg/secrets/passphrase/manager_test.go: a salt it made with the passphrase "password".
PULUMI = {
    "type": "passphrase",
    "state": {"salt": "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="},
}
MARKER = "correct horse battery staple"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**50), 2**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3) | st.builds(Secret, inner)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def crypter() -> Crypter:
    crypter = Crypter("a passphrase", None, "state.json")
    crypter.encode(Secret("derives the key once"))
    return crypter


@settings(max_examples=200, deadline=None)
@given(value=values)
def test_what_is_encoded_comes_back(value: Any) -> None:
    crypter = Crypter("password", PULUMI, "")
    stored = json.loads(json.dumps(crypter.encode(value)))
    assert Crypter("password", PULUMI, "").decode(stored) == value


def test_nothing_of_a_secret_is_readable(crypter: Crypter) -> None:
    stored = json.dumps(crypter.encode({"open": 1, "hidden": [Secret({"deep": [MARKER, Secret(MARKER)]})]}))
    assert MARKER not in stored
    assert "open" in stored
    assert "deep" not in stored


def test_the_real_engines_salt_opens_with_its_passphrase() -> None:
    crypter = Crypter("password", PULUMI, "")
    assert crypter.decode(crypter.encode(Secret("x"))) == Secret("x")


def test_a_value_sealed_by_another_crypter_of_the_same_stack_opens(crypter: Crypter) -> None:
    stored = crypter.encode(Secret([1, {"a": None}]))
    assert Crypter("a passphrase", crypter.provider, "").decode(stored) == Secret([1, {"a": None}])


def test_an_unchanged_secret_keeps_its_ciphertext(crypter: Crypter) -> None:
    stored = crypter.encode(Secret("same"))
    again = Crypter("a passphrase", crypter.provider, "")
    assert again.encode(again.decode(stored)) == stored
    assert again.encode(Secret("other")) != stored


def test_a_wrong_passphrase_is_one_clear_error(crypter: Crypter) -> None:
    stored = crypter.encode(Secret("x"))
    with pytest.raises(InvalidInputError, match=r"state\.json: secrets_providers: incorrect passphrase"):
        Crypter("another", crypter.provider, "state.json").decode(stored)


@pytest.mark.parametrize(
    ("ciphertext", "said"), [("v1:AAAA", "malformed"), ("v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAA", "passphrase")]
)
def test_a_damaged_ciphertext_is_one_clear_error(crypter: Crypter, ciphertext: str, said: str) -> None:
    stored = crypter.encode(Secret("x")) | {"ciphertext": ciphertext}
    with pytest.raises(InvalidInputError, match=said):
        crypter.decode(stored)


@pytest.mark.parametrize("salt", ["", "v1", "v2:AAAA:v1:AAAA:AAAA", 5])
def test_a_damaged_salt_is_one_clear_error(salt: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"malformed|incorrect"):
        Crypter("x", {"type": "passphrase", "state": {"salt": salt}}, "").encode(Secret("x"))


def test_another_secrets_provider_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="awskms"):
        Crypter("x", {"type": "awskms", "state": {}}, "")


def test_without_a_secret_no_key_is_derived() -> None:
    crypter = Crypter("x", None, "")
    assert crypter.encode({"a": [1, UNKNOWN]})["a"][0] == 1
    assert crypter.provider is None
