"""From an unresolved lock to a new one, by function and by command, on the stand-in cloud."""

import json
import sys
from dataclasses import dataclass

import pytest

from components.base.problems import InvalidInputError
from components.release.load import load_release
from components.release.resolve import Answer
from components.release.spec import Origin
from herd.cli.main import main
from herd.release.registries import LookupFailedError
from herd.release.rehearsed import rehearsed_lock, rehearsed_stack
from herd.release.resolve import resolve

ACCOUNT = "111122223333"


@pytest.fixture
def clients(cloud):
    return lambda service, region: cloud.client(service, ACCOUNT, region)


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def herd(project, cloud, monkeypatch, capsys):
    """Run the command in the project, against the stand-in."""
    monkeypatch.chdir(project.root)

    def run(*arguments, environment=None):
        with monkeypatch.context() as patch:
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
                patch.delenv(name, raising=False)
            for name, value in (cloud.environment(ACCOUNT) if environment is None else environment).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["herd", "release", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        return Done(ended.value.code or 0, *capsys.readouterr())

    return run


class Canned:
    """Answers as AWS would give them."""

    def __init__(self, failing=()):
        self.failing, self.asked = failing, []

    def ami(self, source, region):
        self.asked.append(region)
        if region in self.failing:
            raise LookupFailedError(f"{source} in {region}: AccessDeniedException")
        return Answer("ami-00000000000000001", Origin.AWS)

    def image(self, repository, tag):
        raise LookupFailedError(f"{repository}:{tag}: HTTP 404")

    chart = image


def test_a_new_lock_is_written_and_the_old_one_stays(project):
    name = project.lock()
    before = (project.locks / f"{name}.lock.yaml").read_bytes()
    path = resolve(project.root, name, Canned(), Origin.AWS).write(project.locks)
    assert (project.locks / f"{name}.lock.yaml").read_bytes() == before
    new = load_release(project.root, path.name.removesuffix(".lock.yaml"))
    assert new.name != name
    assert new.alias == "first"
    node = new.lock.amis["node"]
    assert node.ids == dict.fromkeys(("us-east-2", "us-west-2"), "ami-00000000000000001")
    assert node.resolved_from is Origin.AWS


def test_resolving_again_asks_nothing_and_changes_nothing(project):
    path = resolve(project.root, project.lock(), Canned(), Origin.AWS).write(project.locks)
    again, lookup = path.name.removesuffix(".lock.yaml"), Canned()
    assert resolve(project.root, again, lookup, Origin.AWS).answers == {}
    assert lookup.asked == []


def test_every_value_that_cannot_be_read_is_told_and_nothing_is_written(project):
    image = {"repository": "nvcr.io/nvidia/x", "tag": "1", "digest": "unresolved"}
    name = project.lock(project.content(images={"x": image}))
    files = project.files()
    with pytest.raises(InvalidInputError) as caught:
        resolve(project.root, name, Canned(failing={"us-west-2"}), Origin.AWS)
    first, second = caught.value.problems
    assert (first.field, second.field) == ("content.amis.node.ids.us-west-2", "content.images.x.digest")
    assert "AccessDeniedException" in first.message
    assert first.file == f"stacks/releases/{name}.lock.yaml"
    assert 0 < first.line < second.line
    assert project.files() == files


def test_an_image_built_here_is_not_looked_up(project):
    content = project.content()
    content["amis"]["own"] = {
        "provenance": "recipe",
        "recipe_hash": "a" * 64,
        "bill_of_materials": {"driver": "580.95.05"},
        "architecture": "x86_64",
        "ids": {"us-east-2": "unresolved"},
    }
    with pytest.raises(InvalidInputError, match="gets its id from the build"):
        resolve(project.root, project.lock(content), Canned(), Origin.AWS)


def test_an_answer_that_fits_no_lock_is_refused(project):
    class Odd(Canned):
        def ami(self, source, region):
            return Answer("resolve:ssm:latest", Origin.AWS)

    with pytest.raises(InvalidInputError, match="what was read makes no lock"):
        resolve(project.root, project.lock(), Odd(), Origin.AWS)


def test_a_rehearsal_s_lock_has_the_stand_in_s_values_whatever_aws_s_were(project, clients, tmp_path_factory):
    real = resolve(project.root, project.lock(), Canned(), Origin.AWS).write(project.locks)
    files = project.files()
    folder = tmp_path_factory.mktemp("rehearsal")
    path, values = rehearsed_lock(project.root, real.name.removesuffix(".lock.yaml"), clients, folder)
    node = load_release(project.root, str(path)).lock.amis["node"]
    assert node.resolved_from is Origin.STAND_IN
    assert "ami-00000000000000001" not in node.ids.values()
    (told,) = values
    assert all(image in told for image in node.ids.values())
    assert project.files() == files


def test_a_rehearsal_makes_up_the_digests_that_only_the_internet_has(project, clients, tmp_path_factory):
    content = project.content()
    content["charts"] = {
        "karpenter": {
            "repository": "oci://charts.example.com/karpenter",
            "chart": "karpenter",
            "version": "1.9.0",
            "digest": "unresolved",
        }
    }
    path, values = rehearsed_lock(project.root, project.lock(content), clients, tmp_path_factory.mktemp("rehearsal"))
    chart = load_release(project.root, str(path)).lock.charts["karpenter"]
    assert chart.resolved_from is Origin.STAND_IN
    assert any(value.startswith("charts karpenter") and chart.digest in value for value in values)
    again, _ = rehearsed_lock(project.root, project.lock(content), clients, tmp_path_factory.mktemp("rehearsal"))
    assert again.name == path.name


def test_a_rehearsal_runs_the_stack_with_that_lock(project, clients, tmp_path_factory):
    stacks = project.root / "stacks"
    (stacks / "Pulumi.dev.yaml").write_text(f"config:\n  herd:release: {project.lock()}\n")
    (stacks / "Pulumi.test.yaml").write_text("config:\n  herd:region: us-west-2\n")
    folder = tmp_path_factory.mktemp("rehearsal")
    stack, values = rehearsed_stack(project.root, "dev", clients, folder)
    assert load_release(project.root, stack.config["herd:release"]).lock.amis["node"].resolved_from is Origin.STAND_IN
    assert stack.config["herd:fidelity"] == "rehearse"
    assert len(values) == len(list(load_release(project.root, stack.config["herd:release"]).lock.parts()))
    stack, values = rehearsed_stack(project.root, "test", clients, folder)
    assert "herd:release" not in stack.config
    assert values == ()


def test_the_command_writes_a_stand_in_s_lock_outside_of_git_and_says_so(project, herd):
    name = project.lock()
    done = herd("resolve", name)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a real `pulumi up` refuses them" in done.stdout
    (made,) = (project.root / ".herd" / "releases").iterdir()
    assert f"wrote .herd/releases/{made.name}" in done.stdout
    node = load_release(project.root, f".herd/releases/{made.name}").lock.amis["node"]
    assert node.resolved_from is Origin.STAND_IN
    for region, image in node.ids.items():
        assert f"amis.node.ids.{region}  {image}  from stand-in" in done.stdout


def test_the_command_takes_a_file_and_writes_where_it_is_told(project, herd, tmp_path_factory):
    name, out = project.lock(), tmp_path_factory.mktemp("out") / "new"
    done = herd("resolve", f"stacks/releases/{name}.lock.yaml", "--out", str(out), "--json")
    answer = json.loads(done.stdout)
    assert answer["from"] == "stand-in"
    assert [value["path"] for value in answer["values"]] == [
        ["amis", "node", "ids", "us-east-2"],
        ["amis", "node", "ids", "us-west-2"],
    ]
    (made,) = out.iterdir()
    assert answer["lock"].endswith(made.name)


def test_the_command_says_when_there_is_nothing_to_look_up(project, herd):
    name = project.lock({"format": 1, "versions": {"kubernetes": "1.35"}})
    done = herd("resolve", name)
    assert (done.returncode, "nothing to look up" in done.stdout) == (0, True)
    assert not (project.root / ".herd").exists()


def test_the_command_without_credentials_says_so_once(project, herd):
    files = project.files() | {f"stacks/releases/{project.lock()}.lock.yaml"}
    nowhere = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    done = herd("resolve", project.lock(), environment={**nowhere, "AWS_EC2_METADATA_DISABLED": "true"})
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "sign in to AWS" in done.stderr
    assert project.files() == files


def test_verify_tells_sound_locks_from_edited_ones(project, herd):
    sound, edited = project.lock(), project.lock(alias="second")
    path = project.locks / f"{edited}.lock.yaml"
    path.write_text(path.read_text().replace("x86_64\n", "arm64\n"))
    done = herd("verify")
    assert done.returncode == 2
    assert done.stdout == f"{sound}: unedited; 2 unresolved; a real run refuses it\n"
    assert f"stacks/releases/{edited}.lock.yaml:3: sha256: the content was edited" in done.stderr
    assert herd("verify", sound).returncode == 0


def test_verify_says_what_runs_for_real(project, herd):
    path = resolve(project.root, project.lock(), Canned(), Origin.AWS).write(project.locks)
    name = path.name.removesuffix(".lock.yaml")
    assert json.loads(herd("verify", name, "--json").stdout) == [{"name": name, "values": {"aws": 2}, "runnable": True}]


def test_show_has_every_value_and_where_it_was_read(project, herd):
    path = resolve(project.root, project.lock(), Canned(failing=()), Origin.AWS).write(project.locks)
    shown = herd("show", path.name.removesuffix(".lock.yaml")).stdout
    assert shown.count("ami-00000000000000001  from aws") == 2
    assert load_release(project.root, path.name.removesuffix(".lock.yaml")).sha256 in shown
    content = json.loads(herd("show", project.lock(), "--json").stdout)["content"]
    assert content["amis"]["node"]["ids"]["us-east-2"] == "unresolved"


def test_a_missing_lock_is_told(herd):
    done = herd("show", "nothing-0123456789ab")
    assert done.returncode == 2
    assert "no such release lock" in done.stderr
    assert "Traceback" not in done.stderr
