"""A page per rule and their index, generated from the rules and their fixtures: `python -m herd.policy.pages`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from components.base.context import Environment
from herd.write import write_text
from policies.engine import fixtures
from policies.engine.fixtures import Case
from policies.engine.rule import ANY_TYPE, Rule, enforcement
from policies.rules import all_rules, plan_rules

FOLDER: Final = Path("docs/rules")
_LIBRARIES: Final = {
    "checkov": "Checkov",
    "trivy": "Trivy",
    "cis": "CIS AWS Foundations",
    "fsbp": "AWS Foundational Security Best Practices",
    "prowler": "Prowler",
    "kyverno": "Kyverno",
    "config": "AWS Config",
    "cdk-nag": "cdk-nag",
    "parallelcluster": "ParallelCluster",
    "pulumi": "Pulumi's policy packs",
    "reference": "",
}
_SHOWN: Final = 2
"""How many good and bad cases a page shows; the fixtures have them all."""


def pages() -> dict[Path, str]:
    """Path in the repository -> text."""
    rules = (*all_rules(), *plan_rules())
    found = {FOLDER / f"{rule.id}.md": page(rule) for rule in rules}
    return {FOLDER / "README.md": index(rules), **found}


def index(rules: tuple[Rule, ...]) -> str:
    """The table of all rules, by pack."""
    lines = [
        "# The rules",
        "",
        "Generated from `policies/rules` and `policies/fixtures` by `python -m herd.policy.pages`. How they are run:",
        "[herd check](../commands/check.md), [the pack for the Pulumi CLI](../policy-pack.md). What they cover:",
        "[coverage](coverage.md).",
        "",
        "Severity by environment: C critical (stops everywhere), H high, M medium, L low (advice in dev, a stop in",
        "test and prod), - where the rule doesn't hold.",
    ]
    for pack in dict.fromkeys(rule.pack for rule in sorted(rules, key=lambda rule: (rule.pack == "plan", rule.pack))):
        lines += ["", f"## {pack}", "", "| rule | says | dev | test | prod |", "|---|---|---|---|---|"]
        lines += [
            f"| [{rule.id}]({rule.id}.md) | {rule.title} | {' | '.join(_letter(rule, e) for e in Environment)} |"
            for rule in rules
            if rule.pack == pack
        ]
    return "\n".join(lines) + "\n"


def page(rule: Rule) -> str:
    """One rule's page."""
    fixture = fixtures.load(rule.id)
    types = ["every type"] if ANY_TYPE in rule.types else [f"`{name}`" for name in rule.types]
    lines = [
        f"# {rule.id}: {rule.title}",
        "",
        f"`{rule.name}` · pack `{rule.pack}` · since {rule.since}"
        + (f" · formerly {', '.join(rule.aliases)}" if rule.aliases else ""),
        "",
        "| dev | test | prod |",
        "|---|---|---|",
        "| " + " | ".join(_level(rule, environment) for environment in Environment) + " |",
        "",
        rule.why,
        "",
        f"**Fix.** {rule.fix}",
        "",
        f"**Looks at** {', '.join(f'`{name}`' for name in rule.properties)} of {', '.join(types)}.",
    ]
    if rule.looser_upward:
        lines += ["", f"**Not in every environment:** {rule.looser_upward}"]
    elsewhere = [f"{_LIBRARIES[name]} {', '.join(ids)}" for name, ids in rule.mappings.items() if _LIBRARIES.get(name)]
    if elsewhere:
        lines += ["", f"**Elsewhere:** {'; '.join(elsewhere)}."]
    lines += ["", "## Bad", *_cases(fixture.bad), "", "## Good", *_cases(fixture.good)]
    lines += ["", f"Source: [{_source(rule)}](../../{_source(rule)}), all cases: "]
    lines[-1] += f"[fixtures](../../policies/fixtures/{rule.id}.yaml)."
    return "\n".join(lines) + "\n"


def _source(rule: Rule) -> str:
    return "/".join(rule.file.parts[rule.file.parts.index("policies") :])


def _letter(rule: Rule, environment: Environment) -> str:
    return rule.severity[environment][0].upper() if rule.holds_in(environment) else "-"


def _level(rule: Rule, environment: Environment) -> str:
    if not rule.holds_in(environment):
        return "-"
    severity = rule.severity[environment]
    return f"{severity}, {enforcement(severity, environment)}"


def _cases(cases: tuple[Case, ...]) -> Iterator[str]:
    for case in cases[:_SHOWN]:
        yield from ("", f"{case.case[:1].upper()}{case.case[1:]}", "", "```yaml", _yaml(case), "```")
    if len(cases) > _SHOWN:
        yield from ("", f"And {len(cases) - _SHOWN} more.")


def _yaml(case: Case) -> str:
    kept = {"name", "type", "props", "options", "operations", "resources", "staging", "silentCritical", "facts"}
    data = case.model_dump(by_alias=True, exclude_defaults=True, mode="json")
    data = {key: value for key, value in data.items() if key in kept}
    only = data.get("resources", [])
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style, yaml.width = None, 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(only[0] if set(data) == {"resources"} and len(only) == 1 else data, text)
    return text.getvalue().rstrip()


def main(root: Path = Path()) -> None:
    """Write every page, and remove pages of rules that are gone."""
    wanted: dict[Path, Any] = {root / path: text for path, text in pages().items()}
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    for path in (root / FOLDER).glob("HERD-*.md"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        write_text(path, text)


if __name__ == "__main__":
    main()
