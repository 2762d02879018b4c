"""`herd check`: arguments, exit codes, and where what is said."""

import gc
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from herd.cli.main import main

ROOT = Path(__file__).parents[2]
GOOD = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: team-a}
data: {a: b}
"""
LATEST = """\
apiVersion: v1
kind: Pod
metadata: {name: trainer, namespace: team-a}
spec:
  containers:
  - name: main
    image: example.com/trainer:latest
"""
CLUSTER = """\
Region: us-east-2
Image: {Os: alinux2023}
HeadNode:
  InstanceType: c7i.large
  Networking: {SubnetId: subnet-0123456789abcdef0}
  Ssh: {KeyName: mine}
Scheduling: {Scheduler: slurm}
"""
PROGRAM = """\
import pulumi
import pulumi_aws as aws

print("said by the program")
key = aws.ec2.KeyPair("deployer", public_key="ssh-rsa AAAA")
web = aws.ec2.SecurityGroup(
    "web",
    ingress=[{"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}],
)
server = aws.ec2.Instance("server", instance_type="t3.micro", ami="ami-1", key_name=key.key_name)
pulumi.export("address", server.public_ip)
"""


@pytest.fixture
def herd(tmp_path, monkeypatch, capsys):
    """Run the command in a folder of its own; gives exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "argv", ["herd", "check", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            gc.enable()
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def write(tmp_path):
    def put(name, text):
        (tmp_path / name).write_text(text)
        return name

    return put


def rules_of(out):
    return {finding["rule"] for finding in json.loads(out)["findings"]}


def test_nothing_stops(herd, write):
    code, out, err = herd("--file", write("a.yaml", GOOD))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("PASSES a.yaml as it is written: no findings")


def test_something_stops(herd, write):
    code, out, err = herd("--file", write("a.yaml", LATEST))
    assert (code, err) == (1, "")
    assert "Pod/team-a/trainer  a.yaml:7" in out
    assert "\x1b" not in out


def test_a_cluster_file(herd, write):
    code, out, _ = herd("--file", write("a.yaml", CLUSTER), "--format", "json")
    assert code == 1
    assert "HERD-004" in rules_of(out)


def test_what_a_shell_makes_of_a_pattern(herd, write):
    names = [write(f"{name}.yaml", LATEST) for name in "ab"]
    code, out, _ = herd("--file", *names, "--format", "json", "--rule", "HERD-041")
    assert code == 1
    assert [finding["stack"] for finding in json.loads(out)["findings"]] == names


def test_standard_input(herd):
    assert herd("--file", "-", stdin=LATEST)[0] == 1
    assert "<stdin>:7" in herd("-", stdin=LATEST)[1]


def test_an_input_that_can_not_be_judged(herd, write):
    code, out, err = herd("--file", write("a.yaml", LATEST), "--file", "none.yaml", "--state", write("s.json", GOOD))
    assert code == 2
    assert "FAILS a.yaml" in out
    assert err.splitlines() == [
        "error: s.json: is no saved deployment (fix: write one with pulumi stack export --file FILE)",
        "error: none.yaml: no such file",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "error: STACK: nothing to judge"),
        (("dev",), "error: no Pulumi.yaml in"),
        (
            ("--file", "a.yaml", "--rule", "HERD-0411"),
            "error: --rule: there is no rule 'HERD-0411' (fix: did you mean 'HERD-041'?)",
        ),
        (("--file", "a.yaml", "--output", "none/x"), "error: none/x: --output: can't be written"),
        (("--file", "a.yaml", "--format", "xml"), "Invalid value for '--format'"),
        (("--file", "a.yaml", "--environment", "live"), "Invalid value for '--environment'"),
    ],
)
def test_bad_arguments(herd, write, arguments, words):
    write("a.yaml", GOOD)
    code, out, err = herd(*arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_the_last_line_never_says_that_all_is_well_if_something_was_not_judged(herd, write):
    write("a.yaml", GOOD)
    assert herd("--file", "a.yaml", "--file", "none.yaml")[1].endswith(
        "\n\nnot everything could be judged: 1 problem\n"
    )
    assert herd("--file", "none.yaml")[:2] == (2, "")


def test_what_ends_a_run_can_not_speak_to_the_terminal(herd, write, tmp_path):
    write("Pulumi.yaml", "name: shop\nruntime: python\n")
    (tmp_path / "policies").mkdir()
    write("policies/waivers.yaml", '"\\e[31mred": []\n')
    code, _, err = herd("--file", write("a.yaml", GOOD))
    assert (code, "\x1b" in err, r"\x1b[31mred: unknown key" in err) == (2, False, True)


def test_an_environment(herd, write):
    write("a.yaml", LATEST)
    code, out, _ = herd("--file", "a.yaml", "--environment", "dev", "--rule", "HERD-041")
    assert code == 0
    assert "a.yaml, severities of dev (--environment)" in out
    assert "(advisory)" in out


def test_a_report_in_a_file(herd, write, tmp_path):
    write("a.yaml", LATEST)
    code, out, err = herd("--file", "a.yaml", "--file", "b.yaml", "--output", "report.txt")
    assert (code, err) == (2, "error: b.yaml: no such file\n")
    assert out.startswith("FAILS a.yaml")
    assert len(out.splitlines()) == 1
    report = (tmp_path / "report.txt").read_text()
    assert "b.yaml: no such file" in report
    assert "HERD-041" in report


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_forms_for_programs(herd, write, form):
    code, out, _ = herd("--file", write("a.yaml", LATEST), "--format", form)
    assert code == 1
    json.loads(out)
    assert "HERD-041" in out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_is_utf_8_whatever_the_locale_says(herd, write, monkeypatch, encoding):
    write("a.yaml", LATEST.replace("trainer,", "größe,"))
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    herd("--file", "a.yaml", "--format", "json")
    assert json.loads(raw.getvalue().decode("utf-8"))["findings"][0]["resource"] == "Pod/team-a/größe"


def test_json_in_a_file_about_one_whose_name_is_no_text(herd, write, tmp_path):
    name = write(os.fsdecode(b"\xff.yaml"), LATEST)
    assert herd("--file", name, "--format", "json", "--output", "report.json")[0] == 1
    assert json.loads((tmp_path / "report.json").read_text())["inputs"][0]["name"] == name


def test_annotations(herd, write, monkeypatch):
    _, out, _ = herd("--file", write("a.yaml", LATEST), "--format", "github", "--rule", "HERD-041")
    first, last = out.splitlines()
    assert first.startswith("::error file=a.yaml,line=7,title=HERD-041 ")
    assert last.startswith("FAILS a.yaml")


def test_pages_are_linked_in_a_github_run(herd, write, monkeypatch):
    write("a.yaml", LATEST)
    for key, value in (("SERVER_URL", "https://github.com"), ("REPOSITORY", "o/r"), ("SHA", "abc")):
        monkeypatch.setenv(f"GITHUB_{key}", value)
    assert "https://github.com/o/r/blob/abc/docs/rules/HERD-041.md" in herd("--file", "a.yaml", "--format", "sarif")[1]


def test_files_are_judged_without_the_sdk(tmp_path):
    """Loading it takes as long as all the rest: what judges files may not import it, however far away."""
    (tmp_path / "a.yaml").write_text(GOOD)
    program = """
import atexit, sys
from herd.cli.main import main
heavy = {"pulumi", "grpc", "google.protobuf", "herd.engine"}
atexit.register(lambda: print(sorted(heavy & {*sys.modules})))
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, "check", "a.yaml"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "[]"), ended.stderr


@pytest.mark.slow
class TestStacks:
    """Stacks are rendered, which takes the SDKs: a process of its own."""

    def run(self, folder, *arguments):
        command = [sys.executable, "-c", "from herd.cli.main import main; main()", "check", *arguments]
        environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    @pytest.fixture
    def tutorial(self, tmp_path):
        (tmp_path / "Pulumi.yaml").write_text("name: quickstart\nruntime: python\n")
        (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-west-2\n")
        (tmp_path / "__main__.py").write_text(PROGRAM)
        return tmp_path

    def test_a_tutorial_s_program(self, tutorial):
        ended = self.run(tutorial, "all", "--format", "json")
        assert ended.returncode == 1, ended.stderr
        assert {"HERD-001", "HERD-002", "HERD-005", "HERD-010", "HERD-018"} <= rules_of(ended.stdout)
        (key,) = [one for one in json.loads(ended.stdout)["findings"] if one["rule"] == "HERD-001"]
        assert (key["source"], key["stack"]) == ("__main__.py:5", "dev")
        assert ended.stderr == "said by the program\n"

    def test_a_program_that_fails_leaves_the_others_judged(self, tutorial):
        (tutorial / "a.yaml").write_text(LATEST)
        (tutorial / "__main__.py").write_text("import pulumi\nraise ValueError('no')\n")
        ended = self.run(tutorial, "dev", "--file", "a.yaml")
        assert ended.returncode == 2
        assert "FAILS a.yaml" in ended.stdout
        assert "error: __main__.py:2" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_our_own_stacks_pass_with_no_critical_rule_left_open(self):
        ended = self.run(ROOT, "all", "--format", "json")
        found = json.loads(ended.stdout)
        assert [one for one in found["findings"] if one["enforcement"] == "mandatory"] == []
        assert [one for one in found["not_evaluated"] if one["stops"]] == []
        assert {one["name"] for one in found["inputs"]} == {"dev", "test", "prod"}
        assert (ended.returncode, found["errors"]) == (0, [])
