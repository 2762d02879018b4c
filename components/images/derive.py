"""From recipes and a stack's spec to plain arguments: names, tags, keys, permissions, distribution."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from components.base.arns import arn, dns_suffix, partition
from components.base.context import StackContext
from components.images.hashing import SHORT, part_hashes, recipe_hash
from components.images.load import LoadedRecipe
from components.images.spec import ImagesSpec
from components.images.values import UNRESOLVED
from components.keys.spec import KeySpec, OtherAccount, ServiceLinkedRole, ThroughServices
from components.release.canonical import content_hash

Document = dict[str, Any]

HASH_TAG: Final = "recipe-hash"
RECIPE_TAG: Final = "recipe"
BILL_TAG: Final = "bill/"
PART_TAG: Final = "part/"
VERSION: Final = "1.0.0"
"""Of every component and recipe: names carry the hash of the content, so that a version has nothing left to say."""

BUILD_DATE: Final = "{{ imagebuilder:buildDate }}"
"""Image Builder refuses an AMI's name without it (API, AmiDistributionConfiguration)."""

# What the SSM agent calls on the machine that builds. Source: the document of AWS's managed policy
# AmazonSSMManagedInstanceCore, less what lets a machine read every parameter of the account.
AGENT: Final = (
    "ec2messages:AcknowledgeMessage",
    "ec2messages:DeleteMessage",
    "ec2messages:FailMessage",
    "ec2messages:GetEndpoint",
    "ec2messages:GetMessages",
    "ec2messages:SendReply",
    "ssm:DescribeAssociation",
    "ssm:DescribeDocument",
    "ssm:GetDeployablePatchSnapshotForInstance",
    "ssm:GetDocument",
    "ssm:GetManifest",
    "ssm:ListAssociations",
    "ssm:ListInstanceAssociations",
    "ssm:PutComplianceItems",
    "ssm:PutConfigurePackageResult",
    "ssm:PutInventory",
    "ssm:UpdateAssociationStatus",
    "ssm:UpdateInstanceAssociationStatus",
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)


@dataclass(frozen=True)
class ComponentArgs:
    """One Image Builder component: its part, the name of its resource, its document."""

    part: str
    name: str
    document: str


@dataclass(frozen=True)
class ImageArgs:
    """One image.

    Attributes:
        recipe: The recipe's name.
        stem: What the names of its lasting resources end with.
        name: What the names of what belongs to this very hash end with.
        recipe_hash: The hash.
        parent: The id of the image it starts from; `unresolved` only where nothing is made.
        components: In the order they run.
        tags: On everything that belongs to this hash.
        part_tags: On the Image Builder image: a hash a part, so that two builds can be compared.
    """

    recipe: str
    stem: str
    name: str
    recipe_hash: str
    parent: str
    components: tuple[ComponentArgs, ...]
    tags: dict[str, str]
    part_tags: dict[str, str]


def image(prefix: str, loaded: LoadedRecipe, context: StackContext) -> ImageArgs:
    """What is made for a recipe in a stack.

    Names carry hashes: of the part for a component, of the recipe for the rest. A changed recipe makes new resources
    beside the old ones, which go last; an unchanged one changes no input of anything.
    """
    digest = recipe_hash(loaded, context.region)
    stem = f"{prefix}-{loaded.name}"
    name = f"{stem}-{digest[:SHORT]}"
    tags = {RECIPE_TAG: loaded.name, HASH_TAG: digest}
    components = tuple(
        ComponentArgs(part, f"{stem}-{part}-{content_hash({part: document})[:SHORT]}", document)
        for part, document in loaded.documents.items()
    )
    hashes = {f"{PART_TAG}{part}": value for part, value in part_hashes(loaded, context.region).items()}
    parent = loaded.recipe.parent.ids.get(context.region, UNRESOLVED)
    return ImageArgs(loaded.name, stem, name, digest, parent, components, tags, hashes)


def bill_tags(loaded: LoadedRecipe) -> dict[str, str]:
    """The bill of materials as tags: an image says by itself what is in it."""
    return {f"{BILL_TAG}{name}": version for name, version in loaded.bill_of_materials.items()}


def build_tags(args: ImageArgs, loaded: LoadedRecipe) -> dict[str, str]:
    """Tags of Image Builder's recipe and image: which recipe, what is in it, and a hash a part."""
    return {**args.tags, **args.part_tags, **bill_tags(loaded)}


def ami_name(args: ImageArgs, context: StackContext) -> str:
    """The name of the AMIs, in every region: unique, for Image Builder puts the time of the build in."""
    return f"{context.project}-{context.stack}-{args.recipe}-{args.recipe_hash[:SHORT]}-{BUILD_DATE}"


def ami_tags(args: ImageArgs, loaded: LoadedRecipe, context: StackContext) -> dict[str, str]:
    """Tags of the AMIs and their snapshots. The provider's default tags stop at Image Builder's own resources."""
    return {**context.tags, **args.tags, **bill_tags(loaded)}


def machine_tags(args: ImageArgs, context: StackContext) -> dict[str, str]:
    """Tags of the machines that build and test."""
    return {**context.tags, RECIPE_TAG: args.recipe}


def image_key(spec: ImagesSpec, context: StackContext) -> KeySpec:
    """The key that images are encrypted with in a region.

    Image Builder's service-linked role has its permissions in an IAM policy of its own, limited to EC2, which the key's
    first statement lets decide. Auto Scaling's has none, and other accounts none here: both stand in the key policy.
    """
    return KeySpec(
        description=f"{context.project} {context.stack}: images of machines, in {context.region}",
        uses=(
            ThroughServices(services=("ec2", "sns")),
            *(ServiceLinkedRole(role=role) for role in spec.machine_roles),
            *(OtherAccount(account=account, use="machines") for account in spec.accounts),
        ),
        rotation_days=spec.key_rotation_days,
        deletion_window_days=30 if context.durable else 7,
    )


def machine_trust() -> str:
    """Who takes the role of the machines that build: EC2, for them."""
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return _policy([statement])


def machine_policy(context: StackContext, prefix: str, bucket_arn: str, log_key_arn: str) -> str:
    """What a machine that builds may do: answer Image Builder, read its components, write its logs. Nothing else."""
    region, account = context.region, context.account
    own = arn("imagebuilder", region, account, f"component/{prefix}-*")
    downloads = f"arn:{partition(region)}:s3:::ec2imagebuilder*"
    logs = arn("logs", region, account, "log-group:/aws/imagebuilder/*")
    via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(region)}"}}
    encrypted = {
        "ForAnyValue:StringEquals": {
            "aws:CalledVia": ["imagebuilder.amazonaws.com"],
            "kms:EncryptionContextKeys": "aws:imagebuilder:arn",
        }
    }
    return _policy(
        [
            {"Sid": "Agent", "Effect": "Allow", "Action": list(AGENT), "Resource": "*"},
            {"Sid": "Components", "Effect": "Allow", "Action": "imagebuilder:GetComponent", "Resource": own},
            # Components are encrypted with a key of Image Builder's: there is no ARN of ours to name.
            {
                "Sid": "ReadComponents",
                "Effect": "Allow",
                "Action": "kms:Decrypt",
                "Resource": arn("kms", region, account, "key/*"),
                "Condition": encrypted,
            },
            {"Sid": "Downloads", "Effect": "Allow", "Action": "s3:GetObject", "Resource": downloads},
            {"Sid": "Logs", "Effect": "Allow", "Action": "s3:PutObject", "Resource": f"{bucket_arn}/*"},
            {
                "Sid": "EncryptLogs",
                "Effect": "Allow",
                "Action": "kms:GenerateDataKey",
                "Resource": log_key_arn,
                "Condition": via_s3,
            },
            {
                "Sid": "Console",
                "Effect": "Allow",
                "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": logs,
            },
        ]
    )


def ami_ids(resources: Any) -> dict[str, str]:
    """Region to AMI id, from an image's `output_resources`; empty until it is built."""
    return {ami["region"]: ami["image"] for each in resources or () for ami in each.get("amis") or ()}


def _policy(statements: list[Document]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
