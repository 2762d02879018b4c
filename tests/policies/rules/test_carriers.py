"""HERD-079: what nobody can see into is not evaluated, and the table leads to what is judged."""

import re

import pytest

from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.schema import exists
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason
from policies.rules import all_rules
from policies.rules.security.carriers import FORBIDDEN, OWN, RULE, STACK_SET

TEMPLATE = "aws:cloudformation/stack:Stack"
FOUR = (
    "Resources: {A: {Type: 'AWS::IAM::Role'}, B: {Type: 'AWS::X::Y'}, C: {Type: 'Custom::Z'}, D: {Type: 'AWS::X::Y'}}"
)
WAIT = "{W: {Type: 'AWS::CloudFormation::WaitConditionHandle'}}"


@pytest.mark.parametrize(
    ("type_", "values", "says"),
    [
        (TEMPLATE, {"templateBody": FOUR}, r"A \(AWS::IAM::Role\), B \(AWS::X::Y\), C \(Custom::Z\) and 1 more"),
        (TEMPLATE, {"templateBody": f"Transform: Acme::Magic\nResources: {WAIT}"}, "a template's macros"),
        (TEMPLATE, {"templateBody": "Resources: {'Fn::ForEach::A': [x, [a], {}], B: {Type: Custom::Z}}"}, "a loop"),
        (TEMPLATE, {"templateUrl": "https://bucket.s3.amazonaws.com/vendor.yaml"}, "kept at https://bucket"),
        (STACK_SET, {"templateUrl": "https://bucket.s3.amazonaws.com/vendor.yaml"}, "kept at https://bucket"),
        (
            TEMPLATE,
            {"templateBody": "Resources: {A: {Type: AWS::CloudFormation::Stack}}"},
            "AWS::CloudFormation::Stack",
        ),
        ("aws:cloudformation/stackInstances:StackInstances", {"stackSetName": "baseline"}, "isn't in this stack"),
        ("aws:cloudcontrol/resource:Resource", {"typeName": "AWS::SageMaker::Cluster"}, "AWS::SageMaker::Cluster"),
        ("aws-native:sagemaker:Cluster", {}, "AWS::sagemaker::Cluster"),
        ("aws:servicecatalog/provisionedProduct:ProvisionedProduct", {}, "Service Catalog"),
        ("aws:serverlessrepository/cloudFormationStack:CloudFormationStack", {}, "serverless application"),
        ("pulumi-python:dynamic:Resource", {}, "dynamic resource"),
        ("pulumi-python:dynamic/acme:Bucket", {}, "dynamic resource"),
        ("awscc:index/s3Bucket:S3Bucket", {}, "awscc"),
        ("kubernetes:s3.services.k8s.aws/v1alpha1:Bucket", {}, "AWS::S3::Bucket of a Kubernetes controller"),
        ("kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:AWSMachine", {}, "AWSMachine"),
    ],
)
def test_is_not_evaluated(type_, values, says):
    results = evaluate(Stack((Subject("urn:x", type_, "x", values=values),)), (RULE,), Facts())
    assert (results.findings, results.passed) == ((), 0)
    (silent,) = results.not_evaluated
    assert silent.reason in (Reason.INVISIBLE, Reason.ABSENT)
    assert re.search(says, silent.message)


def test_the_table_leads_to_types_that_rules_judge():
    judged = {name for rule in all_rules() for name in rule.types} | {STACK_SET}
    assert [name for name in OWN.values() if name not in judged or not exists(name)] == []


def test_what_is_forbidden_is_forbidden_by_a_rule_about_that_type():
    rules = {rule.id: rule for rule in all_rules()}
    assert [kind for kind, rule in FORBIDDEN.items() if OWN[kind] not in rules[rule].types] == []
