"""`herd policy`: the rules of the law, one by one: what they say, why, and whether they work."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from policies.engine.rule import Rule

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The rules: list them, explain one, try them.")

JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]
RuleArgument = Annotated[str, typer.Argument(metavar="RULE", help="A rule's id or name, such as HERD-014.")]


@app.command("list")
def list_(
    *,
    pack: Annotated[str | None, typer.Option(metavar="PACK", help="Only this pack.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List every rule with its severity in dev, test and prod."""
    from components.base.problems import InvalidInputError
    from components.base.validation import closest
    from herd.policy.show import facts, table
    from policies.rules import all_rules, plan_rules

    rules = (*all_rules(), *plan_rules())
    packs = sorted({rule.pack for rule in rules})
    if pack is not None and pack not in packs:
        raise InvalidInputError.one(f"there is no pack {pack!r}", field="--pack", fix=closest(pack, packs))
    chosen = tuple(rule for rule in rules if pack in (None, rule.pack))
    if as_json:
        _json([facts(rule) for rule in chosen])
        return
    from rich.console import Console

    Console(highlight=False).print(table(chosen))


@app.command()
def explain(rule: RuleArgument, *, as_json: JsonOption = False) -> None:
    """Say what a rule wants, why, how to obey, and show a bad and a good example."""
    from herd.policy.pages import page
    from herd.policy.show import facts

    found = _rule(rule)
    if as_json:
        _json(facts(found))
        return
    sys.stdout.write(page(found))


@app.command("test")
def try_(
    rules: Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Rules to try; all if none.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Try rules on their fixtures: good, bad, empty, unknown, waived, and every mutation. Exit code 1 if one fails."""
    from herd.policy.show import trials
    from policies.engine import fixtures
    from policies.engine.trial import try_rule
    from policies.rules import all_rules, plan_rules

    chosen = [_rule(name) for name in rules] if rules else [*all_rules(), *plan_rules()]
    tried = {rule.id: list(try_rule(rule, fixtures.load(rule.id))) for rule in chosen}
    failed = any(trial.problem for found in tried.values() for trial in found)
    if as_json:
        _json(
            [
                {"rule": name, "kind": trial.kind, "case": trial.case, "problem": trial.problem}
                for name, found in tried.items()
                for trial in found
            ]
        )
    else:
        from rich.console import Console

        Console(highlight=False).print(trials(tried))
    if failed:
        raise typer.Exit(1)


@app.command()
def harden(
    stacks: Annotated[list[str] | None, typer.Argument(metavar="[STACK]...", help="Stacks; all if none.")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Take each hardening argument away from each component, and count how many a rule notices.

    Exit code 1 below 95 %, or if an argument isn't in policies/hardening.yaml.
    """
    import gc

    gc.disable()
    from herd.lazy_sdk import install

    install()
    from dataclasses import asdict
    from pathlib import Path

    from herd.check.facts import facts_for_stack
    from herd.policy import hardening
    from herd.policy.show import score
    from herd.render import render
    from herd.root import project_root
    from herd.stackfile import load_stack
    from policies.rules import all_rules

    root = project_root(Path.cwd())
    files = [load_stack(root, name) for name in stacks or ("dev", "test", "prod")]
    graphs = [render(root, file.stack) for file in files]
    known = hardening.table()
    tried = [
        removal
        for file, graph in zip(files, graphs, strict=True)
        for removal in hardening.removals(graph, all_rules(), facts_for_stack(root, file), known)
    ]
    unknown = hardening.unclassified(graphs, known)
    if as_json:
        _json({"removals": [asdict(removal) for removal in tried], "unclassified": unknown})
    else:
        from rich.console import Console

        Console(highlight=False).print(score(tried, unknown))
    if unknown or hardening.share(tried) < hardening.AIM:
        raise typer.Exit(1)


def _rule(name: str) -> Rule:
    from components.base.problems import InvalidInputError
    from components.base.validation import closest
    from policies.rules import all_rules, plan_rules

    known = {key: rule for rule in (*all_rules(), *plan_rules()) for key in rule.names}
    found = known.get(name) or known.get(name.upper())
    if found is None:
        fix = closest(name, list(known))
        raise InvalidInputError.one(f"there is no rule {name[:100]!r}", field="RULE", fix=fix)
    return found


def _json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
