"""What goes wrong is told once, with its place, and never as a traceback."""

import pytest

from components.base.problems import InvalidInputError
from herd.render import ProgramError


def refused(project, body, kind=ProgramError, **arguments):
    with pytest.raises(kind) as refusal:
        project.render(body, **arguments)
    return refusal.value.problems


def test_a_run_error_is_the_programs_own_message(project):
    (problem,) = refused(project, 'raise pulumi.RunError("the stack file is wrong")', InvalidInputError)

    assert str(problem) == "the stack file is wrong"


def test_a_missing_setting_is_named(project):
    (problem,) = refused(project, 'pulumi.Config().require("size")', InvalidInputError)

    assert "demo:size" in problem.message


def test_problems_stay_problems(project):
    found = refused(
        project,
        """
from components.base.problems import InvalidInputError, Problem
try:
    raise InvalidInputError([Problem("a.yaml", 3, "x", "first"), Problem("a.yaml", 9, "y", "second", "mend it")])
except InvalidInputError as error:
    raise pulumi.RunError(f"can't be used:\\n{error}") from None
""",
        InvalidInputError,
    )

    assert list(map(str, found)) == ["a.yaml:3: x: first", "a.yaml:9: y: second (fix: mend it)"]


def test_a_bug_is_told_with_its_line_and_who_called(project):
    (problem,) = refused(
        project,
        """
def helper():
    return {}["missing"]

helper()
""",
    )

    assert (problem.file, problem.line) == ("infra/__main__.py", project.line_of('{}["missing"]'))
    assert "KeyError: 'missing'" in problem.message
    assert f"called from infra/__main__.py:{project.line_of('helper()') + 3}" in problem.message


def test_a_bug_in_an_apply_is_told_with_its_line(project):
    (problem,) = refused(project, 'v = aws.ec2.Vpc("v", opts=opts)\npulumi.export("n", v.arn.apply(lambda arn: 1 / 0))')

    assert problem.line == project.line_of("1 / 0")
    assert "ZeroDivisionError" in problem.message


def test_arithmetic_on_a_symbol_fails_instead_of_lying(project):
    (problem,) = refused(
        project,
        """
t = aws.ec2.LaunchTemplate("t", opts=opts)
pulumi.export("next", t.latest_version.apply(lambda version: version + 1))
""",
    )

    assert problem.line == project.line_of("version + 1")


def test_a_refused_argument_is_told_with_the_resources_line(project):
    (problem,) = refused(project, 'aws.fsx.LustreFileSystem("fs", subnet_ids=["a"], opts=opts)')

    assert problem.line == project.line_of("LustreFileSystem")
    assert "subnet_ids" in problem.message


def test_an_output_in_an_f_string_is_an_error(project):
    (problem,) = refused(project, 'v = aws.ec2.Vpc("v", opts=opts)\npulumi.export("n", f"x-{v.id}")')

    assert problem.line == project.line_of("x-{v.id}")


def test_broken_syntax_is_told_with_its_line(project):
    project.program("x = (\n", preamble="")

    (problem,) = refused(project, None)

    assert problem.file == "infra/__main__.py"
    assert problem.line == 1
    assert "SyntaxError" in problem.message


def test_a_module_that_is_missing_is_named(project):
    (problem,) = refused(project, "import no_such_module")

    assert "no_such_module" in problem.message
    assert problem.line == project.line_of("no_such_module")


def test_a_logged_error_fails_the_render(project):
    (problem,) = refused(project, 'pulumi.log.error("this can\'t be")')

    assert problem.message == "this can't be"


def test_ending_the_process_is_told(project):
    (problem,) = refused(project, "import sys; sys.exit(3)")

    assert "sys.exit(3)" in problem.message


def test_a_module_that_is_not_installed_is_named_with_what_to_do(project):
    (problem,) = refused(project, "import pulumi_gone")

    assert problem.line == project.line_of("import pulumi_gone")
    assert "(pulumi_gone)" in problem.fix


def test_two_resources_of_one_name_name_each_other(project):
    (problem,) = refused(project, 'aws.ec2.Vpc("v", opts=opts)\naws.ec2.Vpc("v", opts=opts)  # again')

    assert "duplicate resource urn:pulumi:dev::demo::aws:ec2/vpc:Vpc::v" in problem.message
    assert problem.line == project.line_of("# again")


def test_every_forgotten_provider_is_told_at_once(project):
    project.configure('{pulumi:disable-default-providers: ["aws"]}')

    found = refused(
        project,
        """
aws.ec2.Vpc("fine", opts=opts)
aws.ec2.Vpc("first")
aws.s3.Bucket("second")
aws.ec2.Vpc.get("third", "vpc-1")
""",
    )

    assert [problem.line for problem in found] == [project.line_of(name) for name in ('"first"', '"second"', '"third"')]
    assert all("default provider of aws is disabled" in problem.message for problem in found)


def test_default_providers_are_no_error_where_they_are_allowed(project, only):
    assert only(project.render('aws.ec2.Vpc("v")'), "aws:ec2/vpc:Vpc").options["provider"] is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pulumi.runtime.register_invoke_transform(lambda args: None)", "doesn't run transforms of calls"),
    ],
)
def test_what_a_render_cannot_do_is_refused_by_name(project, body, message):
    (problem,) = refused(project, body, InvalidInputError)

    assert message in problem.message


@pytest.mark.parametrize(
    ("project_file", "message"),
    [("name: demo\nruntime: python\nmain: nowhere\nstackConfigDir: stacks\n", "no such folder or file")],
)
def test_a_program_that_is_not_there_is_told(project, project_file, message):
    (project.root / "Pulumi.yaml").write_text(project_file)

    (problem,) = refused(project, "pass", InvalidInputError)

    assert (problem.file, problem.line, problem.field) == ("Pulumi.yaml", 3, "main")
    assert problem.message == message


def test_the_list_of_disabled_providers_is_checked(project):
    project.configure("{pulumi:disable-default-providers: aws}")

    (problem,) = refused(project, "pass", InvalidInputError)

    assert problem.field == "pulumi:disable-default-providers"


def test_what_was_found_before_a_failure_is_told_with_it(project):
    found = refused(project, 'aws.ec2.Vpc("v", opts=opts)\naws.ec2.Vpc("v", opts=opts)\npulumi.log.error("odd")\n1 / 0')

    messages = "\n".join(problem.message for problem in found)
    assert all(text in messages for text in ("duplicate resource", "odd", "ZeroDivisionError"))


def test_a_function_without_a_provider_is_told_with_its_line(project):
    project.configure('{pulumi:disable-default-providers: ["*"]}')

    (problem,) = refused(project, "def ask(nothing):\n    return aws.get_caller_identity()\n\nask(None)")

    assert "aws:index/getCallerIdentity:getCallerIdentity has no explicit provider" in problem.message
    assert problem.line == project.line_of("aws.get_caller_identity()")
