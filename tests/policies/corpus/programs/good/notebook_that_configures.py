"""A notebook whose image holds everything: at its start it is configured, and nothing else."""

import base64

import pulumi_aws as aws

CONFIGURE = "#!/bin/bash\nset -eu\nmkdir -p /home/ec2-user/SageMaker/results\n"
aws.sagemaker.NotebookInstanceLifecycleConfiguration(
    "research",
    on_start=base64.b64encode(CONFIGURE.encode()).decode(),
    tags={"owner": "research", "release": "2026.11.1"},
)
