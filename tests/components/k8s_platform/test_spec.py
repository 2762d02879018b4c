"""What a cluster may be asked for, and what is refused where."""

import pytest

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.k8s_platform.spec import ClusterSpec

ROLE = "arn:aws:iam::111122223333:role/deployer"
ADMIN = {"deployer": {"principal": ROLE, "policy": "cluster-admin"}}


def found(data):
    with pytest.raises(InvalidInputError) as caught:
        validate(ClusterSpec, data, file="stacks/Pulumi.dev.yaml", prefix=("cluster",))
    return {problem.field: problem.message for problem in caught.value.problems}


def test_the_api_server_is_private_unless_ranges_are_named(make_cluster):
    assert make_cluster().wire()["endpoint"] == {"kind": "private", "inside": {}}
    public = make_cluster(endpoint={"kind": "public", "cidrs": {"office": "198.51.100.0/24"}})
    assert public.wire()["endpoint"]["cidrs"] == {"office": "198.51.100.0/24"}


@pytest.mark.parametrize(
    ("cidrs", "field", "message"),
    [
        ({}, "cluster.endpoint.cidrs", "at least 1"),
        ({"all": "0.0.0.0/0"}, "cluster.endpoint.cidrs.all", "the whole internet"),
        ({"vpc": "10.0.0.0/8"}, "cluster.endpoint.cidrs.vpc", "private range"),
        ({f"o{n}": f"198.51.100.{n}/32" for n in range(41)}, "cluster.endpoint.cidrs", "at most 40"),
    ],
)
def test_a_public_endpoint_takes_named_public_ranges(cidrs, field, message):
    problems = found({"access": ADMIN, "endpoint": {"kind": "public", "cidrs": cidrs}})
    assert message in problems[field]


@pytest.mark.parametrize("kind", [{"kind": "private"}, {"kind": "public", "cidrs": {"office": "198.51.100.0/24"}}])
def test_ranges_inside_are_private(make_cluster, kind):
    inside = {"runners": "10.0.64.0/20", "vpn": "100.64.0.0/22"}
    assert make_cluster(endpoint={**kind, "inside": inside}).wire()["endpoint"]["inside"] == inside
    for cidr in ("198.51.100.0/24", "0.0.0.0/0", "100.0.0.0/8"):
        problems = found({"access": ADMIN, "endpoint": {**kind, "inside": {"all": cidr}}})
        assert "is no private range" in problems["cluster.endpoint.inside.all"]


@pytest.mark.parametrize(("environment", "problems"), [("dev", []), ("test", []), ("prod", ["endpoint.kind"])])
def test_prod_is_private(make_cluster, make_context, environment, problems):
    public = make_cluster(endpoint={"kind": "public", "cidrs": {"office": "198.51.100.0/24"}})
    assert [problem.field for problem in public.problems(make_context(environment))] == problems
    assert make_cluster().problems(make_context("prod")) == []


@pytest.mark.parametrize(
    "access",
    [
        {},
        {"people": {"principal": ROLE, "policy": "admin"}},
        {"people": {"principal": ROLE, "policy": "view", "namespaces": ["a"]}},
    ],
)
def test_somebody_administers_the_whole_cluster(access):
    assert "name the role that deploys" in found({"access": access})["cluster.access"]


def test_an_administrator_has_the_whole_cluster():
    part = {"deployer": {**ADMIN["deployer"], "namespaces": ["a"]}}
    assert "the policy is admin" in found({"access": part})["cluster.access.deployer.namespaces"]


def test_a_principal_has_one_entry():
    twice = {**ADMIN, "again": {"principal": ROLE, "policy": "view"}}
    assert found({"access": twice}) == {
        "cluster.access.again.principal": f"{ROLE} is also deployer: a principal has one access entry"
    }


@pytest.mark.parametrize(
    "principal", ["arn:aws:iam::111122223333:user/anna", "arn:aws:sts::111122223333:assumed-role/a/b", "deployer"]
)
def test_only_roles_are_let_in(principal):
    problems = found({"access": {**ADMIN, "anna": {"principal": principal, "policy": "view"}}})
    assert list(problems) == ["cluster.access.anna.principal"]


@pytest.mark.parametrize("cidr", ["100.64.0.0/16", "10.0.0.0/11", "172.20.0.0/25", "172.0.0.0/12"])
def test_a_service_range_is_one_that_eks_takes(cidr):
    assert "EKS takes a block from /24 to /12" in found({"access": ADMIN, "serviceCidr": cidr})["cluster.serviceCidr"]


@pytest.mark.parametrize(
    ("field", "value"), [("logRetentionDays", 91), ("keyDeletionDays", 6), ("systemPool", "System"), ("name", "a_b")]
)
def test_limits(field, value):
    assert list(found({"access": ADMIN, field: value})) == [f"cluster.{field}"]


def test_unknown_policies_and_namespaces_are_refused():
    odd = {"principal": ROLE.replace("deployer", "odd"), "policy": "root", "namespaces": ["Team_A"]}
    assert set(found({"access": {**ADMIN, "odd": odd}})) == {
        "cluster.access.odd.policy",
        "cluster.access.odd.namespaces[0]",
    }
