"""Component documents: what Image Builder refuses when it reads one."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from herd.cloud.extensions._imagebuilder_held import invalid


@cache
def schema() -> dict[str, Any]:
    """The JSON schema of a component document, written from AWS's guide."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("awstoe.schema.json").read_text(encoding="utf-8"))
    return found


def problems(data: str) -> list[str]:
    """What is wrong with a component document, in words; nothing for a good one."""
    import jsonschema  # noqa: PLC0415

    try:
        document = YAML(typ="safe", pure=True).load(data)
    except YAMLError as error:
        return [f"Failed to parse document. Error: {' '.join(str(error).split())}"]
    found = [
        f"{'/'.join(map(str, error.absolute_path)) or 'document'}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema()).iter_errors(document)
    ]
    return found or _names(document)


def component_type(data: str) -> str:
    """`TEST` for a document with the one phase test, else `BUILD`.

    Raises:
        AwsError: The document is none.
    """
    if found := problems(data):
        raise invalid("data", "; ".join(found))
    phases = [phase["name"] for phase in YAML(typ="safe", pure=True).load(data)["phases"]]
    return "TEST" if phases == ["test"] else "BUILD"


def _names(document: dict[str, Any]) -> list[str]:
    phases = [phase["name"] for phase in document["phases"]]
    found = [f"phase {name} is there more than once" for name in sorted({n for n in phases if phases.count(n) > 1})]
    for phase in document["phases"]:
        steps = [step["name"] for step in phase["steps"]]
        twice = sorted({name for name in steps if steps.count(name) > 1})
        found += [f"phase {phase['name']}: step {name} is there more than once" for name in twice]
    return found
