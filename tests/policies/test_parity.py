"""The pack finds what `herd check` finds: every fixture of every rule, through the protocol as in a real `up`."""

from dataclasses import replace
from time import process_time

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2, resource_pb2
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from herd.render import options
from policies.engine import fixtures
from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Origin, Stack
from policies.engine.trial import facts_of
from policies.engine.values import INVISIBLE, SECRET, UNKNOWN, Reference
from policies.pack.run import Run
from policies.pack.servicer import Servicer
from policies.rules import all_rules

RULES = {rule.id: rule for rule in all_rules()}
SHOWN = {
    "additionalSecretOutputs": [],
    "aliases": [],
    "customTimeouts": {"create": 0.0, "update": 0.0, "delete": 0.0},
    "deleteBeforeReplace": None,
    "ignoreChanges": [],
    "protect": False,
    "provider": None,
}
HIDDEN = dict.fromkeys(set(options.registered(resource_pb2.RegisterResourceRequest())) - set(SHOWN), INVISIBLE)


@pytest.fixture(scope="module")
def servicer():
    return Servicer(list(RULES.values()), Run())


def known(value, unknown=UNKNOWN):
    """A value as a deployment has it: what a symbol stands for is there."""
    if isinstance(value, dict):
        return {str(key): known(item, unknown) for key, item in value.items()}
    if isinstance(value, list):
        return [known(item, unknown) for item in value]
    if isinstance(value, Reference):
        return f"{value.path}-of-{value.owner.rsplit('::', 1)[-1]}"
    return "hush" if value is SECRET else unknown if value is UNKNOWN else value


def references(value):
    if isinstance(value, Reference):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from references(item)


def deployed(stack):
    """The fixture's stack as `up` leaves it, with the options that the protocol shows."""
    named = [found for subject in stack.subjects for found in references(dict(subject.values))]
    return Stack(
        tuple(
            replace(
                subject,
                values=known(dict(subject.values)),
                results=known(dict(subject.values))
                | {found.path: known(found) for found in named if found.owner == subject.urn}
                | known(dict(subject.results)),
                settings=SHOWN | {key: value for key, value in subject.settings.items() if key in SHOWN} | HIDDEN,
                provider_values=known(subject.provider_values) or {} if subject.custom else None,
                origin=Origin.DEPLOYMENT,
            )
            for subject in stack.subjects
        ),
        stack.name,
        stack.project,
        Origin.DEPLOYMENT,
    )


def struct(values):
    made = struct_pb2.Struct()
    made.update(known(dict(values), UNKNOWN_STRING_VALUE))
    return made


def through_the_protocol(servicer, stack, facts):
    """What the pack says of a stack, as (policy, URN, first line of what it says)."""
    for kept in (servicer._inputs, servicer._facts, servicer._early):
        kept.clear()
    servicer._facts["herd", "fixture"] = facts
    said, after = [], []
    for subject in stack.subjects:
        common = {
            "type": subject.type,
            "urn": subject.urn,
            "name": subject.name,
            "options": analyzer_pb2.AnalyzerResourceOptions(
                protect=subject.settings["protect"],
                ignoreChanges=subject.settings["ignoreChanges"],
                deleteBeforeReplace=bool(subject.settings["deleteBeforeReplace"]),
                deleteBeforeReplaceDefined=subject.settings["deleteBeforeReplace"] is not None,
                aliases=subject.settings["aliases"],
                additionalSecretOutputs=subject.settings["additionalSecretOutputs"],
                parent=subject.parent or "",
            ),
            "provider": analyzer_pb2.AnalyzerProviderResource(properties=struct(subject.provider_values))
            if subject.custom
            else None,
        }
        request = analyzer_pb2.AnalyzeRequest(properties=struct(subject.values), **common)
        said += servicer.Analyze(request, None).diagnostics
        properties = struct(subject.results)
        after.append(analyzer_pb2.AnalyzerResource(properties=properties, parent=subject.parent or "", **common))
    said += servicer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=after), None).diagnostics
    return sorted((one.policyName, one.urn, one.message.split("\n")[1]) for one in said if one.policyName != "law")


def by_the_engine(stack, facts):
    results = evaluate(stack, list(RULES.values()), facts)
    said = [(found, f"{found.property}: {found.message}") for found in results.findings]
    said += [(silent, f"not evaluated: {silent.property}: {silent.message}") for silent in results.not_evaluated]
    return sorted(
        (RULES[one.rule].name, one.resource, text.replace(": : ", ": ").removeprefix(": ").split("\n")[0])
        for one, text in said
    )


# Reading the fixtures takes the time: every fifth rule's in the default suite, the others' in the slow one.
@pytest.mark.parametrize(
    "rule", [pytest.param(name, marks=[pytest.mark.slow] * (number % 5 > 0)) for number, name in enumerate(RULES)]
)
def test_every_fixture_is_judged_alike(servicer, rule):
    fixture = fixtures.load(rule)
    found = set()
    for case in (*fixture.good, *fixture.bad, fixture.empty):
        facts = facts_of(RULES[rule], case)
        stack = deployed(fixtures.stack(case))
        expected = by_the_engine(stack, facts)
        assert through_the_protocol(servicer, stack, facts) == expected, case.case
        found |= {name for name, _, _ in expected}
    assert RULES[rule].name in found


@pytest.mark.slow
def test_a_thousand_resources_cost_a_tiny_part_of_a_preview(servicer):
    stacks = [deployed(fixtures.stack(case)) for rule in RULES for case in fixtures.load(rule).good]
    subjects = [subject for stack in stacks for subject in stack.subjects][:1000]
    many = tuple(
        replace(subjects[n % len(subjects)], urn=f"{subjects[n % len(subjects)].urn}-{n}") for n in range(1000)
    )
    began = process_time()
    through_the_protocol(servicer, Stack(many, "fixture", "herd", Origin.DEPLOYMENT), Facts())
    # The engine itself takes more than 20 ms a resource for checks, diffs and events.
    assert process_time() - began < 0.2 * 1000 * 0.020
