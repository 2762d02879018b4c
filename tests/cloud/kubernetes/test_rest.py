"""The way to a cluster's API: by the name of its host, with a token for it, in Kubernetes' own paths and answers."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from herd.cloud.accounts import access_key
from herd.cloud.faults import Fault
from herd.cloud.kubernetes.clusters import authority, token

KEY = access_key("111122223333")
MAPS = "/api/v1/namespaces/default/configmaps"
BODY = {"metadata": {"name": "it", "labels": {"a": "b"}}, "data": {"x": "1"}}


@pytest.fixture
def ask(cluster):
    def send(method, path, body=None, *, content="application/json", bearer=None, host=None, trusts=""):
        headers = {
            "Host": host or urlsplit(cluster.described["endpoint"]).hostname,
            "Authorization": f"Bearer {token('one', 'eu-west-1', KEY) if bearer is None else bearer}",
            "Content-Type": content,
            "X-Herd-Trusts": trusts,
        }
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(cluster.cloud.endpoint + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    return send


def test_objects_come_and_go_by_kubernetes_paths(ask):
    assert ask("POST", f"{MAPS}?fieldManager=me", BODY)[0] == 201
    assert ask("GET", f"{MAPS}/it")[1]["data"] == {"x": "1"}
    assert ask("PATCH", f"{MAPS}/it", {"data": {"y": "2"}}, content="application/merge-patch+json")[1]["data"] == {
        "x": "1",
        "y": "2",
    }
    wanted = {**BODY, "data": {"z": "3"}}
    applied = ask("PATCH", f"{MAPS}/it?fieldManager=me", wanted, content="application/apply-patch+yaml")
    assert applied[1]["data"] == {"y": "2", "z": "3"}
    assert ask("PUT", f"{MAPS}/it?dryRun=All", {**BODY, "data": {}})[1]["data"] == {}
    assert [item["metadata"]["name"] for item in ask("GET", f"{MAPS}?labelSelector=a=b")[1]["items"]] == ["it"]
    assert ask("GET", f"{MAPS}?labelSelector=a=c")[1]["items"] == []
    assert len(ask("GET", "/api/v1/configmaps")[1]["items"]) == 1
    assert ask("DELETE", f"{MAPS}/it")[1]["status"] == "Success"
    assert ask("GET", f"{MAPS}/it")[0] == 404


def test_discovery_tells_the_kinds(ask):
    assert ask("GET", "/version")[1]["major"] == "1"
    kinds = {each["kind"]: each["namespaced"] for each in ask("GET", "/api/v1")[1]["resources"]}
    assert (kinds["Namespace"], kinds["ConfigMap"]) == (False, True)
    assert ask("GET", "/apis/karpenter.sh/v1")[0] == 404


@pytest.mark.parametrize(
    ("request_", "code", "reason"),
    [
        (("GET", "/anything"), 404, "NotFound"),
        (("GET", "/api/v1/unicorns"), 404, "NotFound"),
        (("DELETE", MAPS), 405, "MethodNotAllowed"),
        (("POST", f"{MAPS}/it", {}), 405, "MethodNotAllowed"),
        (("POST", MAPS, [1]), 400, "BadRequest"),
        (("POST", MAPS), 400, "BadRequest"),
        (("GET", f"{MAPS}?labelSelector=a!b"), 400, "BadRequest"),
        (("PATCH", f"{MAPS}/it", {}), 415, "UnsupportedMediaType"),
    ],
)
def test_what_it_does_not_do_it_says_in_kubernetes_words(ask, request_, code, reason):
    status, answer = ask(*request_)
    assert (status, answer["kind"], answer["reason"], answer["code"]) == (code, "Status", reason, code)


def test_apply_wants_a_manager(ask):
    status, answer = ask("PATCH", f"{MAPS}/it", BODY, content="application/apply-patch+yaml")
    assert status == 400
    assert "fieldManager: Required value" in answer["message"]


def test_a_name_of_no_cluster_leads_nowhere(ask):
    assert ask("GET", "/version", host="0123456789.gr7.eu-west-1.eks.amazonaws.com")[0] == 421


@pytest.mark.parametrize(
    "bearer", ["", "secret", "k8s-aws-v1.%%%", token("two", "eu-west-1", KEY), token("one", "eu-west-2", KEY),
               token("one", "eu-west-1", access_key("444455556666"))],
)  # fmt: skip
def test_a_token_for_something_else_is_refused(ask, bearer):
    assert ask("GET", "/version", bearer=bearer)[1]["reason"] == "Unauthorized"


def test_who_trusts_another_authority_is_told(ask, cluster):
    data = cluster.described["certificateAuthority"]["data"]
    assert ask("GET", "/version", trusts=authority(data))[0] == 200
    assert "unknown authority" in ask("GET", "/version", trusts=authority("another"))[1]["message"]


def test_requests_are_counted_and_go_wrong_on_purpose(ask, cluster):
    cluster.cloud.faults.add(
        Fault(kind="throttle", service="kubernetes", action="Create configmaps", times=1),
        Fault(kind="unavailable", service="kubernetes", action="Get configmaps", times=1),
        Fault(kind="error", service="kubernetes", action="Delete *", code="Forbidden", status=403, message="no"),
    )
    before = cluster.cloud.requests["kubernetes", "Create configmaps"]
    assert ask("POST", MAPS, BODY)[1]["reason"] == "TooManyRequests"
    assert ask("POST", MAPS, BODY)[0] == 201
    assert ask("GET", f"{MAPS}/it")[1]["reason"] == "ServiceUnavailable"
    assert ask("DELETE", f"{MAPS}/it")[1]["message"] == "no"
    assert cluster.cloud.requests["kubernetes", "Create configmaps"] == before + 2


def test_the_objects_go_with_the_cluster(ask, cluster):
    ask("POST", MAPS, BODY)
    eks, role = cluster.cloud.client("eks", region="eu-west-1"), cluster.described["roleArn"]
    subnets = cluster.described["resourcesVpcConfig"]["subnetIds"]
    eks.delete_cluster(name="one")
    eks.create_cluster(name="one", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})
    assert ask("GET", MAPS)[1]["items"] == []
