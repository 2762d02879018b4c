"""Secrets: marked where they are, printed nowhere."""

import pytest

from herd.graph import SECRET

PLAIN = "hunter2-is-never-shown"

PROGRAM = f"""
secret = pulumi.Output.secret("{PLAIN}")
opts = pulumi.ResourceOptions(provider=aws.Provider("keyed", region="us-east-1", secret_key=secret))
aws.ssm.Parameter("whole", type="SecureString", value=secret, opts=opts)
aws.ssm.Parameter("inside", type="SecureString", value=pulumi.Output.concat("password=", secret), opts=opts)
aws.s3.Bucket("tagged", tags={{"plain": "shown", "key": secret}}, opts=opts)
document = pulumi.Output.json_dumps([secret])
pulumi.CustomResource("t:m:List", "list", {{"items": ["shown", secret], "document": document}})
pulumi.CustomResource("t:m:Asset", "asset", {{"code": pulumi.Output.secret({{"text": "{PLAIN}"}})}})

class Component(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("demo:m:C", name, {{"password": secret}})
        self.register_outputs({{"password": secret}})

Component("c")
pulumi.log.info("rendering")
pulumi.export("password", secret)
pulumi.export("nested", {{"list": [secret]}})
"""


def test_secrets_are_marked(project, only):
    graph = project.render(PROGRAM)

    assert only(graph, "aws:s3/bucket:Bucket").inputs["tags"] == {"plain": "shown", "key": SECRET}
    assert only(graph, "t:m:List").inputs == {"items": ["shown", SECRET], "document": SECRET}
    assert [found.inputs["value"] for found in graph.of_type("aws:ssm/parameter:Parameter")] == [SECRET, SECRET]
    assert only(graph, "demo:m:C").inputs == {"password": SECRET}
    assert graph.outputs == {"password": SECRET, "nested": {"list": [SECRET]}}


@pytest.mark.parametrize("arguments", [["--json"], [], ["--json", "--unknowns"]])
def test_no_byte_of_a_secret_is_printed(project, arguments):
    project.program(PROGRAM)

    run = project.command("dev", *arguments)

    assert run.returncode == 0, run.stderr
    assert run.stdout
    assert PLAIN.encode() not in run.stdout + run.stderr


def test_outputs_that_a_class_declares_secret_stay_so(project, only):
    graph = project.render("""

class Token(pulumi.CustomResource):
    value: pulumi.Output[str]
    def __init__(self, name):
        opts = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__("t:m:Token", name, {"value": None}, opts)

pulumi.CustomResource("t:m:User", "user", {"token": Token("mine").value})
""")

    assert only(graph, "t:m:User").inputs == {"token": SECRET}


def test_what_the_stack_file_encrypts_is_a_secret_of_the_program(project, only):
    project.configure("{demo:password: {secure: v1:abc}}")
    graph = project.render("""
config = pulumi.Config()
pulumi.CustomResource("t:m:Database", "d", {"password": config.require_secret("password")})
pulumi.CustomResource("t:m:Careless", "c", {"password": config.require("password")})
""")
    assert only(graph, "t:m:Database").inputs == {"password": SECRET}
    assert only(graph, "t:m:Careless").inputs == {"password": "[secret]"}
