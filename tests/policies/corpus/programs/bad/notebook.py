"""A notebook on a machine that one person nurses.

expect: HERD-010
"""

import pulumi_aws as aws

aws.sagemaker.NotebookInstance(
    "mine", role_arn="arn:aws:iam::111122223333:role/notebooks", instance_type="ml.g5.xlarge"
)
