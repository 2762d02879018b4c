"""A namespace and a job as manifests."""

from pulumi_kubernetes.yaml.v2 import ConfigGroup

IMAGE = f"111122223333.dkr.ecr.us-west-2.amazonaws.com/tidy@sha256:{'0' * 64}"
MANIFESTS = """
apiVersion: v1
kind: Namespace
metadata: {name: team-a, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: tidy, namespace: team-a, labels: {owner: ml, release: r1}}
spec:
  template:
    metadata: {labels: {owner: ml, release: r1}}
    spec:
      restartPolicy: Never
      containers:
        - name: tidy
          image: IMAGE
          resources: {requests: {cpu: "1", memory: 1Gi}, limits: {memory: 1Gi}}
"""
ConfigGroup("team", yaml=MANIFESTS.replace("IMAGE", IMAGE))
