"""What each phase must show: a scripted driver plays an engine that does it right, or wrong in one way."""

from pathlib import Path

import pytest

from herd.cloud.audit import Found
from herd.plan import Plan, Step
from herd.rehearse.driver import Run
from herd.rehearse.lifecycle import Lifecycle
from herd.rehearse.workspace import Tree

STACK = "urn:pulumi:dev::herd::pulumi:pulumi:Stack::herd-dev"
ROUTE = "urn:pulumi:dev::herd::aws:ec2/route:Route::nat"
POLICY = "urn:pulumi:dev::herd::aws:s3/bucketPolicy:BucketPolicy::data"
TREE = Tree(Path("tree"), "working tree")


def resources(**extra):
    route = {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"}
    return [
        {"urn": STACK, "type": "pulumi:pulumi:Stack"},
        {"urn": ROUTE, "type": "aws:ec2/route:Route", "custom": True, "outputs": route, **extra},
        {"urn": POLICY, "type": "aws:s3/bucketPolicy:BucketPolicy", "custom": True, "outputs": {"bucket": "data-1"}},
    ]


def run(*steps, ok=True, errors=(), status="done", **changes):
    made = tuple(Step(op, urn, urn.split("::")[2], status) for op, urn in steps)
    return Run(ok, Plan(made, changes), tuple(errors))


SAME = run(same=3)
# The right answers, in the order a rehearsal asks for them.
RIGHT = {
    "up": [
        run(("create", ROUTE), ("create", POLICY), create=3),
        SAME,
        SAME,
        run(("create", ROUTE), ("create", POLICY), create=2, same=1),
    ],
    "refresh": [SAME, run(("delete", ROUTE), ("delete", POLICY), delete=2, same=1), SAME],
    "destroy": [run(("delete", ROUTE), ("delete", POLICY), delete=3)],
}


class Scripted:
    """A driver that answers from a script and keeps a state that only destroy empties."""

    name = "scripted"

    def __init__(self, script, state):
        self.script = {verb: list(runs) for verb, runs in script.items()}
        self.state = state

    def up(self, _):
        return self.script["up"].pop(0)

    def refresh(self):
        return self.script["refresh"].pop(0)

    def destroy(self):
        done = self.script["destroy"].pop(0)
        if done.ok:
            self.state = []
        return done

    def deployment(self):
        return {"resources": self.state}

    def replace_deployment(self, deployment):
        self.state = deployment["resources"]


class Cloud:
    """Takes the drill's deletions."""

    def __init__(self):
        self.deleted = []

    def client(self, _):
        return self

    def delete_route(self, **parameters):
        self.deleted.append(parameters)

    def delete_bucket_policy(self, **parameters):
        self.deleted.append(parameters)


class Silent:
    def begin(self, phase):
        pass

    def end(self, phase):
        pass


def rehearsed(state=None, audit=(), **changed):
    driver = Scripted({**RIGHT, **changed}, state or resources())
    cloud = Cloud()
    lifecycle = Lifecycle(driver, cloud, lambda: list(audit), Silent())
    lifecycle.run(TREE, TREE)
    return lifecycle, cloud


def failed(lifecycle):
    return {phase.name: list(phase.problems) for phase in lifecycle.phases if not phase.ok}


def replaced(verb, nth, new):
    runs = list(RIGHT[verb])
    runs[nth] = new
    return {verb: runs}


def test_a_sound_engine_passes_every_phase():
    lifecycle, cloud = rehearsed()
    assert failed(lifecycle) == {}
    assert [phase.name for phase in lifecycle.phases] == [
        "up from nothing",
        "up working tree",
        "refresh: no drift",
        "up again: all same",
        "drill",
        "destroy",
        "leftover audit",
    ]
    assert cloud.deleted == [
        {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0"},
        {"Bucket": "data-1"},
    ]


def test_a_warning_is_a_note_and_told_once():
    warned = Run(ok=True, plan=Plan(changes={"same": 3}), errors=(), warnings=("a digest nobody read",))
    lifecycle, _ = rehearsed(up=[warned, warned, *RIGHT["up"][2:]])
    assert failed(lifecycle) == {}
    assert [phase.notes for phase in lifecycle.phases[:2]] == [("a digest nobody read",), ()]


def test_drift_without_a_cause_fails_the_refresh():
    lifecycle, _ = rehearsed(**replaced("refresh", 0, run(("update", ROUTE), update=1, same=2)))
    assert failed(lifecycle) == {
        "refresh: no drift": ["drift without a cause: update aws:ec2/route:Route::nat (no property named)"]
    }


def test_a_second_up_that_changes_something_fails():
    lifecycle, _ = rehearsed(**replaced("up", 2, run(("update", ROUTE), update=1, same=2)))
    assert list(failed(lifecycle)) == ["up again: all same"]


def test_a_refresh_that_misses_the_damage_fails_the_drill():
    lifecycle, _ = rehearsed(**replaced("refresh", 1, run(("delete", ROUTE), delete=1, same=2)))
    assert failed(lifecycle)["drill"] == ["refresh did not notice: removed the policy of bucket data-1"]


def test_an_up_that_heals_nothing_fails_the_drill():
    lifecycle, _ = rehearsed(**replaced("up", 3, SAME))
    assert len(failed(lifecycle)["drill"]) == 2


@pytest.mark.parametrize("nth", [0, 1, 2])
def test_after_a_failed_up_only_the_destroy_and_the_audit_run(nth):
    lifecycle, _ = rehearsed(**replaced("up", nth, run(ok=False, errors=["no capacity"])))
    assert list(failed(lifecycle).values()) == [["no capacity"]]
    assert [phase.name for phase in lifecycle.phases][-2:] == ["destroy", "leftover audit"]
    assert "drill" not in [phase.name for phase in lifecycle.phases]


def test_a_failure_without_words_is_still_a_failure():
    lifecycle, _ = rehearsed(**replaced("up", 0, run(ok=False)))
    assert failed(lifecycle)["up from nothing"] == ["the run failed without saying why"]


def test_what_the_audit_finds_fails_the_rehearsal():
    lifecycle, _ = rehearsed(audit=[Found("aws:ec2/vpc:Vpc", "vpc-1", "us-west-2", "1")])
    assert lifecycle.leftovers == ("aws:ec2/vpc:Vpc vpc-1 in us-west-2",)
    assert list(failed(lifecycle)) == ["leftover audit"]


def test_a_final_backup_stays_only_where_one_was_asked_for():
    backup = Found("aws:fsx/backup:Backup", "backup-1", "us-west-2", "1")
    homes = {"urn": "h", "type": "aws:fsx/openZfsFileSystem:OpenZfsFileSystem", "custom": True}
    asked = [*resources(), {**homes, "inputs": {"skipFinalBackup": False}}]
    assert failed(rehearsed(state=asked, audit=[backup])[0]) == {}
    second = Found("aws:fsx/backup:Backup", "backup-2", "us-west-2", "1")
    assert list(failed(rehearsed(state=asked, audit=[backup, second])[0])) == ["leftover audit"]
    assert list(failed(rehearsed(state=[*resources(), homes], audit=[backup])[0])) == ["leftover audit"]


REFUSED = run(("delete", ROUTE), ok=False, status="failed", errors=["protected"])


def test_protection_must_stop_the_destroy_before_it_is_lifted():
    lifecycle, _ = rehearsed(state=resources(protect=True, retainOnDelete=True), destroy=[REFUSED, *RIGHT["destroy"]])
    assert failed(lifecycle) == {}
    assert [phase.name for phase in lifecycle.phases][5:8] == ["destroy is refused", "protection lifted", "destroy"]


def test_a_destroy_that_ignores_protection_fails():
    lifecycle, _ = rehearsed(state=resources(protect=True), destroy=[*RIGHT["destroy"], run()])
    assert failed(lifecycle)["destroy is refused"] == [
        "deleted though protected: aws:ec2/route:Route::nat",
        "destroy went through though resources are protected",
    ]
