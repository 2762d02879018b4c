"""The provider's operations on ordinary objects, and what it says when the cluster is not there."""

import base64

import pytest

from herd.cloud.faults import Fault
from herd.cloud.kubernetes.kinds import known_kind
from herd.cloud.provider.errors import CloudError, PartialError, RefusedError
from herd.cloud.provider.wire import UNKNOWN, Secret, plain
from herd.cloud.stand_ins import fidelity

MAP, NAMESPACE, POOL = (
    "kubernetes:core/v1:ConfigMap",
    "kubernetes:core/v1:Namespace",
    "kubernetes:karpenter.sh/v1:NodePool",
)
SECRET = "kubernetes:core/v1:Secret"
SEED = b"seed"
NAMED = {"metadata": {"name": "a"}}


def urn(token, name="thing"):
    return f"urn:pulumi:dev::herd::x$y${token}::{name}"


def check(provider, token, news, olds=None, autonaming=None):
    return provider.check(urn(token), olds or {}, news, SEED, autonaming)


def make(provider, token, news):
    inputs, failures = check(provider, token, news)
    assert failures == []
    id_, state = provider.create(urn(token), inputs, 0, preview=False)
    return id_, state, inputs


def test_an_object_gets_its_kind_its_namespace_and_a_name(cluster):
    inputs, failures = check(cluster.provider(), MAP, {"metadata": {"uid": "a"}, "data": {"a": None, "b": "c"}})
    assert failures == []
    name = inputs["metadata"].pop("name")
    assert name.startswith("thing-")
    assert len(name) == len("thing-01234567")
    assert inputs == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "default", "annotations": {"pulumi.com/autonamed": "true"}},
        "data": {"b": "c"},
    }
    again, _ = check(cluster.provider(), MAP, {}, olds={**inputs, "metadata": {**inputs["metadata"], "name": name}})
    assert again["metadata"]["name"] == name, "a name once given is kept"


def test_only_what_lives_in_a_namespace_gets_one(cluster):
    provider = cluster.provider(namespace="team")
    assert check(provider, NAMESPACE, {})[0]["metadata"].get("namespace") is None
    assert check(provider, POOL, {})[0]["metadata"].get("namespace") is None, "known before its definition is there"
    assert check(provider, "kubernetes:example.org/v1:Barn", {})[0]["metadata"]["namespace"] == "team"


@pytest.mark.parametrize(
    ("token", "news", "autonaming", "property_"),
    [
        (MAP, {"metadata": {"generateName": "a"}}, None, "metadata.generateName"),
        (MAP, {}, {"mode": "disable", "proposedName": ""}, "metadata.name"),
        ("kubernetes:core/v1:ConfigMapList", {}, None, ""),
        ("kubernetes:core/v1:ConfigMapPatch", {}, None, ""),
    ],
)
def test_what_it_cannot_make_is_refused_before(cluster, token, news, autonaming, property_):
    assert [where for where, _ in check(cluster.provider(), token, news, autonaming=autonaming)[1]] == [property_]


def test_the_engines_own_proposal_is_the_name(cluster):
    proposal = {"mode": "propose", "proposedName": "mine"}
    assert check(cluster.provider(), MAP, {}, autonaming=proposal)[0]["metadata"]["name"] == "mine"


def test_an_object_is_made_read_changed_and_deleted(cluster):
    provider = cluster.provider()
    id_, state, inputs = make(provider, MAP, {"metadata": {"name": "it"}, "data": {"a": "1"}})
    assert id_ == "default/it"
    assert state["metadata"]["uid"]
    assert state["__inputs"] == inputs
    assert state["__initialApiVersion"] == "v1"
    assert provider.read(urn(MAP), id_, state, inputs)[2] == inputs
    wanted = {**inputs, "data": {"b": "2"}}
    changed = provider.update(urn(MAP), id_, state, wanted, preview=False)
    assert changed["data"] == {"b": "2"}, "what isn't asked for any more is gone"
    assert changed["__fieldManager"] == state["__fieldManager"]
    provider.delete(urn(MAP), id_, 0)
    assert provider.read(urn(MAP), id_, state, inputs)[0] == ""
    provider.delete(urn(MAP), id_, 0)


def test_a_look_up_gives_the_whole_object(cluster):
    provider = cluster.provider()
    make(provider, MAP, {"metadata": {"name": "it"}, "data": {"a": "1"}})
    id_, state, seen = provider.read(urn(MAP), "default/it", {}, {})
    assert (id_, state["data"], seen["data"]) == ("default/it", {"a": "1"}, {"a": "1"})


def test_what_somebody_else_changed_shows_as_drift_and_a_conflict_says_who(cluster):
    provider = cluster.provider()
    id_, state, inputs = make(provider, MAP, {"metadata": {"name": "it"}, "data": {"a": "1"}})
    api = provider.settings.api
    path = known_kind("v1", "ConfigMap").path("default", "it")
    theirs = {"metadata": {"name": "it"}, "data": {"a": "2"}}
    query = {"fieldManager": "kubectl", "force": "true"}
    api.ask("PATCH", path, theirs, query=query, content="application/apply-patch+yaml")
    _, seen_state, _ = provider.read(urn(MAP), id_, state, inputs)
    found, _ = provider.diff(urn(MAP), seen_state, inputs, [])
    assert list(found.detailed) == ["data.a"]
    with pytest.raises(PartialError, match=r'conflict with "kubectl": \.data\.a') as caught:
        provider.update(urn(MAP), id_, seen_state, inputs, preview=False)
    assert plain(caught.value.properties)["data"] == {"a": "2"}


@pytest.mark.parametrize(
    ("token", "old", "new", "replaces", "first"),
    [
        (MAP, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, ["metadata.name"], False),
        (MAP, {**NAMED, "data": {"x": "1"}}, {**NAMED, "data": {"x": "2"}}, ["data.x"], True),
        (MAP, {"data": {"x": "1"}}, {"data": {"x": "2"}}, ["data.x"], False),
        (MAP, {"metadata": {"name": "a", "labels": {"x": "1"}}}, {"metadata": {"name": "a"}}, [], False),
    ],
    ids=["renamed", "named", "auto-named", "labels"],
)  # fmt: skip
def test_what_cannot_change_in_place_replaces(cluster, token, old, new, replaces, first):
    """A fixed name must be free before the new object can have it; an auto-named one gets a name beside the old."""
    provider = cluster.provider()
    _, state, inputs = make(provider, token, old)
    wanted, _ = check(provider, token, new, olds=inputs)
    found, delete_first = provider.diff(urn(token), state, wanted, [])
    assert (found.replaces, delete_first) == (replaces, first)
    assert found.detailed


def test_data_change_in_place_where_the_provider_is_told_so(cluster):
    provider = cluster.provider(enableConfigMapMutable="true")
    _, state, inputs = make(provider, MAP, {"metadata": {"name": "it"}, "data": {"x": "1"}})
    assert provider.diff(urn(MAP), state, {**inputs, "data": {"x": "2"}}, [])[0].replaces == []
    fixed = {**inputs, "data": {"x": "2"}, "immutable": True}
    assert provider.diff(urn(MAP), state, fixed, [])[0].replaces == ["data.x"]


def test_the_same_again_is_no_difference(cluster):
    provider = cluster.provider()
    _, state, inputs = make(provider, NAMESPACE, {"metadata": {"labels": {"a": "b"}}})
    assert provider.diff(urn(NAMESPACE), state, inputs, [])[0].detailed == {}


def test_secrets_stay_secret_encoded_or_not(cluster):
    provider = cluster.provider()
    news = {"metadata": {"name": "it"}, "stringData": {"password": Secret("hunter2")}, "type": "Opaque"}
    _, state, inputs = make(provider, SECRET, news)
    assert inputs["stringData"] == {"password": Secret("hunter2")}
    assert state["data"] == {"password": Secret(base64.b64encode(b"hunter2").decode())}
    assert "stringData" not in state
    assert provider.diff(urn(SECRET), state, inputs, [])[0].detailed == {}
    _, read, seen = provider.read(urn(SECRET), "default/it", state, inputs)
    assert seen["data"] == state["data"]
    assert provider.diff(urn(SECRET), read, inputs, [])[0].detailed == {}, "a refresh finds no drift"


def test_a_preview_lets_the_server_check_and_keeps_nothing(cluster):
    provider = cluster.provider()
    inputs, _ = check(provider, MAP, {"metadata": {"name": "it"}, "data": {"a": "1"}})
    id_, planned = provider.create(urn(MAP), inputs, 0, preview=True)
    assert (id_, planned["data"]) == ("", {"a": "1"})
    assert provider.read(urn(MAP), "default/it", {}, inputs)[0] == ""
    with pytest.raises(CloudError, match=r"data\.a"):
        provider.create(urn(MAP), {**inputs, "data": {"a": 1}}, 0, preview=True)
    unknown = {**inputs, "data": {"a": UNKNOWN}}
    assert provider.create(urn(MAP), unknown, 0, preview=True) == ("", unknown)
    early = {**inputs, "metadata": {"name": "it", "namespace": "not-yet"}}
    assert provider.create(urn(MAP), early, 0, preview=True) == ("", early)


def test_a_kind_without_its_definition_is_refused_by_name(cluster):
    provider = cluster.provider()
    inputs, _ = check(provider, POOL, {"spec": {}})
    assert provider.create(urn(POOL), inputs, 0, preview=True) == ("", inputs), "it may be made in the same run"
    said = 'no matches for kind "NodePool" in version "karpenter.sh/v1"'
    with pytest.raises(RefusedError, match=said):
        provider.create(urn(POOL), inputs, 0, preview=False)
    provider.delete(urn(POOL), "gone-with-its-kind", 0)


def test_a_name_that_is_taken_is_told_with_a_way_out(cluster):
    provider = cluster.provider()
    _, _, inputs = make(provider, MAP, {"metadata": {"name": "it"}, "data": {"a": "1"}})
    with pytest.raises(RefusedError, match=r'(?s)configmaps "it" already exists.*upsertExistingObjects'):
        provider.create(urn(MAP), inputs, 0, preview=False)
    taking = cluster.provider(upsertExistingObjects="true", enableConfigMapMutable="true")
    with pytest.raises(RefusedError, match="conflict with"):
        taking.create(urn(MAP), {**inputs, "data": {"a": "2"}}, 0, preview=False)
    assert taking.create(urn(MAP), inputs, 0, preview=False)[0] == "default/it"


def test_a_busy_server_is_asked_again(cluster):
    cluster.cloud.faults.add(Fault(kind="throttle", service="kubernetes", times=2))
    cluster.cloud.faults.add(Fault(kind="unavailable", service="kubernetes", action="Create *", times=1))
    assert make(cluster.provider(), MAP, {"metadata": {"name": "it"}})[0] == "default/it"


def test_a_lost_answer_is_told_as_what_it_is(cluster):
    provider = cluster.provider()
    inputs, _ = check(provider, MAP, {"metadata": {"name": "it"}})
    cluster.cloud.faults.add(Fault(kind="lost", service="kubernetes", action="Create *"))
    with pytest.raises(CloudError, match="may or may not have been carried out"):
        provider.create(urn(MAP), inputs, 0, preview=False)


def test_a_cluster_that_cannot_be_reached_stops_everything_with_the_reason(cluster):
    said = []
    gone = cluster.kubeconfig(cluster={"server": "https://gone.gr7.eu-west-1.eks.amazonaws.com"})
    provider = cluster.provider(said, kubeconfig=gone)
    inputs, failures = check(provider, MAP, {"metadata": {"name": "it"}})
    assert failures == []
    assert provider.create(urn(MAP), inputs, 0, preview=True) == ("", inputs)
    for act in (
        lambda: provider.create(urn(MAP), inputs, 0, preview=False),
        lambda: provider.update(urn(MAP), "default/it", inputs, inputs, preview=False),
    ):
        with pytest.raises(RefusedError, match=r"configured Kubernetes cluster is unreachable: .*no such host"):
            act()
    for act in (
        lambda: provider.read(urn(MAP), "default/it", inputs, inputs),
        lambda: provider.delete(urn(MAP), "default/it", 0),
    ):
        with pytest.raises(RefusedError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
            act()
    assert any("no such host" in text for text in said)


def test_objects_of_a_lost_cluster_can_be_given_up_or_kept(cluster):
    gone = {"kubeconfig": cluster.kubeconfig(cluster={"server": "https://gone.gr7.eu-west-1.eks.amazonaws.com"})}
    given_up = cluster.provider(**gone, deleteUnreachable="true")
    assert given_up.read(urn(MAP), "default/it", {"a": 1}, {"b": 1}) == ("", {}, {})
    given_up.delete(urn(MAP), "default/it", 0)
    kept = cluster.provider(**gone, skipUpdateUnreachable="true")
    assert kept.read(urn(MAP), "default/it", {"a": 1}, {"b": 1}) == ("default/it", {"a": 1}, {"b": 1})
    assert kept.check(urn(MAP), {"old": 1}, {"new": 1}, SEED, None) == ({"old": 1}, [])


def test_fidelity_is_told_by_type():
    tokens = [POOL, MAP, "kubernetes:helm.sh/v3:Release", "kubernetes:crd.k8s.amazonaws.com/v1alpha1:ENIConfig"]
    assert [fidelity(token) for token in tokens] == ["modelled", "modelled", "recorded", "recorded"]
