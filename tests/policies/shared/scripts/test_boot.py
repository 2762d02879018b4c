"""What machines are told at their first boot: every packing, every kind of place."""

import base64
import gzip
import json

import pytest

from policies.engine.subject import Subject
from policies.engine.values import UNKNOWN, Reason, UnevaluatedError
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.scripts.boot import INSTANCE, LAUNCH_TEMPLATE, SPOT_FLEET, Kind, boot_texts

SCRIPT = "#!/bin/bash\necho hello ${urn:pulumi:dev::p::t::n.endpoint}\n"
CONFIG = "#cloud-config\npackages: [htop]\n"
NODE_CONFIG = '{"apiVersion": "node.eks.aws/v1alpha1", "kind": "NodeConfig"}'
MULTIPART = (
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n'
    f"--b\nContent-Type: application/node.eks.aws\n\n{NODE_CONFIG}\n"
    f'--b\nContent-Type: text/x-shellscript; charset="us-ascii"\n\n{SCRIPT}'
    f"--b\nContent-Type: text/cloud-config\n\n{CONFIG}--b--\n"
)


def coded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def told(kind, values):
    return [(text.kind, text.text.strip(), text.node.shown) for text in boot_texts(Subject("u", kind, "n", values))]


@pytest.mark.parametrize("packed", [SCRIPT, coded(SCRIPT), coded(gzip.compress(SCRIPT.encode()))])
@pytest.mark.parametrize(("kind", "field"), [(LAUNCH_TEMPLATE, "userData"), (INSTANCE, "userDataBase64")])
def test_out_of_base64_and_gzip(packed, kind, field):
    assert told(kind, {field: packed}) == [(Kind.SCRIPT, SCRIPT.strip(), field)]


def test_lines_of_base64_are_one_text():
    lines = "\n".join(coded(SCRIPT)[i : i + 20] for i in range(0, len(coded(SCRIPT)), 20))
    assert told(LAUNCH_TEMPLATE, {"userData": lines})[0][1] == SCRIPT.strip()


@pytest.mark.parametrize("word", ["test", "true", "abc", "hostname"])
def test_words_that_could_be_base64_are_words(word):
    assert told(INSTANCE, {"userData": word}) == [(Kind.SCRIPT, word, "userData")]


def test_parts_of_a_multipart_message():
    found = told(EC2_NODE_CLASSES[0], {"spec": {"userData": MULTIPART}})
    assert [(kind, text) for kind, text, _ in found] == [
        (Kind.NODE_CONFIG, NODE_CONFIG),
        (Kind.SCRIPT, SCRIPT.strip()),
        (Kind.CLOUD_CONFIG, CONFIG.strip()),
    ]
    assert {place for *_, place in found} == {"spec.userData"}


def test_a_part_in_base64_and_gzip():
    message = (
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/x-shellscript\n'
        f"Content-Transfer-Encoding: base64\n\n{coded(gzip.compress(SCRIPT.encode()))}\n--b--\n"
    )
    assert told(LAUNCH_TEMPLATE, {"userData": coded(message)}) == [(Kind.SCRIPT, SCRIPT.strip(), "userData")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (CONFIG, Kind.CLOUD_CONFIG),
        ("## template: jinja\n#cloud-config\nruncmd: []", Kind.CLOUD_CONFIG),
        ("#cloud-boothook\n#!/bin/sh\ntrue", Kind.SCRIPT),
        ("#include\nhttps://example.com/x", Kind.INCLUDE),
        (f"---\n{NODE_CONFIG}", Kind.NODE_CONFIG),
        ("apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig", Kind.NODE_CONFIG),
        ("# nodes\n[settings.kubernetes]\ncluster-name = 'c'", Kind.BOTTLEROCKET),
        ("settings.kubernetes.cluster-name = 'c'", Kind.BOTTLEROCKET),
        ("<powershell>\nGet-Date\n</powershell>", Kind.POWERSHELL),
        ("yum install -y htop", Kind.SCRIPT),
    ],
)
def test_what_a_text_is(text, kind):
    assert [found[0] for found in told(INSTANCE, {"userData": text})] == [kind]


def test_an_archive_of_cloud_config():
    archive = (
        "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    packages: [htop]\n- |\n  #!/bin/sh\n  id\n"
    )
    assert [(kind, text) for kind, text, _ in told(INSTANCE, {"userData": archive})] == [
        (Kind.CLOUD_CONFIG, "packages: [htop]"),
        (Kind.SCRIPT, "#!/bin/sh\nid"),
    ]


def test_spot_fleets_have_many():
    fleet = {"launchSpecifications": [{"userData": SCRIPT}, {}, {"userData": coded(CONFIG)}]}
    assert [place for *_, place in told(SPOT_FLEET, fleet)] == [
        "launchSpecifications[0].userData",
        "launchSpecifications[2].userData",
    ]


def test_custom_actions_of_head_node_queues_and_login_pools():
    one = {"CustomActions": {"OnNodeStart": {"Script": "s3://b/one.sh", "Args": ["a", 2]}}}
    several = {"CustomActions": {"OnNodeConfigured": {"Sequence": [{"Script": "https://x/1"}, {"Script": "s3://y/2"}]}}}
    cluster = {"HeadNode": one, "Scheduling": {"SlurmQueues": [several]}, "LoginNodes": {"Pools": [one]}}
    assert [(str(kind), text) for kind, text, _ in told("parallelcluster:index:Cluster", cluster)] == [
        ("action", "s3://b/one.sh"),
        ("argument", "a"),
        ("argument", "2"),
        ("action", "s3://b/one.sh"),
        ("argument", "a"),
        ("argument", "2"),
        ("action", "https://x/1"),
        ("action", "s3://y/2"),
    ]


def test_recipes_in_place_of_parallelclusters_own():
    cluster = {"DevSettings": {"Cookbook": {"ChefCookbook": "https://x/c.tgz"}, "NodePackage": "s3://b/n.tgz"}}
    assert [text for _, text, _ in told("parallelcluster:index:Cluster", cluster)] == [
        "https://x/c.tgz",
        "s3://b/n.tgz",
    ]


def test_a_cluster_within_a_cloudformation_template():
    properties = {"ClusterConfiguration": {"HeadNode": {"CustomActions": {"OnNodeStart": {"Script": "s3://b/one.sh"}}}}}
    template = {"Resources": {"C": {"Type": "Custom::PclusterCluster", "Properties": properties}}}
    found = told("aws:cloudformation/stack:Stack", {"templateBody": json.dumps(template)})
    assert [text for _, text, _ in found] == ["s3://b/one.sh"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (UNKNOWN, Reason.UNKNOWN),
        (coded(b"\x1f\x8bbroken"), Reason.MISSHAPEN),
        (coded(gzip.compress(b"# \xfc\nyum install -y htop")), Reason.MISSHAPEN),
        (["x"], Reason.MISSHAPEN),
    ],
)
def test_what_cant_be_read_is_not_evaluated(value, reason):
    with pytest.raises(UnevaluatedError) as caught:
        told(LAUNCH_TEMPLATE, {"userData": value})
    assert caught.value.reason is reason


def test_other_resources_tell_nothing():
    assert told("aws:s3/bucket:Bucket", {"userData": SCRIPT}) == []
