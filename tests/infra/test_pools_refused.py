"""What the real program refuses of pools before it registers anything: with file, line and way out."""

import re


def problem(checkout, field):
    (found,) = [item for item in checkout.refused_by_the_program("prod") if item.field == field]
    assert found.file == "stacks/Pulumi.prod.yaml"
    return found


def test_changed_content_under_an_old_key(checkout):
    file = checkout.file("prod")
    checkout.edit(file, "instanceTypes: [g6e.2xlarge, g6e.4xlarge]", "instanceTypes: [g6e.2xlarge, g6e.8xlarge]")
    found = problem(checkout, "pools.g6e.generations[0].key")
    assert file.read_text().splitlines()[found.line - 1].strip().startswith("- key: g1-")
    assert "herd pool roll" in f"{found.message} {found.fix}"
    assert "put" in found.fix, "the way back is told as well"


def test_a_reservation_too_small_for_all_its_pools(checkout):
    file = checkout.file("prod")
    text = file.read_text()
    p5 = re.search(r"^    p5: #.*?(?=^  \S|^  #)", text, re.DOTALL | re.MULTILINE)[0]
    second = p5.replace("    p5:", "    p5-debug:").replace("slices: [0, 1, 2, 3]", "slices: [0]")
    file.write_text(text.replace(p5, p5 + second))
    found = problem(checkout, "pools.p5-debug.generations[0].slices")
    assert re.fullmatch(
        r"pool p5 (g1-\w+) promises 16, pool p5-debug \1 4: together 20, reservation p5 holds 16", found.message
    )
    assert file.read_text().splitlines()[found.line - 1].strip() == "slices: [0]"
    assert found.fix
