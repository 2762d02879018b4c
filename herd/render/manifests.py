"""What `kubernetes:yaml:decode` answers: ConfigFile and ConfigGroup ask the provider what their YAML means.

Without an answer they make nothing, and what they would bring to the cluster is in no graph.
Source: pulumi-kubernetes, provider/pkg/provider/invoke_decode_yaml.go (documents in order, empty ones left out).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from components.base.problems import InvalidInputError
from herd.graph.symbols import SECRET, UNKNOWN

FUNCTION: Final = "kubernetes:yaml:decode"


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: a date is text."""


_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def decoded(arguments: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The objects of a YAML text; nothing for a text that is hidden.

    Raises:
        InvalidInputError: It isn't YAML.
    """
    text = arguments.get("text")
    # The whole text, for `volumes: [secret]` is YAML.
    if not isinstance(text, str) or text in (UNKNOWN, SECRET):
        return {}
    try:
        documents = [document for document in yaml.load_all(text, _Loader) if document]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        message = f"{FUNCTION}: isn't YAML{where}: {getattr(error, 'problem', None) or error}"
        raise InvalidInputError.one(message, fix="correct the manifest") from None
    return {"result": documents}
