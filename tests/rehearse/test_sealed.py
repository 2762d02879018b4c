"""Nothing in a person's shell may send a rehearsal's calls anywhere but to the stand-in."""

import os

import pytest

from herd.cloud.server import CloudServer
from herd.rehearse.sealed import sealed_environment

ELSEWHERE = "http://127.0.0.1:9"
HOSTILE = {
    "AWS_PROFILE": "production",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SESSION_TOKEN": "t",
    "AWS_ENDPOINT_URL": ELSEWHERE,
    "AWS_ENDPOINT_URL_STS": ELSEWHERE,
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_CA_BUNDLE": "/nonexistent",
    "HTTP_PROXY": ELSEWHERE,
    "http_proxy": ELSEWHERE,
    "ALL_PROXY": ELSEWHERE,
    "PULUMI_ACCESS_TOKEN": "pul-0",
    "PULUMI_CONFIG": '{"herd:region": "mars"}',
}


@pytest.fixture
def shell(monkeypatch):
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)


def test_only_what_leads_away_is_taken_out_and_all_of_it_comes_back(shell):
    before = dict(os.environ)
    with sealed_environment():
        assert not HOSTILE.keys() & os.environ.keys()
        assert os.environ["PATH"] == before["PATH"]
        assert os.environ["AWS_CONFIG_FILE"] == os.devnull
    assert dict(os.environ) == before


def test_it_comes_back_after_a_failure_too(shell):
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), sealed_environment():
        1 / 0  # noqa: B018
    assert dict(os.environ) == before


def test_a_proxy_of_the_shell_is_not_asked_for_the_stand_in(shell):
    with sealed_environment(), CloudServer() as cloud:
        assert cloud.client("sts", "111122223333").get_caller_identity()["Account"] == "111122223333"
