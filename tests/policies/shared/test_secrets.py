"""What is a secret in a text, and what only looks like one."""

import base64
import gzip
import time

import pytest

from policies.rules._shared.secrets import secret_in, secrets

# Written in parts, so that no scanner takes this file for a leak.
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
PRIVATE_KEY = "-----BEGIN RSA " + "PRIVATE KEY-----"

SECRETS = [
    f"export AWS_ACCESS_KEY_ID={ACCESS_KEY}",
    "aws_access_key_id = ASIA" + "ABCDEFGHIJKLMNOP",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "aws configure set aws_secret_access_key wJalrXUtnFEMI/K7MDENG",
    PRIVATE_KEY,
    "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "export DB_PASSWORD='hunter2'",
    "DB_PASSWORD=hunter2",
    'MYSQL_ROOT_PASSWORD: "hunter2"',
    "StoragePass=slurmdbd1",
    "password: hunter2",
    "POSTGRES_PASSWORD=12345678",
    "  plain_text_passwd: hunter2",
    "password='pa$word1'",
    '{"password": "hunter2"}',
    "{user: root, password: hunter2}",
    "psql --password hunter2",
    "helm install x --set adminPassword=hunter2",
    "HF_TOKEN=hf_" + "abcdefgh",
    "huggingface-cli login --token hf_" + "a" * 34,
    "WANDB_API_KEY=0123456789abcdef0123456789abcdef01234567",
    "OPENAI_API_KEY=sk-" + "a1" * 12,
    "git clone https://ghp_" + "a1B2" * 9 + "@github.com/acme/x",
    "git clone https://bot:s3cretpw@git.acme.io/x",
    "kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef",
    "docker login -u bot -p hunter2 registry.acme.io",
    "echo hunter2 | docker login -u bot --password-stdin",
    "echo 'ubuntu:hunter2' | chpasswd",
    "mysql -u root -phunter2 -e 'show tables'",
    "curl -u admin:hunter2 https://x",
    'curl -H "Authorization: Bearer abcdef123456" https://x',
    'curl -H "X-Api-Key: abcdef123456" https://x',
    "sshpass -p hunter2 ssh x",
    "CREATE USER x IDENTIFIED BY 'hunter2'",
    "machine git.acme.io login bot password hunter2",
    '{"auths": {"r.acme.io": {"auth": "dXNlcjpodW50ZXIy"}}}',
    "useradd -m -p hunter2 bob",
    "redis-cli -a hunter2 ping",
    "wandb login 0123456789abcdef0123456789abcdef01234567",
    "net user admin P@ssw0rd! /add",
    '$password = "hunter2"',
    'os.environ["DB_PASSWORD"] = "hunter2"',
    "chpasswd:\n  list: |\n    root:hunter2\n",
    "passwd: $6$rounds=4096$abcdefgh$abcdefghijklmnop",
    "PASSWORD=${urn:pulumi:dev::herd::random:index/randomPassword:RandomPassword::db.result}",
    "echo " + base64.b64encode(b"export DB_PASSWORD=hunter2\n").decode() + " | base64 -d | sh",
    "content: " + base64.b64encode(gzip.compress(b"export DB_PASSWORD=hunter2\n", mtime=0)).decode(),
]

NO_SECRETS = [
    'TOKEN=$(curl -sX PUT http://169.254.169.254/latest/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 21600")',
    "TOKEN=`curl -sX PUT http://169.254.169.254/latest/api/token`",
    'curl -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/meta-data/',
    "DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id prod/db --query SecretString --output text)",
    "DB_PASSWORD=$DB_PASSWORD",
    'PASSWORD="${1:-}"',
    'if [ "$TOKEN" = "" ]; then exit 1; fi',
    'if [ "$TOKEN" == "abcdefgh" ]; then exit 1; fi',
    "DB_SECRET=prod/db",
    "SECRET_ARN=arn:aws:secretsmanager:eu-west-1:123456789012:secret:db",
    "HF_TOKEN={{resolve:secretsmanager:hf}}",
    "password=<your-password>",
    "run --password --user root",
    "min_password: 12345678\nmax_tokens=4096\ntoken=40961234",
    "password=YOUR_PASSWORD",
    "TOKEN=xxxxxxxx",
    "ubuntu ALL=(ALL) NOPASSWD:ALL",
    "ssh_pwauth: false",
    "    lock_passwd: true",
    "sed -i 's/^PasswordAuthentication yes/PasswordAuthentication no/' /etc/ssh/sshd_config",
    "aws ecr get-login-password | docker login --password-stdin -u AWS x",
    'read -s -p "Password: " PASSWORD',
    'mysql -u root -p"$MYSQL_PWD" -e x',
    "curl -u $USER:$PASS https://x",
    "credential_source: Ec2InstanceMetadata",
    "JWT_KEY_FILE=/var/spool/slurm/jwt.key",
    "AuthAltParameters=jwt_key=/var/spool/slurm/jwt_hs256.key",
    "tokenizer=llama max_tokens=4096 pad_token=eos",
    "model(token=token, password=password)",
    "token = config.token",
    "def login(password: str, token: Optional[str]) -> None:",
    "secretName: db-credentials",
    "secret: db-credentials",
    "--metadata-options HttpTokens=required,HttpEndpoint=enabled",
    "docker pull oci://registry.acme.io:5000/x@sha256:0123",
    "apiServerEndpoint: https://0123.gr7.eu-west-1.eks.amazonaws.com",
    "ssh_authorized_keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI]",
    "certificateAuthority: " + base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIC\n").decode(),
    "clusterEndpoint=${urn:pulumi:dev::herd::aws:eks/cluster:Cluster::cluster.endpoint}",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets(text):
    assert [line for line, _ in secrets(text)] in ([1], [3])


@pytest.mark.parametrize("text", NO_SECRETS)
def test_no_secrets(text):
    assert list(secrets(text)) == []


def test_says_the_line_and_what_it_is_and_never_the_value():
    [(line, what)] = secrets("#!/bin/bash\nexport DB_PASSWORD=hunter2\n")
    assert (line, what) == (2, "a literal value for DB_PASSWORD")


def test_a_name_and_its_value():
    assert secret_in("DB_PASSWORD", "hunter2")
    assert secret_in("CONFIG", ACCESS_KEY)
    assert not secret_in("DB_HOST", "hunter2")
    assert not secret_in("DB_PASSWORD", "$(DB_PASSWORD)")


def test_a_long_line_costs_as_much_as_it_is_long():
    start = time.process_time()
    assert list(secrets("docker login " * 6_000 + "-")) == []
    # Without a bound each of them was looked from to the end of the line: 2.5 s.
    assert time.process_time() - start < 1
