"""HERD-070: nothing faces the internet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.workload_kinds import LISTS
from policies.rules._shared.kubernetes.workloads import objects, walk
from policies.rules._shared.types import LOAD_BALANCERS

_PUBLIC_FLAGS: Final = {
    "aws:rds/instance:Instance": "publiclyAccessible",
    "aws:rds/clusterInstance:ClusterInstance": "publiclyAccessible",
    "aws:redshift/cluster:Cluster": "publiclyAccessible",
    "aws:dms/replicationInstance:ReplicationInstance": "publiclyAccessible",
    "aws:mq/broker:Broker": "publiclyAccessible",
    "aws:neptune/clusterInstance:ClusterInstance": "publiclyAccessible",
    "aws:rds/cluster:Cluster": "publiclyAccessible",
    "aws:redshiftserverless/workgroup:Workgroup": "publiclyAccessible",
}
_KAFKA: Final = "aws:msk/cluster:Cluster"
_FUNCTION_URL: Final = "aws:lambda/functionUrl:FunctionUrl"
_SERVICE: Final = "kubernetes:core/v1:Service"
_INGRESSES: Final = (
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:networking.k8s.io/v1beta1:Ingress",
    "kubernetes:extensions/v1beta1:Ingress",
)
_PARAMETERS: Final = (
    "kubernetes:elbv2.k8s.aws/v1beta1:IngressClassParams",
    "kubernetes:eks.amazonaws.com/v1:IngressClassParams",
    "kubernetes:gateway.k8s.aws/v1beta1:LoadBalancerConfiguration",
)
# Operators' kinds, and where they have what becomes a Service. The head's runs whatever job it is sent.
_RAY: Final = {"RayCluster": "spec", "RayJob": "spec.rayClusterSpec", "RayService": "spec.rayClusterConfig"}
_HEADS: Final = {f"kubernetes:ray.io/{v}:{kind}": path for v in ("v1", "v1alpha1") for kind, path in _RAY.items()}
_SLURM: Final = tuple(
    f"kubernetes:slinky.slurm.net/{version}:{kind}"
    for version in ("v1beta1", "v1alpha1")
    for kind in ("LoginSet", "Controller", "Accounting", "RestApi")
)
_ANNOTATION: Final = "service.beta.kubernetes.io/aws-load-balancer-"
_OURS: Final = ("service.k8s.aws/nlb", "eks.amazonaws.com/nlb")
_WORLD: Final = "internet-facing"


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """Absent: EC2's balancers and the cloud provider's Services face the internet, the controller's don't.

    Sources: ELB, CreateLoadBalancer (Scheme); AWS Load Balancer Controller, "Network Load Balancer" (internal since
    2.2) and "Ingress annotations" (scheme); EKS Auto Mode, "Use Service Annotations to configure NLBs".
    """
    props = resource.props
    if resource.type in LOAD_BALANCERS:
        yield from _balancer(props)
    elif resource.type in _PUBLIC_FLAGS:
        place = props.at(_PUBLIC_FLAGS[resource.type])
        if place.flag(default=False):
            yield Violation(place, "has a public address", "Leave it in private subnets.")
    elif resource.type == _KAFKA:
        place = props.at("brokerNodeGroupInfo", "connectivityInfo", "publicAccess", "type")
        if (place.literal(default="DISABLED") or "").upper() != "DISABLED":
            yield Violation(place, "gives its brokers public addresses", "Leave it in private subnets.")
    elif resource.type == _FUNCTION_URL:
        place = props.at("authorizationType")
        if (place.literal() or "").upper() == "NONE":
            yield Violation(place, "answers everybody without asking who it is", 'authorization_type="AWS_IAM"')
    else:
        for name, manifest in objects(resource):
            if name in _KUBERNETES:
                yield from _KUBERNETES[name](manifest)


def _balancer(props: Node) -> Iterator[Violation]:
    if props.literal("loadBalancerType") == "gateway":
        return
    place = props.at("internal")
    if not place.flag(default=False):
        told = "isn't internal" if place.present else "says nothing of internal, so it faces the internet"
        yield Violation(place, f"the load balancer {told}")


def _service(manifest: Node) -> Iterator[Violation]:
    yield from _exposed(manifest.at("spec", "type"), manifest.at("spec"), manifest.at("metadata", "annotations"))


def _exposed(kind: Node, spec: Node, annotations: Node) -> Iterator[Violation]:
    if kind.literal() != "LoadBalancer":
        return
    scheme = annotations.at(f"{_ANNOTATION}scheme")
    said = scheme.literal()
    if said == _WORLD:
        yield Violation(scheme, "the Service's load balancer faces the internet")
        return
    # The old cloud provider reads any value of it as true, 0.0.0.0/0 was its usual one.
    inside = annotations.literal(f"{_ANNOTATION}internal") not in (None, "", "false")
    by_controller = (
        spec.literal("loadBalancerClass") in _OURS
        or annotations.literal(f"{_ANNOTATION}type") in ("external", "nlb-ip")
        or annotations.has(f"{_ANNOTATION}nlb-target-type")
    )
    if said != "internal" and not inside and not by_controller:
        yield Violation(kind, "a Service of type LoadBalancer without an internal scheme faces the internet")


def _ray(manifest: Node, cluster: str) -> Iterator[Violation]:
    """Source: KubeRay, common/service.go: `serviceType` with `headServiceAnnotations`, or a `headService` by itself."""
    for spec in walk(manifest, cluster):
        head = spec.at("headGroupSpec")
        own = head.at("headService")
        if own.has("spec", "type"):
            yield from _service(own)
        else:
            places = own.at("metadata", "annotations"), spec.at("headServiceAnnotations")
            annotations = next((place for place in places if place.present), places[-1])
            yield from _exposed(head.at("serviceType"), own.at("spec"), annotations)
    yield from _service(manifest.at("spec", "serveService"))


def _slurm(manifest: Node) -> Iterator[Violation]:
    yield from _service(manifest.at("spec", "service"))


def _ingress(manifest: Node) -> Iterator[Violation]:
    scheme = manifest.at("metadata", "annotations", "alb.ingress.kubernetes.io/scheme")
    if scheme.literal() == _WORLD:
        yield Violation(scheme, "the Ingress's load balancer faces the internet")


def _parameters(manifest: Node) -> Iterator[Violation]:
    scheme = manifest.at("spec", "scheme")
    if scheme.literal() == _WORLD:
        yield Violation(scheme, "every load balancer of the class faces the internet")


_KUBERNETES: Final[Mapping[str, Callable[[Node], Iterator[Violation]]]] = {
    _SERVICE: _service,
    **dict.fromkeys(_INGRESSES, _ingress),
    **dict.fromkeys(_PARAMETERS, _parameters),
    **dict.fromkeys(_SLURM, _slurm),
    **{name: partial(_ray, cluster=path) for name, path in _HEADS.items()},
}

RULE: Final = ResourceRule(
    id="HERD-070",
    name="nothing-faces-the-internet",
    pack="security",
    title="Nothing faces the internet",
    severity=everywhere(Severity.HIGH),
    types=(*LOAD_BALANCERS, *_PUBLIC_FLAGS, _KAFKA, _FUNCTION_URL, *_KUBERNETES, *LISTS),
    properties=("internal", "spec.type", "metadata.annotations", "publiclyAccessible", "spec.scheme"),
    why=(
        "Notebooks, Ray dashboards, trackers and inference servers run what they are sent. Those that face the internet"
        " are found by scanners within hours and mine coins for others."
    ),
    fix=(
        "Set internal=True, or the annotation service.beta.kubernetes.io/aws-load-balancer-scheme: internal; people"
        " reach it through the company's network or VPN."
    ),
    mappings={"checkov": ("CKV_AWS_17", "CKV_AWS_258"), "trivy": ("AWS-0053",), "fsbp": ("RDS.2",)},
    check=check,
)
