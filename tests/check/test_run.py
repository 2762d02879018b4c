"""A run: every input that can be judged is, under the severities that are its own."""

import json

import pytest

from components.base.context import Environment
from components.base.problems import InvalidInputError
from herd.check.run import Request, run

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{image: x}]\n"
BUCKET = "aws:s3/bucket:Bucket"
# A rule of the law as it is: waivers are held against the rules that there are.
WAIVER = """\
waivers:
- rule: HERD-014
  urn: "urn:pulumi:{stack}::demo::aws:autoscaling/group:Group::pool"
  stack: {stack}
  reason: moves until the template has a number
  owner: platform
  author: ada
  approver: grace
  created: 2026-02-20
  expires: {expires}
"""


@pytest.fixture
def project(tmp_path):
    """A tutorial's project: no settings of ours, default providers."""
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("")
    for name, environment in (("dev", ""), ("live", "  demo:environment: test\n"), ("scratch", "")):
        (tmp_path / f"Pulumi.{name}.yaml").write_text(f"config:\n  aws:region: eu-west-1\n{environment}")
    return tmp_path


@pytest.fixture
def judged(project, graph, rules, today, monkeypatch):
    """Judge inputs of the project; its stacks register one public bucket."""
    monkeypatch.chdir(project)

    def of(**more):
        return run(
            Request(
                folder=project,
                today=today,
                render=lambda _, stack: graph(stack, site=({"acl": "public-read"}, {})),
                **{"rules": rules, **more},
            )
        )

    return of


def deployment(stack="dev", project="demo", **more):
    urn = f"urn:pulumi:{stack}::{project}::{BUCKET}::site"
    resource = {"urn": urn, "type": BUCKET, "custom": True, "id": "b", "inputs": {"acl": "public-read"}, **more}
    return json.dumps({"version": 3, "deployment": {"resources": [resource]}})


def environments(outcome):
    return {one.name: (str(one.facts.environment), one.environment_from) for one in outcome.verdicts}


def test_a_stack(judged):
    outcome = judged(stacks=["dev"])
    (verdict,) = outcome.verdicts
    assert [finding.rule for finding in verdict.results.findings] == ["HERD-901", "HERD-902"]
    assert (outcome.errors, outcome.exit_code, verdict.facts.project) == ((), 1, "demo")


def test_all_stacks_with_the_severities_of_each(judged):
    assert environments(judged(stacks=["all", "dev"])) == {
        "dev": ("dev", "its name"),
        "live": ("test", "its setting demo:environment"),
        "scratch": ("prod", "nothing names one: the strictest"),
    }


def test_an_environment_that_a_person_says(judged):
    outcome = judged(stacks=["dev"], files=["pod.yaml"], environment=Environment.TEST)
    assert environments(outcome) == {"dev": ("test", "--environment")}


def test_files_are_under_prod(judged, project):
    (project / "pod.yaml").write_text(POD)
    outcome = judged(files=["pod.yaml"])
    assert environments(outcome) == {"pod.yaml": ("prod", "files name none: the strictest")}
    (finding,) = outcome.verdicts[0].results.findings
    assert (finding.resource, str(finding.source)) == ("Pod/a", "pod.yaml:5")


def test_a_deployment_has_its_stack_s_settings(judged, project):
    (project / "live.json").write_text(deployment("live"))
    (project / "other.json").write_text(deployment("live", "another"))
    outcome = judged(states=["live.json", "other.json"])
    assert [(str(one.facts.environment), one.environment_from) for one in outcome.verdicts] == [
        ("test", "its setting demo:environment"),
        ("prod", "nothing names one: the strictest"),
    ]


def test_an_environment_that_is_encrypted_names_none(judged, project):
    latest = json.loads(deployment("live", "another"))["deployment"]
    config = {"another:environment": {"secure": "v1:abc"}}
    (project / "other.json").write_text(json.dumps({"version": 3, "checkpoint": {"config": config, "latest": latest}}))
    outcome = judged(states=["other.json"])
    assert [(str(one.facts.environment), one.environment_from) for one in outcome.verdicts] == [
        ("prod", "nothing names one: the strictest")
    ]


def test_what_can_be_judged_is_and_every_error_is_kept(judged, project):
    (project / "pod.yaml").write_text(POD)
    (project / "bad.yaml").write_text("a: [")
    outcome = judged(stacks=["dev", "none"], files=["pod.yaml", "bad.yaml"], states=["missing.json"])
    assert [verdict.name for verdict in outcome.verdicts] == ["dev", "pod.yaml"]
    assert {problem.file for problem in outcome.errors} == {"Pulumi.none.yaml", "bad.yaml", "missing.json"}
    assert outcome.exit_code == 2


def test_nothing_wrong(judged, project):
    (project / "pod.yaml").write_text(POD.replace("image: x", 'image: "x@sha256:0"'))
    assert judged(files=["pod.yaml"]).exit_code == 0


def test_a_stack_needs_a_project(tmp_path):
    with pytest.raises(InvalidInputError, match=r"no Pulumi\.yaml"):
        run(Request(folder=tmp_path, stacks=["dev"]))


def test_all_of_none(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    with pytest.raises(InvalidInputError, match="the project has no stack"):
        run(Request(folder=tmp_path, stacks=["all"]))


class TestWaivers:
    """A checkout's waivers hold for its stacks and what is deployed of them."""

    @pytest.fixture
    def waive(self, project):
        def write(stack="dev", expires="2026-03-20", text=WAIVER):
            (project / "policies").mkdir()
            (project / "policies" / "waivers.yaml").write_text(text.format(stack=stack, expires=expires))

        return write

    @pytest.fixture
    def pinned(self):
        from herd.check.selection import select

        return select(names=["HERD-014"])

    def state(self, project, name="demo"):
        group = {"type": "aws:autoscaling/group:Group", "inputs": {"launchTemplate": {"id": "lt-1"}}}
        urn = f"urn:pulumi:dev::{name}::aws:autoscaling/group:Group::pool"
        text = deployment(project=name, **group, urn=urn)
        (project / "dev.json").write_text(text)

    def test_they_take_findings_of_what_is_deployed(self, judged, project, waive, pinned):
        waive()
        self.state(project)
        (verdict,) = judged(states=["dev.json"], rules=pinned).verdicts
        assert (verdict.results.findings, len(verdict.waived), verdict.stops) == ((), 1, False)

    def test_but_not_of_another_project(self, judged, project, waive, pinned):
        waive()
        self.state(project, "another")
        (verdict,) = judged(states=["dev.json"], rules=pinned).verdicts
        assert (len(verdict.results.findings), verdict.waived, verdict.problems) == (1, (), ())

    def test_one_that_takes_nothing_fails(self, judged, waive, pinned):
        waive()
        outcome = judged(stacks=["dev"], rules=pinned)
        assert outcome.exit_code == 1
        (problem,) = outcome.verdicts[0].problems
        assert str(problem).startswith("policies/waivers.yaml:3: waivers[0].urn: takes nothing")

    def test_one_is_told_by_its_own_number_whatever_is_asked(self, judged, waive, pinned):
        other = WAIVER.replace("HERD-014", "HERD-013")
        waive(text=other + WAIVER.removeprefix("waivers:\n"))
        (problem,) = judged(stacks=["dev"], rules=pinned).verdicts[0].problems
        assert (problem.line, problem.field) == (12, "waivers[1].urn")

    def test_manifests_are_under_none(self, judged, project, waive, pinned):
        waive(expires="2026-02-21")
        (project / "pod.yaml").write_text(POD)
        assert judged(files=["pod.yaml"], rules=pinned).exit_code == 0

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("waivers: [{rule: HERD-014}]", "policies/waivers.yaml:1: waivers[0].urn"),
            ("waivers: [", "not valid YAML"),
            (WAIVER.replace("HERD-014", "HERD-0144"), "there is no rule 'HERD-0144'"),
            (WAIVER.replace("stack: {stack}", "stack: gone"), ":4: waivers[0].stack: there is no stack 'gone'"),
            (WAIVER.replace("HERD-014", "HERD-048"), ":2: waivers[0].rule: HERD-048 doesn't hold in dev"),
        ],
    )
    def test_a_malformed_file_is_told_before_anything_is_judged(self, judged, waive, text, words):
        waive(text=text.replace("[{rule: HERD-014}]", "[{{rule: HERD-014}}]"))
        with pytest.raises(InvalidInputError) as caught:
            judged(stacks=["dev"])
        assert words in str(caught.value)
