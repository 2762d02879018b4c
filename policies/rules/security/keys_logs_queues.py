"""HERD-060: keys rotate, networks keep flow logs, logs end, queues are encrypted and keep what they can't deliver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import parallelcluster
from policies.rules._shared.naming import naming
from policies.rules._shared.types import VPC

KEY: Final = "aws:kms/key:Key"
FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
QUEUE: Final = "aws:sqs/queue:Queue"
_REDRIVE: Final = "aws:sqs/redrivePolicy:RedrivePolicy"
_REDRIVE_ALLOW: Final = "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy"
_DEAD_LETTERS: Final = re.compile(r"dlq|dead[-_]?letter", re.IGNORECASE)
# Karpenter's notices of interruptions live 5 minutes: whoever read them a day later could do nothing with them.
_NOTICE_SECONDS: Final = 900


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Each type by itself."""
    return _JUDGED[resource.type](resource, stack)


def _key(key: Subject, stack: Stack) -> Iterator[Violation]:
    props = key.props
    spec = (props.literal("customerMasterKeySpec") or "SYMMETRIC_DEFAULT").upper()
    # KMS rotates symmetric keys of its own making only (KMS Developer Guide, "Rotate AWS KMS keys").
    if spec != "SYMMETRIC_DEFAULT" or props.has("customKeyStoreId"):
        return
    rotation = props.at("enableKeyRotation")
    if not rotation.flag(default=False):
        how = "false" if rotation.present else "absent, and false by default"
        yield Violation(rotation, f"enableKeyRotation is {how}", fix="`enable_key_rotation=True`.")


def _vpc(vpc: Subject, stack: Stack) -> Iterator[Violation]:
    logs = list(naming(stack, vpc, "vpcId", FLOW_LOG))
    if not logs:
        yield Violation(vpc.props, "no flow log records the network's traffic", fix="Add a FlowLog with its vpc_id.")
    elif all((log.props.text("trafficType") or "").upper() == "ACCEPT" for log in logs):
        yield Violation(
            logs[0].props.at("trafficType"),
            "ACCEPT leaves out what was refused, which is what an attack looks like",
            fix='`traffic_type="ALL"`.',
        )


def _log_group(group: Subject, stack: Stack) -> Iterator[Violation]:
    # CloudWatch Logs keeps the class DELIVERY for two days, whatever one asks for.
    if (group.props.literal("logGroupClass") or "").upper() == "DELIVERY":
        return
    days = group.props.at("retentionInDays")
    if not days.number(default=0):
        how = "is 0" if days.present else "is absent"
        yield Violation(days, f"retentionInDays {how}: logs stay, and are paid for, for ever", fix="Say how many days.")


def _cluster(resource: Subject, stack: Stack) -> Iterator[Violation]:
    for cluster in parallelcluster.clusters(resource):
        logs = cluster.at("Monitoring", "Logs", "CloudWatch")
        days = logs.at("RetentionInDays")
        # 180 where nothing is said, and 0 is for ever: pcluster/templates/cdk_builder_utils.py.
        if logs.flag("Enabled", default=True) and days.present and not days.number():
            yield Violation(
                days, "RetentionInDays is 0: logs stay, and are paid for, for ever", fix="Say how many days."
            )


def _queue(queue: Subject, stack: Stack) -> Iterator[Violation]:
    managed = queue.props.at("sqsManagedSseEnabled")
    if not queue.props.has("kmsMasterKeyId") and not managed.flag(default=False):
        how = "is false" if managed.present else "is absent, and so is kmsMasterKeyId"
        yield Violation(
            managed,
            f"sqsManagedSseEnabled {how}: whether messages are encrypted is left to when and how the queue was made",
            fix="`sqs_managed_sse_enabled=True`, or a key.",
        )
    redrive = queue.props.at("redrivePolicy")
    if redrive.present:
        if not redrive.document().has("deadLetterTargetArn"):
            yield Violation(redrive, "redrivePolicy names no deadLetterTargetArn", fix=_DEAD_LETTER_FIX)
    elif not _needs_none(queue, stack) and not any(naming(stack, queue, "queueUrl", _REDRIVE)):
        yield Violation(
            redrive,
            "no redrivePolicy: a message that can't be handled comes back until it expires, and is lost then",
            fix=_DEAD_LETTER_FIX,
        )


_DEAD_LETTER_FIX: Final = "Make a second queue and name it in redrive_policy with a maxReceiveCount."


def _needs_none(queue: Subject, stack: Stack) -> bool:
    """Whether it takes dead letters itself, or notices that nobody wants an hour later."""
    props = queue.props
    if (props.number("messageRetentionSeconds") or _NOTICE_SECONDS + 1) <= _NOTICE_SECONDS:
        return True
    told = " ".join((queue.name, props.text("name") or "", props.text("namePrefix") or ""))
    if _DEAD_LETTERS.search(told) or props.has("redriveAllowPolicy"):
        return True
    marks = (f"{queue.urn}.arn", queue.outputs.text("arn"))
    policies = [one.props.at("redrivePolicy") for one in stack.of_type(QUEUE, _REDRIVE)]
    texts = [target for policy in policies if (target := policy.document().text("deadLetterTargetArn"))]
    if any(stack.target(target) is queue or any(mark and mark in target for mark in marks) for target in texts):
        return True
    return any(naming(stack, queue, "queueUrl", _REDRIVE_ALLOW))


_JUDGED: Final[dict[str, Callable[[Subject, Stack], Iterator[Violation]]]] = {
    KEY: _key,
    VPC: _vpc,
    LOG_GROUP: _log_group,
    QUEUE: _queue,
    **dict.fromkeys(parallelcluster.TYPES, _cluster),
}


RULE: Final = GraphRule(
    id="HERD-060",
    name="keys-logs-queues",
    pack="security",
    title="Keys rotate, networks keep flow logs, logs end, queues are encrypted and keep dead letters",
    severity=everywhere(Severity.MEDIUM),
    types=tuple(_JUDGED),
    properties=(
        "enableKeyRotation",
        "aws:ec2/flowLog:FlowLog.vpcId",
        "retentionInDays",
        "Monitoring.Logs.CloudWatch.RetentionInDays",
        "sqsManagedSseEnabled",
        "redrivePolicy",
    ),
    why=(
        "What is cheap on the first day and can't be had afterwards: the record of who talked to whom, a key that was"
        " changed in time, the message that broke its worker, and logs that somebody pays for ten years later. Queues"
        " for dead letters need none themselves, nor do queues whose messages live for minutes, such as notices of"
        " interruptions."
    ),
    fix="Switch it on where the resource is made.",
    mappings={
        "checkov": ("CKV_AWS_7", "CKV_AWS_66", "CKV_AWS_27", "CKV2_AWS_11"),
        "fsbp": ("KMS.4", "EC2.6"),
        "cis": ("4.6", "4.7"),
        "cdk-nag": ("AwsSolutions-SQS3",),
    },
    check=check,
)
