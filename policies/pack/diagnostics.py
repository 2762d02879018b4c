"""What came of the rules, as the diagnostics of the protocol: nothing that was not judged is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel

from policies.engine.evaluate import Finding, NotEvaluated
from policies.engine.rule import Rule, Severity
from policies.engine.subject import Origin
from policies.engine.values import Reason
from policies.engine.waivers import Waived, Waiver, apply
from policies.pack.announced import LAW

PACK: Final = "herd"
# The CLI takes the version from PulumiPolicy.yaml.
VERSION: Final = "0.0.1"
_LEVELS: Final = {
    EnforcementLevel.ADVISORY: analyzer_pb2.ADVISORY,
    EnforcementLevel.MANDATORY: analyzer_pb2.MANDATORY,
}
_SEVERITIES: Final = {
    Severity.LOW: analyzer_pb2.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: analyzer_pb2.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: analyzer_pb2.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: analyzer_pb2.POLICY_SEVERITY_CRITICAL,
}


@dataclass(frozen=True)
class Reporter:
    """Turns results into diagnostics.

    Attributes:
        rules: Rules by id.
        levels: The level of each rule by id.
        waivers: The checkout's waivers.
        stack: The stack's name, which waivers name.
        origin: Whether it is a preview.
        today: The day that waivers are held against.
        secrets: URN -> properties whose values are secrets.
    """

    rules: Mapping[str, Rule]
    levels: Mapping[str, EnforcementLevel]
    waivers: Sequence[Waiver]
    stack: str
    origin: Origin
    today: date
    secrets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def report(
        self, findings: Iterable[Finding], not_evaluated: Iterable[NotEvaluated]
    ) -> Iterator[analyzer_pb2.AnalyzeDiagnostic]:
        """The diagnostics, in the order of the results."""
        # Which waivers are unused can't be told here: a run shows resource after resource.
        applied = apply(self.waivers, tuple(findings), today=self.today, stack=self.stack)
        for finding in applied.left:
            yield self._finding(finding)
        for waived in applied.waived:
            yield self._waived(waived)
        for silent in not_evaluated:
            yield self._silent(silent)

    def _finding(self, finding: Finding) -> analyzer_pb2.AnalyzeDiagnostic:
        ended = [
            f"its waiver ended on {waiver.expires}"
            for waiver in self.waivers
            if waiver.stack == self.stack and waiver.expires < self.today and waiver.takes(finding)
        ]
        lines = (self._said(finding), *ended, f"fix: {finding.fix}")
        return self._diagnostic(finding.rule, finding.severity, finding.resource, lines, self.levels[finding.rule])

    def _waived(self, waived: Waived) -> analyzer_pb2.AnalyzeDiagnostic:
        finding, waiver = waived.finding, waived.waiver
        agreed = f"waived until {waiver.expires}: {waiver.reason} ({waiver.owner}; agreed by {waiver.approver})"
        lines = (agreed, self._said(finding))
        return self._diagnostic(finding.rule, finding.severity, finding.resource, lines, EnforcementLevel.ADVISORY)

    def _silent(self, silent: NotEvaluated) -> analyzer_pb2.AnalyzeDiagnostic:
        where = f"{silent.property}: " if silent.property else ""
        lines = [f"not evaluated: {where}{self._withheld(silent) or silent.message}"]
        if silent.reason is Reason.INVISIBLE:
            lines.append("fix: `herd check` sees it, on the rendered stack")
        return self._diagnostic(silent.rule, silent.severity, silent.resource, lines, self.level_of(silent))

    def level_of(self, silent: NotEvaluated) -> EnforcementLevel:
        """What a rule that couldn't say does.

        A crash stops, whatever the rule: a rule that can't run isn't obeyed. A critical rule stops as well, except
        where nobody can help it: in a preview, which has unknowns, and where the protocol hides an option.
        """
        helpless = self.origin is Origin.PREVIEW or silent.reason is Reason.INVISIBLE
        critical = silent.severity is Severity.CRITICAL and not helpless
        stops = critical or silent.reason is Reason.CRASHED
        return EnforcementLevel.MANDATORY if stops else EnforcementLevel.ADVISORY

    def _said(self, finding: Finding) -> str:
        where = f"{finding.property}: " if finding.property else ""
        return f"{where}{self._withheld(finding) or finding.message}"

    def _withheld(self, result: Finding | NotEvaluated) -> str:
        """A message may quote the value, which logs must not hold if it is a secret."""
        for place in self.secrets.get(result.resource, ()):
            if result.property == place or result.property.startswith((f"{place}.", f"{place}[")):
                return "the rule has something to say of it, which isn't shown: the value is a secret"
        return ""

    def _diagnostic(
        self, rule_id: str, severity: Severity, urn: str, lines: Iterable[str], level: EnforcementLevel
    ) -> analyzer_pb2.AnalyzeDiagnostic:
        rule = self.rules[rule_id]
        return diagnostic(rule.name, f"{rule.id} {rule.title}", lines, level, severity, urn=urn)


def diagnostic(
    name: str, description: str, lines: Iterable[str], level: EnforcementLevel, severity: Severity, *, urn: str = ""
) -> analyzer_pb2.AnalyzeDiagnostic:
    """One diagnostic, its message as the SDK writes them: the description first."""
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=name,
        policyPackName=PACK,
        policyPackVersion=VERSION,
        description=description,
        message="\n".join((description, *lines)),
        enforcementLevel=_LEVELS[level],
        severity=_SEVERITIES[severity],
        urn=urn,
    )


def account(
    description: str, not_evaluated: Mapping[str, int], changed: Sequence[str], read: int
) -> Iterator[analyzer_pb2.AnalyzeDiagnostic]:
    """The pack's own account of a run: what it couldn't judge, and what people told it to judge otherwise."""
    lines = []
    if not_evaluated:
        counts = ", ".join(f"{rule} {count}" for rule, count in sorted(not_evaluated.items()))
        lines.append(f"not evaluated: {sum(not_evaluated.values())} times ({counts}); each is reported with its reason")
    if changed:
        lines.append(f"changed by configuration: {', '.join(changed)}")
    if read:
        lines.append(f"not judged: {read} resources that the program only reads")
    if lines:
        yield diagnostic(LAW, description, lines, EnforcementLevel.ADVISORY, Severity.LOW)


def broken(error: Exception, urn: str = "") -> analyzer_pb2.AnalyzeDiagnostic:
    """The pack itself failed: nothing of what it was asked about has been judged."""
    frame = None
    trace = error.__traceback__
    while trace:
        frame, trace = trace, trace.tb_next
    place = f" at {frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else ""
    said = f"the pack itself failed{place}: {type(error).__name__}: {error}"
    return diagnostic(LAW, "Nothing was judged", (said,), EnforcementLevel.MANDATORY, Severity.CRITICAL, urn=urn)
