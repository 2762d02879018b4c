"""Public SSM parameters on the stand-in: what shipped locks ask for is there, in every region they name."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from components.release.load import known_locks, load_release
from components.release.spec import VendorAmi

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "111122223333"
STANDARD = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id"
NVIDIA = STANDARD.replace("standard", "nvidia")


@pytest.fixture(scope="module")
def ssm(cloud):
    return cloud.client("ssm", ACCOUNT, "us-west-2")


def shipped():
    for name in known_locks(ROOT):
        for (_, ami), part in load_release(ROOT, name).lock.parts():
            if isinstance(part, VendorAmi):
                yield from (pytest.param(part.source, region, id=f"{ami}-{region}") for region in part.ids)


@pytest.mark.parametrize(("source", "region"), tuple(shipped()))
def test_what_a_shipped_lock_asks_for_is_there(cloud, source, region):
    parameter = cloud.client("ssm", ACCOUNT, region).get_parameter(Name=source)["Parameter"]
    assert parameter["Name"] == source
    assert parameter["Value"].startswith("ami-")
    assert parameter["ARN"] == f"arn:aws:ssm:{region}::parameter{source}"


def test_different_images_have_different_ids(ssm):
    values = {ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in (STANDARD, NVIDIA)}
    assert len(values) == 2


def test_several_are_read_at_once_and_unknown_ones_named(ssm):
    own = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64"
    wrong = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidea/recommended/image_id"
    answer = ssm.get_parameters(Names=[STANDARD, own, NVIDIA, wrong])
    found = {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
    assert found.keys() == {STANDARD, own, NVIDIA}
    assert found[STANDARD] == found[own]
    assert answer["InvalidParameters"] == [wrong]


def test_nobody_can_write_them(ssm):
    with pytest.raises(ClientError):
        ssm.put_parameter(Name=STANDARD, Value="ami-00000000000000000", Type="String", Overwrite=True)


def test_parameters_of_one_s_own_are_as_before(ssm):
    ssm.put_parameter(Name="/mine", Value="x", Type="String")
    assert ssm.get_parameter(Name="/mine")["Parameter"]["Value"] == "x"
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name="/not-mine")
