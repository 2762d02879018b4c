"""Who names whom: by symbol, by what a saved deployment knows, by a name that both spell out."""

import pytest

from policies.engine.subject import Stack, Subject
from policies.engine.values import UNKNOWN, Reference, UnevaluatedError
from policies.rules._shared import naming as naming_module
from policies.rules._shared.naming import named, names, naming

BUCKET, POLICY, BALANCER = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:lb/loadBalancer:LoadBalancer",
)


def policy(bucket, name="policy", **rest):
    return Subject(f"urn:{name}", POLICY, name, {"bucket": bucket}, **rest)


def bucket(name="data", values=None, results=None):
    return Subject(f"urn:{name}", BUCKET, name, values or {}, results=results or {})


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (bucket(), Reference("${urn:data.id}", "urn:data", "id")),
        (bucket(results={"id": "data-1"}), "data-1"),
        (bucket(results={"arn": "arn:aws:s3:::data-1"}), "arn:aws:s3:::data-1"),
        (bucket(values={"bucket": "data-1"}), "data-1"),
        (bucket(values={"domainName": "data-1"}), "data-1"),
    ],
    ids=["symbol", "id", "arn", "the same name", "the same domain's name"],
)
def test_is_named(target, value):
    setting = policy(value)
    stack = Stack((target, bucket("other"), setting))
    assert list(naming(stack, target, "bucket", POLICY)) == [setting]
    assert names(setting.props.at("bucket"), target, stack)
    assert named(setting.props.at("bucket"), stack, BUCKET) is target
    assert list(naming(stack, stack.subjects[1], "bucket", POLICY)) == []


def test_a_setting_that_has_the_name_for_its_id_is_not_the_bucket():
    setting = policy("data-1", results={"id": "data-1", "bucket": "data-1"})
    target = bucket(results={"id": "data-1"})
    assert list(naming(Stack((setting, target)), target, "bucket", POLICY)) == [setting]


def test_a_setting_of_nobody_known_matters_only_if_no_other_is_there():
    target = bucket()
    mine, hidden = policy(Reference("x", "urn:data", "id")), policy(UNKNOWN, "hidden")
    assert list(naming(Stack((target, hidden, mine)), target, "bucket", POLICY)) == [mine]
    with pytest.raises(UnevaluatedError, match="unknown until"):
        list(naming(Stack((target, hidden)), target, "bucket", POLICY))


def test_a_property_within_blocks():
    target = bucket(results={"id": "logs"})
    balancer = Subject("urn:lb", BALANCER, "lb", {"accessLogs": [{"bucket": "logs"}]})
    stack = Stack((target, balancer))
    assert list(naming(stack, target, "accessLogs.bucket", BALANCER)) == [balancer]


def test_a_name_that_nobody_sees_matters_only_if_no_other_resource_has_it():
    hidden, target = bucket("hidden", {"bucket": UNKNOWN}), bucket(values={"bucket": "data-1"})
    stack = Stack((hidden, target, policy("data-1"), policy("data-2", "elsewhere")))
    assert named(stack.subjects[2].props.at("bucket"), stack, BUCKET) is target
    with pytest.raises(UnevaluatedError, match="unknown until"):
        named(stack.subjects[3].props.at("bucket"), stack, BUCKET)


def test_who_is_named_is_looked_up_once_a_stack(monkeypatch):
    asked = []
    called = naming_module._called
    monkeypatch.setattr(naming_module, "_called", lambda one: asked.append(one) or called(one))
    buckets = [bucket(f"b{number}", {"bucket": f"data-{number}"}) for number in range(9)]
    settings = [policy(f"data-{number}", f"p{number}") for number in range(9)]
    stack = Stack((*buckets, *settings))
    assert [named(one.props.at("bucket"), stack, BUCKET) for one in settings] == buckets
    assert len(asked) == len(buckets)
