"""The report for people."""

import io

from herd.check import judge
from herd.check.rendered import stack_of
from herd.check.report.terminal import show
from herd.check.report.text import Line, report
from herd.check.report.words import shown
from herd.check.run import Outcome
from policies.engine.facts import Facts


def plain(outcome, **options):
    return "".join(f"{line.text}\n" for line in report(outcome, **options))


def test_the_whole_report(outcome, golden):
    golden("report.txt", plain(outcome))


def test_with_everything_spelled_out(outcome):
    text = plain(outcome, verbose=True, errors=True)
    assert "urn:pulumi:dev::demo::aws:s3/bucket:Bucket::open  __main__.py:7" in text
    assert text.startswith("COULD NOT BE JUDGED\n  bad: 1,2.yaml:3: not valid YAML (fix: mend it)\n")


def test_nothing_wrong(fine):
    assert plain(fine) == (
        "dev, severities of dev (as asked)\n\nPASSES dev as its program registers it: no findings, 5 passed\n"
    )


def test_many_that_are_not_evaluated_are_counted(graph, rules, today):
    buckets = {f"b{n}": ({"acl": "[secret]"}, {"protect": True}) for n in range(9)}
    outcome = Outcome((judge(stack_of(graph(**buckets)), Facts(), (), today, rules),), ())
    assert "secret: the value is a secret, 9 times" in plain(outcome)
    assert "and 4 more (--verbose)" in plain(outcome)
    assert plain(outcome, verbose=True).count(" acl") == 9


def test_a_terminal_s_width_is_kept(outcome, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    show(report(outcome), out)
    assert max(map(len, out.getvalue().splitlines())) <= 60
    assert "\n\nLOW\n" in out.getvalue()
    # What wraps stays under its own line.
    assert "\n      acl: is public-read\n" in out.getvalue()


def test_what_is_judged_can_not_command_the_runner_that_logs_it():
    at = Line(4, (("::stop-commands::x", ""), ("/a", "")))
    assert at.text == r"    \x3a:stop-commands::x/a"
    assert shown("PASSES ##[add-mask]a") == r"PASSES #\x23[add-mask]a"


def test_what_is_judged_can_not_speak_to_the_terminal(outcome):
    assert "\x1b" not in plain(outcome, verbose=True)
    assert r"x\x1b[31m isn't pinned" in plain(outcome)
