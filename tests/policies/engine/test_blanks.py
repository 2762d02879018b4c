"""What is filled in later in a file (`${NAME}`, as envsubst and Flux do it) is no value to be judged."""

import pytest

from policies.engine.node import Node
from policies.engine.subject import Origin, Subject
from policies.engine.values import Reason, UnevaluatedError


def node(value, origin=Origin.FILE):
    return Subject("urn", "kubernetes:core/v1:Service", "it", {"value": value}, origin=origin).props.at("value")


@pytest.mark.parametrize("text", ["${SCHEME}", "al2023@${ALIAS_VERSION}", "${MAX:-8}", "${A}-${B}"])
@pytest.mark.parametrize("read", [Node.literal, Node.flag, Node.number])
def test_a_blank_is_unknown(text, read):
    with pytest.raises(UnevaluatedError, match="is filled in later") as raised:
        read(node(text))
    assert raised.value.reason is Reason.UNKNOWN


@pytest.mark.parametrize(
    "text", ["#!/bin/bash\necho ${HOME}\n", "echo ${HOME}", "$LATEST", "${aws:username}", "${}", "${A}" * 99]
)
def test_scripts_and_policies_have_variables_of_their_own(text):
    assert node(text).literal() == text


def test_a_program_has_no_blanks_and_text_is_let_through():
    assert node("${NAME}", Origin.RENDER).literal() == "${NAME}"
    assert node("${NAME}").text() == "${NAME}"
