"""Rules and their trials for a terminal and for tools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from components.base.context import Environment
from policies.engine.rule import Rule, enforcement

if TYPE_CHECKING:
    # What makes them judges stacks: to list the rules takes none of it.
    from herd.policy.hardening import Removal
    from policies.engine.trial import Trial


def facts(rule: Rule) -> dict[str, Any]:
    """A rule as JSON data."""
    return {
        "id": rule.id,
        "name": rule.name,
        "pack": rule.pack,
        "title": rule.title,
        "severity": {e.value: rule.severity[e].value for e in Environment if rule.holds_in(e)},
        "enforcement": {e.value: enforcement(rule.severity[e], e).value for e in Environment if rule.holds_in(e)},
        "types": list(rule.types),
        "properties": list(rule.properties),
        "why": rule.why,
        "fix": rule.fix,
        "mappings": {name: list(ids) for name, ids in rule.mappings.items()},
        "since": rule.since,
        "aliases": list(rule.aliases),
    }


def table(rules: Sequence[Rule]) -> RenderableType:
    """One line a rule."""
    shown = Table(box=None, pad_edge=False)
    for name in ("rule", "pack", "dev", "test", "prod", "says"):
        shown.add_column(name, no_wrap=name != "says")
    for rule in rules:
        levels = (rule.severity[e].value if rule.holds_in(e) else "-" for e in Environment)
        shown.add_row(rule.id, rule.pack, *levels, rule.title)
    return shown


def trials(tried: Mapping[str, Sequence[Trial]]) -> RenderableType:
    """What was tried of each rule, and what each got wrong."""
    lines: list[RenderableType] = []
    total: Counter[str] = Counter()
    wrong = 0
    for rule, found in tried.items():
        counts = Counter(trial.kind for trial in found)
        total += counts
        problems = [trial for trial in found if trial.problem]
        wrong += len(problems)
        said = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        lines.append(Text(f"{'✗' if problems else '✓'} {rule:<9} {said}"))
        lines += [Text(f"    {trial.kind}: {trial.case}: {trial.problem}") for trial in problems]
    said = ", ".join(f"{number} {kind}" for kind, number in total.items())
    lines.append(Text(f"\n{len(tried)} rules, {said}: {f'{wrong} wrong' if wrong else 'all as they should be'}"))
    return Group(*lines)


def score(tried: Sequence[Removal], unclassified: Sequence[str]) -> RenderableType:
    """Which removals a rule noticed, and which none did."""
    shown = Table(box=None, pad_edge=False)
    for name in ("type", "without", "noticed by"):
        shown.add_column(name, overflow="fold")
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for removal in tried:
        key = (removal.type, removal.path)
        where = () if removal.noticed else (f"nobody ({removal.stack}: {removal.resource})",)
        rows[key] = tuple(dict.fromkeys((*rows.get(key, ()), *removal.noticed, *where)))
    for (kind, path), noticed in sorted(rows.items()):
        shown.add_row(kind, path, ", ".join(noticed))
    noticed_all = sum(bool(removal.noticed) for removal in tried)
    percent = 100 * noticed_all / len(tried) if tried else 0.0
    lines: list[RenderableType] = [shown, Text(f"\n{noticed_all} of {len(tried)} removals noticed: {percent:.1f} %")]
    lines += [Text(f"not in policies/hardening.yaml: {name}") for name in unclassified]
    return Group(*lines)
