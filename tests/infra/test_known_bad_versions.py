"""Versions that don't work together are refused when a stack is loaded, where they are written."""

import copy
import re

from ruamel.yaml import YAML

from herd.release.files import write_lock

LOCK = "vendor-1ea35f3a8a36"


def write(checkout, change) -> str:
    """A lock like the shipped one, but for a change; its name."""
    content = copy.deepcopy(YAML(typ="safe").load(checkout.lock)["content"])
    change(content)
    return write_lock(checkout.root / "stacks" / "releases", "bad", content).name.removesuffix(".lock.yaml")


def found(checkout, row):
    """What is said of one row: file, line, field, message, fix."""
    problems = [each for each in checkout.refused("prod") if f"({row}: https://" in each.message]
    assert [each for each in checkout.refused_by_the_program("prod") if each in problems] == problems
    return [(each.file, each.line, each.field, each.fix) for each in problems]


def test_charts_that_dont_fit_the_cluster_or_its_nodes(checkout):
    def older(content):
        content["charts"]["karpenter"]["version"] = "1.8.6"
        content["charts"]["nvidia-device-plugin"]["version"] = "0.19.1"

    file, name = "stacks/Pulumi.prod.yaml", write(checkout, older)
    line = checkout.edit(checkout.file("prod"), f"\n  herd:release: {LOCK}", f"\n  herd:release: {name}") + 1
    assert found(checkout, "karpenter-kubernetes-1.35") == [(file, line, "release", "use karpenter 1.9 or newer")]
    lines = checkout.file("prod").read_text(encoding="utf-8").splitlines()
    ((where, line, field, fix),) = found(checkout, "device-plugin-takes-efa")
    assert (where, field, fix) == (
        file,
        "pools.p5.generations[0].node",
        "use nvidia-device-plugin 0.19.3 or newer",
    )
    assert "instanceTypes: [p5.48xlarge]" in "\n".join(lines[line - 1 : line + 2])


def test_what_an_image_says_is_in_it(checkout):
    """A bill of materials speaks for its own generation alone."""

    def built(content):
        image = content["amis"]["eks-nvidia-x86-64"]
        image |= {"provenance": "recipe", "recipe_hash": "a" * 64}
        image["bill_of_materials"] = {"nccl": "2.27.7", "efa": "1.28.0"}
        del image["source"]

    file, name = checkout.file("prod"), write(checkout, built)
    text = file.read_text(encoding="utf-8")
    text, times = re.subn(rf"(key: g1-9a97cf1f\n +release: ){LOCK}", rf"\g<1>{name}", text)
    assert times == 1
    file.write_text(text, encoding="utf-8")
    ((_, line, field, fix),) = found(checkout, "nccl-needs-efa-1.29")
    assert (field, fix) == ("pools.p5.generations[0].node", "build the image with EFA 1.29.0 or newer")
    assert line > text.splitlines().index("    p5: # 8 H100 and 32 network cards each")
