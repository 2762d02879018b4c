"""Doctor: each check on a machine that has the thing, lacks it, or has the wrong one."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from herd.doctor import CHECKS, Machine, examine

PINS = """
alpha==1.0.0 \\
    --hash=sha256:00
beta==2.0.0 ; python_version >= "3.8" \\
    --hash=sha256:11
windows-only==3.0.0 ; sys_platform == "win32" \\
    --hash=sha256:22
"""


@dataclass(frozen=True)
class Fake(Machine):
    """A machine made of what it is said to have."""

    programs: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    listens: bool = True

    def program(self, name):
        return f"/bin/{name}" if name in self.programs else None

    def says(self, *command):
        return self.programs.get(" ".join(command), self.programs.get(command[0]) or None)

    def package(self, name):
        return self.packages.get(name)

    def read(self, path):
        return self.files.get(path)

    def can_listen(self):
        return self.listens


@pytest.fixture
def machine(tmp_path):
    def make(**facts):
        defaults = {
            "environment": {},
            "python": (3, 11, 7),
            "packages": {"alpha": "1.0.0", "beta": "2.0.0"},
            "files": {"requirements/run.txt": PINS, "Pulumi.yaml": 'requiredPulumiVersion: ">=3.258.0 <4"\n'},
        }
        return Fake(root=Path("/nowhere"), home=tmp_path, **{**defaults, **facts})

    return make


def found(machine, name):
    (finding,) = [finding for finding in examine(machine) if finding.check.name == name]
    return finding


def test_a_bare_machine_with_the_packages_is_enough(machine):
    findings = examine(machine())

    assert not any(finding.fatal for finding in findings)
    assert {finding.check.name for finding in findings if finding.status == "ok"} == {"python", "packages", "loopback"}


@pytest.mark.parametrize(
    ("facts", "name", "text"),
    [
        ({"python": (3, 10, 4)}, "python", "3.10.4, which is too old"),
        ({"packages": {"alpha": "1.0.0"}}, "packages", "beta missing (pinned: 2.0.0)"),
        ({"packages": {"alpha": "0.9", "beta": "2.0.0"}}, "packages", "alpha 0.9 (pinned: 1.0.0)"),
        ({"files": {}}, "packages", "nothing to compare with"),
        ({"listens": False}, "loopback", "nothing may listen"),
    ],
)
def test_what_is_required_is_fatal(machine, facts, name, text):
    finding = found(machine(**facts), name)

    assert finding.fatal
    assert text in finding.found


def test_only_the_packages_of_this_platform_count(machine):
    assert found(machine(), "packages").found == "2 packages as pinned"


@pytest.mark.parametrize("name", ["git", "pulumi", "aws", "kubectl", "helm", "docker", "credentials"])
def test_what_is_optional_is_never_fatal(machine, name):
    finding = found(machine(), name)

    assert (finding.status, finding.fatal) == ("missing", False)


@pytest.mark.parametrize(
    ("name", "answer", "version"),
    [
        ("git", "git version 2.39.5", "2.39.5"),
        ("aws", "aws-cli/2.31.0 Python/3.13 Linux/6.1", "2.31.0"),
        ("kubectl", "Client Version: v1.35.0\nKustomize Version: v5.5.0", "1.35.0"),
        ("helm", "v4.1.1+g5caf004", "4.1.1"),
        ("docker", "Docker version 28.2.2, build e6534b4", "28.2.2"),
        ("pulumi", "v3.272.0", "3.272.0"),
    ],
)
def test_versions_are_read(machine, name, answer, version):
    finding = found(machine(programs={name: answer}), name)

    assert (finding.status, finding.found) == ("ok", version)


@pytest.mark.parametrize("version", ["v3.257.1", "v4.0.0"])
def test_a_pulumi_out_of_range_is_wrong(machine, version):
    finding = found(machine(programs={"pulumi": version}), "pulumi")

    assert finding.status == "wrong"
    assert ">=3.258.0 <4" in finding.found


def test_a_docker_without_its_daemon_is_wrong(machine):
    programs = {"docker": "Docker version 28.2.2", "docker version --format {{.Server.Version}}": None}

    finding = found(machine(programs=programs), "docker")

    assert finding.status == "wrong"
    assert "daemon" in finding.found


def test_a_program_that_fails_is_wrong(machine):
    assert found(machine(programs={"helm": ""}), "helm").status == "wrong"


def test_credentials_are_named_by_their_source_and_never_shown(machine):
    environment = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "very-secret"}

    finding = found(machine(environment=environment), "credentials")

    assert finding.status == "ok"
    assert "AWS_ACCESS_KEY_ID" in finding.found
    assert "AKIAEXAMPLE" not in str(finding.to_dict())


def test_credentials_may_be_in_the_users_files(machine, tmp_path):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\n")

    assert found(machine(), "credentials").found.startswith("from ~/.aws/config")


def test_every_check_says_what_it_enables_and_how_to_get_it():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.enables, check.name
        assert check.get, check.name
