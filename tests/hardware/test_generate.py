"""The catalogue's files: what EC2 answers becomes lines, and the committed ones are what moto ships."""

import copy
import gzip
import json
from collections import defaultdict
from pathlib import Path

import moto.ec2
import pytest

from components.base.problems import InvalidInputError
from components.base.validation import plain
from components.base.yaml_file import YamlFile
from components.hardware.catalogue import DATA, instance_type
from herd.hardware import facts
from herd.hardware.generate import CORRECTIONS, correct, generate, lines, main, stand_in

SHIPPED = Path(moto.ec2.__file__).parent / "resources"


def shipped(path):
    return json.loads(gzip.decompress(path.read_bytes()))


@pytest.fixture(scope="module")
def answers():
    return shipped(SHIPPED / "instance_types.json.gz")


def committed(name):
    text = (DATA / name).read_text()
    return text, json.loads(text)["source"]


def test_the_committed_types_are_what_moto_ships(answers):
    text, source = committed("types.json")
    rows = {name: facts.entry(answer) for name, answer in answers.items()}

    # If not: python -m herd.hardware.generate --stand-in, and read the diff.
    assert lines(source, "types", correct(rows, plain(YamlFile.load(CORRECTIONS).data))) == text


def test_the_committed_offerings_are_what_moto_ships():
    text, source = committed("offerings.json")
    zones = defaultdict(set)
    for path in (SHIPPED / "instance_type_offerings" / "availability-zone-id").iterdir():
        for row in shipped(path):
            zones[row["InstanceType"]].add(row["Location"])

    assert lines(source, "offerings", {name: facts.offering(found) for name, found in zones.items()}) == text


@pytest.mark.slow
def test_generating_from_the_stand_in_gives_the_committed_files():
    with stand_in() as (ec2, source):
        files = generate(ec2, source)

    assert files == {name: committed(name)[0] for name in ("types.json", "offerings.json", "zones.json")}


@pytest.mark.slow
def test_the_command_writes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("herd.hardware.generate.DATA", tmp_path)

    main(["--stand-in", "--region", "ap-southeast-5"])

    assert sorted(path.name for path in tmp_path.iterdir()) == ["offerings.json", "types.json", "zones.json"]
    assert capsys.readouterr().out.endswith("zones.json: 1 rows\n")


class Region:
    """What DescribeInstanceTypeOfferings, DescribeAvailabilityZones and DescribeInstanceTypes say in one region."""

    def __init__(self, zones, types):
        self.zones, self.types, self.asked = zones, types, []

    def describe_regions(self):
        return {"Regions": [{"RegionName": "eu-north-1"}, {"RegionName": "us-east-1"}, {"RegionName": "xx-1"}]}

    def get_paginator(self, _):
        return self

    def paginate(self, **asked):
        assert asked == {"LocationType": "availability-zone-id"}
        for zone in self.zones.values():
            yield {"InstanceTypeOfferings": [{"InstanceType": name, "Location": zone} for name in self.types]}

    def describe_availability_zones(self):
        kinds = {zone: "availability-zone" if "-az" in zone[:9] else "local-zone" for zone in self.zones.values()}
        return {
            "AvailabilityZones": [
                {"ZoneName": name, "ZoneId": zone, "ZoneType": kinds[zone]} for name, zone in self.zones.items()
            ]
        }

    def describe_instance_types(self, **asked):
        self.asked += asked["InstanceTypes"]
        return {"InstanceTypes": [self.types[name] for name in asked["InstanceTypes"]]}


def test_regions_add_up(answers):
    g6, p5 = answers["g6.xlarge"], answers["p5.48xlarge"]
    elsewhere = {**copy.deepcopy(g6), "MemoryInfo": {"SizeInMiB": 1}}
    world = {
        "us-east-1": Region({"us-east-1b": "use1-az2", "us-east-1a": "use1-az10"}, {"g6.xlarge": g6}),
        "eu-north-1": Region(
            {"eu-north-1a": "eun1-az1", "eu-north-1-hel-1a": "eun1-hel1-az1"},
            {"g6.xlarge": elsewhere, "p5.48xlarge": p5},
        ),
        "xx-1": Region({"xx-1a": "xx1-az1"}, {}),
    }

    files = {name: json.loads(text) for name, text in generate(world.__getitem__, "a test").items()}

    assert {file["source"] for file in files.values()} == {"a test"}
    assert files["offerings.json"]["offerings"] == {
        "g6.xlarge": "eun1-az1 use1-az2,10",
        "p5.48xlarge": "eun1-az1",
    }
    assert files["zones.json"]["zones"] == {
        "eu-north-1": {"eu-north-1a": "eun1-az1"},
        "us-east-1": {"us-east-1a": "use1-az10", "us-east-1b": "use1-az2"},
    }
    # us-east-1 describes what it has; another region only what is left.
    assert files["types.json"]["types"]["g6.xlarge"]["memory_mib"] == 16384
    assert world["eu-north-1"].asked == ["p5.48xlarge"]


def test_there_is_a_line_per_type_sorted():
    assert lines("s", "t", {"b": {"x": 1}, "a": [2]}) == '{"source": "s",\n"t": {\n"a": [2],\n"b": {"x": 1}\n}}\n'


def test_a_correction_that_ec2_has_overtaken_stops_everything():
    rows = {"a.b": {"vcpus": 4}, "c.d": {}}
    corrections = {
        "a.b": [{"fact": "vcpus", "stated": 2, "is": 3}],
        "c.d": [{"fact": "accelerators", "stated": ["x"], "is": []}],
        "not.offered": [{"fact": "vcpus", "stated": 2, "is": 3}],
    }

    with pytest.raises(InvalidInputError, match=r"a.b: EC2 now states vcpus as 4; c.d: .* accelerators as None"):
        correct(rows, corrections)
    assert rows == {"a.b": {"vcpus": 4}, "c.d": {}}


def test_every_correction_has_a_reason_and_a_source():
    for name, rows in plain(YamlFile.load(CORRECTIONS).data).items():
        assert instance_type(name)
        for row in rows:
            assert set(row) == {"fact", "stated", "is", "why", "source"}
            assert row["source"].startswith("https://")


def test_a_family_in_no_quota_class_is_refused():
    with pytest.raises(InvalidInputError, match=r"quotas\.json: q1\.large: no quota class has the family 'q'"):
        facts.quota("q1.large")


def test_a_gpu_of_an_unknown_maker_is_refused(answers):
    answer = copy.deepcopy(answers["g6.xlarge"])
    answer["GpuInfo"]["Gpus"][0]["Manufacturer"] = "Cerebras"

    with pytest.raises(InvalidInputError, match="unknown maker of GPUs 'Cerebras'"):
        facts.entry(answer)


def test_cards_with_a_hole_in_their_numbers_are_refused(answers):
    network = copy.deepcopy(answers["g6e.48xlarge"]["NetworkInfo"]["NetworkCards"])

    with pytest.raises(InvalidInputError, match="without holes"):
        facts.cards([*network[:1], *network[2:]])


def test_makers_of_gpus_have_their_kinds():
    def gpu(maker):
        return {"GpuInfo": {"Gpus": [{"Name": "X", "Manufacturer": maker, "Count": 8, "MemoryInfo": {"SizeInMiB": 1}}]}}

    kinds = {maker: facts.accelerators(gpu(maker))[0]["kind"] for maker in ("AMD", "Habana", "NVIDIA")}
    assert kinds == {"AMD": "amd", "Habana": "habana", "NVIDIA": "nvidia"}


def test_without_credentials_nothing_is_written_and_the_reason_told(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setattr("herd.hardware.generate.DATA", tmp_path)

    with pytest.raises(SystemExit, match=r"error: EC2 didn't answer: Unable to locate credentials .*--stand-in"):
        main([])
    assert list(tmp_path.iterdir()) == []
