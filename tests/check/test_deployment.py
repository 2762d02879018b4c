"""Saved deployments: what lives, what it is made of, and what they don't record."""

import pytest

from components.base.problems import InvalidInputError
from herd.check.deployment import is_deployment, saved
from policies.engine.subject import Origin
from policies.engine.values import Reason, UnevaluatedError

SIG = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
BUCKET = "aws:s3/bucket:Bucket"
PROVIDER = "urn:pulumi:dev::demo::pulumi:providers:aws::default_7_51_1"


def resource(name, kind=BUCKET, **more):
    return {"urn": f"urn:pulumi:dev::demo::{kind}::{name}", "type": kind, "custom": True, "id": f"{name}-1", **more}


def deployment(*resources, version="v3.272.0", **more):
    return {"version": 3, "deployment": {"manifest": {"version": version}, "resources": list(resources), **more}}


def subjects(*resources, **more):
    return {subject.name: subject for subject in saved(deployment(*resources, **more), "f.json").stack.subjects}


def one(**more):
    return subjects(resource("it", **more))["it"]


def reason(read):
    with pytest.raises(UnevaluatedError) as caught:
        read()
    return caught.value.reason


def test_who_it_is():
    stack = saved(deployment(resource("it", parent="urn:pulumi:dev::demo::a:b:C::c")), "f.json").stack
    (it,) = stack.subjects
    assert (stack.name, stack.project, stack.origin) == ("dev", "demo", Origin.DEPLOYMENT)
    assert (it.urn, it.type, it.name, it.parent, it.custom, it.origin) == (
        "urn:pulumi:dev::demo::aws:s3/bucket:Bucket::it",
        BUCKET,
        "it",
        "urn:pulumi:dev::demo::a:b:C::c",
        True,
        Origin.DEPLOYMENT,
    )


FORMS = {
    "an export": deployment(resource("it")),
    "a checkpoint": {
        "version": 3,
        "checkpoint": {"stack": "o/p/dev", "latest": deployment(resource("it"))["deployment"]},
    },
    "the deployment alone": deployment(resource("it"))["deployment"],
    "an older one": {"version": 1, "deployment": deployment(resource("it", defaults={}))["deployment"]},
    "one with features": {"version": 4, "features": ["views"], "deployment": deployment(resource("it"))["deployment"]},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_it(form):
    assert is_deployment(FORMS[form])
    assert [subject.name for subject in saved(FORMS[form], "f.json").stack.subjects] == ["it"]


def test_a_stack_that_was_never_deployed_or_is_gone():
    for empty in ({"version": 3, "checkpoint": {"stack": "dev"}}, {"version": 3, "deployment": {"manifest": {}}}):
        assert saved(empty, "f.json").stack.subjects == ()


def test_a_checkpoint_s_configuration():
    checkpoint = {"checkpoint": {"config": {"demo:environment": "test"}, "latest": {"resources": []}}}
    assert saved(checkpoint, "f.json").config == {"demo:environment": "test"}


def test_properties():
    it = one(inputs={"a": {"__defaults": ["x"], "b": [1]}, "__defaults": []}, outputs={"arn": "arn:x"})
    assert it.props.plain() == {"a": {"b": [1]}}
    assert it.outputs.plain() == {"arn": "arn:x", "id": "it-1"}


INSTANCE = "aws:ec2/instance:Instance"
GROUP = "aws:ec2/securityGroup:SecurityGroup"


def test_what_was_imported_without_inputs_is_what_its_outputs_say():
    it = one(outputs={"keyName": "ops", "tags": {"owner": "ml"}}, importID="it-1")
    assert it.props.text("keyName") == "ops"
    component = {**resource("it", "a:b:C"), "custom": False, "outputs": {"keyName": "ops"}}
    assert not subjects(component)["it"].props.has("keyName")


def test_what_aws_decided_stands_in_the_outputs_alone():
    outputs = {
        "keyName": "",
        "associatePublicIpAddress": True,
        "metadataOptions": {"httpTokens": "required"},
        "arn": "a",
    }
    it = subjects(resource("it", INSTANCE, inputs={"ami": "ami-1"}, outputs=outputs))["it"]
    assert it.props.plain() == {
        "ami": "ami-1",
        "associatePublicIpAddress": True,
        "metadataOptions": {"httpTokens": "required"},
    }


def test_the_version_that_eks_chose_is_judged():
    it = subjects(resource("it", "aws:eks/cluster:Cluster", inputs={"name": "lab"}, outputs={"version": "1.24"}))["it"]
    assert it.props.text("version") == "1.24"


def test_a_queue_that_sqs_encrypts_is_encrypted_and_one_of_before_is_not():
    queue, told = "aws:sqs/queue:Queue", "sqsManagedSseEnabled"
    encrypted = subjects(resource("it", queue, inputs={"name": "jobs"}, outputs={told: True}))["it"]
    old = subjects(resource("it", queue, inputs={"name": "jobs"}, outputs={told: False}))["it"]
    assert encrypted.props.flag(told)
    assert not old.props.has(told)


def test_what_the_program_says_is_judged_not_what_came_of_it():
    inputs = {"metadataOptions": {"httpTokens": "optional"}}
    it = subjects(resource("it", INSTANCE, inputs=inputs, outputs={"metadataOptions": {"httpTokens": "required"}}))[
        "it"
    ]
    assert it.props.text("metadataOptions", "httpTokens") == "optional"


def test_a_port_that_somebody_opened_by_hand_but_no_rule_twice():
    group = resource("it", GROUP, inputs={"vpcId": "vpc-1"}, outputs={"ingress": [{"fromPort": 22}]})
    rule = resource("r", "aws:ec2/securityGroupRule:SecurityGroupRule", inputs={"securityGroupId": "it-1"})
    assert subjects(group)["it"].props.has("ingress")
    assert not subjects(group, rule)["it"].props.has("ingress")


@pytest.mark.parametrize(
    ("kind", "part", "whole", "keys"),
    [
        (
            "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
            "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "securityGroupId",
            ("ingress", "egress"),
        ),
        ("aws:ec2/networkAcl:NetworkAcl", "aws:ec2/networkAclRule:NetworkAclRule", "networkAclId", ("ingress",)),
    ],
)
def test_what_somebody_opened_by_hand_in_groups_and_lists(kind, part, whole, keys):
    it = resource("it", kind, inputs={"vpcId": "vpc-1"}, outputs={key: [{"fromPort": 22}] for key in keys})
    rule = resource("r", part, inputs={whole: "it-1"})
    assert all(subjects(it)["it"].props.has(key) for key in keys)
    assert not any(subjects(it, rule)["it"].props.has(key) for key in keys)


def test_a_policy_that_somebody_gave_by_hand_but_no_attachment_twice():
    ours, theirs = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", "arn:aws:iam::aws:policy/AdministratorAccess"
    role = resource(
        "it",
        "aws:iam/role:Role",
        inputs={"assumeRolePolicy": "{}"},
        outputs={"managedPolicyArns": [ours, theirs], "inlinePolicies": [{"name": "boot", "policy": "{}"}]},
    )
    attached = resource(
        "a", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", inputs={"role": "it-1", "policyArn": ours}
    )
    inline = resource("p", "aws:iam/rolePolicy:RolePolicy", inputs={"role": "it-1", "name": "boot"})
    it = subjects(role, attached, inline)["it"]
    assert it.props.texts("managedPolicyArns") == (theirs,)
    assert not it.props.has("inlinePolicies")


def test_resources_find_each_other_by_what_the_cloud_calls_them():
    stack = saved(
        deployment(resource("log", outputs={"arn": "arn:log"}), resource("it", inputs={"to": "arn:log"})), "f"
    ).stack
    assert stack.named_by(stack.subjects[1].props.at("to")) is stack.subjects[0]


@pytest.mark.parametrize("hidden", [{"ciphertext": "v1:x"}, {"plaintext": '"laid bare"'}])
def test_secrets_are_hidden_even_where_they_are_laid_bare(hidden):
    it = one(inputs={"a": {SIG: SECRET, **hidden}, "b": [{"c": {SIG: SECRET, **hidden}}]})
    assert reason(lambda: it.props.text("a")) is Reason.SECRET
    assert reason(lambda: it.props.at("b", 0, "c").present) is Reason.SECRET
    assert "laid bare" not in repr(it.values)


def test_unknowns():
    assert reason(lambda: one(inputs={"a": UNKNOWN}).props.text("a")) is Reason.UNKNOWN


def signed(kind, **more):
    return {SIG: kind, **more}


VALUES = {
    "an asset's text": (signed("c44067f5952c0a294b673a41bacd8c17", hash="h", text="#!/bin/sh"), "#!/bin/sh"),
    "an asset's file": (
        signed("c44067f5952c0a294b673a41bacd8c17", hash="h", path="a.sh"),
        {"hash": "h", "path": "a.sh"},
    ),
    "an archive": (
        signed(
            "0def7320c3a5731c473e5ecbe6d01bc7",
            hash="h",
            assets={"a": signed("c44067f5952c0a294b673a41bacd8c17", text="t")},
        ),
        {"hash": "h", "assets": {"a": "t"}},
    ),
    "a resource": (signed("5cf8f73096256a8f31e491e813e4eb8e", urn="urn:x", id="i-1"), "i-1"),
    "a component": (signed("5cf8f73096256a8f31e491e813e4eb8e", urn="urn:x"), "urn:x"),
    "an output": (signed("d0e6a833031e9bbcd3f4e8bde6ca49a4", value="v"), "v"),
    "bytes": (signed("803fd3297a5875dc03ca845dda5d2a98", value="YWL/"), "ab\\xff"),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_with_a_signature(case):
    value, meant = VALUES[case]
    assert one(inputs={"a": value}).props.plain("a") == meant


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (signed("d0e6a833031e9bbcd3f4e8bde6ca49a4"), Reason.UNKNOWN),
        (signed("d0e6a833031e9bbcd3f4e8bde6ca49a4", value="v", secret=True), Reason.SECRET),
        (signed("of a newer Pulumi"), Reason.MISSHAPEN),
        (signed(7), Reason.MISSHAPEN),
        (signed("803fd3297a5875dc03ca845dda5d2a98", value="?"), Reason.MISSHAPEN),
    ],
)
def test_values_that_nobody_can_judge(value, why):
    assert reason(lambda: one(inputs={"a": value}).props.text("a")) is why


def test_values_nested_too_deeply_are_not_evaluated():
    deep = value = {}
    for _ in range(300):
        deep["a"] = deep = {}
    assert reason(one(inputs=value).props.plain) is Reason.MISSHAPEN


def test_options_that_are_recorded():
    it = one(
        protect=True, retainOnDelete=True, ignoreChanges=["tags"], aliases=["urn:x"], customTimeouts={"create": 60}
    )
    assert it.options.flag("protect") is True
    assert it.options.flag("retainOnDelete") is True
    assert it.options.texts("ignoreChanges") == ("tags",)
    assert it.options.texts("aliases") == ("urn:x",)
    assert it.options.number("customTimeouts", "create") == 60


def test_the_silence_of_an_engine_that_records_means_unset():
    it = one()
    assert it.options.flag("protect") is False
    assert it.options.texts("ignoreChanges") == ()
    assert it.options.texts("hideDiffs") == ()


@pytest.mark.parametrize(
    ("version", "ignored", "protected"),
    [
        ("v3.119.0", Reason.INVISIBLE, False),
        ("v3.120.0", (), False),
        ("v2.25.2", Reason.INVISIBLE, False),
        ("", (), False),
    ],
)
def test_the_silence_of_an_older_engine_says_nothing(version, ignored, protected):
    it = subjects(resource("it"), version=version)["it"]
    assert it.options.flag("protect") is protected
    if ignored == ():
        assert it.options.texts("ignoreChanges") == ()
    else:
        assert reason(lambda: it.options.texts("ignoreChanges")) is ignored
    # What stands there counts, whoever wrote it.
    told = subjects(resource("it", ignoreChanges=["tags"]), version=version)["it"]
    assert told.options.texts("ignoreChanges") == ("tags",)


def test_options_that_no_engine_records():
    assert reason(lambda: one().options.flag("deleteBeforeReplace")) is Reason.INVISIBLE


def test_its_provider_with_what_it_holds_as_json_text():
    provider = {
        "urn": PROVIDER,
        "type": "pulumi:providers:aws",
        "custom": True,
        "id": "abc",
        "inputs": {"defaultTags": '{"tags": {"owner": "web"}}', "region": "eu-west-1", "profile": "{not json"},
    }
    old = {**provider, "id": "old", "inputs": {"region": "us-east-1"}, "delete": True}
    found = subjects(
        provider, old, resource("it", provider=f"{PROVIDER}::abc"), resource("older", provider=f"{PROVIDER}::old")
    )
    assert found["it"].provider.text("defaultTags", "tags", "owner") == "web"
    assert found["it"].provider.text("profile") == "{not json"
    assert found["it"].options.text("provider") == PROVIDER
    assert found["older"].provider.text("region") == "us-east-1"
    assert found["default_7_51_1"].props.text("defaultTags", "tags", "owner") == "web"
    assert not subjects(resource("it"))["it"].provider.present


def test_what_is_not_judged_is_counted():
    found = saved(
        deployment(
            resource("it"),
            resource("it", delete=True),
            resource("gone", pendingReplacement=True),
            resource("theirs", external=True),
            pending_operations=[{"type": "creating"}],
        ),
        "f.json",
    )
    assert [subject.name for subject in found.stack.subjects] == ["it"]
    assert found.passed_over == {
        "waiting to be deleted": 1,
        "deleted, waiting for their replacement": 1,
        "only read by the program": 1,
        "operations that were cut off (herd recover)": 1,
    }


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"sourcePosition": "project:///infra/__main__.py#12,3"}, "infra/__main__.py:12"),
        ({"sourcePosition": "project:///main.py"}, "main.py"),
        ({"stackTrace": [{"sourcePosition": "project:///a.py#5"}]}, "a.py:5"),
        ({"sourcePosition": "/etc/x.py#1"}, "f.json"),
        ({}, "f.json"),
    ],
)
def test_where_it_is_made(more, place):
    assert str(one(**more).where(("a",))) == place


BAD = {
    "a newer format": ({"version": 9, "deployment": {}}, "version: is a deployment of format 9"),
    "a format that is text": ({"version": "3", "deployment": {}}, "version: is a deployment of format '3'"),
    "a format that is none": ({"version": True, "deployment": {}}, "version: is a deployment of format True"),
    "no checkpoint": ({"version": 3, "checkpoint": []}, "holds no deployment"),
    "no list": ({"deployment": {"resources": {}}}, "holds no deployment"),
    "no map": ({"deployment": []}, "holds no deployment"),
    "no resource": (deployment(1), "resources[0]: isn't a resource"),
    "no type": (deployment({"urn": "urn:pulumi:a::b::c::d"}), "resources[0].type: isn't text"),
    "no URN": (deployment({"urn": "x", "type": "t"}), "resources[0].urn: 'x' is no URN"),
    "inputs that are a secret": (
        deployment(resource("it", inputs={SIG: SECRET, "value": "x"})),
        "resources[0].inputs: is one value, not a map",
    ),
    "outputs that are a secret": (
        deployment(resource("it", inputs={"a": 1}, outputs={SIG: SECRET, "value": "x"})),
        "resources[0].outputs: is one value, not a map",
    ),
    "a trace that is no list": (deployment(resource("it", stackTrace=7)), "resources[0].stackTrace: isn't a list"),
    "inputs that are no map": (deployment(resource("it", inputs=[])), "resources[0].inputs: isn't a map"),
    "a provider that is no text": (deployment(resource("it", provider=[1])), "resources[0].provider: isn't text"),
    "text for false": (deployment(resource("it", external="no")), "resources[0].external: isn't true or false"),
}


@pytest.mark.parametrize("case", BAD)
def test_is_refused(case):
    data, words = BAD[case]
    with pytest.raises(InvalidInputError) as caught:
        saved(data, "f.json")
    assert str(caught.value).startswith("f.json: ")
    assert words in str(caught.value)
