"""The pack as the CLI runs it: `python -u -m pulumi.policy ENGINE PACK` in the pack's folder, driven by gRPC."""

import importlib.machinery
import json
import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE
from ruamel.yaml import YAML

from components.base.context import Environment
from policies.engine.rule import ResourceRule, Severity
from policies.rules import all_rules

PACK = Path(__file__).parents[2] / "policies"
RULES = {rule.name: rule for rule in all_rules()}
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
HOUSEKEEPING = {"__main__", "__init__", "__pycache__"}
VERSIONED, KEYLESS = "launch-template-version-pinned", "no-key-pairs"
ADVISORY, MANDATORY, DISABLED = analyzer_pb2.ADVISORY, analyzer_pb2.MANDATORY, analyzer_pb2.DISABLED


@pytest.fixture(scope="module")
def process():
    variables = {
        "PATH": os.environ["PATH"],
        "PULUMI_ORGANIZATION": "organization",
        "PULUMI_PROJECT": "herd",
        "PULUMI_STACK": "sandbox",
        "PULUMI_DRY_RUN": "true",
        "PULUMI_CONFIG": json.dumps({"herd:environment": "dev", "herd:account": "111122223333"}),
    }
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    with subprocess.Popen(command, cwd=PACK, env=variables, stdout=subprocess.PIPE, text=True) as started:
        with grpc.insecure_channel(f"127.0.0.1:{int(started.stdout.readline())}") as channel:
            client = analyzer_pb2_grpc.AnalyzerStub(channel)
            # Before the engine says anything by itself, as older ones never do.
            client.first = client.GetAnalyzerInfo(empty_pb2.Empty())
            yield client
            client.Cancel(empty_pb2.Empty())
        assert started.wait(20) == 0


@pytest.fixture
def pack(process):
    """The pack at the start of a preview of dev, without any configuration of its own."""
    process.Handshake(analyzer_pb2.AnalyzerHandshakeRequest(engine_address="127.0.0.1:1"))
    begin(process, "dev", dry_run=True)
    configure(process)
    return process


def begin(pack, stack, *, dry_run):
    request = {"project": "elsewhere", "stack": stack, "config": {"elsewhere:environment": stack}, "dry_run": dry_run}
    pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(**request))


def configure(pack, **given):
    """Configure as the CLI does: every announced level goes back, with what a person says on top."""
    announced = pack.GetAnalyzerInfo(empty_pb2.Empty()).policies
    configs = {one.name: analyzer_pb2.PolicyConfig(enforcementLevel=one.enforcementLevel) for one in announced}
    for name, value in given.items():
        config = configs.setdefault(name.replace("_", "-"), analyzer_pb2.PolicyConfig())
        if isinstance(value, dict):
            config.properties.update(value)
        else:
            config.enforcementLevel = value
    pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=configs))


def struct(values):
    made = struct_pb2.Struct()
    made.update(values)
    return made


def group(version, **more):
    return asking(NODE_GROUP, {"launchTemplate": {"id": "lt-1", "version": version}}, **more)


def asking(kind, props, name="it", request=analyzer_pb2.AnalyzeRequest, **more):
    urn = f"urn:pulumi:dev::elsewhere::{kind}::{name}"
    return request(type=kind, urn=urn, name=name, properties=struct(props), **more)


def said(response, policy):
    """What one policy says, as (level, message)."""
    return [(one.enforcementLevel, one.message) for one in response.diagnostics if one.policyName == policy]


def levels(info):
    return {one.name: one.enforcementLevel for one in info.policies if one.name in RULES}


def law(environment):
    """The level that each rule should have."""
    stops = environment is not Environment.DEV
    return {
        name: DISABLED
        if environment not in rule.severity
        else MANDATORY
        if stops or rule.severity[environment] is Severity.CRITICAL
        else ADVISORY
        for name, rule in RULES.items()
    }


def test_every_rule_is_a_policy_at_the_level_of_the_stacks_environment(process):
    info = process.first
    assert (info.name, info.supportsConfig) == ("herd", True)
    assert levels(info) == law(Environment.DEV)
    assert set(levels(info).values()) == {ADVISORY, MANDATORY, DISABLED}


def test_a_policy_says_what_the_rule_is_and_how_to_obey(process):
    (found,) = (one for one in process.first.policies if one.name == VERSIONED)
    rule = RULES[VERSIONED]
    assert found.displayName == f"HERD-014 {rule.title}"
    assert found.severity == analyzer_pb2.POLICY_SEVERITY_HIGH
    assert found.policy_type == analyzer_pb2.POLICY_TYPE_RESOURCE
    assert {"HERD-014", "immutable"} <= set(found.tags)
    assert rule.fix in found.remediation_steps
    kinds = {one.name: one.policy_type == analyzer_pb2.POLICY_TYPE_RESOURCE for one in process.first.policies}
    assert {name: kinds[name] for name in RULES} == {n: isinstance(rule, ResourceRule) for n, rule in RULES.items()}


def test_the_plugin_has_a_version(pack):
    assert pack.GetPluginInfo(empty_pb2.Empty()).version


def test_the_engines_own_word_on_the_stack_counts(pack):
    begin(pack, "prod", dry_run=False)
    assert levels(pack.GetAnalyzerInfo(empty_pb2.Empty())) == law(Environment.PROD)
    assert said(pack.Analyze(group("$Latest")), VERSIONED)[0][0] == MANDATORY


def test_a_bad_property_is_found_where_it_stands_with_its_fix(pack):
    response = pack.Analyze(group("$Latest"))
    ((level, message),) = said(response, VERSIONED)
    assert level == ADVISORY
    assert message.startswith("HERD-014 ")
    assert "launchTemplate.version: follows $Latest" in message
    assert "fix: " in message
    (urn,) = {one.urn for one in response.diagnostics if one.policyName == VERSIONED}
    assert urn == group("").urn


@pytest.mark.parametrize("version", ["3", 3])
def test_a_good_property_is_not(pack, version):
    assert said(pack.Analyze(group(version)), VERSIONED) == []


def test_a_critical_rule_is_mandatory_in_dev_too(pack):
    response = pack.Analyze(asking("aws:ec2/keyPair:KeyPair", {"publicKey": "ssh-ed25519 AAAA"}))
    assert [level for level, _ in said(response, KEYLESS)] == [MANDATORY]


def test_an_open_port_is_told_before_the_group_is_made(pack):
    ingress = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}
    response = pack.Analyze(asking("aws:ec2/securityGroup:SecurityGroup", {"ingress": [ingress]}))
    assert [level for level, _ in said(response, "no-remote-login-ports")] == [MANDATORY]


def test_an_unknown_is_reported_as_not_evaluated(pack):
    ((level, message),) = said(pack.Analyze(group(UNKNOWN_STRING_VALUE)), VERSIONED)
    assert level == ADVISORY
    assert "not evaluated: launchTemplate.version: the value is unknown" in message


def test_a_secret_is_judged_and_never_shown(pack):
    secret = {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": "$Latest"}
    ((_, message),) = said(pack.Analyze(group(secret)), VERSIONED)
    assert "launchTemplate.version: " in message
    assert "$Latest" not in message.splitlines()[1]
    assert said(pack.Analyze(group(secret | {"value": "3"})), VERSIONED) == []


def test_options_and_the_whole_stack_are_judged_in_the_end(pack):
    def found(*ignored):
        options = analyzer_pb2.AnalyzerResourceOptions(ignoreChanges=ignored)
        resource = asking(NODE_GROUP, {}, request=analyzer_pb2.AnalyzerResource, options=options)
        response = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[resource]))
        return [level for level, _ in said(response, "ignore-changes-typed")]

    assert found("launchTemplate") == [ADVISORY]
    assert found("scalingConfig.desiredSize") == []


def test_configuration_changes_a_level_and_the_end_of_the_run_says_so(pack):
    configure(pack, launch_template_version_pinned=MANDATORY)
    assert said(pack.Analyze(group("$Latest")), VERSIONED)[0][0] == MANDATORY
    configure(pack, launch_template_version_pinned=DISABLED)
    assert said(pack.Analyze(group("$Latest")), VERSIONED) == []
    stack = [asking("pulumi:pulumi:Stack", {}, request=analyzer_pb2.AnalyzerResource)]
    ((level, message),) = said(pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=stack)), "law")
    assert level == ADVISORY
    assert f"changed by configuration: {VERSIONED} disabled" in message


def test_configuration_gives_facts_of_the_stack(pack):
    pool = asking(NODE_GROUP, {"scalingConfig": {"maxSize": 7, "minSize": 0, "desiredSize": 0}})
    assert said(pack.Analyze(pool), "pool-size-bounded") == []
    configure(pack, law={"maxNodes": 6})
    assert said(pack.Analyze(pool), "pool-size-bounded")
    configure(pack, law={"environment": "prod"})
    assert said(pack.Analyze(group("$Latest")), VERSIONED)[0][0] == MANDATORY


def test_facts_that_a_configuration_gives_are_told_when_the_run_is_over(pack):
    configure(pack, law={"environment": "dev", "maxNodes": 6})
    stack = [asking("pulumi:pulumi:Stack", {}, request=analyzer_pb2.AnalyzerResource)]
    ((_, message),) = said(pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=stack)), "law")
    assert "changed by configuration: environment dev, maxNodes 6" in message


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"no_such_policy": ADVISORY}, "no-such-policy: there is no such policy"),
        ({"no_key_pairs": ADVISORY}, "no-key-pairs: is critical, and can't be made advisory"),
        ({"no_key_pairs": DISABLED}, "no-key-pairs: is critical, and can't be made disabled"),
        ({"no_key_pairs": 99}, "no-key-pairs: there is no level 99"),
        ({"law": DISABLED}, "law: says what was not evaluated"),
        ({"law": {"maxNode": 3}}, "did you mean 'maxNodes'"),
        ({"law": {"maxNodes": "many"}}, "maxNodes: "),
        ({"no_key_pairs": {"account": "1"}}, "no-key-pairs: takes nothing but enforcementLevel"),
    ],
)
def test_configuration_that_cant_be_meant_is_refused(pack, given, says):
    with pytest.raises(grpc.RpcError) as refused:
        configure(pack, **given)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert says in refused.value.details()


def test_a_release_that_isnt_there_is_refused_before_anything_is_done(pack):
    config = {"elsewhere:region": "us-west-2", "elsewhere:release": "no-such-release"}
    request = analyzer_pb2.AnalyzerStackConfigureRequest(project="elsewhere", stack="dev", config=config)
    with pytest.raises(grpc.RpcError, match="no-such-release"):
        pack.ConfigureStack(request)


def test_nothing_is_remediated(pack):
    configure(pack, all=analyzer_pb2.REMEDIATE)
    response = pack.Remediate(group("$Latest"))
    assert not response.remediations
    assert not response.not_applicable


def test_the_clis_settings_fit_this_checkout():
    settings = YAML(typ="safe").load(PACK / "PulumiPolicy.yaml")
    assert settings["runtime"]["name"] == "python"
    assert os.path.normpath(PACK / settings["runtime"]["options"]["virtualenv"]) == str(PACK.parent / ".venv")
    assert settings["version"]


def test_nothing_in_the_packs_folder_hides_a_module():
    # Pulumi puts the folder first on sys.path.
    elsewhere = [path for path in sys.path if Path(path or ".").resolve() not in {PACK, PACK.parent}]
    names = {path.stem for path in PACK.iterdir() if path.suffix == ".py" or path.is_dir()} - HOUSEKEEPING
    assert {"engine", "rules"} <= names
    hidden = {name for name in names if importlib.machinery.PathFinder.find_spec(name, elsewhere)}
    assert hidden | (names & sys.stdlib_module_names) == set()


def test_malformed_waivers_end_the_start_with_a_message(monkeypatch):
    from components.base.problems import InvalidInputError
    from policies.engine import waivers
    from policies.pack import server

    def malformed(root, rules):
        raise InvalidInputError.one("there is no rule 'HERD-999'", file="policies/waivers.yaml", line=3)

    monkeypatch.setattr(waivers, "load", malformed)
    with pytest.raises(SystemExit) as ended:
        server.main()
    assert "policies/waivers.yaml:3: there is no rule 'HERD-999'" in ended.value.code
