"""The report as GitHub's workflow commands."""

from herd.check.report.github import annotation, commands
from policies.engine.subject import Place


def test_the_whole_report(outcome, golden):
    golden("report.github", "".join(f"{line}\n" for line in commands(outcome)))


def test_every_result_is_one_line(outcome):
    lines = list(commands(outcome))
    assert all("\n" not in line for line in lines)
    levels = [line.split(" ")[0] for line in lines if line.startswith("::")]
    # Errors: the input, a critical finding, one critical and three crashed that couldn't say, a waiver, the pod.
    assert sorted(levels) == sorted(["::error"] * 8 + ["::warning"] * 2 + ["::notice"])


def test_what_would_end_a_command_is_escaped():
    said = annotation("error", "a: b, c", "100 %\nnext::error::x", Place("a:b,c.yaml", 3))
    assert said == "::error file=a%3Ab%2Cc.yaml,line=3,title=a%3A b%2C c::100 %25%0Anext::error::x"


def test_a_file_s_name_does_nothing_to_the_log():
    assert annotation("notice", "t", "m", Place("a\x1b[31m\n.yaml")) == r"::notice file=a\x1b[31m\n.yaml,title=t::m"


def test_without_a_place():
    assert annotation("notice", "t", "m", Place()) == "::notice title=t::m"
