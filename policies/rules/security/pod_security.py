"""HERD-050: pods stay within the Pod Security Standards' baseline, and namespaces see to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.kubernetes.workloads import DAEMON_SETS, TYPES, Pod, objects, pods

NAMESPACE: Final = "kubernetes:core/v1:Namespace"
VOLUME: Final = "kubernetes:core/v1:PersistentVolume"
ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_LEVELS: Final = ("baseline", "restricted")
# The cluster's own agents live there: device plugins, CNI, CSI, the GPU operator's driver and toolkit, log shippers.
SYSTEM_NAMESPACES: Final = (
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "amazon-cloudwatch",
    "amazon-guardduty",
    "gpu-operator",
    "nvidia-gpu-operator",
    "nvidia-device-plugin",
    "nvidia-dra-driver-gpu",
    "nvidia-network-operator",
    "calico-system",
    "tigera-operator",
)
_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SELINUX_TYPES: Final = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APPARMOR: Final = "container.apparmor.security.beta.kubernetes.io/"
_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """What the baseline forbids (Kubernetes, "Pod Security Standards"), and allowPrivilegeEscalation where it is asked.

    The typed exception: DaemonSets in the cluster's own namespaces, whose work is the node itself. Pods and Deployments
    there are judged like all others.
    """
    for name, manifest in objects(resource):
        if name == NAMESPACE:
            yield from _namespace(manifest)
        elif name == VOLUME and manifest.at("spec", "hostPath").present:
            # A claim hides the path from the standard's own check of pods.
            path = manifest.at("spec", "hostPath")
            yield Violation(path, f"mounts {path.text('path') or 'a directory'} of a node into whatever claims it")
    for pod in pods(resource):
        if not _node_agent(pod):
            yield from _pod(pod.spec)
            yield from _annotations(pod.metadata)
            for container in pod.containers:
                yield from _container(container.node)


def _namespace(manifest: Node) -> Iterator[Violation]:
    if manifest.literal("metadata", "name") in SYSTEM_NAMESPACES:
        return
    label = manifest.at("metadata", "labels", ENFORCE)
    level = label.literal()
    if level not in _LEVELS:
        told = f"enforces {level}" if level else "enforces nothing"
        yield Violation(label, f"the namespace {told}: pods in it may be privileged")


def _node_agent(pod: Pod) -> bool:
    return pod.type == DAEMON_SETS and pod.object.text("metadata", "namespace") in SYSTEM_NAMESPACES


def _pod(spec: Node) -> Iterator[Violation]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.at(key).flag(default=False):
            yield Violation(spec.at(key), f"shares the node's {key.removeprefix('host')} namespace")
    for volume in spec.each("volumes"):
        path = volume.at("hostPath")
        if path.present:
            yield Violation(path, f"mounts {path.text('path') or 'a directory'} of the node")
    for sysctl in spec.each("securityContext", "sysctls"):
        name = sysctl.at("name")
        if name.literal() not in _SYSCTLS:
            yield Violation(name, f"sets {name.literal()}, which isn't a safe sysctl")
    yield from _context(spec.at("securityContext"))


def _annotations(metadata: Node) -> Iterator[Violation]:
    """AppArmor before Kubernetes 1.30."""
    for key, value in metadata.entries("annotations").items():
        if key.startswith(_APPARMOR) and value.text() == "unconfined":
            yield Violation(value, f"switches AppArmor off for {key.removeprefix(_APPARMOR)}")


def _container(container: Node) -> Iterator[Violation]:
    context = container.at("securityContext")
    for key, text in (
        ("privileged", "is privileged: it is root on the node"),
        ("allowPrivilegeEscalation", "may gain more rights than it starts with"),
    ):
        if context.at(key).flag(default=False):
            yield Violation(context.at(key), f"the container {text}")
    for capability in context.each("capabilities", "add"):
        name = (capability.literal() or "").upper().removeprefix("CAP_")
        if name not in _CAPABILITIES:
            yield Violation(capability, f"adds the capability {name}, which the baseline forbids")
    for port in container.each("ports"):
        if port.at("hostPort").number(default=0):
            yield Violation(port.at("hostPort"), f"listens on port {port.text('hostPort')} of the node")
    if context.literal("procMount", default="Default") != "Default":
        yield Violation(context.at("procMount"), "sees all of /proc")
    yield from _context(context)


def _context(context: Node) -> Iterator[Violation]:
    for key in ("seccompProfile", "appArmorProfile"):
        kind = context.at(key, "type")
        if kind.literal() == "Unconfined":
            yield Violation(kind, f"switches {key} off")
    selinux = context.at("seLinuxOptions")
    if selinux.literal("type", default="") not in _SELINUX_TYPES:
        yield Violation(selinux.at("type"), f"runs as {selinux.literal('type')}, which SELinux doesn't confine")
    for key in ("user", "role"):
        if selinux.text(key):
            yield Violation(selinux.at(key), f"takes a {key} of SELinux's own")
    host_process = context.at("windowsOptions", "hostProcess")
    if host_process.flag(default=False):
        yield Violation(host_process, "runs as a process of the Windows node")


RULE: Final = ResourceRule(
    id="HERD-050",
    name="pod-security-baseline",
    pack="security",
    title="Pods keep to the Pod Security Standards' baseline, and namespaces enforce it",
    severity=everywhere(Severity.HIGH),
    types=tuple(dict.fromkeys((NAMESPACE, VOLUME, *TYPES))),
    properties=(
        f'metadata.labels["{ENFORCE}"]',
        "spec.hostNetwork",
        "spec.hostPID",
        "spec.hostIPC",
        "spec.volumes[].hostPath",
        "spec.containers[].securityContext",
    ),
    why=(
        "A privileged pod is root on its node: it reads every other tenant's GPU memory, volumes and tokens, and from"
        " the node's role it reaches AWS. Without the label the API server lets it in."
    ),
    fix=(
        f"Label the namespace {ENFORCE}: baseline (or restricted). Shared memory is an emptyDir of medium Memory, EFA"
        " and GPUs come from their device plugins or DRA: none of them needs privileges."
    ),
    mappings={
        "checkov": ("CKV_K8S_16", "CKV_K8S_17", "CKV_K8S_18", "CKV_K8S_19", "CKV_K8S_20"),
        "kyverno": ("pod-security",),
    },
    check=check,
)
