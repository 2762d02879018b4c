"""The SDKs by name: the same classes, fewer of them, and the whole namespace where the rule doesn't hold."""

import itertools
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

AWS = Path(find_spec("pulumi_aws").origin).parent
KUBERNETES = Path(find_spec("pulumi_kubernetes").origin).parent


def run(body: str, *, by_name: bool = True) -> list[str]:
    """Lines that a fresh interpreter prints, with the finder installed or without."""
    installed = "from herd.lazy_sdk import install\ninstall()\n" if by_name else ""
    script = f"{installed}import sys\nimport pulumi_aws as aws\nimport pulumi_kubernetes as kubernetes\n{body}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_only_what_is_named_is_loaded():
    loaded = run(
        "from pulumi_aws import ec2\n"
        "print(ec2.Vpc.pulumi_type, ec2.RouteTableRouteArgs.__name__)\n"
        "print(sorted(name for name in sys.modules if name.startswith('pulumi_aws.ec2.')))"
    )

    assert loaded == [
        "aws:ec2/vpc:Vpc RouteTableRouteArgs",
        "['pulumi_aws.ec2._enums', 'pulumi_aws.ec2._inputs', 'pulumi_aws.ec2.vpc']",
    ]


def test_every_kind_of_name_is_found():
    names = [
        "Vpc", "VpcArgs", "get_ami", "get_ami_output", "GetAmiResult", "AwaitableGetAmiResult", "InstanceType",
        "RouteTableRouteArgs", "RouteTableRouteArgsDict", "SecurityGroup", "Tenancy", "vpc_endpoint", "outputs",
    ]  # fmt: skip

    assert run(f"print(*(getattr(aws.ec2, name).__name__.rpartition('.')[2] for name in {names}))") == [" ".join(names)]


def test_a_function_is_no_module():
    """The module of a function has its name; in the package itself the function wins."""
    assert run("print(callable(aws.ec2.get_ami), aws.ec2.vpc.__name__)") == ["True pulumi_aws.ec2.vpc"]


def test_of_kubernetes_too_only_what_is_named_is_loaded():
    loaded = run(
        "from pulumi_kubernetes import apiextensions, core, helm\n"
        "print(helm.v3.Release.pulumi_type, core.v1.NamespaceInitArgs.__name__, core.v1.Namespace.pulumi_type)\n"
        "print(apiextensions.CustomResource.__name__, helm.v3.RepositoryOptsArgs.__name__)\n"
        "print(sorted(name for name in sys.modules if name.startswith('pulumi_kubernetes.core.v1.')))\n"
        "print('ContainerArgs' in vars(sys.modules['pulumi_kubernetes.core.v1._inputs']))"
    )

    assert loaded == [
        "kubernetes:helm.sh/v3:Release NamespaceInitArgs kubernetes:core/v1:Namespace",
        "CustomResource RepositoryOptsArgs",
        str([f"pulumi_kubernetes.core.v1.{name}" for name in ("Namespace", "_enums", "_inputs", "outputs")]),
        "False",
    ]


def test_an_unknown_name_is_an_attribute_error():
    assert run("print(hasattr(aws.ec2, 'NoSuchThing'), hasattr(aws.ec2.outputs, 'NoSuchThing'))") == ["False False"]


def test_looking_at_everything_loads_everything():
    assert run("aws.kms.Alias\nprint(*(name in dir(aws.kms) for name in ('Vpc', 'Key', 'KeyArgs')))") == [
        "False True True"
    ]


def test_a_star_import_gets_everything():
    assert run("from pulumi_aws.kms import *\nprint(Key.__name__, GrantConstraintArgs.__name__)") == [
        "Key GrantConstraintArgs"
    ]


def test_types_know_their_members():
    """The SDK evaluates the annotations of every type it sends: what they name must be there."""
    body = (
        "import pulumi._types as types\n"
        "print(types.input_type_types(aws.s3.BucketArgs))\n"
        "print(types.resource_types(aws.s3.Bucket))\n"
        "print(types.input_type_types(aws.s3.BucketLifecycleConfigurationRuleArgs))\n"
        "print(types.output_type_types(aws.s3.outputs.BucketLifecycleConfigurationRule))\n"
        "print(types.input_type_types(kubernetes.core.v1.ContainerArgs))\n"
        "print(types.resource_types(kubernetes.core.v1.ConfigMap))\n"
        "print(types.output_type_types(kubernetes.meta.v1.outputs.ObjectMeta))\n"
        "print(types.resource_types(kubernetes.helm.v3.Release))\n"
    )

    assert run(body) == run(body, by_name=False)


def test_the_packages_are_as_regular_as_the_finder_takes_it_to_be():
    """Nested types are made from their bodies alone, so their decorators and bases must be the ones it gives them."""
    header = {
        "_inputs.py": ("@pulumi.input_type\nclass {}:", "class {}(TypedDict):"),
        "outputs.py": ("@pulumi.output_type\nclass {}(dict):",),
    }
    irregular = []
    for name, expected in header.items():
        for file in (*AWS.glob(f"*/{name}"), *KUBERNETES.glob(f"*/v*/{name}")):
            lines = file.read_text(encoding="utf-8").splitlines()
            for before, line in itertools.pairwise(lines):
                if line.startswith("class "):
                    spelled = line.removeprefix("class ").rstrip(":").partition("(")[0]
                    allowed = [form.format(spelled) for form in expected]
                    if f"{before}\n{line}" not in allowed and line not in allowed:
                        irregular.append(f"{file.parent.name}/{name}: {line}")
                    if line.endswith("(TypedDict):") != spelled.endswith("ArgsDict"):
                        irregular.append(f"{file.parent.name}/{name}: {line}")

    assert irregular == []
