"""The digest mirror: a CodeBuild project, run on demand or by a schedule."""

from __future__ import annotations

import json
from typing import ClassVar

import pulumi
from pulumi_aws import cloudwatch, codebuild, iam, scheduler

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.registry.derive import service_trust, start_policy
from components.registry.mirror import MACHINES, buildspec, job_policy, tool_image
from components.registry.mirror_spec import MirrorSpec
from components.registry.spec import RegistrySpec


class DigestMirror(HerdComponent):
    """Copies images by digest from registries that ECR can't cache.

    Attributes:
        project_name: The CodeBuild project; start it to mirror at once.
    """

    token: ClassVar[str] = "herd:registry:DigestMirror"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        registry: RegistrySpec,
        context: StackContext,
        *,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the job of a registry whose spec has a mirror; `key_arn` encrypts its log."""
        mirror = registry.mirror
        if mirror is None:
            raise ValueError("this registry has no mirror")
        super().__init__(name, mirror, context, inputs={"keyArn": key_arn}, opts=opts)
        logs = cloudwatch.LogGroup(name, retention_in_days=mirror.log_days, kms_key_id=key_arn, opts=self.child())
        role = iam.Role(name, assume_role_policy=service_trust("codebuild", context), opts=self.child())
        policy = iam.RolePolicy(
            name,
            role=role.name,
            policy=logs.arn.apply(lambda arn: json.dumps(job_policy(registry, mirror, context, arn))),
            opts=self.child(),
        )
        machine, size = MACHINES[mirror.architecture]
        project = codebuild.Project(
            name,
            description="Copies images by digest from registries that ECR can't cache",
            service_role=role.arn,
            artifacts=codebuild.ProjectArtifactsArgs(type="NO_ARTIFACTS"),
            environment=codebuild.ProjectEnvironmentArgs(
                type=machine,
                compute_type=size,
                image=tool_image(registry, mirror, context),
                # CodeBuild's own credentials are for its own images only.
                image_pull_credentials_type="SERVICE_ROLE",
                privileged_mode=False,
            ),
            source=codebuild.ProjectSourceArgs(type="NO_SOURCE", buildspec=buildspec(mirror, context).render()),
            build_timeout=mirror.timeout_minutes,
            concurrent_build_limit=1,
            logs_config=codebuild.ProjectLogsConfigArgs(
                cloudwatch_logs=codebuild.ProjectLogsConfigCloudwatchLogsArgs(status="ENABLED", group_name=logs.name)
            ),
            opts=self.child(depends_on=[policy]),
        )
        self._schedule(name, mirror, project)
        self.project_name: pulumi.Output[str] = project.name
        self.register_outputs({"projectName": self.project_name})

    def _schedule(self, name: str, mirror: MirrorSpec, project: codebuild.Project) -> None:
        if mirror.schedule is None:
            return
        trust = service_trust("scheduler", self.context)
        role = iam.Role(f"{name}-schedule", assume_role_policy=trust, opts=self.child())
        policy = iam.RolePolicy(
            f"{name}-schedule", role=role.name, policy=project.arn.apply(start_policy), opts=self.child()
        )
        scheduler.Schedule(
            name,
            description="Runs the digest mirror",
            schedule_expression=mirror.schedule,
            schedule_expression_timezone=mirror.timezone,
            # Nobody waits for it: a window spares the upstream registries a rush on the hour.
            flexible_time_window=scheduler.ScheduleFlexibleTimeWindowArgs(
                mode="FLEXIBLE", maximum_window_in_minutes=60
            ),
            target=scheduler.ScheduleTargetArgs(arn=project.arn, role_arn=role.arn),
            opts=self.child(depends_on=[policy]),
        )
