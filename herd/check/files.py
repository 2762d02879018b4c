"""Files that people hold, told apart by what is in them: manifests, cluster files, deployments, rendered graphs."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from components.base.problems import InvalidInputError, Problem
from herd.check import kubernetes, parallelcluster
from herd.check.deployment import is_deployment, saved
from herd.check.rendered import passed_over, stack_of
from herd.check.source import Source, read
from herd.check.yaml_documents import MOST_BYTES, Document, Lines, documents
from herd.graph import Graph
from policies.engine.subject import Origin, Stack, Subject

_KINDS: Final = (
    "expected Kubernetes manifests (apiVersion and kind) or a ParallelCluster 3 configuration (HeadNode and Scheduling)"
)
_HELM: Final = re.compile(
    r"\{\{-?[^{}\n]*\.(?:Values|Release|Chart|Capabilities)\b|\{\{-?\s*(?:include|template|define)\s"
)
_RENDER: Final = "render it first: helm template CHART | herd check --file -"
_MOST_PROBLEMS: Final = 20


@dataclass(frozen=True)
class Given:
    """What a file holds, ready to be judged.

    Attributes:
        name: The file, or the stack that the file is about.
        stack: What is judged together.
        config: Configuration of the stack, where the file holds it.
        passed_over: What is not judged and why, with how many.
    """

    name: str
    stack: Stack
    config: Mapping[str, Any] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)


def given(names: Sequence[str], *, deployments: bool = False) -> tuple[list[Given], list[Problem]]:
    """What files hold. Manifests and cluster files of all of them are one stack: an application is often many files.

    Args:
        names: The files; `-` is standard input.
        deployments: Whether nothing but saved deployments is meant.
    """
    found: list[Given] = []
    loose: dict[str, list[Subject]] = {}
    problems: list[Problem] = []
    for name in dict.fromkeys(names):
        try:
            content = _content(read(name), deployments=deployments)
        except InvalidInputError as error:
            problems += error.problems
        except RecursionError:
            problems.append(Problem(name, 0, "", "nested too deeply"))
        else:
            if isinstance(content, Given):
                found.append(content)
                continue
            shown = "<stdin>" if name == "-" else name
            for one in content:
                if isinstance(one, Problem):
                    problems.append(one)
                else:
                    loose.setdefault(shown, []).append(one)
    if loose:
        title = next(iter(loose)) if len(loose) == 1 else f"{len(loose)} files"
        subjects = _distinct(subject for subjects in loose.values() for subject in subjects)
        found.append(Given(title, Stack(tuple(subjects), title, origin=Origin.FILE)))
    return found, problems


def _content(source: Source, *, deployments: bool) -> Given | list[Subject | Problem]:
    data = _json(source) if source.text.lstrip()[:1] in ("{", "[") else None
    if isinstance(data, Mapping) and is_deployment(data):
        return _saved(data, source.shown)
    if deployments:
        what = "a rendered graph" if _is_graph(data) else "no saved deployment"
        fix = "give it with --file" if _is_graph(data) else "write one with pulumi stack export --file FILE"
        raise InvalidInputError.one(f"is {what}", file=source.shown, fix=fix)
    if _is_graph(data):
        graph = Graph.from_data(data, file=source.shown)
        return Given(graph.stack, stack_of(graph), {}, passed_over(graph))
    if isinstance(data, Mapping) and "steps" in data:
        message = "is a preview: this command judges resources, not what a run would do"
        raise InvalidInputError.one(message, file=source.shown)
    return _objects(source, data)


def _saved(data: Mapping[str, Any], shown: str) -> Given:
    deployment = saved(data, shown)
    return Given(deployment.stack.name or shown, deployment.stack, deployment.config, deployment.passed_over)


def _is_graph(data: Any) -> bool:
    return isinstance(data, Mapping) and {"project", "stack", "resources"} <= data.keys()


def _json(source: Source) -> Any:
    """The data of a JSON text; None if it isn't JSON, such as YAML in braces.

    Raises:
        InvalidInputError: It is JSON that can't be judged: keys twice, no end of nesting.
    """
    try:
        data = json.loads(source.text, object_pairs_hook=_pairs, parse_constant=_constant)
        if "\\u" in source.text:
            json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidInputError.one("holds half a character, which no text can", file=source.shown) from None
    except json.JSONDecodeError as error:
        if source.shown.endswith(".json"):
            raise InvalidInputError.one(f"not valid JSON: {error.msg}", file=source.shown, line=error.lineno) from None
        return None
    except RecursionError:
        raise InvalidInputError.one("nested too deeply", file=source.shown) from None
    except ValueError as error:
        raise InvalidInputError.one(f"not valid JSON: {error}"[:200], file=source.shown) from None
    return data


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = sorted(key for key, number in times.items() if number > 1)
        raise ValueError(f"keys that stand in one map twice: {', '.join(twice)}")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _objects(source: Source, data: Any) -> list[Subject | Problem]:
    found: list[Subject | Problem] = []
    for document in _documents(source, data):
        found += _of(document, source.shown)
    if helm := _HELM.search(source.text):
        line = source.text.count("\n", 0, helm.start()) + 1
        message = f"is a Helm template ({helm[0].strip()[:40]} …): nobody can say what comes of it"
        raise InvalidInputError.one(message, file=source.shown, line=line, fix=_RENDER)
    if not found:
        raise InvalidInputError.one("holds nothing but comments: there is nothing to judge", file=source.shown)
    problems = [one for one in found if isinstance(one, Problem)]
    if len(problems) > _MOST_PROBLEMS:
        more = Problem(source.shown, 0, "", f"and {len(problems) - _MOST_PROBLEMS} more problems like these")
        found = [one for one in found if isinstance(one, Subject)] + problems[:_MOST_PROBLEMS] + [more]
    return found


def _documents(source: Source, data: Any) -> Iterable[Document]:
    try:
        if data is None or len(source.text) <= MOST_BYTES:
            # JSON is YAML, too, and only YAML's parser tells lines.
            return list(documents(source.text, source.shown))
    except InvalidInputError:
        if data is None and "{{" in source.text:
            line = source.text.count("\n", 0, source.text.index("{{")) + 1
            message = "isn't YAML, but looks like a template: it holds {{"
            raise InvalidInputError.one(message, file=source.shown, line=line, fix=_RENDER) from None
        if data is None:
            raise
    return [Document(data, Lines(0))]


def _of(document: Document, shown: str) -> Iterator[Subject | Problem]:
    data = document.data
    if isinstance(data, Mapping) and kubernetes.is_object(data):
        yield from kubernetes.subjects(document, shown)
    elif isinstance(data, Mapping) and parallelcluster.is_configuration(data):
        yield parallelcluster.subject(document, shown)
    else:
        yield Problem(shown, document.lines.line, "", f"{_what(data)}: {_KINDS}", "")


def _what(data: Any) -> str:
    """What a document that is neither seems to be."""
    if not isinstance(data, Mapping):
        return "isn't a map"
    if "AWSTemplateFormatVersion" in data or ("Resources" in data and "HeadNode" not in data):
        return "is a CloudFormation template"
    for have, lack in (
        ("kind", "apiVersion"),
        ("apiVersion", "kind"),
        parallelcluster.REQUIRED,
        parallelcluster.REQUIRED[::-1],
    ):
        if have in data and lack not in data:
            return f"has {have} and no {lack}"
    if "config" in data and data.keys() <= {"config", "secretsprovider", "encryptedkey", "encryptionsalt"}:
        return "is a stack's settings (herd check STACK judges the stack)"
    keys = ", ".join(str(key)[:30] for key in list(data)[:4])
    return f"is neither a manifest nor a cluster file (its keys: {keys})" if keys else "is empty"


def _distinct(subjects: Iterable[Subject]) -> Iterator[Subject]:
    """The subjects with names that are unique: `Deployment/a/b`, `Deployment/a/b#2`."""
    seen: dict[str, int] = {}
    for subject in subjects:
        number = seen[subject.urn] = seen.get(subject.urn, 0) + 1
        yield subject if number == 1 else replace(subject, urn=f"{subject.urn}#{number}")
