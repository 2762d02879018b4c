"""A role for one service account of a cluster that is there."""

import json

import pulumi
import pulumi_aws as aws

issuer = aws.eks.get_cluster_output(name="prod").identities[0].oidcs[0].issuer
provider = aws.iam.OpenIdConnectProvider("prod", url=issuer, client_id_lists=["sts.amazonaws.com"])


def trust(known: list[str]) -> str:
    arn, host = known[0], known[1].removeprefix("https://")
    pinned = {f"{host}:sub": "system:serviceaccount:ml:trainer", f"{host}:aud": "sts.amazonaws.com"}
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": pinned},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


aws.iam.Role("trainer", assume_role_policy=pulumi.Output.all(provider.arn, provider.url).apply(trust))
