"""A pod that is the node, in the text of a manifest.

expect: HERD-050 spec.containers[0].securityContext.privileged
expect: HERD-041 spec.containers[0].image
"""

from pulumi_kubernetes.yaml.v2 import ConfigGroup

ConfigGroup(
    "agent",
    yaml="""
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: ops}
spec:
  containers:
    - {name: agent, image: "vendor/agent:latest", securityContext: {privileged: true}}
""",
)
