"""HERD-080: no secrets in the environments and parameters of functions, tasks, jobs, builds, models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.secrets import means_secret, secret_in, secrets

ThingT = TypeVar("ThingT")
PARAMETER: Final = "aws:ssm/parameter:Parameter"
PROJECT: Final = "aws:codebuild/project:Project"
_FUNCTION: Final = "aws:lambda/function:Function"
_JOB: Final = "job definition"
_JOB_CONTAINER: Final = "job's container"
_KEPT: Final = (
    "a Pulumi secret stands there, and AWS keeps and shows the {what} in clear text: give the name of a secret of"
    " Secrets Manager instead"
)
_KEPT_PARAMETER: Final = (
    "a Pulumi secret stands there (the SDK makes one of each value), and a parameter of type {type} is kept in clear"
    " text: write type SecureString for a secret, insecure_value for what is none"
)


@dataclass(frozen=True)
class _Place:
    """What AWS shows in clear text.

    Attributes:
        what: What people call it.
        node: A value of any shape: a map of names, lists of names and values, words of a command.
        name: The name that a text has there, if the place is one text.
        command: Whether it is the words of a command.
    """

    what: str
    node: Node
    name: str = ""
    command: bool = False


Parts = tuple[Iterator[_Place], ...]
"""The places of a resource, read apart: what can't be read in one says nothing of the others."""


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Each place by itself, and why one can't be seen last of all: it must not hide what stands in the others."""
    if resource.type == PARAMETER:
        yield from _parameter(resource.props)
        return
    unsure: list[UnevaluatedError] = []
    parts = _SPELLED[resource.type](resource.props) if resource.type in _SPELLED else _maps(resource)
    for part in parts:
        for place in _as_far(part, unsure):
            found = _of_command(place.node, place.what) if place.command else _found(place, unsure)
            yield from _as_far(found, unsure)
    if unsure:
        raise unsure[0]


def _as_far(things: Iterator[ThingT], unsure: list[UnevaluatedError]) -> Iterator[ThingT]:
    """Things as far as they can be told; why the rest can't is kept, and raised in the end."""
    try:
        yield from things
    except UnevaluatedError as error:
        unsure.append(error)


def _found(place: _Place, unsure: list[UnevaluatedError]) -> Iterator[Violation]:
    """Secrets by the names they stand under: keys of maps, and `name` beside `value`."""
    node = place.node
    if node.secret:
        raise UnevaluatedError(Reason.SECRET, _KEPT.format(what=place.what), node.path)
    if node.is_list:
        for one in node.each():
            yield from _as_far(_found(replace(place, node=one), unsure), unsure)
    elif node.is_map:
        entries = node.entries()
        own = next((entries[key] for key in ("name", "Name") if key in entries), None)
        value = next((entries[key] for key in ("value", "Value") if key in entries), None)
        if own is not None and value is not None:
            yield from _found(replace(place, node=value, name=own.text() or ""), unsure)
            return
        for key, one in entries.items():
            yield from _as_far(_found(replace(place, node=one, name=key.lstrip("-")), unsure), unsure)
    elif kind := secret_in(place.name, _filled(node.text() or "")):
        yield Violation(node, f"the {place.what} holds {kind}")


def _of_command(node: Node, what: str) -> Iterator[Violation]:
    """An option and its value are words of their own; a hidden word reads as a variable."""
    words = list(node.each()) if node.is_list else [node]
    shown = " ".join(text for one in words for text in (("$HIDDEN",) if one.hidden else one.texts()))
    if found := next(secrets(_filled(shown)), None):
        yield Violation(node, f"the {what} has {found[1]}")
    for one in words:
        if one.secret:
            raise UnevaluatedError(Reason.SECRET, _KEPT.format(what=what), one.path)
        one.text()


def _filled(text: str) -> str:
    """A parameter of a Batch job (`Ref::token`) reads as the variable that it is."""
    return text.replace("Ref::", "$")


def _parameter(props: Node) -> Iterator[Violation]:
    type_ = props.literal("type", default="String") or ""
    if type_.lower() == "securestring":
        return
    name = (props.text("name") or "").rstrip("/").rpartition("/")[2]
    for key in ("insecureValue", "value", "valueWo"):
        value = props.at(key)
        if value.secret:
            if not means_secret(name):
                raise UnevaluatedError(Reason.SECRET, _KEPT_PARAMETER.format(type=type_), value.path)
            yield Violation(value, f"{name} is kept as {type_}: in clear text, though it is a secret by its name")
        elif what := secret_in(name, value.text() or ""):
            yield Violation(value, f"a parameter of type {type_} holds {what}")


def _maps(resource: Subject) -> Parts:
    what, paths = _MAPS[resource.type]
    return tuple(_at(resource.props, path, what) for path in paths)


def _at(props: Node, path: tuple[str, ...], what: str) -> Iterator[_Place]:
    nodes = [props]
    for key in path:
        nodes = [below for one in nodes for below in (one.each(key[:-2]) if key.endswith("[]") else [one.at(key)])]
    yield from (_Place(what, one) for one in nodes)


def _task(props: Node) -> Parts:
    return (_containers(props.at("containerDefinitions"), "task definition", "task's container"),)


def _job(props: Node) -> Parts:
    """Source: Batch, RegisterJobDefinition; the provider takes all but the pods' as JSON."""
    return (
        iter((_Place(_JOB, props.at("parameters")),)),
        _containers(props.at("containerProperties"), _JOB, _JOB_CONTAINER),
        _of_nodes(props.at("nodeProperties")),
        _of_tasks(props.at("ecsProperties")),
        _of_pods(props, "containers"),
        _of_pods(props, "initContainers"),
    )


def _of_nodes(node: Node) -> Iterator[_Place]:
    for group in _document(node, _JOB).each("nodeRangeProperties"):
        yield from _containers(group.at("container"), _JOB, _JOB_CONTAINER)
        yield from _of_tasks(group.at("ecsProperties"))


def _of_tasks(node: Node) -> Iterator[_Place]:
    for task in _document(node, _JOB).each("taskProperties"):
        yield from _containers(task.at("containers"), _JOB, _JOB_CONTAINER)


def _of_pods(props: Node, key: str) -> Iterator[_Place]:
    yield from _containers(props.at("eksProperties", "podProperties", key), _JOB, _JOB_CONTAINER)


def _containers(node: Node, whole: str, what: str) -> Iterator[_Place]:
    for container in _document(node, whole).each():
        if container.hidden:
            yield _Place(whole, container)
            continue
        for key in ("environment", "envs"):
            yield _Place(f"{what}'s environment", container.at(key))
        for key in ("entryPoint", "command", "args"):
            yield _Place(f"{what}'s command", container.at(key), command=True)


def _document(node: Node, what: str) -> Node:
    if node.secret:
        raise UnevaluatedError(Reason.SECRET, _KEPT.format(what=what), node.path)
    return node.document()


def _project(props: Node) -> Parts:
    more = props.at("secondarySources")
    if more.hidden:
        return _variables(props), _buildspec(props.at("source")), iter((_Place("build specification", more),))
    return _variables(props), *(_buildspec(source) for source in (props.at("source"), *more.each()))


def _variables(props: Node) -> Iterator[_Place]:
    for variable in props.each("environment", "environmentVariables"):
        if variable.hidden:
            yield _Place("build's environment", variable)
        elif (variable.literal("type") or "PLAINTEXT").upper() == "PLAINTEXT":
            yield _Place("build's environment", variable.at("value"), variable.text("name") or "")


def _buildspec(source: Node) -> Iterator[_Place]:
    """Of a build specification what is its own; `parameter-store` and `secrets-manager` name where secrets are."""
    node = source.at("buildspec")
    text = node.text() or ""
    if "\n" not in text and not text.lstrip().startswith("{"):
        return
    try:
        spec: Any = YAML(typ="safe", pure=True).load(text)
    except YAMLError:
        raise UnevaluatedError(Reason.MISSHAPEN, "the build specification is no YAML", node.path) from None
    whole = Node(spec if isinstance(spec, dict) else {}, node.path, node.subject)
    yield _Place("build specification", whole.at("env", "variables"))
    for phase in whole.entries("phases").values():
        for key in ("commands", "finally"):
            yield from (_Place("build specification", one, command=True) for one in phase.each(key) if not one.is_map)


def _emr(props: Node) -> Parts:
    """Bootstrap actions are HERD-020's, with what else machines are told at boot."""
    return (*(_configuration(props.at(key)) for key in ("configurationsJson", "configurations")), _steps(props))


def _configuration(node: Node) -> Iterator[_Place]:
    if (node.text() or "").lstrip().startswith(("[", "{")):
        yield _Place("cluster's configuration", node.document())


def _steps(props: Node) -> Iterator[_Place]:
    for step in props.each("steps"):
        yield _Place("step", step.at("hadoopJarStep", "args"), command=True)
        yield _Place("step", step.at("hadoopJarStep", "properties"))


def _pipeline(props: Node) -> Parts:
    return (_definition(props.at("pipelineDefinition")),)


def _definition(node: Node) -> Iterator[_Place]:
    yield _Place("pipeline's definition", _document(node, "pipeline's definition"))


# Type -> what it is, and the paths of its maps, or lists, of names and values.
_MAPS: Final[dict[str, tuple[str, tuple[tuple[str, ...], ...]]]] = {
    _FUNCTION: ("function's environment", (("environment", "variables"),)),
    "aws:apprunner/service:Service": (
        "service's environment",
        (
            ("sourceConfiguration", "imageRepository", "imageConfiguration", "runtimeEnvironmentVariables"),
            (
                "sourceConfiguration",
                "codeRepository",
                "codeConfiguration",
                "codeConfigurationValues",
                "runtimeEnvironmentVariables",
            ),
        ),
    ),
    "aws:sagemaker/model:Model": (
        "model's environment",
        (("primaryContainer", "environment"), ("containers[]", "environment")),
    ),
    "aws:sagemaker/trainingJob:TrainingJob": ("training job", (("environment",), ("hyperParameters",))),
    "aws:glue/job:Job": ("job", (("defaultArguments",), ("nonOverridableArguments",))),
    "aws:elasticbeanstalk/environment:Environment": ("Beanstalk environment", (("settings",),)),
    "aws:amplify/app:App": (
        "app's environment",
        (("environmentVariables",), ("autoBranchCreationConfig", "environmentVariables")),
    ),
    "aws:amplify/branch:Branch": ("branch's environment", (("environmentVariables",),)),
    "aws:mwaa/environment:Environment": ("Airflow configuration", (("airflowConfigurationOptions",),)),
    "aws:emrserverless/application:Application": ("application's configuration", (("runtimeConfigurations",),)),
    "aws:lightsail/containerServiceDeploymentVersion:ContainerServiceDeploymentVersion": (
        "container's environment",
        (("containers[]", "environment"),),
    ),
}
_SPELLED: Final[dict[str, Callable[[Node], Parts]]] = {
    "aws:ecs/taskDefinition:TaskDefinition": _task,
    "aws:batch/jobDefinition:JobDefinition": _job,
    PROJECT: _project,
    "aws:emr/cluster:Cluster": _emr,
    "aws:sagemaker/pipeline:Pipeline": _pipeline,
}

RULE: Final = ResourceRule(
    id="HERD-080",
    name="no-secrets-in-environments",
    pack="security",
    title="No secrets in what AWS shows of functions, tasks, jobs, builds, models and parameters",
    severity=everywhere(Severity.HIGH),
    types=(PARAMETER, *_MAPS, *_SPELLED),
    properties=(
        "environment.variables",
        "containerDefinitions",
        "containerProperties",
        "environment.environmentVariables[].value",
        "source.buildspec",
        "primaryContainer.environment",
        "defaultArguments",
        "configurationsJson",
        "value",
        "insecureValue",
    ),
    why=(
        "Whoever may describe a function, a task or a job reads its environment in the console, and so does every audit"
        " trail and every crash report. That Pulumi keeps a value secret ends where AWS gets it."
    ),
    fix=(
        "Rotate the secret now. Then pass where it is: `secrets` with valueFrom for containers, type SECRETS_MANAGER"
        " for builds, SecureString for parameters, and a secret's ARN that functions and jobs read with their own role."
    ),
    mappings={
        "checkov": ("CKV_AWS_45", "CKV_AWS_384"),
        "fsbp": ("CodeBuild.2", "ECS.8"),
        "trivy": ("AWS-0036",),
        "prowler": (
            "awslambda_function_no_secrets_in_variables",
            "codebuild_project_no_secrets_in_variables",
            "ecs_task_definitions_no_environment_secrets",
        ),
    },
    check=check,
)
