"""One run: every input judged that can be, every problem of the others kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from components.base.context import Environment
from components.base.problems import InvalidInputError, Problem
from components.base.yaml_file import YamlFile
from herd.check.facts import facts_for_file, facts_for_stack
from herd.check.files import Given, given
from herd.check.plan_verdict import judge_plan
from herd.check.rendered import passed_over, stack_of
from herd.check.verdict import Verdict, judge
from herd.graph import Graph
from herd.root import project_root
from herd.stackfile import load_stack, stack_names
from policies import repository
from policies.engine.facts import Facts
from policies.engine.rule import Rule
from policies.engine.subject import Origin
from policies.engine.waivers import FILE, Waiver, load, placed
from policies.rules import all_rules, plan_rules

ALL: Final = "all"


@dataclass(frozen=True)
class Request:
    """What to judge.

    Attributes:
        folder: Where the command runs; the project is there or above.
        stacks: Names of stacks, or `all`.
        states: Files that must be saved deployments.
        files: Files of any kind.
        environment: Whose severities hold; None for each input's own.
        rules: The rules to ask.
        today: The day that waivers are held against; None for today's.
        plan: Engine events of a run of the one stack that is named, to judge what it would do.
        staging: Engine events of staging's last verified run.
        render: `herd.render.render`, which only runs with stacks need: it brings the SDKs.
    """

    folder: Path
    stacks: Sequence[str] = ()
    states: Sequence[str] = ()
    files: Sequence[str] = ()
    environment: Environment | None = None
    rules: Sequence[Rule] = ()
    today: date | None = None
    plan: Path | None = None
    staging: Path | None = None
    render: Callable[[Path, str], Graph] | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a run.

    Attributes:
        verdicts: One an input that could be judged.
        errors: Why others couldn't be.
    """

    verdicts: tuple[Verdict, ...]
    errors: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        """2 if something couldn't be judged, 1 if something stops, else 0."""
        return 2 if self.errors else int(any(verdict.stops for verdict in self.verdicts))


def run(request: Request) -> Outcome:
    """Judge everything that can be judged.

    Raises:
        InvalidInputError: Nothing can be: there is no project, or its waivers are malformed.
    """
    checkout = _Checkout.of(request.folder, needed=bool(request.stacks))
    waivers = checkout.waivers() if request.stacks or request.states or request.files else ()
    verdicts: list[Verdict] = []
    errors: list[Problem] = []
    for name in checkout.named(request.stacks):
        try:
            verdicts.append(_stack(checkout, name, request, waivers))
            if request.plan:
                judged = verdicts[-1]
                verdicts.append(judge_plan(request.plan, judged, waivers, staging=request.staging, today=request.today))
        except InvalidInputError as error:
            errors += error.problems
    for names, deployments in ((request.states, True), (request.files, False)):
        found, problems = given(names, deployments=deployments)
        errors += problems
        for one in found:
            try:
                verdicts.append(_given(checkout, one, request, waivers))
            except InvalidInputError as error:
                errors += error.problems
    return Outcome(tuple(checkout.placed(verdict) for verdict in verdicts), tuple(dict.fromkeys(errors)))


def _stack(checkout: _Checkout, name: str, request: Request, waivers: Sequence[Waiver]) -> Verdict:
    root = checkout.root or request.folder
    stack = load_stack(root, name, secrets=True)
    if request.render is None:
        raise ValueError("a run with stacks needs `render`")
    graph = request.render(root, name)
    facts = facts_for_stack(root, stack, request.environment)
    verdict = judge(stack_of(graph), facts, waivers, request.today, request.rules)
    return replace(
        verdict,
        environment_from=_said_by(stack.project, name, stack.config, request.environment),
        passed_over=passed_over(graph),
    )


def _given(checkout: _Checkout, one: Given, request: Request, waivers: Sequence[Waiver]) -> Verdict:
    facts, said = _facts(checkout, one, request.environment)
    # Waivers are a checkout's own: what another project deploys isn't theirs.
    mine = waivers if facts.project and facts.project == checkout.project else ()
    verdict = judge(one.stack, facts, mine, request.today, request.rules)
    return replace(verdict, name=one.name, environment_from=said, passed_over=one.passed_over)


def _facts(checkout: _Checkout, one: Given, where: Environment | None) -> tuple[Facts, str]:
    stack = one.stack
    if stack.origin is Origin.FILE:
        return facts_for_file(where or Environment.PROD), "--environment" if where else "files name none: the strictest"
    root, config = None, one.config
    if checkout.root and stack.project == checkout.project and stack.name in checkout.stacks:
        root, config = checkout.root, load_stack(checkout.root, stack.name, secrets=True).config
    known = repository.facts(root, stack.project, stack.name, config, where=where)
    return known, _said_by(stack.project, stack.name, config, where)


def _said_by(project: str, stack: str, config: Mapping[str, Any], where: Environment | None) -> str:
    if where is not None:
        return "--environment"
    if repository.is_environment(config.get(f"{project}:environment")):
        return f"its setting {project}:environment"
    return "its name" if repository.is_environment(stack) else "nothing names one: the strictest"


@dataclass(frozen=True)
class _Checkout:
    """The project around the command, if there is one.

    Attributes:
        root: Folder of Pulumi.yaml.
        project: The project's name.
        stacks: Names of its stacks.
    """

    root: Path | None = None
    project: str = ""
    stacks: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: Path, *, needed: bool) -> _Checkout:
        """The checkout at or above a folder.

        Raises:
            InvalidInputError: There is none, or its Pulumi.yaml can't be read, and a stack is to be judged.
        """
        try:
            root = project_root(folder)
            settings = YamlFile.load(root / "Pulumi.yaml", shown="Pulumi.yaml").data
        except InvalidInputError:
            if needed:
                raise
            return cls()
        settings = settings if isinstance(settings, Mapping) else {}
        place = settings.get("stackConfigDir")
        stacks = stack_names(root / (place if isinstance(place, str) else "."))
        return cls(root, str(settings.get("name") or ""), tuple(stacks))

    def named(self, names: Sequence[str]) -> tuple[str, ...]:
        """The stacks that are meant.

        Raises:
            InvalidInputError: All are meant and there is none.
        """
        if ALL in names and not self.stacks:
            raise InvalidInputError.one("the project has no stack", file="Pulumi.yaml", fix="add Pulumi.NAME.yaml")
        return tuple(dict.fromkeys([*(self.stacks if ALL in names else ()), *(n for n in names if n != ALL)]))

    def placed(self, verdict: Verdict) -> Verdict:
        """A verdict whose problems with waivers have their lines."""
        if not verdict.problems or self.root is None:
            return verdict
        return replace(verdict, problems=placed(self.root, verdict.problems))

    def waivers(self) -> tuple[Waiver, ...]:
        """The checkout's waivers.

        Raises:
            InvalidInputError: The file is malformed, or holds one that nobody would ever see to be unused.
        """
        if self.root is None:
            return ()
        rules = {rule.id: rule for rule in (*all_rules(), *plan_rules())}
        waivers = load(self.root, tuple(rules.values()))
        lost = [
            Problem(FILE, 0, f"waivers[{index}].{field}", message, "delete the waiver")
            for index, waiver in enumerate(waivers)
            for field, message in self._lost(waiver, rules[waiver.rule])
        ]
        if lost:
            raise InvalidInputError(placed(self.root, lost))
        return waivers

    def _lost(self, waiver: Waiver, rule: Rule) -> Iterator[tuple[str, str]]:
        if waiver.stack not in self.stacks:
            yield "stack", f"there is no stack {waiver.stack!r}"
            return
        try:
            config = load_stack(self.root or Path(), waiver.stack, secrets=True).config
        except InvalidInputError:
            return  # told where the stack itself is judged
        where = repository.environment(self.project, waiver.stack, config)
        if not rule.holds_in(where):
            yield "rule", f"{rule.id} doesn't hold in {where}, which {waiver.stack} is"
