"""Notebooks and a cluster of EMR that make themselves anew at each start.

expect: HERD-061 onStart
expect: HERD-021 onStart
expect: HERD-020 studioLifecycleConfigContent
expect: HERD-021 bootstrapActions[0].path
"""

import base64

import pulumi_aws as aws

INSTALL = """#!/bin/bash
curl -sSL https://raw.githubusercontent.com/acme/notebooks/main/setup.sh | bash
pip install -U transformers
"""
LOGIN = "#!/bin/bash\nexport HF_TOKEN=hf_0123456789abcdefghijklmn\n"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


aws.sagemaker.NotebookInstanceLifecycleConfiguration("research", on_start=coded(INSTALL))
aws.sagemaker.StudioLifecycleConfig(
    "login",
    studio_lifecycle_config_name="login",
    studio_lifecycle_config_app_type="JupyterLab",
    studio_lifecycle_config_content=coded(LOGIN),
)
aws.emr.Cluster(
    "spark",
    release_label="emr-7.5.0",
    service_role="arn:aws:iam::111122223333:role/emr",
    bootstrap_actions=[{"name": "tools", "path": "s3://artifacts/bootstrap/tools.sh"}],
)
