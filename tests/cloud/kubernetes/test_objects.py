"""The API server of a cluster: what it keeps, refuses, merges, and lets go of."""

import pytest

from herd.cloud.kubernetes.kinds import CRD, known_kind
from herd.cloud.kubernetes.releases import record
from herd.cloud.kubernetes.status import Refused

NAMESPACE, MAP = known_kind("v1", "Namespace"), known_kind("v1", "ConfigMap")
SECRET, ROLE_BINDING = known_kind("v1", "Secret"), known_kind("rbac.authorization.k8s.io/v1", "RoleBinding")
DEFINITION = known_kind("apiextensions.k8s.io/v1", CRD)
POOL, CLASS = known_kind("karpenter.sh/v1", "NodePool"), known_kind("karpenter.k8s.aws/v1", "EC2NodeClass")
SPEC = {
    "amiFamily": "AL2023",
    "amiSelectorTerms": [{"id": "ami-1"}],
    "role": "node",
    "subnetSelectorTerms": [{"id": "subnet-1"}],
    "securityGroupSelectorTerms": [{"id": "sg-1"}],
}


def config_map(**data):
    return {"metadata": {"name": "it"}, "data": data}


def refused(call, *arguments, **options):
    with pytest.raises(Refused) as caught:
        call(*arguments, **options)
    return caught.value.code, caught.value.reason, caught.value.message


def test_a_new_object_gets_what_only_the_server_gives(objects):
    made = objects.create(MAP, "default", config_map(a="b"))
    assert made["metadata"]["namespace"] == "default"
    assert made["metadata"]["uid"]
    assert objects.get(MAP, "default", "it") == made
    changed = objects.merge(MAP, "default", "it", {"data": {"a": "c"}})
    assert changed["metadata"]["generation"] == 2
    assert int(changed["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]


def test_a_dry_run_keeps_nothing(objects):
    objects.create(MAP, "default", config_map(), dry_run=True)
    assert objects.all_of(MAP) == []
    objects.create(MAP, "default", config_map(a="b"))
    objects.apply(MAP, "default", "it", config_map(a="c"), manager="me", force=True, dry_run=True)
    assert objects.get(MAP, "default", "it")["data"] == {"a": "b"}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"metadata": {}}, "metadata.name: Required value"),
        ({"metadata": {"name": "Upper"}}, "metadata.name: Invalid value"),
        ({"metadata": {"name": "a" * 254}}, "may not be more than 253 bytes"),
        ({"metadata": {"name": "a", "labels": {"b c": "d"}}}, "metadata.labels: Invalid value"),
        ({"metadata": {"name": "a", "labels": {"b": "d" * 64}}}, "at most 63"),
        (
            {"metadata": {"name": "a", "labels": {"b": 1}}},
            'metadata.labels.b in body must be of type string: "integer"',
        ),
        ({"metadata": {"name": "a", "owner": "me"}}, 'unknown field "metadata.owner"'),
        ({"metadata": {"name": "a"}, "data": {"b": 1}}, 'data.b in body must be of type string: "integer"'),
        ({"metadata": {"name": "a"}, "spec": {}}, 'unknown field "spec"'),
    ],
)
def test_a_wrong_object_is_refused(objects, body, says):
    code, reason, message = refused(objects.create, MAP, "default", body)
    assert (code, reason) == (422, "Invalid")
    assert says in message


def test_names_and_namespaces(objects):
    objects.create(MAP, "default", config_map())
    assert refused(objects.create, MAP, "default", config_map())[:2] == (409, "AlreadyExists")
    assert refused(objects.create, MAP, "nowhere", config_map()) == (404, "NotFound", 'namespaces "nowhere" not found')
    assert refused(objects.get, MAP, "kube-system", "it")[1] == "NotFound"
    other = {"metadata": {"name": "a", "namespace": "kube-system"}}
    assert refused(objects.create, MAP, "default", other)[1] == "BadRequest"
    assert refused(objects.create, MAP, "default", {"kind": "Secret", "metadata": {"name": "a"}})[1] == "BadRequest"


def test_a_namespace_takes_everything_in_it_along(objects):
    objects.create(NAMESPACE, "", {"metadata": {"name": "team"}})
    objects.create(MAP, "team", config_map())
    objects.create(MAP, "default", config_map())
    objects.delete(NAMESPACE, "", "team")
    assert [each["metadata"]["namespace"] for each in objects.all_of(MAP)] == ["default"]
    assert refused(objects.delete, NAMESPACE, "", "kube-system")[1] == "Forbidden"


def test_who_comes_later_with_an_old_version_is_refused(objects):
    read = objects.create(MAP, "default", config_map(a="1"))
    objects.replace(MAP, "default", "it", {**read, "data": {"a": "2"}})
    assert refused(objects.replace, MAP, "default", "it", {**read, "data": {"a": "3"}})[1] == "Conflict"


def test_applying_owns_fields_and_lets_go_of_what_is_not_asked_for_again(objects):
    def apply(manager, force=False, **data):
        return objects.apply(MAP, "default", "it", config_map(**data), manager=manager, force=force)["data"]

    assert apply("me", a="1", b="1") == {"a": "1", "b": "1"}
    assert apply("you", c="1") == {"a": "1", "b": "1", "c": "1"}
    assert apply("me", a="2") == {"a": "2", "c": "1"}
    assert refused(apply, "you", c="1", a="3") == (
        409,
        "Conflict",
        'Apply failed with 1 conflict: conflict with "me": .data.a',
    )
    assert apply("you", force=True, c="1", a="3") == {"a": "3", "c": "1"}
    # What was taken from me is yours now: letting go of it changes nothing.
    assert apply("me", b="2") == {"a": "3", "b": "2", "c": "1"}


def test_what_two_managers_ask_for_stays_until_both_let_go(objects):
    def apply(manager, **data):
        return objects.apply(MAP, "default", "it", config_map(**data), manager=manager, force=False).get("data")

    apply("me", a="1")
    apply("you", a="1")
    assert apply("me") == {"a": "1"}
    assert not apply("you")


def test_what_never_changes(objects):
    binding = {
        "metadata": {"name": "it"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"},
    }
    objects.create(ROLE_BINDING, "default", binding)
    other = {**binding, "roleRef": {**binding["roleRef"], "name": "b"}}
    assert "roleRef: Invalid value" in refused(objects.replace, ROLE_BINDING, "default", "it", other)[2]
    objects.create(MAP, "default", {**config_map(a="1"), "immutable": True})
    fixed = {**config_map(a="2"), "immutable": True}
    assert "field is immutable" in refused(objects.replace, MAP, "default", "it", fixed)[2]


def test_a_kind_is_there_as_long_as_its_definition_is(objects):
    assert refused(objects.kind, "karpenter.sh/v1", "nodepools")[0] == 404
    objects.create(DEFINITION, "", CLASS.definition())
    assert objects.kind("karpenter.k8s.aws/v1", "ec2nodeclasses") == CLASS
    objects.create(CLASS, "", {"metadata": {"name": "it"}, "spec": SPEC})
    objects.delete(DEFINITION, "", "ec2nodeclasses.karpenter.k8s.aws")
    assert refused(objects.kind, "karpenter.k8s.aws/v1", "ec2nodeclasses")[0] == 404
    objects.create(DEFINITION, "", CLASS.definition())
    assert objects.all_of(CLASS) == []


def test_a_definition_of_somebody_elses_checks_shapes_by_its_own_schema(objects):
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    definition = POOL.definition()
    definition["metadata"]["name"] = "barns.example.org"
    definition["spec"] |= {"group": "example.org", "names": {"kind": "Barn", "plural": "barns"}}
    definition["spec"]["versions"][0]["schema"] = {"openAPIV3Schema": schema}
    objects.create(DEFINITION, "", definition)
    barn = objects.kind("example.org/v1", "barns")
    objects.create(barn, "", {"metadata": {"name": "a"}, "spec": {"size": 2}})
    assert "spec.size" in refused(objects.create, barn, "", {"metadata": {"name": "b"}, "spec": {"size": "2"}})[2]


def release(objects, chart, revision=1):
    row = {"name": chart, "namespace": "kube-system", "revision": revision, "chart": chart, "version": "1.0.0"}
    objects.create(SECRET, "kube-system", record({**row, "values": {}, "resources": {}}))


def test_a_finalizer_holds_an_object_until_its_controller_lets_go(karpenter):
    release(karpenter, "karpenter")
    made = karpenter.create(CLASS, "", {"metadata": {"name": "it"}, "spec": SPEC})
    assert made["metadata"]["finalizers"] == ["karpenter.k8s.aws/termination"]
    karpenter.delete(SECRET, "kube-system", "sh.helm.release.v1.karpenter.v1")  # uninstalled too early
    assert karpenter.delete(CLASS, "", "it")["metadata"]["deletionTimestamp"]
    assert karpenter.get(CLASS, "", "it")
    held = karpenter.delete(DEFINITION, "", "ec2nodeclasses.karpenter.k8s.aws")
    assert held["metadata"]["deletionTimestamp"], "a definition waits for its objects"
    karpenter.merge(CLASS, "", "it", {"metadata": {"finalizers": None}})  # by hand
    assert karpenter.all_of(CLASS) == []


def test_with_its_controller_there_an_object_goes_at_once(karpenter):
    release(karpenter, "karpenter")
    karpenter.create(CLASS, "", {"metadata": {"name": "it"}, "spec": SPEC})
    assert karpenter.delete(CLASS, "", "it")["status"] == "Success"
    assert karpenter.all_of(CLASS) == []
