"""The report for programs: one JSON document."""

from __future__ import annotations

from typing import Any

from herd.check.report.words import problem_texts, stacks_name
from herd.check.run import Outcome
from herd.check.verdict import Verdict
from policies.engine.evaluate import Finding, NotEvaluated
from policies.engine.waivers import Waived


def document(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON data. Lists go over all inputs; each entry says its stack, or its file if it is of none."""
    verdicts = outcome.verdicts
    return {
        "ok": outcome.exit_code == 0,
        "findings": [_finding(verdict, item) for verdict in verdicts for item in verdict.results.findings],
        "not_evaluated": [_silent(verdict, item) for verdict in verdicts for item in verdict.results.not_evaluated],
        "waived": [_waived(verdict, item) for verdict in verdicts for item in verdict.waived],
        "waiver_problems": [text for verdict in verdicts for text in problem_texts(verdict.problems)],
        "passed": sum(verdict.results.passed for verdict in verdicts),
        "inputs": [_input(verdict) for verdict in verdicts],
        "errors": problem_texts(outcome.errors),
    }


def _finding(verdict: Verdict, finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "enforcement": finding.enforcement,
        "resource": finding.resource,
        "property": finding.property,
        "message": finding.message,
        "fix": finding.fix,
        "source": str(finding.source),
        "stack": stacks_name(verdict, finding),
        "title": verdict.rules[finding.rule].title,
    }


def _silent(verdict: Verdict, item: NotEvaluated) -> dict[str, Any]:
    return {
        "rule": item.rule,
        "severity": item.severity,
        "resource": item.resource,
        "property": item.property,
        "reason": item.reason,
        "message": item.message,
        "stops": item in verdict.stopping,
        "source": str(item.source),
        "stack": stacks_name(verdict, item),
        "title": verdict.rules[item.rule].title,
    }


def _waived(verdict: Verdict, item: Waived) -> dict[str, Any]:
    waiver = item.waiver
    return {
        **_finding(verdict, item.finding),
        "waiver": {
            "reason": waiver.reason,
            "owner": waiver.owner,
            "author": waiver.author,
            "approver": waiver.approver,
            "created": waiver.created.isoformat(),
            "expires": waiver.expires.isoformat(),
        },
    }


def _input(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "kind": verdict.origin,
        "environment": verdict.facts.environment,
        "environment_from": verdict.environment_from,
        "stops": verdict.stops,
        "rules": len(verdict.results.asked),
        "passed": verdict.results.passed,
        "plan": verdict.plan or None,
        "passed_over": dict(verdict.passed_over),
        "unjudged": dict(verdict.results.unjudged),
    }
