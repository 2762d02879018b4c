"""What a stack takes from a lock, and what it says about it in public."""

from components.release.derive import (
    from_stand_in,
    missing_region,
    parameters,
    release_spec,
    unresolved,
)
from components.release.load import load_release
from components.release.spec import Lock


def load(locks, content):
    return load_release(locks.root, locks.name(locks.write(content)))


def test_a_missing_region_is_found_for_every_image(content):
    lock = Lock.model_validate(content)
    assert [path for path, *_ in missing_region(lock, "eu-west-1")] == []
    assert [path for path, *_ in missing_region(lock, "us-east-2")] == [("content", "amis", "trainer", "ids")]
    assert len(list(missing_region(lock, "us-west-2"))) == 2


def test_unresolved_values_are_found_wherever_they_are(content):
    assert [path for path, *_ in unresolved(Lock.model_validate(content))] == [
        ("content", "amis", "node", "ids", "us-east-2"),
        ("content", "charts", "keda", "digest"),
    ]


def test_a_stand_in_s_values_are_found_wherever_they_are(content):
    assert list(from_stand_in(Lock.model_validate(content))) == []
    content["amis"]["node"]["resolved_from"] = "stand-in"
    content["images"]["exporter"]["resolved_from"] = "stand-in"
    assert [path for path, *_ in from_stand_in(Lock.model_validate(content))] == [
        ("content", "amis", "node", "resolved_from"),
        ("content", "images", "exporter", "resolved_from"),
    ]


def test_a_region_takes_its_own_images_and_pins_everything(locks, content):
    release = load(locks, content)
    spec = release_spec(release, "eu-west-1")
    assert {name: pin.id for name, pin in spec.amis.items()} == {
        "node": "ami-0123456789abcdef0",
        "trainer": "ami-0fedcba9876543210",
    }
    assert spec.images == {"exporter": f"nvcr.io/nvidia/k8s/dcgm-exporter@sha256:{'1' * 64}"}
    assert spec.charts == {"keda": "https://charts.example.com/stable/keda:2.19.0@unresolved"}
    assert spec.versions == {"kubernetes": "1.35", "slurm": "25.05.3"}
    assert (spec.name, spec.sha256) == (release.name, release.sha256)


def test_every_value_has_a_parameter_of_its_own(locks, content, make_context):
    rows = parameters(release_spec(load(locks, content), "eu-west-1"), make_context("test"))
    assert {row.path.removeprefix("/herd/test/release/") for row in rows} == {
        *("name", "sha256", "ami/node", "ami/trainer", "image/exporter", "chart/keda", "addon/vpc-cni"),
        *("version/kubernetes", "version/slurm"),
    }
    assert len({row.name for row in rows}) == len(rows)
    assert {row.path for row in rows if row.data_type == "aws:ec2:image"} == {
        "/herd/test/release/ami/node",
        "/herd/test/release/ami/trainer",
    }
