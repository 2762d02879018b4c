"""The report as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), for code scanning and its viewers.

A finding's level says what it does here: `error` stops, `warning` advises. What was not evaluated is a result of kind
`open`, the standard's "not enough information to decide"; a rule's crash is a notification of the run as well.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from herd.check.report.words import advises, agreed, named, problem_texts, resource, rules_of, stacks_name
from herd.check.run import Outcome
from herd.check.verdict import Verdict
from policies.engine.evaluate import Finding, NotEvaluated
from policies.engine.rule import Rule, Severity
from policies.engine.subject import Place
from policies.engine.values import Reason
from policies.engine.waivers import FILE, Waived

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
PAGES: Final = "docs/rules"
_LEVELS: Final = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# GitHub's bands: over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below low.
_SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}


def log(outcome: Outcome, *, repository: str = "") -> dict[str, Any]:
    """The outcome as a SARIF log of one run.

    Args:
        outcome: What came of the run.
        repository: Address of the repository's files at this commit, which rules' pages are linked by; "" if unknown.
    """
    rules = rules_of(outcome)
    index = {name: number for number, name in enumerate(rules)}
    results = [result for verdict in outcome.verdicts for result in _results(verdict, index)]
    driver = {
        "name": "herd",
        "organization": "Herd",
        "fullName": "Herd's law",
        "rules": [_rule(rule, repository) for rule in rules.values()],
    }
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(outcome, index)],
                "results": results,
                "properties": {"inputs": [_input(verdict) for verdict in outcome.verdicts]},
            }
        ],
    }


def _rule(rule: Rule, repository: str) -> dict[str, Any]:
    page = f"{PAGES}/{rule.id}.md"
    mapped = [f"{library}/{name}" for library, names in sorted(rule.mappings.items()) for name in names]
    also = f"\n\nElsewhere: {', '.join(mapped)}" if mapped else ""
    found = {
        "id": rule.id,
        "name": "".join(word.title() for word in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": f"{rule.why}\n\nFix: {rule.fix}\n\nMore: {page}{also}",
            "markdown": f"{rule.why}\n\n**Fix**: {rule.fix}\n\n`{page}`{also}",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.worst]},
        "properties": {
            "tags": ["infrastructure-as-code", rule.pack, *(("security",) if rule.pack != "security" else ())],
            "security-severity": _SCORES[rule.worst],
            "precision": "high",
            "problem.severity": "error" if rule.worst in (Severity.CRITICAL, Severity.HIGH) else "warning",
        },
    }
    # The standard wants an absolute address: with none, the page's path is in the help.
    return {**found, "helpUri": f"{repository.rstrip('/')}/{page}"} if repository else found


def _results(verdict: Verdict, index: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for finding in verdict.results.findings:
        yield _finding(verdict, finding, index)
    for item in verdict.waived:
        yield {**_finding(verdict, item.finding, index), "suppressions": [_suppression(item)]}
    for silent in verdict.results.not_evaluated:
        message = f"not evaluated ({silent.reason}): {named(silent)}: {silent.message}"
        yield {
            **_result(verdict, silent, message, index),
            "kind": "open",
            "level": "none",
            "properties": {**_about(verdict, silent), "reason": silent.reason, "stops": silent in verdict.stopping},
        }


def _finding(verdict: Verdict, finding: Finding, index: Mapping[str, int]) -> dict[str, Any]:
    return {
        **_result(verdict, finding, f"{named(finding)}: {finding.message}\n\nFix: {finding.fix}", index),
        "kind": "fail",
        "level": "warning" if advises(finding) else "error",
        "properties": {**_about(verdict, finding), "enforcement": finding.enforcement},
    }


def _result(verdict: Verdict, item: Finding | NotEvaluated, message: str, index: Mapping[str, int]) -> dict[str, Any]:
    about = (verdict.facts.project, stacks_name(verdict, item), item.resource, item.property, item.message)
    identity = json.dumps([item.rule, *about])
    return {
        "ruleId": item.rule,
        "ruleIndex": index[item.rule],
        "message": {"text": message},
        "locations": [location] if (location := _location(item)) else [],
        "partialFingerprints": {"herdFinding/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }


def _about(verdict: Verdict, item: Finding | NotEvaluated) -> dict[str, Any]:
    return {"stack": stacks_name(verdict, item), "severity": item.severity, "property": item.property}


def _location(item: Finding | NotEvaluated) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if item.resource:
        name = resource(item.resource).partition(" (")[0]
        found["logicalLocations"] = [{"name": name, "fullyQualifiedName": item.resource, "kind": "resource"}]
    if physical := _physical(item.source):
        found["physicalLocation"] = physical
    return found


def _physical(place: Place) -> dict[str, Any]:
    if not place.file or place.file.startswith("<"):
        return {}
    path = PurePath(place.file)
    artifact = (
        {"uri": path.as_uri()}
        if path.is_absolute()
        else {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": "%SRCROOT%"}
    )
    region = {"region": {"startLine": place.line}} if place.line else {}
    return {"artifactLocation": artifact, **region}


def _suppression(item: Waived) -> dict[str, Any]:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": agreed(item.waiver),
        "location": {"physicalLocation": {"artifactLocation": {"uri": FILE, "uriBaseId": "%SRCROOT%"}}},
    }


def _invocation(outcome: Outcome, index: Mapping[str, int]) -> dict[str, Any]:
    crashes = [
        {
            "level": "error",
            "message": {"text": f"{named(item)}: {item.message}"},
            "associatedRule": {"id": item.rule, "index": index[item.rule]},
        }
        for verdict in outcome.verdicts
        for item in verdict.results.not_evaluated
        if item.reason is Reason.CRASHED
    ]
    errors = [{"level": "error", "message": {"text": text}} for text in problem_texts(outcome.errors)]
    waivers = [
        {"level": "error", "message": {"text": text}}
        for verdict in outcome.verdicts
        for text in problem_texts(verdict.problems)
    ]
    return {
        "executionSuccessful": not outcome.errors and not crashes,
        "exitCode": outcome.exit_code,
        "toolExecutionNotifications": [*crashes, *errors],
        "toolConfigurationNotifications": waivers,
    }


def _input(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "kind": verdict.origin,
        "environment": verdict.facts.environment,
        "passed": verdict.results.passed,
    }
