"""A training job by digest from our registry, with what it needs."""

from pulumi_kubernetes.batch.v1 import Job

resources = {"nvidia.com/gpu": "8", "cpu": "90", "memory": "1000Gi"}
Job(
    "train",
    metadata={"namespace": "team-a", "labels": {"owner": "ml"}},
    spec={
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                "containers": [
                    {
                        "name": "train",
                        "image": "111122223333.dkr.ecr.us-west-2.amazonaws.com/train@sha256:4a7d1ed414474e4033ac29ccb8653d9b3d1b8b7c5a5e5b1d0b5e0d3c2f1a0b9c",
                        "command": ["python", "train.py"],
                        "resources": {"limits": resources, "requests": resources},
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "runAsNonRoot": True,
                            "capabilities": {"drop": ["ALL"]},
                            "seccompProfile": {"type": "RuntimeDefault"},
                        },
                    }
                ],
            }
        }
    },
)
