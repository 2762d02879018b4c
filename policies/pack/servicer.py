"""The pack's side of the protocol (analyzer.proto): reads a resource once, asks every rule about its type.

The SDK's own servicer reads it again for each policy, and reports everything of a policy at one level: what was not
evaluated could only be told by an exception that ends the policy, and a rule that crashed would end the run.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer

from components.base.problems import InvalidInputError, Problem
from components.base.validation import closest
from policies.engine import waivers as waivers_file
from policies.engine.evaluate import Evaluation, Finding, Results, evaluate
from policies.engine.facts import Facts
from policies.engine.rule import ByType, ResourceRule, Rule, Severity
from policies.engine.subject import Subject
from policies.pack import diagnostics, wire
from policies.pack.announced import LAW, level_in, policies_of, set_levels
from policies.pack.diagnostics import Reporter
from policies.pack.run import ROOT, Run, Told, read_told
from policies.pack.subjects import stack_of, subject_of

_CONFIGURATION: Final = "--policy-pack-config"
# What the engine calls a level for every policy.
_EVERY: Final = "all"
_GIVEN: Final = {
    analyzer_pb2.ADVISORY: EnforcementLevel.ADVISORY,
    analyzer_pb2.MANDATORY: EnforcementLevel.MANDATORY,
    # There is nothing to remediate with: what would be patched is reported, and stops.
    analyzer_pb2.REMEDIATE: EnforcementLevel.MANDATORY,
    analyzer_pb2.DISABLED: EnforcementLevel.DISABLED,
}


class Servicer(_PolicyAnalyzerServicer):
    """Serves the rules.

    Args:
        rules: The rules.
        known: Every rule that a waiver may name.
        run: What the process was told of the run when it started.
        today: The day that waivers are held against.

    Raises:
        InvalidInputError: The checkout's waivers or release locks are malformed.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        run: Run,
        *,
        known: Sequence[Rule] = (),
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
    ) -> None:
        self._rules = {rule.id: rule for rule in rules}
        self._policies = policies_of(rules)
        super().__init__(
            diagnostics.PACK,
            diagnostics.VERSION,
            list(self._policies.values()),
            EnforcementLevel.MANDATORY,
            display_name="Herd's law",
            provider="AWS",
        )
        self._waivers = waivers_file.load(ROOT, (*rules, *known))
        self._today = today
        self._by_type = ByType(rule for rule in rules if rule.alone is not None)
        self._inputs: dict[str, Subject] = {}
        self._secrets: dict[str, tuple[str, ...]] = {}
        self._silent: Counter[str] = Counter()
        # What was told of a resource by itself isn't told again when the stack is known.
        self._early: set[Finding] = set()
        self._counting = threading.Lock()
        self.cancelled = threading.Event()
        self._facts: dict[tuple[str, str], Facts] = {}
        self._begin(run)

    def _begin(self, run: Run) -> None:
        """Take up a run: its facts are read now, so that what is wrong with them ends it before it does anything."""
        self._run, self._told = run, Told()
        self._given: dict[str, EnforcementLevel] = {}
        # What an earlier run of the same process showed, a preview with its unknowns, is not this one's.
        for seen in (self._facts, self._inputs, self._secrets, self._silent, self._early):
            seen.clear()
        environment = self._facts_at("").environment
        set_levels(self._policies, self._rules.values(), environment)
        self._announced = {rule.name: level_in(rule, environment) for rule in self._rules.values()}

    def _facts_at(self, urn: str) -> Facts:
        key = self._run.whose(urn)
        if key not in self._facts:
            self._facts[key] = self._run.at(*key).facts(self._told)
        return self._facts[key]

    def _level(self, rule: Rule, facts: Facts) -> EnforcementLevel:
        """The law's level in the environment, unless people gave another."""
        own = level_in(rule, facts.environment)
        given = self._given.get(rule.name, own)
        # The engine gives every announced level back; only another one is somebody's wish.
        return own if own is EnforcementLevel.DISABLED or given is self._announced[rule.name] else given

    def _levels(self, rules: Iterable[Rule], facts: Facts) -> dict[str, EnforcementLevel]:
        """The level of each rule that is asked, by id."""
        levels = {rule.id: self._level(rule, facts) for rule in rules}
        return {name: level for name, level in levels.items() if level is not EnforcementLevel.DISABLED}

    def _told_of(
        self, results: Results, facts: Facts, levels: dict[str, EnforcementLevel]
    ) -> list[analyzer_pb2.AnalyzeDiagnostic]:
        with self._counting:
            self._silent.update(silent.rule for silent in results.not_evaluated)
        reporter = Reporter(
            self._rules, levels, self._waivers, facts.stack, self._run.origin, self._today(), self._secrets
        )
        return list(reporter.report(results.findings, results.not_evaluated))

    def _resource(self, request: analyzer_pb2.AnalyzeRequest) -> list[analyzer_pb2.AnalyzeDiagnostic]:
        subject = subject_of(request, self._run.origin)
        self._inputs[subject.urn] = subject
        self._note_secrets(request)
        facts = self._facts_at(subject.urn)
        levels = self._levels(self._by_type[subject.type], facts)
        evaluation = Evaluation(facts)
        for name in levels:
            evaluation.alone(self._rules[name], subject)
        results = evaluation.results(self._rules[name] for name in levels)
        with self._counting:
            self._early.update(results.findings)
        return self._told_of(results, facts, levels)

    def _stack(self, request: analyzer_pb2.AnalyzeStackRequest) -> list[analyzer_pb2.AnalyzeDiagnostic]:
        if not request.resources:
            return []  # everything is gone: nothing is left that could obey
        for resource in request.resources:
            if resource.urn not in self._inputs:
                self._note_secrets(resource)
        stack = stack_of(request.resources, self._inputs, self._run.origin)
        facts = self._facts_at(request.resources[0].urn)
        levels = self._levels((r for r in self._rules.values() if not isinstance(r, ResourceRule)), facts)
        results = evaluate(stack, [self._rules[name] for name in levels], facts)
        results = replace(results, findings=tuple(one for one in results.findings if one not in self._early))
        return [*self._told_of(results, facts, levels), *self._account(facts, stack.read)]

    def _account(self, facts: Facts, read: int) -> Iterator[analyzer_pb2.AnalyzeDiagnostic]:
        # Facts too: a stack that is told to be dev's has its findings advise.
        changed = [f"{name} {value}" for name, value in self._told.model_dump(exclude_none=True, by_alias=True).items()]
        changed += [
            f"{rule.name} {level.value}"
            for rule in self._rules.values()
            if (level := self._level(rule, facts)) is not level_in(rule, facts.environment)
        ]
        yield from diagnostics.account(self._policies[LAW].description, self._silent, changed, read)

    def _note_secrets(self, request: analyzer_pb2.AnalyzeRequest | analyzer_pb2.AnalyzerResource) -> None:
        if places := wire.secret_places(request.properties):
            self._secrets[request.urn] = places

    def _configured(self, request: analyzer_pb2.ConfigureAnalyzerRequest) -> None:
        problems = []
        told = Told()
        for name, config in request.policyConfig.items():
            properties = wire.plain(config.properties)
            if name not in self._policies and name != _EVERY:
                problems.append(_problem(name, "there is no such policy", closest(name, list(self._policies))))
            elif name == LAW:
                told = read_told(properties, f"{_CONFIGURATION}: {LAW}")
            elif properties:
                message = f"takes nothing but enforcementLevel, not {', '.join(properties)}"
                problems.append(_problem(name, message, f"facts of the stack belong under {LAW!r}"))
        levels = {name: config.enforcementLevel for name, config in request.policyConfig.items()}
        problems += [
            _problem(name, f"there is no level {number}", "advisory, mandatory or disabled")
            for name, number in levels.items()
            if number not in _GIVEN
        ]
        self._told, self._given = (
            told,
            {name: _GIVEN[level] for name, level in levels.items() if name != _EVERY and level in _GIVEN},
        )
        self._facts.clear()
        problems += self._too_weak()
        if problems:
            raise InvalidInputError(problems)

    def _too_weak(self) -> Iterator[Problem]:
        facts = self._facts_at("")
        for rule in self._rules.values():
            critical = rule.severity.get(facts.environment) is Severity.CRITICAL
            if critical and (level := self._level(rule, facts)) is not EnforcementLevel.MANDATORY:
                fix = "leave it mandatory; a finding that is right for now gets a waiver (policies/waivers.yaml)"
                yield _problem(rule.name, f"is critical, and can't be made {level.value}", fix)
        if self._given.get(LAW) is EnforcementLevel.DISABLED:
            yield _problem(LAW, "says what was not evaluated, and can't be disabled", "leave it out")

    # --- the protocol

    def Handshake(self, request: Any, context: Any) -> analyzer_pb2.AnalyzerHandshakeResponse:
        """The engine's first call: there is nothing to agree on."""
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def ConfigureStack(
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """Take the run from the engine itself, which older ones leave to the environment."""
        with _refusing(context):
            if request.stack:
                self._begin(Run.from_request(request))
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def Configure(
        self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        """Take levels and facts from `--policy-pack-config`; what can't be meant is refused."""
        with _refusing(context):
            self._configured(request)
        return empty_pb2.Empty()

    def Analyze(self, request: analyzer_pb2.AnalyzeRequest, context: Any) -> analyzer_pb2.AnalyzeResponse:
        """Judge one resource by its inputs, before the engine does anything to it."""
        return _answer(lambda: self._resource(request), request.urn)

    def AnalyzeStack(self, request: analyzer_pb2.AnalyzeStackRequest, context: Any) -> analyzer_pb2.AnalyzeResponse:
        """Judge the stack as a whole, after the run."""
        return _answer(lambda: self._stack(request))

    def Remediate(self, request: analyzer_pb2.AnalyzeRequest, context: Any) -> analyzer_pb2.RemediateResponse:
        """Nothing is patched on the way: what is wrong is changed where it is written."""
        return analyzer_pb2.RemediateResponse()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        """End the process, which answers what is under way first."""
        self.cancelled.set()
        return empty_pb2.Empty()


def _answer(judge: Callable[[], list[analyzer_pb2.AnalyzeDiagnostic]], urn: str = "") -> analyzer_pb2.AnalyzeResponse:
    try:
        return analyzer_pb2.AnalyzeResponse(diagnostics=judge())
    except Exception as error:  # noqa: BLE001 - what the pack couldn't judge must stop the run and say why
        return analyzer_pb2.AnalyzeResponse(diagnostics=[diagnostics.broken(error, urn)])


@contextmanager
def _refusing(context: grpc.ServicerContext) -> Iterator[None]:
    try:
        yield
    except InvalidInputError as error:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))


def _problem(name: str, message: str, fix: str) -> Problem:
    return Problem(_CONFIGURATION, 0, name, message, fix)
