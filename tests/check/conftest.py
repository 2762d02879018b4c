"""Little rules of every kind, so that what is tested here doesn't hang on the law as it is."""

import json
from datetime import date

import pytest

from components.base.context import Environment
from herd.graph import Graph
from policies.engine.rule import GraphRule, ResourceRule, Severity, Violation, everywhere
from policies.engine.waivers import Waiver

BUCKET = "aws:s3/bucket:Bucket"
POD = "kubernetes:core/v1:Pod"
CLUSTER = "parallelcluster:index:Cluster"
DESCENT = {Environment.DEV: Severity.LOW, Environment.TEST: Severity.MEDIUM, Environment.PROD: Severity.HIGH}


def rule(number, check, types, severity, kind=ResourceRule, **more):
    return kind(
        id=f"HERD-{number}",
        name=f"rule-{number}",
        pack="data",
        title=f"Title of {number}",
        severity=severity,
        types=types,
        properties=("it",),
        why=f"Why {number}.",
        fix=f"Fix {number}.",
        mappings={"checkov": ("CKV_AWS_1",)},
        check=check,
        **more,
    )


def private(resource, _):
    """Critical: judges a literal property."""
    if resource.props.literal("acl", default="private") != "private":
        yield Violation(resource.props.at("acl"), f"is {resource.props.text('acl')}")


def protected(resource, _):
    """By environment: judges an option."""
    if not resource.options.flag("protect", default=False):
        yield Violation(resource.options.at("protect"), "isn't protected", fix="Protect it.")


def ignoring(resource, _):
    for path in resource.options.each("ignoreChanges"):
        yield Violation(path, f"ignores {path.text()}")


def owned(resource, _):
    """What the resource is within its provider, and with its secrets."""
    resource.props.text("policy")
    if not (resource.provider.has("defaultTags", "tags", "owner") or resource.props.has("tags", "owner")):
        yield Violation(resource.props, "has no owner")


def targeted(resource, stack, _):
    if resource.props.present and stack.named_by(resource.props.at("log")) is None and resource.props.has("log"):
        yield Violation(resource.props.at("log"), "logs to nowhere in the stack")


def crashing(resource, _):
    raise ValueError(f"no {resource.name}")
    yield


def tagged(resource, _):
    for container in resource.props.each("spec", "containers"):
        if "@" not in (container.text("image") or ""):
            yield Violation(container.at("image"), f"{container.text('image')} isn't pinned")


def keyless(resource, _):
    if resource.props.has("HeadNode", "Ssh", "KeyName"):
        yield Violation(resource.props.at("HeadNode", "Ssh", "KeyName"), "has a key")


@pytest.fixture
def rules():
    return (
        rule("901", private, (BUCKET,), everywhere(Severity.CRITICAL)),
        rule("902", protected, (BUCKET,), DESCENT),
        rule("903", ignoring, (BUCKET,), everywhere(Severity.HIGH)),
        rule("904", owned, (BUCKET,), everywhere(Severity.MEDIUM)),
        rule("905", targeted, (BUCKET,), everywhere(Severity.LOW), GraphRule),
        rule("906", tagged, (POD,), everywhere(Severity.HIGH)),
        rule("907", keyless, (CLUSTER,), everywhere(Severity.CRITICAL)),
    )


@pytest.fixture
def crashed():
    return rule("908", crashing, (BUCKET,), everywhere(Severity.LOW))


@pytest.fixture
def today():
    return date(2026, 3, 1)


@pytest.fixture
def waiver():
    def make(**changes):
        return Waiver(
            **{
                "rule": "HERD-901",
                "urn": "urn:pulumi:dev::demo::aws:s3/bucket:Bucket::site",
                "stack": "dev",
                "reason": "the site is public on purpose",
                "owner": "web",
                "author": "ada",
                "approver": "grace",
                "created": date(2026, 2, 20),
                "expires": date(2026, 3, 10),
                **changes,
            }
        )

    return make


@pytest.fixture
def graph():
    """A rendered graph: a provider with tags, a stack, buckets (or what a third value says)."""

    def make(stack="dev", **buckets):
        def resource(kind, name, **more):
            return {
                "urn": f"urn:pulumi:{stack}::demo::{kind}::{name}",
                "type": kind,
                "name": name,
                "parent": None
                if kind == "pulumi:pulumi:Stack"
                else f"urn:pulumi:{stack}::demo::pulumi:pulumi:Stack::s",
                "custom": kind != "pulumi:pulumi:Stack",
                "inputs": {},
                "options": {},
                "dependencies": [],
                "propertyDependencies": {},
                "source": {"file": "__main__.py", "line": 7},
                **more,
            }

        provider = resource("pulumi:providers:aws", "aws", inputs={"defaultTags": '{"tags": {"owner": "web"}}'})
        resources = [resource("pulumi:pulumi:Stack", "s"), provider]
        for name, (inputs, options, *kind) in buckets.items():
            given = {"provider": provider["urn"], **options}
            resources.append(resource(*kind or [BUCKET], name, inputs=inputs, options=given))
        data = {"project": "demo", "stack": stack, "resources": resources, "outputs": {}}
        return Graph.from_json(json.dumps(data))

    return make
