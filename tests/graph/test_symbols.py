"""Symbols: one spelling for each value that only the cloud knows, and a way back to the resource."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herd.graph import Symbol, symbols_in

VPC = "urn:pulumi:dev::herd::herd:network:Network$aws:ec2/vpc:Vpc::main"
NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1)


def test_a_symbol_is_the_urn_and_the_property():
    assert str(Symbol(VPC, "arn")) == f"${{{VPC}.arn}}"


@given(NAMES, st.sampled_from(["arn", "endpoints[0].address", "tagsAll[*]"]))
def test_every_name_is_read_back(name, path):
    symbol = Symbol(f"urn:pulumi:dev::herd::kubernetes:helm.sh/v3:Release::{name}", path)

    assert Symbol.parse(str(symbol)) == symbol


def test_names_with_dots_are_told_from_paths():
    named, nested = Symbol("urn:pulumi:s::p::t:m:T::a.b", "c"), Symbol("urn:pulumi:s::p::t:m:T::a", "b.c")

    assert str(named) != str(nested)


def test_an_invoke_owns_its_symbols_too():
    symbol = Symbol("invoke:aws:ec2/getAmi:getAmi#0a1b2c3d", "id")

    assert Symbol.parse(str(symbol)) == symbol


def test_symbols_are_found_wherever_they_flow():
    arn, name = Symbol(VPC, "arn"), Symbol(VPC, "tags[*]")
    policy = f'{{"Resource": ["{arn}", "{arn}/*"]}}'

    assert list(symbols_in({"policy": policy, str(name): [1, None, True]})) == [arn, arn, name]


@pytest.mark.parametrize("text", ["${aws:SourceArn}", "${HOME}", "$${urn}", "${urn:pulumi:}", "plain"])
def test_policy_variables_and_shell_variables_are_no_symbols(text):
    assert list(symbols_in(text)) == []


@pytest.mark.parametrize("text", ["", "plain", f"{Symbol(VPC, 'arn')}/*"])
def test_only_a_whole_symbol_parses(text):
    with pytest.raises(ValueError, match="not a symbol"):
        Symbol.parse(text)
