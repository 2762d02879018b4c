"""What a script fetches, and whether it may be another thing tomorrow."""

import pytest

from policies.rules._shared.scripts.command import Command
from policies.rules._shared.scripts.downloads import downloads
from policies.rules._shared.scripts.shell import commands
from policies.rules._shared.scripts.urls import is_local, moves, shown

COMMIT = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def fetched(script):
    return [(found.what, found.moving, found.runs) for found in downloads(commands(script), script)]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s3://b/k?versionId=abc", ""),
        ("https://b.s3.us-west-2.amazonaws.com/k?versionId=abc&x=1", ""),
        (f"s3://b/{SHA256}/k", ""),
        (f"https://example.com/k#sha256={SHA256}", ""),
        (f"https://raw.githubusercontent.com/a/b/{COMMIT}/k", ""),
        (f"https://github.com/a/b/archive/{COMMIT}.tar.gz", ""),
        ("s3://b/k", "names no version"),
        ("s3://b/k?versionId=null", "names no version"),
        ("https://s3.amazonaws.com/b/k", "names no version"),
        ("https://raw.githubusercontent.com/a/b/main/k", "follows main"),
        ("https://raw.githubusercontent.com/a/b/refs/heads/master/k", "follows master"),
        ("https://raw.githubusercontent.com/a/b/v1.0/k", "no commit"),
        ("https://api.github.com/repos/a/b/releases/latest", "follows latest"),
        ("https://example.com/k?ref=develop", "follows develop"),
        ("https://example.com/k-1.2.3.tgz", "what its content must be"),
        (f"https://example.com/{COMMIT}/k", "what its content must be"),
        ("https://[x", "is no URL"),
    ],
)
def test_what_moves(url, why):
    assert (why in moves(url)) if why else moves(url) == ""


@pytest.mark.parametrize(
    "script",
    [
        "curl -s http://169.254.169.254/latest/meta-data/",
        "curl -o /tmp/x http://169.254.169.254/latest/user-data",
        "curl -o /tmp/x http://[fd00:ec2::254]/latest/user-data",
        "curl -X POST https://example.com/hook -d x",
        "curl -sf https://10.0.0.1/healthz",
        "curl -o /dev/null https://example.com",
        "wget --spider https://example.com/main",
        "aws s3 cp /var/log/x s3://logs/x",
        "aws s3 ls s3://b",
        "aws ssm get-parameter --name x",
        "echo curl https://example.com/main | sh -n",
        "git checkout main",
        "pip install --index-url https://example.com/latest x==1",
        "IP=$(curl -s https://checkip.amazonaws.com)",
    ],
)
def test_what_fetches_nothing(script):
    assert fetched(script) == []


@pytest.mark.parametrize(
    ("script", "runs"),
    [
        ("curl -sSL https://x.io/i | bash", "piped into bash"),
        ("curl -sSL https://x.io/i | tee log | sudo -E sh -s -- a", "piped into sh"),
        ("bash <(wget -qO- https://x.io/i)", "piped into bash"),
        ('sh -c "$(curl -fsSL https://x.io/i)"', "piped into sh"),
        ("curl -LO https://x.io/i.sh; chmod +x i.sh; ./i.sh", "run"),
        ("curl --output /tmp/i https://x.io/i\nsh /tmp/i", "given to sh"),
        ("curl https://x.io/i > /tmp/i && python3 /tmp/i", "run"),
        ("wget -P /opt https://x.io/i.tgz && tar xf /opt/i.tgz", "given to tar"),
        ("aws --region us-east-1 s3 cp s3://b/i.sh /tmp/ && bash /tmp/i.sh", "given to bash"),
        ("aws s3 sync s3://b/d /opt/d; /opt/d/i.sh", "run"),
        ("aws s3 cp s3://b/i - | sh", "piped into sh"),
    ],
)
def test_what_is_run(script, runs):
    assert [found[2] for found in fetched(script)] == [runs]
    assert all(moving for _, moving, _ in fetched(script))


@pytest.mark.parametrize(
    "check",
    [
        f'echo "{SHA256}  /tmp/x" | sha256sum -c -',
        f'SUM={SHA256}\nsha256sum -c <<< "$SUM  /tmp/x"',
        f'[ "$(sha256sum /tmp/x | cut -d" " -f1)" = {SHA256} ] || exit 1',
        f"echo {SHA256} /tmp/x | shasum -a 256 --check",
    ],
)
def test_a_checked_download_doesnt_move(check):
    script = f"curl -o /tmp/x https://x.io/x\n{check}\n"
    assert [found[1] for found in fetched(script)] == [""]
    assert [found[1] for found in fetched(script.replace("-o /tmp/x", "-o /tmp/y"))] != [""]


def test_a_clone_at_a_commit():
    assert fetched("git clone https://x.io/a")[0][1]
    assert not fetched(f"git clone https://x.io/a && cd a && git checkout {COMMIT}")[0][1]
    assert fetched(f"git clone https://x.io/a && cd a && git checkout {COMMIT} && git pull")[1][1]


def test_an_object_by_version():
    get = "aws s3api get-object --bucket b --key k /tmp/k"
    assert fetched(get)[0][1]
    assert fetched(f"{get} --version-id abc") == []


def test_passwords_arent_shown():
    assert shown("https://ada:secret@x.io/a?X-Amz-Signature=secret") == "https://x.io/a?…"
    assert shown("s3://b/k?versionId=1") == "s3://b/k?versionId=1"


def test_local_addresses():
    assert is_local("http://169.254.170.2/v2")
    assert is_local("localhost:8080/x")
    assert not is_local("https://10.0.0.1/x")


def test_each_command_is_looked_at_a_few_times_however_much_a_script_fetches(monkeypatch):
    script = "\n".join(f"curl -o /tmp/f{number} https://example.com/f{number}" for number in range(60))
    found, looked = commands(script), []
    monkeypatch.setattr(Command, "plain", property(lambda self: looked.append(self) or self.words[1:]))
    assert len(list(downloads(found, script))) == len(found)
    assert len(looked) < 5 * len(found)
