"""Where functions, tasks, jobs, builds and models say what their programs get: environments, arguments, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.values import Reason, UnevaluatedError

_JOB: Final = "job definition"
_JOB_CONTAINER: Final = "job's container"
KEPT: Final = (
    "a Pulumi secret stands there, and AWS keeps and shows the {what} in clear text: give the name of a secret of"
    " Secrets Manager instead"
)


@dataclass(frozen=True)
class Place:
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


Parts = tuple[Iterator[Place], ...]
"""The places of a resource, read apart: what can't be read in one says nothing of the others."""


def parts(resource: Subject) -> Parts:
    """The places of a resource."""
    if resource.type in _SPELLED:
        return _SPELLED[resource.type](resource.props)
    what, paths = _MAPS[resource.type]
    return tuple(_at(resource.props, path, what) for path in paths)


def _at(props: Node, path: tuple[str, ...], what: str) -> Iterator[Place]:
    nodes = [props]
    for key in path:
        nodes = [below for one in nodes for below in (one.each(key[:-2]) if key.endswith("[]") else [one.at(key)])]
    yield from (Place(what, one) for one in nodes)


def _task(props: Node) -> Parts:
    return (_containers(props.at("containerDefinitions"), "task definition", "task's container"),)


def _job(props: Node) -> Parts:
    """Source: Batch, RegisterJobDefinition; the provider takes all but the pods' as JSON."""
    return (
        iter((Place(_JOB, props.at("parameters")),)),
        _containers(props.at("containerProperties"), _JOB, _JOB_CONTAINER),
        _of_nodes(props.at("nodeProperties")),
        _of_tasks(props.at("ecsProperties")),
        _of_pods(props, "containers"),
        _of_pods(props, "initContainers"),
    )


def _of_nodes(node: Node) -> Iterator[Place]:
    for group in _document(node, _JOB).each("nodeRangeProperties"):
        yield from _containers(group.at("container"), _JOB, _JOB_CONTAINER)
        yield from _of_tasks(group.at("ecsProperties"))


def _of_tasks(node: Node) -> Iterator[Place]:
    for task in _document(node, _JOB).each("taskProperties"):
        yield from _containers(task.at("containers"), _JOB, _JOB_CONTAINER)


def _of_pods(props: Node, key: str) -> Iterator[Place]:
    yield from _containers(props.at("eksProperties", "podProperties", key), _JOB, _JOB_CONTAINER)


def _containers(node: Node, whole: str, what: str) -> Iterator[Place]:
    for container in _document(node, whole).each():
        if container.hidden:
            yield Place(whole, container)
            continue
        for key in ("environment", "envs"):
            yield Place(f"{what}'s environment", container.at(key))
        for key in ("entryPoint", "command", "args"):
            yield Place(f"{what}'s command", container.at(key), command=True)


def _document(node: Node, what: str) -> Node:
    if node.secret:
        raise UnevaluatedError(Reason.SECRET, KEPT.format(what=what), node.path)
    return node.document()


def _project(props: Node) -> Parts:
    more = props.at("secondarySources")
    if more.hidden:
        return _variables(props), _buildspec(props.at("source")), iter((Place("build specification", more),))
    return _variables(props), *(_buildspec(source) for source in (props.at("source"), *more.each()))


def _variables(props: Node) -> Iterator[Place]:
    for variable in props.each("environment", "environmentVariables"):
        if variable.hidden:
            yield Place("build's environment", variable)
        elif (variable.literal("type") or "PLAINTEXT").upper() == "PLAINTEXT":
            yield Place("build's environment", variable.at("value"), variable.text("name") or "")


def _buildspec(source: Node) -> Iterator[Place]:
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
    yield Place("build specification", whole.at("env", "variables"))
    for phase in whole.entries("phases").values():
        for key in ("commands", "finally"):
            yield from (Place("build specification", one, command=True) for one in phase.each(key) if not one.is_map)


def _emr(props: Node) -> Parts:
    """Bootstrap actions are HERD-020's, with what else machines are told at boot."""
    return (*(_configuration(props.at(key)) for key in ("configurationsJson", "configurations")), _steps(props))


def _configuration(node: Node) -> Iterator[Place]:
    if (node.text() or "").lstrip().startswith(("[", "{")):
        yield Place("cluster's configuration", node.document())


def _steps(props: Node) -> Iterator[Place]:
    for step in props.each("steps"):
        yield Place("step", step.at("hadoopJarStep", "args"), command=True)
        yield Place("step", step.at("hadoopJarStep", "properties"))


def _pipeline(props: Node) -> Parts:
    return (_definition(props.at("pipelineDefinition")),)


def _definition(node: Node) -> Iterator[Place]:
    yield Place("pipeline's definition", _document(node, "pipeline's definition"))


# Type -> what it is, and the paths of its maps, or lists, of names and values.
_MAPS: Final[dict[str, tuple[str, tuple[tuple[str, ...], ...]]]] = {
    "aws:lambda/function:Function": ("function's environment", (("environment", "variables"),)),
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
    "aws:codebuild/project:Project": _project,
    "aws:emr/cluster:Cluster": _emr,
    "aws:sagemaker/pipeline:Pipeline": _pipeline,
}
TYPES: Final = (*_MAPS, *_SPELLED)
"""Every type that `parts` reads."""
