"""What `aws.iam.get_policy_document` answers: it asks no cloud, so a render works the document out itself.

Source: terraform-provider-aws, data source `aws_iam_policy_document`: single values as text, several in reverse order,
`&{` for `${`, sources before and overrides after the statements, a later Sid in the earlier one's place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from herd.graph.symbols import SECRET, UNKNOWN

FUNCTION: Final = "aws:iam/getPolicyDocument:getPolicyDocument"
_VERSION: Final = "2012-10-17"
# Of a statement's arguments: those that are lists of texts, and what the document calls them.
_LISTS: Final = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}
_PRINCIPALS: Final = {"principals": "Principal", "notPrincipals": "NotPrincipal"}

Statement = dict[str, Any]


def policy_document(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The texts that the function answers with, those that a render can't work out left out.

    Symbols within the arguments stay what they are: a document with an ARN that only the cloud knows is complete.
    """
    try:
        document = _merged(arguments)
    except (AttributeError, KeyError, TypeError, ValueError):
        # Of another shape than the schema's, or made of a document that only the cloud knows.
        return {}
    if _hidden(document):
        return {}
    return {"json": json.dumps(document, indent=2), "minifiedJson": json.dumps(document, separators=(",", ":"))}


def _merged(arguments: Mapping[str, Any]) -> dict[str, Any]:
    own = {
        "Version": arguments.get("version") or _VERSION,
        "Id": arguments.get("policyId"),
        "Statement": [_statement(one) for one in arguments.get("statements") or ()],
    }
    sources = map(json.loads, arguments.get("sourcePolicyDocuments") or ())
    overrides = map(json.loads, arguments.get("overridePolicyDocuments") or ())
    version, name = "", None
    statements: list[Statement] = []
    for document in (*sources, own, *overrides):
        version = max(version, document.get("Version") or "")
        name = document.get("Id") or name
        given = document.get("Statement") or []
        for statement in given if isinstance(given, list) else [given]:
            _put(statements, statement)
    return _filled({"Version": version, "Id": name, "Statement": statements})


def _put(statements: list[Statement], statement: Statement) -> None:
    sid = statement.get("Sid")
    same = [index for index, other in enumerate(statements) if sid and other.get("Sid") == sid]
    if same:
        statements[same[0]] = statement
    else:
        statements.append(statement)


def _statement(given: Mapping[str, Any]) -> Statement:
    return _filled(
        {
            "Sid": given.get("sid"),
            "Effect": given.get("effect") or "Allow",
            **{name: _texts(given.get(key) or ()) for key, name in _LISTS.items()},
            **{name: _principals(given.get(key) or ()) for key, name in _PRINCIPALS.items()},
            "Condition": _conditions(given.get("conditions") or ()),
        }
    )


def _texts(values: Iterable[str]) -> str | list[str] | None:
    found = sorted({_variables(value) for value in values}, reverse=True)
    return found[0] if len(found) == 1 else found or None


def _principals(given: Iterable[Mapping[str, Any]]) -> str | dict[str, Any] | None:
    kinds: dict[str, list[str]] = {}
    for one in given:
        kinds.setdefault(one["type"], []).extend(one["identifiers"])
    if kinds == {"*": ["*"]}:
        return "*"
    return {kind: _texts(identifiers) for kind, identifiers in kinds.items()} or None


def _conditions(given: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]] | None:
    tests: dict[str, dict[str, list[str]]] = {}
    for one in given:
        variables = tests.setdefault(one["test"], {})
        variables.setdefault(one["variable"], []).extend(map(_variables, one["values"]))
    return {
        test: {name: values[0] if len(values) == 1 else values for name, values in variables.items()}
        for test, variables in tests.items()
    } or None


def _variables(text: str) -> str:
    return text.replace("&{", "${")


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [])}


def _hidden(value: Any) -> bool:
    """Whether a secret or unknown is within: its mark in a document would read as an action or a principal."""
    if isinstance(value, Mapping):
        return any(map(_hidden, value.values()))
    if isinstance(value, list):
        return any(map(_hidden, value))
    return value in (SECRET, UNKNOWN)
