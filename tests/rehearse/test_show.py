"""What a person reads at the end of a rehearsal."""

from rich.console import Console

from herd.rehearse.report import Replacement, Report
from herd.rehearse.show import summary

VPC = "urn:pulumi:dev::herd::herd:network:Network$aws:ec2/vpc:Vpc::network"
LOG = "urn:pulumi:dev::herd::herd:network:Network$aws:ec2/flowLog:FlowLog::network"


def test_replacements_of_one_name_are_told_apart_and_say_why():
    report = Report(
        "dev", "embedded", "HEAD", (), {}, {}, (Replacement(VPC, ("cidrBlock",)), Replacement(LOG, ())), (), 2, {}
    )
    console = Console(width=200)
    with console.capture() as shown:
        console.print(summary(report))
    assert "aws:ec2/vpc:Vpc::network  because of cidrBlock" in shown.get()
    assert "aws:ec2/flowLog:FlowLog::network  because of a trigger" in shown.get()


def test_what_is_only_recorded_is_named():
    fidelity = {"modelled": ("aws:eks/addon:Addon",), "recorded": ("kubernetes:helm.sh/v3:Release",)}
    console = Console(width=200)
    with console.capture() as shown:
        console.print(summary(Report("dev", "embedded", "HEAD", (), {}, fidelity, (), (), 2, {})))
    assert "recorded     1 types  accepted, nothing behind it\n              helm.sh.Release\n" in shown.get()
    assert "eks.Addon" not in shown.get()
