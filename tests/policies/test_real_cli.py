"""The real CLI runs the pack on a saved deployment, without a backend, a provider or an account."""

import json
import subprocess
from pathlib import Path

import pytest

from herd.rehearse.pulumi_cli import find_cli, scratch_environment

ROOT = Path(__file__).parents[2]


def saved(version):
    """A deployment with one node group."""
    stack = "urn:pulumi:prod::elsewhere"
    kinds = {"root": "pulumi:pulumi:Stack", "provider": "pulumi:providers:aws", "group": "aws:eks/nodeGroup:NodeGroup"}
    urns = {name: f"{stack}::{kind}::{name}" for name, kind in kinds.items()}
    inputs = {"launchTemplate": {"id": "lt-1", "version": version}}
    own = {"parent": urns["root"], "inputs": inputs, "outputs": inputs, "provider": f"{urns['provider']}::1"}
    more = {
        "root": {"custom": False},
        "provider": {"custom": True, "id": "1"},
        "group": {"custom": True, "id": "g"} | own,
    }
    resources = [{"urn": urns[name], "type": kind, **more[name]} for name, kind in kinds.items()]
    return {"version": 3, "deployment": {"manifest": {"time": "2026-01-01T00:00:00Z"}, "resources": resources}}


@pytest.mark.pulumi
@pytest.mark.parametrize(("version", "found"), [("$Latest", True), ("3", False)])
def test_the_cli_finds_what_is_wrong_in_a_saved_deployment(tmp_path, version, found):
    cli = find_cli()
    if not cli:
        pytest.skip("no pulumi CLI on PATH: the protocol's tests drive the pack as it would")
    state = tmp_path / "state.json"
    state.write_text(json.dumps(saved(version)))
    command = [cli, "policy", "analyze", "--policy-pack", str(ROOT / "policies"), "--file", str(state), "--json"]
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        env=scratch_environment(tmp_path, {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # Something else is wrong with so bare a group: the CLI stops either way.
    assert ran.returncode != 0, ran.stderr
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    policies = {event["policyEvent"]["policyName"] for event in events if "policyEvent" in event}
    assert "pool-size-bounded" in policies
    assert ("launch-template-version-pinned" in policies) is found
