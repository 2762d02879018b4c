"""Where values are read, and how it is told that it was AWS."""

import boto3
import pytest

from components.base.problems import InvalidInputError
from components.release.spec import Origin
from herd.release.lookup import LiveLookup, origin, sessions
from herd.release.registries import LookupFailedError

ACCOUNT = "111122223333"
KEYS = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}


@pytest.fixture
def lookup(cloud):
    return LiveLookup(lambda service, region: cloud.client(service, ACCOUNT, region))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"region_name": "us-east-2"}, Origin.AWS),
        ({"region_name": "cn-north-1"}, Origin.AWS),
        ({"region_name": "us-east-2", "endpoint_url": "http://127.0.0.1:5000"}, Origin.STAND_IN),
        ({"region_name": "us-east-2", "endpoint_url": "https://ssm.example.com"}, Origin.STAND_IN),
        ({"region_name": "us-east-2", "endpoint_url": "https://amazonaws.com.example.com"}, Origin.STAND_IN),
    ],
)
def test_where_calls_go_decides_what_is_aws(options, expected, monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert origin(boto3.client("ssm", **KEYS, **options)) is expected


def test_an_endpoint_in_the_environment_is_a_stand_in(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    assert origin(sessions()("ssm", "us-east-2")) is Origin.STAND_IN


def test_an_image_is_read_in_each_region(lookup):
    source = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/recommended/image_id"
    found = {region: lookup.ami(source, region) for region in ("us-east-2", "us-west-2")}
    assert {answer.origin for answer in found.values()} == {Origin.STAND_IN}
    assert len({answer.value for answer in found.values()}) == 2


def test_an_unknown_parameter_is_told(lookup):
    with pytest.raises(LookupFailedError, match="/aws/service/nothing in us-east-2: ParameterNotFound"):
        lookup.ami("/aws/service/nothing", "us-east-2")


def test_missing_credentials_are_told_once(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(InvalidInputError, match="sign in to AWS"):
        LiveLookup(sessions()).ami("/aws/service/x", "us-east-2")


def test_a_private_registry_is_asked_through_aws(lookup, cloud):
    ecr = cloud.client("ecr", ACCOUNT, "us-east-2")
    ecr.create_repository(repositoryName="released/app")
    manifest = '{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []}'
    put = ecr.put_image(repositoryName="released/app", imageTag="1.0", imageManifest=manifest)["image"]
    answer = lookup.image(f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com/released/app", "1.0")
    assert (answer.value, answer.origin) == (put["imageId"]["imageDigest"], Origin.STAND_IN)
    with pytest.raises(LookupFailedError, match="ImageNotFoundException"):
        lookup.image(f"{ACCOUNT}.dkr.ecr.us-east-2.amazonaws.com/released/app", "2.0")


def test_a_registry_on_this_machine_is_a_stand_in(lookup, site, index):
    digest = site.serve("/v2/team/app/manifests/1.2", index)
    answer = lookup.image(f"{site.host}/team/app", "1.2")
    assert (answer.value, answer.origin) == (digest, Origin.STAND_IN)


def test_a_chart_in_a_registry_is_a_tag_without_a_plus(lookup, site, index):
    digest = site.serve("/v2/charts/keda/manifests/2.19.0_build.1", index)
    assert lookup.chart(f"oci://{site.host}/charts", "keda", "2.19.0+build.1").value == digest
