"""Values that are filled in later or that only the cloud knows: rules of the supply chain say that they can't tell."""

import pytest

from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Stack, Subject
from policies.rules import all_rules

RULES = {rule.id: rule for rule in all_rules()}
POD, RELEASE, ARGO = "core/v1:Pod", "helm.sh/v3:Release", "argoproj.io/v1alpha1:Application"


def container(image):
    return {"spec": {"containers": [{"image": image}]}}


@pytest.mark.parametrize(
    ("rule", "kind", "props"),
    [
        ("HERD-040", POD, container("{{ .Values.image }}")),
        ("HERD-041", POD, container("ghcr.io/team/api:${urn:a::b::c::d.version}")),
        ("HERD-041", POD, container("ghcr.io/team/api:{{version}}")),
        ("HERD-041", RELEASE, {"values": {"image": {"repository": "api", "tag": "${urn:a::b::c::d.version}"}}}),
        ("HERD-042", POD, container("${urn:a::b::c::d.registry}/api:1")),
        ("HERD-043", RELEASE, {"chart": "api", "version": "{{version}}"}),
        ("HERD-043", ARGO, {"spec": {"source": {"repoURL": "x", "targetRevision": "{{branch}}"}}}),
    ],
)
def test_is_not_evaluated(rule, kind, props):
    subject = Subject("urn", f"kubernetes:{kind}", "it", props)
    results = evaluate(Stack((subject,)), [RULES[rule]], Facts())
    assert results.findings == ()
    assert len(results.not_evaluated) == 1
