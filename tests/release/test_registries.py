"""Digests, read from a registry and a chart repository that run on this machine."""

import hashlib
import json

import pytest

from herd.release.registries import ChartRepository, LookupFailedError, Registry, is_loopback

PATH = "/v2/team/app/manifests/1.2"


def test_a_tag_s_digest_is_that_of_the_manifest(site, index):
    digest = site.serve(PATH, index)
    assert digest == f"sha256:{hashlib.sha256(index).hexdigest()}"
    assert Registry(site.host).digest("team/app", "1.2") == digest


def test_an_index_is_asked_for_first(site, index):
    site.serve(PATH, index)
    Registry(site.host).digest("team/app", "1.2")
    ((_, headers),) = site.asked
    assert headers["Accept"].startswith("application/vnd.oci.image.index.v1+json")


def test_a_registry_that_wants_a_token_gets_the_one_anyone_gets(site, index):
    site.token = "t0"
    site.serve("/token?service=site&scope=repository%3Ax%3Apull", json.dumps({"token": "t0"}).encode())
    digest = site.serve(PATH, index)
    assert Registry(site.host).digest("team/app", "1.2") == digest
    assert len(site.asked) == 3


def test_a_registry_that_wants_an_account_is_told_so(site, index):
    site.token = "t0"
    site.serve(PATH, index)
    with pytest.raises(LookupFailedError, match="not readable without an account"):
        Registry(site.host).digest("team/app", "1.2")


def test_a_token_is_not_fetched_over_plain_http_from_elsewhere(site, index):
    site.serve(PATH, index, {"WWW-Authenticate": 'Bearer realm="http://tokens.example.com/",service="x"'}, 401)
    with pytest.raises(LookupFailedError, match="isn't https"):
        Registry(site.host).digest("team/app", "1.2")


def test_a_missing_tag_is_told(site):
    with pytest.raises(LookupFailedError, match=r"team/app:1\.2 at http://127\.0\.0\.1:\d+: HTTP 404"):
        Registry(site.host).digest("team/app", "1.2")


def test_a_manifest_that_is_not_what_the_registry_says_is_refused(site, index):
    site.serve(PATH, index, {"Docker-Content-Digest": f"sha256:{'0' * 64}"})
    with pytest.raises(LookupFailedError, match="the registry says"):
        Registry(site.host).digest("team/app", "1.2")


def test_a_registry_that_is_not_there_is_told(site):
    site.server.shutdown()
    site.server.server_close()
    with pytest.raises(LookupFailedError, match="team/app:1"):
        Registry(site.host).digest("team/app", "1.2")


def test_docker_hub_s_registry_has_another_name():
    assert Registry("docker.io").base == "https://registry-1.docker.io"


INDEX = """
entries:
  keda:
    - {version: 2.19.0, digest: DIGEST}
    - {version: 2.18.0}
    - {version: v1.0, digest: short}
"""


def serve_charts(site):
    site.serve("/stable/index.yaml", INDEX.replace("DIGEST", "a" * 64).encode())
    return ChartRepository(f"{site.url}/stable")


def test_a_chart_s_digest_is_the_one_in_the_index(site):
    assert serve_charts(site).digest("keda", "2.19.0") == f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("chart", "version", "words"),
    [
        ("keda", "2.20.0", "no such version; the newest there: 2.19.0, 2.18.0"),
        ("karpenter", "1.0.0", "the newest there: none"),
        ("keda", "2.18.0", "gives no digest"),
        ("keda", "v1.0", "gives no digest"),
    ],
)
def test_what_the_index_does_not_say_is_told(site, chart, version, words):
    with pytest.raises(LookupFailedError, match=words):
        serve_charts(site).digest(chart, version)


@pytest.mark.parametrize("body", [b"", b"entries: [", b"[]", b"entries: {keda: [{}]}"])
def test_a_broken_index_is_told(site, body):
    site.serve("/stable/index.yaml", body)
    with pytest.raises(LookupFailedError):
        ChartRepository(f"{site.url}/stable").digest("keda", "2.19.0")


def test_this_machine_is_recognised():
    assert [is_loopback(host) for host in ("127.0.0.1:5000", "localhost", "[::1]:1", "nvcr.io", "10.0.0.1", "")] == [
        *(True, True, True),
        *(False, False, False),
    ]
