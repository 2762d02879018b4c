"""The release's parameters as the engine sees them."""

import pulumi
import pytest
from pulumi_aws import Provider, ssm

from components.release.component import ReleasedParameters
from components.release.derive import release_spec
from components.release.load import load_release


@pytest.fixture
def spec(locks):
    return release_spec(load_release(locks.root, locks.name(locks.write())), "eu-west-1")


@pytest.mark.parametrize("preview", [True, False])
def test_what_is_published_is_the_same_in_a_preview(record, make_context, spec, preview):
    def program():
        provider = Provider("aws", region="eu-west-1")
        ReleasedParameters("release", spec, make_context("prod"), opts=pulumi.ResourceOptions(providers=[provider]))

    recording = record(program, preview=preview)
    parameters = recording.of(ssm.Parameter)
    assert len(parameters) == 9
    image = recording.one(ssm.Parameter, "release-ami-node")
    assert image.inputs == {
        "name": "/herd/prod/release/ami/node",
        "type": "String",
        "dataType": "aws:ec2:image",
        "insecureValue": "ami-0123456789abcdef0",
        "tags": {"release": spec.name},
    }
    # They say what runs and hold nothing: taking the release away takes them away, in prod too.
    assert not any(row.options.get("protect") or row.options.get("retainOnDelete") for row in parameters)
    (component,) = recording.of("herd:release:ReleasedParameters")
    assert component.inputs["sha256"] == spec.sha256
    assert recording.outputs[component.urn] == {
        "name": spec.name,
        "sha256": spec.sha256,
        "path": "/herd/prod/release",
    }
