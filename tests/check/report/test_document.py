"""The report for programs."""

import json

from herd.check.report.document import document


def test_the_whole_document(outcome, golden):
    golden("report.json", json.dumps(document(outcome), indent=2) + "\n")


def test_what_was_asked_for_is_there(outcome):
    found = document(outcome)
    keys = {"rule", "severity", "resource", "property", "message", "fix", "source"}
    assert all(keys <= finding.keys() for finding in found["findings"])
    assert [(one["rule"], one["stack"]) for one in found["findings"]] == [
        ("HERD-901", "dev"),
        ("HERD-902", "dev"),
        ("HERD-905", "dev"),
        ("HERD-906", "a pod.yaml"),
    ]
    assert found["passed"] == sum(one["passed"] for one in found["inputs"])
    assert {one["rule"]: one["stops"] for one in found["not_evaluated"]} == {"HERD-901": True, "HERD-908": True}


def test_nothing_wrong(fine):
    found = document(fine)
    assert (found["ok"], found["findings"], found["errors"], found["passed"]) == (True, [], [], 5)
