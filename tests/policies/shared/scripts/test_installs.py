"""What a command installs, and what of it no version pins."""

import base64
import gzip

import pytest

from policies.engine.node import Node
from policies.engine.values import UnevaluatedError
from policies.rules._shared.scripts.boot import BootText, Kind
from policies.rules._shared.scripts.boot_steps import script
from policies.rules._shared.scripts.installs import installs

INSTALLING = b"#!/bin/sh\nyum install -y a\n"


def found(text, kind=Kind.SCRIPT):
    return [install for command in script(BootText(None, text, kind)).commands for install in installs(command)]


@pytest.mark.parametrize(
    ("text", "moving"),
    [
        ("apt-get -o Dpkg::Options::=--force-confold install -yq nginx", ("nginx",)),
        ("apt install nginx=1.24.0-2", ()),
        ("apt-get update", ()),
        ("apt-get -y upgrade", ("everything there is",)),
        ("yum install -y --enablerepo epel htop", ("htop",)),
        ("dnf install -y nginx-1.24.0-1.el9", ()),
        ("dnf -y update", ("everything there is",)),
        ("dnf module install -y nvidia-driver:latest", ("nvidia-driver:latest",)),
        ("dnf config-manager --add-repo https://x.io/a.repo", ()),
        ("zypper -n in git", ("git",)),
        ("apk add --no-cache curl=8.0", ()),
        ("amazon-linux-extras install docker", ("docker",)),
        ("snap install x --classic", ("x",)),
        ("rpm -Uvh /opt/x.rpm", ()),
        ("dpkg -i x.deb", ()),
        ("pip install -r /opt/requirements.txt", ()),
        ("pip3.11 install torch==2.6.0 numpy", ("numpy",)),
        ("pip install 'torch==2.*'", ("torch==2.*",)),
        ("pip install git+https://x.io/a@4b825dc642cb6eb9a060e54bf8d69288fbee4904", ()),
        ("uv pip install ray", ("ray",)),
        ("/opt/conda/bin/mamba install -c conda-forge -n env numpy=2.1", ()),
        ("npm install -g pm2@5.4.2", ()),
        ("npm i pm2", ("pm2",)),
        ("gem install rails -v 7.1", ()),
        ("cargo install ripgrep", ("ripgrep",)),
        ("go install x.io/y@v1.2.3", ()),
        ("make -j8 install", ()),
        ("./aws/install --update", ()),
        ("bash /tmp/install-agent.sh", ()),
        ("sh NVIDIA-Linux.run -s", ()),
        ("docker pull nginx", ("nginx",)),
        ("docker run -d -p 80:80 -v /a:/b example.com/app:v1 serve", ("example.com/app:v1",)),
        ("enroot import docker://nvcr.io#nvidia/pytorch:24.01", ("docker://nvcr.io#nvidia/pytorch:24.01",)),
        ("retry 5 yum install -y x", ("x",)),
        ("python3 -c \"import os; os.system('pip install x')\"", ("x",)),
        ("#!/usr/bin/python3\nimport subprocess as s\ns.check_call(('apt-get', 'install', 'x'))", ("x",)),
    ],
)
def test_what_installs(text, moving):
    assert [install.moving for install in found(text)] == [moving]


@pytest.mark.parametrize(
    "text",
    [
        "apt-get remove -y x; apt-get clean; apt-mark hold x; apt-cache policy x",
        "yum clean all; dnf list installed; dnf config-manager --set-enabled crb; dnf module enable nginx",
        "rpm -qi x; rpm -q --info install; dpkg -l",
        "pip list; pip config set global.index-url https://x.io; pip freeze",
        "conda activate x; conda init; conda config --set a b",
        "npm start; npm run build; make; cargo build",
        "install -m 0644 /a /b; /usr/bin/install -d /c",
        "docker ps; docker load -i x.tar; docker login x.io; systemctl restart docker; usermod -aG docker ubuntu",
        "docker run example.com/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "docker run --pull=never app:v1; docker network create x; docker volume create y",
        "echo apt-get install x; printf '%s' 'pip install x' > /etc/motd; logger yum install x",
        "systemctl start x; /opt/app/setup.sh; nodeadm init; aws eks update-kubeconfig --name x",
        "git config --global user.name install; snap set x a=b; go version; sed -i 's/apt install//' x",
    ],
)
def test_what_only_configures(text):
    assert found(text) == []


def test_cloud_configs_commands():
    config = "runcmd:\n - yum install -y a\n - [pip, install, b]\nbootcmd:\n - [sh, -c, 'gem install c']\n"
    assert [install.moving for install in found(config, Kind.CLOUD_CONFIG)] == [("a",), ("b",), ("c",)]


def test_cloud_configs_files_that_it_runs():
    config = "write_files:\n - {path: /opt/a.sh, content: 'yum install -y a'}\n"
    assert found(config, Kind.CLOUD_CONFIG) == []
    assert [i.moving for i in found(f"{config}runcmd:\n - [bash, /opt/a.sh]\n", Kind.CLOUD_CONFIG)] == [("a",)]


@pytest.mark.parametrize(
    "content",
    [
        f"encoding: b64, content: {base64.b64encode(INSTALLING).decode()}",
        f"encoding: gz+b64, content: {base64.b64encode(gzip.compress(INSTALLING)).decode()}",
        f"encoding: gzip+base64, content: {base64.b64encode(gzip.compress(INSTALLING)).decode()}",
        f"content: !!binary {base64.b64encode(INSTALLING).decode()}",
    ],
    ids=("base64", "gzip", "gzip by its long name", "YAML's binary"),
)
def test_cloud_configs_files_in_every_packing(content):
    config = f"write_files:\n - {{path: /opt/a.sh, {content}}}\nruncmd: [/opt/a.sh]\n"
    assert [install.moving for install in found(config, Kind.CLOUD_CONFIG)] == [("a",)]


@pytest.mark.parametrize(
    "text",
    [
        "#!/usr/bin/perl\nsystem('yum install -y a');\n",
        "#!/usr/bin/env -S ruby -w\n`yum install -y a`\n",
        "#!/usr/bin/python2\nprint 'a'\n",
    ],
)
def test_a_script_in_a_language_that_isnt_read_is_not_evaluated(text):
    with pytest.raises(UnevaluatedError, match="can't be read"):
        script(BootText(Node(text), text, Kind.SCRIPT))


@pytest.mark.parametrize("first", ["#!/bin/bash -xe", "#! /usr/bin/env bash", "#!/usr/bin/env -S FOO=1 bash -e", ""])
def test_shells_by_any_spelling_are_read(first):
    assert [install.moving for install in found(f"{first}\nyum install -y a\n")] == [("a",)]


def test_passwords_arent_shown():
    assert "secret" not in found("pip install https://ada:secret@x.io/a.whl")[0].what
