"""The report as SARIF 2.1.0, held to the parts of its schema that it uses."""

import json
import os
from copy import deepcopy

import pytest
from jsonschema import Draft7Validator

from herd.check import judge
from herd.check.files import given
from herd.check.report.sarif import log
from herd.check.run import Outcome
from policies.engine.facts import Facts


def closed(required, **properties):
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def several(items, **more):
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string"}
INDEX = {"type": "integer", "minimum": -1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object", "properties": {"tags": several(TEXT, uniqueItems=True)}}
MESSAGE = closed(["text"], text=TEXT, markdown=TEXT)
URI = {"type": "string", "pattern": r"^[^\s<>\"{}|\\^`]+$"}
ARTIFACT = closed([], uri=URI, uriBaseId=TEXT)
PHYSICAL = closed(
    ["artifactLocation"], artifactLocation=ARTIFACT, region=closed([], startLine={"type": "integer", "minimum": 1})
)
LOGICAL = closed([], name=TEXT, fullyQualifiedName=TEXT, kind=TEXT)
LOCATION = closed([], physicalLocation=PHYSICAL, logicalLocations=several(LOGICAL, uniqueItems=True))
NOTIFICATION = closed(["message"], message=MESSAGE, level=LEVEL, associatedRule=closed([], id=TEXT, index=INDEX))
# From the standard's sections 3.13, 3.14, 3.20, 3.27, 3.35 and 3.49, which its JSON schema spells out.
SCHEMA = closed(
    ["version", "runs"],
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs=several(
        closed(
            ["tool"],
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            properties=BAG,
            tool=closed(
                ["driver"],
                driver=closed(
                    ["name"],
                    name=TEXT,
                    organization=TEXT,
                    fullName=TEXT,
                    rules=several(
                        closed(
                            ["id"],
                            id=TEXT,
                            name=TEXT,
                            shortDescription=MESSAGE,
                            fullDescription=MESSAGE,
                            help=MESSAGE,
                            helpUri={"type": "string", "pattern": "^https?://"},
                            defaultConfiguration=closed([], level=LEVEL),
                            properties=BAG,
                        ),
                        uniqueItems=True,
                    ),
                ),
            ),
            invocations=several(
                closed(
                    ["executionSuccessful"],
                    executionSuccessful={"type": "boolean"},
                    exitCode={"type": "integer"},
                    toolExecutionNotifications=several(NOTIFICATION),
                    toolConfigurationNotifications=several(NOTIFICATION),
                )
            ),
            results=several(
                closed(
                    ["message"],
                    ruleId=TEXT,
                    ruleIndex=INDEX,
                    kind={"enum": ["notApplicable", "pass", "fail", "review", "open", "informational"]},
                    level=LEVEL,
                    message=MESSAGE,
                    locations=several(LOCATION),
                    partialFingerprints={"type": "object", "additionalProperties": TEXT},
                    properties=BAG,
                    suppressions=several(
                        closed(
                            ["kind"],
                            kind={"enum": ["inSource", "external"]},
                            status={"enum": ["accepted", "underReview", "rejected"]},
                            justification=TEXT,
                            location=LOCATION,
                        )
                    ),
                )
            ),
        )
    ),
)


def problems(data):
    return [error.message for error in Draft7Validator(SCHEMA).iter_errors(data)]


@pytest.fixture
def sarif(outcome):
    # As readers get it: severities are text there.
    return json.loads(json.dumps(log(outcome)))


@pytest.fixture
def write_pod(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name):
        (tmp_path / name).write_text("apiVersion: v1\nkind: Pod\nspec: {containers: [{image: x}]}\n")
        return name

    return write


@pytest.fixture
def results(sarif):
    return sarif["runs"][0]["results"]


def test_is_what_the_schema_says(sarif, fine):
    assert problems(sarif) == []
    assert problems(json.loads(json.dumps(log(fine)))) == []


def test_the_schema_would_tell(sarif):
    for break_it in (
        lambda run: run["results"][0].pop("message"),
        lambda run: run["results"][0].update(level="fatal"),
        lambda run: run["tool"]["driver"]["rules"][0].pop("id"),
        lambda run: run["results"][0].update(severity="high"),
        lambda run: run["tool"]["driver"]["rules"][0].update(helpUri="docs/rules/HERD-001.md"),
    ):
        broken = deepcopy(sarif)
        break_it(broken["runs"][0])
        assert problems(broken) != []


def test_every_result_names_its_rule(sarif, results):
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in results)
    assert [rule["id"] for rule in rules] == [f"HERD-{number}" for number in range(901, 909)]


def test_levels_say_what_stops(results):
    assert {(r["ruleId"], r["kind"], r["level"]) for r in results if not r.get("suppressions")} == {
        ("HERD-901", "fail", "error"),
        ("HERD-902", "fail", "warning"),
        ("HERD-905", "fail", "warning"),
        ("HERD-906", "fail", "error"),
        ("HERD-901", "open", "none"),
        ("HERD-908", "open", "none"),
    }


def test_places(results):
    pod = next(r for r in results if r["ruleId"] == "HERD-906")
    assert pod["locations"] == [
        {
            "logicalLocations": [{"name": "Pod/a", "fullyQualifiedName": "Pod/a", "kind": "resource"}],
            "physicalLocation": {
                "artifactLocation": {"uri": "a%20pod.yaml", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 6},
            },
        }
    ]
    bucket = next(r for r in results if r["ruleId"] == "HERD-902")
    assert bucket["locations"][0]["logicalLocations"][0] == {
        "name": "site",
        "fullyQualifiedName": "urn:pulumi:dev::demo::aws:s3/bucket:Bucket::site",
        "kind": "resource",
    }


def test_a_waived_finding_is_a_suppressed_one(results):
    (waived,) = [r for r in results if "suppressions" in r]
    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "approved by grace, until 2026-03-10" in suppression["justification"]


def test_what_went_wrong_with_the_run(sarif):
    (invocation,) = sarif["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    said = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert sum("the rule itself failed" in text for text in said) == 3
    assert said[-1] == "bad: 1,2.yaml:3: not valid YAML (fix: mend it)"
    assert "takes nothing" in invocation["toolConfigurationNotifications"][0]["message"]["text"]


def test_fingerprints_are_of_the_finding_and_not_of_its_line(outcome, results):
    prints = [r["partialFingerprints"]["herdFinding/v1"] for r in results]
    assert len(set(prints)) == len(prints)
    for verdict in outcome.verdicts:
        for finding in verdict.results.findings:
            object.__setattr__(finding, "source", type(finding.source)(finding.source.file, 99))
    moved = [r["partialFingerprints"]["herdFinding/v1"] for r in log(outcome)["runs"][0]["results"]]
    assert moved == prints


def test_pages_are_linked_where_the_repository_is_known(outcome):
    (first, *_) = log(outcome, repository="https://github.com/o/r/blob/abc/")["runs"][0]["tool"]["driver"]["rules"]
    assert first["helpUri"] == "https://github.com/o/r/blob/abc/docs/rules/HERD-901.md"
    (first, *_) = log(outcome)["runs"][0]["tool"]["driver"]["rules"]
    assert "helpUri" not in first
    assert "docs/rules/HERD-901.md" in first["help"]["text"]


def test_a_file_whose_name_is_no_text_has_an_address(write_pod, today, rules):
    (one,), _ = given([write_pod(os.fsdecode(b"\xff.yaml"))])
    found = log(Outcome((judge(one.stack, Facts(), (), today, rules),), ()))
    (place,) = [location for result in found["runs"][0]["results"] for location in result["locations"]]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "%FF.yaml"
