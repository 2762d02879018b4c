"""A training job of whatever image is newest, from Docker Hub.

expect: HERD-041 spec
expect: HERD-042 spec
expect: HERD-035 spec
"""

from pulumi_kubernetes.batch.v1 import Job

Job(
    "train",
    spec={
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                "containers": [{"name": "train", "image": "pytorch/pytorch:latest", "command": ["python", "train.py"]}],
            }
        }
    },
)
