"""Shell scripts, read as far as the law needs."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rules._shared.scripts.shell import commands, of_words


def words(script):
    return [" ".join(command.words) for command in commands(script)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("# yum install a\nid", ["id"]),
        ("sudo -E -u ubuntu apt-get \\\n  install 'a b'", ["apt-get install a b"]),
        ("A=1 B=2 env C=3 nice -n 5 yum install x", ["yum install x"]),
        ("if id; then a; else b; fi", ["id", "a", "b"]),
        ("for i in 1 2; do a $i; done", ["for i in 1 2", "a $i"]),
        ("f() { a; }; f", ["f", "a", "f"]),
        ("x=${URL:-latest}; y=$x; get $y", ["get latest"]),
        ("$SUDO yum install x", ["yum install x"]),
        ("$(which pip) install x", ["which pip", "pip install x"]),
        ("bash -lc 'a && b'", ["bash -lc a && b", "a", "b"]),
        ("su - ubuntu -c \"a 'b c'\"", ["su - ubuntu -c a 'b c'", "a b c"]),
        ("bash <<EOF\na\nEOF\nb", ["bash", "a", "b"]),
        ("cat > /etc/x <<-'EOF'\n\tyum install x\n\tEOF\nb", ["cat", "b"]),
        ("cat > /tmp/x <<EOF\na\nEOF\nbash /tmp/x", ["cat", "bash /tmp/x", "a"]),
        ("echo 'a' > x.sh; chmod +x x.sh; ./x.sh", ["echo a", "chmod +x x.sh", "./x.sh", "a"]),
        ("cat <<EOF | sudo tee /opt/x\na\nEOF\n/opt/x", ["cat", "tee /opt/x", "/opt/x", "a"]),
        ("echo YQ== | base64 -d | sh", ["echo YQ==", "a", "base64 -d", "sh"]),
        ("echo grüße | base64 -d | sh", ["echo grüße", "base64 -d", "sh"]),
        ("a >/dev/null 2>&1 || b &", ["a", "b"]),
        ("a; echo '$(b)' \"$(c)\" `d`", ["a", "c", "d", "echo $(b) $(c) `d`"]),
        ("((x++)); y=$((1 + 2)); a", ["x++", "a"]),
        ("case $x in a|b) c;; *) d;; esac", ["case $x in a", "b", "c", "*", "d"]),
        ("a &>> log; b", ["a", "b"]),
    ],
)
def test_which_commands_run(script, expected):
    assert words(script) == expected


def test_what_feeds_what():
    pull, run = commands("curl x | tee log | sudo bash")[0], commands("source <(curl x)")[0]
    assert (pull.feeds, pull.captured) == (("tee", "bash"), False)
    assert (run.program, run.feeds, run.captured) == ("curl", ("source",), True)


def test_where_output_goes():
    assert [command.output for command in commands("a > x; b 2> y; c >> z")] == ["x", "", "z"]


def test_units_run_when_they_are_started():
    unit = "cat > /etc/systemd/system/a.service <<EOF\n[Service]\nExecStart=-/usr/bin/docker pull a:b\nEOF\n"
    assert "/usr/bin/docker pull a:b" in words(f"{unit}systemctl enable --now a")
    assert "/usr/bin/docker pull a:b" not in words(unit)


def test_a_wrapper_nobody_knows_may_run_its_words():
    tails = [tail.program for tail in commands("retry 5 yum install x")[0].tails()]
    assert tails == ["retry", "5", "yum", "install"]
    assert [tail.program for tail in commands("echo yum install x")[0].tails()] == ["echo"]


def test_words_without_a_shell():
    assert [command.words for command in of_words(["sudo", "sh", "-c", "a b"])] == [("sh", "-c", "a b"), ("a", "b")]


PIECES = ["$(", ")", "`", "'", '"', "\\", "\n", "<<E\n", "E\n", "|", "&&", "{", "(", "<(", ">", " ", "a b", "$x", "x=1"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*PIECES, "bash -c ", "$((", "case x in", "<<<", "2>&1", "eval "]), max_size=40))
def test_any_text_can_be_read(pieces):
    commands("".join(pieces))


@pytest.mark.parametrize("script", ["x=aa\n" + "x=$x$x\n" * 60, "$(" * 4000, "a|" * 4000, "bash -c '" * 1000])
def test_a_script_that_grows_takes_no_longer(script):
    start = time.process_time()
    commands(script)
    assert time.process_time() - start < 5


def test_a_word_of_half_a_megabyte_is_read_at_once():
    started = time.process_time()
    assert len(commands("echo " + "x" * 500_000)) == 1
    # A letter at a time it took four seconds, and four times that for twice the length.
    assert time.process_time() - started < 1
