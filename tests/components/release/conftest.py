"""Contents of locks, and a folder to put them in."""

from __future__ import annotations

from pathlib import Path

import pytest

from herd.release.files import lock_text, write_lock

RECIPE = "a" * 64
DIGEST = "sha256:" + "1" * 64


def make_content():
    """A lock with one of everything."""
    return {
        "format": 1,
        "amis": {
            "node": {
                "provenance": "vendor",
                "recipe_hash": None,
                "architecture": "x86_64",
                "source": "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id",
                "ids": {"eu-west-1": "ami-0123456789abcdef0", "us-east-2": "unresolved"},
                "resolved_from": "aws",
            },
            "trainer": {
                "provenance": "recipe",
                "recipe_hash": RECIPE,
                "bill_of_materials": {"driver": "580.95.05", "efa": "1.44.0"},
                "architecture": "arm64",
                "ids": {"eu-west-1": "ami-0fedcba9876543210"},
                "resolved_from": "aws",
            },
        },
        "images": {
            "exporter": {
                "repository": "nvcr.io/nvidia/k8s/dcgm-exporter",
                "tag": "4.6.0",
                "digest": DIGEST,
                "resolved_from": "upstream",
            }
        },
        "charts": {
            "keda": {
                "repository": "https://charts.example.com/stable",
                "chart": "keda",
                "version": "2.19.0",
                "digest": "unresolved",
            }
        },
        "addons": {"vpc-cni": "v1.20.4-eksbuild.1"},
        "versions": {"kubernetes": "1.35", "slurm": "25.05.3"},
    }


class Locks:
    """A repository with locks in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "stacks" / "releases"

    def write(self, content=None, alias: str = "first") -> Path:
        return write_lock(self.folder, alias, content or make_content())

    def name(self, path: Path) -> str:
        return path.name.removesuffix(".lock.yaml")

    def text(self, content) -> str:
        return lock_text(content)


@pytest.fixture
def content():
    return make_content()


@pytest.fixture
def locks(tmp_path: Path) -> Locks:
    return Locks(tmp_path)
