"""`herd render`: the tree, the JSON, and their exit codes, with an empty environment."""

import json

PROGRAM = """
class Network(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("demo:net:Network", name, {"zones": 3}, opts)
        self.vpc = aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(
            parent=self, protect=True, retain_on_delete=True))
        self.subnets = [
            aws.ec2.Subnet(f"{name}-{letter}", vpc_id=self.vpc.id, opts=pulumi.ResourceOptions(parent=self))
            for letter in "abcdefgh"
        ]
        self.register_outputs({"vpcId": self.vpc.id})

network = Network("net", pulumi.ResourceOptions(providers=[provider]))
aws.ec2.Vpc.get("labs", "vpc-0a1b", opts=opts)
bucket = aws.s3.Bucket("data", tags={"owner": "someone"}, opts=opts)
aws.s3.BucketPolicy("data", bucket=bucket.id, opts=opts, policy=pulumi.Output.json_dumps(
    {"Statement": [{"Effect": "Deny", "Resource": [bucket.arn, bucket.arn.apply("{}/*".format)]}]}
))
pulumi.export("bucket", bucket.bucket)
pulumi.export("token", pulumi.Output.secret("hunter2"))
"""


def test_the_json_is_the_graph(project, golden):
    project.program(PROGRAM)

    run = project.command("dev", "--json")

    assert (run.returncode, run.stderr) == (0, b"")
    golden("small.json", run.stdout.decode())


def test_the_tree_is_for_people(project, golden):
    project.program(PROGRAM)

    run = project.command("dev")

    assert (run.returncode, run.stderr) == (0, b"")
    golden("small.txt", run.stdout.decode())
    assert max(map(len, run.stdout.decode().splitlines())) <= 80
    assert b"\x1b" not in run.stdout


def test_the_bytes_are_the_same_whatever_the_hash_seed(project):
    project.program(PROGRAM)

    runs = [project.command("dev", "--json", environment={"PYTHONHASHSEED": seed}) for seed in ("0", "1", "4711")]

    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len({run.stdout for run in runs}) == 1


def test_the_command_loads_by_name_and_renders_the_same(project):
    """The command loads of pulumi_aws only what is named; this process has loaded all of it."""
    assert project.render(PROGRAM).to_json() == project.command("dev", "--json").stdout.decode()


def test_an_error_is_a_message_and_exit_code_two(project):
    project.program("1 / 0")

    run = project.command("dev", "--json")

    assert (run.returncode, run.stdout) == (2, b"")
    line = project.line_of("1 / 0")
    assert run.stderr.decode() == (
        f"error: infra/__main__.py:{line}: the program raised ZeroDivisionError: division by zero\n"
    )


def test_an_unknown_stack_is_told_with_the_nearest_one(project):
    run = project.command("dve")

    assert (run.returncode, run.stdout) == (2, b"")
    assert "did you mean 'dev'" in run.stderr.decode()


def test_outside_of_a_project_it_says_so(project, tmp_path_factory):
    project.root = tmp_path_factory.mktemp("elsewhere")

    run = project.command("dev")

    assert run.returncode == 2
    assert "no Pulumi.yaml" in run.stderr.decode()


def test_a_release_is_passed_to_the_program(project):
    project.program('pulumi.export("release", pulumi.Config().get("release") or "")')
    lock = project.root / "next.lock.yaml"
    lock.write_text("")

    run = project.command("dev", "--json", "--release", "next.lock.yaml")

    assert json.loads(run.stdout)["outputs"] == {"release": str(lock)}


def test_the_program_is_told_that_it_is_rendered(project):
    project.program('pulumi.export("fidelity", pulumi.Config().get("fidelity") or "")')

    assert json.loads(project.command("dev", "--json").stdout)["outputs"] == {"fidelity": "render"}
