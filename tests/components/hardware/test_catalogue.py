"""The catalogue: what look-ups and searches answer, and what they cost."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.hardware import catalogue
from components.hardware.catalogue import all_types, find, find_type, instance_type, offered_zone_ids, zone_id
from components.hardware.spec import Accelerator, LocalDisks, NetworkCard, QuotaClass

ROOT = Path(__file__).parents[3]
IMPORT = """
import sys, time
start = time.perf_counter()
import components.hardware.catalogue, components.hardware.wiring
print(time.perf_counter() - start)
print(*(name for name in ("pydantic", "ruamel", "boto3", "pulumi") if name in sys.modules))
print(components.hardware.catalogue._rows.cache_info().currsize)
"""


def names(machines):
    return [machine.name for machine in machines]


def test_a_type_has_its_facts():
    p5 = instance_type("p5.48xlarge")

    assert (p5.vcpus, p5.memory_mib, p5.gpus, p5.family) == (192, 2 * 1024**2, 8, "p5")
    assert p5.accelerators == (Accelerator("nvidia", "H100", 8, 80 * 1024),)
    assert p5.cards[31] == NetworkCard(31, 2, ("efa", "efa-only", "interface"), 100)
    assert (len(p5.cards), p5.max_efa, p5.max_interfaces, p5.ipv4_per_interface) == (32, 32, 64, 50)
    assert p5.local_disks == LocalDisks(8, 3800, nvme=True)
    assert p5.architectures == ("x86_64",)
    assert p5.usage_classes == ("capacity-block", "on-demand", "spot")
    assert p5.placement_strategies == ("cluster", "partition", "spread")
    assert (p5.hypervisor, p5.bare_metal, p5.current_generation) == ("nitro", False, True)


def test_cards_that_differ_keep_their_order():
    first, *others = instance_type("p6-b300.48xlarge").cards

    assert (first.index, first.interface_types, first.gbps) == (0, ("interface",), 350)
    assert [card.index for card in others] == list(range(1, 17))
    assert {(card.interfaces, card.gbps, "efa-only" in card.interface_types) for card in others} == {(4, 400, True)}


@pytest.mark.parametrize(
    ("name", "kind", "gpus", "cores", "share"),
    [
        ("trn1.32xlarge", "neuron", 0, 2, 1),
        ("inf2.48xlarge", "neuron", 0, 2, 1),  # EC2 states it twice, as Neuron and as inference devices
        ("dl2q.24xlarge", "inference", 0, 0, 1),
        ("f2.48xlarge", "fpga", 0, 0, 1),
        ("vt1.24xlarge", "media", 0, 0, 1),
        ("g6f.large", "nvidia", 1, 0, 0.125),  # EC2 states no whole GPU and one logical one
    ],
)
def test_accelerators_of_every_kind_are_there_once(name, kind, gpus, cores, share):
    machine = instance_type(name)
    (device,) = machine.accelerators

    assert (device.kind, machine.gpus, device.cores, device.share) == (kind, gpus, cores, share)


@pytest.mark.parametrize(("name", "chips"), [("trn2.3xlarge", 1), ("trn2.48xlarge", 16), ("trn2u.48xlarge", 16)])
def test_what_ec2_gets_wrong_is_corrected(name, chips):
    assert instance_type(name).accelerators == (Accelerator("neuron", "Trainium2", chips, 96 * 1024, cores=8),)


@pytest.mark.parametrize(
    ("name", "quota"),
    [
        ("p4d.24xlarge", QuotaClass("P", "L-417A185B", "L-7212CCBC")),
        # Spot requests of P5 have a limit of their own (EC2 User Guide, "Spot Instance quotas").
        ("p5.48xlarge", QuotaClass("P", "L-417A185B", "L-C4BD4855")),
        ("p5en.48xlarge", QuotaClass("P", "L-417A185B", "L-C4BD4855")),
        ("g6e.48xlarge", QuotaClass("G and VT", "L-DB2E81BA", "L-3819A6DF")),
        ("gr6.4xlarge", QuotaClass("G and VT", "L-DB2E81BA", "L-3819A6DF")),
        ("vt1.24xlarge", QuotaClass("G and VT", "L-DB2E81BA", "L-3819A6DF")),
        ("m7i.large", QuotaClass("Standard", "L-1216C47A", "L-34B43A08")),
        ("im4gn.large", QuotaClass("Standard", "L-1216C47A", "L-34B43A08")),
        ("trn2.48xlarge", QuotaClass("Trn", "L-2C3B7624", "L-6B0D517C")),
        ("inf2.xlarge", QuotaClass("Inf", "L-1945791B", "L-B5D1601B")),
        ("hpc7a.96xlarge", QuotaClass("HPC", "L-F7808C92", None)),
        ("dl2q.24xlarge", QuotaClass("DL", "L-6E869C2A", "L-85EED4F7")),
        ("f2.48xlarge", QuotaClass("F", "L-74FC7D96", "L-88CF9481")),
        ("x8g.large", QuotaClass("X", "L-7295265B", "L-E3A00192")),
        ("u7in-16tb.224xlarge", QuotaClass("High Memory", "L-43DA4232", None)),
        ("mac2.metal", QuotaClass("Mac", None, None)),
    ],
)
def test_a_type_counts_against_the_quota_of_its_class(name, quota):
    assert instance_type(name).quota_class == quota


def test_what_can_be_bought_on_the_spot_has_a_quota_for_it():
    assert {m.name for m in all_types() if "spot" in m.usage_classes and not m.quota_class.spot_code} == set()


def test_a_single_look_up_says_what_the_whole_catalogue_says():
    assert [find_type(machine.name) for machine in all_types()] == list(all_types())
    assert names(all_types()) == sorted(set(names(all_types())))


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("p5.48xlrge", "did you mean 'p5.48xlarge'"),
        ("P5.48XLARGE", "did you mean 'p5.48xlarge'"),
        ("h100", "`herd hardware find` lists"),
        ("", "`herd hardware find` lists"),
    ],
)
def test_an_unknown_type_is_refused_with_what_is_near(name, fix):
    assert find_type(name) is None
    with pytest.raises(InvalidInputError) as refused:
        instance_type(name)
    (problem,) = refused.value.problems
    assert repr(name) in problem.message
    assert problem.fix.startswith(fix)


def test_a_search_answers_smallest_first():
    found = names(find(gpus=8, gpu_memory_gib=80, efa=True))

    assert found[:2] == ["p4de.24xlarge", "p5.48xlarge"]
    assert found[-1] == "p6-b300.48xlarge"


@given(
    gpus=st.integers(0, 9),
    memory=st.sampled_from([0, 16, 22, 24, 80, 141, 300]),
    efa=st.booleans(),
    architecture=st.sampled_from([None, "x86_64", "arm64"]),
    usage=st.sampled_from([None, "spot", "capacity-block"]),
    region=st.sampled_from([None, "us-east-2"]),
)
def test_a_search_finds_what_fits_and_nothing_else(gpus, memory, efa, architecture, usage, region):
    def fits(machine):
        whole = [
            d for d in machine.accelerators if d.kind == "nvidia" and d.share == 1 and d.memory_mib >= memory * 1024
        ]
        return (
            (not (gpus or memory) or (bool(whole) and sum(d.count for d in whole) >= gpus))
            and (machine.max_efa > 0 or not efa)
            and (architecture is None or architecture in machine.architectures)
            and (usage is None or usage in machine.usage_classes)
            and (region is None or bool(offered_zone_ids(machine.name, region)))
        )

    found = find(gpus=gpus, gpu_memory_gib=memory, efa=efa, architecture=architecture, usage=usage, region=region)
    assert set(found) == set(filter(fits, all_types()))


def test_offerings_are_by_zone_id():
    assert offered_zone_ids("p6-b300.48xlarge", "us-west-2") == {"usw2-az1", "usw2-az2"}
    assert offered_zone_ids("p6-b300.48xlarge", "us-east-2") == frozenset()
    assert offered_zone_ids("p6-b300.48xlarge", "mars-1") == frozenset()
    assert offered_zone_ids("p99.large", "us-west-2") == frozenset()
    assert "p6-b300.48xlarge" in names(find(zone_id="usw2-az1"))
    assert "p6-b300.48xlarge" not in names(find(zone_id="usw2-az3"))


def test_every_type_is_offered_somewhere_known():
    assert [m.name for m in all_types() if not catalogue.offers(m.name)] == []


def test_zone_names_have_their_usual_ids():
    assert (zone_id("us-east-2a"), zone_id("us-west-2a")) == ("use2-az1", "usw2-az2")
    assert {zone_id("us-east-2a"), zone_id("us-west-2d")} <= catalogue.zone_ids()
    with pytest.raises(InvalidInputError, match=r"'us-east-2z' .*us-east-2a, us-east-2b, us-east-2c"):
        zone_id("us-east-2z")
    with pytest.raises(InvalidInputError, match=r"'' .*eu-west-1"):
        zone_id("")


def test_importing_costs_little_and_reads_nothing():
    runs = []
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, capture_output=True, text=True, check=True)
        seconds, heavy, files = run.stdout.split("\n")[:3]
        assert (heavy, files) == ("", "0")
        runs.append(float(seconds))
        if runs[-1] < 0.05:
            break
    assert min(runs) < 0.05
